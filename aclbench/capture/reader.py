"""Reads a capture file in batches: classic pcap, both byte orders, micro- and nanoseconds.

Reading streams: one chunk of the file is in memory at a time, whatever the file's size. A damaged
file gives the packets before the damage and then one CaptureError that names file and offset.

Source: the layout of the file is that of the pcap-savefile manual page; the bound on a record's
length is Wireshark's for Ethernet.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from struct import Struct
from struct import error as StructError
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import LINK_ETHERNET, RawBatch, gather
from aclbench.errors import CaptureError

#: Bytes read at a time: small enough to stay in the processor's cache on the way to the decoder.
CHUNK_BYTES: Final = 1 << 20
#: Packets in a batch unless told otherwise.
BATCH_PACKETS: Final = 4096

FILE_HEADER_BYTES: Final = 24
RECORD_HEADER_BYTES: Final = 16
#: Where in a record header the captured length stands; seconds and fraction come before it.
_LENGTH_AT: Final = 8

#: No record is longer than this, unless the file's own snapshot length says so ...
FRAME_LIMIT_BYTES: Final = 262_144
#: ... and is itself believable: a record has to fit in memory.
SNAPLEN_LIMIT_BYTES: Final = 16 << 20


class _Magic(NamedTuple):
    """What the first four bytes of a classic pcap say."""

    byte_order: str
    nanosecond: bool


_MAGICS: Final[dict[bytes, _Magic]] = {
    bytes.fromhex("d4c3b2a1"): _Magic("<", False),
    bytes.fromhex("a1b2c3d4"): _Magic(">", False),
    bytes.fromhex("4d3cb2a1"): _Magic("<", True),
    bytes.fromhex("a1b23c4d"): _Magic(">", True),
}

_TO_PCAP: Final = "convert it with `editcap -F pcap {name} {made}`"
#: Files that are known but not read: how they begin, what they are, what to do.
_KNOWN_OTHERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (bytes.fromhex("0a0d0d0a"), "pcapng", _TO_PCAP),
    (bytes.fromhex("1f8b"), "gzip-compressed", "unpack it first with `gunzip -k {name}`"),
    (b"BZh", "bzip2-compressed", "unpack it first with `bunzip2 -k {name}`"),
    (bytes.fromhex("fd377a585a00"), "xz-compressed", "unpack it first with `unxz -k {name}`"),
    (bytes.fromhex("28b52ffd"), "zstd-compressed", "unpack it first with `unzstd {name}`"),
    (bytes.fromhex("04224d18"), "lz4-compressed", "unpack it first with `unlz4 {name}`"),
    (b"snoop\0\0\0", "a snoop capture", _TO_PCAP),
    (bytes.fromhex("34cdb2a1"), "pcap in a modified form", _TO_PCAP),
    (bytes.fromhex("a1b2cd34"), "pcap in a modified form", _TO_PCAP),
)

#: The link type; the bits above say how long a frame check sequence is, if there is one.
_LINK_TYPE_MASK: Final = 0x03FF_FFFF
#: Link types that people meet, by name; only Ethernet is read.
_LINK_NAMES: Final[dict[int, str]] = {
    0: "BSD loopback",
    12: "raw IP",
    14: "raw IP",
    101: "raw IP",
    105: "802.11",
    108: "OpenBSD loopback",
    113: "Linux cooked v1",
    127: "802.11 with radiotap",
    228: "raw IPv4",
    229: "raw IPv6",
    276: "Linux cooked v2",
}


def open_capture(path: str | os.PathLike[str]) -> CaptureReader:
    """Open a capture and read its file header.

    Raises CaptureError, naming the file and what would be right, where there is no such file, it
    may not be read, or is not a capture that aclbench reads.
    """
    name = os.fspath(path)
    try:
        file = open(name, "rb")  # noqa: SIM115 - the reader closes it
    except OSError as error:
        raise CaptureError(f"{name}: {_why_not_opened(error)}") from None
    try:
        return CaptureReader(name, file)
    except BaseException:
        file.close()
        raise


class CaptureReader:
    """An open capture; a context manager. Made by `open_capture`.

    `path` is as given; `link_type` is as pcap numbers it; `nanosecond` is the file's resolution;
    `size_bytes` is the file's size when it was opened, 0 where it has none (a pipe);
    `position_bytes` is where the first packet begins that was not given out yet.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        status = os.fstat(file.fileno())
        self.size_bytes = status.st_size if stat.S_ISREG(status.st_mode) else 0
        self.position_bytes = FILE_HEADER_BYTES
        self.packets_read = 0
        header = _read_header(path, file)
        self.link_type = header.link_type
        self.nanosecond = header.nanosecond
        self._limit = header.record_limit_bytes
        self._length = Struct(f"{header.byte_order}I")
        self._word = np.dtype(f"{header.byte_order}u4")

    def __enter__(self) -> CaptureReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def resume(self, position_bytes: int, packets_read: int) -> None:
        """Go on where a reader of the same file had these two values."""
        self._file.seek(position_bytes)
        self.position_bytes = position_bytes
        self.packets_read = packets_read

    def batches(self, max_packets: int = BATCH_PACKETS) -> Iterator[RawBatch]:
        """All packets in order, at most `max_packets` a batch. To be gone through once.

        A damaged file yields the packets before the damage, then raises CaptureError.
        """
        if max_packets < 1:
            raise ValueError(f"max_packets is {max_packets}, must be 1 or more")
        data, at = b"", 0
        wanted = CHUNK_BYTES
        while True:
            rest = data[at:]
            more = self._read(wanted)
            data, at = rest + more, 0
            while (walk := self._walk(data, at, max_packets)).packets:
                batch, at = self._batch(data, walk), walk.end
                self.packets_read += walk.packets
                self.position_bytes += walk.end - walk.begin
                yield batch
            missing = self._check_next(data, at, at_end=len(more) < wanted)
            if len(more) < wanted:
                return
            wanted = max(CHUNK_BYTES, missing)

    def _read(self, wanted: int) -> bytes:
        """The next `wanted` bytes; fewer only at the end of the file."""
        try:
            return self._file.read(wanted)
        except OSError as error:
            raise self._damaged(f"cannot be read on: {error.strerror}") from None

    def _walk(self, data: bytes, begin: int, max_packets: int) -> _Walk:
        """Find the whole records that follow one another from `begin`, at most `max_packets`.

        Sequential by nature, one record says where the next one is; so this loop does nothing else.
        """
        at = begin + _LENGTH_AT
        starts = [0] * max_packets
        length_at = self._length.unpack_from
        count = 0
        try:
            for count in range(max_packets):
                starts[count] = at
                at += length_at(data, at)[0] + RECORD_HEADER_BYTES
            count = max_packets
        except StructError:  # the next record's length is not within the data
            pass
        length_offset = np.array(starts[:count], dtype=np.int64)
        captured = gather(data, 4, length_offset).view(self._word)[:, 0].astype(np.int64)
        # A wrong length leads anywhere, so nothing from the first bad record on is a record. Only
        # the last one can end behind the data: the next length would not have been found.
        bad = np.flatnonzero(
            (captured > self._limit)
            | (length_offset + (captured + RECORD_HEADER_BYTES - _LENGTH_AT) > len(data))
        )
        if len(bad):
            count = int(bad[0])
            at = starts[count]
        return _Walk(begin, at - _LENGTH_AT, length_offset[:count], captured[:count])

    def _batch(self, data: bytes, walk: _Walk) -> RawBatch:
        """The packets of a walk, with their times."""
        stamps = gather(data, _LENGTH_AT, walk.length_offset - _LENGTH_AT).view(self._word)
        seconds, fraction = stamps.reshape(-1, 2).astype(np.int64).T
        return RawBatch(
            data=data,
            offset=walk.length_offset + (RECORD_HEADER_BYTES - _LENGTH_AT),
            captured=walk.captured,
            time_ns=seconds * 1_000_000_000 + fraction * (1 if self.nanosecond else 1000),
            first_number=self.packets_read + 1,
            link_type=self.link_type,
        )

    def _check_next(self, data: bytes, at: int, *, at_end: bool) -> int:
        """Look at the record that is not whole: how many more bytes does it need?

        Raises CaptureError if it is damaged, or `at_end` of the file.
        """
        left = len(data) - at
        if left < RECORD_HEADER_BYTES:
            if left and at_end:
                raise self._damaged(
                    f"the file ends inside a record header ({left} of {RECORD_HEADER_BYTES} bytes)"
                )
            return RECORD_HEADER_BYTES - left
        (captured,) = self._length.unpack_from(data, at + _LENGTH_AT)
        if captured > self._limit:
            raise self._damaged(
                f"the record says {captured} bytes, more than any frame ({self._limit})"
            )
        if at_end:
            found = left - RECORD_HEADER_BYTES
            raise self._damaged(f"the record says {captured} bytes, the file ends after {found}")
        return int(captured) + RECORD_HEADER_BYTES - left

    def _damaged(self, what: str) -> CaptureError:
        packets = "1 packet" if self.packets_read == 1 else f"{self.packets_read} packets"
        return CaptureError(
            f"{self.path}: offset {self.position_bytes}: {what}; read {packets} before it"
        )


class _Walk(NamedTuple):
    """Whole records from `begin` to `end` in the data: where their length stands, what it says."""

    begin: int
    end: int
    length_offset: NDArray[np.int64]
    captured: NDArray[np.int64]

    @property
    def packets(self) -> int:
        return len(self.captured)


class _Header(NamedTuple):
    """What the file header says."""

    byte_order: str
    nanosecond: bool
    link_type: int
    record_limit_bytes: int


def _read_header(path: str, file: BinaryIO) -> _Header:
    """Read and check the file header; CaptureError says what the file is instead."""
    try:
        header = file.read(FILE_HEADER_BYTES)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be read: {error.strerror}") from None
    magic = _MAGICS.get(header[:4])
    if magic is None:
        raise CaptureError(f"{path}: {_what_else(path, header)}")
    if len(header) < FILE_HEADER_BYTES:
        raise CaptureError(
            f"{path}: offset 0: the file ends inside the file header "
            f"({len(header)} of {FILE_HEADER_BYTES} bytes); it holds no packets"
        )
    major, minor, snaplen, link = Struct(f"{magic.byte_order}4xHH8xII").unpack(header)
    if (major, minor) != (2, 4):
        raise CaptureError(
            f"{path}: pcap version {major}.{minor}; aclbench reads version 2.4: "
            + _advice(_TO_PCAP, path)
        )
    link_type = link & _LINK_TYPE_MASK
    if link_type != LINK_ETHERNET:
        link_name = _LINK_NAMES.get(link_type, "unknown to aclbench")
        raise CaptureError(
            f"{path}: link type {link_type} ({link_name}); aclbench reads Ethernet "
            f"({LINK_ETHERNET}): capture on an Ethernet interface"
        )
    limit = max(FRAME_LIMIT_BYTES, snaplen if snaplen <= SNAPLEN_LIMIT_BYTES else 0)
    return _Header(magic.byte_order, magic.nanosecond, link_type, limit)


def _what_else(path: str, header: bytes) -> str:
    """Say what a file is that does not begin as a classic pcap does, and what to do."""
    if not header:
        return "the file is empty; a capture begins with a header of 24 bytes"
    for beginning, what, advice in _KNOWN_OTHERS:
        if header.startswith(beginning):
            return f"{what}; aclbench reads classic pcap: {_advice(advice, path)}"
    return (
        f"not a capture: it begins with {header[:4].hex(' ')}; aclbench reads classic pcap, "
        "which begins with d4 c3 b2 a1 or a1 b2 c3 d4 (4d 3c b2 a1, a1 b2 3c 4d: nanoseconds)"
    )


def _advice(advice: str, path: str) -> str:
    """Fill in a command line; the file that it makes stands beside the file that there is."""
    stem = os.path.splitext(path)[0]
    made = f"{stem}.pcap" if f"{stem}.pcap" != path else f"{stem}-classic.pcap"
    return advice.format(name=shlex.quote(path), made=shlex.quote(made))


def _why_not_opened(error: OSError) -> str:
    """Say why there is no file to read, and what would be right."""
    if isinstance(error, FileNotFoundError):
        return "no such file; name a capture in pcap format"
    if isinstance(error, IsADirectoryError):
        return "a directory; name a capture in it"
    if isinstance(error, PermissionError):
        return "no permission to read it; change its permissions (chmod u+r), or copy it"
    return f"cannot be opened: {error.strerror or error}"
