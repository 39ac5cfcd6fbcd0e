"""A lesson's step on so many lines: scrolled, and with a cursor for answers."""

from __future__ import annotations

from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.lesson.text import Drawer, Keys, bottom_line, title_line
from aclbench.tui.palette import Palette
from aclbench.tui.targets import OptionTarget, Target
from aclbench.tutor.lesson import Predict

#: The question itself, which the cursor is on to begin with.
_QUESTION = -1


class LessonView:
    """The step that one is at. `keys` has the names of keys by action."""

    def __init__(self, desk: Desk, keys: Keys) -> None:
        self.desk = desk
        self._keys = keys
        self._top = 0
        self._in_sight = 1
        self._cursor = _QUESTION
        self._entered = desk.entered
        self._wanted = ""
        self._drawn: object = None
        self._lines: list[Line] = []
        self._begins: dict[str, int] = {}

    def drawn(self, width: int, height: int, palette: Palette) -> Drawing:
        """The lesson on so many lines of so many columns; its last line stays where it is."""
        self._look_at_desk()
        self._draw_body(width, palette)
        room = max(height - 2, 1)
        self._in_sight = room
        last = max(len(self._lines) - room, 0)
        self._bring_into_sight(room)
        self._top = min(max(self._top, 0), last)
        lines = [title_line(self.desk, width, palette)]
        shown = self._lines[self._top : self._top + room]
        lines += [*shown, *(Line() for _ in range(room - len(shown)))]
        above, below = self._top > 0, self._top < last
        lines.append(bottom_line(self.desk, self._keys, above, below, width, palette))
        if height < len(lines):
            lines = lines[:1] + lines[2:] if height > 1 else lines[1:]
        return drawing(lines, height)

    def _look_at_desk(self) -> None:
        """Another step begins at its top."""
        if self._entered != self.desk.entered:
            self._entered = self.desk.entered
            self._top, self._cursor, self._wanted = 0, _QUESTION, ""
            if self.desk.run.finished:
                self._wanted = "end"

    def _draw_body(self, width: int, palette: Palette) -> None:
        key = (self.desk.version, width, palette)
        if key == self._drawn:
            return
        self._drawn = key
        self._lines, self._begins = [], {}
        for part in Drawer(self.desk, width - 2, palette, self._keys).parts():
            if self._lines:
                self._lines.append(Line())
            self._begins[part.name] = len(self._lines)
            self._lines += [Line(" ").join(line).fit(width) for line in part.lines]

    def _bring_into_sight(self, room: int) -> None:
        """Have what was asked for last in sight: its beginning, and as much of it as there is."""
        wanted, self._wanted = self._wanted, ""
        if wanted == "cursor":
            target = OptionTarget(self._cursor)
            rows = [
                n for n, line in enumerate(self._lines) if any(s[2] == target for s in line.spots)
            ]
            if rows and rows[-1] >= self._top + room:
                self._top = rows[-1] - room + 1
            if rows and rows[0] < self._top:
                self._top = rows[0]
        elif wanted in self._begins:
            begin = self._begins[wanted]
            if self._top > begin or len(self._lines) > self._top + room:
                self._top = begin

    def show_part(self, name: str) -> None:
        """At the next painting this part is in sight."""
        self._wanted = name

    # --- the cursor --------------------------------------------------------------------------

    def selected(self) -> Target | None:
        """The answer under the cursor; or the question. None: nothing is asked."""
        self._look_at_desk()
        return OptionTarget(self._cursor) if self.desk.asks else None

    def _options(self) -> int:
        step = self.desk.step
        return len(step.options) + 1 if isinstance(step, Predict) else 0

    def choose(self, number: int) -> bool:
        """The cursor to an answer, from 0; False: there is no such one."""
        self._look_at_desk()
        if not (self.desk.asks and 0 <= number < self._options()):
            return False
        self._cursor = number
        self.show_part("cursor")
        return True

    def move(self, by: int) -> None:
        if not self.desk.asks:
            self.scroll(by)
            return
        self._look_at_desk()
        self._cursor = min(max(self._cursor + by, _QUESTION), self._options() - 1)
        self.show_part("cursor")

    def move_page(self, by: int) -> None:
        self.scroll(by * max(self._in_sight - 1, 1))

    def move_to_end(self, last: bool) -> None:
        self.scroll(len(self._lines) if last else -len(self._lines))

    def scroll(self, by: int) -> None:
        last = max(len(self._lines) - self._in_sight, 0)
        self._top = min(max(self._top + by, 0), last)

    def pick(self, target: Target) -> None:
        if isinstance(target, OptionTarget) and target.number != _QUESTION:
            self.choose(target.number)
