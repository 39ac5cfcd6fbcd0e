"""The run as it was when a question was asked, in stretches from checkpoint to checkpoint.

What is past has to be run again, and that may take a while. It is done on rigs of one's own, in
slices: the bench stands where it stood meanwhile, and may go on, go back, be loaded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.workbench.history.branch import Branch, Saved
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import point_of_packet
from aclbench.workbench.history.replay import Replay, WalkedStep
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.tasks import Slices


class Stretch(NamedTuple):
    """A part of a run: from a checkpoint to a point."""

    saved: Saved
    end: Point

    @property
    def events_before(self) -> int:
        """Trace events of the run up to its beginning."""
        return self.saved.checkpoint.events


class Stretches:
    """The current branch of a history as it is now, and where the bench stands on it now."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.branch: Branch = history.branch.frozen()
        self.begun_at: Point = history.cursor

    def backwards(self, end: Point | None = None) -> list[Stretch]:
        """The run up to a point (to now) from checkpoint to checkpoint, the latest first."""
        found: list[Stretch] = []
        end = self.begun_at if end is None else end
        for saved in reversed([s for s in self.branch.saved if s.point < end]):
            found.append(Stretch(saved, end))
            end = saved.point
        return found

    def forwards(self) -> list[Stretch]:
        """From the checkpoint at or before here to the branch's end, in order."""
        first = self.branch.nearest(self.begun_at)
        later = [s for s in self.branch.saved if first.point < s.point]
        ends = [*(saved.point for saved in later), self.branch.end]
        return [Stretch(s, end) for s, end in zip([first, *later], ends, strict=True)]

    def begin(self, stretch: Stretch) -> Slices[Replay]:
        """A rig of one's own at the beginning of a stretch."""
        return (yield from self._history.at_checkpoint(stretch.saved, self.branch))

    def hear(
        self,
        stretch: Stretch,
        hear: Callable[[TraceEvent], None],
        begun: Callable[[Replay], Iterator[None]] | None = None,
    ) -> Slices[None]:
        """Have the events of a stretch told, as they are made again.

        `begun` does what is to be done at its beginning, with the rig there, in small parts.
        """
        there = yield from self.begin(stretch)
        with closing(there.rig):
            if begun is not None:
                for _ in begun(there):
                    yield None
            there.rig.hear(hear)
            yield from there.run_to(stretch.end)
            yield from there.rig.closing()

    @property
    def first_packet(self) -> int:
        """How many packets had been handled where the run began."""
        return self.branch.starts[0].position.packets

    def verdicts(self, numbers: Iterable[int]) -> Slices[dict[int, PacketVerdict]]:
        """The verdicts on packets of the run, by their numbers in it, from 1."""
        found: dict[int, PacketVerdict] = {}
        there: Replay | None = None
        for number in sorted(numbers):
            before = point_of_packet(self.branch, max(number - 1, self.first_packet))
            if there is None or there.cursor < self.branch.nearest(before).point:
                if there is not None:
                    yield from there.rig.closing()
                there = yield from self._history.near(before, self.branch)
            yield from there.run_to(before)
            handled = there.position.packets
            heard = yield from there.heard_to(point_of_packet(self.branch, number))
            verdicts = [event for event in heard if isinstance(event, PacketVerdict)]
            found[number] = verdicts[number - handled - 1]
        if there is not None:
            yield from there.rig.closing()
        return found

    def walk(
        self,
        stretch: Stretch,
        begun: Callable[[Replay], None],
        look: Callable[[Replay, WalkedStep], None],
    ) -> Slices[None]:
        """Take each named step of a stretch, and look at what it did."""
        there = yield from self.begin(stretch)
        with closing(there.rig):
            begun(there)
            for walked in there.walk(stretch.end):
                if walked is not None:
                    look(there, walked)
                yield None
            yield from there.rig.closing()
