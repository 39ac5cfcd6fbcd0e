"""The rarer link types: each header leads to the packet, and none leads astray."""

from __future__ import annotations

from struct import pack

import pytest
from capture.frames import ethernet, ip4, ip6, tcp, udp
from capture.linked import assert_agrees, linked
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.framing import FRAMINGS, WRAPPINGS
from aclbench.capture.links import as_ethernet
from aclbench.engine.packet import INFO_MALFORMED, INFO_NOT_IP, parse_ethernet

IP4, IP6 = ip4(tcp(), 6), ip6(udp(), 17)
WHOLE = {4: ethernet(IP4, 0x0800), 6: ethernet(IP6, 0x86DD)}
MACS = bytes(range(12))
SNAP = b"\xaa\xaa\x03\0\0\0"
ETHERTYPE = {4: b"\x08\0", 6: b"\x86\xdd"}
RADIOTAP = pack("<BBHI", 0, 0, 9, 0) + b"\0"
WIFI = b"\x08\x01" + bytes(22)


def pktap(link: int) -> bytes:
    return pack("<III", 108, 1, link).ljust(108, b"\x07")


def ppi(link: int) -> bytes:
    return pack("<BBHI", 0, 0, 12, link) + bytes(4)


#: Headers by link type and version of IP.
HEADERS = [
    *[(6, v, b"\x10\x40" + MACS + SNAP + ETHERTYPE[v]) for v in (4, 6)],
    (6, 4, b"\x10\x40" + MACS[:6] + b"\x86" + MACS[7:] + b"\x06\x30abcd" + SNAP + ETHERTYPE[4]),
    *[(8, v, b"\0\x45" + bytes(14)) for v in (4, 6)],
    *[(9, v, b"\xff\x03\0" + {4: b"\x21", 6: b"\x57"}[v]) for v in (4, 6)],
    (9, 4, b"\0\x21"),
    (9, 6, b"\x57"),
    (9, 4, b"\x0f\0\x08\0"),
    *[(10, v, b"\x50" + MACS + SNAP + ETHERTYPE[v]) for v in (4, 6)],
    (10, 4, b"\x50" + MACS + b"\x06\x06\x03"),
    *[(17, v, {4: b"\0\0\0\x02", 6: b"\0\0\0\x18"}[v] + b"em0".ljust(24, b"\0")) for v in (4, 6)],
    (17, 6, b"\x18\0\0\0" + bytes(24)),
    (50, 4, b"\xff\x03\0\x21"),
    (51, 4, b"\x11\0\0\x01\0\x20\0\x21"),
    (100, 4, SNAP + ETHERTYPE[4]),
    *[(104, v, b"\x0f\0" + ETHERTYPE[v]) for v in (4, 6)],
    *[(105, v, WIFI + SNAP + ETHERTYPE[v]) for v in (4, 6)],
    (105, 4, b"\x08\x03" + bytes(28) + SNAP + ETHERTYPE[4]),
    (105, 4, b"\x88\x01" + bytes(24) + SNAP + ETHERTYPE[4]),
    (105, 4, b"\x88\x81" + bytes(28) + SNAP + ETHERTYPE[4]),
    (105, 4, b"\x88\x01" + bytes(26) + SNAP + ETHERTYPE[4]),
    (106, 4, b""),
    (106, 6, SNAP + ETHERTYPE[6]),
    *[(107, v, b"\x18\x41\x03" + {4: b"\xcc", 6: b"\x8e"}[v]) for v in (4, 6)],
    (107, 4, b"\x18\x40\x02\x01\x03\0\x80\0\0\0\x08\0"),
    (107, 6, b"\x18\x41\x86\xdd"),
    (119, 4, pack("<II", 0x41, 144).ljust(144, b"\0") + WIFI + SNAP + ETHERTYPE[4]),
    (119, 4, pack(">II", 0x41, 144).ljust(144, b"\0") + WIFI + SNAP + ETHERTYPE[4]),
    (119, 4, pack(">II", 0x80211001, 64).ljust(64, b"\0") + WIFI + SNAP + ETHERTYPE[4]),
    (123, 4, b"\x02\x01\0\x21" + SNAP + ETHERTYPE[4]),
    *[(127, v, RADIOTAP + WIFI + SNAP + ETHERTYPE[v]) for v in (4, 6)],
    (149, 4, pktap(101)),
    (163, 4, pack(">II", 0x80211001, 64).ljust(64, b"\0") + WIFI + SNAP + ETHERTYPE[4]),
    (166, 4, b"\x01\x03\0\x21"),
    (192, 4, ppi(1) + MACS + ETHERTYPE[4]),
    (192, 4, ppi(105) + WIFI + SNAP + ETHERTYPE[4]),
    (204, 6, b"\x01\xff\x03\0\x57"),
    (205, 4, b"\0\x0f\0\x08\0"),
    (206, 4, b"\x01\x18\x41\x03\xcc"),
    *[(226, v, b"\x01" + {4: b"\x02", 6: b"\x1a"}[v] + bytes(22)) for v in (4, 6)],
    *[(242, v, bytes(40) + ETHERTYPE[v] + b"\0\0") for v in (4, 6)],
    (258, 4, pktap(1) + MACS + ETHERTYPE[4]),
    (258, 6, pktap(0) + b"\x1e\0\0\0"),
    (281, 4, MACS + b"\0\0\0\x05" + ETHERTYPE[4]),
    (282, 4, b"\0\0\0\x05" + MACS + ETHERTYPE[4]),
    (284, 6, MACS + b"\xc0\0\0\x01" + ETHERTYPE[6]),
    (285, 4, MACS + b"\xda\xda\0\0\xc0\0\0\x01" + ETHERTYPE[4]),
]
LINKS = sorted({*FRAMINGS, *WRAPPINGS})


def test_every_link_type_is_among_them() -> None:
    assert sorted({link for link, _, _ in HEADERS}) == LINKS


@pytest.mark.parametrize(("link", "version", "header"), HEADERS)
def test_behind_its_header_a_packet_is_as_on_ethernet(
    link: int, version: int, header: bytes
) -> None:
    """Whole, and cut at every length: never another packet than the one that is there."""
    whole = WHOLE[version]
    frame = header + whole[14:]
    assert as_ethernet(frame, link)[12:] == whole[12:]
    cuts = [frame[:size] for size in range(len(frame) + 1)]
    columns = assert_agrees(linked(cuts, [link] * len(cuts)))
    expected = parse_ethernet(whole)
    assert columns.keys()[-1] == expected.key
    ip_bytes = 20 if version == 4 else 40
    assert not any(columns.keys()[: len(header) + ip_bytes])
    if header:
        assert columns.info[0] == INFO_MALFORMED


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (8, b"\0\x80" + bytes(14) + IP4),
        (9, b"\xff\x03\xc0\x21" + IP4),
        (9, b"\xff\x03\x02\x81" + IP4),
        (10, b"\x50" + MACS + b"\xaa\xaa\x03\0\0\x0c\x08\0" + IP4),
        (10, b"\x50" + MACS + b"\x42\x42\x03" + IP4),
        (17, b"\0\0\0\x07" + bytes(24) + IP4),
        (104, b"\x8f\0\x80\x35" + IP4),
        (105, b"\x80\0" + WIFI[2:] + SNAP + ETHERTYPE[4] + IP4),
        (105, b"\x48\x01" + WIFI[2:] + SNAP + ETHERTYPE[4] + IP4),
        (105, b"\x08\x41" + WIFI[2:] + SNAP + ETHERTYPE[4] + IP4),
        (105, b"\x88\x01" + bytes(22) + b"\x80\0" + SNAP + ETHERTYPE[4] + IP4),
        (107, b"\x18\x41\x03\x81" + IP4),
        (107, b"\x18\x41\x03\0\x80\0\x80\xc2\x08\0" + IP4),
        (192, ppi(195) + IP4),
        (226, b"\x01\x07" + bytes(22) + IP4),
        (258, pktap(258) + pktap(101) + IP4),
    ],
)
def test_what_is_not_ip_or_cannot_be_read_is_not_taken_for_it(link: int, frame: bytes) -> None:
    """Beacons, frames without data, encrypted, aggregated, compressed; a wrapping in a wrapping."""
    assert assert_agrees(linked([frame], [link])).info.tolist() == [INFO_NOT_IP]


@examples(200)
@given(link=st.sampled_from(LINKS), frames=st.lists(st.binary(max_size=200), max_size=6))
def test_any_bytes_are_read_without_an_error(link: int, frames: list[bytes]) -> None:
    assert_agrees(linked(frames, [link] * len(frames)))


def test_mixed_with_others_in_one_file() -> None:
    ends = {link: header + WHOLE[version][14:] for link, version, header in HEADERS}
    links = [1, *LINKS, 101]
    frames = [WHOLE[4], *(ends[link] for link in LINKS), IP4]
    assert all(assert_agrees(linked(frames, links)).keys())
