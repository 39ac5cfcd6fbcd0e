"""Finds the packets of a capture: each record gives the start of the next, so it is a loop.

In a module of its own, which is compiled.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from aclbench.engine.storage import Column, column, four_words, zeros

#: A record header of classic pcap, and what is ahead of the packet in an enhanced block of pcapng.
RECORD_HEADER_BYTES: Final = 16
ENHANCED_HEAD_BYTES: Final = 28
#: The length again, behind the packet.
BLOCK_TAIL_BYTES: Final = 4
ENHANCED_BLOCK: Final = 6
_SECOND_NS: Final = 1_000_000_000


class Records:
    """Packets as columns, of which the first `count` rows are filled, and where the last one ends.

    `offset` is where a packet begins in the data, `captured` and `wire_bytes` are as in `RawBatch`.
    `time` is in nanoseconds, or in the units of the clock of its `interface`.
    """

    def __init__(self, n: i64, end: i64, with_interfaces: bool) -> None:
        self.count: i64 = 0
        self.end: i64 = end
        self.offset: Column = zeros(n)
        self.captured: Column = zeros(n)
        self.wire_bytes: Column = zeros(n)
        self.time: Column = zeros(n)
        self.interface: Column = zeros(n if with_interfaces else 0)


class Density:
    """How many records lie in so many bytes, by those walked last: room is made for no more."""

    def __init__(self) -> None:
        self._record_bytes: i64 = RECORD_HEADER_BYTES

    def room(self, data_bytes: i64) -> i64:
        """Rows for what lies in so many bytes, and a few more."""
        return data_bytes // self._record_bytes * 5 // 4 + 16

    def note(self, found: Records, begin: i64) -> None:
        """These were found from `begin` on."""
        if found.count:
            self._record_bytes = (found.end - begin) // found.count


class RecordForm:
    """How the records of a classic pcap are laid out.

    The captured length is the first of the two, in an old file the second, or else the lesser
    (`is_either`). None is above `limit`. A fraction of a second counts `fraction_ns`.
    """

    def __init__(
        self, big_endian: bool, is_old: bool, is_either: bool, limit: i64, fraction_ns: i64
    ) -> None:
        self.big_endian: bool = big_endian
        self.is_old: bool = is_old
        self.is_either: bool = is_either
        self.limit: i64 = limit
        self.fraction_ns: i64 = fraction_ns


def walk_records(data: bytes, begin: i64, max_records: i64, form: RecordForm) -> Records:
    """The complete, valid records of a classic pcap from the one at `begin` on."""
    most: i64 = min(max_records, (len(data) - begin) // RECORD_HEADER_BYTES)
    found = Records(most, begin, False)
    offset, captured = found.offset, found.captured
    wire_bytes, time = found.wire_bytes, found.time
    last: i64 = len(data) - RECORD_HEADER_BYTES
    big_endian, is_old, is_either = form.big_endian, form.is_old, form.is_either
    limit, fraction_ns = form.limit, form.fraction_ns
    at: i64 = begin
    count: i64 = 0
    while count < most and at <= last:
        seconds, fraction, length, on_wire = four_words(data, at, big_endian)
        # In an old file the captured length is the second: no packet of it counts as cut.
        if is_old or (is_either and on_wire < length):
            length = on_wire
        if length > limit or length > last - at:
            break
        at += RECORD_HEADER_BYTES
        offset[count] = at
        captured[count] = length
        wire_bytes[count] = on_wire if on_wire > length else length
        time[count] = seconds * _SECOND_NS + fraction * fraction_ns
        count += 1
        at += length
    found.count, found.end = count, at
    return found


def walk_enhanced(
    data: bytes, begin: i64, max_packets: i64, big_endian: bool, interface_limits: Any
) -> Records:
    """The valid enhanced packet blocks of a pcapng from `begin` on, up to any other block.

    `interface_limits` has for each interface the most that may have been captured of a packet.
    Stamps of 64 bits end it, too.
    """
    least: i64 = ENHANCED_HEAD_BYTES + BLOCK_TAIL_BYTES
    most: i64 = min(max_packets, (len(data) - begin) // least)
    found = Records(most, begin, True)
    offset, captured = found.offset, found.captured
    wire_bytes, time = found.wire_bytes, found.time
    interface = found.interface
    limits = column(interface_limits)
    interfaces: i64 = len(limits)
    at: i64 = begin
    count: i64 = 0
    while count < most and at + least <= len(data):
        kind, size, number, upper = four_words(data, at, big_endian)
        lower, length, on_wire, _ = four_words(data, at + 16, big_endian)
        if (
            kind != ENHANCED_BLOCK
            or size & 3
            or size < least
            or at + size > len(data)
            or four_words(data, at + size - 16, big_endian)[3] != size
            or number >= interfaces
            or length > limits[number]
            or length > size - least
            or upper >= 1 << 31
        ):
            break
        offset[count] = at + ENHANCED_HEAD_BYTES
        captured[count] = length
        wire_bytes[count] = on_wire if on_wire > length else length
        time[count] = upper << 32 | lower
        interface[count] = number
        count += 1
        at += size
    found.count, found.end = count, at
    return found
