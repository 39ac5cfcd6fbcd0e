"""An expression as it is held, and texts with expressions in braces."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

from aclbench.expressions.evaluating import Evaluation, Term
from aclbench.expressions.reading import read
from aclbench.expressions.types import ExpressionError
from aclbench.expressions.vocabulary import Vocabulary, World

#: A text may hold so many expressions.
MAX_FILLED: Final = 50
_BRACES: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_DECIMALS: Final = 6


class Expression:
    """An expression that was read: its text, its term, and the kinds of events it asks for."""

    __slots__ = ("kinds", "term", "text")

    def __init__(self, text: str, term: Term, kinds: frozenset[str]) -> None:
        self.text = text
        self.term = term
        self.kinds = kinds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def value(self, world: World) -> Any:
        """What it comes to there. Raises ExpressionError."""
        evaluation = Evaluation(world)
        try:
            return evaluation.value(self.term)
        finally:
            world.note_work(evaluation.used)

    def holds(self, world: World) -> bool:
        """Whether it is true there: a row is, and all that is not 0, empty or none."""
        return bool(self.value(world))


def read_expression(text: str, vocabulary: Vocabulary) -> Expression:
    """Read an expression. Raises ExpressionError, with the column."""
    return Expression(text, *read(text, vocabulary))


def shown(value: Any) -> str:
    """A number or a text as a sentence has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Fraction):
        return f"{float(value):.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


class Filled:
    """A text with expressions in braces: `{sessions.live} sessions`; a brace itself is doubled."""

    __slots__ = ("parts", "text")

    def __init__(self, text: str, parts: tuple[str | Expression, ...]) -> None:
        self.text = text
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filled) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that its expressions ask for."""
        return frozenset(
            kind for part in self.parts if isinstance(part, Expression) for kind in part.kinds
        )

    def fill(self, world: World) -> str:
        """The text with what its expressions come to there. Raises ExpressionError."""
        return "".join(
            part if isinstance(part, str) else shown(part.value(world)) for part in self.parts
        )


def read_filled(text: str, vocabulary: Vocabulary) -> Filled:
    """Read a text with expressions in braces. Raises ExpressionError."""
    parts: list[str | Expression] = []
    at = 0
    for match in _BRACES.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[0] in ("{{", "}}"):
            parts.append(match[0][0])
        elif match[1] is None:
            raise ExpressionError(
                match.start() + 1, f"a {match[0]} alone; {match[0] * 2} is one in the text"
            )
        else:
            parts.append(_in_braces(match[1], match.start() + 1, vocabulary))
    if sum(isinstance(part, Expression) for part in parts) > MAX_FILLED:
        raise ExpressionError(1, f"more than {MAX_FILLED} expressions in one text")
    parts.append(text[at:])
    return Filled(text, tuple(part for part in parts if part))


def _in_braces(text: str, column: int, vocabulary: Vocabulary) -> Expression:
    try:
        expression = read_expression(text, vocabulary)
    except ExpressionError as error:
        message = f"in {{{text[:60]}}}: {error.message}"
        raise ExpressionError(column + error.column, message) from None
    if not expression.term.type.is_scalar:
        raise ExpressionError(
            column, f"{{{text[:60]}}} is {expression.term.type}; a number or a text can be shown"
        )
    return expression
