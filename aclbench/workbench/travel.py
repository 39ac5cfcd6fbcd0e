"""How a bench moves in its history: a rig is made that stands there, and taken over.

While that rig is being made the bench stands where it stood. Listeners hear what is new, not what
is run again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import UNITS, Unit, at_event, at_packet, back, forward
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices, tidying

if TYPE_CHECKING:
    from aclbench.workbench.inquiry.stories.values import PastPlace


class Movable(Protocol):
    """What moves: it has a history, and takes over a rig that stands elsewhere in it."""

    rig: Rig
    history: History | None

    def take(self, there: Replay) -> Rig:
        """Stand where another rig stands; returns the one that was left."""


class Travel:
    """Moves a bench in its history."""

    def __init__(self, movable: Movable) -> None:
        self._movable = movable

    @property
    def past(self) -> History:
        """The history. AclbenchError: the bench keeps none, or runs on real threads."""
        assert self._movable.rig.stepped  # or it says why not
        if self._movable.history is None:
            raise CommandError("this bench keeps no history; make it with history=True")
        return self._movable.history

    def moving(self, there: Slices[Replay]) -> Slices[None]:
        """Take over the rig that somebody makes."""
        assert self.past  # or it says why not
        left = self._movable.take((yield from there))
        yield from tidying(left.closing())

    def going_back(self, count: int = 1, unit: str = "step") -> Slices[int]:
        """Back by named steps, turns, events or packets: by how many, fewer at the start."""
        return (yield from self._by(back, count, unit))

    def going_forward(self, count: int = 1, unit: str = "step") -> Slices[int]:
        """Forward again along the branch: by how many, fewer at its end."""
        return (yield from self._by(forward, count, unit))

    def _by(
        self,
        go: Callable[[History, int, Unit], Slices[tuple[Replay | None, int]]],
        count: int,
        unit: str,
    ) -> Slices[int]:
        there, done = yield from go(self.past, _count(count), _unit(unit))
        if there is not None:
            yield from tidying(self._movable.take(there).closing())
        return done

    def going_to(self, place: PastPlace) -> Slices[None]:
        """To a point of the current branch, or right behind the step that made an event."""
        if isinstance(place, Point):
            yield from self.moving(self.past.at(place))
        else:
            yield from self.moving(at_event(self.past, _whole(place)))

    def going_to_time(self, time_ns: int) -> Slices[None]:
        """To the state at a time (virtual nanoseconds); the clock stands at it."""
        yield from self.moving(self.past.at_time(_whole(time_ns)))

    def going_to_packet(self, number: int) -> Slices[None]:
        """To right behind the n-th packet of the run; 0 is the start."""
        yield from self.moving(at_packet(self.past, _whole(number)))

    def switching(self, name: str) -> Slices[None]:
        """To the end of another branch."""
        history = self.past
        branch = history.find_branch(name)
        yield from self.moving(history.at(branch.end, branch))
        if history.recorder is not None:
            history.recorder.switch(name)


def _count(count: int) -> int:
    if type(count) is not int or count < 1:
        raise CommandError(f"{count!r}: by at least 1")
    return count


def _whole(number: int) -> int:
    if type(number) is not int:
        raise CommandError(f"{number!r}: a whole number is right")
    return number


def _unit(unit: str) -> Unit:
    for known in UNITS:
        if unit.rstrip("s") == known:
            return known
    raise CommandError(f"{unit}: {', '.join(UNITS)} is right")
