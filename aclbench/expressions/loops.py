"""Loops over lists: a body evaluated for each item, and what is made of all the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aclbench.expressions.evaluating import Evaluation, Term, number

#: What makes one value of a body's values.
LOOPS: Final = ("any", "all", "sum", "max", "min")


@dataclass(frozen=True, slots=True)
class Clause:
    """`for variable in over if tests`."""

    variable: str
    over: Term
    tests: tuple[Term, ...]


def loop(name: str, column: int, clauses: list[Clause], body: Term) -> Callable[[Evaluation], Any]:
    """How such a loop is evaluated. Nothing is none to `max` and `min`, and 0 to `sum`."""

    def evaluate(e: Evaluation) -> Any:
        values = _values(e, clauses, body)
        if name == "any":
            return any(map(bool, values))
        if name == "all":
            return all(map(bool, values))
        numbers = [value for value in values if value is not None]
        if name == "sum":
            total: Any = 0
            for value in numbers:
                total = number(column, total + value)
            return total
        if not numbers:
            return None
        return max(numbers) if name == "max" else min(numbers)

    return evaluate


def _values(e: Evaluation, clauses: list[Clause], body: Term) -> Iterator[Any]:
    if not clauses:
        yield e.value(body)
        return
    first, *rest = clauses
    for item in e.value(first.over) or ():
        e.spend(first.over.column, 1)
        e.variables[first.variable] = item
        if all(e.value(test) for test in first.tests):
            yield from _values(e, rest, body)
