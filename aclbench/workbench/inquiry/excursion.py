"""Excursions: work elsewhere in the run, piece by piece, while the bench stands where it stood.

What is past has to be run again, and that may take a while: longer than a screen may keep a key
waiting. An excursion does it in pieces of some milliseconds. Within a piece the bench stands at the
excursion's own place; between two pieces it stands where it stood, with its own machine and its
listeners, and may go on, go back, be loaded anew. The excursion goes on in the run as it was when
it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from aclbench.drivers.stepping import Position
from aclbench.engine.events import TraceEvent
from aclbench.engine.packing import empty_in_pieces
from aclbench.errors import AclbenchError
from aclbench.workbench.history.history import WalkedStep
from aclbench.workbench.rig.inputs import Point, Run, Steps
from aclbench.workbench.rig.packing import unpack_in_pieces

if TYPE_CHECKING:
    from aclbench.drivers.stepped import SteppedDriver
    from aclbench.workbench.history.branch import Saved
    from aclbench.workbench.workbench import Workbench

#: How long a piece takes, about.
PIECE_S: Final = 0.015
#: A part of a piece, after which the clock is looked at, takes between these.
PART_SHORT_S: Final = 0.001
PART_LONG_S: Final = 0.004
#: Packets, and turns, of the first part, and of any part at the most.
FIRST_PART: Final = 16
LARGEST_PART: Final = 4096


class Stretch(NamedTuple):
    """A part of the run: from a checkpoint to a point."""

    saved: Saved
    end: Point

    @property
    def events_before(self) -> int:
        """Trace events of the run up to its beginning."""
        return self.saved.checkpoint.events


class Excursion:
    """Runs parts of the run again, in pieces, from where the bench stands back to the start.

    AclbenchError: the bench keeps no history, or runs on real threads.
    """

    def __init__(self, bench: Workbench) -> None:
        history = bench.past
        #: The branch as it was when the excursion began, and where the bench stood on it.
        self.branch = history.branch.as_it_is()
        self.begun_at: Point = history.cursor
        self._bench = bench
        # It begins on the bench's own machine, and touches it not: `_go_to` makes another.
        self._there = bench.begin_elsewhere(self.branch)
        self._own: SteppedDriver | None = None
        self._order = bench.stepped.order

    def stretches_backwards(self) -> list[Stretch]:
        """The run so far from checkpoint to checkpoint, the latest stretch first."""
        found: list[Stretch] = []
        end = self.begun_at
        for saved in reversed([s for s in self.branch.saved if s.point < end]):
            found.append(Stretch(saved, end))
            end = saved.point
        return found

    def stretches_forwards(self) -> list[Stretch]:
        """From the checkpoint at or before here to the branch's end, in order."""
        first = self.branch.nearest(self.begun_at)
        later = [s for s in self.branch.saved if first.point < s.point]
        ends = [*(saved.point for saved in later), self.branch.end]
        return [Stretch(s, end) for s, end in zip([first, *later], ends, strict=True)]

    def hear(
        self,
        stretch: Stretch,
        hear: Callable[[TraceEvent], None],
        begun: Callable[[], Iterator[None]] | None = None,
    ) -> Iterator[None]:
        """Have the events of a stretch told, as they are made again; yields between two pieces.

        `begun` does what is to be done at its beginning, with the bench there, in small parts.
        """
        return self._in_pieces(self._hearing(stretch, hear, begun))

    def walk(
        self,
        stretch: Stretch,
        begun: Callable[[], None],
        look: Callable[[WalkedStep], None],
    ) -> Iterator[None]:
        """Take each named step of a stretch, and look at what it did; yields between two pieces."""
        return self._in_pieces(self._walking(stretch, begun, look))

    # --- in pieces -----------------------------------------------------------------------------

    def _in_pieces(self, work: Iterator[None]) -> Iterator[None]:
        """Do work that yields after each small part, as much at a time as a piece may take."""
        done = False
        while not done:
            until = perf_counter() + PIECE_S
            with self._bench.elsewhere(self._there):
                done = True
                for _ in work:
                    if perf_counter() >= until:
                        done = False
                        break
            yield

    def _hearing(
        self,
        stretch: Stretch,
        hear: Callable[[TraceEvent], None],
        begun: Callable[[], Iterator[None]] | None,
    ) -> Iterator[None]:
        yield from self._go_to(stretch.saved)
        if begun is not None:
            yield from begun()
        self._bench.machine.am.tell.listener = hear
        yield from self._run_from(stretch.saved.point, stretch.end)
        yield from self._free()

    def _walking(
        self,
        stretch: Stretch,
        begun: Callable[[], None],
        look: Callable[[WalkedStep], None],
    ) -> Iterator[None]:
        yield from self._go_to(stretch.saved)
        begun()
        for walked in self._there.history.walk_on(stretch.saved.point, stretch.end):
            look(walked)
            yield
        yield from self._free()

    # --- getting there ---------------------------------------------------------------------------

    def _go_to(self, saved: Saved) -> Iterator[None]:
        """Stand where a checkpoint was taken, on a machine of our own; nobody listens to it."""
        yield from self._free()
        driver = yield from unpack_in_pieces(saved.checkpoint, self._order)
        self._bench.stand_on(saved.checkpoint, driver)
        self._own = driver

    def _free(self) -> Iterator[None]:
        """Give our machine's sessions back: it refers to itself, so it would stay for long."""
        if self._own is None:
            return
        am = self._own.machine.am
        self._own = None
        yield from empty_in_pieces(am)

    # --- going on ------------------------------------------------------------------------------

    def _run_from(self, begin: Point, end: Point) -> Iterator[None]:
        """Perform the inputs from where we stand up to a point, as the history does, in parts."""
        ops, driver = self.branch.ops, self._bench.stepped
        for index in range(begin.op, min(end.op + 1, len(ops))):
            op = ops[index]
            if not isinstance(op, Run | Steps):
                if index == end.op:
                    return
                self._bench.perform(op)
                yield
                continue
            until = end if index == end.op else op
            position, time = until.position, until.time
            if isinstance(op, Run):
                yield from self._run_to(driver, position)
            else:
                yield from self._step_to(driver, position, op.actor)
            driver.now = max(driver.now, time)

    def _step_to(
        self, driver: SteppedDriver, position: Position, actor: int | None
    ) -> Iterator[None]:
        while driver.position < position:
            if driver.step(actor) is None:
                raise AclbenchError("the run has no such step: it is not the one recorded")
            yield

    def _run_to(self, driver: SteppedDriver, position: Position) -> Iterator[None]:
        """Go on in fair order to a position that lies ahead; the clock aside."""
        while driver.position < position and not driver.at_rest():
            driver.step()  # what was begun by hand is finished, in fair order
            yield
        pace = _Pace()
        while (left := position.packets - driver.position.packets) > 0:
            pace.begin()
            if driver.run_packets(min(left, pace.count), pace.count):
                break  # the captures end before that; `run_to` says so
            pace.end()
            yield
        while driver.position.turns + pace.count < position.turns:
            pace.begin()
            turns = driver.position.turns + pace.count
            driver.run_to(Position(position.packets, turns, 0), 0)
            pace.end()
            yield
        driver.run_to(position, 0)


class _Pace:
    """How many packets or turns make a part that takes neither too long nor too short."""

    def __init__(self) -> None:
        self.count = FIRST_PART
        self._since = 0.0

    def begin(self) -> None:
        """A part begins."""
        self._since = perf_counter()

    def end(self) -> None:
        """A part is done: how large is the next?"""
        took = perf_counter() - self._since
        if took > PART_LONG_S:
            self.count = max(self.count // 2, 1)
        elif took < PART_SHORT_S:
            self.count = min(self.count * 2, LARGEST_PART)
