"""Several captures as one stream: in order, and merged by time whatever the batches."""

from __future__ import annotations

from itertools import accumulate, chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from capture.containers import pcap, pcapng
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import reader as reader_module
from aclbench.capture.reader import CaptureReader
from aclbench.capture.sequence import CaptureSequence, Group
from aclbench.errors import CaptureError

#: A capture and a packet's number in it.
Packet = tuple[int, int]


def packets_of(group: Group) -> list[Packet]:
    """The packets of a group in the order in which they are given out."""
    rows = [
        (part.capture, part.first_number + row) for part in group.parts for row in range(len(part))
    ]
    assert (group.order is None) == (len(group.parts) == 1)
    return rows if group.order is None else [rows[i] for i in group.order.tolist()]


def write(folder: Path, captures: list[list[int]], formats: list[bool]) -> list[Path]:
    """Captures with packets at these times, in ns; pcapng where `formats` is true."""
    paths = []
    for n, (times, is_ng) in enumerate(zip(captures, formats, strict=False)):
        paths.append(folder / f"{n}.cap")
        paths[-1].write_bytes((pcapng if is_ng else pcap)([(t, bytes(20)) for t in times]))
    return paths


def merged(captures: list[list[int]]) -> list[Packet]:
    """The rule: by the latest time seen in the capture so far, then capture, then number."""
    all_packets = [
        (latest, capture, number)
        for capture, times in enumerate(captures)
        for number, latest in enumerate(accumulate(times, max), 1)
    ]
    return [(capture, number) for _, capture, number in sorted(all_packets)]


_TIMES = st.lists(st.integers(0, 40), max_size=40)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few packets, so that there are many of them."""
    small_chunks(monkeypatch)


def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "CHUNK_BYTES", 200)
    arriving = CaptureReader.arriving
    monkeypatch.setattr(CaptureReader, "arriving", lambda self: arriving(self, 3))


@given(
    captures=st.lists(_TIMES, min_size=1, max_size=4), formats=st.lists(st.booleans(), min_size=4)
)
def test_merging_is_stable_and_can_go_on_anywhere(
    captures: list[list[int]], formats: list[bool]
) -> None:
    """By time, captures in the order named, none out of its own order.

    From each group's positions on the same packets follow.
    """
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        small_chunks(patch)
        paths = write(Path(folder), captures, formats)
        groups = list(CaptureSequence(paths, by_time=True).groups())
        found = [packets_of(group) for group in groups]
        assert list(chain.from_iterable(found)) == merged(captures)
        for n in {0, len(groups) // 2, len(groups) - 1} if groups else ():
            again = CaptureSequence(paths, by_time=True)
            rest = [p for group in again.groups(groups[n].positions) for p in packets_of(group)]
            assert rest == list(chain.from_iterable(found[n:]))
            assert again.times_back == sum(
                int((np.array(times) < np.maximum.accumulate(times)).sum())
                for times in captures
                if times
            )


@pytest.mark.usefixtures("small_batches")
def test_no_more_than_a_batch_of_each_is_held(tmp_path: Path) -> None:
    """Also where one capture has a hundred packets for each of the other."""
    captures = [list(range(0, 3000, 10)), list(range(0, 3000, 1000))]
    groups = list(CaptureSequence(write(tmp_path, captures, [False] * 2), True).groups())
    assert max(sum(map(len, group.parts)) for group in groups) <= 6
    assert [p for group in groups for p in packets_of(group)] == merged(captures)


@pytest.mark.usefixtures("small_batches")
def test_in_order(tmp_path: Path) -> None:
    """One after the other, an empty one too; a capture that begins earlier goes back in time."""
    captures = [[5, 9, 7, 10], [], [3, 10, 11, 12]]
    paths = write(tmp_path, captures, [False, True, False])
    sequence = CaptureSequence(paths, by_time=False)
    groups = list(sequence.groups())
    found = [p for group in groups for p in packets_of(group)]
    assert found == [(0, n) for n in range(1, 5)] + [(2, n) for n in range(1, 5)]
    assert sequence.times_back == 2  # the 7, and the 3
    again = CaptureSequence(paths, by_time=False)
    assert [p for g in again.groups(groups[-1].positions) for p in packets_of(g)] == found[-1:]
    assert again.times_back == 2
    assert sequence.size_bytes == sum(path.stat().st_size for path in paths)
    assert 0 < groups[-1].done_bytes <= sequence.size_bytes


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("by_time", [True, False])
def test_damage_ends_all_where_it_is(tmp_path: Path, by_time: bool) -> None:
    """What comes before it is given out, of every capture; the message names the file."""
    captures = [[1, 3, 5, 7, 9], list(range(2, 40, 2))]
    paths = write(tmp_path, captures, [False, False])
    paths[0].write_bytes(paths[0].read_bytes()[:-3])
    found: list[Packet] = []
    groups = CaptureSequence(paths, by_time).groups()
    with pytest.raises(CaptureError, match=rf"{paths[0]}: offset .* read 4 packets"):
        found.extend(p for group in groups for p in packets_of(group))
    assert found == (merged([captures[0][:4], captures[1][:3]]) if by_time else merged([[1] * 4]))
