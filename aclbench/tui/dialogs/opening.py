"""What to open: a bundled scenario or capture, something opened lately, or a path."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widget import Widget

from aclbench.errors import AclbenchError
from aclbench.tui.dialogs.dialog import ACCEPT, CLOSE, ButtonRow, Dialog, FormError
from aclbench.tui.dialogs.fields import Field, Line
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.words import Words
from aclbench.workbench.commands.bench.files import FILE
from aclbench.workbench.rig.bundled import find_input

_NAME_WIDTH: Final = 20


class PathSuggester(Suggester):
    """The first file that a path can become."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        found = (candidate.text for candidate in FILE.complete(value, None))
        return next(found, None) if value else None


class PathLine(Line):
    """An input for paths: Tab takes what is suggested, and else goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, id: str) -> None:
        super().__init__(id, suggester=PathSuggester())

    def action_complete(self) -> None:
        if len(self._suggestion) <= len(self.value):
            raise SkipAction
        self.value = self._suggestion
        self.cursor_position = len(self.value)


def typed_inputs(text: str) -> str:
    """Paths as typed, each looked for, and quoted again. FormError: one is not there."""
    whole = os.path.expanduser(text.strip())
    try:
        words = [whole] if os.path.exists(whole) else shlex.split(text)
    except ValueError:
        raise FormError(f"{text}: a quote is opened and not closed", "path") from None
    paths = [os.path.expanduser(word) for word in words]
    for path in paths:
        if path == "-":
            raise FormError("standard input (-) is where this screen reads its keys", "path")
        try:
            find_input(path)
        except AclbenchError as error:
            raise FormError(str(error), "path") from None
    return shlex.join(paths)


class OpenDialog(Dialog[str | None]):
    """Returns what one would type behind `aclbench tui`, quoted as for a shell; or None.

    `scenarios`: name, title and text of each; `recent`: such returned lines, the last first;
    `captures`: names of bundled ones.
    """

    def __init__(
        self,
        scenarios: Sequence[tuple[str, str, str]],
        recent: Sequence[str] = (),
        captures: Sequence[str] = (),
    ) -> None:
        super().__init__("Open", "Opens a scenario, captures or a saved run in place of this one.")
        names = [shlex.quote(name) for name, _, _ in scenarios]
        self._inputs = [*recent, *names, *map(shlex.quote, captures)]
        self._rows = [f"{'opened lately':{_NAME_WIDTH}} {text}" for text in recent]
        self._rows += [f"{name:{_NAME_WIDTH}} {title}" for name, title, _ in scenarios]
        self._rows += [f"{name:{_NAME_WIDTH}} capture" for name in captures]
        self._by_path = False
        texts = [" ".join(text.split()) for _, _, text in scenarios]
        self._texts = [*("" for _ in recent), *texts, *("" for _ in captures)]

    def compose_fields(self) -> ComposeResult:
        yield PickList(self._rows, id="rows", by_letter=True)
        yield Words(id="about-row")
        yield Field("or a path", PathLine("path"), label_width=10)

    def buttons(self) -> ButtonRow:
        return (("Open: Enter", ACCEPT), CLOSE)

    def on_mount(self) -> None:
        self._show_text()

    def _show_text(self) -> None:
        index = self.query_one("#rows", PickList).index
        self.query_one("#about-row", Words).say("" if index is None else self._texts[index])

    def changed(self, control: Widget) -> None:
        if isinstance(control, PickList):
            self._show_text()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """What is wanted is what one was in last: the list, or the path."""
        if isinstance(event.widget, PickList | Line):
            self._by_path = isinstance(event.widget, Line)
            self.show_line()

    def result(self) -> str:
        path = self.query_one("#path", Line).value.strip()
        if path and self._by_path:
            return typed_inputs(path)
        index = self.query_one("#rows", PickList).index
        if index is None:
            raise FormError("nothing is chosen; type a path", "path")
        return self._inputs[index]

    def line_of(self, result: str | None) -> str:
        return f"aclbench tui {result}"
