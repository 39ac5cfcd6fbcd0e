"""Finds the packets of a capture: each record gives the start of the next, so it is a loop.

In a module of its own, which is compiled.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from aclbench.engine.storage import Column, be32, zeros

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


class RecordForm:
    """How the records of a classic pcap are laid out.

    The captured length stands `captured_at` bytes behind the beginning of a record, or is the
    lesser of both lengths (`is_either`). None is above `limit`. A fraction of a second counts
    `fraction_ns`.
    """

    def __init__(
        self, big_endian: bool, captured_at: i64, is_either: bool, limit: i64, fraction_ns: i64
    ) -> None:
        self.big_endian: bool = big_endian
        self.captured_at: i64 = captured_at
        self.is_either: bool = is_either
        self.limit: i64 = limit
        self.fraction_ns: i64 = fraction_ns


def _word(data: bytes, at: i64, big_endian: bool) -> i64:
    """The 32 bits there."""
    word: i64 = be32(data, at)
    if big_endian:
        return word
    return word >> 24 | word >> 8 & 0xFF00 | (word & 0xFF00) << 8 | (word & 0xFF) << 24


def walk_records(data: bytes, begin: i64, max_records: i64, form: RecordForm) -> Records:
    """The complete, valid records of a classic pcap from the one at `begin` on."""
    size: i64 = len(data)
    big_endian: bool = form.big_endian
    found = Records(min(max_records, (size - begin) // RECORD_HEADER_BYTES), begin, False)
    at: i64 = begin
    count: i64 = 0
    while count < max_records and at + RECORD_HEADER_BYTES <= size:
        captured: i64 = _word(data, at + form.captured_at, big_endian)
        wire_bytes: i64 = _word(data, at + 12, big_endian)
        if form.is_either:
            captured = min(_word(data, at + 8, big_endian), wire_bytes)
        offset: i64 = at + RECORD_HEADER_BYTES
        if captured > form.limit or offset + captured > size:
            break
        seconds: i64 = _word(data, at, big_endian)
        fraction: i64 = _word(data, at + 4, big_endian)
        found.offset[count] = offset
        found.captured[count] = captured
        # Before version 2.4 the captured length may stand there: then no packet counts as cut.
        found.wire_bytes[count] = max(wire_bytes, captured)
        found.time[count] = seconds * _SECOND_NS + fraction * form.fraction_ns
        count += 1
        at = offset + captured
    found.count, found.end = count, at
    return found


def walk_enhanced(
    data: bytes, begin: i64, max_packets: i64, big_endian: bool, limits: Column
) -> Records:
    """The valid enhanced packet blocks of a pcapng from `begin` on, up to any other block.

    `limits` has for each interface the most that may have been captured of a packet. Stamps of 64
    bits end it, too.
    """
    size: i64 = len(data)
    least: i64 = ENHANCED_HEAD_BYTES + BLOCK_TAIL_BYTES
    interfaces: i64 = len(limits)
    found = Records(max(min(max_packets, (size - begin) // least), 0), begin, True)
    at: i64 = begin
    count: i64 = 0
    while count < max_packets and at + least <= size:
        length: i64 = _word(data, at + 4, big_endian)
        interface: i64 = _word(data, at + 8, big_endian)
        upper: i64 = _word(data, at + 12, big_endian)
        captured: i64 = _word(data, at + 20, big_endian)
        if (
            _word(data, at, big_endian) != ENHANCED_BLOCK
            or length & 3
            or length < least
            or at + length > size
            or _word(data, at + length - BLOCK_TAIL_BYTES, big_endian) != length
            or interface >= interfaces
            or captured > limits[interface]
            or captured > length - least
            or upper >= 1 << 31
        ):
            break
        found.offset[count] = at + ENHANCED_HEAD_BYTES
        found.captured[count] = captured
        found.wire_bytes[count] = max(_word(data, at + 24, big_endian), captured)
        found.time[count] = upper << 32 | _word(data, at + 16, big_endian)
        found.interface[count] = interface
        count += 1
        at += length
    found.count, found.end = count, at
    return found
