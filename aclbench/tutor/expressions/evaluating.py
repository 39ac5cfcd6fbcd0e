"""Working out an expression over a bench: total, bounded in work, and of small numbers only.

What is not there is none: a field of none is none, none is not true, and is neither more nor less
than anything. So a goal over a session that is gone is simply not met.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

from aclbench.tutor.expressions.syntax import (
    Call,
    Chain,
    Compare,
    Events,
    ExpressionError,
    Field,
    Literal,
    Logic,
    Loop,
    Name,
    Negative,
    Node,
    Not,
    Variable,
)
from aclbench.tutor.expressions.vocabulary import (
    FUNCTIONS,
    METHODS,
    NAMES,
    FieldKind,
    FunctionKind,
    Refused,
    World,
    event_type,
    rows,
)

#: Nodes that one expression may look at, each as often as a loop comes to it.
MAX_WORK: Final = 1_000_000
#: Numbers have at most so many bits above and below the line: more is no number of anything here.
MAX_BITS: Final = 128

_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def is_true(value: Any) -> bool:
    """Whether a value counts as true: a row does, and all that is not 0, empty or none."""
    return bool(value)


class Evaluation:
    """One working out over one world; `variables` are the items of the loops around the place."""

    def __init__(self, world: World, max_work: int = MAX_WORK) -> None:
        self._world = world
        self._max_work = self._work = max_work
        self._variables: dict[str, Any] = {}

    def value(self, node: Node) -> Any:
        """What a node comes to. Raises ExpressionError."""
        self._spend(node, 1)
        return _WAYS[type(node)](self, node)

    @property
    def used(self) -> int:
        """The work that was done."""
        return self._max_work - self._work

    def _spend(self, node: Node, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise ExpressionError(node.column, "this looks at too much; ask for less at a time")

    # --- one kind of node each ---------------------------------------------------------------

    def _literal(self, node: Literal) -> Any:
        return node.value

    def _name(self, node: Name) -> Any:
        return self._sized(node, lambda: NAMES[node.name].read(self._world))

    def _variable(self, node: Variable) -> Any:
        return self._variables[node.name]

    def _field(self, node: Field) -> Any:
        row = self.value(node.of)
        kind = rows()[node.row][node.name]
        return None if row is None else self._sized(node, lambda: kind.read(self._world, row))

    def _call(self, node: Call) -> Any:
        kind = self._function(node)
        arguments = [self.value(argument) for argument in node.arguments]
        if any(argument is None for argument in arguments):
            return None
        self._spend(node, kind.work + sum(map(_size, arguments)))
        return self._refusable(node, lambda: kind.do(self._world, *arguments))

    @staticmethod
    def _function(node: Call) -> FunctionKind:
        if node.arguments:
            method = METHODS.get((node.arguments[0].type.name, node.name))
            if method is not None:
                return method
        return FUNCTIONS[node.name]

    def _events(self, node: Events) -> Any:
        wanted = [(name, self.value(value)) for name, value in node.filters]
        known = rows()[event_type(node.kind).name]
        found = self._refusable(node, lambda: self._world.events(node.kind))
        self._spend(node, len(found) * (1 + len(wanted)))
        if wanted:
            found = [e for e in found if self._is_wanted(e, known, wanted)]
        if node.name == "happened":
            return bool(found)
        if node.name == "count":
            return len(found)
        if node.name == "latest":
            return found[-1] if found else None
        return found

    def _is_wanted(
        self, event: Any, known: dict[str, FieldKind], wanted: list[tuple[str, Any]]
    ) -> bool:
        return all(known[name].read(self._world, event) == value for name, value in wanted)

    def _loop(self, node: Loop) -> Any:
        items = self.value(node.over)
        if items is None:
            items = ()
        values = self._bodies(node, items)
        if node.name == "any":
            return any(map(is_true, values))
        if node.name == "all":
            return all(map(is_true, values))
        numbers = [value for value in values if value is not None]
        if node.name == "sum":
            total: Any = 0
            for number in numbers:
                total = self._number(node, total + number)
            return total
        if not numbers:
            return None
        return max(numbers) if node.name == "max" else min(numbers)

    def _bodies(self, node: Loop, items: Iterable[Any]) -> Iterable[Any]:
        for item in items:
            self._variables[node.variable] = item
            yield self.value(node.body)

    def _not(self, node: Not) -> bool:
        return not is_true(self.value(node.of))

    def _logic(self, node: Logic) -> bool:
        values = (is_true(self.value(item)) for item in node.items)
        return all(values) if node.word == "and" else any(values)

    def _compare(self, node: Compare) -> bool:
        left, right = self.value(node.left), self.value(node.right)
        if node.sign not in ("==", "!=") and (left is None or right is None):
            return False
        return bool(_SIGNS[node.sign](left, right))

    def _chain(self, node: Chain) -> Any:
        total = self.value(node.first)
        for sign, part in node.rest:
            value = self.value(part)
            if total is None or value is None:
                total = None
            elif sign != "/":
                total = self._number(part, _SIGNS[sign](total, value))
            elif value == 0:
                raise ExpressionError(part.column, "this is 0, and nothing is divided by 0")
            else:
                total = self._number(part, Fraction(total) / Fraction(value))
        return total

    def _negative(self, node: Negative) -> Any:
        value = self.value(node.of)
        return None if value is None else -value

    # --- helpers -----------------------------------------------------------------------------

    def _number(self, node: Node, value: int | Fraction) -> int | Fraction:
        """A number of bearable size, whole if it is."""
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise ExpressionError(node.column, "a number too large to be of use")
        return value.numerator if value.denominator == 1 else value

    def _sized(self, node: Node, read: Callable[[], Any]) -> Any:
        """What is read costs as much as there is of it."""
        value = self._refusable(node, read)
        self._spend(node, _size(value))
        return value

    def _refusable(self, node: Node, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Refused as refused:
            raise ExpressionError(node.column, str(refused)) from None


def _size(value: Any) -> int:
    """What looking at a value costs."""
    return len(value) if isinstance(value, str | tuple | list) else 0


_WAYS: Final[dict[type[Node], Callable[[Evaluation, Any], Any]]] = {
    Literal: Evaluation._literal,
    Name: Evaluation._name,
    Variable: Evaluation._variable,
    Field: Evaluation._field,
    Call: Evaluation._call,
    Events: Evaluation._events,
    Loop: Evaluation._loop,
    Not: Evaluation._not,
    Logic: Evaluation._logic,
    Compare: Evaluation._compare,
    Chain: Evaluation._chain,
    Negative: Evaluation._negative,
}
