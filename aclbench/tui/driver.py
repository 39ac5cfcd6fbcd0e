"""How the screen reads and writes its terminal: Textual's driver, which nothing typed can end."""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Callable, Iterable
from typing import IO, Any, Final, cast

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from aclbench.terminal import OFF_SCREEN, PLAIN, Guard, Typed
from aclbench.visible import TWINS, encoding_of, is_carried

#: What is read at once, in bytes, and how long is waited for it, in seconds.
READ_BYTES: Final = 4096
WAIT_S: Final = 0.1
#: Parts of what is typed, so that one that cannot be read takes no other with it.
_SEQUENCES: Final = re.compile("\x1b?[^\x1b]+|\x1b")
#: How long is waited for output under way before the terminal is put right without it.
SILENCE_S: Final = 0.5
#: The lines of Textual's frames, from U+2500 on, in ASCII; its blocks, from U+2580 on.
_LINES: Final = {0x2500 + n: ord("--||"[n] if n < 4 else "+") for n in range(128)} | {
    0x2580 + n: ord("#") for n in range(32)
}


class ScreenDriver(LinuxDriver):
    """Ignores what cannot be read, and tells the app's `guard` when the terminal is closed."""

    def __init__(self, app: Any, **settings: Any) -> None:
        super().__init__(app, **settings)
        self._guard: Guard = app.guard
        self._output = Output(cast("IO[str]", self._file), self._guard.hang_up)
        self._file = cast(Any, self._output)

    def start_application_mode(self) -> None:
        self._guard.undo, self._guard.silence = OFF_SCREEN, self._output.silence
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        self._guard.undo = PLAIN

    def _query_in_band_window_resize(self) -> None:
        """The size is asked of the system: of what is typed none is believed."""

    def run_input_thread(self) -> None:
        typed, parser = Typed(limits_flood=True), XTermParser()
        while not self.exit_event.is_set():
            if not select.select([self.fileno], [], [], WAIT_S)[0]:
                typed.pause()
                parser = self._process(parser, parser.tick())
                continue
            try:
                data = os.read(self.fileno, READ_BYTES)
            except OSError:  # it is gone
                data = b""
            if not data:
                self._guard.hang_up()
                return
            for sequence in _SEQUENCES.findall(typed.take(data)):
                parser = self._process(parser, parser.feed(sequence))
            parser = self._process(parser, parser.tick())

    def _process(self, parser: XTermParser, messages: Iterable[Message]) -> XTermParser:
        """Pass on what was typed; returns the parser to go on with."""
        try:
            for message in messages:
                if _is_sound(message):
                    self.process_message(message)
        except (ValueError, OverflowError):  # the number of a character that there is not
            return XTermParser()
        return parser


def _is_sound(message: Message) -> bool:
    """Sizes come from the system; a character that is no text is none."""
    if isinstance(message, events.Key) and message.character is not None:
        return message.character.isascii() or not any(map(_is_surrogate, message.character))
    return not isinstance(message, events.Resize | InBandWindowResize)


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def carried_in_cells(text: str, encoding: str) -> str:
    """What is painted as an encoding can carry it, in as many columns.

    What has no twin in ASCII is a `?` for each of its columns.
    """
    if is_carried(text, encoding):
        return text
    return "".join(
        char if is_carried(char, encoding) else "?" * cell_len(char)
        for char in text.translate(_LINES | TWINS)
    )


class Output:
    """The terminal as a file: after an error, or once silenced, it takes all and does nothing.

    Otherwise whoever writes to a closed terminal would wait for ever.
    """

    def __init__(self, file: IO[str], gone: Callable[[], None]) -> None:
        self._file = file
        self._encoding = encoding_of(file)
        self._gone = gone
        self._writing = threading.Lock()
        self._silent = False

    def write(self, text: str) -> None:
        carried = carried_in_cells(text, self._encoding)
        self._do(lambda: self._file.write(carried))

    def flush(self) -> None:
        self._do(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def silence(self) -> None:
        """Nothing is written any more once this returns, or it hangs in the middle."""
        self._silent = True
        if self._writing.acquire(timeout=SILENCE_S):
            self._writing.release()

    def _do(self, write: Callable[[], object]) -> None:
        with self._writing:
            if self._silent:
                return
            try:
                write()
            except OSError:
                self._silent = True
        if self._silent:
            self._gone()
