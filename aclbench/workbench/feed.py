"""From captures to frames: read in batches, decoded into columns, steered to interfaces.

A feed streams: it holds one batch. Bench time starts where the clock stands as the first packet is
handed over, and keeps the distances of the capture; what lies behind the latest packet is handed
over at once, since the clock never goes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from aclbench.capture import (
    Columns,
    RawBatch,
    ReaderState,
    Steering,
    as_ethernet,
    can_be_read_again,
    decode,
    open_capture,
)
from aclbench.drivers.frame import FRAME_SIZE, Frame
from aclbench.engine.main import AclMain
from aclbench.errors import CaptureError


class FeedState(NamedTuple):
    """Where a feed is: in which capture, at which batch of it, and how far into that batch.

    `reader` is the reader's state at the beginning of the batch, None before the first one.
    `times_back` is of the captures before this one.
    """

    capture: int
    reader: ReaderState | None
    times_back: int
    position: int
    offset: int | None
    read: int


class _Batch(NamedTuple):
    """A batch, where it begins, and about how many bytes of its file are done with there.

    `times_back` is of the captures before this one.
    """

    capture: int
    reader: ReaderState
    done_bytes: int
    times_back: int
    raw: RawBatch


class Feed:
    """Frames of the captures in order, for `SteppedDriver.source`.

    `error` is set, and the feed at its end, when a capture cannot be read or not further.
    """

    def __init__(
        self,
        captures: Sequence[Path],
        steering: Steering,
        am: AclMain,
        start: int,
        frame_size: int = FRAME_SIZE,
    ) -> None:
        self.error: CaptureError | None = None
        self.read: int = 0
        self.captures = tuple(captures)
        self.steering = steering
        self.start = start
        self.frame_size = frame_size
        self._am = am
        #: Bench time minus capture time; None until the first packet.
        self._offset: int | None = None
        #: Packets read so far whose time lies before that of an earlier one of their capture.
        self.times_back = 0
        self._batches = self._read_all(0, None, 0)
        self._batch: _Batch | None = None
        self._columns: Columns | None = None
        self._rx: list[int] = []
        self._position = 0

    def next_frame(self) -> Frame | None:
        """The next packets; None at the end."""
        while self._columns is None or self._position >= len(self._columns.info):
            batch = next(self._batches, None)
            if batch is None:
                return None
            self._take_up(batch)
        columns = self._columns
        first, last = self._position, self._position + self.frame_size
        self._position = last
        times = columns.time_ns[first:last]
        if self._offset is None:
            self._offset = self.start - times[0]
        offset = self._offset
        number = columns.first_number + first
        self.read += len(times)
        return Frame(
            [time + offset for time in times],
            range(number, number + len(times)),
            self._rx[first:last],
            columns.key[first:last],
            columns.mirror_key[first:last],
            columns.info[first:last],
        )

    def record(self, number: int) -> tuple[int, bytes]:
        """Time (ns, the capture's own) and frame of a packet of the frame handed over last.

        A packet of another link type comes as the Ethernet frame that it amounts to.
        """
        assert self._batch is not None
        raw = self._batch.raw
        index = number - raw.first_number
        return int(raw.time_ns[index]), as_ethernet(raw.frame(index), raw.link_of(index))

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the captures that are done with, about, and their sizes together."""
        sizes = [path.stat().st_size if path.is_file() else 0 for path in self.captures]
        batch = self._batch
        done = 0 if batch is None else sum(sizes[: batch.capture]) + batch.done_bytes
        return done, sum(sizes)

    def decode_again(self, frame: Frame | None) -> Frame | None:
        """Read the packets of a frame that are not handled yet anew, after a change of settings.

        Returns the frame to go on with instead.
        """
        if self._batch is None or self._columns is None:
            return frame
        unhandled = len(frame) if frame is not None else 0
        handed = min(self._position, len(self._columns.info))
        self._take_up(self._batch)
        self._position = handed - unhandled
        self.read -= unhandled
        return self.next_frame() if unhandled else None

    def state(self, unhandled: int) -> FeedState:
        """Where to go on; `unhandled` packets that were handed over are handed over again."""
        batch = self._batch
        if batch is None or self._columns is None:
            return FeedState(0, None, 0, 0, self._offset, 0)
        position = min(self._position, len(self._columns.info)) - unhandled
        return FeedState(
            batch.capture,
            batch.reader,
            batch.times_back,
            position,
            self._offset,
            self.read - unhandled,
        )

    def resumed(self, state: FeedState, am: AclMain) -> Feed:
        """A feed of the same captures that goes on from a state, for another machine.

        Raises CaptureError where a capture is a pipe, which can be read only once.
        """
        for path in self.captures:
            if not can_be_read_again(path):
                raise CaptureError(
                    f"{'standard input' if str(path) == '-' else path}: a pipe can be read only "
                    "once, so the run cannot be taken back; save it to a file and play that"
                )
        feed = Feed(self.captures, self.steering, am, self.start, self.frame_size)
        feed._offset = state.offset
        feed.read = state.read
        feed._batches = feed._read_all(state.capture, state.reader, state.times_back)
        skip = state.position
        while skip:
            batch = next(feed._batches, None)
            if batch is None:
                break
            feed._take_up(batch)
            taken = min(skip, len(batch.raw))
            feed._position = taken
            skip -= taken
        return feed

    def _take_up(self, batch: _Batch) -> None:
        self._batch = batch
        self._columns = decode(batch.raw, self._am.extension_headers)
        self._rx = self.steering.assign(self._columns)
        self._position = 0

    def _read_all(
        self, first: int, resume: ReaderState | None, times_back: int
    ) -> Iterator[_Batch]:
        """The batches of all captures from the `first` on, that one from where it was left."""
        try:
            for capture in range(first, len(self.captures)):
                with open_capture(self.captures[capture]) as reader:
                    if resume is not None:
                        reader.resume(resume)
                    resume = None
                    batches = reader.batches()
                    while True:
                        begin, done = reader.state, reader.done_bytes
                        batch = next(batches, None)
                        self.times_back = times_back + reader.times_back
                        if batch is None:
                            break
                        yield _Batch(capture, begin, done, times_back, batch)
                    times_back = self.times_back
        except CaptureError as error:
            self.error = error
