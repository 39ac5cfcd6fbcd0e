"""Lines that are indented by how deep they stand, wrapped; what is to be copied stays whole."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

#: Columns of a line; one with something to copy may be longer.
WIDTH: Final = 80

#: How deep it stands, and its text.
Line = tuple[int, str]

#: An option with its value, a rule, a command line.
_TO_COPY: Final = re.compile(
    r"--[a-z-]+ [^\s-]\S*"
    r"|(?:permit(?:\+reflect)?|deny) src \S+ dst \S+(?: (?:proto|sport|dport) [\d-]+)*"
    r"|(?:set (?:acl-plugin|interface)|ip route add|create packet-generator) [^;:`]*[^;:`.,\s]"
)
#: A blank at which no line ends.
_NO_BREAK: Final = "\u00a0"
#: Ends a line whose options go on in the next one, as in a shell.
_GOES_ON: Final = " \\"


def wrapped(lines: Iterable[Line]) -> list[str]:
    """The lines as they are printed; what goes on is indented further. No word is broken."""
    found: list[str] = []
    for depth, text in lines:
        indent = "  " * depth
        found += wrapped_text(text, indent, indent + "    ")
    return found


def wrapped_text(text: str, indent: str = "", further: str = "") -> list[str]:
    """One text, wrapped: its first line indented, and those behind it.

    Options that follow one another on two lines have a backslash between them.
    """
    whole = _TO_COPY.sub(lambda match: match[0].replace(" ", _NO_BREAK), text)
    rows = textwrap.wrap(
        whole,
        WIDTH - len(_GOES_ON) if "--" in text else WIDTH,
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for at, (row, behind) in enumerate(pairwise(rows)):
        last = row.rpartition(" ")[2]
        if last.startswith("--") and last[-1] != "," and behind.lstrip().startswith("--"):
            rows[at] = row + _GOES_ON
    return [row.replace(_NO_BREAK, " ") for row in rows]
