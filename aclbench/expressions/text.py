"""The text of an expression: Python's own parser, and its complaints in words for a person.

What Python would read and expressions do not have (units behind numbers, escapes, comments) is
found before Python is asked, with the column.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aclbench.expressions.types import ExpressionError

#: An expression is at most so long, in characters.
MAX_LENGTH: Final = 2000

_PIECE: Final = re.compile(
    r"""(?P<string>"[^"]*"|'[^']*')
    | [A-Za-z_]\w*
    | (?P<digits>[0-9][0-9_]*(?:\.[0-9_]*)?)(?P<unit>[A-Za-z_µ]\w*)?
    | (?P<other>[^\s=!<>+\-*/(),.\[\]])
    """,
    re.VERBOSE | re.ASCII,
)
_UNKNOWN: Final = {
    ":": "':' belongs to nothing here; a loop is any(w.requeued > 2 for w in workers)",
    "'": "this text does not end",
    '"': "this text does not end",
}
_WORD: Final = re.compile(r"\w+|\S")


@dataclass(frozen=True, slots=True)
class Source:
    """An expression in one line, `indent` characters into its text, and Python's tree of it."""

    line: str
    indent: int
    tree: ast.expr

    def column(self, node: ast.expr | ast.keyword) -> int:
        """Where a node begins, from 1; Python counts bytes of UTF-8."""
        return len(self.line.encode()[: node.col_offset].decode()) + self.indent + 1

    def text_of(self, node: ast.expr) -> str:
        """The text of a node."""
        return self.line.encode()[node.col_offset : node.end_col_offset].decode()


def parse(text: str, units: Mapping[str, str]) -> Source:
    """Python's tree of an expression, in which no name is known yet. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(1, f"{len(text):,} characters; at most {MAX_LENGTH:,} are right")
    if not text.strip():
        raise ExpressionError(1, "an empty expression; sessions.live == 3 is one")
    _check_pieces(text, units)
    indent = len(text) - len(text.lstrip())
    line = re.sub(r"\s", " ", text.strip())
    try:
        return Source(line, indent, ast.parse(line, mode="eval").body)
    except SyntaxError as error:
        raise _complaint(line, indent, error) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(1, "nested too deep, or with characters that no text has") from None


def _check_pieces(text: str, units: Mapping[str, str]) -> None:
    for match in _PIECE.finditer(text):
        column, other = match.start() + 1, match["other"]
        if other is not None:
            why = _UNKNOWN.get(other, f"{other!r} begins nothing that is known")
            raise ExpressionError(column, why)
        if match["unit"] is not None:
            raise ExpressionError(column, _no_number(match["digits"], match["unit"], units))
        if match["string"] and "\\" in match["string"]:
            raise ExpressionError(column, "a text has no escapes, and so no backslash")


def _no_number(digits: str, unit: str, units: Mapping[str, str]) -> str:
    """`120s` is written `120 * seconds`."""
    found = f"{digits[:20]}{unit[:20]} is no number"
    if unit in units:
        return f"{found}; a unit is a factor: {digits[:20]} * {units[unit]}"
    return f"{found}; digits are, with a point or without"


def _complaint(line: str, indent: int, error: SyntaxError) -> ExpressionError:
    """What Python says of a line that it cannot read."""
    at = error.offset or 0
    says, _, hint = error.msg.partition(". ")
    if not 1 <= at <= len(line):
        return ExpressionError(len(line) + indent + 1, "something is missing at the end")
    match = _WORD.match(line, at - 1)
    word = match[0][:40] if match else line[at - 1]
    if word == "=" and "==" not in line[at - 1 : at + 1]:
        says, hint = "'=' compares nothing; '==' does", ""
    elif says == "invalid syntax":
        says = f"{word!r} does not fit here"
    return ExpressionError(at + indent, f"{says}; {hint[0].lower()}{hint[1:]}" if hint else says)
