"""Lines that know what stands in them: text, and the spots of it that can be pointed at.

Everything on the screen is drawn into these, so that the mouse and the cursor keys find the same
things, and a drawing can be tested without a screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from aclbench.tui.palette import Palette
from aclbench.tui.targets import Target
from aclbench.visible import visible_line

#: Stands before what is pointed at, where there is a blank; without colours it alone tells.
POINTER: Final = "›"


class Spot(NamedTuple):
    """Where something stands that can be pointed at: columns `start` to `end` of a line."""

    line: int
    start: int
    end: int
    target: Target


class Line:
    """One line, written from left to right."""

    __slots__ = ("spots", "text")

    def __init__(self, content: str = "", style: Style | str = "") -> None:
        self.text = Text(visible_line(content), style, no_wrap=True, end="")
        self.spots: list[tuple[int, int, Target]] = []

    def add(self, content: str, style: Style | str = "", target: Target | None = None) -> Line:
        """Append; with a target, what is appended can be pointed at, blanks at its end apart."""
        if content:
            content = visible_line(content)
            if not content.strip() and not (isinstance(style, Style) and style.bgcolor):
                style = ""  # its colour would be seen where it is selected
            begin = len(self.text)
            self.text.append(content, style)
            long = len(content.rstrip())
            if target is not None and long:
                self.spots.append((begin, begin + long, target))
        return self

    def join(self, other: Line) -> Line:
        """Append another line, its spots with it."""
        begin = len(self.text)
        self.text.append_text(other.text)
        self.spots += [(start + begin, end + begin, target) for start, end, target in other.spots]
        return self

    def point_at(self, target: Target, start: int = 1) -> Line:
        """Make the whole line from a column on something that can be pointed at."""
        self.spots.append((start, len(self.text), target))
        return self

    def pad(self, width: int) -> Line:
        """Blanks up to a width."""
        self.text.append(" " * max(width - len(self.text), 0))
        return self

    def fit(self, width: int) -> Line:
        """Cut what is too long, with an ellipsis; what is not there any more is no spot either."""
        if cell_len(self.text.plain) > width:
            self.text.truncate(width, overflow="ellipsis")
            long = len(self.text)
            self.spots = [
                (start, min(end, long), target) for start, end, target in self.spots if start < long
            ]
        return self

    @property
    def plain(self) -> str:
        return self.text.plain

    def __len__(self) -> int:
        return len(self.text)


class Drawing(NamedTuple):
    """Lines below each other."""

    lines: tuple[Line, ...]

    @property
    def plain(self) -> str:
        return "\n".join(line.plain for line in self.lines)

    def spots(self) -> list[Spot]:
        """All that can be pointed at, in reading order."""
        return [
            Spot(number, start, end, target)
            for number, line in enumerate(self.lines)
            for start, end, target in sorted(line.spots, key=lambda spot: spot[0])
        ]

    def at(self, line: int, column: int) -> Target | None:
        """What stands at a place; the narrowest if there are several."""
        if not 0 <= line < len(self.lines):
            return None
        here = [spot for spot in self.lines[line].spots if spot[0] <= column < spot[1]]
        return min(here, key=lambda spot: spot[1] - spot[0])[2] if here else None

    def render(self, selected: Target | None, palette: Palette) -> Text:
        """The text of it, with what is selected standing out; what goes over several lines has one
        pointer, at its first."""
        texts: list[Text] = []
        pointer = POINTER
        for line in self.lines:
            spot = next((spot for spot in line.spots if spot[2] == selected), None)
            if selected is None or spot is None:
                texts.append(line.text)
                continue
            texts.append(_selected(line, spot[0], spot[1], pointer, palette))
            pointer = " "
        return Text("\n", end="").join(texts)


def _selected(line: Line, start: int, end: int, pointer: str, palette: Palette) -> Text:
    text = line.text.copy()
    plain = text.plain
    if start and plain[start - 1] == " ":
        text.plain = f"{plain[: start - 1]}{pointer}{plain[start:]}"
        text.stylize(palette.up, start - 1, start)
    before, within, after = text.divide([start, end])
    # Dim text would be of another grey.
    within.spans = [span for span in within.spans if span.style != palette.dim]
    within.stylize(palette.selected)
    return before + within + after


def drawing(lines: Iterable[Line], height: int | None = None) -> Drawing:
    """Lines as a drawing; at most `height` of them, and filled up with blank ones."""
    found = list(lines)
    if height is not None:
        height = max(height, 0)
        found = found[:height] + [Line() for _ in range(height - len(found))]
    return Drawing(tuple(found))


def heading(left: str, right: str, width: int, palette: Palette) -> Line:
    """A line that begins a region: its name on the left, a word about it on the right."""
    room = max(width - len(left) - 2, 0)
    right = right if len(right) <= room else ""
    line = Line()
    line.add(left.ljust(width - len(right))[:width], palette.heading)
    line.add(right, palette.heading + Style(bold=False))
    return line
