"""The captures of a run file: told again by their content, and perhaps brought along.

The record of a run tells them by size and time of the last change instead, which costs nothing: it
is read on the machine where it was written.
"""

from __future__ import annotations

import hashlib
import io
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from gzip import GzipFile
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from aclbench.errors import RunFileError
from aclbench.files import TemporaryFolder, remove_left_folders
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.tasks import Progress, Slices

#: What is read, packed and unpacked in one slice.
SLICE_BYTES: Final = 256 << 10
#: Captures that a run file brings along are together at most so large, unpacked ...
MAX_CAPTURE_BYTES: Final = 1 << 30
#: ... and each of them packed.
MAX_PACKED_BYTES: Final = 128 << 20
#: For `zlib`: one gzip member.
_GZIP: Final = 31


class SavedCapture(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A capture by where it was and size, with its content's hash or, in a record, the time of its
    last change (ns since the epoch). If it came along, so many packed bytes follow the header.
    """

    path: str
    size_bytes: int
    sha256: str = ""
    modified_ns: int = 0
    packed_bytes: int = 0


def recorded_capture(path: Path) -> SavedCapture:
    """A capture as a record has it. RunFileError."""
    try:
        status = path.stat()
        return SavedCapture(str(path.resolve()), status.st_size, modified_ns=status.st_mtime_ns)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None


class Packed(NamedTuple):
    """A capture as a run file has it, and what is brought along of it."""

    capture: SavedCapture
    content: bytes


def saved_captures(paths: Sequence[Path], with_bytes: bool) -> Slices[tuple[Packed, ...]]:
    """Captures as a run file has them. RunFileError: one cannot be read, or is too large."""
    saved: tuple[Packed, ...] = ()
    for path in paths:
        saved = (*saved, (yield from _saved(path, with_bytes)))
    return saved


def _saved(path: Path, with_bytes: bool) -> Slices[Packed]:
    size_bytes, digest, packed = 0, hashlib.sha256(), io.BytesIO()
    try:
        total = path.stat().st_size
        with path.open("rb") as file, GzipFile(fileobj=packed, mode="wb", mtime=0) as packer:
            while block := file.read(SLICE_BYTES):
                size_bytes += len(block)
                digest.update(block)
                if with_bytes:
                    packer.write(block)
                    if max(size_bytes, total) > MAX_CAPTURE_BYTES:
                        raise RunFileError(f"{path}: {_too_large(MAX_CAPTURE_BYTES)}")
                    if packed.tell() > MAX_PACKED_BYTES:
                        raise RunFileError(f"{path}: {_too_large(MAX_PACKED_BYTES)}, packed")
                yield Progress(size_bytes, total, "bytes")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    content = packed.getvalue() if with_bytes else b""
    capture = SavedCapture(
        str(path.resolve()), size_bytes, digest.hexdigest(), packed_bytes=len(content)
    )
    return Packed(capture, content)


def _too_large(limit: int) -> str:
    return f"too large to be brought along: it is more than {limit >> 20:,} MB"


# --- found again ------------------------------------------------------------------------------


class Found:
    """The captures of a run file, wherever they are by now; RunFileError begins with its name.

    Those that came along are unpacked into a temporary folder: `hold` has it stay as long as the
    scenario that names them.
    """

    def __init__(self, run_file: Path) -> None:
        self._run_file = run_file
        self._folder: TemporaryFolder | None = None
        self._unpacked_bytes = 0

    def paths(
        self, entries: Sequence[SavedCapture], packed: Callable[[SavedCapture], Iterator[bytes]]
    ) -> Slices[tuple[Path, ...]]:
        """Each of them: where it was, beside the run file, or out of it.

        `packed` reads what came along of one; they stand in the file in this order.
        """
        paths: list[Path] = []
        try:
            for number, entry in enumerate(entries):
                blocks = packed(entry)
                paths.append((yield from self._path(number, entry, blocks)))
                for _ in blocks:
                    yield None  # what is not needed
        except BaseException:
            if self._folder is not None:
                self._folder.remove()
            raise
        return tuple(paths)

    def hold(self, scenario: Scenario) -> None:
        """Have what was unpacked stay there for as long as this scenario does."""
        if self._folder is not None:
            weakref.finalize(scenario, _remove, self._folder)

    def _path(self, number: int, entry: SavedCapture, packed: Iterator[bytes]) -> Slices[Path]:
        recorded = Path(entry.path)
        changed: Path | None = None
        for candidate in (recorded, self._run_file.parent / recorded.name):
            if _is_file(candidate):
                if (yield from self._is_the_same(candidate, entry)):
                    return candidate
                changed = candidate
        if entry.packed_bytes:
            return (yield from self._unpacked(number, entry, packed))
        if changed is not None:
            was = f" (its SHA-256 was {entry.sha256[:16]}...)" if entry.sha256 else ""
            raise self._error(
                f"the capture {changed} has changed since the run was saved{was}; put the old one "
                "beside the run file"
            )
        raise self._error(
            f"the capture {recorded} is not there; put {recorded.name} beside the run file, or "
            "save the run with its captures"
        )

    def _is_the_same(self, path: Path, entry: SavedCapture) -> Slices[bool]:
        """Whether a file is the one that was saved."""
        status = path.stat()
        if status.st_size != entry.size_bytes:
            return False
        if not entry.sha256:
            return status.st_mtime_ns == entry.modified_ns
        saved = yield from _saved(path, with_bytes=False)
        return saved.capture.sha256 == entry.sha256

    def _unpacked(self, number: int, entry: SavedCapture, packed: Iterator[bytes]) -> Slices[Path]:
        """Write a capture that came along to the temporary folder, no more than it says it has."""
        name = Path(entry.path).name or "capture.pcap"
        damaged = self._error(f"the capture {name} in it is damaged")
        self._unpacked_bytes += entry.size_bytes
        if entry.size_bytes < 0 or self._unpacked_bytes > MAX_CAPTURE_BYTES:
            raise self._error(f"the capture {name} in it is {_too_large(MAX_CAPTURE_BYTES)}")
        digest, size_bytes = hashlib.sha256(), 0
        try:
            if self._folder is None:
                remove_left_folders()
                self._folder = TemporaryFolder()
            folder = self._folder.path / str(number)  # two can have one name
            folder.mkdir()
            with (folder / name).open("xb") as file:
                for block in _unpacked_blocks(packed):
                    size_bytes += len(block)
                    if size_bytes > entry.size_bytes:
                        raise self._error(
                            f"the capture {name} in it is larger than the {entry.size_bytes:,} "
                            "bytes that it says"
                        )
                    digest.update(block)
                    file.write(block)
                    yield Progress(size_bytes, entry.size_bytes, "bytes")
        except zlib.error:
            raise damaged from None
        except OSError as error:
            raise self._error(f"the capture {name} in it cannot be unpacked: {error}") from None
        if digest.hexdigest() != entry.sha256:
            raise damaged
        return folder / name

    def _error(self, what: str) -> RunFileError:
        return RunFileError(f"{self._run_file}: {what}")


def _remove(folder: TemporaryFolder) -> None:
    folder.remove()


def _unpacked_blocks(packed: Iterator[bytes]) -> Iterator[bytes]:
    """What one gzip member holds, in blocks of bounded size. Raises zlib.error."""
    unpacker = zlib.decompressobj(_GZIP)
    for piece in packed:
        while piece:
            yield unpacker.decompress(piece, SLICE_BYTES)
            piece = unpacker.unconsumed_tail
        if unpacker.unused_data:
            break
    yield unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("cut off")


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a run file may have any text for its name."""
    try:
        return path.is_file()
    except OSError:
        return False
