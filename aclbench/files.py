"""Files: what may be opened, writing whole or not at all, locks, temporary folders; a leaf.

What a person names may be a pipe, which is read once, in slices. No device is opened but
`/dev/null` and the program's own descriptors. What a file names is a file.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import stat
import time
import weakref
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TypeVar

from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from filelock import BaseFileLock

T = TypeVar("T")

#: What is written at once, in bytes, and after how many it is put on the disk.
WRITE_BYTES: Final = 1 << 20
SYNC_BYTES: Final = 8 << 20
#: What is read from a pipe or written to one at once, in bytes; how long it is waited for.
PIPE_BYTES: Final = 64 << 10
WAIT_MS: Final = 20
#: What stands in the name of a file that is written beside its place.
BESIDE: Final = ".aclbench-"
#: What the names of temporary folders begin with, and the file in them that their owner locks.
FOLDER_PREFIX: Final = "aclbench-"
LOCK_NAME: Final = ".lock"


# --- names of files -----------------------------------------------------------------------------

#: The program's own descriptors, as files.
_DESCRIPTORS: Final = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,6})")


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be opened, read or written, for a person."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def is_there(path: Path) -> bool:
    """Whether a file of that name would be written over; a pipe or a device is written to."""
    return _descriptor(path) is None and path.is_file()


def is_standard_output(path: Path) -> bool:
    """Whether what is written there goes to standard output: `/dev/stdout`, `/dev/fd/1`."""
    return _descriptor(path) == 1


def status_of(path: Path) -> os.stat_result | None:
    """What is known of a file; None: there is none. AclbenchError: the system refuses the name."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise AclbenchError(f"{str(path)[:256]}: cannot be opened: {reason(error)}") from None


def is_missing(path: Path) -> bool:
    """Whether there is no such file; one that we may not look at is there."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, (FileNotFoundError, NotADirectoryError))
    return False


def is_folder(path: Path) -> bool:
    """Whether it is a folder. Raises AclbenchError as `status_of`."""
    status = status_of(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def refuse_there(path: Path, how: str = "--force") -> None:
    """AclbenchError: there is such a file; `how` would overwrite it."""
    with unwritable(path, AclbenchError, how):
        if is_there(path):
            raise FileExistsError


def refuse_unwritable(path: Path, force: bool) -> None:
    """AclbenchError: no file can be written there, or one is there and `force` is not said.

    To be asked ahead of the work whose outcome goes there; what fails later still fails then.
    """
    if not force:
        refuse_there(path)
    with unwritable(path, AclbenchError):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
        if not path.exists() and not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def unwritable(path: Path, error: type[AclbenchError], how: str = "--force") -> Iterator[None]:
    """What cannot be written in a `with` block is such an error; `how` would overwrite a file.

    BrokenPipeError stays what it is where the reader of standard output has gone.
    """
    try:
        yield
    except FileExistsError:
        raise error(f"{path} is there already; {how} overwrites it") from None
    except (OSError, ValueError) as fault:
        if isinstance(fault, BrokenPipeError) and is_standard_output(path):
            raise
        raise error(f"{str(path)[:256]}: cannot be written: {reason(fault)}") from None


def _descriptor(path: Path) -> int | None:
    """The descriptor of this program that a path names."""
    name = os.path.abspath(path)
    match = _DESCRIPTOR.fullmatch(name)
    return int(match[1]) if match else _DESCRIPTORS.get(name)


def _refuse_device(path: Path, status: os.stat_result) -> None:
    """OSError: a device, and not `/dev/null` or one of this program's own descriptors."""
    mode = status.st_mode
    if not (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) or _descriptor(path) is not None:
        return
    if not os.path.samestat(status, os.stat(os.devnull)):
        raise OSError(errno.ENODEV, "a device; a file or a pipe is right", str(path))


# --- reading ------------------------------------------------------------------------------------


def opening(path: Path, pipes: bool) -> Generator[None, None, BinaryIO]:
    """Open a file to be read, in slices: a FIFO may have no writer yet.

    `pipes`: a person named it, so that it may be a pipe. OSError: it cannot be opened, or is a
    device; ValueError: it is no name.
    """
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not pipes and not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a file", str(path))
    _refuse_device(path, status)
    if not stat.S_ISFIFO(status.st_mode):
        return path.open("rb")
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    try:
        yield from awaiting(file.fileno(), select.POLLIN)
        os.set_blocking(file.fileno(), True)
    except BaseException:
        file.close()
        raise
    return file


def reading(path: Path, max_bytes: int, pipes: bool) -> Generator[None, None, bytes]:
    """The bytes of a file or pipe in slices; one byte more than `max_bytes` where it has more.

    Raises as `opening`.
    """
    file = yield from opening(path, pipes)
    with file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read(max_bytes + 1)
        content = bytearray()
        while len(content) <= max_bytes:
            yield from awaiting(file.fileno(), select.POLLIN)
            piece = os.read(file.fileno(), min(max_bytes + 1 - len(content), PIPE_BYTES))
            if not piece:
                break
            content += piece
        return bytes(content)


def awaiting(handle: int, what: int) -> Generator[None, None, None]:
    """Wait until a pipe can be read or written, or its other end has gone; in slices."""
    poll = select.poll()
    poll.register(handle, what)
    while not poll.poll(WAIT_MS):
        yield


def at_once(slices: Generator[object, None, T]) -> T:
    """Do slices to their end."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: T = end.value
            return result


# --- writing ------------------------------------------------------------------------------------


class NewFile:
    """A file that is written beside its place and takes it when it is kept, whole or not at all.

    Who reads it finds the old one or the new one. A link stays, and its target keeps its mode and
    owner. A pipe, `/dev/null` or a descriptor of this program is written to. Without `over`
    FileExistsError: there is such a file. OSError: it cannot be written, or is a device;
    ValueError: it is no name.
    """

    def __init__(self, path: Path, over: bool = True, make_folders: bool = False) -> None:
        self._beside: Path | None = None
        self._over = over
        #: It cannot have the owner of the old one, and is copied into that at the end.
        self._copied = False
        if make_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _descriptor(path)
        status = os.stat(path) if path.exists() else None
        if descriptor is not None:
            self.file: BinaryIO = os.fdopen(os.dup(descriptor), "wb")
        elif status is not None and not stat.S_ISREG(status.st_mode):
            _refuse_device(path, status)
            self.file = path.open("wb")  # a folder is none
        else:
            if status is not None and not over:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            self._path = path.resolve()  # where a link leads
            self._begin(status)
        #: Takes what was written away; also done when nothing refers to it any more.
        self.discard = weakref.finalize(self, _discard, self.file, self._beside)

    def _begin(self, status: os.stat_result | None) -> None:
        """Begin a file beside the place, as the old one is; those left behind are removed."""
        import secrets

        name = os.fsdecode(os.fsencode(self._path.name)[:100])
        _remove_left(self._path.parent, f".{name}{BESIDE}")
        self._beside = self._path.with_name(f".{name}{BESIDE}{secrets.token_hex(8)}")
        self.file = self._beside.open("xb")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX)
            if status is not None:
                mine = os.fstat(self.file.fileno())
                if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
                    try:
                        os.fchown(self.file.fileno(), status.st_uid, status.st_gid)
                    except PermissionError:  # somebody else's, which we may write
                        self._copied = True
                os.fchmod(self.file.fileno(), stat.S_IMODE(status.st_mode))
        except BaseException:
            _discard(self.file, self._beside)
            raise

    def sync(self) -> None:
        """Put on the disk what was written so far."""
        self.file.flush()
        if self._beside is not None:
            os.fsync(self.file.fileno())

    def keep(self) -> None:
        """Have it take its place. Raises as the class does."""
        try:
            self.sync()
            if self._beside is not None:
                self._take_place(self._beside)
        except BaseException:
            self.discard()
            raise
        self.discard.detach()
        self.file.close()

    def _take_place(self, beside: Path) -> None:
        if self._copied:
            with beside.open("rb") as source, self._path.open("r+b") as target:
                while piece := source.read(WRITE_BYTES):
                    target.write(piece)
                target.truncate()
            beside.unlink()
        elif self._over:
            beside.replace(self._path)
        else:
            try:
                os.link(beside, self._path)  # FileExistsError: somebody else was quicker
                beside.unlink()
            except (NotImplementedError, PermissionError):  # a file system without links
                beside.replace(self._path)


def _discard(file: BinaryIO, beside: Path | None) -> None:
    with suppress(OSError):
        if beside is not None:
            beside.unlink(missing_ok=True)
        file.close()


def _remove_left(folder: Path, begins: str) -> None:
    """Remove what programs that were killed had begun beside a place: nobody locks it any more."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(begins) and entry.is_file(follow_symlinks=False):
                with suppress(OSError), open(entry.path, "rb") as left:
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(entry.path)


def write_whole(
    path: Path, text: str | bytes, make_folders: bool = False, over: bool = True
) -> None:
    """Put a text in a file's place, as `NewFile` does.

    Text is UTF-8; undecodable bytes of names (`surrogateescape`) go back as they came.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    at_once(writing_whole(path, (content,), make_folders, over))


def writing_whole(
    path: Path, pieces: Iterable[bytes], make_folders: bool = False, over: bool = True
) -> Generator[None, None, None]:
    """The same in slices, of pieces; whoever stops in between leaves the old file."""
    if path.is_fifo():
        yield from _writing_to_pipe(path, pieces)
        return
    new = NewFile(path, over, make_folders)
    try:
        unsynced = 0
        for piece in pieces:
            for begin in range(0, len(piece), WRITE_BYTES):
                unsynced += new.file.write(memoryview(piece)[begin : begin + WRITE_BYTES])
                if unsynced >= SYNC_BYTES:  # all at the end would take as long as all of it
                    new.sync()
                    unsynced = 0
                yield
        new.keep()
    finally:
        new.discard()


def _writing_to_pipe(path: Path, pieces: Iterable[bytes]) -> Generator[None, None, None]:
    """Write to a FIFO, whose reader may be late or slow."""
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:  # else nobody reads it yet
                raise
        time.sleep(WAIT_MS / 1000)
        yield
    try:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                yield from awaiting(handle, select.POLLOUT)
                with suppress(BlockingIOError):
                    left = left[os.write(handle, left[:PIPE_BYTES]) :]
    finally:
        os.close(handle)


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

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_error: object) -> None:
        self.remove()


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
