"""What expressions can name: a vocabulary is handed in by whoever asks them.

A reader is given the world that an expression is evaluated over, and the row it belongs to; what a
world is, only the vocabulary knows, but for its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aclbench.expressions.types import Type


class World(Protocol):
    """What every world has."""

    def events(self, kind: str) -> Sequence[Any]:
        """The events of a kind that count, oldest first. May raise Refused."""
        ...

    def note_work(self, work: int) -> None:
        """An expression has looked at so much."""
        ...


@dataclass(frozen=True, slots=True)
class FieldKind:
    """A field of a row: its type, and how it is read. The reader may raise Refused."""

    type: Type
    read: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class NameKind:
    """A name: its type, what it is in a world, and what it means. The reader may raise Refused."""

    type: Type
    read: Callable[[Any], Any]
    means: str


@dataclass(frozen=True, slots=True)
class FunctionKind:
    """A function: its arguments, its result, what it does, and what it means.

    `do` is given the world, then the arguments (of a method, its row first), and may raise Refused.
    An argument that is none makes the result none, as a field of none is none. `needs` is how many
    arguments have to be there, -1 for all. `work` is what a call costs of the work allowed.
    """

    arguments: tuple[Type, ...]
    result: Type
    do: Callable[..., Any]
    means: str
    needs: int = -1
    work: int = 1

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return len(self.arguments) if self.needs < 0 else self.needs


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that can be named.

    `fields` has the fields of a row by the name of its type, `methods` what is called behind a row
    and a dot, `events` the row type of each kind of event. `units` are the names of the units that
    people write behind a number, with the name that multiplies it here: `{"s": "seconds"}`.
    """

    names: Mapping[str, NameKind]
    functions: Mapping[str, FunctionKind]
    fields: Mapping[str, Mapping[str, FieldKind]]
    methods: Mapping[tuple[str, str], FunctionKind] = field(default_factory=dict)
    events: Mapping[str, Type] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
