"""A scenario explored: bound by bound, until something is found or all was searched.

With few preemptions first: so what is found has the fewest that suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

from aclbench.engine.design import Design
from aclbench.lab.explore.lanes import StepTold, lanes_text, tell
from aclbench.lab.explore.properties import MixedVerdict, Property
from aclbench.lab.explore.scenario import Explored
from aclbench.lab.explore.scene import Bounds, Scene, setting_the_scene
from aclbench.lab.explore.search import ANY, Broken, Effort, Search
from aclbench.lab.explore.shortening import shorten
from aclbench.words import counted
from aclbench.workbench.tasks import Slices, finish


@dataclass(slots=True)
class Counterexample:
    """An interleaving in which something goes wrong, cut down to what it takes."""

    broken: Broken
    #: Switches that left somebody in the middle of a turn.
    preemptions: int
    steps: list[StepTold]

    def text(self, width: int, height: int = 1 << 20) -> str:
        """As lanes, a column an actor."""
        return lanes_text(self, width, height)

    @property
    def headline(self) -> str:
        """What is broken, in a line."""
        return f"{self.broken.name}: {self.broken.why}"


@dataclass(slots=True)
class Result:
    """What a search came to. It is added to while it goes on."""

    explored: Explored
    design: str
    found: Counterexample | None = None
    #: Everything was searched with so many preemptions; -1: not even with none.
    searched: int = -1
    #: Everything within the bounds was searched.
    whole: bool = False
    effort: Effort = field(default_factory=Effort)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def steps_per_second(self) -> int:
        """Steps, those taken again among them, by the processor's time."""
        return int(self.effort.steps / self.cpu_seconds) if self.cpu_seconds else 0

    def bounds_text(self) -> str:
        """The bounds, in words."""
        explored = self.explored
        most = explored.preemptions
        switches = "any preemptions" if most is None else f"up to {counted(most, 'preemption')}"
        jumps = f"{counted(explored.jumps, 'jump')} of the clock"
        if explored.clock == "idle" and explored.jumps:
            jumps += ", where nobody else could go"
        return f"{switches} and {jumps}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found, effort = self.found, self.effort
        return {
            "scenario": self.explored.scenario.title,
            "design": self.design,
            "preemptions": self.explored.preemptions,
            "jumps": self.explored.jumps,
            "clock": self.explored.clock,
            "whole": self.whole,
            "searched_preemptions": self.searched,
            "runs": effort.runs,
            "steps": effort.steps,
            "states": effort.states,
            "pruned": effort.pruned,
            "found": None
            if found is None
            else {
                "property": found.broken.name,
                "why": found.broken.why,
                "preemptions": found.preemptions,
                "choices": list(found.broken.choices),
                "steps": [step.to_json() for step in found.steps],
            },
        }


def explore(
    explored: Explored,
    design: Design | None = None,
    find: Sequence[str] = (),
    never: Sequence[str] = (),
    bounds: Bounds | None = None,
) -> Result:
    """Search, and return what was found. AclbenchError: the scenario or a property is wrong."""
    bounds = Bounds() if bounds is None else bounds
    explored = bounds.of(explored)
    scene = finish(setting_the_scene(explored, bounds, design))
    result = Result(explored, scene.actors.machine.design.name)
    finish(exploring(scene, find, never, result))
    return result


def exploring(
    scene: Scene, find: Sequence[str], never: Sequence[str], result: Result
) -> Slices[None]:
    """The same in slices; `result` is added to all the while, so whoever stops it has that."""
    explored = scene.explored
    properties = scene.wanted((*explored.find, *find), (*explored.never, *never))
    began, cpu_began = perf_counter(), process_time()
    effort = result.effort
    bounds = [ANY] if explored.preemptions is None else range(explored.preemptions + 1)

    def note(search: Search) -> Slices[None]:
        before = Effort(**_counts(effort))
        for told in search.searching():
            _set(effort, before, search.effort)
            result.seconds = perf_counter() - began
            result.cpu_seconds = process_time() - cpu_began
            yield told
        _set(effort, before, search.effort)
        result.seconds = perf_counter() - began
        result.cpu_seconds = process_time() - cpu_began

    yield from watching_for(scene, properties, note)
    for most in bounds:
        search = Search(scene.actors, scene.watch, scene.digests, most)
        yield from note(search)
        if search.broken is not None:
            broken = yield from shorten(scene, search.broken)
            steps = tell(scene, broken.choices)
            result.found = Counterexample(broken, scene.actors.preemptions, steps)
            return
        result.searched = most
    result.whole = True


def watching_for(
    scene: Scene, properties: Sequence[Property], work: Callable[[Search], Slices[None]]
) -> Slices[None]:
    """Have runs watched for these, once those know what whole packets give that have to know it."""
    for prop in properties:
        if isinstance(prop, MixedVerdict):
            scene.watch_for([prop])
            yield from work(Search(scene.actors, scene.watch, scene.digests, 0))
            prop.fills = False
    scene.watch_for(properties)


def _counts(effort: Effort) -> dict[str, int]:
    return {name: getattr(effort, name) for name in ("runs", "steps", "states", "pruned")}


def _set(effort: Effort, before: Effort, more: Effort) -> None:
    effort.runs, effort.steps = before.runs + more.runs, before.steps + more.steps
    effort.states, effort.pruned = before.states + more.states, before.pruned + more.pruned
