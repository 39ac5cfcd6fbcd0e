"""The command line at the bottom: an input, and above it what the last command printed."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

#: Lines kept for the up key.
_REMEMBERED = 200


class CommandInput(Input):
    """An input that remembers what was typed, and leaves on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="command.close", tooltip="Close the command line"),
        Binding("up", "recall(-1)", "Earlier", id="command.earlier", show=False,
                tooltip="The line typed before this one"),
        Binding("down", "recall(1)", "Later", id="command.later", show=False,
                tooltip="The line typed after this one"),
        Binding("pageup", "scroll_output(-1)", "Output up", id="command.output_up", show=False,
                tooltip="Scroll what the command printed"),
        Binding("pagedown", "scroll_output(1)", "Output down", id="command.output_down",
                show=False, tooltip="Scroll what the command printed"),
    ]  # fmt: skip

    class Closed(Message):
        """Escape was pressed."""

    class Scrolled(Message):
        """The output is to move by so many pages."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    def __init__(self) -> None:
        super().__init__(placeholder="a command, such as: show acl-plugin sessions", compact=True)
        self._lines: list[str] = []
        self._place = 0

    def remember(self, line: str) -> None:
        """Keep a line for the up key."""
        if not self._lines or self._lines[-1] != line:
            self._lines = [*self._lines[-_REMEMBERED:], line]
        self._place = len(self._lines)

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def action_scroll_output(self, pages: int) -> None:
        self.post_message(self.Scrolled(pages))

    def action_recall(self, by: int) -> None:
        self._place = min(max(self._place + by, 0), len(self._lines))
        self.value = self._lines[self._place] if self._place < len(self._lines) else ""
        self.cursor_position = len(self.value)


class CommandRegion(Vertical):
    """Shown by `:`, gone by Escape. It posts the line; whoever holds the bench answers."""

    DEFAULT_CSS = """
    CommandRegion {
        display: none; layer: over; dock: bottom; height: auto; max-height: 70%;
        background: $surface; margin-bottom: 1; border-top: solid $primary;
    }
    CommandRegion.open { display: block; }
    CommandRegion #command-output { height: auto; max-height: 16; padding: 0 1; }
    CommandRegion #command-output Static { height: auto; }
    CommandRegion #command-row { height: 1; layout: horizontal; background: $panel; }
    CommandRegion #command-row Static { width: 2; text-style: bold; }
    CommandRegion #command-row Input { width: 1fr; }
    """

    class Submitted(Message):
        """A line to run."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="command-output", can_focus=False):
            yield Static("", id="command-text", markup=False)
        with Vertical(id="command-row"):
            yield Static(":")
            yield CommandInput()

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self.has_class("open")

    def open(self) -> None:
        """Show it, and let it have the keys."""
        self.add_class("open")
        self.screen.refresh_bindings()
        self.query_one(CommandInput).focus()

    def close(self) -> None:
        """Away with it."""
        self.answer("")
        self.query_one(CommandInput).value = ""
        self.remove_class("open")
        self.screen.set_focus(None)
        self.screen.refresh_bindings()

    def answer(self, output: str, error: bool = False) -> None:
        """What the command printed, or why it was refused."""
        style = "bold" if error else ""
        text = Text(f"error: {output}" if error else output.rstrip("\n"), style)
        scroll = self.query_one("#command-output", VerticalScroll)
        scroll.display = bool(output)
        self.query_one("#command-text", Static).update(text)
        scroll.scroll_home(animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        line = event.value.strip()
        if line:
            self.query_one(CommandInput).remember(line)
            event.input.value = ""
            self.post_message(self.Submitted(line))

    def on_command_input_closed(self, event: CommandInput.Closed) -> None:
        event.stop()
        self.close()

    def on_command_input_scrolled(self, event: CommandInput.Scrolled) -> None:
        event.stop()
        scroll = self.query_one("#command-output", VerticalScroll)
        scroll.scroll_relative(y=event.pages * max(scroll.size.height - 1, 1), animate=False)
