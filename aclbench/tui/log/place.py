"""The log with the whole room: every event that is kept, searched and filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame, LogRow
from aclbench.tui.log.text import event_lines, target_of
from aclbench.tui.palette import Palette
from aclbench.tui.place import RowsPlace

if TYPE_CHECKING:
    from aclbench.tui.player import Player

#: Rows that can be scrolled through.
MOST: Final = 2000


class LogPlace(RowsPlace[LogRow]):
    """Events, oldest first; the cursor follows the newest until it is moved."""

    name: ClassVar[str] = "log"
    word: ClassVar[str] = "log"

    def __init__(self) -> None:
        super().__init__(lambda row: (row.serial, row.event.time), target_of)

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

    def cycle_filter(self, player: Player) -> None:
        player.next_filter()
        self._rows.reset()

    def search_for(self, words: str) -> str:
        self._rows.reset()
        return super().search_for(words)
