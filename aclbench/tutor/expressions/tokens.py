"""The words of an expression: numbers with units, texts, names and signs."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NamedTuple

from aclbench.tutor.expressions.syntax import ExpressionError
from aclbench.workbench.views.times import UNITS_NS

#: An expression is at most so long, in characters.
MAX_LENGTH: Final = 2000
#: No number has more digits than this before or behind its point.
MAX_DIGITS: Final = 20

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[A-Za-zµ]*)
    | (?P<text>"[^"\n]*"|'[^'\n]*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>==|!=|<=|>=|[<>=+\-*/(),.:])
    )""",
    re.VERBOSE | re.ASCII,
)


class Token(NamedTuple):
    """A word: its kind (`number`, `text`, `name`, `sign`, `end`), itself, and its column."""

    kind: str
    text: str
    column: int
    value: int | Fraction = 0


def tokens_of(text: str) -> list[Token]:
    """The words of an expression, with an `end` behind them. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(1, f"{len(text):,} characters; at most {MAX_LENGTH:,} are right")
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(at + 1, f"{text[at : at + 1]!r} begins nothing that is known")
        found.append(_token(match))
        at = match.end()
    return [*found, Token("end", "the end", end + 1)]


def _token(match: re.Match[str]) -> Token:
    kind = "number" if match["number"] else str(match.lastgroup)
    column = match.start(kind) + 1
    if kind == "text":
        return Token(kind, match["text"][1:-1], column)
    if kind != "number":
        return Token(kind, match[kind], column)
    digits, unit = match["number"], match["unit"]
    whole, _, part = digits.partition(".")
    if max(len(whole), len(part)) > MAX_DIGITS:
        raise ExpressionError(column, f"a number of more than {MAX_DIGITS} digits")
    if unit and unit not in UNITS_NS:
        raise ExpressionError(column, f"{unit[:16]} is no unit; {', '.join(UNITS_NS)} are")
    value = Fraction(digits) * (UNITS_NS[unit] if unit else 1)
    return Token(kind, digits + unit, column, int(value) if value.denominator == 1 else value)
