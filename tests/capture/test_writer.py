"""What is written is what is read; what the format cannot hold is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import open_capture, write_pcap
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
