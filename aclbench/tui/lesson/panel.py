"""The lesson on the screen: beside what is shown, and as a place with all the room."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message

from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.keys import Key, bindings
from aclbench.tui.lesson.view import LessonView
from aclbench.tui.palette import Palette
from aclbench.tui.place import LIST, Place
from aclbench.tui.targets import Target
from aclbench.tui.textpanel import FramePanel, TextPanel


class LessonPanel(FramePanel):
    """The step that one is at, beside the bench."""

    def __init__(self, view: LessonView, id: str = "lesson-panel") -> None:
        super().__init__(id)
        self.view = view

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return self.view.drawn(width, height, palette)

    @on(TextPanel.Scrolled)
    def _scroll(self, event: TextPanel.Scrolled) -> None:
        event.stop()
        self.view.scroll(event.by)
        self.paint()


class LessonPlace(LessonPanel, Place, can_focus=True, inherit_bindings=False):
    """The same with all the room, where there is none beside the bench."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        *LIST,
        Key("enter", "open", "Choose", "lesson.choose",
            "Give the answer that the cursor is on; arrows or digits put it there"),
    )  # fmt: skip

    def __init__(self, view: LessonView) -> None:
        super().__init__(view, "lesson")
        self.add_class("place")

    class Chosen(Message):
        """Enter was pressed: on an answer, or for what is to be done next."""

    def action_open(self) -> None:
        self.post_message(self.Chosen())

    def pointed_at(self) -> Target | None:
        return self.view.selected()

    def action_cursor(self, by: int) -> None:
        self.view.move(by)
        self.paint()

    def action_page(self, by: int) -> None:
        self.view.move_page(by)
        self.paint()

    def action_list_end(self, last: bool) -> None:
        self.view.move_to_end(last)
        self.paint()
