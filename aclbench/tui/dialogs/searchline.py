"""What is searched for, shown as it is typed: a line at the bottom, below what is found."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget

from aclbench.tui.dialogs.askline import AskLine
from aclbench.tui.dialogs.fields import Line


class SearchLine(AskLine):
    """One input; `tried` is called with each text that is typed. Esc goes back to the old one."""

    def __init__(
        self,
        about: str,
        value: str,
        check: Callable[[str], str | None],
        tried: Callable[[str], None],
    ) -> None:
        super().__init__("Search", about, value, check, lambda text: "")
        self._tried = tried

    def changed(self, control: Widget) -> None:
        if isinstance(control, Line):
            self._tried(control.value.strip())
