"""A search spread over processes, or a cluster: each does some of the first choices.

Each knows only the states that it has seen itself, so together they do more than one alone would,
and find out the same. What is broken is then looked for by one alone, so that it is the same, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

from aclbench.designs import design_named
from aclbench.lab.explore.scenario import Explored
from aclbench.lab.explore.scene import Bounds, Scene, setting_the_scene
from aclbench.lab.explore.search import Effort, Search
from aclbench.workbench.tasks import Slices

#: Beginnings for each process, and pieces that they are put together in: so many that none waits
#: long for the others, and so few that most of what was seen once is not searched again.
BEGINNINGS: Final = 16
PIECES: Final = 4
#: Choices in a beginning, at most.
MAX_CHOICES: Final = 40

Choices = tuple[int, ...]


class Ended(NamedTuple):
    """What came of a piece: whether something is broken, and what was done."""

    is_broken: bool
    effort: Effort


class Piece(NamedTuple):
    """Some beginnings of runs, to be searched with so many preemptions; see `lab.jobs.Job`."""

    number: int
    explored: Explored
    bounds: Bounds
    design: str
    find: tuple[str, ...]
    never: tuple[str, ...]
    #: What whole packets give, for those who look for other verdicts.
    verdicts: dict[int, set[tuple[int, int]]]
    preemptions: int
    beginnings: tuple[Choices, ...]

    @property
    def name(self) -> str:
        """What it is, to a person."""
        return f"{self.explored.scenario.title}, part {self.number + 1}"

    @property
    def files(self) -> tuple[Path, ...]:
        """It reads none."""
        return ()

    def moved(self, there: Mapping[Path, Path]) -> Self:
        """The same."""
        return self

    def slices(self, folder: Path) -> Slices[Ended]:
        """Search them, one behind the other."""
        scene = yield from setting_the_scene(self.explored, self.bounds, design_named(self.design))
        scene.watch_for(scene.wanted(self.find, self.never, self.verdicts))
        effort = Effort()
        search = Search(scene.actors, scene.watch, scene.digests, self.preemptions)
        for beginning in self.beginnings:
            search.begin_at(beginning)
            yield from search.searching()
            if search.broken is not None:
                break
        effort.add(search.effort)
        return Ended(search.broken is not None, effort)


def beginnings_of(scene: Scene, preemptions: int, count: int) -> list[Choices]:
    """The beginnings of all runs, at least so many if there are, in the order of a search."""
    actors = scene.actors
    found: list[Choices] = [()]
    for _ in range(MAX_CHOICES):
        if len(found) >= count:
            break
        longer: list[Choices] = []
        for beginning in found:
            actors.begin()
            scene.watch.begin()
            for choice in beginning:
                actors.step(choice)
            choices = actors.choices(preemptions)
            longer += [(*beginning, choice) for choice in choices] or [beginning]
        found = longer
    return found


def dealt(beginnings: Sequence[Choices], count: int) -> list[tuple[Choices, ...]]:
    """The beginnings in so many parts; neighbours, which have much in common, stay together."""
    size = -(-len(beginnings) // count)
    return [tuple(beginnings[at : at + size]) for at in range(0, len(beginnings), size)]
