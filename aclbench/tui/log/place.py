"""The log with the whole room: every event that is kept, searched and filtered."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import BindingType

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame, LogRow
from aclbench.tui.keys import bindings
from aclbench.tui.log.text import event_lines, target_of
from aclbench.tui.palette import Palette
from aclbench.tui.place import ABOUT, FILTER, GO_THERE, SEARCH, Changed, RowsPlace
from aclbench.tui.player import Player

#: Rows that can be scrolled through.
MOST: Final = 2000


class LogPlace(RowsPlace[LogRow]):
    """Events, oldest first; the cursor follows the newest until it is moved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(GO_THERE, ABOUT, FILTER, SEARCH)

    def __init__(self, player: Player) -> None:
        super().__init__(player, "log", lambda row: (row.serial, row.event.time), target_of)

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        log, which = self.player.log, self.player.filter_index
        if self.search:
            rows = log.matching(which, self.search, MOST)
        else:
            rows = list(log.last(MOST, which))
        new = frame.new_events if not self.search else 0
        found = f", with {self.search}" if self.search else ""
        about = "f filters, / searches, Enter goes there, I tells about it "
        lines = [heading(f" log  {frame.filter_name}{found}", about, width, palette)]

        def lines_of(row: LogRow, number: int) -> list[Line]:
            return event_lines(row, frame, number >= len(rows) - new, width, palette, most=3)

        body = self._rows.show(rows, height - 1, lines_of)
        if not body:
            said = "no event has these words" if self.search else "nothing has happened yet"
            body = [Line(f" {said}", palette.dim)]
        return drawing(lines + body, height)

    def action_filter(self) -> None:
        self.player.next_filter()
        self._rows.reset()
        self.post_message(Changed())
