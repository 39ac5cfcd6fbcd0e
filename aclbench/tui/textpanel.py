"""The widgets that regions are: a drawing, repainted only when it changed, that can be clicked."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette, palette_of
from aclbench.tui.targets import Target


class TextPanel(Static):
    """A widget that shows one drawing and repaints only when it is another."""

    class Picked(Message):
        """Something was clicked; `opened`: twice."""

        def __init__(self, panel: TextPanel, target: Target, opened: bool) -> None:
            super().__init__()
            self.panel = panel
            self.target = target
            self.opened = opened

        @property
        def control(self) -> TextPanel:
            """What was clicked; messages are chosen by it."""
            return self.panel

    class Scrolled(Message):
        """The wheel was turned, by so many rows."""

        def __init__(self, panel: TextPanel, by: int) -> None:
            super().__init__()
            self.panel = panel
            self.by = by

    #: It is as high as what it shows.
    grows = False

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.drawing = Drawing(())
        self._shown: Text | None = None

    def show(self, drawing: Drawing, selected: Target | None, palette: Palette) -> None:
        """Show a drawing, if it is not what stands here already."""
        grown = self.grows and len(drawing.lines) != len(self.drawing.lines)
        self.drawing = drawing
        text = drawing.render(selected, palette)
        old = self._shown
        if old is None or old.plain != text.plain or old.spans != text.spans:
            self._shown = text
            self.update(text, layout=grown)

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


class FramePanel(TextPanel):
    """Draws itself, to its own size, of the frame that the screen has: `screen.frame`."""

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id, classes)
        self.frame: Frame | None = None
        self.selected: Target | None = None
        self.palette = Palette()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        """The region as it looks now, at most `height` lines of `width` columns."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.palette = palette_of(self.app.theme_variables)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._take_theme())
        self.watch(self.screen, "frame", self._take_frame)

    def pointed_at(self) -> Target | None:
        """What the cursor is on, once it is drawn."""
        return self.selected

    def select(self, target: Target | None) -> None:
        """The cursor is on this, if it is here."""
        if target != self.selected:
            self.selected = target
            self.paint()

    def paint(self) -> None:
        """Draw, if it is on the screen."""
        width, height = self.size
        if self.frame is not None and width and (height or self.grows) and self.is_displayed:
            drawing = self.draw(self.frame, width, height, self.palette)
            self.show(drawing, self.pointed_at(), self.palette)

    def on_resize(self) -> None:
        self.paint()

    def _take_frame(self, frame: Frame | None) -> None:
        self.frame = frame
        self.paint()

    def _take_theme(self) -> None:
        self.palette = palette_of(self.app.theme_variables)
        self.paint()

    @property
    def is_displayed(self) -> bool:
        """It is on the screen, and not in a part of it that is hidden."""
        nodes = self.ancestors_with_self
        return all(node.display for node in nodes if isinstance(node, Widget))
