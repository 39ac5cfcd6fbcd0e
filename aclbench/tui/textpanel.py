"""The widget that regions are: one drawing, repainted only when it changed, with spots to click."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from aclbench.tui.drawing import Drawing
from aclbench.tui.palette import Palette
from aclbench.tui.targets import Target


class TextPanel(Static):
    """A widget that shows one drawing and repaints only when it is another."""

    DEFAULT_CSS = """
    TextPanel { text-wrap: nowrap; text-overflow: clip; }
    """

    class Picked(Message):
        """Something was clicked; `opened`: twice."""

        def __init__(self, panel: TextPanel, target: Target, opened: bool) -> None:
            super().__init__()
            self.panel = panel
            self.target = target
            self.opened = opened

    class Scrolled(Message):
        """The wheel was turned, by so many rows."""

        def __init__(self, panel: TextPanel, by: int) -> None:
            super().__init__()
            self.panel = panel
            self.by = by

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.drawing = Drawing(())
        self._shown: Text | None = None

    def show(self, drawing: Drawing, selected: Target | None, palette: Palette) -> None:
        """Show a drawing, if it is not what stands here already."""
        self.drawing = drawing
        text = drawing.render(selected, palette)
        old = self._shown
        if old is None or old.plain != text.plain or old.spans != text.spans:
            self._shown = text
            self.update(text)

    def on_click(self, event: events.Click) -> None:
        target = self.drawing.at(event.y, event.x)
        if target is not None:
            event.stop()
            self.post_message(self.Picked(self, target, opened=event.chain > 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Scrolled(self, 3))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Scrolled(self, -3))
