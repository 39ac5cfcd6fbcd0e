"""Writes classic pcap: Ethernet, this machine's byte order, nanoseconds unless told otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterable
from struct import Struct
from typing import Final

from aclbench.capture.batch import LINK_ETHERNET
from aclbench.errors import CaptureError

_MAGIC_MICROSECOND: Final = 0xA1B2C3D4
_MAGIC_NANOSECOND: Final = 0xA1B23C4D
_FILE_HEADER: Final = Struct("=IHHiIII")
_RECORD_HEADER: Final = Struct("=IIII")
#: The snapshot length that is written, and the longest frame that may be.
SNAPLEN_BYTES: Final = 262_144
_SECOND_NS: Final = 1_000_000_000


class PcapWriter:
    """An open capture to write packets to, one by one; a context manager.

    Without `nanosecond` times are cut to whole microseconds. Raises CaptureError for a record that
    the format has no room for, and where the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], nanosecond: bool = True) -> None:
        self.path = os.fspath(path)
        self.count = 0
        self._unit_ns = 1 if nanosecond else 1000
        magic = _MAGIC_NANOSECOND if nanosecond else _MAGIC_MICROSECOND
        try:
            self._file = open(path, "wb")  # noqa: SIM115 - `close` closes it
            self._file.write(_FILE_HEADER.pack(magic, 2, 4, 0, 0, SNAPLEN_BYTES, LINK_ETHERNET))
        except OSError as error:
            raise self._not_written(error) from None

    def __enter__(self) -> PcapWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, time_ns: int, frame: bytes) -> None:
        """Add a packet: its time in ns since the epoch, and what was captured of it."""
        self.count += 1
        _check_record(self.path, self.count, time_ns, frame)
        seconds, rest_ns = divmod(time_ns, _SECOND_NS)
        size = len(frame)
        try:
            self._file.write(_RECORD_HEADER.pack(seconds, rest_ns // self._unit_ns, size, size))
            self._file.write(frame)
        except OSError as error:
            raise self._not_written(error) from None

    def close(self) -> None:
        """Finish the file."""
        try:
            self._file.close()
        except OSError as error:
            raise self._not_written(error) from None

    def _not_written(self, error: OSError) -> CaptureError:
        return CaptureError(f"{self.path}: cannot be written: {error.strerror}")


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
