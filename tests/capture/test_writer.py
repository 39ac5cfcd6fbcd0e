"""What is written is what is read; what the format cannot hold is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.reader import open_capture
from aclbench.capture.writer import RECORD_HEADER_BYTES, PcapWriter, write_pcap
from aclbench.errors import CaptureError

_TIMES = st.integers(0, 10**9 * 2**32 - 1)


@given(
    records=st.lists(st.tuples(_TIMES, st.binary(max_size=80)), max_size=20),
    nanosecond=st.booleans(),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[int, bytes]], nanosecond: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.pcap"
    assert write_pcap(path, records, nanosecond) == len(records)
    unit_ns = 1 if nanosecond else 1000
    found = []
    with open_capture(path) as capture:
        for batch in capture.batches(3):
            found += [(batch.time_ns[i], batch.frame(i)) for i in range(len(batch))]
    assert found == [(time_ns // unit_ns * unit_ns, frame) for time_ns, frame in records]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ((-1, b""), "packet 2: the time is -1 ns"),
        ((10**9 << 32, b""), "pcap holds 1970 to 2106"),
        ((0, bytes(262_145)), "packet 2: 262145 bytes, more than any frame"),
    ],
)
def test_no_room_for_it(tmp_path: Path, record: tuple[int, bytes], message: str) -> None:
    with pytest.raises(CaptureError, match=message):
        write_pcap(tmp_path / "x.pcap", [(0, b"ok"), record])


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written"):
        write_pcap(tmp_path, [])


def test_many_at_once_are_as_one_by_one(tmp_path: Path) -> None:
    records = [(1, b"a"), (5 * 10**9 + 7, b""), (10**9 * 2**32 - 1, b"some more")]
    captured = np.array([len(frame) for _, frame in records])
    offset = np.cumsum(captured + RECORD_HEADER_BYTES) - captured
    times = np.array([time_ns for time_ns, _ in records])
    gap = bytes(RECORD_HEADER_BYTES)
    for nanosecond in (True, False):
        data = np.frombuffer(bytearray(b"".join(gap + frame for _, frame in records)), np.uint8)
        one, many = tmp_path / "one.pcap", tmp_path / "many.pcap"
        write_pcap(one, records * 2, nanosecond)
        with PcapWriter(many, nanosecond) as writer:
            writer.write_batch(data, offset, captured, times)
            writer.write_batch(data, offset, captured, times)
        assert writer.count == 6
        assert many.read_bytes() == one.read_bytes()
    with PcapWriter(many) as writer:
        with pytest.raises(CaptureError, match="packet 2: the time is -1 ns"):
            writer.write_batch(data, offset, captured, np.array([0, -1, 0]))
        with pytest.raises(ValueError, match="do not follow one another"):
            writer.write_batch(data, offset + 1, captured, times)


def test_a_name_in_gz_is_compressed(tmp_path: Path) -> None:
    plain, packed = tmp_path / "x.pcap", tmp_path / "x.pcap.gz"
    for path in (plain, packed, tmp_path / "y.gz"):
        write_pcap(path, [(3, b"frame")] * 50)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert (tmp_path / "y.gz").read_bytes() == packed.read_bytes()
