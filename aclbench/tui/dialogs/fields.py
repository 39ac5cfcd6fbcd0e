"""The controls of dialogs, a line high each. Where the focus is shows by a `>` before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from aclbench.tui.words import TextInput, Words
from aclbench.visible import visible_line

#: Where controls begin, and how far labels of a row's further fields reach.
LABEL_WIDTH: Final = 14


class Field(Horizontal):
    """A label and its control; its dialog shows `hint` and the `>` while the focus is in it."""

    def __init__(
        self, label: str, control: Widget, hint: str = "", label_width: int = LABEL_WIDTH
    ) -> None:
        super().__init__()
        self.control = control
        self.hint = hint
        self._label = label
        self._label_width = label_width
        self.set_class(isinstance(control, Line) and control.is_wide, "wide")

    def compose(self) -> ComposeResult:
        yield Words(">", classes="mark")
        yield Words(self._label.ljust(self._label_width), classes="label")
        if not isinstance(self.control, Input):
            yield self.control
            return
        # Without colours an empty input has no ends but these.
        yield Words("[", classes="bracket")
        yield self.control
        yield Words("]", classes="bracket")

    def on_click(self) -> None:
        self.control.focus()


class Line(TextInput):
    """An input of a few characters, or as wide as it can be; without a frame of its own."""

    def __init__(
        self,
        id: str,
        value: str = "",
        width: int | None = None,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(value, id=id, compact=True, suggester=suggester)
        self.styles.width = "1fr" if width is None else width
        self.is_wide = width is None


class Choice(Widget, can_focus=True):
    """One of a few words: left and right, a word's first letter, or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Before", show=False),
        Binding("right,space", "turn(1)", "Next", show=False),
    ]

    class Changed(Message):
        """Another word is chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, id: str, words: Sequence[str], value: str = "") -> None:
        super().__init__(id=id)
        self.words = tuple(words)
        self._at = self.words.index(value) if value in self.words else 0

    @property
    def value(self) -> str:
        """The word chosen; empty where there is none to choose."""
        return self.words[self._at] if self.words else ""

    @value.setter
    def value(self, word: str) -> None:
        if word != self.value and word in self.words:
            self._at = self.words.index(word)
            self.refresh()
            self.post_message(self.Changed(self))

    def render(self) -> Text:
        if not self.words:
            return Text("(none)")
        line = self._in_full()
        if len(line) > max(self.size.width, 1):
            line = f"< {self.value} >  {self._at + 1} of {len(self.words)}"
        return Text(visible_line(line), no_wrap=True, end="")

    def _in_full(self) -> str:
        return " ".join(f"[{w}]" if w == self.value else f" {w} " for w in self.words)

    def action_turn(self, by: int) -> None:
        if self.words:
            self.value = self.words[(self._at + by) % len(self.words)]

    def on_key(self, event: events.Key) -> None:
        letter = (event.character or "").lower()
        following = [*self.words[self._at + 1 :], *self.words[: self._at]]
        found = [word for word in following if letter and word.lower().startswith(letter)]
        if letter.strip() and found:
            event.stop()
            self.value = found[0]

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if len(self._in_full()) > self.size.width:
            self.action_turn(-1 if event.x < 2 else 1)
            return
        end = 0
        for word in self.words:
            end += len(word) + 3
            if event.x < end:
                self.value = word
                return


class Flags(Widget, can_focus=True):
    """Letters that are on or off: the letter itself, or left, right and space, or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Before", show=False),
        Binding("right", "turn(1)", "Next", show=False),
        Binding("space", "turn_over", "On or off", show=False),
    ]
    _WIDTH: Final = 6

    class Changed(Message):
        """A letter was turned on or off."""

        def __init__(self, flags: Flags) -> None:
            super().__init__()
            self.flags = flags

    def __init__(self, id: str, letters: str, value: str) -> None:
        super().__init__(id=id)
        self._letters = letters
        self._on = {letter for letter in value if letter in letters}
        self._at = 0

    @property
    def value(self) -> str:
        """The letters that are on, in order."""
        return "".join(letter for letter in self._letters if letter in self._on)

    @value.setter
    def value(self, letters: str) -> None:
        if set(letters) != self._on:
            self._on = set(letters)
            self.refresh()
            self.post_message(self.Changed(self))

    def render(self) -> Text:
        parts = [
            f"{'>' if self.has_focus and n == self._at else ' '}"
            f"[{'x' if letter in self._on else ' '}]{letter} "
            for n, letter in enumerate(self._letters)
        ]
        return Text("".join(parts), no_wrap=True, end="")

    def action_turn(self, by: int) -> None:
        self._at = (self._at + by) % len(self._letters)
        self.refresh()

    def action_turn_over(self) -> None:
        self._toggle(self._letters[self._at])

    def _toggle(self, letter: str) -> None:
        self._at = self._letters.index(letter)
        self.value = "".join(self._on ^ {letter})
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        letter = (event.character or " ").upper()
        if letter in self._letters:
            event.stop()
            self._toggle(letter)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        place = event.x // self._WIDTH
        if 0 <= place < len(self._letters):
            self._toggle(self._letters[place])


class PushButton(Widget, can_focus=True):
    """Takes an action of its dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "press", "Press", show=False),
        Binding("left", "app.focus_previous", "Before", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    class Pressed(Message):
        """Somebody wants the action."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, text: str, action: str) -> None:
        super().__init__()
        self._text = text
        self._action = action

    def render(self) -> Text:
        text = f">[ {self._text} ]" if self.has_focus else f" [ {self._text} ]"
        return Text(text, no_wrap=True, end="")

    def action_press(self) -> None:
        self.post_message(self.Pressed(self._action))

    def on_click(self) -> None:
        self.action_press()
