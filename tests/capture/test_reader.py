"""Reading captures: both byte orders, both resolutions, batches, and every kind of damage."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import reader
from aclbench.capture.batch import RawBatch
from aclbench.capture.reader import open_capture
from aclbench.capture.writer import write_pcap
from aclbench.errors import CaptureError

FRAMES = [bytes([i]) * (14 + i % 50) for i in range(1, 200)]
START_NS = 1_700_000_000_123_456_789


def pcap(
    frames: list[bytes], order: str = "<", nanosecond: bool = False, link: int = 1, snaplen: int = 0
) -> bytes:
    """A classic pcap, written without the writer; packet i is i seconds and 7 units after 1000."""
    magic = 0xA1B23C4D if nanosecond else 0xA1B2C3D4
    data = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    for i, frame in enumerate(frames):
        data += struct.pack(f"{order}IIII", 1000 + i, 7, len(frame), len(frame) + 5) + frame
    return data


def read_all(path: Path, max_packets: int = 4096) -> tuple[list[bytes], list[int], str]:
    """Frames and times of a capture, and the error at its end, if there was one."""
    frames: list[bytes] = []
    times: list[int] = []
    with open_capture(path) as capture:
        try:
            for batch in capture.batches(max_packets):
                assert 0 < len(batch) <= max_packets
                assert batch.first_number == len(frames) + 1
                frames += [batch.frame(i) for i in range(len(batch))]
                times += batch.time_ns.tolist()
        except CaptureError as error:
            return frames, times, str(error)
    return frames, times, ""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcap"


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of which most records cross an edge."""
    monkeypatch.setattr(reader, "CHUNK_BYTES", 61)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little endian", "big endian"])
@pytest.mark.parametrize("nanosecond", [False, True])
def test_byte_orders_and_resolutions(path: Path, order: str, nanosecond: bool) -> None:
    path.write_bytes(pcap(FRAMES, order, nanosecond))
    frames, times, error = read_all(path)
    assert frames == FRAMES
    unit_ns = 1 if nanosecond else 1000
    assert times == [(1000 + i) * 10**9 + 7 * unit_ns for i in range(len(FRAMES))]
    assert not error


def test_what_the_file_header_says(path: Path) -> None:
    path.write_bytes(pcap(FRAMES, nanosecond=True, link=1 | 0x2400_0000))
    with open_capture(path) as capture:
        assert capture.path == str(path)
        assert next(capture.batches()).link_type == 1
        assert capture.size_bytes == capture.position_bytes == path.stat().st_size


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("max_packets", [1, 2, 7, 4096])
def test_chunk_and_batch_sizes_make_no_difference(path: Path, max_packets: int) -> None:
    path.write_bytes(pcap(FRAMES))
    frames, times, error = read_all(path, max_packets)
    assert frames == FRAMES
    assert len(times) == len(FRAMES)
    assert not error


def test_memory_does_not_grow_with_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", 4096)
    write_pcap(path, ((i, bytes(100)) for i in range(2000)))
    with open_capture(path) as capture:
        assert all(len(batch.data) < 4096 + 116 for batch in capture.batches())


def test_progress(path: Path) -> None:
    path.write_bytes(pcap(FRAMES))
    with open_capture(path) as capture:
        positions = [capture.position_bytes for _ in capture.batches(50)]
        assert positions == sorted(positions)
        assert capture.position_bytes == capture.size_bytes == path.stat().st_size
        assert capture.packets_read == len(FRAMES)


def test_resume_goes_on_where_another_reader_was(path: Path) -> None:
    path.write_bytes(pcap(FRAMES))
    with open_capture(path) as first, open_capture(path) as second:
        next(first.batches(50))
        second.resume(first.state)
        (batch,) = second.batches()
        assert batch.first_number == 51
        assert [batch.frame(i) for i in range(len(batch))] == FRAMES[50:]
        assert second.position_bytes == path.stat().st_size


def test_a_batch_outlives_the_reader(path: Path) -> None:
    path.write_bytes(pcap(FRAMES))
    with open_capture(path) as capture:
        batches: list[RawBatch] = list(capture.batches(10))
    assert [batch.frame(0) for batch in batches] == FRAMES[::10]


def test_a_pipe_has_no_size() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, pcap(FRAMES[:9]))
    os.close(write_end)
    with open_capture(f"/dev/fd/{read_end}") as capture:
        assert capture.size_bytes == 0
        assert sum(map(len, capture.batches())) == 9
    os.close(read_end)


def test_empty_packets_and_no_packets(path: Path) -> None:
    path.write_bytes(pcap([b"", b"abc", b""]))
    assert read_all(path)[0] == [b"", b"abc", b""]
    path.write_bytes(pcap([]))
    assert read_all(path) == ([], [], "")


@pytest.mark.usefixtures("small_chunks")
@given(size=st.integers(24, len(pcap(FRAMES[:12])) - 1))
def test_cut_anywhere(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.pcap"
    path.write_bytes(pcap(FRAMES[:12])[:size])
    ends = [24]
    for frame in FRAMES[:12]:
        ends.append(ends[-1] + 16 + len(frame))
    whole = sum(end <= size for end in ends) - 1
    frames, _, error = read_all(path, 5)
    assert frames == FRAMES[:whole]
    if size == ends[whole]:
        assert not error
    else:
        assert error.startswith(f"{path}: offset {ends[whole]}: the ")
        assert error.endswith(f"read {whole} packet{'s' if whole != 1 else ''} before it")


@pytest.mark.parametrize("chunk_bytes", [61, 1 << 20])
@pytest.mark.parametrize("bad", [0, 1, 17])
def test_a_length_that_cannot_be(
    path: Path, monkeypatch: pytest.MonkeyPatch, bad: int, chunk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", chunk_bytes)
    data = bytearray(pcap(FRAMES))
    at = 24 + sum(16 + len(frame) for frame in FRAMES[:bad])
    struct.pack_into("<I", data, at + 8, 99_999_999)
    path.write_bytes(data)
    frames, _, error = read_all(path)
    assert frames == FRAMES[:bad]
    packets = {0: "0 packets", 1: "1 packet", 17: "17 packets"}[bad]
    assert error == (
        f"{path}: offset {at}: the record says 99999999 bytes, more than any frame (262144); "
        f"read {packets} before it"
    )


def test_a_length_too_long_is_damage_even_where_the_file_is_longer(path: Path) -> None:
    path.write_bytes(pcap([b"abc", bytes(262_145), b"def"]) + bytes(1 << 20))
    frames, _, error = read_all(path)
    assert frames == [b"abc"]
    assert "the record says 262145 bytes, more than any frame (262144)" in error


@pytest.mark.parametrize(
    ("snaplen", "readable"), [(0, False), (300_000, True), (0xFFFF_FFFF, False)]
)
def test_a_believable_snapshot_length_allows_longer_frames(
    path: Path, snaplen: int, readable: bool
) -> None:
    frames = [bytes(300_000), b"abc"]
    path.write_bytes(pcap(frames, snaplen=snaplen))
    assert read_all(path)[0] == (frames if readable else [])


def test_frames_longer_than_a_chunk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK_BYTES", 100)
    frames = [b"abc", bytes(5000), b"def", bytes(262_144), b"ghi"]
    path.write_bytes(pcap(frames))
    assert read_all(path)[0] == frames


SNOOP = b"snoop\0\0\0"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "not a capture: it begins with 68 65 6c 6c"),
        (b"\xd4", "not a capture: it begins with d4"),
        (pcap([])[:20], "offset 0: the file ends inside the file header (20 of 24 bytes)"),
        (b"\x1f\x8b\x08\0", "offset 0: the file ends inside its gzip data"),
        (b"\x1f\x8bnoise", "offset 0: the gzip data are damaged"),
        (gzip.compress(gzip.compress(pcap([]), mtime=0), mtime=0), "gzip-compressed twice"),
        (b"\xfd7zXZ\0", "xz-compressed"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
        (SNOOP, "a snoop capture"),
        (bytes.fromhex("34cdb2a1"), "pcap in a modified form"),
        (bytes.fromhex("1c0001ab"), "pcap in a modified form (IXIA)"),
        (b"GMBU\0\2", "a Network Monitor 2 capture; aclbench reads pcap and pcapng: convert it"),
        (b"btsnoop\0", "a Bluetooth capture; aclbench reads pcap and pcapng: it has no IP"),
        (b"PK\3\4", "a ZIP archive; aclbench reads pcap and pcapng: unpack it first"),
        (pcap([], link=155), "link type 155 (private use)"),
        (pcap([], link=195), "link type 195 (802.15.4); aclbench reads Ethernet (1)"),
        (pcap([], link=12345), "link type 12345 (unknown to aclbench)"),
        (pcap([])[:4] + struct.pack("<HH", 1, 2) + pcap([])[8:], "pcap version 1.2"),
    ],
)
def test_what_is_not_read_is_named(path: Path, data: bytes, message: str) -> None:
    path.write_bytes(data)
    with pytest.raises(CaptureError) as raised:
        open_capture(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("version", "lengths"),
    [
        ((2, 0), [(20, 15), (15, 15)]),
        ((2, 2), [(20, 15), (15, 15)]),
        ((2, 3), [(20, 15), (15, 20), (15, 15)]),
        ((2, 5), [(15, 20), (15, 15)]),
        ((3, 0), [(15, 20), (15, 15)]),
        ((543, 0), [(20, 15), (15, 15)]),
    ],
)
def test_other_versions(
    path: Path, version: tuple[int, int], lengths: list[tuple[int, int]], order: str
) -> None:
    """Before version 2.3 the original length comes first, in it either."""
    data = pcap([], order)
    data = data[:4] + struct.pack(f"{order}HH", *version) + data[8:]
    frame = bytes(range(1, 16))
    for pair in lengths * 3:
        data += struct.pack(f"{order}4I", 1000, 7, *pair) + frame
    path.write_bytes(data)
    assert read_all(path)[::2] == ([frame] * len(lengths) * 3, "")
    path.write_bytes(data[:-1])
    frames, _, error = read_all(path)
    assert frames == [frame] * (len(lengths) * 3 - 1)
    assert "the record says 15 bytes, the file ends after 14" in error


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("more", [4, 8, 12])
def test_longer_record_headers_are_a_modified_form(path: Path, order: str, more: int) -> None:
    data = pcap([], order)
    for second in range(3):
        header = struct.pack(f"{order}4I", 1_000_000_000 + second, 900_000, 60, 60)
        data += header + bytes(more) + bytes(60)
    path.write_bytes(data)
    frames, _, error = read_all(path)
    assert not frames
    assert f"offset 24: record headers of {16 + more} bytes" in error
    assert "convert it with `editcap -F pcap`" in error


def test_a_silence_of_years_is_no_modified_form(path: Path) -> None:
    record = struct.pack("<4I", 0, 5, 14, 20) + bytes(14)
    later = struct.pack("<4I", 1_700_000_000, 100, 14, 20) + b"\xff" * 14
    path.write_bytes(pcap([]) + record + later)
    assert read_all(path)[::2] == ([bytes(14), b"\xff" * 14], "")


def test_the_advice_is_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    for name, made in (("a b.snoop", "a b.pcap"), ("c.pcap", "c-classic.pcap")):
        path = tmp_path / name
        path.write_bytes(SNOOP)
        with pytest.raises(CaptureError) as raised:
            open_capture(path)
        command = str(raised.value).split("`")[1]
        quoted = [f"'{tmp_path / n}'" if " " in n else str(tmp_path / n) for n in (name, made)]
        assert command == f"editcap -F pcap {quoted[0]} {quoted[1]}"


def test_no_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"none\.pcap: no such file"):
        open_capture(tmp_path / "none.pcap")
    with pytest.raises(CaptureError, match="a directory; name a capture in it"):
        open_capture(tmp_path)
    with pytest.raises(CaptureError, match="/dev/zero: cannot be opened: a device"):
        open_capture("/dev/zero")


def test_no_permission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path.touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CaptureError, match="no permission to read it"):
        open_capture(path)


def test_no_batches_of_nothing(path: Path) -> None:
    path.write_bytes(pcap(FRAMES))
    with open_capture(path) as capture, pytest.raises(ValueError, match="max_packets is 0"):
        next(capture.batches(0))
