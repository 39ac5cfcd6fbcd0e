"""The idle timeouts of all classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.app import ComposeResult

from aclbench.tui.dialogs.dialog import Dialog, FormError, as_typed
from aclbench.tui.dialogs.fields import Field, Line
from aclbench.tui.units import NS_PER_S, span_text

#: Longer than 60 years: what VPP keeps in 32 bits with a sign.
_LONGEST_S: Final = 2**31 - 1


def timeout_line(words: str, text: str) -> str:
    """The line that sets a timeout. FormError: it is no number of seconds that VPP takes."""
    if not text.isascii() or not text.isdigit():
        found = f"'{text[:20]}'" if text else "nothing"
        raise FormError(f"{words}: {found} is no number of whole seconds; 600 is")
    if len(text) > 12 or not 1 <= int(text) <= _LONGEST_S:
        raise FormError(f"{words}: {text[:20]} s; from 1 to {_LONGEST_S:,} seconds are right")
    return f"set acl-plugin session timeout {words} {int(text)}"


class TimeoutDialog(Dialog[list[str] | None]):
    """Idle timeouts in whole seconds. Returns a line for each that is another now, or None.

    `classes`: the words of the command for each, who is in it, and its timeout now (ns).
    """

    def __init__(self, classes: Iterable[tuple[str, str, int]]) -> None:
        super().__init__(
            "Session timeouts",
            "Sets how long a session may be idle, in whole seconds, by class. It holds for "
            "sessions that exist too: their next check goes by it.",
        )
        self._timeouts = tuple(classes)

    def compose_fields(self) -> ComposeResult:
        for n, (words, about, now) in enumerate(self._timeouts):
            hint = f"{about}; now {span_text(now)}"
            yield Field(words, Line(f"timeout-{n}", f"{now // NS_PER_S}", width=14), hint)

    def result(self) -> list[str]:
        lines = []
        for n, (words, _, now) in enumerate(self._timeouts):
            text = self.query_one(f"#timeout-{n}", Line).value.strip()
            try:
                line = timeout_line(words, text)
            except FormError as error:
                raise FormError(str(error), f"timeout-{n}") from None
            if int(text) * NS_PER_S != now:
                lines.append(line)
        return lines

    def line_of(self, result: list[str] | None) -> str:
        return as_typed(result or ()) or "(nothing is changed yet)"
