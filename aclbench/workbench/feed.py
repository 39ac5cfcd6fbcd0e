"""From captures to frames: read in batches, decoded into columns, steered to interfaces.

A feed streams: it holds one batch. Bench time starts where the clock stands as the first packet is
handed over, and keeps the distances of the capture; what lies behind the latest packet is handed
over at once, since the clock never goes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aclbench.capture import Columns, RawBatch, Steering, decode, open_capture
from aclbench.drivers.frame import FRAME_SIZE, Frame
from aclbench.engine.main import AclMain
from aclbench.errors import CaptureError


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
        self._steering = steering
        self._am = am
        self._frame_size = frame_size
        #: Bench time minus capture time; None until the first packet.
        self._offset: int | None = None
        self._start = start
        self._batches = self._read_all(captures)
        self._batch: RawBatch | None = None
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
        first, last = self._position, self._position + self._frame_size
        self._position = last
        times = columns.time_ns[first:last]
        if self._offset is None:
            self._offset = self._start - times[0]
        offset = self._offset
        number = columns.first_number + first
        self.read += len(times)
        return Frame(
            [time + offset for time in times],
            list(range(number, number + len(times))),
            self._rx[first:last],
            columns.key[first:last],
            columns.mirror_key[first:last],
            columns.info[first:last],
        )

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

    def _take_up(self, batch: RawBatch) -> None:
        self._batch = batch
        self._columns = decode(batch, self._am.extension_headers)
        self._rx = self._steering.assign(self._columns)
        self._position = 0

    def _read_all(self, captures: Sequence[Path]) -> Iterator[RawBatch]:
        try:
            for path in captures:
                with open_capture(path) as reader:
                    yield from reader.batches()
        except CaptureError as error:
            self.error = error
