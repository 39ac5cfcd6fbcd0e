"""Packets that were captured only in part: read as far as they go, and never malformed for it."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest
from capture.containers import block, interface, obsolete, read_all, relink, section, simple
from capture.frames import ethernet, ip4, ip6, tcp

from aclbench.capture.decoding import decode
from aclbench.engine.packet import (
    INFO_CUT,
    INFO_L4_VALID,
    INFO_MALFORMED,
    INFO_TCP_FLAGS_VALID,
)

FRAMES = {4: ethernet(ip4(tcp(), 6), 0x0800), 6: ethernet(ip6(tcp(), 6), 0x86DD)}


def info_of(path: Path, data: bytes) -> list[int]:
    """The info words of a capture with these bytes."""
    path.write_bytes(data)
    batches, error = read_all(path)
    assert error == ""
    return [info for batch in batches for info in decode(batch).info.tolist()]


def cut_pcap(frames: list[bytes], snaplen: int, order: str = "<", link_type: int = 1) -> bytes:
    """A classic pcap of frames, no more than `snaplen` bytes of each."""
    data = pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)
    for frame in frames:
        kept = frame[:snaplen]
        data += pack(f"{order}IIII", 1, 0, len(kept), len(frame)) + kept
    return data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("snaplen", "ip4_info", "ip6_info"),
    [
        (10, INFO_CUT, INFO_CUT),
        (14, INFO_CUT, INFO_CUT),
        (33, INFO_CUT, INFO_CUT),
        (40, 0, INFO_CUT),
        (42, INFO_L4_VALID, INFO_CUT),
        (54, INFO_L4_VALID | INFO_TCP_FLAGS_VALID, 0),
        (60, INFO_L4_VALID | INFO_TCP_FLAGS_VALID, 0),
        (62, INFO_L4_VALID | INFO_TCP_FLAGS_VALID, INFO_L4_VALID),
        (96, INFO_L4_VALID | INFO_TCP_FLAGS_VALID, INFO_L4_VALID | INFO_TCP_FLAGS_VALID),
    ],
)
def test_snap_lengths(
    tmp_path: Path, order: str, snaplen: int, ip4_info: int, ip6_info: int
) -> None:
    """Ports from 8 bytes of TCP on, flags from 14; without the whole IP header nothing."""
    mask = INFO_CUT | INFO_MALFORMED | INFO_L4_VALID | INFO_TCP_FLAGS_VALID
    found = info_of(tmp_path / "x.pcap", cut_pcap(list(FRAMES.values()), snaplen, order))
    assert [info & mask for info in found] == [ip4_info, ip6_info]


def test_a_packet_that_ends_by_itself_is_malformed(tmp_path: Path) -> None:
    """All of it was captured, and there is no more; or it contradicts itself ahead of the cut."""
    short = FRAMES[4][:30]
    assert info_of(tmp_path / "x.pcap", cut_pcap([short], 65535)) == [INFO_MALFORMED]
    wrong = bytearray(FRAMES[4])
    wrong[14] = 0x65
    assert info_of(tmp_path / "x.pcap", cut_pcap([bytes(wrong)], 30)) == [INFO_MALFORMED]
    wrong[14] = 0x44  # a header of four words
    assert info_of(tmp_path / "x.pcap", cut_pcap([bytes(wrong)], 60)) == [INFO_MALFORMED]


@pytest.mark.parametrize("link_type", [0, 1, 101, 113, 276])
def test_cut_in_every_link_type(tmp_path: Path, link_type: int) -> None:
    """One byte less than the IP header."""
    for family, header in ((4, 20), (6, 40)):
        frame = relink(FRAMES[family], link_type)
        snaplen = len(frame) - (len(FRAMES[family]) - 14) + header - 1
        data = cut_pcap([frame], snaplen, link_type=link_type)
        assert info_of(tmp_path / "x.pcap", data) == [INFO_CUT]


@pytest.mark.parametrize("order", ["<", ">"])
def test_cut_in_pcapng(tmp_path: Path, order: str) -> None:
    """Every kind of packet block says how long the packet was."""
    kept = FRAMES[4][:30]
    enhanced = pack(f"{order}IIIII", 0, 0, 1, len(kept), 74) + kept
    data = section(order) + interface(1, b"", order, snaplen=30)
    data += block(6, enhanced, order) + simple(kept, order, original=74)
    data += obsolete(1, kept, 0, order)  # says that this is all there was
    assert info_of(tmp_path / "x.pcapng", data) == [INFO_CUT, INFO_CUT, INFO_MALFORMED]
