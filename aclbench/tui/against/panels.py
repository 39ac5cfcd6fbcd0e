"""What stands above and below the workers where two benches are compared."""

from __future__ import annotations

from aclbench.tui.against.text import alone_drawing, figures_drawing
from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.textpanel import FramePanel


class FiguresPanel(FramePanel):
    """The figures of both, a line each."""

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return figures_drawing(frame, width, palette)


class AlonePanel(FramePanel):
    """The sessions that only one of them has: the first, or the second."""

    def __init__(self, side: int) -> None:
        super().__init__(id=f"alone-{side}")
        self.side = side

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return alone_drawing(frame, self.side, width, height, palette)
