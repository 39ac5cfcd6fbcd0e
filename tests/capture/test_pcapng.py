"""pcapng: sections, interfaces, clocks, every kind of packet block, and damage."""

from __future__ import annotations

import gc
import gzip
from pathlib import Path
from struct import pack, pack_into, unpack_from

import numpy as np
import pytest
from capture.containers import (
    block,
    enhanced,
    interface,
    obsolete,
    option,
    pcapng,
    read_all,
    section,
    simple,
)
from numpy.typing import NDArray

from aclbench.capture import pcapng as pcapng_module
from aclbench.capture import reader
from aclbench.capture.batch import RawBatch, gather
from aclbench.capture.decoding import decode
from aclbench.capture.pcapng import INTERFACE_LIMIT, RECORD_BLOCKS
from aclbench.capture.pcapng_section import Section
from aclbench.capture.reader import open_capture
from aclbench.engine.packet import INFO_NOT_IP

RECORDS = [(10**18 + i * 1_000_003, bytes([i]) * (i % 40)) for i in range(1, 120)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcapng"


def found(path: Path, max_packets: int = 4096) -> list[tuple[int, bytes]]:
    batches, error = read_all(path, max_packets)
    assert not error
    return [(int(b.time_ns[i]), b.frame(i)) for b in batches for i in range(len(b))]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("max_packets", [1, 5, 4096])
@pytest.mark.parametrize("chunk_bytes", [61, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_packets_in_whatever_pieces(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    max_packets: int,
    chunk_bytes: int,
    packed: bool,
) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", chunk_bytes)
    data = pcapng(RECORDS, order=order)
    path.write_bytes(gzip.compress(data) if packed else data)
    assert found(path, max_packets) == RECORDS


def test_sections_of_either_order_with_interfaces_of_their_own(path: Path) -> None:
    path.write_bytes(
        section("<")
        + interface(1)
        + enhanced(5, b"one")
        + section(">")
        + interface(101, order=">")
        + interface(113, order=">")
        + enhanced(6, b"two", 1, ">")
        + enhanced(7, b"three", 0, ">")
    )
    first, second = read_all(path)[0]
    assert (first.link_type, first.link_types) == (1, None)
    assert second.link_types is not None
    assert second.interface is not None
    assert second.link_types.tolist() == [second.link_of(0), second.link_of(1)] == [113, 101]
    assert second.interface.tolist() == [1, 0]
    assert second.time_ns.tolist() == [6000, 7000]


@pytest.mark.parametrize(
    ("resolution", "stamp", "time_ns"),
    [
        (0, 3, 3 * 10**9),
        (3, 3, 3 * 10**6),
        (9, 3, 3),
        (12, 3999, 3),
        (127, 1 << 60, 0),
        (0x80 | 10, 1024 + 512, 1_500_000_000),
        (0x80 | 32, 1 << 31, 500_000_000),
        (0x80 | 127, 1 << 63, 0),
        (9, (1 << 64) - 1, (1 << 63) - 1),
        (0, 1 << 40, (1 << 63) - 1),
    ],
)
def test_clocks(path: Path, resolution: int, stamp: int, time_ns: int) -> None:
    path.write_bytes(
        section() + interface(1, option(9, bytes([resolution]))) + enhanced(stamp, b"x")
    )
    assert found(path) == [(time_ns, b"x")]


def test_clocks_differ_by_interface_and_have_offsets(path: Path) -> None:
    later = option(2, b"eth1") + option(14, pack("<q", 100)) + option(0, b"") + option(9, b"\0")
    early = option(14, pack("<q", -100))
    path.write_bytes(
        section() + interface(1) + interface(1, later) + interface(1, early)
        + enhanced(1, b"a", 0) + enhanced(1, b"b", 1) + enhanced(1, b"c", 2)
    )  # fmt: skip
    assert found(path) == [(1000, b"a"), (100 * 10**9 + 1000, b"b"), (0, b"c")]
    with open_capture(path) as capture:
        assert len(list(capture.batches())) == 1
        assert capture.times_back == 1


def test_kinds_of_packet_blocks(path: Path) -> None:
    path.write_bytes(
        section() + interface(1, snaplen=4) + simple(b"") + enhanced(9, b"abc")
        + block(5, bytes(12)) + simple(b"defg", original=99) + obsolete(11, b"h")
        + block(0x8000_0001, b"") + simple(b"ij")
    )  # fmt: skip
    packets = [(0, b""), (9000, b"abc"), (9000, b"defg"), (11000, b"h"), (11000, b"ij")]
    assert found(path) == packets
    assert found(path, 1) == packets


@pytest.mark.parametrize("kind", sorted(RECORD_BLOCKS))
@pytest.mark.parametrize("max_packets", [1, 4096])
def test_records_that_are_no_packets_are_numbered(path: Path, kind: int, max_packets: int) -> None:
    """As in Wireshark; they are not IP, and of no interface, even where there is none at all."""
    record = block(kind, b"\x08\0\x45\0" * 15)
    frame = bytes(12) + b"\x08\0\x45" + bytes(60)
    path.write_bytes(
        section() + record + interface(1) + interface(0) + record
        + enhanced(5, frame) + record + enhanced(7, frame) + section() + record
    )  # fmt: skip
    packets = [(0, b"")] * 2 + [(5000, frame), (5000, b""), (7000, frame), (7000, b"")]
    assert found(path, max_packets) == packets
    batches, error = read_all(path, max_packets)
    assert not error
    columns = [decode(batch) for batch in batches]
    info = [i for c in columns for i in c.info]
    assert [bool(i & INFO_NOT_IP) for i in info] == [True, True, False, True, False, True]
    for batch in batches:
        assert batch.interface is not None
        assert all(not batch.interface_names[i] for i in batch.interface.tolist())


@pytest.mark.parametrize("begins", [0, 1])
@pytest.mark.parametrize("ends", [0, 1])
def test_lengths_without_the_padding(path: Path, begins: int, ends: int) -> None:
    """Some writers count neither, either or both times; the next block is where it should be."""
    sound = section() + interface() + enhanced(1, b"abc") + block(7, b"xyz") + enhanced(2, b"de")
    data = b""
    while sound:
        kind, length = unpack_from("<II", sound)
        data += pack("<II", kind, length - begins) + sound[8 : length - 4]
        data += pack("<I", length - ends)
        sound = sound[length:]
    path.write_bytes(data)
    assert found(path) == [(1000, b"abc"), (2000, b"de")]


def test_minor_versions(path: Path) -> None:
    path.write_bytes(section()[:14] + pack("<H", 2) + section()[16:] + interface())
    assert found(path) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (enhanced(1, b"abc", 2), "a packet of interface 2, but the section describes 1"),
        (block(6, bytes(8)), "which no packet block is"),
        (pack("<III", 6, 11, 0) + pack("<I", 11), "the block says 11 bytes at"),
        (pack("<III", 6, 8, 0) + bytes(40), "8 bytes long, which no such block is"),
        (section()[:12] + pack("<HHqI", 1, 1, -1, 28), "pcapng version 1.1; aclbench reads"),
        (pack("<III", 6, 0, 0), "0 bytes long"),
        (pack("<III", 6, 1 << 30, 0), "more than any block"),
        (pack("<III", 7, 16, 0) + pack("<I", 20), "16 bytes at its beginning and 20 at its end"),
        (block(6, pack("<5I", 0, 0, 0, 99, 99)), "99 captured bytes, and has room for 0"),
        (block(6, pack("<5I", 0, 0, 0, 300_000, 0) + bytes(300_000)), "more than any frame"),
        (interface(195) + enhanced(1, b"a", 1), "interface 1: link type 195 (802.15.4)"),
        (section() + enhanced(1, b"a"), "a packet of interface 0, but the section describes 0"),
        (section() + simple(b"a"), "a packet of interface 0, but the section describes 0"),
        (section()[:8] + bytes(20), "byte order mark is 00 00 00 00"),
        (simple(b"abcdefgh", original=3), "3 captured bytes, and room for 8"),
        (interface(1, pack("<HHI", 2, 9, 0)), "an option of 9 bytes, and 4 bytes left for it"),
        (b"\6\0\0", "ends inside a block header"),
        (enhanced(1, b"abc")[:-1], "the block says 36 bytes, the file ends after 35"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [61, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_damage(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bad: bytes,
    message: str,
    chunk_bytes: int,
    packed: bool,
) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", chunk_bytes)
    sound = section() + interface() + enhanced(1, b"abc") + simple(b"abc")
    path.write_bytes(gzip.compress(sound + bad) if packed else sound + bad)
    batches, error = read_all(path)
    assert sum(map(len, batches)) == 2
    assert message in error
    assert error.startswith(f"{path}: offset ")
    assert (" of the unpacked data: " in error) == packed
    at = int(error.split("offset ")[1].split(":")[0].split()[0])
    assert len(sound) <= at < len(sound + bad)
    assert error.endswith("read 2 packets before it")


def test_no_more_interfaces_than_fit(path: Path) -> None:
    path.write_bytes(section() + interface() * (INTERFACE_LIMIT + 1))
    assert f"more than {INTERFACE_LIMIT} interfaces" in read_all(path)[1]


def test_cut_anywhere(path: Path) -> None:
    data = pcapng(RECORDS[:6])
    whole = [len(data)]
    for size in range(4, len(data)):
        path.write_bytes(data[:size])
        batches, error = read_all(path)
        whole.append(sum(map(len, batches)))
        assert not error or error.startswith(f"{path}: offset ")
    assert whole[1:] == sorted(whole[1:])


@pytest.mark.parametrize("packed", [False, True])
def test_resume(path: Path, packed: bool) -> None:
    data = pcapng(RECORDS) + section(">") + interface(113, order=">") + enhanced(1, b"z", 0, ">")
    path.write_bytes(gzip.compress(data) if packed else data)
    packets = found(path)
    with open_capture(path) as first:
        batches = first.batches(10)
        for taken in range(0, len(packets), 10):
            with open_capture(path) as second:
                second.resume(first.state)
                rest = list(second.batches(50))
                assert rest[0].first_number == first.packets_read + 1
                assert [b.frame(i) for b in rest for i in range(len(b))] == [
                    frame for _, frame in packets[first.packets_read :]
                ], taken
                assert second.times_back == 1
                assert rest[-1].link_type == 113
            next(batches)


def test_a_length_that_lies_changes_no_batch_before_it(path: Path) -> None:
    data = bytearray(pcapng(RECORDS))
    at = data.rindex(pack("<I", 6))
    for bit in range(32):
        copy = data[:]
        pack_into("<I", copy, at + 4, int(np.uint32(1) << np.uint32(bit)))
        path.write_bytes(copy)
        batches, error = read_all(path)
        assert sum(map(len, batches)) == len(RECORDS) - 1
        assert f"offset {at}: " in error


def test_descriptions_among_packets_part_no_batch(path: Path) -> None:
    """A description ahead of each packet: as many batches as without, each interface its own."""
    packets = 1000
    pairs = [interface(1) + enhanced(n, b"x", n) for n in range(packets)]
    path.write_bytes(section() + b"".join(pairs))
    batches, error = read_all(path)
    assert not error
    assert len(batches) < 10
    found_at = [n for batch in batches for n in batch.interface.tolist()]
    assert found_at == list(range(packets))


def sections_kept() -> int:
    """How many sections there are in this process, those that nobody has any more left out."""
    gc.collect()
    return sum(isinstance(each, Section) for each in gc.get_objects())


def test_blocks_behind_a_section_are_located_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may have a section for each packet: what is behind one is not gone through again, and
    none is kept behind its end."""
    located: list[int] = []

    def counted(data: bytes, size: int, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        located.append(len(at))
        return gather(data, size, at)

    monkeypatch.setattr(pcapng_module, "gather", counted)
    sections = 300
    path.write_bytes((section() + interface(1) + enhanced(10**15, b"x")) * sections)
    others = sections_kept()
    with open_capture(path) as capture:
        assert sum(map(len, capture.batches())) == sections
        assert sections_kept() < others + 10
    assert sum(located) < 200 * sections


@pytest.mark.parametrize("between", [0, 3])
def test_an_interface_is_known_from_its_description_on(path: Path, between: int) -> None:
    """Also where it is described before the batch ends; packets ahead of the damage are read."""
    early = enhanced(2, b"b", 0) * between
    path.write_bytes(section() + interface(1) + early + enhanced(1, b"a", 1) + interface(1))
    batches, error = read_all(path)
    assert sum(map(len, batches)) == between
    assert "a packet of interface 1, but the section describes 1" in error


def test_a_damaged_description_among_packets_ends_what_is_read(path: Path) -> None:
    damaged = interface(1, pack("<HH", 2, 60))
    path.write_bytes(section() + interface(1) + enhanced(1, b"a") + damaged + enhanced(2, b"b"))
    batches, error = read_all(path)
    assert sum(map(len, batches)) == 1
    assert "an option of 60 bytes" in error


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_in_a_row_are_read_as_blocks_of_all_kinds_are(path: Path, order: str) -> None:
    """Also where one is damaged, at any byte that is no packet's; few are located in the one way,
    as many as were asked for in the other."""
    data = section(order) + interface(1, order=order, snaplen=50) + interface(147, order=order)
    at = len(data)
    data += b"".join(enhanced(n << 30, bytes(8), 0, order) for n in range(5))
    size = (len(data) - at) // 5
    places = [*range(28), *range(size - 4, size)]
    for place in places:
        for value in (0, 1, 5, 32, 64, 0x7F, 0x80, 0xFF):
            copy = bytearray(data)
            copy[at + 2 * size + place] = value
            path.write_bytes(copy)
            kinds, error = read_all(path)
            run, run_error = read_all(path, 1)
            assert run_error == error
            assert _rows(run) == _rows(kinds)


def _rows(batches: list[RawBatch]) -> list[tuple[object, ...]]:
    return [
        (
            int(b.time_ns[i]),
            b.frame(i),
            b.original(i),
            b.link_of(i),
            b.interface is not None and int(b.interface[i]),
        )
        for b in batches
        for i in range(len(b))
    ]


def test_many_packets_in_a_row(path: Path) -> None:
    """A run of them is a batch, and goes on behind what is between them."""
    records = [(10**18 + n * 1000, bytes([n % 50]) * (n % 50)) for n in range(1000)]
    data = section() + interface(1, option(9, b"\x09"))
    for number, (time_ns, frame) in enumerate(records):
        data += enhanced(time_ns, frame)
        if number in (300, 310):
            data += interface(113)
        if number == 600:
            data += enhanced(1 << 63, b"late") + simple(b"as late")
    path.write_bytes(data)
    frames = [frame for _, frame in records]
    frames[601:601] = [b"late", b"as late"]
    assert [frame for _, frame in found(path)] == frames
    times = [time for time, _ in found(path)]
    assert times[:601] == [time_ns for time_ns, _ in records[:601]]
    assert times[601:603] == [(1 << 63) - 1] * 2
