"""The place where a story is told. What it tells of can be gone to, and asked about in turn."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import ClassVar, Final, TypeAlias

from textual.binding import BindingType

from aclbench.errors import AclbenchError
from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import bindings
from aclbench.tui.palette import Palette
from aclbench.tui.place import ABOUT, GO_THERE, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.story.tellers import Teller, Told
from aclbench.tui.story.text import StoryRow, row_lines, target_of
from aclbench.tui.targets import Target

#: While it is told it is shown anew after so long on the wall, in seconds.
PAINT_S: Final = 0.1
#: A row with its number: stories may have the same row twice.
_Numbered: TypeAlias = tuple[int, StoryRow]
_NONE_YET = (
    "Put the cursor on a session, a flag, a list or a packet with Tab and the arrow keys, "
    "and press Enter (or click it twice): its story is told here."
)


class StoryPlace(RowsPlace[_Numbered]):
    """One story at a time; it is told anew where the bench has gone on."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(GO_THERE, ABOUT)

    def __init__(self, player: Player) -> None:
        super().__init__(
            player, "story", lambda row: (row[1].indent, row[1].text), _target, follows=False
        )
        self._telling: Iterator[Told] | None = None
        self._told: Told | None = None
        self._error = ""
        self._at: object = None
        self._teller: Teller | None = None
        self._painted = 0.0

    def tell(self, teller: Teller) -> None:
        """Tell this story from now on. Raises AclbenchError: there is none."""
        self._telling = teller.begin(self.player)
        self._told = next(self._telling, None)
        self._teller, self._error = teller, ""
        self._at = self.player.live.stamp()
        self._rows.reset()
        self.paint()

    def work(self) -> bool:
        """Go on with the telling, for a piece; True: there may be more to do."""
        teller, player = self._teller, self.player
        if teller is None:
            return False
        at = player.live.stamp()
        if at != self._at and teller.follows and not player.active:
            self._telling, self._at, self._error = teller.begin(player), at, ""
        if self._telling is None:
            return False
        try:
            told = next(self._telling, None)
        except AclbenchError as error:
            self._error, self._telling = str(error), None
            self.paint()
            return False
        if told is None:
            self._telling = None
            self.paint()
            return False
        self._told = told
        if player.live.wall() - self._painted >= PAINT_S:
            self.paint()
        return True

    def paint(self) -> None:
        self._painted = self.player.live.wall()
        super().paint()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        told = self._told
        if told is None:
            lines = [heading(" story", "", width, palette)]
            lines += [Line(f" {text}", palette.dim) for text in wrap(_NONE_YET, max(width - 2, 1))]
            return drawing(lines, height)
        about = "Enter goes there, i tells, Esc closes " if told.complete else "looking back ... "
        lines = [heading(f" {told.title}", about, width, palette)]
        if self._error:
            wrapped = wrap(self._error, max(width - 1, 1))
            lines += [Line(f" {text}", palette.bad) for text in wrapped]

        def lines_of(row: _Numbered, number: int) -> list[Line]:
            return row_lines(row[1], number, width, palette)

        rows = list(enumerate(told.rows))
        return drawing(lines + self._rows.show(rows, height - len(lines), lines_of), height)


def _target(row: _Numbered) -> Target:
    number, story_row = row
    return target_of(story_row, number)
