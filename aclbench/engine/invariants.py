"""What always holds of the machine, asserted in one place.

`check_invariants` may be called after any named step: what is in hand (sessions taken and not yet
judged, a bitmap whose flag comes next) is counted. It walks everything: for tests and doubts.
"""

from __future__ import annotations

from collections import Counter

from aclbench.engine.main import AclMain
from aclbench.engine.pool import NO_LIST, NO_SESSION, Session
from aclbench.engine.steps import WaitKind
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker


class InvariantError(AssertionError):
    """Something that always holds does not; the text says what, and shows the state."""


def check_invariants(am: AclMain, at_rest: bool = True) -> None:
    """Raise `InvariantError` if the state is impossible.

    `at_rest` adds what holds only while no actor is in the middle of something.
    """
    problems: list[str] = []
    for worker in am.workers:
        problems += _worker_problems(am, worker)
        problems += _flag_problems(am, worker, at_rest)
        if at_rest:
            problems += _rest_problems(am, worker)
    problems += _table_problems(am)
    if am.max_deleted_sessions_per_interval < 1:
        problems.append(f"a quantum of {am.max_deleted_sessions_per_interval}: a clear never ends")
    if not 0 < am.wait_interval_min <= am.wait_interval_max:
        problems.append(f"wait limits {am.wait_interval_min} to {am.wait_interval_max} ns")
    if am.invariants is not None:
        problems += am.invariants(am, at_rest)
    if problems:
        raise InvariantError("\n".join([*problems, "", describe_state(am)]))


def _worker_problems(am: AclMain, worker: Worker) -> list[str]:
    """Each live session of the pool is on exactly one list of its owner, or in hand."""
    name = f"thread {worker.thread_index}"
    problems: list[str] = []
    seen: dict[int, str] = {}

    def place(session: Session, where: str) -> None:
        if session.session_index in seen:
            problems.append(
                f"{name}: session {session.session_index} is on {where} "
                f"and on {seen[session.session_index]}"
            )
        seen[session.session_index] = where
        if session.thread_index != worker.thread_index:
            problems.append(f"{name}: holds a session of thread {session.thread_index}")
        if _is_found(am, session) != _is_in_table(am, session):
            has = "is not" if _is_in_table(am, session) else "is"
            problems.append(f"{name}: session {session.session_index} {has} in its table")
        if not worker.serviced_sw_if_index_bitmap >> session.sw_if_index & 1:
            problems.append(f"{name}: serviced bitmap lacks sw_if_index {session.sw_if_index}")

    for list_id, list_name in enumerate(am.lists):
        sessions = worker.list_sessions(list_id)
        for session in sessions:
            place(session, list_name)
        problems += _list_problems(am, worker, list_id, sessions, name)
    for list_id, beside in enumerate(am.places, len(am.lists)):
        for index in beside.slots(worker):
            session = worker.pool.session(index)
            place(session, beside.name)
            if session.link_list_id != list_id:
                problems.append(f"{name}: session {index} in {beside.name} is of another list")
    for index in worker.expired:
        place(worker.pool.session(index), "the idle check's hand")
    for index in worker.pool.free_indices:
        if index in seen:
            problems.append(f"{name}: free slot {index} is on {seen[index]}")
        seen[index] = "the free list"
        if worker.pool.session(index).link_list_id != NO_LIST:
            problems.append(f"{name}: free slot {index} says it is on a list")
    if len(seen) != len(worker.pool):
        lost = sorted(set(range(len(worker.pool))) - set(seen))
        problems.append(f"{name}: slots {lost[:10]} are neither on a list nor free")
    live = len(worker.pool) - len(worker.pool.free_indices)
    added = sum(worker.session_adds_by_sw_if_index.values())
    deleted = sum(worker.session_dels_by_sw_if_index.values())
    if not live == worker.live_sessions == added - deleted:
        problems.append(
            f"{name}: {live} slots in use, live_sessions {worker.live_sessions}, "
            f"add {added} - del {deleted}"
        )
    not_freed = sum(len(place.slots(worker)) for place in am.places if place.is_deleted)
    if deleted + not_freed != worker.cnt_deleted_sessions + worker.cnt_recycled_sessions:
        problems.append(f"{name}: deleted sessions are not idle checks plus recycled")
    if worker.cnt_cleared_sessions > worker.cnt_deleted_sessions:
        problems.append(f"{name}: more sessions cleared than deleted")
    return problems


def _is_found(am: AclMain, session: Session) -> bool:
    """Whether its interface's table has this session under its key."""
    interface = am.interfaces[session.sw_if_index]
    found = None if interface is None else interface.sessions.get(session.key)
    return found is not None and found.is_same(session)


def _is_in_table(am: AclMain, session: Session) -> bool:
    """Whether the table should have a live session, as the design says."""
    return am.in_table is None or am.in_table(am.pools[session.thread_index], session)


def _list_problems(
    am: AclMain, worker: Worker, list_id: int, sessions: list[Session], name: str
) -> list[str]:
    """Links symmetric, enqueue times ordered, ends and length right, head published."""
    problems: list[str] = []
    where = f"{name}, {am.lists[list_id]}"
    before = NO_SESSION
    latest = 0
    for session in sessions:
        if session.link_list_id != list_id:
            problems.append(f"{where}: session {session.session_index} says {session.link_list_id}")
        if session.link_prev_idx != before:
            problems.append(f"{where}: links of {session.session_index} are not symmetric")
        if session.link_enqueue_time < latest:
            problems.append(f"{where}: enqueue times fall at {session.session_index}")
        before, latest = session.session_index, session.link_enqueue_time
    if worker.conn_list_tail[list_id] != before:
        problems.append(f"{where}: tail is {worker.conn_list_tail[list_id]}, not {before}")
    if worker.conn_list_length[list_id] != len(sessions):
        problems.append(f"{where}: length {worker.conn_list_length[list_id]}, not {len(sessions)}")
    expiry = worker.head_expiry_time[list_id]
    if bool(sessions) != (expiry != NEVER):
        problems.append(f"{where}: head_expiry_time {expiry} with {len(sessions)} sessions")
    elif sessions and expiry <= sessions[0].link_enqueue_time:
        problems.append(f"{where}: the head is due before it was enqueued")
    return problems


def _flag_problems(am: AclMain, worker: Worker, at_rest: bool) -> list[str]:
    """The flags of the mass clear agree with each other, and what is at rest is empty-handed."""
    name = f"thread {worker.thread_index}"
    problems: list[str] = []
    carries = worker in am.packet_workers
    if worker.swipe_end_time and not worker.clear_in_process:
        problems.append(f"{name}: a sweep without a clear")
    if worker.swipe_end_time and not worker.pending_clear_sw_if_index_bitmap:
        problems.append(f"{name}: a sweep with an empty pending bitmap")
    if worker.clear_in_process and not am.cleaner.clearing_bitmap:
        problems.append(f"{name}: clear_in_process, but the cleaner clears nothing")
    # Between COPY_BITMAP and SET_CLEAR the bitmap is in the cleaner's hand.
    in_hand = 0 if at_rest else am.cleaner.clearing_bitmap
    if not worker.clear_in_process and worker.pending_clear_sw_if_index_bitmap & ~in_hand:
        problems.append(f"{name}: no clear, but a pending bitmap")
    if not carries and (len(worker.pool) or worker.interrupt_is_pending):
        problems.append(f"{name}: carries no packets, but has sessions or an interrupt")
    return problems


def _rest_problems(am: AclMain, worker: Worker) -> list[str]:
    """At rest nothing is in hand, no wake-up is under way, and none that is asked for is lost."""
    name = f"thread {worker.thread_index}"
    problems: list[str] = []
    if worker.expired:
        problems.append(f"{name}: at rest with {len(worker.expired)} sessions taken")
    if worker.interrupt_is_pending:
        problems.append(f"{name}: at rest with an interrupt pending")
    waits_for_event_alone = am.cleaner.wait.kind == WaitKind.EVENT
    listed = any(any(each.conn_list_length) for each in am.workers)
    if worker.interrupt_is_needed and waits_for_event_alone and listed:
        problems.append(f"{name}: asks for an interrupt, and the cleaner waits for an event alone")
    return problems


def _table_problems(am: AclMain) -> list[str]:
    """Table and pool agree, and so do the counters of each interface."""
    problems: list[str] = []
    for interface in am.interfaces:
        if interface is None:
            continue
        name = interface.name
        for session in interface.sessions.sessions():
            found = interface.sessions.get(session.key)
            is_other = found is None or not found.is_same(session)
            if is_other or session.sw_if_index != interface.sw_if_index:
                problems.append(f"{name}: the entry of {session.key.hex()} is another session")
            if session.link_list_id == NO_LIST:
                problems.append(f"{name}: a freed session is in the table")
    outside = _outside_tables(am)
    for sw_if_index in range(len(am.interfaces)):
        added = sum(w.session_adds_by_sw_if_index.get(sw_if_index, 0) for w in am.workers)
        deleted = sum(w.session_dels_by_sw_if_index.get(sw_if_index, 0) for w in am.workers)
        owner = am.interfaces[sw_if_index]
        entries = len(owner.sessions) if owner is not None else 0
        if added - deleted != entries + outside[sw_if_index]:
            problems.append(
                f"sw_if_index {sw_if_index}: add {added} - del {deleted}, {entries} entries"
            )
    return problems


def _outside_tables(am: AclMain) -> Counter[int]:
    """By sw_if_index the live sessions that no table has, as the design says."""
    outside = Counter[int]()
    if am.in_table is not None:
        for pool in am.pools:
            for session in map(pool.session, range(len(pool))):
                if session.link_list_id != NO_LIST and not am.in_table(pool, session):
                    outside[session.sw_if_index] += 1
    return outside


def describe_state(am: AclMain, limit: int = 8) -> str:
    """The state in a few lines, for a person who must find out what went wrong."""
    lines = [
        f"cleaner: {am.cleaner.wait.kind.value} until {am.cleaner.wait.until}, "
        f"interval {am.cleaner.wait_interval} ns, clearing {am.cleaner.clearing_bitmap:#x}"
    ]
    for worker in am.workers:
        lines.append(
            f"thread {worker.thread_index}: pending {worker.interrupt_is_pending} "
            f"needed {worker.interrupt_is_needed} unwanted {worker.interrupt_is_unwanted} "
            f"clear {worker.clear_in_process} swipe {worker.swipe_end_time} "
            f"serviced {worker.serviced_sw_if_index_bitmap:#x} "
            f"pending bitmap {worker.pending_clear_sw_if_index_bitmap:#x} "
            f"taken {list(worker.expired)[:limit]}"
        )
        for list_id, list_name in enumerate(am.lists):
            index = worker.conn_list_head[list_id]
            shown: list[str] = []
            while index != NO_SESSION and len(shown) < limit:
                session = worker.pool.session(index)
                shown.append(f"{index}@{session.link_enqueue_time}")
                index = session.link_next_idx
            lines.append(f"  {list_name} ({worker.conn_list_length[list_id]}): " + " ".join(shown))
    return "\n".join(lines)
