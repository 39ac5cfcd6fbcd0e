"""The bytes of a capture: from a file, a pipe or standard input; gzip is unpacked on the way.

Only what was asked for is in memory, whatever the size: gzip is unpacked piece by piece, so that a
small file which unpacks to a huge one costs time but no memory. A pipe is read once and from its
beginning; for a look ahead see `open_stream`.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import weakref
import zlib
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from aclbench.capture.pcap import FILE_HEADER_BYTES
from aclbench.errors import CaptureError
from aclbench.files import PIPE_BYTES, at_once, awaiting, opening

#: The name of standard input.
STANDARD_INPUT: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"
#: Bytes of gzip that are unpacked at a time.
_PACKED_BYTES: Final = 1 << 16
#: zlib: the window of 32 KiB, with the header and the checksum of gzip.
_GZIP_WINDOW: Final = 31
#: The longest look ahead into a pipe: its bytes are kept until they are read again.
LOOK_AHEAD_BYTES: Final = 64 << 20

#: Pipes with a look ahead, by name; their next reader begins at the beginning.
_looked_into: Final[dict[str, _Source]] = {}


class Stream:
    """An open capture's bytes in order. Made by `open_stream`.

    `name` is for messages. `size_bytes` is the file's size, 0 where it has none (a pipe).
    `problem` says what ended the stream before its end, if anything did.
    """

    def __init__(self, name: str, source: _Source) -> None:
        self.name = name
        self._source = source
        self.size_bytes = source.size_bytes
        self.problem = ""
        #: What was read from the file and not returned or unpacked yet.
        self._ahead = at_once(source.reading(len(_GZIP_MAGIC)))
        self.is_gzip = self._ahead == _GZIP_MAGIC
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def done_bytes(self) -> int:
        """Bytes of the file that have been read; compressed ones, if it is compressed."""
        return self._source.position - len(self._ahead)

    def close(self) -> None:
        """Close the file; a pipe with a look ahead stays open, to be read."""
        self._source.close()

    def read(self, wanted: int) -> bytes:
        """The next `wanted` bytes; fewer only at the end, or where a problem ended the stream."""
        return at_once(self.reading(wanted))

    def reading(self, wanted: int) -> Generator[None, None, bytes]:
        """The same in slices, for a pipe whose writer is late or slow."""
        try:
            return (yield from (self._gzip(wanted) if self.is_gzip else self._plain(wanted)))
        except OSError as error:
            self.problem = f"cannot be read on: {error.strerror}"
        except zlib.error as error:
            self.problem = f"the gzip data are damaged ({error})"
        return b""

    def reading_on(self, rest: bytes, wanted: int) -> Generator[None, None, bytes]:
        """What was read last, and as many bytes behind it as `reading` gives.

        Of a file both are read: that is quicker than to put them together.
        """
        if not self._source.is_file or self.is_gzip or self._ahead:
            return rest + (yield from self.reading(wanted))
        self._source.seek(self._source.position - len(rest))
        return (yield from self.reading(len(rest) + wanted))

    def _plain(self, wanted: int) -> Generator[None, None, bytes]:
        ahead, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        more = yield from self._source.reading(wanted - len(ahead))
        return ahead + more if ahead else more

    def _gzip(self, wanted: int) -> Generator[None, None, bytes]:
        """Unpack up to `wanted` bytes. What was unpacked before damage is returned first."""
        parts: list[bytes] = []
        while wanted and not self.problem:
            if not self._ahead:
                self._ahead = yield from self._source.reading(_PACKED_BYTES)
            if self._unpack.eof and not (yield from self._next_member()):
                break
            before = self._unpack.copy()
            try:
                part = self._unpack.decompress(self._ahead, wanted)
            except zlib.error as error:
                self.problem = f"the gzip data are damaged ({error})"
                parts.append(_unpack_sound(before, self._ahead))
                break
            packed = bool(self._ahead)
            at_end = self._unpack.eof
            self._ahead = self._unpack.unused_data if at_end else self._unpack.unconsumed_tail
            parts.append(part)
            wanted -= len(part)
            if not packed and not part and not at_end:
                self.problem = "the file ends inside its gzip data"
        return b"".join(parts)

    def _next_member(self) -> Generator[None, None, bool]:
        """Continue with the next member of a gzip file; False if there is none.

        Anything else behind the members is not part of the capture.
        """
        self._ahead += yield from self._source.reading(_PACKED_BYTES - len(self._ahead))
        if not self._ahead.startswith(_GZIP_MAGIC):
            self._ahead = b""
            return False
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)
        return True

    def go_to(self, position: int) -> None:
        """Seek to an offset of the (unpacked) stream, in bytes.

        Raises CaptureError for a pipe.
        """
        if not self._source.is_file:
            raise CaptureError(
                f"{self.name}: a pipe can be read only once, so the run cannot be taken back; "
                "save it to a file and play that"
            )
        self.problem, self._ahead = "", b""
        if not self.is_gzip:
            self._source.seek(position)
            return
        self._source.seek(0)
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)
        while position > 0:
            skipped = len(self.read(min(position, 1 << 20)))
            if not skipped:
                return
            position -= skipped


def _unpack_sound(unpack: zlib._Decompress, packed: bytes) -> bytes:
    """What can be unpacked before the damage, whose place is found byte by byte."""
    sound = bytearray()
    try:
        for at in range(len(packed)):
            sound += unpack.decompress(packed[at : at + 1])
    except zlib.error:
        pass
    return bytes(sound)


class _Source:
    """A file or pipe. `position` is that of the next byte; `size_bytes` is 0 for a pipe.

    With a look ahead it keeps what was read of it, and ends at LOOK_AHEAD_BYTES.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name = name
        self._file = file
        # A bench that is dropped is collected at some time, in any order: its files are closed.
        weakref.finalize(self, file.close)
        status = os.fstat(file.fileno())
        self._is_pipe = not stat.S_ISREG(status.st_mode)
        self.is_file = not self._is_pipe and name != STANDARD_INPUT
        self.size_bytes = 0 if self._is_pipe else status.st_size
        self.position = 0
        self.looks_ahead = False
        self._kept: list[bytes] = []
        self._again = b""

    def reading(self, wanted: int) -> Generator[None, None, bytes]:
        """The next bytes; fewer than `wanted` only at the end. In slices: a pipe may be empty."""
        if self.looks_ahead:
            wanted = min(wanted, LOOK_AHEAD_BYTES - self.position)
        pieces: list[bytes] = []
        while wanted > 0 and (piece := self._kept_before(wanted) or (yield from self._new(wanted))):
            self.position += len(piece)
            wanted -= len(piece)
            pieces.append(piece)
            if self.looks_ahead:
                self._kept.append(piece)
        return b"".join(pieces)

    def _kept_before(self, wanted: int) -> bytes:
        """What was read in a look ahead."""
        end = self.position + wanted
        found = self._again[self.position : end]
        if end >= len(self._again):
            self._again = b""
        return found

    def _new(self, wanted: int) -> Generator[None, None, bytes]:
        """What was not read before, up to `wanted` bytes; of a pipe what it holds by then."""
        if not self._is_pipe:
            return self._file.read(wanted)
        handle = self._file.fileno()
        yield from awaiting(handle, select.POLLIN)
        return os.read(handle, min(wanted, PIPE_BYTES))

    def seek(self, position: int) -> None:
        """Seek to an offset; for files alone."""
        self._file.seek(position)
        self.position = position

    def close(self) -> None:
        """Close the file, or go back to the beginning of a look ahead."""
        if not self.looks_ahead:
            self._file.close()
            return
        self._again = b"".join(self._kept) + self._again[self.position :]
        self._kept, self.position, self.looks_ahead = [], 0, False
        _looked_into[self._name] = self


def open_stream(path: str | os.PathLike[str], look_ahead: bool = False) -> Stream:
    """Open a file, a pipe, or standard input (`-`).

    `look_ahead` is for reading only the beginning: a pipe then stays open when the stream is
    closed, and the next to open it reads the same bytes. Raises CaptureError where there is nothing
    to read.
    """
    name = os.fspath(path)
    shown = "standard input" if name == STANDARD_INPUT else name
    try:
        source = _looked_into.pop(name, None) or _Source(name, _open_file(name))
    except OSError as error:
        raise CaptureError(f"{shown}: {_why_not_opened(error)}") from None
    except ValueError:
        raise CaptureError(f"{shown!r}: not the name of a file") from None
    source.looks_ahead = look_ahead and not source.is_file
    try:
        return Stream(shown, source)
    except OSError as error:
        source.close()
        raise CaptureError(f"{shown}: cannot be read: {error.strerror}") from None


def awaiting_header(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Wait in slices until a pipe holds a file's header: whoever opens it next need not wait.

    What it is otherwise, and why it cannot be opened, is found by who opens it.
    """
    name = os.fspath(path)
    if name != STANDARD_INPUT and not Path(name).is_fifo():
        return
    with suppress(OSError):
        source = _looked_into.pop(name, None)
        if source is None and name == STANDARD_INPUT:
            source = _Source(name, _open_file(name))
        elif source is None:
            source = _Source(name, (yield from opening(Path(name), pipes=True)))
        source.looks_ahead = True
        try:
            yield from source.reading(FILE_HEADER_BYTES)
        finally:
            source.close()


def can_be_read_again(path: str | os.PathLike[str]) -> bool:
    """Whether a capture can be opened a second time: a file can, a pipe can't."""
    return os.fspath(path) != STANDARD_INPUT and (os.path.isfile(path) or not os.path.exists(path))


def _open_file(name: str) -> BinaryIO:
    if name == STANDARD_INPUT:
        if sys.stdin is None or sys.stdin.closed:
            raise OSError(0, "it is closed")
        # The descriptor stays open for its other users.
        return open(os.dup(sys.stdin.fileno()), "rb")
    return at_once(opening(Path(name), pipes=True))


def _why_not_opened(error: OSError) -> str:
    """Why there is no file to read, and what would be right."""
    if isinstance(error, FileNotFoundError):
        return "no such file; name a capture in pcap or pcapng format"
    if isinstance(error, IsADirectoryError):
        return "a directory; name a capture in it"
    if isinstance(error, PermissionError):
        return "no permission to read it; change its permissions (chmod u+r), or copy it"
    return f"cannot be opened: {error.strerror or error}"
