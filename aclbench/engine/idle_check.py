"""The interrupt handler of a worker: the idle check, and this worker's part of a mass clear.

It runs on the thread that owns the sessions, and no other thread may touch what it touches: that is
the whole point of the design. Each yield names the step that comes next.
Source: `acl_fa_worker_conn_cleaner_process` and `acl_fa_check_idle_sessions` in VPP's
`src/plugins/acl/fa_node.c` as of the 2017 multicore commit; departures are listed in FIDELITY.md.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from mypy_extensions import mypyc_attr

from aclbench.engine.flags import set_clear_in_process, set_needed, set_pending, set_unwanted
from aclbench.engine.main import AclMain
from aclbench.engine.pool import NO_SESSION, Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import (
    ALLOW_INTERRUPT,
    CLEAR_DONE,
    END_SWEEP,
    JUDGE,
    REPORT_LOAD,
    START_SWEEP,
    TAKE_HEADS,
    Step,
)
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker


@mypyc_attr(allow_interpreted_subclasses=True)
class IdleCheck:
    """What an interrupt does on a worker."""

    def __init__(self, am: AclMain, sessions: Sessions) -> None:
        self.am: AclMain = am
        self.sessions: Sessions = sessions

    def worker_conn_cleaner_process(self, worker: Worker, now: int) -> Iterator[Step]:
        """Serve one interrupt. `now` is read once, as the handler begins."""
        yield ALLOW_INTERRUPT
        self.allow_interrupt(worker, now)
        found_clear = worker.clear_in_process
        if found_clear and not worker.swipe_end_time:
            yield START_SWEEP
            self.start_sweep(worker, now)
            if not worker.swipe_end_time:
                yield CLEAR_DONE
                self.clear_done(worker, now)
        taken = yield from self.check_idle_sessions(worker, now)
        if worker.swipe_end_time:
            yield from self.end_quantum(worker, now)
        elif not worker.clear_in_process:
            yield REPORT_LOAD
            self.report_load(worker, taken, not found_clear, now)

    def allow_interrupt(self, worker: Worker, now: int) -> None:
        """From here on another interrupt may be sent; then is it looked whether a clear is on.

        In this order: the cleaner sets clear_in_process, then looks at interrupt_is_pending. Were
        we to read first, it could find an interrupt pending still, and send none for the clear.
        """
        set_pending(self.am, worker, 0, worker.thread_index, now)
        worker.interrupt_due = NEVER
        self.am.host.memory_barrier()

    # --- the idle check ----------------------------------------------------------------------

    def check_idle_sessions(self, worker: Worker, now: int) -> Generator[Step, None, int]:
        """One quantum: take what is due, then judge each. Returns how many were taken."""
        yield from self.take_due(worker, now)
        expired = worker.expired
        taken = len(expired)
        deleted = 0
        while expired:
            yield JUDGE
            deleted += self.judge(worker, worker.pool.session(expired.popleft()), now)
        worker.cnt_interrupts_served += 1
        self.am.tell.interrupt_served(worker, taken, deleted, now)
        return taken

    def take_due(self, worker: Worker, now: int) -> Iterator[Step]:
        """Unlink what is to be judged into `expired`: due heads, one budget for the three lists."""
        budget = self.am.max_deleted_sessions_per_interval
        for list_id in range(len(worker.conn_list_head)):
            yield TAKE_HEADS
            self.take_heads(worker, list_id, budget - len(worker.expired), now)

    def take_heads(self, worker: Worker, list_id: int, budget: int, now: int) -> None:
        """Unlink up to `budget` sessions from the head of one list: those that are to be judged.

        While a sweep is on, those that were there when it began; otherwise those that are due.
        """
        swipe_end_time = worker.swipe_end_time
        pool, expired = worker.pool, worker.expired
        index = worker.conn_list_head[list_id]
        taken = 0
        while index != NO_SESSION and taken < budget:
            session = pool.session(index)
            if swipe_end_time:
                if session.link_enqueue_time > swipe_end_time:
                    break
            elif self.sessions.check_due(session) > now:
                break
            expired.append(index)
            taken += 1
            index = session.link_next_idx
        if taken:
            worker.conn_list_head[list_id] = index
            worker.conn_list_length[list_id] -= taken
            if index == NO_SESSION:
                worker.conn_list_tail[list_id] = NO_SESSION
            else:
                pool.session(index).link_prev_idx = NO_SESSION
        # Also where nothing was taken: a timeout may have been changed since it was written.
        self.sessions.note_head(worker, list_id, now)

    def judge(self, worker: Worker, session: Session, now: int) -> bool:
        """Delete a taken session, or append it again. Returns True if it was deleted.

        `last_active_time` may be later than `now`: another thread wrote it meanwhile.
        """
        am = self.am
        list_id = am.classes.session_get_timeout_type(session)
        cleared = worker.pending_clear_sw_if_index_bitmap >> session.sw_if_index & 1
        if now < session.last_active_time + am.session_timeout[list_id] and not cleared:
            self.sessions.conn_list_add_session(worker, session, list_id, now)
            worker.cnt_session_timer_restarted += 1
            am.tell.requeued(worker, session, list_id, now)
            return False
        self.sessions.delete_session(worker, session, now)
        worker.cnt_deleted_sessions += 1
        worker.cnt_cleared_sessions += cleared
        am.tell.deleted(worker, session, now, bool(cleared))
        return True

    # --- the mass clear ----------------------------------------------------------------------

    def start_sweep(self, worker: Worker, now: int) -> None:
        """First sight of a clear: is there anything of ours, and up to where do we sweep?

        The end is the latest enqueue time there is, so that the sweep takes what was linked when
        it began, and all of it.
        """
        worker.pending_clear_sw_if_index_bitmap &= worker.serviced_sw_if_index_bitmap
        if worker.pending_clear_sw_if_index_bitmap:
            worker.swipe_end_time = max([now, *self.tail_times(worker)])
        worker.cnt_sweeps_started += 1
        self.am.tell.sweep_started(worker, now)

    def end_quantum(self, worker: Worker, now: int) -> Iterator[Step]:
        """After each quantum of a sweep: done, or another interrupt is needed."""
        if self.sweep_has_more(worker):
            yield REPORT_LOAD
            set_needed(self.am, worker, 1, worker.thread_index, now)
            return
        yield END_SWEEP
        worker.swipe_end_time = 0
        worker.pending_clear_sw_if_index_bitmap = 0
        yield CLEAR_DONE
        self.clear_done(worker, now)

    def clear_done(self, worker: Worker, now: int) -> None:
        """The last thing written: from here on the cleaner may start another clear."""
        worker.cnt_sweeps_finished += 1
        self.am.tell.sweep_finished(worker, now)
        set_clear_in_process(self.am, worker, 0, worker.thread_index, now)

    def sweep_has_more(self, worker: Worker) -> bool:
        """Whether a list's head was there when the sweep began."""
        return any(
            head != NO_SESSION
            and worker.pool.session(head).link_enqueue_time <= worker.swipe_end_time
            for head in worker.conn_list_head
        )

    def tail_times(self, worker: Worker) -> list[int]:
        """The enqueue times of the lists' tails."""
        return [
            worker.pool.session(tail).link_enqueue_time
            for tail in worker.conn_list_tail
            if tail != NO_SESSION
        ]

    # --- the flags ---------------------------------------------------------------------------

    def report_load(self, worker: Worker, taken: int, may_be_unwanted: bool, now: int) -> None:
        """Tell the cleaner whether its interrupts come at the right rate."""
        if taken >= self.am.max_deleted_sessions_per_interval:
            set_needed(self.am, worker, 1, worker.thread_index, now)
        elif taken <= self.am.min_deleted_sessions_per_interval:
            if may_be_unwanted:
                set_unwanted(self.am, worker, 1, worker.thread_index, now)
        else:
            set_needed(self.am, worker, 0, worker.thread_index, now)
            set_unwanted(self.am, worker, 0, worker.thread_index, now)
