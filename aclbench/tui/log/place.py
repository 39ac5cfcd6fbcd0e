"""The log with the whole room: every event that is kept, searched and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame, LogRow
from aclbench.tui.log.text import event_lines, target_of
from aclbench.tui.palette import Palette
from aclbench.tui.place import Place
from aclbench.tui.rows import Rows
from aclbench.tui.targets import Target

if TYPE_CHECKING:
    from aclbench.tui.player import Player

#: Rows that can be scrolled through.
MOST: Final = 2000


class LogPlace(Place):
    """Events, oldest first; the cursor follows the newest until it is moved."""

    name: ClassVar[str] = "log"
    word: ClassVar[str] = "log"

    def __init__(self) -> None:
        super().__init__()
        self._rows: Rows[LogRow] = Rows(lambda row: (row.serial, row.event.time))

    def draw(
        self, player: Player, frame: Frame, width: int, height: int, palette: Palette
    ) -> Drawing:
        which = player.filter_index
        if self.search:
            rows = player.log.matching(which, self.search, MOST)
        else:
            rows = list(player.log.last(MOST, which))
        new = frame.new_events if not self.search else 0
        found = f", with {self.search}" if self.search else ""
        about = "f filters, / searches, Enter goes there, i tells about it "
        lines = [heading(f" log  {frame.filter_name}{found}", about, width, palette)]

        def lines_of(row: LogRow, number: int) -> list[Line]:
            return event_lines(row, frame, number >= len(rows) - new, width, palette, most=3)

        body = self._rows.show(rows, height - 1, lines_of)
        if not body:
            said = "no event has these words" if self.search else "nothing has happened yet"
            body = [Line(f" {said}", palette.dim)]
        return drawing(lines + body, height)

    def selected(self) -> Target | None:
        row = self._rows.current()
        return None if row is None else target_of(row)

    def move(self, by: int) -> None:
        self._rows.move(by)

    def move_page(self, by: int) -> None:
        self._rows.move_page(by)

    def move_to_end(self, last: bool) -> None:
        self._rows.move_to_end(last)

    def pick(self, target: Target) -> None:
        self._rows.pick(target, target_of)

    def cycle_filter(self, player: Player) -> None:
        player.next_filter()
        self._rows.reset()

    def search_for(self, words: str) -> str:
        self._rows.reset()
        return super().search_for(words)
