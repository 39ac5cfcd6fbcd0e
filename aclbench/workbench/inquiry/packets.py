"""The packets of a run so far: by the names that people know them by, in words, and found.

Packets are numbered as Wireshark does, each capture by itself, and those that were sent by
themselves. On real threads, where there is no history, they are what really happened.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.events import PacketVerdict
from aclbench.engine.outcomes import read_way
from aclbench.workbench.filters import EVERYTHING, Filter, asks_for_connections
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.packets import BLOCK, PacketRow, PacketRows
from aclbench.workbench.inquiry.columntest import ColumnTest
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.packets import PacketView, make_packet_view

#: What stands before the number of a packet that was sent, where captures have one too.
SENT: Final = "sent"
#: Packets that are looked at first; then more or fewer, by how long that took.
FIRST_LOOK: Final = 4096
#: So many packets get the numbers of their connections in a slice, and for a painting.
NUMBERED_AT_ONCE: Final = 8192


# --- names ------------------------------------------------------------------------------------


def packet_name(rig: Rig, number: int, was_sent: bool = False) -> str:
    """A packet's name as `explain` takes it: as in Wireshark; one that was sent beside captures
    says so.
    """
    if rig.feed is None:
        return str(number)
    return f"{SENT}:{number}" if was_sent else rig.feed.packet_name(number)


def event_packet_name(subject: Subject, event: PacketVerdict) -> str:
    """The name of the packet that a verdict is of."""
    rig, history = subject.rig, subject.history
    frame = None
    if rig.feed is not None and rig.sent and history is not None:
        frame = frame_sent(rig, history.branch, event)
    return packet_name(rig, event.number, frame is not None)


def frame_sent(rig: Rig, branch: Branch, event: PacketVerdict) -> bytes | None:
    """The frame of a packet that was sent; None if it is of a capture."""
    for index, op in enumerate(branch.ops):
        if not isinstance(op, Inject) or not 0 <= event.number - op.first < len(op.frames):
            continue
        same_rx = rig.interface_name(event.rx) == op.interface
        if rig.feed is None or (same_rx and event.time == branch.starts[index].time):
            return op.frames[event.number - op.first]
    return None


# --- those of the run ---------------------------------------------------------------------------


def rows_of(subject: Subject) -> PacketRows:
    """The packets that are kept of the run, those of the future of its branch among them."""
    if subject.history is not None:
        return subject.history.packets
    return subject.threaded_packets.take(subject.rig)


def packets_so_far(subject: Subject, rows: PacketRows) -> int:
    """How many packets there have been, of those whose rows there are."""
    return min(rows.end, subject.rig.driver.packets_handled)


def row_view(rig: Rig, row: PacketRow) -> PacketView:
    """Put a packet into words."""
    name = packet_name(rig, row.number & ~SENT_BIT, bool(row.number & SENT_BIT))
    way = read_way(row.way)
    return make_packet_view(row, way, name, rig.interface_name)


class FoundPackets(Sequence[PacketView]):
    """The packets of the run that a filter lets through, in order, as far as they were looked at.

    `look` looks at more: what is new, then ever further back; then it numbers connections. A packet
    is put into words when it is asked for. It is of one branch, and holds as long as the bench does
    not go back.
    """

    def __init__(self, subject: Subject, wanted: Filter = EVERYTHING) -> None:
        self._rig = subject.rig
        self.rows = rows_of(subject)
        self._test = None if wanted == EVERYTHING else ColumnTest(wanted, self.rows)
        self._pace = Pace(FIRST_LOOK, BLOCK)
        self._needs_numbers = asks_for_connections(wanted)
        #: Packets were looked at from `begin` up to `end`, counted from 0.
        self.begin = self.end = packets_so_far(subject, self.rows)
        #: Where those are that were found, in order; and how many there are up to each part's end.
        self._parts: list[NDArray[np.int64]] = []
        self._ends: list[int] = []

    @property
    def complete(self) -> bool:
        """All that there is was looked at."""
        return self.begin <= self.rows.first

    def look(self, subject: Subject) -> bool:
        """Look at a part of the packets; False: there is nothing more to look at now."""
        if self.look_ahead(subject):
            return True
        if self.complete:
            return self.rows.number(NUMBERED_AT_ONCE)
        with self._pace.slice():
            begin = max(self.rows.block_before(self.begin), self.begin - self._pace.size)
            self._add(0, self._matching(begin, self.begin))
            self.begin = begin
        return True

    def look_ahead(self, subject: Subject) -> bool:
        """Look at a part of what is new; False: nothing is."""
        if self._needs_numbers and self.rows.number(NUMBERED_AT_ONCE):
            return True
        so_far = packets_so_far(subject, self.rows)
        if self.end >= so_far:
            return False
        with self._pace.slice():
            end = min(so_far, self.end + self._pace.size)
            end = self.end + len(self.rows.block(self.end, end))
            self._add(len(self._parts), self._matching(self.end, end))
            self.end = end
        return True

    def _add(self, at: int, part: NDArray[np.int64]) -> None:
        self._parts.insert(at, part)
        self._ends = np.cumsum([len(part) for part in self._parts]).tolist()

    def _matching(self, begin: int, end: int) -> NDArray[np.int64]:
        if self._test is None:
            return np.arange(begin, end)
        return np.flatnonzero(self._test.mask(begin, end)) + begin

    def position(self, ordinal: int) -> int:
        """Where a packet stands, or else the next one that was found; `ordinal` counts from 1."""
        before = 0
        for part in self._parts:
            if len(part) and part[-1] >= ordinal - 1:
                return before + int(np.searchsorted(part, ordinal - 1))
            before += len(part)
        return before

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> PacketView: ...
    @overload
    def __getitem__(self, index: slice) -> list[PacketView]: ...
    def __getitem__(self, index: int | slice) -> PacketView | list[PacketView]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = bisect_right(self._ends, index)
        within = index - (self._ends[part - 1] if part else 0)
        return row_view(self._rig, self.rows.row(int(self._parts[part][within])))


def latest_packets(subject: Subject, count: int) -> tuple[PacketView, ...]:
    """The last packets of the run so far, oldest first."""
    rows = rows_of(subject)
    rows.number(NUMBERED_AT_ONCE)
    end = packets_so_far(subject, rows)
    begin = max(end - count, rows.first)
    return tuple(row_view(subject.rig, rows.row(index)) for index in range(begin, end))


def number_connections(subject: Subject) -> Slices[None]:
    """Give all packets so far the numbers of their connections."""
    rows = rows_of(subject)
    while rows.number(NUMBERED_AT_ONCE):
        yield Progress(rows.numbered - rows.first, len(rows), "packets looked at")


def find_packets(subject: Subject, wanted: Filter) -> Slices[FoundPackets]:
    """All packets of the run so far that a filter lets through."""
    found = FoundPackets(subject, wanted)
    while found.look(subject):
        yield Progress(found.end - found.begin, len(found.rows), "packets looked at")
    return found
