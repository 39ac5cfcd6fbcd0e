"""What comes next if no packet comes: a rig of one's own is run on, with a listener."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from aclbench.engine import reading
from aclbench.engine.events import (
    InterruptServed,
    SessionDeleted,
    SessionRecycled,
    SessionRequeued,
    SweepFinished,
    TraceEvent,
    WaitChanged,
)
from aclbench.engine.timeouts import NEVER
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Slices

#: Turns, and of an interrupt steps, after which nobody waits any longer for what is to come.
MAX_TURNS: Final = 1_000_000
#: A time before which all that is ever due is done.
_END: Final = NEVER - 1


class Judged(NamedTuple):
    """What an idle check made of a session: when, in which of the interrupts from now on.

    `to_list` is -1 if it was deleted, `timeout_class` its class then. `in_sweep`: the sweep that
    was under way, or about to begin, took it.
    """

    time: int
    nth: int
    to_list: int
    idle: int
    timeout_class: int
    cleared: bool
    in_sweep: bool


class Ahead:
    """A rig that is run on without packets, and what it does to the sessions of one thread."""

    def __init__(self, rig: Rig, thread_index: int) -> None:
        self.rig = rig
        self.worker = rig.machine.am.workers[thread_index]
        #: The times of the thread's interrupts, and the first judgement of each session.
        self.interrupts: list[int] = []
        self.judged: dict[int, Judged] = {}
        self.recycled: set[int] = set()
        #: The cleaner's wait interval has changed on the way.
        self.wait_changed = False
        #: The thread's last interrupt was part of a sweep.
        self.in_sweep = False
        self._sweeps = bool(self.worker.clear_in_process)
        self._until: Callable[[], bool] = lambda: False
        rig.driver.arrivals.source = None
        rig.driver.arrivals.frames.clear()
        rig.stepped.order = "fair"
        rig.hear(self._hear)

    def _hear(self, event: TraceEvent) -> None:
        if isinstance(event, WaitChanged):
            self.wait_changed = True
        if event.thread_index != self.worker.thread_index:
            return
        if isinstance(event, SessionDeleted | SessionRequeued):
            self.judged.setdefault(event.session_index, self._judged(event))
        elif isinstance(event, SessionRecycled):
            self.recycled.add(event.session_index)
        elif isinstance(event, InterruptServed):
            self.in_sweep = bool(self.worker.swipe_end_time)
            self.interrupts.append(event.time)
        elif isinstance(event, SweepFinished):
            self._sweeps = False
        if self._until():
            self.rig.stepped.stop()

    def _judged(self, event: SessionDeleted | SessionRequeued) -> Judged:
        """One that was deleted was so this very moment: its slot still has its flags."""
        row = reading.slot_at(self.worker, event.session_index)
        return Judged(
            time=event.time,
            nth=len(self.interrupts) + 1,
            to_list=event.list_id if isinstance(event, SessionRequeued) else -1,
            idle=event.idle,
            timeout_class=reading.timeout_class(self.rig.machine.am, row),
            cleared=isinstance(event, SessionDeleted) and event.cleared,
            in_sweep=self._sweeps,
        )

    def until_judged(self, session_index: int) -> Slices[Judged | None]:
        """Run on until a session is judged; None: it never is, or not within `MAX_TURNS`."""
        driver, pace, turns = self.rig.stepped, Pace(), 0
        self._until = lambda: session_index in self.judged or session_index in self.recycled
        while not self._until() and turns < MAX_TURNS and driver.next_time() < NEVER:
            turns += pace.size
            with pace.slice():
                driver.run_until(_END, None, pace.size)
            yield None
        return self.judged.get(session_index)

    def through_interrupt(self) -> Slices[tuple[int, ...]]:
        """Run on through the thread's next interrupt: how many sessions it takes of each list.

        There may be none: then `interrupts` is empty.
        """
        driver, worker = self.rig.stepped, self.worker
        taken = [0] * len(worker.conn_list_head)
        for _ in range(MAX_TURNS):
            if self.interrupts or driver.next_time() == NEVER:
                break
            if not driver.upcoming(worker.thread_index):  # others' turns lead up to it
                driver.run_until(_END, None, 1)
                yield None
                continue
            before = len(reading.taken(worker))
            step = driver.step()
            assert step is not None
            if step.actor == worker.thread_index:
                for index in reading.taken(worker)[before:]:  # it still says where it was
                    taken[reading.slot_at(worker, index).link_list_id] += 1
            yield None
        return tuple(taken)
