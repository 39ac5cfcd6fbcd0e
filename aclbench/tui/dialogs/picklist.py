"""Rows to choose one of; if so wanted a letter goes to the next row that begins with it.

It paints the rows that are seen, so there may be many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from aclbench.visible import visible_line


class PickList(ScrollView, can_focus=True):
    """One row is the current one: `>` before it, `*` while the focus is elsewhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", "Up", show=False),
        Binding("down", "go(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(-1)", "First", show=False),
        Binding("end", "end(1)", "Last", show=False),
    ]

    class Moved(Message):
        """Another row is the current one."""

        def __init__(self, pick_list: PickList) -> None:
            super().__init__()
            self.pick_list = pick_list

    class Picked(Message):
        """A row was clicked."""

        def __init__(self, pick_list: PickList) -> None:
            super().__init__()
            self.pick_list = pick_list

    def __init__(
        self,
        rows: Sequence[str],
        id: str | None = None,
        index: int | None = 0,
        by_letter: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._by_letter = by_letter
        self._rows = tuple(map(visible_line, rows))
        #: The current row; None: there is none (yet).
        self.index = index if self._rows else None
        self.virtual_size = Size(1, len(self._rows))

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows as they are shown."""
        return self._rows

    def show(self, rows: Sequence[str], index: int | None = 0) -> None:
        """Other rows."""
        self._rows = tuple(map(visible_line, rows))
        self.index = index if self._rows else None
        self.virtual_size = Size(1, len(self._rows))
        self.refresh(layout=True)
        if self.is_mounted:
            self.scroll_home(animate=False)

    def go_to(self, index: int) -> None:
        """Make a row the current one, and have it seen."""
        if not 0 <= index < len(self._rows) or index == self.index:
            return
        self.index = index
        self.scroll_to_region(Region(0, index, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, style)
        mark = "  "
        if index == self.index:
            mark = "> " if self.has_focus else "* "
            style += Style(bold=True, reverse=self.has_focus)
        text = set_cell_size(mark + self._rows[index], width)
        return Strip([Segment(text, style)], width)

    def action_go(self, by: int) -> None:
        wanted = (-1 if self.index is None else self.index) + by
        if not 0 <= wanted < len(self._rows):
            raise SkipAction  # the dialog's: on to the row above or below the list
        self.go_to(wanted)

    def action_page(self, by: int) -> None:
        page = max(self.size.height - 1, 1)
        self.go_to(min(max((self.index or 0) + by * page, 0), len(self._rows) - 1))

    def action_end(self, by: int) -> None:
        self.go_to(len(self._rows) - 1 if by > 0 else 0)

    def on_key(self, event: events.Key) -> None:
        """On to the next row that begins with the character, round to the first."""
        letter = event.character or ""
        if not (self._by_letter and letter.isalnum()):
            return
        here = 0 if self.index is None else self.index + 1
        for number in (*range(here, len(self._rows)), *range(here)):
            if self._rows[number].lower().startswith(letter.lower()):
                event.stop()
                self.go_to(number)
                return

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._rows):
            self.go_to(index)
            self.post_message(self.Picked(self))
