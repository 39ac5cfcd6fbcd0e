"""Decoding in batches says of every frame exactly what the engine's parser says of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from capture.frames import (
    ETHERTYPES,
    FRAMES,
    PROTOCOLS,
    batch_of,
    ethernet,
    icmp,
    ip4,
    ip6,
    tcp,
    udp,
)
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.decoding import ReadCommon, decode, read_in_one_pass
from aclbench.capture.links import parse_frame
from aclbench.capture.reader import open_capture
from aclbench.capture.shapes import read_at_once
from aclbench.engine.packet import (
    DEFAULT_EXTENSION_HEADERS,
    INFO_IP6,
    INFO_LENGTH_SHIFT,
    INFO_NO_KEY,
    Packet,
    flow_hash,
    key_of_words,
    key_words,
)
from aclbench.errors import CaptureError

PCAPS = Path(__file__).parents[2] / "pcaps"


def assert_agrees(
    batch: RawBatch, extension_headers: frozenset[int] = DEFAULT_EXTENSION_HEADERS
) -> Columns:
    """Hold `decode` to the parser, frame by frame, and the address columns to the keys."""
    for read in (read_at_once, read_in_one_pass):
        columns = _agreeing(batch, extension_headers, read)
    return columns


def _agreeing(batch: RawBatch, extension_headers: frozenset[int], read: ReadCommon) -> Columns:
    columns = decode(batch, extension_headers, read_common=read)
    assert len(columns) == len(batch)
    expected = [
        parse_frame(batch.frame(i), batch.link_type, extension_headers, batch.uncaptured(i))
        for i in range(len(batch))
    ]
    assert columns.keys() == [packet.key for packet in expected]
    assert columns.mirror_keys() == [packet.mirror_key for packet in expected]
    assert columns.info.tolist() == [packet.info for packet in expected]
    assert_words(columns, expected)
    lengths = [batch.original(i) << INFO_LENGTH_SHIFT for i in range(len(batch))]
    with_lengths = decode(batch, extension_headers, with_lengths=True, read_common=read)
    assert with_lengths.info.tolist() == [
        p.info | n for p, n in zip(expected, lengths, strict=True)
    ]
    assert all(type(key) is bytes for key in columns.keys() + columns.mirror_keys())
    assert ends(columns) == [_ends(packet.key) for packet in expected]
    return columns


def assert_words(columns: Columns, expected: list[Packet]) -> None:
    """Each column has what belongs in it, and 0 in rows to which it says nothing."""
    families = [bool(packet.info & INFO_IP6) for packet in expected]
    keys = [key_words(packet.key) for packet in expected]
    mirrors = [key_words(packet.mirror_key) for packet in expected]
    assert (columns.k2 is not None) == any(families)
    for place, column in enumerate((columns.k0, columns.k1, columns.k2, columns.k3, columns.k4)):
        if column is not None:
            assert column.tolist() == [words[place] for words in keys]
    for place, column in enumerate((columns.m0, columns.m1)):
        assert column.tolist() == [words[place] for words in mirrors]
    assert [
        key_of_words(*words, is_ip6) if packet.key else b""
        for words, is_ip6, packet in zip(keys, families, expected, strict=True)
    ] == [packet.key for packet in expected]
    flows = [flow_hash(packet.key) if packet.key else 0 for packet in expected]
    assert columns.flow.tolist() == flows
    assert [not info & INFO_NO_KEY for info in columns.info.tolist()] == [
        bool(packet.key) for packet in expected
    ]


def ends(columns: Columns) -> list[tuple[int, int, int]]:
    """Family, source and destination of each packet, put together from the columns."""
    found = [(0, 0, 0)] * len(columns)
    for family, rows, src, dst in columns.addresses:
        packets = np.arange(len(columns))[rows].tolist()
        for row, a, b in zip(packets, src.tolist(), dst.tolist(), strict=True):
            assert found[row] == (0, 0, 0)  # in one place only
            found[row] = (family, *(_number(address) for address in (a, b)))
    return found


def _number(address: int | bytes) -> int:
    """NumPy drops zeros at the end of a byte string, but does not count them in comparing."""
    return address if isinstance(address, int) else int.from_bytes(address.ljust(16, b"\0"), "big")


def _ends(key: bytes) -> tuple[int, int, int]:
    if not key:
        return 0, 0, 0
    size, family = (4, 4) if len(key) == 14 else (16, 6)
    src, dst = key[:size], key[size : 2 * size]
    return family, int.from_bytes(src, "big"), int.from_bytes(dst, "big")


@examples(75)
@given(
    frames=st.lists(FRAMES, max_size=12),
    tail=st.sampled_from((0, 0, 10, 200)),
    extension_headers=st.sampled_from(
        (DEFAULT_EXTENSION_HEADERS, frozenset(), frozenset({0, 6, 17}), frozenset({44}))
    ),
)
def test_any_bytes(frames: list[bytes], tail: int, extension_headers: frozenset[int]) -> None:
    # The tail is noise that a frame cut short must not be completed with.
    assert_agrees(batch_of(frames, tail=b"\x06" * tail), extension_headers)


L3_SHAPES = [
    ethernet(ip4(tcp(flags=0x12, payload=b"hello"), 6), 0x0800),
    ethernet(ip4(tcp(), 6, options=b"\1" * 8), 0x0800),
    ethernet(ip4(tcp(), 6, fragment=0x2001), 0x0800),
    ethernet(ip4(icmp(), 1), 0x0800, tags=(0x8100,)),
    ethernet(ip4(udp(), 17), 0x0800, tags=(0x88A8, 0x8100)),
    ethernet(ip4(udp(), 17), 0x0800, tags=(0x9100,) * 3),
    ethernet(ip6(tcp(flags=0xFF), 6), 0x86DD),
    ethernet(ip6(icmp(128), 58), 0x86DD, tags=(0x8100,)),
    ethernet(ip6(udp(), 17), 0x86DD, tags=(0x8100,) * 6),
    ethernet(ip6(bytes([6, 0]) + bytes(6) + tcp(), 0), 0x86DD),
    ethernet(ip6(bytes([17, 0, 0, 8]) + bytes(4) + udp(), 44), 0x86DD),
]


@pytest.mark.parametrize("frame", L3_SHAPES)
@pytest.mark.parametrize("tail", [0, 500], ids=["at the end", "within"])
def test_cut_at_every_length(frame: bytes, tail: int) -> None:
    assert_agrees(batch_of([frame[:size] for size in range(len(frame) + 1)], tail=b"\x11" * tail))


def test_every_protocol_in_both_families() -> None:
    frames = [
        ethernet(make(l4, proto), ethertype)
        for proto in range(256)
        for make, ethertype in ((ip4, 0x0800), (ip6, 0x86DD))
        for l4 in (tcp(), icmp(), b"", b"\x3a" * 7, b"\x11" * 8, b"\x2c" * 13, bytes(14))
    ]
    assert_agrees(batch_of(frames, tail=bytes(100)))


@pytest.mark.parametrize("depth", range(8))
def test_vlan_stacks(depth: int) -> None:
    frames = [
        ethernet(payload, ethertype, tags=tags)
        for payload in (ip4(udp(), 17), ip6(tcp(), 6))
        for ethertype in ETHERTYPES
        for tags in itertools.islice(itertools.product((0x8100, 0x88A8, 0x9100), repeat=depth), 40)
    ]
    assert_agrees(batch_of(frames, tail=bytes(200)))


def test_header_lengths_that_contradict_themselves() -> None:
    packet = ip4(tcp(), 6)
    frames = [ethernet(bytes([first]) + packet[1:], 0x0800) for first in range(256)]
    frames += [ethernet(bytes([first]) + ip6(udp(), 17)[1:], 0x86DD) for first in range(256)]
    assert_agrees(batch_of(frames, tail=bytes(100)))


@pytest.mark.parametrize(
    "frames",
    [
        [ethernet(ip4(tcp(), 6), 0x0800)] * 5,
        [ethernet(ip6(tcp(), 6), 0x86DD)] * 5,
        [ethernet(ip4(tcp(), 6), 0x0800), ethernet(ip6(tcp(), 6), 0x86DD)] * 3,
        [ethernet(b"\0" * 46, 0x0806)] * 3,
        [b""] * 3,
        [],
    ],
    ids=["IPv4 alone", "IPv6 alone", "mixed", "no IP", "nothing captured", "no packets"],
)
@pytest.mark.parametrize("tail", [0, 500])
def test_whole_batches_of_one_kind(frames: list[bytes], tail: int) -> None:
    assert_agrees(batch_of(frames, tail=bytes(tail)))


def test_keys_keep_zeros_at_their_end() -> None:
    frame = ethernet(ip4(b"", 0, src=bytes(4)), 0x0800)
    (key,) = assert_agrees(batch_of([frame], tail=bytes(99))).keys()
    assert len(key) == 14
    assert key.endswith(b"\0\0")


def test_first_number_is_passed_on() -> None:
    batch = batch_of([ethernet(ip4(udp(), 17), 0x0800)])
    numbered = replace(batch, first_number=42)
    assert decode(numbered).first_number == 42


def test_other_link_types_are_refused() -> None:
    batch = batch_of([b""])
    zigbee = replace(batch, link_type=195)
    with pytest.raises(CaptureError, match="link type 195"):
        decode(zigbee)


@pytest.mark.parametrize("path", sorted(PCAPS.glob("*.pcap")), ids=lambda path: path.name)
def test_bundled_captures_and_what_becomes_of_them(path: Path) -> None:
    """Real packets as they are, then with header bytes changed and frames cut, by a fixed seed."""
    random = np.random.default_rng(2017)
    with open_capture(path) as reader:
        for batch in reader.batches():
            assert_agrees(batch)
            data = bytearray(batch.data)
            for offset in batch.offset.tolist():
                data[offset + int(random.integers(12, 60))] = int(random.choice(_NASTY_BYTES))
            cut = np.minimum(batch.captured, random.integers(0, 200, len(batch)))
            assert_agrees(replace(batch, data=bytes(data), captured=cut))


_NASTY_BYTES = np.array(sorted({0, 1, 0x45, 0x46, 0x60, 0x81, 0x88, 0xFF, *PROTOCOLS}))
