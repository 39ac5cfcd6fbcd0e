"""Writes classic pcap: Ethernet, this machine's byte order, nanoseconds unless told otherwise.

A name that ends in .gz is compressed.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import LINK_ETHERNET, put
from aclbench.errors import CaptureError
from aclbench.files import NewFile, reason

_MAGIC_MICROSECOND: Final = 0xA1B2C3D4
_MAGIC_NANOSECOND: Final = 0xA1B23C4D
_FILE_HEADER: Final = Struct("=IHHiIII")
_RECORD_HEADER: Final = Struct("=IIII")
RECORD_HEADER_BYTES: Final = _RECORD_HEADER.size
#: The snapshot length that is written, and the longest frame that may be.
SNAPLEN_BYTES: Final = 262_144
_SECOND_NS: Final = 1_000_000_000
#: The largest value of a length field of four bytes.
_MOST_BYTES: Final = (1 << 32) - 1


class CaptureFile:
    """A capture that is written; a context manager. What it is not finished by is taken away again.

    `file` is written to instead of opening `path`, which then is only its name; it stays open.
    Raises CaptureError for a record that the format has no room for, and where the file cannot be
    written; BrokenPipeError where the reader has closed the pipe.
    """

    def __init__(self, path: str | os.PathLike[str], head: bytes, file: BinaryIO | None) -> None:
        self.path = os.fspath(path)
        self.count = 0
        self._new: NewFile | None = None
        try:
            if file is None:
                self._new = NewFile(Path(path))
                file = self._new.file
            self._file = self._below = file
            if self._new is not None and self.path.endswith(".gz"):
                # Without a name and a time in the header: the same packets give the same bytes.
                packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=self._below, mtime=0)
                self._file = cast(BinaryIO, packed)
            self._file.write(head)
        except (OSError, ValueError) as error:
            raise self._not_written(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0] is None:
            self.close()
        else:
            self.discard()

    def put(self, *parts: bytes | memoryview) -> None:
        """Add bytes."""
        try:
            for part in parts:
                self._file.write(part)
        except OSError as error:
            raise self._not_written(error) from None

    def close(self) -> None:
        """Finish the file: it takes its place, unless it could not be written."""
        try:
            if self._new is None:
                self._file.flush()
            elif self._new.discard.alive:
                if self._file is not self._below:
                    self._file.close()  # what is compressed; the file below stays open
                self._new.keep()
        except OSError as error:
            raise self._not_written(error) from None

    def discard(self) -> None:
        """Take away what was written; what was there before stays."""
        if self._new is not None:
            self._new.discard()

    def _not_written(self, error: OSError | ValueError) -> Exception:
        self.discard()
        if isinstance(error, BrokenPipeError):
            return error  # the reader has closed the pipe: nothing is wrong with the capture
        return CaptureError(f"{self.path}: cannot be written: {reason(error)}")


class PcapWriter(CaptureFile):
    """An open capture to write packets to, one by one or many at once.

    Without `nanosecond` times are rounded down to microseconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        nanosecond: bool = True,
        file: BinaryIO | None = None,
    ) -> None:
        self._unit_ns = 1 if nanosecond else 1000
        magic = _MAGIC_NANOSECOND if nanosecond else _MAGIC_MICROSECOND
        super().__init__(
            path, _FILE_HEADER.pack(magic, 2, 4, 0, 0, SNAPLEN_BYTES, LINK_ETHERNET), file
        )

    def write(self, time_ns: int, frame: bytes, original: int | None = None) -> None:
        """Add a packet: its time in ns since the epoch, and what was captured of it.

        `original` is how many bytes were sent, where that is not what was captured.
        """
        self.count += 1
        _check_record(self.path, self.count, time_ns, frame)
        seconds, rest_ns = divmod(time_ns, _SECOND_NS)
        size = len(frame)
        sent = size if original is None else min(original, _MOST_BYTES)
        self.put(_RECORD_HEADER.pack(seconds, rest_ns // self._unit_ns, size, sent), frame)

    def write_batch(
        self,
        data: NDArray[np.uint8],
        offset: NDArray[np.int64],
        captured: NDArray[np.int64],
        time_ns: NDArray[np.int64],
    ) -> None:
        """Add packets: frame i is `captured[i]` bytes of the data from `offset[i]` on.

        The frames follow one another, RECORD_HEADER_BYTES free before each: there the record
        headers are written.
        """
        starts = np.cumsum(captured + RECORD_HEADER_BYTES) - captured
        if not np.array_equal(starts, offset) or len(data) != starts[-1] + captured[-1]:
            raise ValueError("the frames do not follow one another with room for a header each")
        outside = (time_ns < 0) | (time_ns >= _SECOND_NS << 32) | (captured > SNAPLEN_BYTES)
        for i in np.flatnonzero(outside)[:1].tolist():
            frame = data[offset[i] : offset[i] + captured[i]].tobytes()
            _check_record(self.path, self.count + i + 1, int(time_ns[i]), frame)
        fraction = time_ns % _SECOND_NS // self._unit_ns
        words = np.stack((time_ns // _SECOND_NS, fraction, captured, captured), axis=1)
        put(data, offset - RECORD_HEADER_BYTES, words.astype("=u4").view(np.uint8))
        self.count += len(offset)
        self.put(data.data)


def write_pcap(
    path: str | os.PathLike[str], records: Iterable[tuple[int, bytes]], nanosecond: bool = True
) -> int:
    """Write records (time in ns since the epoch, frame) in the order given; how many there were.

    Raises CaptureError as `PcapWriter` does.
    """
    with PcapWriter(path, nanosecond) as writer:
        for time_ns, frame in records:
            writer.write(time_ns, frame)
    return writer.count


def _check_record(path: str, number: int, time_ns: int, frame: bytes) -> None:
    if not 0 <= time_ns < _SECOND_NS << 32:
        raise CaptureError(
            f"{path}: packet {number}: the time is {time_ns} ns; pcap holds 1970 to 2106"
        )
    if len(frame) > SNAPLEN_BYTES:
        raise CaptureError(
            f"{path}: packet {number}: {len(frame)} bytes, more than any frame ({SNAPLEN_BYTES})"
        )
