"""One line asked for, with a check."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult

from aclbench.tui.dialogs.dialog import Dialog, FormError
from aclbench.tui.dialogs.fields import Field, Line


def _as_it_is(text: str) -> str:
    return text


class AskLine(Dialog[str | None]):
    """One input. `check` says what is wrong with a text, or None.

    `line_for` makes the command line that is shown at the bottom of what is typed.
    """

    def __init__(
        self,
        title: str,
        about: str,
        value: str,
        check: Callable[[str], str | None],
        line_for: Callable[[str], str] = _as_it_is,
    ) -> None:
        super().__init__(title, about)
        self._value = value
        self._check = check
        self._line_for = line_for

    def compose_fields(self) -> ComposeResult:
        yield Field("", Line("text", self._value), label_width=0)

    def result(self) -> str:
        text = self.query_one("#text", Line).value.strip()
        wrong = self._check(text)
        if wrong is not None:
            raise FormError(wrong, "text")
        return text

    def line_of(self, result: str | None) -> str:
        return self._line_for(result or "")
