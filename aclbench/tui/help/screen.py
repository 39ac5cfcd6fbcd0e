"""The help screen, made from the bindings themselves, so that it cannot be out of date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.keys import key_to_character
from textual.widgets import Footer, Static

from aclbench.tui.modal import Modal
from aclbench.tui.timeline.text import GLYPHS, SHADES
from aclbench.tui.words import TextInput

#: A heading, and the bindings that are in force there.
Section = tuple[str, Sequence[Binding]]
#: A glyph or word of the screen, and what it means.
Sign = tuple[str, str]

#: How keys are called where their name is not what is printed on them.
_KEY_NAMES: Final = {
    "space": "Space", "right": "Right", "plus": "+", "minus": "-", "equals_sign": "=",
    "full_stop": ".", "question_mark": "?", "colon": ":", "tab": "Tab", "pageup": "PgUp",
    "pagedown": "PgDn", "escape": "Esc", "up": "Up", "down": "Down", "home": "Home", "end": "End",
    "left": "Left", "left_square_bracket": "[", "right_square_bracket": "]", "enter": "Enter",
    "comma": ",", "less_than_sign": "<", "greater_than_sign": ">",
    "backspace": "Backspace", "delete": "Del", "insert": "Ins",
    "slash": "/", "backslash": "\\", "at": "@", "underscore": "_",
    "ctrl": "Ctrl", "shift": "Shift", "alt": "Alt", "super": "Super",
}  # fmt: skip
SIGNS: Final[tuple[Sign, ...]] = (
    ("● ○", "a flag that is up, and one that is not"),
    ("*", "this changed: a moment ago while playing, with the last step while paused"),
    ("+", "this session came onto the list; this event happened since"),
    ("≠", "the class the session has now is not that of the list it is on: its recheck moves it"),
    ("◆", "of two benches: this session is on this one alone; a figure with ≠ is another there"),
    ("▸", "of two benches: the one in hand, which keys drive"),
    ("idle", "time since the last packet"),
    ("check", "time until its owner takes it from the head at the earliest; due: at any interrupt"),
    ("expiry", "time until it has been idle for the timeout of its class; over: it has"),
    ("serviced", "the interfaces that have had sessions on this thread's lists"),
    ("to clear", "what is left of the bitmap of the clear under way"),
    ("swipe end", "a clear takes the sessions enqueued up to here, and no other"),
    ("taken", "sessions off their list and not judged yet"),
    ("classes", "class changes seen by this thread"),
    ("pool", "sessions alive on this thread, of the slots it has made"),
    *((glyph, f"on the timeline: {kind}") for kind, glyph in GLYPHS.items()),
    (
        SHADES,
        "on the timeline: more of the same kind, from few to the most in a column; "
        "a letter on a block is several, too",
    ),
)
#: From this width on there is room for two columns.
WIDE: Final = 120
#: And below this one there is none for a column of keys.
NARROW: Final = 60

#: Left and right of a row; a heading has nothing on the right.
Row = tuple[str, str]


def help_rows(sections: Iterable[Section], signs: Iterable[Sign]) -> list[list[Row]]:
    """Section by section its heading and rows: each key with what it does; then the signs."""
    parts: list[list[Row]] = []
    for heading, bindings in sections:
        if lines := key_lines(bindings):
            parts.append([(heading, ""), *lines])
    found = list(signs)
    return [*parts, [("On screen", ""), *found]] if found else parts


def in_columns(parts: Sequence[list[Row]], count: int) -> list[list[list[Row]]]:
    """The parts in order, over columns of much the same height; none is cut in two."""
    if count == 1 or len(parts) < 2:
        return [list(parts)]

    def taller(cut: int) -> int:
        return max(sum(len(part) + 1 for part in side) for side in (parts[:cut], parts[cut:]))

    cut = min(range(1, len(parts)), key=taller)
    return [list(parts[:cut]), list(parts[cut:])]


def matching(parts: Iterable[list[Row]], words: str) -> list[list[Row]]:
    """The rows that have all the words, under their headings."""
    wanted = words.lower().split()
    found: list[list[Row]] = []
    for heading, *rows in parts:
        left = [row for row in rows if all(word in " ".join(row).lower() for word in wanted)]
        if left:
            found.append([heading, *left])
    return found


def help_table(parts: Iterable[list[Row]], narrow: bool) -> Table:
    """A column of the help; in a narrow one the text goes on below the key."""
    table = Table.grid(padding=(0, 2))
    if not narrow:
        table.add_column(no_wrap=True)
    table.add_column()
    for number, ((heading, _), *rows) in enumerate(parts):
        if number:
            table.add_row()
        table.add_row(Text(heading, "bold underline"))
        for left, right in rows:
            if narrow:
                table.add_row(Text.assemble((left, "bold"), "  ", right))
            else:
                table.add_row(Text(left, "bold"), Text(right))
    return table


def key_lines(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """The keys of each action together, in the order of the bindings, each key once."""
    found: dict[str, tuple[list[str], str]] = {}
    for binding in bindings:
        keys, _ = found.setdefault(binding.action, ([], binding.tooltip or binding.description))
        names = [key_name(key) for key in binding.key.split(",")]
        keys += [name for name in names if name not in keys]
    return [(" ".join(keys), tooltip) for keys, tooltip in found.values()]


def key_name(key: str) -> str:
    """A key as it is called on the screen: `.`, `PgUp`, `Ctrl+R`, `F5`."""
    *modifiers, plain = key.strip().split("+")
    if not modifiers:
        return _plain_name(plain)
    letter = plain.upper() if len(plain) == 1 else _plain_name(plain)
    return "+".join([*(_plain_name(modifier) for modifier in modifiers), letter])


def _plain_name(key: str) -> str:
    if key in _KEY_NAMES or len(key) == 1:
        return _KEY_NAMES.get(key, key)
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    character = key_to_character(key)
    return character if character is not None and character.isprintable() else key


class HelpScreen(Modal[None]):
    """Covers the bench until it is closed.

    `sections` are shown in order, the place one is in first; their bindings have the keys that are
    set now (`settings.with_keys`). What is typed behind `/` leaves the rows that have it.
    """

    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close",
                tooltip="Close the help"),
        Binding("slash", "search", "Search", id="help.search", tooltip="Search the help"),
        Binding("pagedown,space", "page(1)", "Next page", id="help.next", tooltip="A page down"),
        Binding("pageup", "page(-1)", "Page before", id="help.back", tooltip="A page up"),
    ]  # fmt: skip

    def __init__(self, sections: Sequence[Section], signs: Sequence[Sign] = SIGNS) -> None:
        super().__init__()
        self._parts = help_rows(sections, signs)

    def compose(self) -> ComposeResult:
        yield Static(id="help-title")
        yield TextInput(placeholder="words to search for; Enter goes to what is found", id="words")
        with VerticalScroll(), Horizontal():
            yield Static(id="help-1")
            yield Static(id="help-2")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(TextInput).display = False
        self.watch(self._scroll, "scroll_y", self._show_title, init=False)
        self.watch(self._scroll, "virtual_size", self._show_title, init=False)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def on_resize(self, event: events.Resize) -> None:
        self._show(event.size.width)

    def _show(self, width: int) -> None:
        """What is searched for, in as many columns as there is room for."""
        found = matching(self._parts, self.query_one(TextInput).value)
        columns = in_columns(found, 2 if width >= WIDE else 1)
        narrow = width < NARROW
        self.query_one("#help-1", Static).update(help_table(columns[0], narrow))
        second = self.query_one("#help-2", Static)
        second.display = len(columns) > 1
        second.update(help_table(columns[-1], narrow))
        self._show_title()

    def _show_title(self) -> None:
        """What is shown, and which page of how many."""
        scroll = self._scroll
        page = max(scroll.size.height, 1)
        pages = max(-(-scroll.virtual_size.height // page), 1)
        here = min(math.ceil(scroll.scroll_y / page) + 1, pages)
        words = self.query_one(TextInput).value
        said = f" help  {f'with {words}' if words else 'keys and signs'}   page {here} of {pages}"
        self.query_one("#help-title", Static).update(Text(said))

    def action_page(self, by: int) -> None:
        scroll = self._scroll
        scroll.scroll_relative(y=by * max(scroll.size.height, 1), animate=False)

    def action_search(self) -> None:
        words = self.query_one(TextInput)
        words.display = True
        words.focus()

    def on_input_changed(self, event: TextInput.Changed) -> None:
        self._show(self.size.width)

    def on_input_submitted(self, event: TextInput.Submitted) -> None:
        self._scroll.focus()
