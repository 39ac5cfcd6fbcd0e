"""Filters as values: terms joined by and, or, not; printed, and turned into one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from aclbench.workbench.filters.terms import Field, Term

_T = TypeVar("_T")
Passes = Callable[[_T], bool]


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Filter


Filter: TypeAlias = And | Or | Not | Term
#: No filter: all of nothing holds.
EVERYTHING: Final = And(())


def filter_text(wanted: Filter) -> str:
    """A filter as it is typed; read again it is the same."""
    match wanted:
        case Or(parts):
            return " or ".join(_grouped(part, Or) for part in parts)
        case And(parts):
            return " and ".join(_grouped(part, Or, And) for part in parts)
        case Not(part):
            return f"not {_grouped(part, Or, And)}"
        case term:
            return term.text


def _grouped(part: Filter, *looser: type) -> str:
    text = filter_text(part)
    return f"({text})" if isinstance(part, looser) else text


def terms_of(wanted: Filter) -> Iterator[Term]:
    """All terms of a filter, from left to right."""
    match wanted:
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms_of(part)
        case Not(part):
            yield from terms_of(part)
        case term:
            yield term


def asks_for_connections(wanted: Filter) -> bool:
    """Whether the numbers of connections matter."""
    return any(term.field == "conn" for term in terms_of(wanted))


def passes(wanted: Filter, fields: Mapping[Field, Callable[[_T], Any]]) -> Passes[_T]:
    """The test of a packet or session; `fields` read its fields from it."""
    match wanted:
        case And(parts):
            tests = [passes(part, fields) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case Or(parts):
            tests = [passes(part, fields) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case Not(part):
            inner = passes(part, fields)
            return lambda row: not inner(row)
        case term:
            read, holds = fields[term.field], term.holds
            return lambda row: holds(read(row))
