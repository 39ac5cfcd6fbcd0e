"""All packets of a branch that are done, as columns: what `packets` and the screen's place show.

They are in the order in which they were done, so that the first n of them are those of the run when
n were done: they need not follow a bench that goes back. Branches share the rows of their common
past, and all of them the numbers of connections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.workbench.filters import Connections
from aclbench.workbench.rig.done import DONE, DonePackets

#: Rows of a block, and blocks that are kept: the latest.
BLOCK: Final = 65_536
MAX_BLOCKS: Final = 512
#: The columns of `done.DONE`, and `key`: the number of the packet's key.
_ROW: Final = np.dtype([*((name, DONE[name]) for name in DONE.names or ()), ("key", "u4")])

Rows: TypeAlias = NDArray[np.void]


class KeyNumbers:
    """Numbers keys as they are met; `keys` has each by its number, `conns` its connection's."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.conns: list[int] = []
        self.connections = Connections()
        self._numbers = _Numbering(self._meet)

    def of(self, keys: list[bytes]) -> NDArray[np.uint32]:
        """The numbers of keys."""
        return np.fromiter(map(self._numbers.__getitem__, keys), np.uint32, len(keys))

    def _meet(self, key: bytes) -> int:
        self.keys.append(key)
        self.conns.append(self.connections.number(key))
        return len(self.keys) - 1


class _Numbering(dict[bytes, int]):
    """A dictionary that asks for what it does not have: no call for what it has."""

    def __init__(self, meet: Callable[[bytes], int]) -> None:
        super().__init__()
        self._meet = meet

    def __missing__(self, key: bytes) -> int:
        number = self[key] = self._meet(key)
        return number


class PacketRow(NamedTuple):
    """One packet that is done; `ordinal` counts all of the run, from 1."""

    ordinal: int
    time: int
    number: int
    length: int
    rx: int
    flags: int
    reason: int
    way: int
    key: bytes
    conn: int


class PacketRows:
    """The packets of a branch: those from `first` (counted from 0) up to `end`."""

    def __init__(self, numbers: KeyNumbers | None = None) -> None:
        self.numbers = KeyNumbers() if numbers is None else numbers
        self.first = self.end = 0
        #: Full but for the last; the first begins with row `first`.
        self._blocks: list[Rows] = []

    def __len__(self) -> int:
        """Packets that are kept."""
        return self.end - self.first

    def add(self, done: DonePackets) -> None:
        """Keep packets that were done; those that are there already are the same ones."""
        first, rows, keys = done
        skip = self.end - first
        if skip > 0:
            first, rows, keys = self.end, rows[skip:], keys[skip:]
        if not len(rows):
            return
        if first > self.end:  # what lies between was not kept
            self.first = self.end = first
            self._blocks.clear()
        numbers = self.numbers.of(keys)
        at = 0
        while at < len(rows):
            used = len(self) % BLOCK
            if not used:
                self._blocks.append(np.empty(BLOCK, _ROW))
            part = rows[at : at + BLOCK - used]
            place = self._blocks[-1][used : used + len(part)]
            for name in DONE.names or ():
                place[name] = part[name]
            place["key"] = numbers[at : at + len(part)]
            at += len(part)
            self.end += len(part)
        if len(self._blocks) > MAX_BLOCKS:
            self.first += BLOCK * (len(self._blocks) - MAX_BLOCKS)
            del self._blocks[:-MAX_BLOCKS]

    def up_to(self, count: int) -> PacketRows:
        """The first so many packets of the run, for a branch that begins behind them."""
        found = PacketRows(self.numbers)
        found.first, found.end = self.first, min(max(count, self.first), self.end)
        full, rest = divmod(len(found), BLOCK)
        found._blocks = self._blocks[:full]
        if rest:
            found._blocks.append(self._blocks[full].copy())
        return found

    def block(self, begin: int, end: int) -> Rows:
        """The rows from `begin` up to `end`, or to the end of the block that `begin` is in."""
        number, at = divmod(begin - self.first, BLOCK)
        return self._blocks[number][at : min(at + end - begin, BLOCK)]

    def block_before(self, end: int) -> int:
        """Where the block begins that the row before `end` is in."""
        return self.first + (end - 1 - self.first) // BLOCK * BLOCK

    def row(self, index: int) -> PacketRow:
        """One packet, counted from 0."""
        time, number, length, rx, flags, reason, way, key = self.block(index, index + 1)[0].item()
        keys = self.numbers
        return PacketRow(
            index + 1, time, number, length, rx, flags, reason, way, keys.keys[key], keys.conns[key]
        )
