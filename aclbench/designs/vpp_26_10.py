"""The design `vpp-26.10`: what VPP's acl plugin has made of the 2017 design since.

A list is looked at after half the timeout of its own head, not after the shortest of all; so a
thread that changes the class of another's session posts that to the owner. A deleted session rests
in purgatory for 10 us before its slot is free. The cleaner goes round every 0.5 s while any ACL is
applied, and a worker that took anything interrupts itself.

Its faults are part of it, as they were seen on a running VPP. A clear ends after one quantum: the
loop that counts what is left stops at the first list, which is never used, and so empty. When a
list's head is due is written once and not again, so after a timeout was made longer the cleaner
finds it overdue at every turn, and reads no events. And a packet's session is looked up before the
packet ahead of it in the frame is handled; what that one adds is told only to a packet that is
alike in all of the 5-tuple, flags and lookup context index included: of which the latter is written
only when rules are matched (`look_ahead.py`).

Source: `sess_mgmt_node.c`, `session_inlines.h` and `dataplane_node.c` in VPP's `src/plugins/acl` as
of 26.10-rc0, and recordings of it; FIDELITY.md has what differs.

In C a session has two bytes more than that of `fifo-2017`, whether it is deleted and whether it is
IPv6, and two entries in the table, one each way: for IPv4 of 24 bytes (`clib_bihash_kv_16_8_t`),
for IPv6 of 48. What compare shows is IPv4's.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from aclbench.designs.look_ahead import (
    LOOK_AHEAD_NUMBERS,
    NO_INTERFACE,
    LookAhead,
    begin_frame,
    note_added,
    note_deleted,
)
from aclbench.designs.two_stage import PURGATORY, PURGATORY_NS, RESTS, SLOT_IS_FREE
from aclbench.engine.acl_lists import AclLists
from aclbench.engine.cleaner import Cleaner, CleanerPart, CleanerProcess
from aclbench.engine.design import FIFO_2017, STRUCT_BYTES, Look
from aclbench.engine.flags import interrupt_worker, set_pending
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.places import Beside, SessionPlace, WorkCount
from aclbench.engine.pool import NO_LIST, NO_SESSION, Session, SessionPool
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import (
    ALLOW_INTERRUPT,
    HANDLE_EVENT,
    START_SWEEP,
    STEP_TABLE,
    STEPS,
    TAKE_HEADS,
    TALLY,
    WAIT_FOR_EVENT,
    CleanerEvent,
    Step,
    Wait,
    WaitKind,
)
from aclbench.engine.timeouts import NEVER, TIMEOUT_TCP_TRANSIENT
from aclbench.engine.worker import THREAD_MAIN, Worker

#: How long the cleaner waits for its interrupts to be served (ns). VPP looks every 100 us whether
#: they are, for 10 ms at the most; so its rounds drift against whole seconds.
SERVING_NS: Final = 4_000_000

#: A worker's numbers beside those of the look-ahead. Slots that rest, the first to go first; slots
#: that others posted, to be relinked; how many requests it posted, and how many of others it has
#: served; and, of vpp_main, indices of deleted interfaces that sessions are left of.
NUMBERS: Final = (*LOOK_AHEAD_NUMBERS, "purgatory", "posted", "posts", "served", "left")
_PURGATORY, _POSTED, _POSTS, _SERVED, _LEFT = range(len(LOOK_AHEAD_NUMBERS), len(NUMBERS))

#: A session's integers: 1 where the entry of its key is another's, or was taken out with another.
COLUMNS: Final = ("is displaced",)
_IS_DISPLACED: Final = 0
#: Of an IPv4 session in C: one of its entries in the table.
_ENTRY4_BYTES: Final = 24

# --- its steps -----------------------------------------------------------------------------------

SERVE_REQUESTS: Final = Step("serve requests", "relink the sessions that other threads posted")
FREE_PURGED: Final = Step("free purged", "free slots that have rested in purgatory")
INTERRUPT_SELF: Final = Step("interrupt itself", "interrupt_is_pending = 1: something was taken")


def is_in_table(pool: SessionPool, session: Session) -> bool:
    """Not one that rests, nor one whose entry another has."""
    if session.link_list_id == PURGATORY:
        return False
    return not pool.columns[_IS_DISPLACED][session.session_index]


def resting(worker: Worker) -> tuple[int, ...]:
    """The slots in purgatory, the first to be freed first."""
    return tuple(worker.numbers[_PURGATORY])


def requests_shown(worker: Worker) -> tuple[Beside, ...]:
    """What others posted to a worker, and how many it posted itself."""
    numbers = worker.numbers
    waiting, (posts,), (served,) = len(numbers[_POSTED]), numbers[_POSTS], numbers[_SERVED]
    text = f"{waiting:,} wait, {served:,} served; {posts:,} posted to others"
    return (Beside("requests", text, (waiting,)),)


def half_timeout(am: AclMain, number: int) -> int:
    """Half the timeout of a class, or of a list's (ns)."""
    return am.session_timeout[number] // 2


# --- its parts -----------------------------------------------------------------------------------


class Vpp2610Sessions(Sessions):
    """Purgatory, requests to owners, one limit; a later session takes an earlier one's entry."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        for worker in am.workers:
            worker.numbers[_POSTS] = [0]
            worker.numbers[_SERVED] = [0]
            begin_frame(worker, 0, NO_INTERFACE)

    def timeout(self, session: Session) -> int:
        """The timeout of its class now, in nanoseconds."""
        return self.am.session_timeout[self.am.classes.session_get_timeout_type(session)]

    # --- the lists -----------------------------------------------------------------------------

    def check_due(self, session: Session) -> int:
        """Later than half the timeout of its class now; of one that rests, than 10 us."""
        rest = PURGATORY_NS
        if session.link_list_id != PURGATORY:
            rest = self.timeout(session) // 2
        return session.link_enqueue_time + rest + 1

    def note_first(self, worker: Worker, session: Session, now: int) -> None:
        """A list that was empty has a head: the cleaner may read when its whole timeout is over."""
        worker.head_expiry_time[session.link_list_id] = now + self.timeout(session)

    def note_head(self, worker: Worker, list_id: int, now: int) -> None:
        """A head was taken off: the whole timeout of the next one counts from now."""
        head = worker.conn_list_head[list_id]
        expiry = NEVER
        if head != NO_SESSION:
            expiry = now + self.timeout(worker.pool.session(head))
        worker.head_expiry_time[list_id] = expiry

    def restart_timer_for_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> bool:
        """Relink a session whose class changed; another thread's is posted to its owner.

        The first that is posted raises an interrupt.
        """
        if session.thread_index == worker.thread_index:
            self.relink(worker, session, now)
            return True
        owner = self.am.workers[session.thread_index]
        self.am.tell.worked(now)
        self.am.tell.messaged()
        posted = owner.numbers[_POSTED]
        posted.append(session.session_index)
        worker.numbers[_POSTS][0] += 1
        if len(posted) == 1:
            interrupt_worker(self.am, owner, worker.thread_index, now)
        return False

    def relink(self, worker: Worker, session: Session, now: int) -> None:
        """Move a session to the tail of the list of its class now; one that rests, to the end.

        A slot that was freed since it was posted is let be.
        """
        if session.link_list_id == PURGATORY:
            worker.numbers[_PURGATORY].remove(session.session_index)
            self.put_in_purgatory(worker, session, now)
        elif session.link_list_id != NO_LIST:
            self.conn_list_delete_session(worker, session, now)
            list_id = self.am.classes.session_get_timeout_type(session)
            self.conn_list_add_session(worker, session, list_id, now)

    def serve_request(self, worker: Worker, session: Session, now: int) -> None:
        """Relink a session that another thread posted."""
        self.relink(worker, session, now)
        served = "it had gone"
        if 0 <= session.link_list_id < len(self.am.lists):
            served = f"put at the tail of {self.am.lists[session.link_list_id]}"
        self.am.tell.did(worker, session, f"request served: {served}", now)

    # --- adding and deleting -------------------------------------------------------------------

    def can_add_session(self, worker: Worker, interface: Interface, key: bytes, now: int) -> bool:
        """One limit for all interfaces, lower by the number of threads; what rests counts."""
        am = self.am
        taken = am.live_sessions() + len(am.workers)
        has_room = taken < am.conn_table_max_entries
        am.tell.room_sought(
            worker, interface.sw_if_index, taken, am.conn_table_max_entries, has_room, now
        )
        return has_room

    def enter_table(self, interface: Interface, session: Session) -> Session:
        """Enter a session, whoever is there under its key: the earlier one has no entry then."""
        other = interface.sessions.put(session)
        if other is not None:
            self.am.pools[other.thread_index].columns[_IS_DISPLACED][other.session_index] = 1
        note_added(self.am.workers[session.thread_index], session, other)
        return session

    def leave_table(self, session: Session) -> None:
        """Take out the entry of its key, also where it is that of a later session."""
        other = self.am.interface(session.sw_if_index).sessions.take(session.key)
        if other is not None:
            self.am.pools[other.thread_index].columns[_IS_DISPLACED][other.session_index] = 1

    def delete_session(self, worker: Worker, session: Session, now: int) -> None:
        """The first stage: no packet finds an unlinked session any more, and it rests."""
        self.leave_table(session)
        self.put_in_purgatory(worker, session, now)

    def put_in_purgatory(self, worker: Worker, session: Session, now: int) -> None:
        """An unlinked session rests from now on."""
        session.link_list_id = PURGATORY
        session.link_enqueue_time = now
        worker.numbers[_PURGATORY].append(session.session_index)

    def free_purged(self, worker: Worker, budget: int, now: int) -> int:
        """The second stage: free up to `budget` slots that have rested. Returns how many."""
        purgatory, pool = worker.numbers[_PURGATORY], worker.pool
        freed = 0
        while freed < min(budget, len(purgatory)):
            session = pool.session(purgatory[freed])
            if now < self.check_due(session) and session.link_enqueue_time > worker.swipe_end_time:
                break
            self.free_session(worker, session)
            self.am.tell.did(worker, session, SLOT_IS_FREE, now)
            freed += 1
        del purgatory[:freed]
        return freed

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Free what has rested, then delete the head of the transient list, which rests from now.

        So the packet that finds a full table first is denied, and one that comes later has room.
        The next packet of the frame may have found the victim already.
        """
        self.free_purged(worker, self.am.max_deleted_sessions_per_interval, now)
        head = worker.conn_list_head[TIMEOUT_TCP_TRANSIENT]
        recycled = super().try_recycle_session(worker, now)
        if recycled:
            note_deleted(worker, head)
        return recycled


class Vpp2610IdleCheck(IdleCheck):
    """Requests first; a budget for each list; purgatory; and on as long as there is anything."""

    sessions: Vpp2610Sessions

    def worker_conn_cleaner_process(self, worker: Worker, now: int) -> Iterator[Step]:
        """Serve one interrupt; who took anything interrupts himself."""
        am = self.am
        yield ALLOW_INTERRUPT
        set_pending(am, worker, 0, worker.thread_index, now)
        am.host.memory_barrier()
        clears = worker.clear_in_process != 0
        if clears and not worker.swipe_end_time:
            yield START_SWEEP
            self.start_sweep(worker, now)
        taken = yield from self.check_idle_sessions(worker, now)
        if clears:
            yield from self.end_quantum(worker, now)
        if taken:
            yield INTERRUPT_SELF
            interrupt_worker(am, worker, worker.thread_index, now)

    def sweep_has_more(self, worker: Worker) -> bool:
        """Never: what counts sessions yet to be swept ends at the first list without any.

        That is the list which is never used.
        """
        return False

    def check_idle_sessions(self, worker: Worker, now: int) -> Generator[Step, None, int]:
        """Serve requests, free what has rested, take due heads and judge them.

        Returns how many were freed and taken.
        """
        if worker.numbers[_POSTED]:
            yield SERVE_REQUESTS
            self.serve_requests(worker, now)
        freed = 0
        if worker.numbers[_PURGATORY]:
            yield FREE_PURGED
            self.am.tell.worked(now)
            budget = self.am.max_deleted_sessions_per_interval
            freed = self.sessions.free_purged(worker, budget, now)
        taken = yield from super().check_idle_sessions(worker, now)
        return freed + taken

    def serve_requests(self, worker: Worker, now: int) -> None:
        """Relink what was posted by now."""
        self.am.tell.worked(now)
        requests = worker.numbers[_POSTED]
        worker.numbers[_POSTED] = []
        worker.numbers[_SERVED][0] += len(requests)
        for session_index in requests:
            self.sessions.serve_request(worker, worker.pool.session(session_index), now)

    def take_due(self, worker: Worker, now: int) -> Iterator[Step]:
        """Unlink due heads: a budget for each list."""
        for list_id in range(len(worker.conn_list_head)):
            yield TAKE_HEADS
            self.take_heads(worker, list_id, self.am.max_deleted_sessions_per_interval, now)

    def take_heads(self, worker: Worker, list_id: int, budget: int, now: int) -> None:
        """Unlink up to `budget` heads of one list that are due, or to be swept."""
        for _ in range(budget):
            index = worker.conn_list_head[list_id]
            if index == NO_SESSION:
                return
            session = worker.pool.session(index)
            is_due = self.sessions.check_due(session) <= now
            if not is_due and session.link_enqueue_time > worker.swipe_end_time:
                return
            self.sessions.conn_list_delete_session(worker, session, now)
            worker.expired.append(index)


class Vpp2610Cleaner(Cleaner):
    """Rounds every 0.5 s while any ACL is applied; no event is read where a head is overdue."""

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
            while wait.until <= now:
                now = yield from self.go_round(now)
                cleaner.cnt_event_cycles += 1
                wait = self.next_wait(now)

    def go_round(self, now: int) -> CleanerPart:
        """Interrupt the workers, wait a little until they have served it, and tally."""
        am = self.am
        now = yield from self.send_interrupts_to_workers(now)
        if any(worker.interrupt_is_pending for worker in am.packet_workers):
            am.cleaner.wait = Wait(WaitKind.SUSPEND, now + SERVING_NS)
            now, _ = yield am.cleaner.wait
        now, _ = yield TALLY
        self.tally(now)
        self.free_left(now)
        return now

    def next_wait(self, now: int) -> Wait:
        """Until the earliest head's timeout is over, at most the wait interval.

        An event alone ends it where there is no session and no ACL is applied. It may be over: a
        head's expiry is not written anew as timeouts change.
        """
        am = self.am
        until = now + am.cleaner.wait_interval
        has_pending_conns = False
        for worker in am.workers:
            expiries = [each for each in worker.head_expiry_time if each != NEVER]
            if worker.numbers[_PURGATORY]:
                session = worker.pool.session(worker.numbers[_PURGATORY][0])
                expiries.append(session.link_enqueue_time + PURGATORY_NS)
            has_pending_conns = has_pending_conns or bool(expiries)
            if expiries and not worker.interrupt_is_pending:
                until = min(until, *expiries)
        if not has_pending_conns and not _is_any_applied(am):
            return WAIT_FOR_EVENT
        return Wait(WaitKind.EVENT_OR_CLOCK, until)

    def free_index(self, sw_if_index: int) -> None:
        """A clear leaves sessions: then the index is not free before the last of them is."""
        if _live_on(self.am, sw_if_index):
            self.am.workers[THREAD_MAIN].numbers[_LEFT].append(sw_if_index)
        else:
            super().free_index(sw_if_index)

    def free_left(self, now: int) -> None:
        """Free the indices of deleted interfaces whose last session is gone by now."""
        main = self.am.workers[THREAD_MAIN]
        left = main.numbers[_LEFT]
        main.numbers[_LEFT] = []
        for sw_if_index in left:
            self.free_index(sw_if_index)


class Vpp2610AclLists(AclLists):
    """Any change of a list clears the interface, and what is taken out leaves no gap."""

    def set_interface_acls(
        self, interface: Interface, is_input: bool, acl_indices: tuple[int, ...]
    ) -> None:
        """Replace one side's list of ACLs, and clear the interface."""
        self.am.host.signal_cleaner(CleanerEvent(interface.sw_if_index))
        super().set_interface_acls(interface, is_input, acl_indices)

    def without(self, applied: tuple[int, ...], acl_index: int) -> tuple[int, ...]:
        """A list with one ACL taken off: the last one takes its place."""
        left = [*applied[:-1]]
        if acl_index != applied[-1]:
            left[left.index(acl_index)] = applied[-1]
        return tuple(left)


def _is_any_applied(am: AclMain) -> bool:
    return any(i is not None and (i.input_acls or i.output_acls) for i in am.interfaces)


def _live_on(am: AclMain, sw_if_index: int) -> int:
    """Sessions of an interface that are not freed."""
    added = sum(worker.session_adds_by_sw_if_index.get(sw_if_index, 0) for worker in am.workers)
    deleted = sum(worker.session_dels_by_sw_if_index.get(sw_if_index, 0) for worker in am.workers)
    return added - deleted


def _problems(am: AclMain, at_rest: bool) -> list[str]:
    """Purgatory is in the order of time; at rest no request waits."""
    problems: list[str] = []
    for worker in am.workers:
        name = f"thread {worker.thread_index}"
        rest = [worker.pool.session(index).link_enqueue_time for index in resting(worker)]
        if rest != sorted(rest):
            problems.append(f"{name}: purgatory is out of order: {rest[:10]}")
        if at_rest and worker.numbers[_POSTED]:
            problems.append(f"{name}: at rest with requests {worker.numbers[_POSTED][:10]}")
    return problems


VPP_26_10: Final = replace(
    FIFO_2017,
    name="vpp-26.10",
    about=(
        "What VPP's acl plugin has made of the 2017 design since, its faults included. A list is "
        "looked at after half the timeout of its head; a class that another thread changed is "
        "posted to the owner; a deleted session rests for 10 us before its slot is free."
    ),
    source="VPP master, 26.10-rc0, src/plugins/acl",
    places=(SessionPlace("purgatory", "deleted sessions, for 10 us until freed", resting, True),),
    in_table=is_in_table,
    beside=requests_shown,
    look=Look(
        period=half_timeout,
        what="half the timeout of its class: what lies between linking and looking",
        when="half the timeout of its class, {}, after it was linked, and a nanosecond",
        left_to_owner="posted to it",
        when_deleted=RESTS,
        overstay=half_timeout,
    ),
    columns=COLUMNS,
    numbers=NUMBERS,
    work=(
        WorkCount(
            "requests posted",
            "a class changed on another thread than the owner's, who is told",
            False,
            lambda worker: worker.numbers[_POSTS][0],
        ),
        WorkCount(
            "requests served",
            "a posted session taken off its list, or put on that of its class",
            True,
            lambda worker: 2 * worker.numbers[_SERVED][0],
        ),
        WorkCount(
            "slots freed",
            "a session taken off the purgatory list",
            True,
            lambda worker: sum(worker.session_dels_by_sw_if_index.values()),
        ),
    ),
    sessions=Vpp2610Sessions,
    datapath=LookAhead,
    idle_check=Vpp2610IdleCheck,
    cleaner=Vpp2610Cleaner,
    acl_lists=Vpp2610AclLists,
    invariants=_problems,
    steps=(*STEPS, SERVE_REQUESTS, FREE_PURGED, INTERRUPT_SELF),
    step_table=STEP_TABLE + 1,
    session_bytes=STRUCT_BYTES + 2 + 2 * _ENTRY4_BYTES,
)
