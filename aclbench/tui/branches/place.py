"""The branches, a row each."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar, Final

from textual.binding import BindingType

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import Key, bindings
from aclbench.tui.palette import Palette
from aclbench.tui.place import GO_THERE, Opened, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.targets import BranchTarget, DifferenceTarget
from aclbench.workbench.history.history import BranchView
from aclbench.workbench.views.clock import Clock

#: With less room for rows than this, they have it all.
_LEAST_ROWS: Final = 4
#: What a newcomer has to know about branches.
_ABOUT = (
    "A run is a branch. Step back and do something else there (send a packet, type a command, "
    "have another actor go first), and a new branch begins; the old future is kept. "
    "Enter goes to the end of a branch, c compares it with where you are, w any two points."
)


class BranchesPlace(RowsPlace[BranchView]):
    """Every branch: where it left which, how far it goes, and whether one is on it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        GO_THERE,
        Key("c", "compare", "Compare", "view.compare",
            "What differs between the branch under the cursor and here"),
    )  # fmt: skip

    def __init__(self, player: Player) -> None:
        super().__init__(player, "branches", lambda branch: branch.name, _target, follows=False)

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        branches = self.player.bench.branches()
        count = len(branches)
        lines = [heading(" branches", f"{count} ", width, palette)]
        head = f"   {'name':<20} {'from':<20} {'packets':>10} {'inputs':>7}  to"
        lines.append(Line(head, palette.dim).fit(width))

        def lines_of(branch: BranchView, number: int) -> list[Line]:
            return [branch_line(branch, frame.clock, width, palette)]

        wrapped = wrap(_ABOUT, max(width - 2, 1))
        about = [Line(), *(Line(f" {text}", palette.dim) for text in wrapped)]
        room = height - len(lines)
        if room - len(about) < min(count, _LEAST_ROWS):
            about = []
        body = self._rows.show(branches, room - len(about), lines_of)
        return drawing(lines + body + about, height)

    def action_compare(self) -> None:
        target = self.pointed_at()
        if isinstance(target, BranchTarget):
            self.post_message(Opened(DifferenceTarget("now", target.name)))


def _target(branch: BranchView) -> BranchTarget:
    return BranchTarget(branch.name)


def branch_line(branch: BranchView, clock: Clock, width: int, palette: Palette) -> Line:
    """`* main    -    1,234  12  +30.4 s`: the star is where one is."""
    line = Line(" ").add("*" if branch.current else " ", palette.changed).add(" ")
    line.add(f"{branch.name:<20} ", palette.strong if branch.current else palette.plain)
    line.add(f"{branch.parent or '-':<20} ", palette.dim)
    line.add(f"{branch.packets:>10,} {branch.inputs:>7,}  {clock.display(branch.end_time)}")
    return line.fit(width).point_at(BranchTarget(branch.name))
