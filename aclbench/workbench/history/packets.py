"""All packets of a branch that are done, as columns: what `packets` and the screen's place show.

They are in the order in which they were done, so that the first n of them are those of the run when
n were done: they need not follow a bench that goes back. Branches share the rows of their common
past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.drivers.frame import KeysInOrder
from aclbench.workbench.rig.done import DONE, DonePackets
from aclbench.workbench.views.keys import connection_of

#: Rows of a block, and blocks that are kept: the latest.
BLOCK: Final = 65_536
MAX_BLOCKS: Final = 512
#: A row as so many bytes: copied as one, and not field by field, it takes a sixth of the time.
_BYTES: Final = np.dtype(f"V{DONE.itemsize}")
#: Rows of type `done.DONE`.
Rows: TypeAlias = NDArray[np.void]


class KeyNumbers:
    """Numbers keys as they are met; `keys` has each by its number, `conns` its connection's.

    Connections are numbered from 1 by their first packets; 0 is what is not IP. They have their
    numbers once that was asked for (`connect`): to number keys alone takes a fraction of the time.
    """

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.conns: list[int] = []
        self._connections: dict[bytes, int] = {b"": 0}
        self._numbers = _Numbering(self.keys)

    def of(self, keys: list[bytes]) -> NDArray[np.uint32]:
        """The numbers of keys."""
        return np.fromiter(map(self._numbers.__getitem__, keys), np.uint32, len(keys))

    def conn_of(self, key: bytes) -> int:
        """The connection of a key; 0 where no packet of it was met."""
        return self._connections.get(connection_of(key), 0)

    def number_of(self, key: bytes) -> int | None:
        """The number of a key; None where no packet of it was met."""
        return self._numbers.get(key)

    def first(self, count: int) -> KeyNumbers:
        """The same, with the first so many keys alone."""
        found = KeyNumbers()
        found.of(self.keys[:count])
        found.connect(len(self.conns))
        return found

    def connect(self, count: int) -> bool:
        """Number the connections of so many more keys; False: all have their numbers."""
        connections, begin = self._connections, len(self.conns)
        for key in self.keys[begin : begin + count]:
            self.conns.append(connections.setdefault(connection_of(key), len(connections)))
        return len(self.conns) < len(self.keys)


class _Numbering(dict[bytes, int]):
    """A dictionary that asks for what it does not have: no call for what it has."""

    def __init__(self, keys: list[bytes]) -> None:
        super().__init__()
        self._keys = keys

    def __missing__(self, key: bytes) -> int:
        number = self[key] = len(self._keys)
        self._keys.append(key)
        return number


class PacketRow(NamedTuple):
    """One packet that is done; `ordinal` counts all of the run, from 1.

    `conn` is None while its connection has no number yet.
    """

    ordinal: int
    time: int
    number: int
    length: int
    rx: int
    flags: int
    reason: int
    way: int
    key: bytes
    conn: int | None


class PacketRows:
    """The packets of a branch: those from `first` (counted from 0) up to `end`.

    Those up to `numbered` have the numbers of their keys: a packet that is added waits for it until
    somebody asks (`number`), since a run has no use for them.
    """

    def __init__(self) -> None:
        self._numbers = KeyNumbers()
        #: Whose numbers these are up to how many, where they were not needed yet.
        self._inherited: tuple[PacketRows, int] | None = None
        self.first = self.end = self.numbered = 0
        #: Full but for the last; the first begins with row `first`.
        self._blocks: list[Rows] = []
        #: The keys of the packets that wait, with where they begin, in order.
        self._waiting: deque[tuple[int, KeysInOrder]] = deque()

    @property
    def numbers(self) -> KeyNumbers:
        """The numbers of the keys that were met, up to packet `numbered`."""
        if self._inherited is not None:
            parent, count = self._inherited
            self._numbers, self._inherited = parent.numbers.first(count), None
        return self._numbers

    def __len__(self) -> int:
        """Packets that are kept."""
        return self.end - self.first

    def add(self, done: DonePackets) -> None:
        """Keep packets that were done; those that are there already are the same ones."""
        first, rows, keys = done
        skip = max(self.end - first, 0)
        first, rows = first + skip, rows[skip:]
        if not len(rows):
            return
        if first > self.end:  # what lies between was not kept
            self.first = self.end = self.numbered = first
            self._blocks.clear()
            self._waiting.clear()
        begin = first - skip
        for some in keys:
            if begin + len(some) > self.end:
                known = max(self.end - begin, 0)
                self._waiting.append((begin + known, some.part(known, len(some))))
            begin += len(some)
        at = 0
        while at < len(rows):
            used = len(self) % BLOCK
            if not used:
                self._blocks.append(np.empty(BLOCK, DONE))
            part = rows[at : at + BLOCK - used]
            place = self._blocks[-1][used : used + len(part)]
            place.view(_BYTES)[:] = part.view(_BYTES)
            at += len(part)
            self.end += len(part)
        while len(self._blocks) > MAX_BLOCKS:
            self.number_keys(BLOCK)
            self.first += BLOCK
            del self._blocks[0]

    def number(self, count: int) -> bool:
        """Number the connections of so many packets that wait for it, about; False: none does."""
        waits = self.number_keys(count)
        return self.numbers.connect(count) or waits

    def number_keys(self, count: int) -> bool:
        """The same of their keys alone."""
        end = self.numbered + count
        while self._waiting and self.numbered < end:
            begin, keys = self._waiting.popleft()
            numbers = self.numbers.of(keys.made())
            at = 0
            while at < len(keys):
                place = self.block(begin + at, begin + len(keys))
                place["key"] = numbers[at : at + len(place)]
                at += len(place)
            self.numbered = begin + len(keys)
        return bool(self._waiting)

    def up_to(self, count: int) -> PacketRows:
        """The first so many packets of the run, for a branch that begins behind them."""
        found = PacketRows()
        found.first, found.end = self.first, min(max(count, self.first), self.end)
        found.numbered = min(self.numbered, found.end)
        full, rest = divmod(len(found), BLOCK)
        found._blocks = self._blocks[:full]
        if rest:
            block = np.empty(BLOCK, DONE)  # of which no more is touched than there is
            block[:rest] = self._blocks[full][:rest]
            found._blocks.append(block)
        # Keys are numbered as they are met: those of the first packets have the first numbers.
        last = max((int(part["key"].max()) for part in found.parts(found.numbered)), default=-1)
        found._inherited = self, last + 1
        for begin, keys in self._waiting:
            if begin < found.end:
                found._waiting.append((begin, keys.part(0, found.end - begin)))
        return found

    def parts(self, end: int | None = None) -> Iterator[Rows]:
        """All rows, or those up to one, block by block."""
        begin, end = self.first, self.end if end is None else end
        while begin < end:
            part = self.block(begin, end)
            yield part
            begin += len(part)

    def block(self, begin: int, end: int) -> Rows:
        """The rows from `begin` up to `end`, or to the end of the block that `begin` is in."""
        number, at = divmod(begin - self.first, BLOCK)
        return self._blocks[number][at : min(at + end - begin, BLOCK)]

    def block_before(self, end: int) -> int:
        """Where the block begins that the row before `end` is in."""
        return self.first + (end - 1 - self.first) // BLOCK * BLOCK

    def first_of(self, keys: NDArray[np.uint32], end: int, begin: int = 0) -> int | None:
        """The first packet from `begin` up to `end` with a key of these numbers, from 0."""
        begin = max(begin, self.first)
        while len(keys) and begin < end:
            block = self.block(begin, end)
            found = np.flatnonzero(np.isin(block["key"], keys))
            if len(found):
                return begin + int(found[0])
            begin += len(block)
        return None

    def last_of(
        self,
        keys: NDArray[np.uint32],
        end: int,
        holds: Callable[[int], bool] | None = None,
    ) -> int | None:
        """The last packet before `end` with a key of these numbers; `holds` asks its reason."""
        while len(keys) and end > self.first:
            begin = self.block_before(end)
            block = self.block(begin, end)
            found = np.flatnonzero(np.isin(block["key"], keys))
            if holds is not None:
                reasons = block["reason"][found].tolist()
                found = found[np.fromiter(map(holds, reasons), np.bool_, len(reasons))]
            if len(found):
                return begin + int(found[-1])
            end = begin
        return None

    def keys(self, begin: int, end: int) -> list[bytes]:
        """The keys of the packets from `begin` up to `end`, which are all in one block."""
        known = self.numbers.keys
        numbered = max(min(self.numbered, end), begin)
        found = [known[number] for number in self.block(begin, numbered)["key"].tolist()]
        at = bisect_right(self._waiting, numbered, key=lambda waiting: waiting[0]) - 1
        while len(found) < end - begin:
            first, keys = self._waiting[max(at, 0)]
            here = begin + len(found)
            found += keys.part(here - first, end - first).made()
            at += 1
        return found

    def row(self, index: int) -> PacketRow:
        """One packet, counted from 0."""
        time, number, length, rx, flags, reason, way, at = self.block(index, index + 1)[0].item()
        if index < self.numbered:
            conns = self.numbers.conns
            key, conn = self.numbers.keys[at], conns[at] if at < len(conns) else None
        else:
            key, conn = self.keys(index, index + 1)[0], None
        return PacketRow(index + 1, time, number, length, rx, flags, reason, way, key, conn)
