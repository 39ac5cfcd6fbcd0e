"""A lesson's slides in a terminal, page by page: for a teacher in front of a class."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Final, Literal

from prompt_toolkit.application import Application
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import clear

from aclbench.repl.keyboard import (
    ignore_senseless,
    keyboard,
    prompt_guard,
    told_from_closed,
    without_interrupts,
)
from aclbench.repl.printing import Printer
from aclbench.tutor.presenting import Presentation

Move = Literal["next", "back", "leave"]

_KEYS: Final[dict[str, Move]] = {
    "space": "next",
    "enter": "next",
    "right": "next",
    "down": "next",
    "pagedown": "next",
    "n": "next",
    "b": "back",
    "left": "back",
    "up": "back",
    "pageup": "back",
    "backspace": "back",
    "q": "leave",
    "escape": "leave",
    "c-c": "leave",
    "c-d": "leave",
}
#: Lines of a terminal that are not the slide's: heading, blank line, keys.
_FRAME_LINES: Final = 4
_LEAST_LINES: Final = 3


class Presenter:
    """Shows slides and follows the keys. `input` and `output` are for tests."""

    def __init__(
        self,
        presentation: Presentation,
        printer: Printer,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._slides = presentation
        self._printer = printer
        self._input, self._output = input or keyboard(), output
        self._lines: list[str] = []
        self._top = 0

    def loop(self) -> None:
        """Until the last slide is behind, or the teacher leaves. Raises LessonError."""
        with prompt_guard():
            self._loop()

    def _loop(self) -> None:
        self._begin()
        while True:
            self._show()
            move = self._ask()
            if move == "leave" or not (self._next() if move == "next" else self._back()):
                return

    def _begin(self) -> None:
        self._lines, self._top = self._printer.markdown_lines(self._slides.slide.text), 0

    @property
    def _page_lines(self) -> int:
        return max(_LEAST_LINES, shutil.get_terminal_size().lines - _FRAME_LINES)

    def _next(self) -> bool:
        """The rest of the slide, or the next one; False: it was the last."""
        if self._top + self._page_lines < len(self._lines):
            self._top += self._page_lines
            return True
        if not self._slides.next():
            return False
        self._begin()
        return True

    def _back(self) -> bool:
        if self._top:
            self._top = max(0, self._top - self._page_lines)
        elif self._slides.back():
            self._begin()
        return True

    def _show(self) -> None:
        clear()
        self._printer.prose(self._slides.slide.heading, "bold")
        page = self._lines[self._top : self._top + self._page_lines]
        self._printer.styled(["", *page])

    def _ask(self) -> Move:
        """Wait for a key."""
        keys = KeyBindings()
        for key, move in _KEYS.items():
            keys.add(key)(_exit_with(move))
        more = self._top + self._page_lines < len(self._lines)
        text = f"{'more below; ' if more else ''}Space next, b back, q leave"
        window = Window(FormattedTextControl([("reverse", f" {text} ")]), height=1)
        app: Application[Move] = Application(
            layout=Layout(window),
            key_bindings=keys,
            erase_when_done=True,
            input=self._input,
            output=self._output,
        )
        app.ttimeoutlen = 0.05
        ignore_senseless(app)
        with told_from_closed(self._input), without_interrupts():
            return app.run()


def _exit_with(move: Move) -> Callable[[KeyPressEvent], None]:
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result=move)

    return leave
