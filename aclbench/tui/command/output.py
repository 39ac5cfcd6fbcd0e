"""What commands printed, in rows as wide as the screen; painted are only those that are seen."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from aclbench.tui.packets.text import BAD_FATES, GOOD_FATES, fate_style
from aclbench.tui.palette import palette_of
from aclbench.visible import visible

#: Lines kept of what comes in pieces.
KEPT: Final = 5_000
#: Where there is less room than this, further rows are not set in.
_NARROW: Final = 20
_BOLD: Final = Style(bold=True)
#: Words that have the colour of the fate that they name.
_FATES: Final = re.compile(rf"\b({'|'.join(sorted(BAD_FATES | GOOD_FATES))})\b")


class OutputPane(ScrollView, can_focus=False):
    """Lines, wrapped. It is as high as they are, up to what its style allows."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._rows: deque[str] = deque()
        self._rows_of: deque[int] = deque()
        self._strong = False
        self._width = 0

    @property
    def text(self) -> str:
        """All of it, unwrapped."""
        return "\n".join(self._lines)

    def render(self) -> Text:
        """All of it; what is painted comes row by row from `render_line`."""
        return Text(self.text)

    def show(self, text: str, strong: bool = False) -> None:
        """This, and nothing of what stood there."""
        self._clear()
        self._strong = strong
        self._add(visible(text).split("\n") if text else ())
        self._resized()
        self.scroll_home(animate=False)

    def append(self, text: str) -> None:
        """More at its end; whoever looks at the end goes on doing so."""
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self._add(visible(text).rstrip("\n").split("\n"))
        self._resized()
        if at_end:
            self.call_after_refresh(self.scroll_end, animate=False)

    def _clear(self) -> None:
        self._lines.clear()
        self._rows.clear()
        self._rows_of.clear()

    def _add(self, lines: Iterable[str]) -> None:
        for line in lines:
            if len(self._lines) == KEPT:
                for _ in range(self._rows_of.popleft()):
                    self._rows.popleft()
            self._lines.append(line)
            rows = list(wrapped(line, self._width or 80))
            self._rows.extend(rows)
            self._rows_of.append(len(rows))

    def _resized(self) -> None:
        self.display = bool(self._lines)
        self.virtual_size = Size(self._width or 1, len(self._rows))
        # Said in cells: what holds this one is as high as its parts before they are bounded.
        self.styles.height = max(min(len(self._rows), self.app.size.height * 6 // 10), 1)
        self.refresh(layout=True)

    def on_resize(self, event: events.Resize) -> None:
        width = self.scrollable_content_region.width
        if width != self._width and width > 0:
            self._width = width
            lines = list(self._lines)
            self._clear()
            self._add(lines)
            self._resized()

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.rich_style + (_BOLD if self._strong else Style.null())
        if row >= len(self._rows):
            return Strip.blank(width, style)
        parts = _FATES.split(set_cell_size(self._rows[row], width))
        palette = palette_of(self.app.theme_variables)
        return Strip(
            [
                Segment(part, style + fate_style(part, palette) if number % 2 else style)
                for number, part in enumerate(parts)
                if part
            ],
            width,
        )


def wrapped(line: str, width: int) -> Iterator[str]:
    """A line in rows, cut between words; further rows stand under its last column of text."""
    line = line.expandtabs()
    if cell_len(line) <= width:
        yield line
        return
    indent = " " * _last_column(chop_cells(line, width)[0], width)
    while cell_len(line) > width:
        # At least a character each time, also where a wide one does not fit.
        head = chop_cells(line, width)[0] or line[:1]
        space = head.rfind(" ")
        if len(line) > len(head) and line[len(head)] != " " and space > width // 2:
            head = head[:space]
        yield head
        rest = line[len(head) :].lstrip()
        if not rest:
            return
        line = indent + rest
    yield line


def _last_column(head: str, width: int) -> int:
    """Where the last column of a row begins, or a little in where there is none."""
    if width < _NARROW:
        return 0
    gaps = [match.end() for match in re.finditer(r"^ +| {2,}", head)]
    inside = [end for end in gaps if end < width * 2 // 3 and head[end:].strip()]
    return inside[-1] if inside else 2
