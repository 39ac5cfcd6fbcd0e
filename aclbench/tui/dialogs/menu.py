"""A menu: rows with a key each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult

from aclbench.tui.dialogs.dialog import ACCEPT, CLOSE, ButtonRow, Dialog, FormError
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.units import fit

#: Columns of a row; what is cut off stands in full below the rows.
_ROW_WIDTH = 70


@dataclass(frozen=True, slots=True)
class MenuRow:
    """`key` is the character that chooses the row, and what the menu returns for it."""

    key: str
    label: str
    about: str = ""


class Menu(Dialog[str | None]):
    """Choose a row: arrows and Enter, its key, or the mouse. Returns the key, or None."""

    def __init__(self, title: str, rows: Sequence[MenuRow]) -> None:
        super().__init__(title, "")
        self._rows = tuple(rows)

    def compose_fields(self) -> ComposeResult:
        width = max((len(row.label) for row in self._rows), default=0)
        rows = [f"{row.key}  {row.label:{width}}  {row.about}" for row in self._rows]
        yield PickList([fit(row, _ROW_WIDTH) for row in rows], id="rows")

    def buttons(self) -> ButtonRow:
        return (("Choose: Enter", ACCEPT), CLOSE)

    def _current(self) -> MenuRow:
        index = self.query_one(PickList).index
        if index is None:
            raise FormError("there is nothing to choose")
        return self._rows[index]

    def result(self) -> str:
        return self._current().key

    def line_of(self, result: str | None) -> str:
        row = self._current()
        return row.about or row.label

    def on_key(self, event: events.Key) -> None:
        for row in self._rows:
            if event.character == row.key and row.key.strip():
                event.stop()
                self.dismiss(row.key)
                return
