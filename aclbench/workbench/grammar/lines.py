"""A command line as tokens that know their columns, and the error that points at one of them.

White space separates; a comma is a token of its own even when glued to a word
(`dport 80, permit`); `"..."` is one token, may hold spaces and commas, and is never a keyword.
"""

import re

from msgspec import Struct

from aclbench.errors import CommandError
from aclbench.visible import visible_line

MAX_LINE_CHARACTERS = 65_536
_TOKEN = re.compile(r',|"[^"]*"?|[^\s,]+')
_SHOWN_WORD_CHARACTERS = 40
_SHOWN_LINE_CHARACTERS = 76


class GrammarError(CommandError):
    """A line that is not a command; `column` counts from 0, None when no place is to blame."""

    def __init__(self, message: str, *, column: int | None = None) -> None:
        super().__init__(message)
        self.column = column


class Token(Struct, frozen=True):
    """`text` without its quotes; it stands in `line[column:end]`, quotes included."""

    text: str
    column: int
    end: int
    quoted: bool = False
    closed: bool = True

    @property
    def is_comma(self) -> bool:
        return self.text == "," and not self.quoted


def is_nothing(line: str) -> bool:
    """Whether a line is blank or a comment: `#`, `//`, or VPP's `comment`."""
    text = line.strip()
    return not text or text.startswith(("#", "//")) or text.split(None, 1)[0] == "comment"


def tokenise(line: str) -> list[Token]:
    """The tokens of a line; a quote left open runs to its end. GrammarError: it is too long."""
    if len(line) > MAX_LINE_CHARACTERS:
        raise GrammarError(
            f"the line has {len(line):,} characters; at most {MAX_LINE_CHARACTERS:,} are read",
            column=MAX_LINE_CHARACTERS,
        )
    return [_token(match.group(), *match.span()) for match in _TOKEN.finditer(line)]


def _token(raw: str, column: int, end: int) -> Token:
    if not raw.startswith('"'):
        return Token(raw, column, end)
    closed = len(raw) > 1 and raw.endswith('"')
    return Token(raw[1:-1] if closed else raw[1:], column, end, quoted=True, closed=closed)


def as_typed(text: str) -> str | None:
    """How an argument is typed so that it is one token; None where no way exists."""
    if text and not text.startswith('"') and not re.search(r"[\s,]", text):
        return text
    return None if '"' in text else f'"{text}"'


def shown_word(text: str) -> str:
    """A word quoted for a message: shortened, and nothing in it that upsets a terminal."""
    return f"'{visible_line(_shortened(text, 0, _SHOWN_WORD_CHARACTERS))}'"


def shown_line(line: str, column: int = 0) -> str:
    """A line quoted for a message: of a long one, the part around `column`."""
    lead = len(line) - len(line.lstrip())
    start = max(0, column - lead - _SHOWN_LINE_CHARACTERS // 2)
    return f'"{visible_line(_shortened(line.strip(), start, _SHOWN_LINE_CHARACTERS))}"'


def _shortened(text: str, start: int, limit: int) -> str:
    if len(text) <= limit:
        return text
    start = min(start, len(text) - limit)
    before, after = "…" if start else "", "…" if start + limit < len(text) else ""
    return before + text[start : start + limit] + after
