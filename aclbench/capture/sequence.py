"""Several captures as one stream of packets: one after the other, or merged by time.

Merging holds one batch of each capture in memory. Up to the earliest end of these batches nothing
can come in between any more; so that part is sorted, yielded as a group, and the capture whose
batch ended reads its next. Packets with equal times come in the order in which the captures were
named. A packet whose time goes back within its capture is sorted by the latest time before it, so
no capture loses its own order.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch
from aclbench.capture.reader import CaptureReader, ReaderState, open_capture
from aclbench.capture.stream import awaiting_header


class CapturePosition(NamedTuple):
    """How far one capture was read.

    `rows` packets behind a state of its reader, which is None before it was opened; `ended`: all.
    """

    reader: ReaderState | None = None
    rows: int = 0
    ended: bool = False


class Group(NamedTuple):
    """Packets that are yielded together: consecutive ones of one or more captures.

    `order` has for each packet its row in the parts, one part behind the other; None where there is
    one part, in its own order. `positions` says where each capture was at the beginning of the
    group, `done_bytes` how many bytes of the files, about, were done with there.
    """

    parts: tuple[RawBatch, ...]
    order: NDArray[np.int64] | None
    positions: tuple[CapturePosition, ...]
    done_bytes: int

    @property
    def first_time_ns(self) -> int:
        """The time of the first packet, the capture's own."""
        row = 0 if self.order is None else int(self.order[0])
        for part in self.parts:
            if row < len(part):
                return int(part.time_ns[row])
            row -= len(part)
        raise AssertionError("a group has packets")


class CaptureSequence:
    """The packets of captures, in groups; each capture is opened when its turn comes.

    `by_time` merges them, otherwise they follow one another. `size_bytes` is that of all files;
    `times_back` counts the packets read whose time lies before an earlier one's, of the same
    capture or one that they follow.
    """

    def __init__(self, captures: Sequence[Path], by_time: bool) -> None:
        self._captures = tuple(captures)
        self._by_time = by_time
        self._sizes = [path.stat().st_size if path.is_file() else 0 for path in captures]
        self._positions = [CapturePosition()] * len(captures)
        self._times_back = [0] * len(captures)

    @property
    def size_bytes(self) -> int:
        """The sizes of the files together."""
        return sum(self._sizes)

    @property
    def times_back(self) -> int:
        """Packets read so far whose time lies before an earlier one's."""
        return sum(self._times_back)

    def groups(self, positions: Sequence[CapturePosition] | None = None) -> Iterator[Group | None]:
        """All packets in order, or from where a group's `positions` say. Can be iterated once.

        Where a capture cannot be read, or not further, yields what comes before that, of all
        captures, then raises CaptureError. In slices: None while a pipe holds nothing yet.
        """
        if positions is not None:
            self._positions = list(positions)
        return self._merged() if self._by_time else self._one_by_one()

    def _one_by_one(self) -> Iterator[Group | None]:
        latest_ns = 0
        for capture, position in enumerate(self._positions):
            if position.ended:
                latest_ns = self._note_ended(capture, position)
                continue
            yield from awaiting_header(self._captures[capture])
            with _Reading(self._captures[capture], capture, position, latest_ns) as reading:
                while (yield from self._loading(reading)):
                    yield self._group([reading], [reading.part(len(reading.times))])
                latest_ns = reading.reader.latest_ns

    def _merged(self) -> Iterator[Group | None]:
        readings: list[_Reading] = []
        try:
            for capture, position in enumerate(self._positions):
                if position.ended:
                    self._note_ended(capture, position)
                else:
                    yield from awaiting_header(self._captures[capture])
                    readings.append(_Reading(self._captures[capture], capture, position, 0))
            live = yield from self._live(readings)
            while live:
                yield self._group(live, _cut(live))
                live = yield from self._live(live)
        finally:
            for reading in readings:
                reading.reader.close()

    def _live(self, readings: list[_Reading]) -> Generator[None, None, list[_Reading]]:
        """Those that have packets left, each with a batch."""
        live: list[_Reading] = []
        for reading in readings:
            if reading.row < len(reading.times) or (yield from self._loading(reading)):
                live.append(reading)  # noqa: PERF401 (a comprehension cannot yield)
        return live

    def _loading(self, reading: _Reading) -> Generator[None, None, bool]:
        """Load the next batch of a capture; False at its end."""
        found = yield from reading.loading()
        self._times_back[reading.capture] = reading.reader.times_back
        if not found:
            self._positions[reading.capture] = CapturePosition(reading.begin, 0, True)
        return found

    def _note_ended(self, capture: int, position: CapturePosition) -> int:
        """Add the counts of a capture that was read before; returns its latest time."""
        assert position.reader is not None
        self._times_back[capture] = position.reader.times_back
        return position.reader.latest_ns

    def _group(self, live: list[_Reading], parts: list[_Part]) -> Group:
        """The group of these parts; advances behind them."""
        done_bytes = 0
        for reading in live:
            self._positions[reading.capture] = CapturePosition(reading.begin, reading.begin_row)
            done_bytes += reading.done_bytes
        for size, position in zip(self._sizes, self._positions, strict=True):
            done_bytes += size if position.ended else 0
        order = None
        if len(parts) > 1:
            order = np.argsort(np.concatenate([part.times for part in parts]), kind="stable")
        return Group(tuple(part.batch for part in parts), order, tuple(self._positions), done_bytes)


class _Part(NamedTuple):
    """A slice of a batch, with the times by which its packets are sorted."""

    batch: RawBatch
    times: NDArray[np.int64]


class _Reading:
    """One capture being read: its batch, and the row up to which that was yielded."""

    def __init__(self, path: Path, capture: int, position: CapturePosition, latest_ns: int) -> None:
        self.capture = capture
        self.reader: CaptureReader = open_capture(path, capture=capture)
        if position.reader is not None:
            self.reader.resume(position.reader)
        else:
            self.reader.latest_ns = latest_ns
        self._batches = self.reader.arriving()
        self._skip = position.rows
        #: The reader's state at the beginning of the batch, and about how much was read by then.
        self.begin = self.reader.state
        self.done_bytes = 0
        self._batch: RawBatch | None = None
        #: The times of the batch, none before the one ahead of it.
        self.times: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.row = 0
        #: Where the part yielded last begins.
        self.begin_row = 0

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, *why: object) -> None:
        self.reader.close()

    def loading(self) -> Generator[None, None, bool]:
        """Load the next batch with packets to yield; False if there is none."""
        self._note_begin()
        for batch in self._batches:
            if batch is None:
                yield
                continue
            self.row = min(self._skip, len(batch))
            self._skip -= self.row
            if self.row < len(batch):
                self._batch = batch
                times = np.maximum(batch.time_ns, self.begin.latest_ns)
                self.times = np.maximum.accumulate(times)
                return True
            self._note_begin()
        return False

    def _note_begin(self) -> None:
        self.begin, self.done_bytes = self.reader.state, self.reader.done_bytes

    def part(self, end: int) -> _Part:
        """The packets up to a row; advances behind them."""
        assert self._batch is not None
        self.begin_row, self.row = self.row, end
        return _Part(self._batch.part(self.begin_row, end), self.times[self.begin_row : end])


def _cut(live: list[_Reading]) -> list[_Part]:
    """All that surely comes before anything not read yet, a part of each capture.

    The capture whose batch ends first gives all of it, and may have more packets with its last
    time: so those named after it give what comes before that time, those named before it that time
    too.
    """
    first = min(live, key=lambda reading: int(reading.times[-1]))
    horizon = first.times[-1]
    parts: list[_Part] = []
    is_before = True
    for reading in live:
        if reading is first:
            end, is_before = len(reading.times), False
        else:
            end = int(np.searchsorted(reading.times, horizon, "right" if is_before else "left"))
        part = reading.part(max(end, reading.row))
        if len(part.times):
            parts.append(part)
    return parts
