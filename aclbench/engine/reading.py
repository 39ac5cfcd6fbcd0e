"""Sessions and tables as others read them: the one place beside the machine that knows the layout.

A session is named (thread, index). What is read is a copy that does not change any more; that of
another thread is read while that thread stands still, or may be half written. A slot that is free
has no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from aclbench.engine.main import AclMain, Interface
from aclbench.engine.places import Beside
from aclbench.engine.pool import NO_LIST, NO_SESSION, Session
from aclbench.engine.session import SessionId
from aclbench.engine.worker import Worker


class SessionRow(NamedTuple):
    """One session as it was when it was read. Times are nanoseconds."""

    thread_index: int
    session_index: int
    sw_if_index: int
    key: bytes
    proto: int
    last_active_time: int
    tcp_flags_seen_in: int
    tcp_flags_seen_out: int
    link_list_id: int
    link_prev_idx: int
    link_next_idx: int
    link_enqueue_time: int
    intf_policy_epoch: int


#: What a session consists of: where it is, whose it is, what packets write, where it is listed.
SESSION_FIELDS: Final = SessionRow._fields


def _row(session: Session) -> SessionRow:
    return SessionRow(
        session.thread_index,
        session.session_index,
        session.sw_if_index,
        session.key,
        session.proto,
        session.last_active_time,
        session.tcp_flags_seen_in,
        session.tcp_flags_seen_out,
        session.link_list_id,
        session.link_prev_idx,
        session.link_next_idx,
        session.link_enqueue_time,
        session.intf_policy_epoch,
    )


# --- lists and places --------------------------------------------------------------------------


def name_of(am: AclMain, list_id: int) -> str:
    """The name of a list, or of a place beside the lists."""
    n_lists = len(am.lists)
    return am.lists[list_id] if list_id < n_lists else am.places[list_id - n_lists].name


def length_of(am: AclMain, worker: Worker, list_id: int) -> int:
    """How many sessions a worker has there."""
    n_lists = len(am.lists)
    if list_id < n_lists:
        return worker.conn_list_length[list_id]
    return len(am.places[list_id - n_lists].slots(worker))


def beside(am: AclMain, worker: Worker) -> tuple[Beside, ...]:
    """What else the design has of a worker that carries packets."""
    return am.beside(worker) if am.beside is not None and worker in am.packet_workers else ()


# --- pools ------------------------------------------------------------------------------------


def pool_size(worker: Worker) -> int:
    """Slots of a worker's pool, the free ones among them."""
    return len(worker.pool)


def is_live(worker: Worker, session_index: int) -> bool:
    """Whether there is such a slot, and a session in it."""
    pool = worker.pool
    return 0 <= session_index < len(pool) and pool.session(session_index).link_list_id != NO_LIST


def session_at(worker: Worker, session_index: int) -> SessionRow | None:
    """The session in a slot; None where the slot is free, or there is no such slot."""
    if not is_live(worker, session_index):
        return None
    return _row(worker.pool.session(session_index))


def slot_at(worker: Worker, session_index: int) -> SessionRow:
    """What stands in a slot, be it free: then of the session that was there last."""
    return _row(worker.pool.session(session_index))


def sessions_in(worker: Worker, begin: int = 0, end: int | None = None) -> list[SessionRow]:
    """The sessions in the slots from `begin` to `end`, in order of slots."""
    return [_row(s) for s in _slots(worker, begin, end) if s.link_list_id != NO_LIST]


def list_ids_in(worker: Worker, begin: int = 0, end: int | None = None) -> list[int]:
    """For each of these slots the list that it is on; `NO_LIST` where it is free."""
    return [session.link_list_id for session in _slots(worker, begin, end)]


def _slots(worker: Worker, begin: int, end: int | None) -> list[Session]:
    """The slots of a slice of the pool."""
    pool = worker.pool
    return [pool.session(index) for index in range(len(pool))[begin:end]]


def timeout_class(am: AclMain, row: SessionRow) -> int:
    """The class of a session by its flags, which may be another than that of its list."""
    return am.classes.timeout_type_of(row.proto, row.tcp_flags_seen_in, row.tcp_flags_seen_out)


def check_due(am: AclMain, row: SessionRow) -> int:
    """When the owner of a listed session looks at it, at the earliest."""
    assert am.check_due is not None, "a machine of a design says it"
    return am.check_due(am.pools[row.thread_index].session(row.session_index))


def sessions_by_class(am: AclMain, worker: Worker) -> tuple[int, ...]:
    """How many sessions of each class a worker has."""
    counts = [0] * len(am.timeout_classes)
    for session in _slots(worker, 0, None):
        if session.link_list_id != NO_LIST:
            counts[am.classes.session_get_timeout_type(session)] += 1
    return tuple(counts)


# --- lists ------------------------------------------------------------------------------------


def walk(worker: Worker, session_index: int, backward: bool = False) -> Iterator[SessionRow]:
    """The sessions of a list from this one on, towards the tail or, backward, towards the head.

    None for `NO_SESSION`: so an empty list can be walked from its head.
    """
    index = session_index
    while index != NO_SESSION:
        session = worker.pool.session(index)
        yield _row(session)
        index = session.link_prev_idx if backward else session.link_next_idx


def sessions_on(worker: Worker, list_id: int) -> list[SessionRow]:
    """All sessions of one list, head first: for checks and small views."""
    return [_row(session) for session in worker.list_sessions(list_id)]


def position_on_list(worker: Worker, session_index: int, limit: int) -> int | None:
    """How many sessions stand before a listed one, if those are fewer than `limit`."""
    position, before = 0, worker.pool.session(session_index).link_prev_idx
    while before != NO_SESSION:
        position += 1
        if position >= limit:
            return None
        before = worker.pool.session(before).link_prev_idx
    return position


def taken(worker: Worker) -> tuple[int, ...]:
    """The slots that the idle check has taken off their lists and not yet judged."""
    return tuple(worker.expired)


def in_hand(worker: Worker) -> SessionId | None:
    """The session that the last acl node on this thread hit or made."""
    session = worker.session_in_hand
    return None if session is None else SessionId(session.thread_index, session.session_index)


# --- tables -----------------------------------------------------------------------------------


def table_size(interface: Interface) -> int:
    """How many sessions an interface has."""
    return len(interface.sessions)


def find(interface: Interface, key: bytes) -> SessionId | None:
    """The session under a key of an interface's table."""
    session = interface.sessions.get(key)
    return None if session is None else SessionId(session.thread_index, session.session_index)


def table(interface: Interface) -> list[tuple[bytes, SessionId]]:
    """An interface's whole table: for checks."""
    return [
        (session.key, SessionId(session.thread_index, session.session_index))
        for session in interface.sessions.sessions()
    ]
