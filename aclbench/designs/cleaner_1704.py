"""The design `cleaner-1704`: one process on thread 0 walks all lists, and deletes itself.

That is how VPP 17.04 aged its sessions, on one thread. The process wakes twice a second, or more
often while there is much to delete; it takes what is due off the heads of the lists, deletes it or
appends it again, and an interface that is to be cleared it clears by walking the pool. A list is
looked at after its own class's timeout, and whatever packet changes a class relinks the session.
Nothing is owned, for there is one thread: the process goes to its end before the next packet comes.

With workers that is no longer so, and that is what this design is for: "it might be possible to
make it work, but the resulting trickiness of doing it neatly with all the corner cases is quite
large", says the document. The process walks the lists of all threads while their packets change
them. A session that it has in hand is on no list; a packet that changes its class then unlinks it
once more, and the process appends it to a second list. Taken turn by turn, as in the fair order,
nothing of that happens. By steps it does, the same with each run of the same choices; the
invariants say what is broken. On real threads at the wall's pace it happens when it happens.

In C a session is that of `fifo-2017`: its thread is needed here, too, to find the lists that it is
on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aclbench.designs.rings import LOOK
from aclbench.engine.cleaner import Cleaner, CleanerPart, CleanerProcess
from aclbench.engine.design import FIFO_2017
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain
from aclbench.engine.places import Beside, WorkCount
from aclbench.engine.pool import NO_LIST, Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import (
    END_CLEAR,
    HANDLE_EVENT,
    JUDGE,
    LOOK_AT_CLEARS,
    STEP_TABLE,
    STEPS,
    TAKE_HEADS,
    TALLY,
    WAIT_FOR_EVENT,
    Step,
    Wait,
    WaitKind,
)
from aclbench.engine.timeouts import CLEAR_POLL_NS, NEVER
from aclbench.engine.worker import Worker

CLEAR_SESSION: Final = Step("clear session", "delete one session of an interface that is cleared")

#: A round takes so many quanta of sessions (VPP: 2 * fa_max_deleted_sessions_per_interval).
QUANTA_A_ROUND: Final = 2


class UnownedSessions(Sessions):
    """No thread owns a session: whoever comes to it relinks it."""

    def check_due(self, session: Session) -> int:
        """A listed session is looked at after the timeout of its class now."""
        timeout_class = self.am.classes.session_get_timeout_type(session)
        return session.link_enqueue_time + self.am.session_timeout[timeout_class] + 1

    def restart_timer_for_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> bool:
        """Move a session to the tail of its new list, on whatever thread this is."""
        lists_of = self.am.workers[session.thread_index]
        self.conn_list_delete_session(lists_of, session, now)
        self.conn_list_add_session(lists_of, session, list_id, now)
        return True


class Cleaner1704(Cleaner):
    """The process does all of it. It sends no interrupts."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        self.sessions = UnownedSessions(am)
        self.lists = IdleCheck(am, self.sessions)
        for worker in am.workers:
            worker.numbers[0] = [0]

    def session_cleaner_process(self, wait: Wait = WAIT_FOR_EVENT) -> CleanerProcess:
        """The process; it never ends. It begins at `wait`, the main wait where it is at rest."""
        am, cleaner = self.am, self.am.cleaner
        while True:
            cleaner.wait = wait
            if wait.until == NEVER:
                cleaner.cnt_wait_without_timeout += 1
            else:
                cleaner.cnt_wait_with_timeout += 1
            now, events = yield wait
            before = _deleted(am)
            if events:
                now, _ = yield HANDLE_EVENT
                now = yield from self.handle_events(events, now)
            now = yield from self.walk_lists(now)
            now, _ = yield TALLY
            deleted = _deleted(am) - before
            self.adapt(
                deleted > am.max_deleted_sessions_per_interval,
                deleted < am.min_deleted_sessions_per_interval,
                now,
            )
            cleaner.cnt_event_cycles += 1
            wait = self.next_wait(now)

    def next_wait(self, now: int) -> Wait:
        """The wait interval, whatever is due; with no sessions on any list, for an event alone."""
        if not any(any(worker.conn_list_length) for worker in self.am.packet_workers):
            return WAIT_FOR_EVENT
        return Wait(WaitKind.EVENT_OR_CLOCK, now + self.am.cleaner.wait_interval)

    def walk_lists(self, now: int) -> CleanerPart:
        """Take due heads, one budget for all lists of all threads; then judge each."""
        workers = self.am.packet_workers
        budget = QUANTA_A_ROUND * self.am.max_deleted_sessions_per_interval
        for list_id in range(len(self.am.lists)):
            for worker in workers:
                now, _ = yield TAKE_HEADS
                self.am.tell.worked(now)
                taken = sum(len(each.expired) for each in workers)
                self.lists.take_heads(worker, list_id, budget - taken, now)
        for worker in workers:
            while worker.expired:
                now, _ = yield JUDGE
                self.judge(worker, worker.pool.session(worker.expired.popleft()), now)
        return now

    def judge(self, worker: Worker, session: Session, now: int) -> None:
        """Delete a taken session, or append it again; if it is not free already."""
        if session.link_list_id == NO_LIST:
            worker.numbers[0][0] += 1
            return
        self.lists.judge(worker, session, now)

    def clear(self, bitmap: int, now: int) -> CleanerPart:
        """Walk the pools, and delete the sessions of these interfaces.

        After each quantum of them it suspends itself for as long as the 2017 cleaner does.
        """
        am = self.am
        am.cleaner.clearing_bitmap = bitmap
        am.cleaner.cnt_clears_started += 1
        am.tell.clear_started(bitmap, now)
        cleared = 0
        for worker in am.packet_workers:
            for session_index in range(len(worker.pool)):
                session = worker.pool.session(session_index)
                if session.link_list_id == NO_LIST or not bitmap >> session.sw_if_index & 1:
                    continue
                now, _ = yield CLEAR_SESSION
                self.clear_session(worker, session, now)
                cleared += 1
                if cleared % am.max_deleted_sessions_per_interval == 0:
                    am.cleaner.wait = Wait(WaitKind.SUSPEND, now + CLEAR_POLL_NS)
                    now, _ = yield am.cleaner.wait
                    now, _ = yield LOOK_AT_CLEARS
        now, _ = yield END_CLEAR
        am.cleaner.clearing_bitmap = 0
        am.tell.clear_finished(bitmap, now)
        return now

    def clear_session(self, worker: Worker, session: Session, now: int) -> None:
        """Delete one, wherever it is on its list."""
        self.sessions.conn_list_delete_session(worker, session, now)
        self.sessions.delete_session(worker, session, now)
        worker.cnt_deleted_sessions += 1
        worker.cnt_cleared_sessions += 1
        self.am.tell.deleted(worker, session, now, cleared=True)


def _deleted(am: AclMain) -> int:
    return sum(worker.cnt_deleted_sessions for worker in am.packet_workers)


def already_deleted_shown(worker: Worker) -> tuple[Beside, ...]:
    """What the process found on a list though it was free: never, on one thread."""
    return (Beside("already deleted", f"{worker.numbers[0][0]:,}"),)


CLEANER_1704: Final = replace(
    FIFO_2017,
    name="cleaner-1704",
    about="One process on thread 0 walks the lists of all threads and deletes sessions itself; no "
    "interrupts. Made for one thread: with workers it races with their packets, which is its "
    "point.",
    source="the 2017 design document's history; VPP 17.04's acl_fa_session_cleaner_process",
    numbers=("already deleted",),
    beside=already_deleted_shown,
    look=LOOK,
    work=(
        WorkCount(
            "sessions walked",
            "a session that the process takes off its list, or puts back on it, on thread 0",
            in_interrupts=True,
            count=lambda worker: (
                worker.cnt_deleted_sessions + 2 * worker.cnt_session_timer_restarted
            ),
        ),
    ),
    sessions=UnownedSessions,
    cleaner=Cleaner1704,
    steps=(*STEPS, CLEAR_SESSION),
    # Hundreds count changes of its own steps.
    step_table=100 + STEP_TABLE,
)
