"""The design `serviced-refresh`: serviced bits of interfaces with no sessions left are cleared.

A worker sets an interface's bit in `serviced_sw_if_index_bitmap` when it links a session of it, and
the 2017 design never clears one: once an interface's packets go to another worker, each clear of it
has the first one walk all of its lists for nothing. The document's last paragraph says how that
could be mended, and this is it: "another per-worker bitmap, which, when set, would trigger the
cleanup of the bits". A bit is set there when packets are moved to other threads, and when a sweep
for that interface begins. At its next interrupt, before it looks whether a clear concerns it, the
worker goes through them: of which it has no session left, it clears the serviced bit; the others
wait for the interrupts to come. Whether it has any, its counters say, those of sessions added and
deleted by interface, so nothing is walked.

In C a session is that of `fifo-2017`: bitmaps go by the threads and interfaces.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Final

from aclbench.engine.cleaner import Cleaner
from aclbench.engine.design import FIFO_2017
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain
from aclbench.engine.places import Beside, WorkCount
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import STEP_TABLE, STEPS, Step
from aclbench.engine.worker import Worker

REFRESH: Final = Step("refresh serviced", "clear serviced bits of interfaces without sessions here")

#: A worker's numbers, one of each. The bitmap is written by the owner and, behind the barrier of a
#: command, by vpp_main.
NUMBERS: Final = ("refresh_sw_if_index_bitmap", "serviced bits cleared")
_REFRESH, _CLEARED = range(2)


def refresh_bitmap(worker: Worker) -> int:
    """The interfaces whose serviced bits are to be looked at."""
    return worker.numbers[_REFRESH][0]


def ask_for_refresh(worker: Worker, bitmap: int) -> None:
    """Have the worker look at the serviced bits of these interfaces."""
    worker.numbers[_REFRESH][0] |= bitmap


def refresh(worker: Worker) -> None:
    """Clear the serviced bits that are asked about, where this worker has no session left."""
    asked = refresh_bitmap(worker)
    adds, dels = worker.session_adds_by_sw_if_index, worker.session_dels_by_sw_if_index
    for sw_if_index in range(asked.bit_length()):
        bit = asked & 1 << sw_if_index
        if bit and adds.get(sw_if_index, 0) == dels.get(sw_if_index, 0):
            asked ^= bit
            worker.numbers[_CLEARED][0] += bool(worker.serviced_sw_if_index_bitmap & bit)
            worker.serviced_sw_if_index_bitmap &= ~bit
    worker.numbers[_REFRESH][0] = asked


class RefreshIdleCheck(IdleCheck):
    """Serviced bits are looked at in each interrupt, as long as there is anything to look at."""

    def __init__(self, am: AclMain, sessions: Sessions) -> None:
        super().__init__(am, sessions)
        for worker in am.workers:
            for number in (_REFRESH, _CLEARED):
                worker.numbers[number] = [0]

    def start_sweep(self, worker: Worker, now: int) -> None:
        """What is cleared is ANDed with bits that are fresh, and is asked about later."""
        refresh(worker)
        super().start_sweep(worker, now)
        ask_for_refresh(worker, worker.pending_clear_sw_if_index_bitmap)

    def check_idle_sessions(self, worker: Worker, now: int) -> Generator[Step, None, int]:
        """One quantum, and then a look at the bits that are asked about."""
        taken = yield from super().check_idle_sessions(worker, now)
        if refresh_bitmap(worker):
            yield REFRESH
            self.am.tell.worked(now)
            refresh(worker)
        return taken


class RefreshCleaner(Cleaner):
    """Hears where packets go to other threads."""

    def packets_moved(self, worker: Worker) -> None:
        """Any of the interfaces that it serviced may have no packets for it any more."""
        ask_for_refresh(worker, worker.serviced_sw_if_index_bitmap)


def refresh_problems(am: AclMain, at_rest: bool) -> list[str]:
    """What is asked about is serviced."""
    return [
        f"thread {worker.thread_index}: asked to refresh {refresh_bitmap(worker):#x}, "
        f"services {worker.serviced_sw_if_index_bitmap:#x}"
        for worker in am.workers
        if refresh_bitmap(worker) & ~worker.serviced_sw_if_index_bitmap
    ]


def refresh_shown(worker: Worker) -> tuple[Beside, ...]:
    """The bitmap, and how many serviced bits were cleared."""
    cleared = worker.numbers[_CLEARED][0]
    return (Beside("refresh", f"bitmap {refresh_bitmap(worker):#x}; bits cleared: {cleared:,}"),)


SERVICED_REFRESH: Final = replace(
    FIFO_2017,
    name="serviced-refresh",
    about="Serviced bits are cleared: another bitmap of each worker says which are to be looked "
    "at, since packets have moved to other threads or an interface is cleared.",
    source="the 2017 design document's last paragraph",
    numbers=NUMBERS,
    beside=refresh_shown,
    work=(
        WorkCount(
            "serviced bits cleared",
            "an interface of which a worker has no session left",
            in_interrupts=True,
            count=lambda worker: sum(worker.numbers[_CLEARED]),
        ),
    ),
    idle_check=RefreshIdleCheck,
    cleaner=RefreshCleaner,
    invariants=refresh_problems,
    steps=(*STEPS, REFRESH),
    # Hundreds count changes of its own steps.
    step_table=100 + STEP_TABLE,
)
