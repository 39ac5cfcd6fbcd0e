"""Where the bytes come from: gzip, pipes, standard input, a look ahead."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zlib
from pathlib import Path

import pytest
from capture.containers import pcap, read_all

from aclbench.capture.guess import guess_inside
from aclbench.capture.reader import open_capture
from aclbench.capture.stream import can_be_read_again
from aclbench.errors import CaptureError

RECORDS = [(10**18 + i, bytes([i]) * 50) for i in range(200)]
DATA = pcap(RECORDS)


def count(path: Path | str) -> tuple[int, str]:
    batches, error = read_all(path)
    return sum(map(len, batches)), error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.gz"


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    """A pipe that holds a capture and ends."""
    read_end, write_end = os.pipe()
    os.write(write_end, DATA)
    os.close(write_end)
    return f"/dev/fd/{read_end}"


def test_pieces_of_gzip_and_what_follows_them(path: Path) -> None:
    parts = [gzip.compress(DATA[at : at + 999], mtime=0) for at in range(0, len(DATA), 999)]
    path.write_bytes(b"".join(parts))
    assert count(path) == (200, "")
    path.write_bytes(b"".join(parts) + bytes(100))
    assert count(path) == (200, "")


def test_gzip_cut_anywhere(path: Path) -> None:
    packed = gzip.compress(DATA, mtime=0)
    for size in range(2, len(packed), 7):
        path.write_bytes(packed[:size])
        assert "the file ends inside its gzip data" in count(path)[1]


def test_damaged_gzip_gives_what_came_before(path: Path) -> None:
    packed = bytearray(gzip.compress(DATA, mtime=0))
    packed[-6] ^= 1  # the checksum
    path.write_bytes(packed)
    packets, error = count(path)
    assert packets == 200
    assert "of the unpacked data: the gzip data are damaged (" in error


def test_progress_is_counted_in_packed_bytes(path: Path) -> None:
    path.write_bytes(gzip.compress(DATA))
    with open_capture(path) as capture:
        assert sum(map(len, capture.batches())) == 200
        assert capture.done_bytes == capture.size_bytes == path.stat().st_size
        assert capture.position_bytes == len(DATA)


def test_a_bomb_takes_no_memory(path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    record = pcap([(0, bytes(60_000))])[24:]
    with path.open("wb") as file:
        file.write(packer.compress(DATA[:24]))
        for _ in range(800):  # 48 MB
            file.write(packer.compress(record))
        file.write(packer.flush())
    tracemalloc.start()
    with open_capture(path) as capture:
        assert sum(map(len, capture.batches())) == 800
    assert tracemalloc.get_traced_memory()[1] < 24 << 20
    tracemalloc.stop()


def test_a_pipe_is_read_once(fifo: str) -> None:
    assert not can_be_read_again(fifo)
    with open_capture(fifo) as capture:
        next(capture.batches(10))
        with pytest.raises(CaptureError, match="the run cannot be taken back"):
            capture.resume(capture.state)


def test_what_was_looked_at_is_read_again(fifo: str) -> None:
    guess_inside(fifo)
    guess_inside(fifo)
    assert count(fifo) == (200, "")
    assert count(fifo)[1].endswith("the file is empty; a capture begins with a header of 24 bytes")


def test_a_look_ahead_has_an_end(fifo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.capture.stream.LOOK_AHEAD_BYTES", 500)
    guess_inside(fifo)
    assert count(fifo) == (200, "")


def test_standard_input(fifo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(fifo, "rb") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert count("-") == (200, "")
        assert count("-")[1].startswith("standard input: the file is empty")
    assert count("-")[1] == "standard input: cannot be opened: it is closed"
