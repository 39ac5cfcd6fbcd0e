"""The place where a story is told. What it tells of can be gone to, and asked about in turn."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from aclbench.errors import AclbenchError
from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.place import RowsPlace
from aclbench.tui.story.tellers import Teller, Told
from aclbench.tui.story.text import StoryRow, row_lines, target_of
from aclbench.tui.targets import Target

if TYPE_CHECKING:
    from aclbench.tui.player import Player

#: A row with its number: stories may have the same row twice.
_Numbered: TypeAlias = tuple[int, StoryRow]
_NONE_YET = (
    "Put the cursor on a session, a flag, a list or a packet with Tab and the arrow keys, "
    "and press Enter (or click it twice): its story is told here."
)


class StoryPlace(RowsPlace[_Numbered]):
    """One story at a time; it is told anew where the bench has gone on."""

    name: ClassVar[str] = "story"
    word: ClassVar[str] = "story"

    def __init__(self) -> None:
        super().__init__(lambda row: (row[1].indent, row[1].text), _target, follows=False)
        self._telling: Iterator[Told] | None = None
        self._told: Told | None = None
        self._error = ""
        self._at: object = None
        self._teller: Teller | None = None

    @property
    def has_one(self) -> bool:
        """A story was asked for."""
        return self._teller is not None

    def tell(self, teller: Teller, player: Player) -> None:
        """Tell this story from now on. Raises AclbenchError: there is none."""
        self._telling = teller.begin(player)
        self._told = next(self._telling, None)
        self._teller, self._error = teller, ""
        self._at = player.stamp()
        self._rows.reset()

    def work(self, player: Player) -> bool:
        """Go on with the telling, for a piece; True: there is something new to show."""
        teller = self._teller
        if teller is None:
            return False
        at = player.stamp()
        if at != self._at and teller.follows and not player.active:
            self._telling, self._at, self._error = teller.begin(player), at, ""
        if self._telling is None:
            return False
        try:
            told = next(self._telling, None)
        except AclbenchError as error:
            self._error, self._telling = str(error), None
            return True  # the error is to be shown
        if told is None:
            self._telling = None
            return False
        self._told = told
        return True

    def draw(
        self, player: Player, frame: Frame, width: int, height: int, palette: Palette
    ) -> Drawing:
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
