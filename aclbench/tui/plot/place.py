"""The plot with the whole room, and as a part of the bench."""

from __future__ import annotations

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.place import Place
from aclbench.tui.player import Player
from aclbench.tui.plot.text import plot_drawing
from aclbench.tui.textpanel import FramePanel
from aclbench.tui.timeline.text import columns_of


class PlotPanel(FramePanel):
    """Sessions by class, work and packets a second, the interval: over the whole run."""

    def __init__(self, player: Player, id: str) -> None:
        super().__init__(id)
        self._player = player

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        timeline = self._player.timeline(columns_of(width))
        return plot_drawing(timeline, frame, width, height, palette)


class PlotPlace(PlotPanel, Place, can_focus=True, inherit_bindings=False):
    """The same, with the whole room."""

    def __init__(self, player: Player) -> None:
        super().__init__(player, "plot")
        self.add_class("place")
