"""Evaluating an expression over a world: total, bounded in work, and of small numbers only.

What is not there is none: a field of none is none, none is not true, and is neither more nor less
than anything. So a condition on a session that is gone is simply not met.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from aclbench.expressions.types import ExpressionError, Refused, Type
from aclbench.expressions.vocabulary import World

#: Terms that one expression may look at, each as often as a loop comes to it.
MAX_WORK: Final = 1_000_000
#: Numbers have at most so many bits above and below the line: more is no number of anything here.
MAX_BITS: Final = 128


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression: where it begins, its type, and how it is evaluated."""

    column: int
    type: Type
    evaluate: Callable[[Evaluation], Any]


class Evaluation:
    """One evaluation over one world; `variables` are the items of the loops around the place."""

    def __init__(self, world: World, max_work: int = MAX_WORK) -> None:
        self.world = world
        self.variables: dict[str, Any] = {}
        self._max_work = self._work = max_work

    def value(self, term: Term) -> Any:
        """What a term comes to. Raises ExpressionError."""
        self.spend(term.column, 1)
        return term.evaluate(self)

    @property
    def used(self) -> int:
        """The work that was done."""
        return self._max_work - self._work

    def spend(self, column: int, work: int) -> None:
        """Take some of the work that is allowed. Raises ExpressionError."""
        self._work -= work
        if self._work < 0:
            raise ExpressionError(column, "this looks at too much; ask for less at a time")

    def read(self, column: int, read: Callable[..., Any], *given: Any) -> Any:
        """What a reader of the vocabulary finds: it costs as much as there is of it."""
        try:
            value = read(self.world, *given)
        except Refused as refused:
            raise ExpressionError(column, str(refused)) from None
        self.spend(column, size_of(value))
        return value


def number(column: int, value: int | Fraction) -> int | Fraction:
    """A number of bearable size, whole if it is. Raises ExpressionError."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ExpressionError(column, "a number too large to be of use")
    return value.numerator if value.denominator == 1 else value


def size_of(value: Any) -> int:
    """What looking at a value costs."""
    return len(value) if isinstance(value, str | tuple | list) else 0
