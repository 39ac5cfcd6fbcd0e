"""The place where a story is told. What it tells of can be gone to, and asked about in turn."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar, Final, TypeAlias

from textual.binding import BindingType
from textual.reactive import reactive

from aclbench.errors import AclbenchError
from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import bindings
from aclbench.tui.live import SLICE_S
from aclbench.tui.palette import Palette
from aclbench.tui.place import ABOUT, GO_THERE, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.story.tellers import Teller, Told
from aclbench.tui.story.text import StoryRow, row_lines, target_of
from aclbench.tui.targets import Target
from aclbench.workbench.tasks import Task

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
    #: A row of the story stands for a moment, a session or a packet.
    leads: reactive[bool] = reactive(False, repaint=False, bindings=True)

    def __init__(self, player: Player) -> None:
        super().__init__(
            player, "story", lambda row: (row[1].indent, row[1].text), _target, follows=False
        )
        self._telling: Task[None] | None = None
        self._told: Told | None = None
        self._error = ""
        self._at: object = None
        self._teller: Teller | None = None
        self._painted = 0.0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a story leads nowhere the keys to go there do nothing; the help has them still."""
        leads_on = action in (GO_THERE.action, ABOUT.action)
        return None if leads_on and not self.leads else True

    def tell(self, teller: Teller) -> None:
        """Tell this story from now on. Raises AclbenchError: there is none."""
        found: list[Told] = []

        def show(told: Told) -> None:
            found.append(told)
            if self._telling is task:
                self._take(told)

        task = Task(teller.begin(self.player, show))
        task.work(SLICE_S)
        if task.error is not None:
            raise task.error
        self.stop()
        self._teller, self._error = teller, ""
        self._at = self.player.live.stamp()
        self._told = found[-1] if found else None
        self._telling = None if task.is_over else task
        self._rows.reset()
        self.paint()

    def _is_old(self, teller: Teller) -> bool:
        """The bench has gone on since the story was begun; or it was left."""
        return self._at is None or (teller.follows and self._at != self.player.live.stamp())

    def _begin(self, teller: Teller) -> None:
        self._at, self._error = self.player.live.stamp(), ""
        self._telling = Task(teller.begin(self.player, self._take))

    def _take(self, told: Told) -> None:
        self._told = told
        if self.player.live.wall() - self._painted >= PAINT_S:
            self.paint()

    def work(self, seconds: float) -> bool:
        teller, player = self._teller, self.player
        try:
            if teller is not None and not player.active and self._is_old(teller):
                self.stop()
                self._begin(teller)
            if self._telling is None:
                return False
            if self._telling.work(seconds):
                task, self._telling = self._telling, None
                if task.error is not None:
                    raise task.error
                self.paint()
        except AclbenchError as error:
            self._error = str(error)
            self.paint()
        return self._telling is not None

    def stop(self) -> None:
        if self._telling is not None:
            self._telling.stop()
            self._telling = self._at = None

    def paint(self) -> None:
        self._painted = self.player.live.wall()
        self.leads = self._told is not None and any(row.target for row in self._told.rows)
        super().paint()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        told = self._told
        if told is None:
            lines = [heading(" story", "", width, palette)]
            said = "looking ..." if self._telling is not None else _NONE_YET
            lines += [Line(f" {text}", palette.dim) for text in wrap(said, max(width - 2, 1))]
            return drawing(lines, height)
        keys = "Enter goes there, I tells, " if self.leads else ""
        about = f"{keys}Esc closes " if told.complete else "looking back ... "
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
