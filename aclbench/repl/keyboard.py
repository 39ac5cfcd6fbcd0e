"""What is typed at a prompt's terminal, and what becomes of the terminal if the prompt is ended."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from prompt_toolkit.application import Application, get_app_or_none, get_app_session
from prompt_toolkit.input import Input
from prompt_toolkit.input.posix_utils import PosixStdinReader
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding.key_bindings import Binding
from prompt_toolkit.key_binding.key_processor import KeyPress, KeyProcessor

from aclbench.terminal import Guard, Typed, ended_by

#: Signals that end a prompt. SIGINT is Ctrl-C, which clears the line or stops what runs.
ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def prompt_guard(last_words: Callable[[], str] = str) -> Guard:
    """Keeps a prompt's terminal as it was, whatever ends the prompt: see there.

    A signal ends what runs, or else the reading, with EOFError: an error that is raised amid its
    event loop would be told of with a traceback.
    """

    def end(number: int) -> None:
        app = get_app_or_none()
        if app is None or app.loop is None or not app.is_running:
            raise ended_by(number)
        app.loop.call_soon_threadsafe(_end_reading, app)

    return Guard(end, last_words, ENDING, echo=False)


def _end_reading(app: Application[Any]) -> None:
    if app.future is not None and not app.future.done():
        app.exit(exception=EOFError())


def keyboard() -> Input:
    """The terminal, of which nothing is read that cannot be typed."""
    terminal = get_app_session().input
    if isinstance(terminal, Vt100Input):
        terminal.stdin_reader = _Reader(terminal.fileno())
    return terminal


@contextmanager
def told_from_closed(terminal: Input) -> Iterator[None]:
    """Reading that fails since the terminal was closed raises Ended, as SIGHUP does."""
    try:
        yield
    except (EOFError, OSError):
        if terminal.closed:
            raise ended_by(signal.SIGHUP) from None
        raise


def ignore_senseless(app: Application[Any]) -> None:
    """Have an app ignore what is typed that prompt_toolkit takes for a key, and cannot read."""
    app.key_processor = _Keys(app.key_processor._bindings)


class _Keys(KeyProcessor):
    """A report of the mouse or the cursor may have too few numbers in it, or too large ones."""

    def _call_handler(self, handler: Binding, key_sequence: list[KeyPress]) -> None:
        try:
            super()._call_handler(handler, key_sequence)
        except (ValueError, OverflowError):
            if not handler.handler.__module__.startswith("prompt_toolkit."):
                raise


@contextmanager
def without_interrupts() -> Iterator[list[int]]:
    """SIGINT is noted, and raises nothing: amid the making of an event loop it would do harm.

    While prompt_toolkit reads, it is Ctrl-C there.
    """
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)


class _Reader(PosixStdinReader):
    """Leaves out bytes that are no text, and knows a terminal that is closed."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._typed = Typed()

    def read(self, count: int = 1024) -> str:
        if self.closed or not select.select([self.stdin_fd], [], [], 0)[0]:
            return ""
        try:
            data = os.read(self.stdin_fd, count)
        except OSError:
            data = b""
        self.closed = not data
        return self._typed.take(data)
