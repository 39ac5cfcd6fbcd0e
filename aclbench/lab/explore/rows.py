"""The machine's state as plain values, worker by worker: what a digest is made of."""

from __future__ import annotations

import marshal
from hashlib import blake2b
from typing import Any, Final

from aclbench.engine.main import Interface
from aclbench.engine.pool import NO_LIST, Session
from aclbench.engine.worker import Worker

#: Bytes of a digest: of 2^40 states two have one by chance in one of 2^49 searches.
DIGEST_BYTES: Final = 16
#: Marshal's last format that writes equal values as equal bytes.
_MARSHAL: Final = 2


def digest_of(state: Any) -> bytes:
    """The digest of plain values: numbers, bytes, None, tuples and lists of them."""
    return blake2b(marshal.dumps(state, _MARSHAL), digest_size=DIGEST_BYTES).digest()


def session_id(session: Session) -> tuple[int, int]:
    """Where a session is: its owner and its slot."""
    return session.thread_index, session.session_index


def worker_row(worker: Worker, with_free: bool) -> tuple[Any, ...]:
    """What one worker owns, and its flags; with what stands in free slots, or without."""
    pool = worker.pool
    return (
        tuple(worker.conn_list_head),
        tuple(worker.conn_list_tail),
        tuple(worker.head_expiry_time),
        tuple(worker.expired),
        worker.swipe_end_time,
        worker.serviced_sw_if_index_bitmap,
        worker.pending_clear_sw_if_index_bitmap,
        worker.clear_in_process,
        worker.interrupt_is_pending,
        worker.interrupt_is_needed,
        worker.interrupt_is_unwanted,
        worker.interrupt_due,
        tuple([tuple(numbers) for numbers in worker.numbers]),
        tuple(pool.free_indices),
        tuple([tuple(column) for column in pool.columns]),
        tuple(
            [
                _row(session) if with_free or session.link_list_id != NO_LIST else None
                for session in map(pool.session, range(len(pool)))
            ]
        ),
    )


def _row(session: Session) -> tuple[Any, ...]:
    """A slot's row, be it free: its next session finds what stands there."""
    return (
        session.key,
        session.sw_if_index,
        session.last_active_time,
        session.tcp_flags_seen_in,
        session.tcp_flags_seen_out,
        session.link_list_id,
        session.link_prev_idx,
        session.link_next_idx,
        session.link_enqueue_time,
        session.intf_policy_epoch,
    )


def interface_row(interface: Interface | None) -> tuple[Any, ...] | None:
    """An interface's table, whatever the order of entering; the rest is told by the commands."""
    if interface is None:
        return None
    table = interface.sessions
    entries = [(session.key, *session_id(session)) for session in table.sessions()]
    entries.sort()
    return interface.deleted, tuple(entries)
