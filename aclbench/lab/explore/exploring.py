"""A scenario explored: bound by bound, until something is found or all was searched.

With few preemptions first: so what is found has the fewest that suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter, process_time
from typing import Any, NamedTuple, Protocol

from aclbench.engine.design import Design
from aclbench.lab.explore.chance import Chance
from aclbench.lab.explore.lanes import StepTold, lanes_text, tell
from aclbench.lab.explore.properties import MixedVerdict, Property
from aclbench.lab.explore.scenario import Explored
from aclbench.lab.explore.scene import Bounds, Scene, setting_the_scene
from aclbench.lab.explore.search import ANY, Broken, Effort, Search
from aclbench.lab.explore.shortening import shorten
from aclbench.lab.explore.spreading import BEGINNINGS, PIECES, Ended, Piece, beginnings_of, dealt
from aclbench.lab.jobs import Runner
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
    #: Other processes did a part of it, whose time is not in `cpu_seconds`.
    is_spread: bool = False

    @property
    def steps_per_second(self) -> int:
        """Steps, those taken again among them, by the processor's time; 0 where that is elsewhere.

        So it is where the parts of a search are.
        """
        is_known = self.cpu_seconds and not self.is_spread
        return int(self.effort.steps / self.cpu_seconds) if is_known else 0

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


class Spread(NamedTuple):
    """What does a search's parts, and how many there are to be."""

    runner: Runner
    parts: int


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
    scene: Scene,
    find: Sequence[str],
    never: Sequence[str],
    result: Result,
    spread: Spread | None = None,
) -> Slices[None]:
    """The same in slices; `result` is added to all the while, so whoever stops it has that."""
    explored = scene.explored
    find, never = (*explored.find, *find), (*explored.never, *never)
    properties = scene.wanted(find, never)
    meter = Meter(result)
    yield from watching_for(scene, properties, meter.work)
    bounds = [ANY] if explored.preemptions is None else range(explored.preemptions + 1)
    for most in bounds:
        if spread is not None and most:
            pieces = _pieces(scene, find, never, properties, most, spread.parts)
            if not (yield from meter.spread(spread.runner, pieces)):
                result.searched = most
                continue
        search = Search(scene.actors, scene.watch, scene.digests, most)
        yield from meter.work(search)
        if search.broken is not None:
            yield from _found(scene, search.broken, result)
            return
        result.searched = most
    result.whole = True


def sampling(
    scene: Scene, find: Sequence[str], never: Sequence[str], result: Result, chance: Chance
) -> Slices[None]:
    """Runs by chance; `result` is added to all the while."""
    explored = scene.explored
    properties = scene.wanted((*explored.find, *find), (*explored.never, *never))
    meter = Meter(result)
    yield from watching_for(scene, properties, meter.work)
    yield from meter.work(chance)
    if chance.broken is not None:
        yield from _found(scene, chance.broken, result)


def _found(scene: Scene, broken: Broken, result: Result) -> Slices[None]:
    """Cut it down, and note it."""
    broken = yield from shorten(scene, broken)
    steps = tell(scene, broken.choices)
    result.found = Counterexample(broken, scene.actors.preemptions, steps)


def _pieces(
    scene: Scene,
    find: tuple[str, ...],
    never: tuple[str, ...],
    properties: Sequence[Property],
    most: int,
    count: int,
) -> list[Piece]:
    """A search in so many parts."""
    verdicts: dict[int, set[tuple[int, int]]] = {}
    for prop in properties:
        if isinstance(prop, MixedVerdict):
            verdicts = prop.allowed
    parts = dealt(beginnings_of(scene, most, BEGINNINGS * count), PIECES * count)
    design = scene.actors.machine.design.name
    return [
        Piece(n, scene.explored, scene.bounds, design, find, never, verdicts, most, part)
        for n, part in enumerate(parts)
    ]


class Works(Protocol):
    """What searches, and counts what it has done."""

    effort: Effort

    def searching(self) -> Slices[None]:
        """Do it."""


class Meter:
    """Adds what is done, and the time that it takes, to a result."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._began, self._cpu_began = perf_counter(), process_time()

    def work(self, search: Works) -> Slices[None]:
        """Have something search."""
        before = replace(self._result.effort)
        for told in search.searching():
            self._note(before, search.effort)
            yield told
        self._note(before, search.effort)

    def spread(self, runner: Runner, pieces: Sequence[Piece]) -> Slices[bool]:
        """Have pieces searched; whether one of them found something."""
        before, results = replace(self._result.effort), dict[int, Ended]()
        self._result.is_spread = True
        for told in runner(pieces, results):
            self._note(before, *(ended.effort for ended in results.values()))
            yield told
            if any(ended.is_broken for ended in results.values()):
                break
        self._note(before, *(ended.effort for ended in results.values()))
        return any(ended.is_broken for ended in results.values())

    def _note(self, before: Effort, *done: Effort) -> None:
        result = self._result
        result.effort = replace(before)
        for each in done:
            result.effort.add(each)
        result.seconds = perf_counter() - self._began
        result.cpu_seconds = process_time() - self._cpu_began


def watching_for(
    scene: Scene, properties: Sequence[Property], work: Callable[[Works], Slices[None]]
) -> Slices[None]:
    """Have runs watched for these, once those know what whole packets give that have to know it."""
    for prop in properties:
        if isinstance(prop, MixedVerdict):
            scene.watch_for([prop])
            yield from work(Search(scene.actors, scene.watch, scene.digests, 0))
            prop.fills = False
    scene.watch_for(properties)
