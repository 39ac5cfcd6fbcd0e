"""Captures for the tests, made byte by byte: every container and link type."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from struct import pack

from aclbench.capture.batch import RawBatch
from aclbench.capture.reader import open_capture
from aclbench.errors import CaptureError

#: A time in ns since the epoch, and what was captured.
Record = tuple[int, bytes]
LINKS = (0, 1, 12, 14, 101, 108, 113, 117, 228, 229, 239, 276)


def relink(frame: bytes, link_type: int, order: str = "<") -> bytes:
    """An Ethernet frame as an interface of another link type would have captured it."""
    ethertype, payload = frame[12:14], frame[14:]
    if link_type == 1:
        return frame
    if link_type == 113:
        return pack("!HHH8s", 0, 1, 6, frame[6:12]) + ethertype + payload
    if link_type == 276:
        return ethertype + pack("!HIHBB8s", 0, 3, 1, 0, 6, frame[6:12]) + payload
    if link_type == 117:
        family = {b"\x08\x00": 2, b"\x86\xdd": 24}.get(ethertype, 7)
        return pack("!BBBB16s41x3x", 61, family, 1, 0, b"em0") + payload
    if link_type == 239:
        family = {b"\x08\x00": 2, b"\x86\xdd": 10}.get(ethertype, 7)
        prefix = pack(f"{order}HH", 4 + 5, 10) + b"drop\0" + bytes(3)
        size = pack(f"{order}HH", 4 + len(payload), 9)
        return pack("!BBH", family, 0, 3) + prefix + size + payload
    if link_type in (0, 108):
        family = {b"\x08\x00": 2, b"\x86\xdd": 30}.get(ethertype, 7)
        return pack(f"{order}I", family) + payload
    return payload


def pcap(records: Sequence[Record], link_type: int = 1, order: str = "<") -> bytes:
    """A classic pcap with nanoseconds."""
    data = pack(f"{order}IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 0, link_type)
    for time_ns, frame in records:
        seconds, rest = divmod(time_ns, 10**9)
        data += pack(f"{order}IIII", seconds, rest, len(frame), len(frame)) + frame
    return data


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block; the body is filled up to whole words."""
    body += bytes(-len(body) % 4)
    size = pack(f"{order}I", len(body) + 12)
    return pack(f"{order}I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """An option of a block."""
    return pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    """A section header."""
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(
    link_type: int = 1, options: bytes = b"", order: str = "<", snaplen: int = 0
) -> bytes:
    """An interface description."""
    return block(1, pack(f"{order}HHI", link_type, 0, snaplen) + options, order)


def enhanced(stamp: int, frame: bytes, number: int = 0, order: str = "<") -> bytes:
    """An enhanced packet block; the time is in the interface's units."""
    head = pack(
        f"{order}IIIII", number, stamp >> 32, stamp & 0xFFFF_FFFF, len(frame), len(frame) + 9
    )
    return block(6, head + frame, order)


def obsolete(stamp: int, frame: bytes, number: int = 0, order: str = "<") -> bytes:
    """An obsolete packet block."""
    words = (stamp >> 32, stamp & 0xFFFF_FFFF, len(frame), len(frame))
    return block(2, pack(f"{order}HHIIII", number, 4, *words) + frame, order)


def simple(frame: bytes, order: str = "<", original: int | None = None) -> bytes:
    """A simple packet block."""
    return block(3, pack(f"{order}I", len(frame) if original is None else original) + frame, order)


def pcapng(records: Sequence[Record], link_type: int = 1, order: str = "<") -> bytes:
    """A pcapng of one section, two interfaces in turn with nanoseconds, and blocks to skip."""
    nano = option(9, b"\x09", order)
    data = section(order) + interface(link_type, nano, order) * 2
    for i, (time_ns, frame) in enumerate(records):
        data += enhanced(time_ns, frame, i & 1, order)
        if i % 7 == 0:
            data += block(0x8000_0BAD + i, bytes(i % 9), order)
    return data


def records_of(path: Path) -> list[Record]:
    """All packets of a capture."""
    with open_capture(path) as reader:
        return [
            (int(batch.time_ns[i]), batch.frame(i))
            for batch in reader.batches()
            for i in range(len(batch))
        ]


def read_all(path: Path | str, max_packets: int = 4096) -> tuple[list[RawBatch], str]:
    """The batches of a capture, and the error at its opening or end, if there was one."""
    batches: list[RawBatch] = []
    try:
        with open_capture(path) as capture:
            for batch in capture.batches(max_packets):
                assert 0 < len(batch) <= max_packets
                assert batch.first_number == 1 + sum(map(len, batches))
                batches.append(batch)
    except CaptureError as error:
        return batches, str(error)
    return batches, ""
