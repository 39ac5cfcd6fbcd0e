"""What an expression can be: its types, and what is wrong with one.

A type is a number (times are numbers of nanoseconds, truths are 0 and 1), a text, none, a row such
as a session, or a list of one of these. Every part of an expression has one, so that a name, a
field or a comparison that makes no sense is refused as the expression is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aclbench.errors import AclbenchError


class ExpressionError(AclbenchError):
    """An expression that cannot be read or evaluated; `column` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.message = message


class Refused(Exception):
    """A function was given what it cannot take; the evaluation adds the column."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type: its name, and for a list the type of what is in it."""

    name: str
    of: Type | None = None

    def __str__(self) -> str:
        return f"a list, each a {self.of.name}" if self.of is not None else f"a {self.name}"

    @property
    def is_scalar(self) -> bool:
        """A number or a text: what can be compared, and written into a sentence."""
        return self in (NUMBER, TEXT, NONE)


NUMBER: Final = Type("number")
TEXT: Final = Type("text")
NONE: Final = Type("none")


def list_of(item: Type) -> Type:
    """The type of a list of such items."""
    return Type("list", item)
