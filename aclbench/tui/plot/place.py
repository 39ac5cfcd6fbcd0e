"""The plot with the whole room."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.place import Place
from aclbench.tui.plot.text import columns_of, plot_drawing

if TYPE_CHECKING:
    from aclbench.tui.player import Player


class PlotPlace(Place):
    """Sessions by class, work and packets a second, the interval: over the whole run."""

    name: ClassVar[str] = "plot"
    word: ClassVar[str] = "plot"

    def draw(
        self, player: Player, frame: Frame, width: int, height: int, palette: Palette
    ) -> Drawing:
        timeline = player.timeline(columns_of(width))
        return plot_drawing(timeline, frame, width, height, palette)
