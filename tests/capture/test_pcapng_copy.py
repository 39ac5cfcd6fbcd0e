"""A pcapng that is copied with comments: its packets have them, all else is as it was."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from struct import pack, unpack_from

import pytest
from capture.containers import (
    block,
    enhanced,
    interface,
    obsolete,
    option,
    records_of,
    section,
    simple,
)
from capture.frames import ethernet, ip4, tcp
from scapy.utils import RawPcapNgReader

from aclbench.capture.pcapng_copy import PcapngCopy, is_pcapng

#: Of the packets that have a time; a simple one gets it.
TIME_NS = 2 * 10**9
FRAME = ethernet(ip4(tcp(0x02, 1000, 80), 6), 0x0800)[:59]


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """The blocks of a file, each with its type, by their own byte order."""
    found: list[tuple[int, bytes]] = []
    at, order = 0, "<"
    while at < len(data):
        if data[at : at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8] == 0x4D else ">"
        kind, length = unpack_from(f"{order}II", data, at)
        assert unpack_from(f"{order}I", data, at + length - 4) == (length,)
        found.append((kind, data[at : at + length]))
        at += length
    return found


def others(order: str) -> list[bytes]:
    """Blocks that are no packets: names, statistics, secrets, custom ones, one of no known type."""
    return [
        block(4, pack(f"{order}HH", 1, 9) + bytes([10, 0, 0, 2]) + b"host\0", order),
        block(5, pack(f"{order}III", 0, 1, 2) + option(1, b"statistics", order), order),
        block(10, pack(f"{order}II", 0x544C534B, 4) + b"keys", order),
        block(0xBAD, pack(f"{order}I", 32473) + b"custom", order),
        block(9, b"__REALTIME_TIMESTAMP=1\n", order),
        block(0x7FFF1234, b"nobody knows", order),
    ]


def packet_options(order: str) -> bytes:
    return option(1, b"own comment", order) + option(2, pack(f"{order}I", 1), order) + bytes(4)


def whole(order: str) -> bytes:
    """A section that says its length, packets of each kind, and other blocks around all of them."""
    names, statistics, *rest = others(order)
    own = enhanced(1_000_000, FRAME, 0, order)
    length = len(own) + len(packet_options(order))
    own = pack(f"{order}II", 6, length) + own[8:-4] + packet_options(order)
    own += pack(f"{order}I", length)
    content = b"".join(
        [
            interface(1, option(2, b"eth0", order), order, snaplen=200),
            names,
            own,
            *rest,
            obsolete(2_000_000, FRAME, 0, order),
            simple(FRAME, order),
            statistics,
        ]
    )
    head = block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, len(content)), order)
    return head + content


def copied(path: Path, numbers: list[int]) -> bytes:
    parts: list[bytes] = []
    copy = PcapngCopy(path, parts.append)
    for number in numbers:
        copy.comment(number, TIME_NS, f"said of {number}")
    copy.close()
    return b"".join(parts)


@pytest.mark.parametrize("numbers", [list(range(1, 11)), list(range(10, 0, -1))])
def test_all_but_the_packets_is_as_it_was(tmp_path: Path, numbers: list[int]) -> None:
    """In both byte orders; packets keep bytes, times and their own options."""
    path, out = tmp_path / "x.pcapng", tmp_path / "y.pcapng"
    path.write_bytes(whole("<") + whole(">"))
    assert is_pcapng(path)
    out.write_bytes(copied(path, numbers))
    before, after = blocks(path.read_bytes()), blocks(out.read_bytes())
    assert len(before) == len(after)
    for (kind, old), (_, new) in zip(before, after, strict=True):
        if kind == 0x0A0D0D0A:
            assert new == old[:16] + b"\xff" * 8 + old[24:]
        elif kind not in (2, 3, 6):
            assert new == old
        else:
            assert FRAME in new
            assert b"said of" in new
    assert records_of(out) == records_of(path)
    enhanced_ones = [new for kind, new in after if kind == 6 and b"own comment" in new]
    assert len(enhanced_ones) == 2
    with closing(RawPcapNgReader(str(out))) as reader:
        read = list(reader)
    assert [bytes(frame) for frame, _ in read] == [FRAME] * len(read)
    assert len(read) >= 4


def test_it_goes_as_far_as_packets_have_comments(tmp_path: Path) -> None:
    """And on over what follows the last one, up to the next packet, or to damage."""
    path = tmp_path / "x.pcapng"
    last = block(5, pack("<III", 0, 1, 2))
    path.write_bytes(
        section() + interface() + enhanced(1, FRAME) + last + enhanced(2, FRAME) + last[:-4]
    )
    assert [kind for kind, _ in blocks(copied(path, [1]))] == [0x0A0D0D0A, 1, 6, 5]
    assert [kind for kind, _ in blocks(copied(path, [1, 2]))] == [0x0A0D0D0A, 1, 6, 5, 6]
