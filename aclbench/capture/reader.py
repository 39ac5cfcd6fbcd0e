"""Reads a capture in batches: classic pcap or pcapng, plain or gzip, a file or standard input.

One chunk of the capture is in memory at a time, whatever its size. A damaged one gives the packets
before the damage and then one CaptureError that names file and offset.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from types import TracebackType
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from aclbench.capture.batch import Damage, RawBatch
from aclbench.capture.pcap import FILE_HEADER_BYTES, MAGICS, Pcap
from aclbench.capture.pcapng import SECTION_MAGIC, Pcapng
from aclbench.capture.stream import Stream, open_stream
from aclbench.errors import CaptureError
from aclbench.words import counted

#: Bytes read at a time, and packets in a batch unless told otherwise. Less is quicker to go
#: through, since it stays in the caches; but a batch costs a hundred calls, whatever its size.
CHUNK_BYTES: Final = 1 << 20
BATCH_PACKETS: Final = 16_384

_TO_PCAP: Final = "convert it with `editcap -F pcap {name} {made}`"
_NO_IP: Final = "it has no IP packets to replay"
#: Formats that are recognised but not read: how they begin, what they are, what to do.
_KNOWN_OTHERS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (bytes.fromhex("1f8b"), "gzip-compressed twice", "unpack it first with `gunzip -k {name}`"),
    (b"BZh", "bzip2-compressed", "unpack it first with `bunzip2 -k {name}`"),
    (bytes.fromhex("fd377a585a00"), "xz-compressed", "unpack it first with `unxz -k {name}`"),
    (bytes.fromhex("28b52ffd"), "zstd-compressed", "unpack it first with `unzstd {name}`"),
    (bytes.fromhex("04224d18"), "lz4-compressed", "unpack it first with `unlz4 {name}`"),
    (bytes.fromhex("1f9d"), "compressed by compress", "unpack it first with `zcat`"),
    (b"PK\3\4", "a ZIP archive", "unpack it first with `unzip {name}`"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first with `7z x {name}`"),
    (b"snoop\0\0\0", "a snoop capture", _TO_PCAP),
    (b"btsnoop\0", "a Bluetooth capture", _NO_IP),
    (bytes.fromhex("34cdb2a1"), "pcap in a modified form", _TO_PCAP),
    (bytes.fromhex("a1b2cd34"), "pcap in a modified form", _TO_PCAP),
    (bytes.fromhex("1c0001ab"), "pcap in a modified form (IXIA)", _TO_PCAP),
    (bytes.fromhex("1c0001ac"), "pcap in a modified form (IXIA)", _TO_PCAP),
    (bytes.fromhex("ab01001c"), "pcap in a modified form (IXIA)", _TO_PCAP),
    (bytes.fromhex("ac01001c"), "pcap in a modified form (IXIA)", _TO_PCAP),
    (b"RTSS", "a Network Monitor 1 capture", _TO_PCAP),
    (b"GMBU", "a Network Monitor 2 capture", _TO_PCAP),
    (b"XCP\0", "a Sniffer (Windows) or NetXRay capture", _TO_PCAP),
    (b"TRSNIFF data    \x1a", "a Sniffer (DOS) capture", _TO_PCAP),
    (b"ObserverPktBuffe", "a Network Instruments Observer capture", _TO_PCAP),
    (b"\x05VNF", "a Visual Networks capture", _TO_PCAP),
    (b"\x7fver", "a Peek capture", _TO_PCAP),
    (b"TR\0d", "a nettl trace of HP-UX", _TO_PCAP),
    (b"iptrace ", "an iptrace of AIX", _TO_PCAP),
    (b"cpse", "a Capsa capture", _TO_PCAP),
    (bytes.fromhex("aaaaaaaa"), "a 5Views capture", _TO_PCAP),
    (bytes.fromhex("01104c00"), "a LANalyzer capture", _TO_PCAP),
    (b"+---------+-----", "a text trace of a K12", _TO_PCAP),
)


class ReaderState(NamedTuple):
    """Where a reader is; opaque but for the first two fields, which are the reader's own."""

    position_bytes: int
    packets_read: int
    times_back: int
    latest_ns: int
    section: object


def open_capture(
    path: str | os.PathLike[str], look_ahead: bool = False, capture: int = 0
) -> CaptureReader:
    """Open a capture and read its file header. `-` is standard input.

    `capture` is its number among several captures, noted in its batches.

    `look_ahead` is for reading only the beginning: what is read of a pipe is then read again by the
    next to open it. Raises CaptureError, naming the file and what would be right, where there
    is no such file, it may not be read, or is not a capture that aclbench reads.
    """
    stream = open_stream(path, look_ahead)
    try:
        return CaptureReader(stream, capture)
    except BaseException:
        stream.close()
        raise


class CaptureReader:
    """An open capture; a context manager. Made by `open_capture`.

    `path` is as messages name it; `size_bytes` is the file's size when it was opened, 0 where it
    has none (a pipe). `position_bytes` is the offset of the next packet, in the unpacked stream;
    `done_bytes` is about how much of `size_bytes` has been read. `times_back` counts the packets
    whose time is before that of an earlier one, and `latest_ns` is the latest time so far; it can
    be set before the first batch, to that of a preceding capture.
    """

    def __init__(self, stream: Stream, capture: int = 0) -> None:
        self.path = stream.name
        self._stream = stream
        self.size_bytes = stream.size_bytes
        self.position_bytes = 0
        self.packets_read = 0
        self.times_back = 0
        self.latest_ns = 0
        self._capture = capture
        #: What was read and not parsed yet.
        self._head = stream.read(FILE_HEADER_BYTES)
        self._format: Pcap | Pcapng
        if self._head.startswith(SECTION_MAGIC):
            self._format = Pcapng()
        else:
            self._format = self._read_file_header()

    def _read_file_header(self) -> Pcap:
        """Read the file header of a classic pcap; CaptureError says what the file is instead."""
        if self._stream.problem:
            raise CaptureError(f"{self.path}: offset 0: {self._stream.problem}")
        if self._head[:4] not in MAGICS:
            raise CaptureError(f"{self.path}: {_what_else(self.path, self._head)}")
        try:
            found = Pcap(self._head)
        except Damage as damage:
            raise CaptureError(f"{self.path}: offset 0: {damage}; no packet was read") from None
        self._head = b""
        self.position_bytes = FILE_HEADER_BYTES
        return found

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
        """Close the file."""
        self._stream.close()

    @property
    def knows_interfaces(self) -> bool:
        """Whether the format says which interface a packet was captured on."""
        return isinstance(self._format, Pcapng)

    @property
    def done_bytes(self) -> int:
        """About how many bytes of the file have been read, as counted in `size_bytes`."""
        return self._stream.done_bytes if self._stream.is_gzip else self.position_bytes

    @property
    def state(self) -> ReaderState:
        """What `resume` needs to continue from here."""
        return ReaderState(
            self.position_bytes,
            self.packets_read,
            self.times_back,
            self.latest_ns,
            self._format.state(),
        )

    def resume(self, state: ReaderState) -> None:
        """Continue where a reader of the same file had this state; before any batch is read.

        Raises CaptureError for a pipe, which can be read only once.
        """
        self._stream.go_to(state.position_bytes)
        self._head = b""
        self.position_bytes, self.packets_read = state.position_bytes, state.packets_read
        self.times_back, self.latest_ns = state.times_back, state.latest_ns
        self._format.restore(state.section)

    def batches(self, max_packets: int = BATCH_PACKETS) -> Iterator[RawBatch]:
        """All packets in order, at most `max_packets` a batch. Can be iterated once.

        A damaged file yields the packets before the damage, then raises CaptureError.
        """
        return (batch for batch in self.arriving(max_packets) if batch is not None)

    def arriving(self, max_packets: int = BATCH_PACKETS) -> Iterator[RawBatch | None]:
        """The same in slices: None while a pipe holds nothing yet."""
        if max_packets < 1:
            raise ValueError(f"max_packets is {max_packets}, must be 1 or more")
        data, at = self._head, 0
        wanted = CHUNK_BYTES
        while True:
            rest = data[at:]
            data, at = (yield from self._stream.reading_on(rest, wanted)), 0
            while True:
                batch, end = self._take(data, at, max_packets)
                if end == at:
                    break
                at = end
                if batch is not None:
                    yield batch
            at_end = len(data) < len(rest) + wanted
            if at_end and self._stream.problem:
                raise self._damaged(self._stream.problem)
            missing = self._missing(data, at, at_end)
            if at_end:
                return
            wanted = max(CHUNK_BYTES, missing)

    def _take(self, data: bytes, at: int, max_packets: int) -> tuple[RawBatch | None, int]:
        """The next packets within the data, and where they end; advances behind them."""
        try:
            batch, end = self._format.take(data, at, max_packets, self.packets_read + 1)
        except Damage as damage:
            raise self._damaged(str(damage)) from None
        self.position_bytes += end - at
        if batch is not None:
            self.packets_read += len(batch)
            self._note_times(batch.time_ns)
            if self._capture:
                batch = replace(batch, capture=self._capture)
        return batch, end

    def _note_times(self, time_ns: NDArray[np.int64]) -> None:
        """Count the times that lie before an earlier one."""
        if time_ns[0] < self.latest_ns or (time_ns[1:] < time_ns[:-1]).any():
            latest = np.maximum(np.maximum.accumulate(time_ns), self.latest_ns)
            self.times_back += int(np.count_nonzero(time_ns < latest))
            self.latest_ns = int(latest[-1])
        else:
            self.latest_ns = int(time_ns[-1])

    def _missing(self, data: bytes, at: int, at_end: bool) -> int:
        try:
            return self._format.missing(data, at, at_end)
        except Damage as damage:
            raise self._damaged(str(damage)) from None

    def _damaged(self, what: str) -> CaptureError:
        packets = counted(self.packets_read, "packet")
        where = f"offset {self.position_bytes}"
        if self._stream.is_gzip:
            where += " of the unpacked data"
        return CaptureError(f"{self.path}: {where}: {what}; read {packets} before it")


def _what_else(path: str, header: bytes) -> str:
    """What a file is that does not begin as a capture does, and what to do."""
    if not header:
        return "the file is empty; a capture begins with a header of 24 bytes"
    for beginning, what, advice in _KNOWN_OTHERS:
        if header.startswith(beginning):
            return f"{what}; aclbench reads pcap and pcapng: {_advice(advice, path)}"
    return (
        f"not a capture: it begins with {header[:4].hex(' ')}; aclbench reads pcap and pcapng, "
        "plain or gzip-compressed; pcap begins with d4 c3 b2 a1 or a1 b2 c3 d4 (4d 3c b2 a1, "
        "a1 b2 3c 4d: nanoseconds), pcapng with 0a 0d 0d 0a"
    )


def _advice(advice: str, path: str) -> str:
    """Fill in a command line; the file that it makes is beside the given one."""
    stem = os.path.splitext(path)[0]
    made = f"{stem}.pcap" if f"{stem}.pcap" != path else f"{stem}-classic.pcap"
    return advice.format(name=shlex.quote(path), made=shlex.quote(made))
