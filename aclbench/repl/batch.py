"""Lines that nobody types: no prompt, no echo, and the first failure ends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.files import at_once, opening, reason
from aclbench.repl.session import Session

#: A longer line is none that anybody wrote, in characters: it is not read to its end.
MAX_LINE: Final = 1 << 20


class Line(NamedTuple):
    """A line, and where it stands: `setup.cli:3`, `-c 2`, `standard input:1`."""

    place: str
    text: str


def given_lines(texts: Sequence[str]) -> Iterator[Line]:
    """Those of `-c`."""
    for number, text in enumerate(texts, 1):
        yield Line(f"-c {number}", text)


def file_lines(path: Path) -> Iterator[Line]:
    """Those of a file. AclbenchError: it cannot be read."""
    try:
        with TextIOWrapper(at_once(opening(path, pipes=True)), encoding="utf-8") as file:
            yield from _numbered(file, str(path))
    except (OSError, ValueError) as error:
        raise AclbenchError(f"{path}: {reason(error)}") from None


def stream_lines(stream: IO[str]) -> Iterator[Line]:
    """Those of standard input, each as soon as it is there."""
    return _numbered(stream, "standard input")


def _numbered(stream: IO[str], name: str) -> Iterator[Line]:
    number = 0
    try:
        while text := stream.readline(MAX_LINE + 1):
            number += 1
            if len(text) > MAX_LINE:
                raise AclbenchError(f"{name}:{number}: longer than {MAX_LINE:,} characters")
            yield Line(f"{name}:{number}", text.rstrip("\r\n"))
    except UnicodeDecodeError:
        raise AclbenchError(f"{name}:{number + 1}: not text in UTF-8") from None


def run_batch(session: Session, lines: Iterable[Line]) -> None:
    """Run lines until one asks to leave. AclbenchError: one was refused; it says where."""
    for line in lines:
        try:
            if session.run(line.text):
                return
        except AclbenchError as error:
            session.refused(error)
            raise BatchError(f"{line.place}: {error}") from error


class BatchError(AclbenchError):
    """A line of a batch was refused; the message begins with its place."""
