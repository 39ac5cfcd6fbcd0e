"""Files that are written whole or not at all, locks between programs, temporary folders; a leaf."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: What is written at once, in bytes, and after how many it is put on the disk.
WRITE_BYTES: Final = 1 << 20
SYNC_BYTES: Final = 8 << 20
#: What the names of temporary folders begin with, and the file in them that their owner locks.
FOLDER_PREFIX: Final = "aclbench-"
LOCK_NAME: Final = ".lock"


def write_whole(path: Path, text: str | bytes, make_folders: bool = False) -> None:
    """Put a text in a file's place: whoever reads it finds the old one or the new one, whole.

    It is written to a file beside it, down to the disk, which then takes its place. What is no
    file (a pipe, `/dev/stdout`) is written to. Text is UTF-8; undecodable bytes of names
    (`surrogateescape`) go back as they came. Raises OSError, and ValueError for a path or a text
    that cannot be.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    for _ in writing_whole(path, (content,), make_folders):
        pass


def writing_whole(
    path: Path, pieces: Iterable[bytes], make_folders: bool = False
) -> Iterator[None]:
    """The same in slices, of pieces; whoever stops in between leaves the old file."""
    import secrets

    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                yield
        return
    path = path.resolve()  # where a link leads, so that the link stays
    if make_folders:
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:100]}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            if path.is_file():
                beside.chmod(path.stat().st_mode & 0o7777)
            unsynced = 0
            for piece in pieces:
                for begin in range(0, len(piece), WRITE_BYTES):
                    unsynced += file.write(memoryview(piece)[begin : begin + WRITE_BYTES])
                    if unsynced >= SYNC_BYTES:  # all at the end would take as long as all of it
                        file.flush()
                        os.fsync(file.fileno())
                        unsynced = 0
                    yield
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_new(path: Path, text: str | bytes) -> None:
    """Write a file that is not there yet, whole or not at all.

    Raises FileExistsError; other OSErrors and ValueError as `write_whole`.
    """
    path.open("xb").close()
    try:
        write_whole(path, text)
    except BaseException:
        path.unlink()
        raise


def set_aside(path: Path) -> Path:
    """Give a damaged file another name, so that nothing of it is lost. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def lock_open_file(file: IO[bytes] | FileIO) -> None:
    """Lock a file until it is closed or this process ends. Raises OSError.

    BlockingIOError: another program has it locked.
    """
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """For the time of a `with` block no other program has the lock of this file. Raises OSError."""
    from filelock import FileLock  # its import takes as long as a small replay

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        yield


# --- temporary folders --------------------------------------------------------------------------

#: What takes away those of this program.
_folders: Final[set[weakref.finalize[..., TemporaryFolder]]] = set()


class TemporaryFolder:
    """A new folder that goes with this object, at the latest when the program ends.

    It is locked until then. One whose program was killed is taken away by `remove_left_folders`.
    Raises OSError.
    """

    def __init__(self) -> None:
        import tempfile

        from filelock import Timeout

        while True:
            self.path = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
            lock = _lock_of(self.path)
            # Until it is locked it looks as if it were left behind: another program may take it.
            with suppress(Timeout, FileNotFoundError):
                lock.acquire()
                if (self.path / LOCK_NAME).exists():
                    break
                lock.release()
        #: Takes it away, with all that is in it.
        self.remove = weakref.finalize(self, _remove, self.path, lock)
        _folders.add(self.remove)


def remove_folders() -> None:
    """Take away those of this program: it is about to end in a way that tells nobody."""
    for remove in _folders:
        remove()


def remove_left_folders() -> None:
    """Take away the temporary folders of programs that ended without doing it."""
    for path in _our_folders():
        from filelock import Timeout

        lock = _lock_of(path)
        with suppress(Timeout, OSError):
            lock.acquire()
            _remove(path, lock)


def _our_folders() -> list[Path]:
    """The temporary folders of this user, whoever made them and whether they are in use."""
    import tempfile

    try:
        with os.scandir(tempfile.gettempdir()) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.name.startswith(FOLDER_PREFIX)
                and entry.is_dir(follow_symlinks=False)
                and entry.stat(follow_symlinks=False).st_uid == os.getuid()
                and os.path.isfile(os.path.join(entry.path, LOCK_NAME))
            ]
    except OSError:
        return []


def _remove(path: Path, lock: BaseFileLock) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    lock.release()


def _lock_of(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path / LOCK_NAME, timeout=0, thread_local=False)
