"""The help screen, made from the bindings themselves, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

#: How keys are called where their name is not what is printed on them.
_KEY_NAMES: Final = {
    "space": "Space", "right": "Right", "plus": "+", "minus": "-", "equals_sign": "=",
    "full_stop": ".", "question_mark": "?", "colon": ":", "tab": "Tab", "pageup": "PgUp",
    "pagedown": "PgDn", "escape": "Esc", "up": "Up", "down": "Down", "home": "Home", "end": "End",
    "left": "Left", "shift+left": "Shift+Left", "left_square_bracket": "[",
    "right_square_bracket": "]",
}  # fmt: skip
_SIGNS: Final = (
    ("● ○", "a flag that is up, and one that is not"),
    ("*", "this changed: a moment ago while playing, with the last step while paused"),
    ("+", "this session came onto the list; this event happened since"),
    ("≠", "the class the session has now is not that of the list it is on: its recheck moves it"),
    ("idle", "time since the last packet"),
    ("check", "time until its owner takes it from the head at the earliest; due: at any interrupt"),
    ("expiry", "time until it has been idle for the timeout of its class; over: it has"),
    ("serviced", "the interfaces that have had sessions on this thread's lists"),
    ("to clear", "what is left of the bitmap of the clear under way"),
    ("swipe end", "a clear takes the sessions enqueued up to here, and no other"),
    ("taken", "sessions off their list and not judged yet"),
    ("classes", "class changes seen by this thread"),
    ("pool", "sessions alive on this thread, of the slots it has made"),
)


def help_table(bindings: Iterable[Binding]) -> Table:
    """Every key with what it does, then every glyph and word of the screen."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(Text("Keys", "bold underline"))
    for keys, tooltip in key_lines(bindings):
        table.add_row(Text(keys, "bold"), tooltip)
    table.add_row()
    table.add_row(Text("On screen", "bold underline"))
    for sign, meaning in _SIGNS:
        table.add_row(Text(sign, "bold"), meaning)
    return table


def key_lines(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """The keys of each action together, in the order of the bindings."""
    found: dict[str, tuple[list[str], str]] = {}
    for binding in bindings:
        keys, _ = found.setdefault(binding.action, ([], binding.tooltip or binding.description))
        keys += [key_name(key) for key in binding.key.split(",")]
    return [(" ".join(keys), tooltip) for keys, tooltip in found.values()]


def key_name(key: str) -> str:
    """A key as it is called on the screen."""
    return _KEY_NAMES.get(key, key)


class HelpScreen(ModalScreen[None]):
    """Covers the bench until it is closed."""

    DEFAULT_CSS = """
    HelpScreen { background: $background; }
    HelpScreen VerticalScroll { width: 100%; height: 1fr; padding: 0 2; }
    HelpScreen VerticalScroll Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close",
                tooltip="Close the help"),
    ]  # fmt: skip

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._table = help_table(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._table)
        yield Footer(show_command_palette=False)
