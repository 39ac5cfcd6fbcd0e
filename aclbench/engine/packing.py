"""Packs a worker's pool, unpacks it, and frees it.

Rows are copied as they are, 64 bytes a session and 24 more for IPv6. Where there are many that
takes a while, so all of it can be done piece by piece, while the machine stands still.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aclbench.engine.main import AclMain
from aclbench.engine.table import enter_listed
from aclbench.engine.worker import Worker

#: Sessions that are packed, unpacked or freed in one piece.
PIECE_SESSIONS: Final = 1 << 15
#: Fields of a worker that a packed pool stands for, that are empty at rest, or that are no state.
POOL_FIELDS: Final = frozenset({"pool", "expired", "session_in_hand", "outcomes"})
_WORD_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class PackedPool:
    """A worker's pool: its rows, the free slots in order, the design's own columns.

    Pieces are of as many sessions as were packed at a time, each as the pool gave it.
    """

    pieces: tuple[tuple[Any, ...], ...]
    free_indices: array[int]
    columns: tuple[array[int], ...]

    @property
    def size_bytes(self) -> int:
        """What it takes."""
        words = sum(len(numbers) for piece in self.pieces for numbers in piece)
        words += len(self.free_indices) + sum(map(len, self.columns))
        return words * _WORD_BYTES


class PoolPacker:
    """Packs the pool of one worker, which stands still until that is done."""

    def __init__(self, worker: Worker) -> None:
        self._pool = worker.pool
        self._done = 0
        self._pieces: list[tuple[Any, ...]] = []

    @property
    def done(self) -> bool:
        """Every session is packed."""
        return self._done >= len(self._pool)

    def work(self) -> None:
        """Pack one piece."""
        end = min(self._done + PIECE_SESSIONS, len(self._pool))
        self._pieces.append(self._pool.pack(self._done, end))
        self._done = end

    def packed(self) -> PackedPool:
        """All of it."""
        assert self.done
        pool = self._pool
        return PackedPool(
            tuple(self._pieces),
            array("q", pool.free_indices),
            tuple(array("q", numbers) for numbers in pool.columns),
        )


def unpack_pool(am: AclMain, worker: Worker, packed: PackedPool) -> Iterator[None]:
    """Fill an empty pool, and the tables of the interfaces, with a pause after each piece.

    The interfaces are those of the packed machine; their tables have none of the pool's keys.
    """
    pool = worker.pool
    assert not len(pool), "a pool is unpacked into an empty one"
    pool.free_indices = list(packed.free_indices)
    pool.columns = [list(numbers) for numbers in packed.columns]
    tables = [None if i is None else i.sessions for i in am.interfaces]
    for piece in packed.pieces:
        begin = len(pool)
        pool.unpack(piece)
        enter_listed(pool, tables, begin, am.in_table)
        yield


def empty_in_pieces(am: AclMain) -> Iterator[None]:
    """Free all sessions of a machine that nobody needs any more, piece by piece."""
    for interface in am.interfaces:
        if interface is not None:
            interface.sessions.clear()
            yield
    for worker in am.workers:
        worker.pool.clear()
        yield
