"""Packs a worker's pool into a few arrays, unpacks it, and frees it.

Each field is a column: n sessions take about 50 n bytes and n times 0.3 to 1 us. That is long where
there are many, so all of it can be done batch by batch, while the machine stands still.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Any, Final

from aclbench.engine.main import AclMain
from aclbench.engine.session import NO_LIST, Session
from aclbench.engine.worker import Worker

#: The fields of a packed session but its key, each with the type code of its column.
_COLUMNS: Final = tuple(
    (code, attrgetter(name))
    for code, name in (
        ("I", "sw_if_index"),
        ("B", "proto"),
        ("q", "last_active_time"),
        ("B", "tcp_flags_seen_in"),
        ("B", "tcp_flags_seen_out"),
        ("b", "link_list_id"),
        ("i", "link_prev_idx"),
        ("i", "link_next_idx"),
        ("q", "link_enqueue_time"),
        ("H", "intf_policy_epoch"),
    )
)
#: Sessions that are packed, unpacked or freed in one batch.
PIECE_SESSIONS: Final = 2048
#: Fields of a worker that a packed pool stands for, or that are empty at rest.
POOL_FIELDS: Final = frozenset({"sessions_pool", "columns", "expired", "session_in_hand"})


@dataclass(frozen=True, slots=True)
class PackedPool:
    """A worker's pool by columns.

    The keys are joined, with the length of each. A million objects would be visited by every
    garbage collection and freed one by one, and either takes long.
    """

    keys: bytearray
    key_sizes: array[int]
    columns: tuple[Any, ...]
    #: The design's own columns, in the order of its `columns`.
    further: tuple[Any, ...]

    @property
    def size_bytes(self) -> int:
        """What it takes."""
        row: int = 1 + sum(column.itemsize for column in (*self.columns, *self.further))
        return len(self.keys) + row * len(self.key_sizes)


class PoolPacker:
    """Packs the pool of one worker, which stands still until that is done."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._keys = bytearray()
        self._key_sizes = array("B")
        self._columns = tuple(array(code) for code, _ in _COLUMNS)

    @property
    def done(self) -> bool:
        """Every session is packed."""
        return len(self._key_sizes) >= len(self._worker.sessions_pool)

    def work(self) -> None:
        """Pack one batch."""
        begin = len(self._key_sizes)
        piece = self._worker.sessions_pool[begin : begin + PIECE_SESSIONS]
        for column, (code, read) in zip(self._columns, _COLUMNS, strict=True):
            column.extend(array(code, list(map(read, piece))))  # so it goes faster than one by one
        keys = [session.key for session in piece]
        self._keys += b"".join(keys)
        self._key_sizes.extend(array("B", list(map(len, keys))))

    def packed(self) -> PackedPool:
        """All of it."""
        assert self.done
        further = tuple(array("q", column) for column in self._worker.columns)
        return PackedPool(self._keys, self._key_sizes, self._columns, further)


def unpack_pool(am: AclMain, worker: Worker, packed: PackedPool) -> Iterator[None]:
    """Fill an empty pool, and the tables of the interfaces, with a pause after each batch.

    The interfaces are those of the packed machine; their tables have none of the pool's keys.
    """
    pool = worker.sessions_pool
    assert not pool, "a pool is unpacked into an empty one"
    worker.columns = [list(column) for column in packed.further]
    tables = [None if i is None else i.sessions for i in am.interfaces]
    keys = bytes(packed.keys)
    ends = pairwise(accumulate(packed.key_sizes, initial=0))
    for (begin, end), row in zip(ends, zip(*packed.columns, strict=True), strict=True):
        session = Session(worker.thread_index, len(pool))
        session.key = keys[begin:end]
        (
            session.sw_if_index,
            session.proto,
            session.last_active_time,
            session.tcp_flags_seen_in,
            session.tcp_flags_seen_out,
            session.link_list_id,
            session.link_prev_idx,
            session.link_next_idx,
            session.link_enqueue_time,
            session.intf_policy_epoch,
        ) = row
        pool.append(session)
        if session.link_list_id != NO_LIST:
            table = tables[session.sw_if_index]
            assert table is not None
            table[session.key] = session
        if not len(pool) % PIECE_SESSIONS:
            yield


def empty_in_pieces(am: AclMain) -> Iterator[None]:
    """Free all sessions of a machine that nobody needs any more, batch by batch."""
    for interface in am.interfaces:
        if interface is not None:
            interface.sessions.clear()
            yield
    for worker in am.workers:
        while worker.sessions_pool:
            del worker.sessions_pool[-PIECE_SESSIONS:]
            yield
