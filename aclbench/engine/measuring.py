"""What a run costs and how late its sessions go: counted as the machine tells of them.

Unlike a listener it makes no trace events, and packets of sessions that are there keep their fast
path. **Work** is what is done to lists, wheels and rings: one for each session that is linked or
unlinked, and what a design counts beside that (`Design.work`): timers, posts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from aclbench.engine.pool import Session
from aclbench.engine.session import Classes
from aclbench.engine.storage import Column, appended, column
from aclbench.engine.timeouts import NS_PER_SEC

#: The most work is looked for in intervals of this length; a series has one row for each of these.
BUSY_NS: Final = NS_PER_SEC // 1000
ROW_NS: Final = NS_PER_SEC // 10
#: A row of the series: which interval it is, work in the datapath, work in interrupts, and behind
#: these the live sessions of each class at its end.
ROW_LIVE: Final = 3


@final
class Measures:
    """Counts for one machine; times are in nanoseconds. In virtual time alone.

    `classes` and `timeouts` are the machine's own, so that a timeout that is changed counts;
    `live_by_class` are the sessions that are there at `now`. `design_work` says what the design
    has counted in the datapath and in interrupts; None: it counts nothing.
    """

    def __init__(
        self,
        classes: Classes,
        timeouts: list[int],
        live_by_class: list[int],
        now: int,
        design_work: Callable[[], tuple[int, int]] | None,
    ) -> None:
        self._design_work: Callable[[], tuple[int, int]] | None = design_work
        #: What it said last.
        self._seen_datapath: i64 = 0
        self._seen_interrupts: i64 = 0
        if design_work is not None:
            self._seen_datapath, self._seen_interrupts = design_work()
        self._classes: Classes = classes
        self._timeouts: list[int] = timeouts
        self._now: i64 = now
        self.live: i64 = sum(live_by_class)
        self._live_by_class: Column = column(live_by_class)
        self.peak: i64 = self.live
        #: The sum over all sessions of how long they lived, up to the latest event.
        self.session_ns: int = 0
        self.datapath_work: i64 = 0
        self.interrupt_work: i64 = 0
        self.most_in_interrupt: i64 = 0
        #: The most in interrupts and datapath together, in one millisecond.
        self.most_in_ms: i64 = 0
        #: Interrupts that were served.
        self.interrupts: i64 = 0
        self.messages: i64 = 0
        #: How long behind its expiry each session was deleted, those aside that were cleared,
        #: recycled, or whose rules had changed.
        self.overstays: Column = column(())
        #: Rows of `ROW_LIVE` numbers and one a class, for the intervals with any event.
        self.series: Column = column(())
        self._ms: i64 = now // BUSY_NS
        self._ms_work: i64 = 0
        self._row: i64 = now // ROW_NS
        self._row_datapath: i64 = 0
        self._row_interrupts: i64 = 0

    def finish(self, now: i64) -> None:
        """The run has come to its end: sessions have lived up to then."""
        self._move_to(now)
        self._look_at_design()
        self._end_row()

    # --- what the machine tells ---------------------------------------------------------------

    def added(self, session: Session, now: i64) -> None:
        """A packet made a session."""
        self._move_to(now)
        self.live += 1
        if self.live > self.peak:
            self.peak = self.live
        self._live_by_class[self._classes.session_get_timeout_type(session)] += 1
        self._work(1)

    def class_changed(self, old: i64, new: i64, relinked: bool, now: i64) -> None:
        """A packet changed a session's class, and perhaps its list."""
        self._move_to(now)
        self._live_by_class[old] -= 1
        self._live_by_class[new] += 1
        if relinked:
            self._work(2)

    def deleted(self, session: Session, now: i64, by_time: bool, by_packet: bool) -> None:
        """A session is gone: since its time was over, or for the sake of a packet."""
        self._move_to(now)
        timeout_class = self._classes.session_get_timeout_type(session)
        self.live -= 1
        self._live_by_class[timeout_class] -= 1
        if by_time:
            expiry = session.last_active_time + self._timeouts[timeout_class]
            self.overstays = appended(self.overstays, now - expiry)
        if by_packet:
            self._work(1)

    def interrupt_served(self, taken: i64, deleted: i64, now: i64) -> None:
        """Sessions were taken from lists, and those that stay were appended again."""
        self._move_to(now)
        self.interrupts += 1
        before = self.interrupt_work
        self._work_in_interrupt(taken + taken - deleted)
        self._look_at_design()
        if self.interrupt_work - before > self.most_in_interrupt:
            self.most_in_interrupt = self.interrupt_work - before

    def worked(self, now: i64) -> None:
        """A packet is about to have the design do something that no event tells."""
        self._move_to(now)

    # --- intervals ----------------------------------------------------------------------------

    def _work(self, count: i64) -> None:
        """In the datapath."""
        self.datapath_work += count
        self._row_datapath += count
        self._busy(count)

    def _work_in_interrupt(self, count: i64) -> None:
        self.interrupt_work += count
        self._row_interrupts += count
        self._busy(count)

    def _busy(self, count: i64) -> None:
        self._ms_work += count
        if self._ms_work > self.most_in_ms:
            self.most_in_ms = self._ms_work

    def _look_at_design(self) -> None:
        """What it did since the last look was done before now: the interval is that one still."""
        if self._design_work is None:
            return
        in_datapath, in_interrupts = self._design_work()
        more_datapath: i64 = in_datapath - self._seen_datapath
        more_interrupts: i64 = in_interrupts - self._seen_interrupts
        self._seen_datapath, self._seen_interrupts = in_datapath, in_interrupts
        self._work(more_datapath)
        self._work_in_interrupt(more_interrupts)

    def _move_to(self, now: i64) -> None:
        """The clock is there; it never goes back."""
        if now <= self._now:
            return
        live: int = self.live
        self.session_ns += live * (now - self._now)  # may have more than 64 bits
        self._now = now
        ms: i64 = now // BUSY_NS
        if ms != self._ms:
            self._look_at_design()
            self._ms, self._ms_work = ms, 0
            row: i64 = now // ROW_NS
            if row != self._row:
                self._end_row()
                self._row = row

    def _end_row(self) -> None:
        series = appended(self.series, self._row)
        series = appended(series, self._row_datapath)
        series = appended(series, self._row_interrupts)
        for live in self._live_by_class:
            series = appended(series, live)
        self.series = series
        self._row_datapath = self._row_interrupts = 0
