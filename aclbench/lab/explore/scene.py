"""A scenario to explore, set up: the actors, what they are watched for, and the digests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from aclbench.engine.design import Design
from aclbench.engine.timeouts import NEVER
from aclbench.lab.explore.actors import Actors, Rules
from aclbench.lab.explore.asking import NeverHolds
from aclbench.lab.explore.memory import BufferedActors
from aclbench.lab.explore.parts import parts_of
from aclbench.lab.explore.properties import ALWAYS, MixedVerdict, Property, property_named
from aclbench.lab.explore.scenario import ClockGoes, Explored, Memory
from aclbench.lab.explore.state import Digests, check_interpreted
from aclbench.lab.explore.watching import Watch
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.lines import Lines
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.setting_up import set_up
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Slices


class Bounds(NamedTuple):
    """Within what is searched; None: what the scenario says. See `actors.Rules`.

    `preemptions` below 0: no bound.
    """

    preemptions: int | None = None
    jumps: int | None = None
    horizon: int | None = None
    fairness: int | None = None
    barrier: bool = False
    memory: Memory | None = None
    clock: ClockGoes | None = None

    def of(self, explored: Explored) -> Explored:
        """The scenario with these bounds in the place of its own."""
        preemptions = explored.preemptions if self.preemptions is None else self.preemptions
        return replace(
            explored,
            preemptions=None if preemptions is None or preemptions < 0 else preemptions,
            jumps=explored.jumps if self.jumps is None else self.jumps,
            horizon=explored.horizon if self.horizon is None else self.horizon,
            memory=explored.memory if self.memory is None else self.memory,
            clock=explored.clock if self.clock is None else self.clock,
        )


class Scene:
    """A bench that is set up for a search. What stands in it is used by one search at a time."""

    def __init__(self, explored: Explored, bounds: Bounds, rig: Rig, lines: Lines) -> None:
        self.explored = explored
        self.bounds = bounds
        parts = parts_of(explored, Bench(rig, lines, keeps=False), lines)
        horizon = NEVER if explored.horizon is None else rig.now + explored.horizon
        kind = BufferedActors if explored.memory == "tso" else Actors
        is_idle = explored.clock == "idle"
        rules = Rules(explored.jumps, horizon, bounds.fairness, bounds.barrier, is_idle)
        self.actors: Actors = kind(rig, parts, rules)
        self.watch = Watch(self.actors, ())
        self.digests = Digests(self.actors, self.watch)

    def watch_for(self, properties: Sequence[Property]) -> None:
        """Have runs watched for these."""
        self.watch.watch_for(properties)

    def wanted(
        self,
        find: Sequence[str],
        never: Sequence[str],
        verdicts: dict[int, set[tuple[int, int]]] | None = None,
    ) -> list[Property]:
        """What must never be, and what is asked for. AclbenchError: that is nothing known.

        `verdicts` are what whole packets give, where that is known.
        """
        actors = self.actors
        asked = [property_named(name)(actors) for name in dict.fromkeys(find)]
        for prop in asked:
            if isinstance(prop, MixedVerdict) and verdicts is not None:
                prop.allowed, prop.fills = verdicts, False
        conditions = [NeverHolds(actors, text) for text in dict.fromkeys(never)]
        return [*(kind(actors) for kind in ALWAYS), *asked, *conditions]


def setting_the_scene(
    explored: Explored, bounds: Bounds, design: Design | None = None
) -> Slices[Scene]:
    """A scene of a scenario, of its own design unless another is given."""
    check_interpreted()
    lines = Lines()
    rig = yield from set_up(explored.scenario, Start(), lines, design, "setup")
    return Scene(explored, bounds, rig, lines)
