r"""Text on its way out of the program: nothing in it that a terminal would obey; a leaf.

Titles, tags, names of files and comments in captures come from anybody. Whatever shows text has it
pass here first. Characters that cannot be seen, and those that move or reorder others, become
visible escapes: `\x1b`, `\u202e`; a byte of a name that is no UTF-8 (`surrogateescape`) is `\xe9`.

Where the output's encoding has no signs like `…` or `●`, they become their ASCII twins.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import IO, Any, Final


def visible(text: str) -> str:
    """Text of several lines; newlines and tabs stay."""
    return text if text.isprintable() else _replaced(text, _escape, "\t\n")


def visible_line(text: str) -> str:
    """Text that has to stay on one line: newlines and tabs are escapes as well."""
    return text if text.isprintable() else _replaced(text, _escape)


def masked(text: str) -> str:
    """A line with another sign in the place of what cannot be seen: no longer, no shorter."""
    return text if text.isprintable() else _replaced(text, lambda _: "\N{REPLACEMENT CHARACTER}")


def visible_json(document: str) -> str:
    """A JSON document with JSON's own escapes for what cannot be seen: its values stay exact."""
    return document if document.isprintable() else _replaced(document, _json_escape, "\n")


def _replaced(text: str, replacement: Callable[[int], str], kept: str = "") -> str:
    unseen = {
        ord(char): replacement(ord(char))
        for char in set(text)
        if not char.isprintable() and char not in kept and unicodedata.category(char) != "Zs"
    }
    return text.translate(unseen) if unseen else text


def _escape(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as Python reads it in a name that is no UTF-8
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(code: int) -> str:
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


# --- encodings that have less than Unicode --------------------------------------------------------

#: Each sign that the program draws, and the ASCII character that stands for it, as wide.
TWINS: Final = str.maketrans(
    "…›✓✗▲·─┄≠▶‖■□●○“”•│☐µ�▁▂▃▄▅▆▇█░▒▓┌└┊━╌┃◆▸≥",
    '~>vx^.-.!>|#_+-""*|_u?_.,:-=*#:=%/\\:=-|@>>',
)


def encoding_of(stream: IO[Any] | None) -> str:
    """The encoding of a stream."""
    return getattr(stream, "encoding", None) or "utf-8"


def carried(text: str, encoding: str) -> str:
    """Text as an encoding can carry it: by twins, else by escapes."""
    if is_carried(text, encoding):
        return text
    return text.translate(TWINS).encode(encoding, "backslashreplace").decode(encoding)


def is_carried(text: str, encoding: str) -> bool:
    """Whether an encoding has all characters of a text."""
    if text.isascii() or encoding.lower() == "utf-8":
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
