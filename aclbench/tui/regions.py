"""The regions round the places: status, tabs, timeline, cleaner, message, footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aclbench.tui.cleaner.text import cleaner_drawing
from aclbench.tui.drawing import Drawing, drawing
from aclbench.tui.frame import Frame
from aclbench.tui.help.screen import key_name
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.palette import Palette
from aclbench.tui.place import Changed
from aclbench.tui.status.text import footer_line, message_drawing, status_drawing, tabs_line
from aclbench.tui.textpanel import FramePanel
from aclbench.tui.timeline.text import timeline_drawing

#: The keys of the footer in order of weight, by id: those that fit are shown.
WEIGHT: Final = (
    "time.play", "time.step", "time.back", "help.open", "app.quit", "lesson.next", "lesson.show",
    "lesson.hint", "lesson.undo", "lesson.menu", "lesson.choose", "view.exchange", "view.open",
    "view.go_there", "view.search", "view.causes", "view.order", "view.compare", "view.about",
    "command.open", "time.mark", "do.menu", "time.turn", "time.go_to", "do.send", "time.faster",
    "time.end", "time.start",
)  # fmt: skip
#: In a lesson these come first: what it asks for is typed.
_WEIGHT_IN_LESSON: Final = (
    "time.play", "time.step", "time.back", "help.open", "app.quit", "lesson.next", "lesson.show",
    "lesson.hint", "command.open",
)  # fmt: skip
#: They stand in this order.
_ORDER: Final = (
    "time.play", "time.step", "time.turn", "time.back", "time.mark", "time.go_to", "time.start",
    "time.end", "time.faster", "view.exchange", "view.open", "view.go_there", "view.about",
    "view.search", "view.causes", "view.order", "view.compare", "do.send", "do.menu",
    "command.open", "lesson.choose", "lesson.next", "lesson.hint", "lesson.undo", "lesson.show",
    "lesson.menu", "help.open", "app.quit",
)  # fmt: skip
#: What it says while a command is typed.
_COMMAND_KEYS: Final = (
    ("Enter", "Run", ""), ("Tab", "Complete", ""), ("?", "What can come next", ""),
    ("Up", "Earlier lines", ""), ("Esc", "Close", ""),
)  # fmt: skip


class StatusPanel(FramePanel):
    """What runs, when it is, how fast, and what became of the packets."""

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return status_drawing(frame, width, palette)


class MessagePanel(FramePanel):
    """What is said. It lies over what stands above its line, so nothing moves for its sake."""

    grows = True

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return message_drawing(frame, width, palette)


class TabsPanel(FramePanel):
    """The places, each with its key. `tabs` are key and name of each."""

    def __init__(self, tabs: Sequence[tuple[str, str]], id: str) -> None:
        super().__init__(id)
        self._tabs = tabs
        self._here = ""
        self._marks: dict[str, str] = {}

    def mark(self, here: str, marks: dict[str, str]) -> None:
        """One is at a place; `marks` stand behind the names of places."""
        if (here, marks) != (self._here, self._marks):
            self._here, self._marks = here, marks
            self.paint()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        marks = self._marks
        tabs = [
            (key, name, f"{name} {marks[name]}" if name in marks else name)
            for key, name in self._tabs
        ]
        return drawing([tabs_line(tabs, self._here, width, palette)])


class TimelinePanel(FramePanel):
    """The whole run in a strip."""

    def on_resize(self) -> None:
        self.post_message(Changed())  # its columns stand in the frame

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return timeline_drawing(frame, width, height, palette)


class CleanerPanel(FramePanel):
    """The cleaner, and the way its interval went; `side`: of which of two benches."""

    def __init__(self, id: str, side: int | None = None) -> None:
        super().__init__(id, "cleaner")
        self.side = side

    def show_side(self, side: int | None) -> None:
        """Show the cleaner of another bench."""
        self.side = side
        self.paint()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return cleaner_drawing(frame.of_bench(self.side), width, height, palette)


class FooterPanel(FramePanel):
    """The keys that matter most where one is, as many as fit."""

    def __init__(self, desk: Desk | None, id: str) -> None:
        super().__init__(id)
        self._desk = desk
        self._weight = WEIGHT if desk is None else (*_WEIGHT_IN_LESSON, *WEIGHT)
        self._keys: dict[str, tuple[str, str, str]] = {}

    def on_mount(self) -> None:
        super().on_mount()
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._take_keys())
        self._take_keys()

    def _take_keys(self) -> None:
        """Key, word and action of each binding that does something here and has a word, by id."""
        found: dict[str, tuple[str, str, str]] = {}
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if active.enabled and binding.show and binding.id:
                shown = binding.key_display or key_name(key)
                found.setdefault(binding.id, (shown, binding.description, binding.action))
        self._keys = found
        self.paint()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return drawing([footer_line(self._fitting(frame, width), width, palette)])

    def _fitting(self, frame: Frame, width: int) -> list[tuple[str, str, str]]:
        """The keys of most weight, as many as fit, in their order."""
        if "command.close" in self._keys:
            return list(_COMMAND_KEYS)
        keys = dict(self._keys)
        if "time.play" in keys and frame.state == "playing":
            key, _, action = keys["time.play"]
            keys["time.play"] = key, "Pause", action
        if self._desk is not None and self._desk.step.kind != "task":
            keys.pop("lesson.hint", None)
        fitting: list[str] = []
        room = width
        for id in self._weight:
            if id in keys and id not in fitting:
                key, word, _ = keys[id]
                room -= len(key) + len(word) + 3
                if room < 0:
                    break
                fitting.append(id)
        return [keys[id] for id in _ORDER if id in fitting]
