"""What a person sets once: theme, gaps and keys, from a file in XDG's config folder.

And what the screen remembers of itself in the state folder: the inputs it was opened with. Whatever
is wrong in either is said in a sentence, and the rest is used.
"""

from __future__ import annotations

import difflib
import shlex
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from msgspec import Meta, Struct, field
from platformdirs import user_config_path, user_state_path
from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, Keys
from textual.theme import BUILTIN_THEMES

from aclbench.documents import (
    DocumentError,
    Hooks,
    JsonReader,
    UnreadableError,
    convert,
    parse_toml,
    read_content,
    shown,
    to_json,
)
from aclbench.errors import did_you_mean
from aclbench.files import is_missing, reason, set_aside, write_whole
from aclbench.tui.bench.place import BenchPlace
from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.command.line import CommandInput
from aclbench.tui.dialogs.dialog import Dialog
from aclbench.tui.dialogs.sending import SendDialog
from aclbench.tui.help.screen import HelpScreen
from aclbench.tui.keys import SCREEN, TIME, bindings
from aclbench.tui.lesson.area import KEYS as LESSON_KEYS
from aclbench.tui.lesson.panel import LessonPlace
from aclbench.tui.log.place import LogPlace
from aclbench.tui.packets.place import PacketsPlace
from aclbench.tui.plot.place import PlotPlace
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.story.place import StoryPlace
from aclbench.workbench.views.clock import TimeMode

T = TypeVar("T")
Gaps = Literal["jump", "play"]
#: Something that is told a sentence for the person.
Say = Callable[[str], None]

_THEMES: Final = {theme: theme for theme in BUILTIN_THEMES} | {
    "dark": "textual-dark",
    "light": "textual-light",
}
_PLACES: Final = (
    BenchPlace, PacketsPlace, SessionsPlace, LogPlace, PlotPlace, BranchesPlace, StoryPlace,
    LessonPlace,
)  # fmt: skip
#: Inputs that are remembered.
RECENT: Final = 10
#: No list of inputs is ever so large, nor are settings: of each that is wrong it is looked for what
#: was meant.
MAX_BYTES: Final = 1 << 20
MAX_SETTINGS_BYTES: Final = 64 << 10


class Theme(str):
    """The name of a theme of Textual's; empty: the program's own."""


class _Tui(Struct, forbid_unknown_fields=True, frozen=True):
    """The section [tui] of the settings."""

    theme: Theme = Theme("")
    gaps: Gaps = "jump"
    time: TimeMode = "relative"


class _Config(Struct, forbid_unknown_fields=True, frozen=True):
    """The file of settings."""

    tui: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)


class Settings(Struct, frozen=True):
    """`keys`: by binding id, for `App.set_keymap`. An empty theme is the program's own."""

    theme: str = ""
    gaps: Gaps = "jump"
    time: TimeMode = "relative"
    keys: Mapping[str, str] = field(default_factory=dict)


def places() -> tuple[tuple[Binding, ...], ...]:
    """All bindings that have an id, by the place where they are in force together."""
    everywhere = bindings(*TIME, *SCREEN, *LESSON_KEYS)
    shown = [[*everywhere, *place.all_bindings()] for place in _PLACES]
    dialogs = [*Dialog.BINDINGS, *SendDialog.BINDINGS]
    return tuple(
        tuple(each for each in found if isinstance(each, Binding) and each.id)
        for found in (*shown, CommandInput.BINDINGS, dialogs, HelpScreen.BINDINGS)
    )


def config_file() -> Path:
    """Where the settings are: under XDG's config folder."""
    return user_config_path("aclbench") / "config.toml"


# --- reading ------------------------------------------------------------------------------------


def read_settings(
    where: Sequence[Sequence[Binding]] | None = None, path: Path | None = None
) -> tuple[Settings, list[str]]:
    """The settings, and a sentence for each thing that is wrong with them.

    `where`: the bindings that keys can be set for, by the place where they are in force together;
    those of `places()` unless given.
    """
    path = config_file() if path is None else path
    says: list[str] = []
    document = _document(path, says)

    def say(text: str) -> None:
        says.append(f"{path}: {text}")

    config = _right_part(document, _Config, say)
    tui = _right_part(config.tui, _Tui, lambda text: say(f"[tui] {text}"), {Theme: _theme})
    keymap = _keys(config.keys, places() if where is None else where, say)
    return Settings(tui.theme, tui.gaps, tui.time, keymap), says


def _document(path: Path, says: list[str]) -> dict[str, Any]:
    if is_missing(path):
        return {}
    try:
        return parse_toml(read_content(path, MAX_SETTINGS_BYTES))
    except DocumentError as error:
        says.append(f"{path}: {error}; the defaults are used")
    return {}


def _right_part(data: dict[str, Any], kind: type[T], say: Say, hooks: Hooks | None = None) -> T:
    """A table as a value, whose fields all have defaults: what is wrong is said, and left out."""
    right: dict[str, Any] = {}
    for name, value in data.items():
        try:
            convert({name: value}, kind, hooks)
        except DocumentError as error:
            say(str(error))
        else:
            right[name] = value
    return convert(right, kind, hooks)


def _theme(name: Any) -> Theme:
    """A theme by its name. ValueError: there is none."""
    if name != "" and (not isinstance(name, str) or name not in _THEMES):
        raise ValueError(f"found {shown(name)}; {did_you_mean(str(name), _THEMES)}")
    return Theme(_THEMES.get(name, ""))


# --- keys -----------------------------------------------------------------------------------------


def _keys(section: dict[str, Any], where: Sequence[Sequence[Binding]], say: Say) -> dict[str, str]:
    """The keymap of a section, less what is wrong in it."""
    known = {binding.id for place in where for binding in place if binding.id}
    keymap: dict[str, str] = {}
    for id, value in _flat(section):
        if id not in known:
            near = difflib.get_close_matches(id[:64], known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            say(f"[keys] {id[:60]}: there is no key with that name{hint}")
        elif not isinstance(value, str):
            say(f'[keys] {id} = {shown(value)}: keys are text, as in "s,right"')
        elif (keys := _read_keys(id, value, say)) is not None:
            keymap[id] = keys
    for place in where:
        _leave_out_clashes(place, keymap, say)
    return keymap


def _flat(section: dict[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """`time.step = ...` without quotes is a table in a table; it means the same here."""
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _read_keys(id: str, value: str, say: Say) -> str | None:
    """Keys by their names, as the keymap wants them; None: one is none."""
    # A comma alone is the key, and not what parts two.
    texts = [value] if value == "," else [text.strip() for text in value.split(",")]
    keys = [_key(text) for text in texts]
    for text, key in zip(texts, keys, strict=True):
        if key is None:
            near = difflib.get_close_matches(text.lower()[:32], _NAMED_KEYS, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; s, right, ctrl+r and f5 are"
            say(f"[keys] {id} = {shown(value)}: {shown(text)} is no key{hint}")
            return None
    return ",".join(key for key in keys if key is not None)


_NAMED_KEYS: Final = {key.value for key in Keys if "<" not in key.value} | set(
    KEY_NAME_REPLACEMENTS.values()
)


def _key(text: str) -> str | None:
    """A key by its name: one character, a named key, or either with ctrl+, alt+ or shift+."""
    if len(text) == 1 and text.isprintable() and text != " ":
        return _name_of(text)
    *modifiers, key = text.split("+")
    if text in _NAMED_KEYS or (not modifiers and key in _CHARACTER_NAMES):
        return text
    if not modifiers or not set(modifiers) <= {"ctrl", "alt", "shift", "super"}:
        return None
    plain = _name_of(key) if len(key) == 1 else key
    named = plain in _NAMED_KEYS or plain in _CHARACTER_NAMES or len(key) == 1
    return "+".join([*modifiers, plain]) if named else None


def _name_of(character: str) -> str:
    """How Textual calls the key of a character: `s`, `full_stop`, `plus`."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


#: How characters that are no letters are called: `full_stop`, `left_square_bracket`.
_CHARACTER_NAMES: Final = {_name_of(chr(code)) for code in range(33, 127)}


def _leave_out_clashes(place: Sequence[Binding], keymap: dict[str, str], say: Say) -> None:
    """Of two bindings that would have one key, those set last give way, one by one."""
    while clash := _clash(place, keymap):
        key, loser, other = clash
        say(
            f'[keys] {loser} = "{keymap[loser]}": {key} is the key of {other} already; '
            f"give {other} another one, too"
        )
        del keymap[loser]


def _clash(place: Sequence[Binding], keymap: Mapping[str, str]) -> tuple[str, str, str] | None:
    """A key that two have, the one that was set last, and the other."""
    defaults: dict[str, set[str]] = {}
    for binding in place:
        defaults.setdefault(binding.id or "", set()).update(_split(binding.key))
    now = {id: set(_split(keymap[id])) if id in keymap else d for id, d in defaults.items()}
    order = list(keymap)
    for first, second in combinations(now, 2):
        shared = (now[first] & now[second]) - (defaults[first] & defaults[second])
        changed = sorted((id for id in (first, second) if id in keymap), key=order.index)
        if shared and changed:
            other = first if changed[-1] == second else second
            return min(shared), changed[-1], other
    return None


def _split(keys: str) -> list[str]:
    return [_key(key.strip()) or key.strip() for key in keys.split(",")]


def with_keys(bindings: Iterable[BindingType], keys: Mapping[str, str]) -> list[Binding]:
    """Bindings with the keys that they have now."""
    return [
        replace(binding, key=keys[binding.id], key_display=None)
        if binding.id is not None and binding.id in keys
        else binding
        for binding in bindings
        if isinstance(binding, Binding)
    ]


# --- the template ---------------------------------------------------------------------------------


def config_template(found: Iterable[Binding]) -> str:
    """A file in which everything that can be set stands as a comment, with what it is unset."""
    lines = [
        "# aclbench: how the live screen looks, and its keys. Take the # off a line to set it.",
        "",
        "[tui]",
        *textwrap.wrap(
            f"One of: dark, light, {', '.join(sorted(BUILTIN_THEMES))}.",
            width=90,
            initial_indent="# ",
            subsequent_indent="#   ",
        ),
        '# theme = "dark"',
        "# Long stretches in which nothing happens: jump over them, or play them.",
        '# gaps = "jump"',
        "# Times: relative (from the start), utc or local (by the capture's clock).",
        '# time = "relative"',
        "",
        "[keys]",
        '# Several keys are parted by commas: "s,right". Others are "ctrl+r", "f5", "pageup".',
    ]
    for binding in {binding.id: binding for binding in found if binding.id}.values():
        said = binding.tooltip or binding.description
        lines += ["", f"# {said}", f'# "{binding.id}" = "{binding.key}"']
    return "\n".join([*lines, ""])


def write_template(path: Path | None = None) -> tuple[Path, bool]:
    """Write the template where the settings are read from. False: a file is there, and stays.

    Raises OSError.
    """
    path = config_file() if path is None else path
    if path.exists():
        return path, False
    text = config_template(binding for place in places() for binding in place)
    write_whole(path, text, make_folders=True)
    return path, True


# --- what was opened ------------------------------------------------------------------------------


class _Recent(Struct, forbid_unknown_fields=True, frozen=True):
    """The file: what the screen was opened with, the last first."""

    recent: tuple[Annotated[tuple[str, ...], Meta(min_length=1)], ...]


def recent_file() -> Path:
    """Where the inputs are remembered: under XDG's state folder."""
    return user_state_path("aclbench") / "recent.json"


def _nobody(text: str) -> None:
    """Nobody is told."""


def remember_inputs(inputs: Sequence[str], say: Say = _nobody, path: Path | None = None) -> None:
    """Keep what the screen was opened with; paths as seen from anywhere."""
    path = recent_file() if path is None else path
    texts = (str(Path(text).absolute()) if Path(text).exists() else text for text in inputs)
    wanted = tuple(texts)
    if not wanted or "-" in wanted:
        return  # nothing to open again
    known = _read_recent(path, say)
    if known is None:
        return  # nor is it written over
    kept = (wanted, *(found for found in known if found != wanted))[:RECENT]
    try:
        write_whole(path, to_json(_Recent(kept), indent=1) + "\n", make_folders=True)
    except (OSError, UnicodeError) as error:
        say(f"what was opened is not remembered: {path}: {reason(error)}")


def last_inputs(say: Say = _nobody, path: Path | None = None) -> tuple[str, ...]:
    """What the screen was opened with last; empty if that is not known."""
    found = _read_recent(recent_file() if path is None else path, say)
    return found[0] if found else ()


def recent_inputs(say: Say = _nobody, path: Path | None = None) -> tuple[str, ...]:
    """What it was opened with, the last first, each quoted as for a shell (see OpenDialog)."""
    found = _read_recent(recent_file() if path is None else path, say)
    return tuple(map(shlex.join, found or ()))


def _read_recent(path: Path, say: Say) -> list[tuple[str, ...]] | None:
    """The remembered inputs; a damaged file is set aside. None: it cannot be read."""
    if is_missing(path):
        return []
    try:
        document = JsonReader(_Recent).read(read_content(path, MAX_BYTES))
    except UnreadableError as error:
        say(f"what was opened before is not known: {path}: {error}")
        return None
    except DocumentError:
        _set_aside(path, say)
        return []
    return list(document.recent[:RECENT])


def _set_aside(path: Path, say: Say) -> None:
    try:
        aside = set_aside(path)
    except OSError as error:
        say(f"{path} is damaged, and cannot be set aside: {error.strerror or error}")
    else:
        say(f"{path} was damaged and is now {aside.name}; what was opened before is not known")
