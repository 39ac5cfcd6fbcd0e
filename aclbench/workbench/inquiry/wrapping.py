"""Lines that are indented by how deep they stand, wrapped."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

#: Columns of a line.
WIDTH: Final = 80

#: How deep it stands, and its text.
Line = tuple[int, str]


def wrapped(lines: Iterable[Line]) -> list[str]:
    """The lines as they are printed; what goes on is indented further. No word is broken."""
    found: list[str] = []
    for depth, text in lines:
        indent = "  " * depth
        found += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + "    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found
