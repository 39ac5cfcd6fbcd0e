"""What the commands print: seen as it is, obeyed by no terminal, in the encoding of the output."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import IO, Any

import click

from aclbench.errors import AclbenchError
from aclbench.files import is_standard_output
from aclbench.visible import carried, encoding_of, visible, visible_json


def say(text: str, err: bool = False, nl: bool = True) -> None:
    """Print for a person, on standard error with `err`; without a newline behind it unless `nl`."""
    stream = sys.stderr if err else sys.stdout
    click.echo(carried(visible(text), encoding_of(stream)), nl=nl, err=err)


def output_path(name: str) -> Path:
    """The file to be written; `-` is standard output. AclbenchError: that is closed."""
    path = Path("/dev/stdout" if name == "-" else name)
    if sys.__stdout__ is None and is_standard_output(path):
        raise AclbenchError("standard output is closed: name a FILE")
    return path


def say_written(path: Path, text: str) -> None:
    """Say what was written to a file: not into it, where that is standard output."""
    say(f"{path} written{text}", err=is_standard_output(path))


def write_page(path: Path, text: str) -> None:
    """Write a page to a file, and say so. AclbenchError: it cannot be written."""
    from aclbench.files import unwritable, write_whole

    with unwritable(path, AclbenchError):
        write_whole(path, text)
    say(f"{path} written", err=True)


def say_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON; its texts are exact."""
    import json

    ascii_only = encoding_of(sys.stdout).lower() != "utf-8"
    document = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    click.echo(visible_json(document))


def confirm(question: str) -> bool:
    """Ask a person yes or no."""
    return click.confirm(carried(visible(question), encoding_of(sys.stdout)))


def say_error(error: click.ClickException) -> None:
    """Print wrong usage; the messages quote what was typed."""
    text = io.StringIO()
    error.show(text)
    say(text.getvalue(), err=True, nl=False)


def occupy_closed_streams() -> None:
    """Have the numbers of closed streams (`>&-`) lead nowhere, lest a file that is opened gets one.

    What is printed there is lost. `sys.stdin` stays None: who reads it says that it is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is open, and a terminal."""
    return stream is not None and stream.isatty()
