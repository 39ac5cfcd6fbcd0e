"""What an expression is: a frozen tree of few kinds of nodes, and the types that they have.

A type is a number (times are numbers of nanoseconds, truths are 0 and 1), a text, none, a row such
as a session, or a list of one of these. Every node knows its type, so that a name, a field or a
comparison that makes no sense is refused as the lesson is read, and not when somebody gets there.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from aclbench.errors import AclbenchError

#: What an expression can come to, before it is a row or a list of something.
Scalar = bool | int | Fraction | str | None


class ExpressionError(AclbenchError):
    """An expression that cannot be read or worked out; `column` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


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


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: where it begins, and its type."""

    column: int
    type: Type


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value written as such."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name of the vocabulary: `sessions`, `now`."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """The name that a loop gives to each item."""

    name: str


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of a row: `cleaner.wait_interval`. `row` is the name of the row's type."""

    of: Node
    row: str
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of the vocabulary with its arguments; a method's row is the first."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Events(Node):
    """`happened`, `count`, `latest` or `events` of one kind, with fields that must be equal."""

    name: str
    kind: str
    filters: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`any(w in workers: w.requeued > 2)`: the body for each item, put together by `name`."""

    name: str
    variable: str
    over: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    """True if the other is not."""

    of: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and` or `or` over two or more, looked at from left to right as far as needed."""

    word: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two values compared."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Sums or products from left to right: a first value, then signs and values."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """A number with its sign turned."""

    of: Node
