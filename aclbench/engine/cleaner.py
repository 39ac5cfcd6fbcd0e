"""The cleaner process on thread 0: it may touch no session, so it sends interrupts.

A generator. It yields a `Wait` where VPP's process would suspend, and a `Step` before each thing
it does; whoever drives it sends back a `Wake` with the time and, after a main wait, the signals.
Source: `acl_fa_session_cleaner_process` and the two `send_…interrupt…` functions in VPP's
`src/plugins/acl/fa_node.c` as of the 2017 multicore commit; departures are listed in FIDELITY.md.
"""

from __future__ import annotations

from collections.abc import Generator

from mypy_extensions import mypyc_attr

from aclbench.engine.flags import set_clear_in_process, set_needed, set_pending, set_unwanted
from aclbench.engine.main import AclMain
from aclbench.engine.steps import (
    CLEAR_ALL,
    COPY_BITMAP,
    END_CLEAR,
    HANDLE_EVENT,
    LOOK_AT_CLEARS,
    MARK_PENDING,
    RAISE_INTERRUPT,
    RESCHEDULE,
    SET_CLEAR,
    TALLY,
    WAIT_FOR_EVENT,
    CleanerEvent,
    Step,
    Wait,
    WaitKind,
    Wake,
)
from aclbench.engine.timeouts import (
    CLEAR_POLL_NS,
    NEVER,
    WAIT_INTERVAL_INCREMENT_NS,
)
from aclbench.engine.worker import THREAD_MAIN, Worker

CleanerProcess = Generator[Step | Wait, Wake, None]
#: A part of the process that ends: it returns the time as of its last step.
CleanerPart = Generator[Step | Wait, Wake, int]


@mypyc_attr(allow_interpreted_subclasses=True)
class Cleaner:
    """The central process that drives the workers' cleaning."""

    def __init__(self, am: AclMain) -> None:
        self.am: AclMain = am

    def session_cleaner_process(self, wait: Wait = WAIT_FOR_EVENT) -> CleanerProcess:
        """The process; it never ends. It begins at `wait`, the main wait where it is at rest."""
        cleaner = self.am.cleaner
        while True:
            cleaner.wait = wait
            if wait.until == NEVER:
                cleaner.cnt_wait_without_timeout += 1
            else:
                cleaner.cnt_wait_with_timeout += 1
            now, events = yield wait
            if events:
                now, _ = yield HANDLE_EVENT
                now = yield from self.handle_events(events, now)
            now = yield from self.go_round(now)
            cleaner.cnt_event_cycles += 1
            wait = self.next_wait(now)

    def go_round(self, now: int) -> CleanerPart:
        """Tally first: an interrupt that is sent takes back what its worker said."""
        now, _ = yield TALLY
        self.tally(now)
        return (yield from self.send_interrupts_to_workers(now))

    # --- 1. wait -----------------------------------------------------------------------------

    def next_wait(self, now: int) -> Wait:
        """Until the earliest head is due over the threads without a pending interrupt.

        But at most the wait interval; and with no sessions on any list, for an event alone. The
        lists themselves are not followed: their owners publish `head_expiry_time`.
        """
        until = now + self.am.cleaner.wait_interval
        has_pending_conns = False
        for worker in self.am.workers:
            for head_expiry_time in worker.head_expiry_time:
                if head_expiry_time == NEVER:
                    continue
                has_pending_conns = True
                if head_expiry_time < until and not worker.interrupt_is_pending:
                    until = head_expiry_time
        if not has_pending_conns:
            return WAIT_FOR_EVENT
        return Wait(WaitKind.EVENT_OR_CLOCK, until)

    # --- 2. handle ---------------------------------------------------------------------------

    def handle_events(self, events: tuple[CleanerEvent, ...], now: int) -> CleanerPart:
        """Reschedule is nothing to do: the round itself does it. The rest is one clear."""
        bitmap = deleted = 0
        for event in events:
            if event == RESCHEDULE:
                continue
            self.am.cleaner.cnt_delete_by_sw_index += 1
            if event == CLEAR_ALL:
                for interface in self.am.interfaces:
                    if interface is not None:
                        bitmap |= 1 << interface.sw_if_index
            else:
                bitmap |= 1 << event.sw_if_index
                deleted |= event.deleted << event.sw_if_index
        if bitmap:
            now = yield from self.clear(bitmap, now)
            for sw_if_index in range(deleted.bit_length()):
                if deleted >> sw_if_index & 1:
                    self.free_index(sw_if_index)
            self.am.cleaner.cnt_delete_by_sw_index_ok += 1
        return now

    def clear(self, bitmap: int, now: int) -> CleanerPart:
        """Have every packet-carrying thread clear its sessions on these interfaces, and wait."""
        am = self.am
        am.cleaner.clearing_bitmap = bitmap
        am.cleaner.cnt_clears_started += 1
        am.tell.clear_started(bitmap, now)
        workers = self.workers_to_clear()
        for worker in workers:
            while worker.clear_in_process:
                now = yield from self.wait_for_clears([worker], now)
            now, _ = yield COPY_BITMAP
            worker.pending_clear_sw_if_index_bitmap = bitmap
            now, _ = yield SET_CLEAR
            set_clear_in_process(am, worker, 1, THREAD_MAIN, now)
        am.host.memory_barrier()
        now = yield from self.send_interrupts_to_workers(now)
        while any(worker.clear_in_process for worker in workers):
            now = yield from self.wait_for_clears(workers, now)
        now, _ = yield END_CLEAR
        am.cleaner.clearing_bitmap = 0
        am.tell.clear_finished(bitmap, now)
        return now

    def workers_to_clear(self) -> list[Worker]:
        """Whom a clear waits for: no thread that gets no interrupt, or it would wait for ever."""
        return self.am.packet_workers

    def wait_for_clears(self, workers: list[Worker], now: int) -> CleanerPart:
        """Look again in 100 us, and send the interrupts that clearing workers ask for."""
        suspend = Wait(WaitKind.SUSPEND, now + CLEAR_POLL_NS)
        self.am.cleaner.wait = suspend
        now, _ = yield suspend
        now, _ = yield LOOK_AT_CLEARS
        for worker in workers:
            if worker.clear_in_process and worker.interrupt_is_needed:
                now = yield from self.send_one_worker_interrupt(worker, now)
        return now

    def free_index(self, sw_if_index: int) -> None:
        """A deleted interface's clear is done: nothing of it is left, its index may be reused."""
        assert not self.am.interface(sw_if_index).sessions, f"{sw_if_index} is left with sessions"
        self.am.interfaces[sw_if_index] = None

    def packets_moved(self, worker: Worker) -> None:
        """Some interface's packets, which this worker had, go to another from now on.

        Nothing is done: a bit of its serviced bitmap is never cleared.
        """

    # --- 3. tally ----------------------------------------------------------------------------

    def tally(self, now: int) -> None:
        """Adapt the wait interval to what the workers said since the last round."""
        am = self.am
        needed = unwanted = False
        for worker in am.packet_workers:
            if worker.interrupt_is_needed:
                needed = True  # cleared as the interrupt is sent
            if worker.interrupt_is_unwanted:
                unwanted = True
                set_unwanted(am, worker, 0, THREAD_MAIN, now)
        self.adapt(needed, unwanted, now)

    def adapt(self, needed: bool, unwanted: bool, now: int) -> None:
        """Halve the wait interval, or make it a little longer.

        Its bounds can be set, so an interval that lies outside of new ones is brought inside.
        """
        am, cleaner = self.am, self.am.cleaner
        old = wanted = cleaner.wait_interval
        if needed:
            wanted = old // 2
        elif unwanted:
            wanted = old + WAIT_INTERVAL_INCREMENT_NS
        cleaner.wait_interval = min(max(wanted, am.wait_interval_min), am.wait_interval_max)
        if cleaner.wait_interval != old:
            cleaner.cnt_wait_changes += 1
            am.tell.wait_changed(old, cleaner.wait_interval, now)

    # --- 4. interrupt ------------------------------------------------------------------------

    def send_interrupts_to_workers(self, now: int) -> CleanerPart:
        """Interrupt every packet-carrying thread."""
        for worker in self.am.packet_workers:
            now = yield from self.send_one_worker_interrupt(worker, now)
        return now

    def send_one_worker_interrupt(self, worker: Worker, now: int) -> CleanerPart:
        """Interrupt one thread, unless it has one pending.

        The flags are written before the interrupt is raised: a worker that served it in between
        would find its own flags overwritten, and nobody would wake it again.
        """
        if worker.interrupt_is_pending:
            return now
        now, _ = yield MARK_PENDING
        set_pending(self.am, worker, 1, THREAD_MAIN, now)
        set_needed(self.am, worker, 0, THREAD_MAIN, now)
        now, _ = yield RAISE_INTERRUPT
        self.raise_interrupt(worker, now)
        return now

    def raise_interrupt(self, worker: Worker, now: int) -> None:
        """Have the thread run its interrupt handler, soon."""
        self.am.cleaner.cnt_interrupts_sent += 1
        self.am.tell.interrupt_sent(worker, now)
        self.am.tell.messaged()
        self.am.host.raise_interrupt(worker.thread_index)
