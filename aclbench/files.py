"""Files that are written whole or not at all, and locks between programs; a leaf."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, text: str | bytes, make_folders: bool = False) -> None:
    """Put a text in a file's place: whoever reads it finds the old one or the new one, whole.

    It is written to a file beside it, down to the disk, which then takes its place. What is no
    file (a pipe, `/dev/stdout`) is written to. Text is UTF-8; undecodable bytes of names
    (`surrogateescape`) go back as they came. Raises OSError, and ValueError for a path or a text
    that cannot be.
    """
    import secrets

    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(content)
        return
    path = path.resolve()  # where a link leads, so that the link stays
    if make_folders:
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:100]}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            if path.is_file():
                beside.chmod(path.stat().st_mode & 0o7777)
            file.write(content)
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


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """For the time of a `with` block no other program has the lock of this file. Raises OSError."""
    from filelock import FileLock  # its import takes as long as a small replay

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        yield
