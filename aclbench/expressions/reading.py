"""From an expression's text to a term: names are looked up and types checked on the way.

Python's tree is walked with a list of the nodes that an expression may have, each with a method;
every other node is refused. Nothing is ever compiled or run by Python.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Final

from aclbench.errors import did_you_mean
from aclbench.expressions.evaluating import Evaluation, Term, number, size_of
from aclbench.expressions.loops import LOOPS, Clause, loop
from aclbench.expressions.text import Source, parse
from aclbench.expressions.types import NONE, NUMBER, TEXT, ExpressionError, Type, list_of
from aclbench.expressions.vocabulary import FieldKind, FunctionKind, Vocabulary

#: How deep an expression may be nested; sums and products in a row are not nested.
MAX_DEPTH: Final = 30
#: No number has more digits than this before or behind its point.
MAX_DIGITS: Final = 20

#: What can be asked of the events of a kind, and the type of the answer.
EVENT_WORDS: Final[dict[str, Callable[[Type], Type]]] = {
    "happened": lambda event: NUMBER,
    "count": lambda event: NUMBER,
    "latest": lambda event: event,
    "events": list_of,
}
_ANSWERS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "happened": bool,
    "count": len,
    "latest": lambda found: found[-1] if found else None,
    "events": lambda found: found,
}
_ARITHMETIC: Final[dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", lambda left, right: Fraction(left) / Fraction(right)),
}
_EQUAL: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ORDERS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CONSTANTS: Final = ("True", "False", "None")


def read(text: str, vocabulary: Vocabulary) -> tuple[Term, frozenset[str]]:
    """The term of an expression, and the kinds of events that it asks for. ExpressionError."""
    source = parse(text, vocabulary.units)
    reader = _Reader(source, vocabulary)
    return reader.term(source.tree), frozenset(reader.kinds)


class _Reader:
    """Makes a term of every node; `_variables` are those of the loops around the place."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        self.kinds: set[str] = set()
        self._source = source
        self._known = vocabulary
        self._depth = 0
        self._variables: dict[str, Type] = {}

    def term(self, node: ast.expr) -> Term:
        """The term of a node. Raises ExpressionError."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(node, f"nested more than {MAX_DEPTH} deep")
        read = _NODES.get(type(node))
        if read is None:
            raise self._error(node, f"{self._source.text_of(node)[:40]}: no expression has this")
        term = read(self, node)
        self._depth -= 1
        return term

    def _error(self, node: ast.expr | ast.keyword, message: str) -> ExpressionError:
        return ExpressionError(self._source.column(node), message)

    # --- values, logic and numbers -------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Term:
        column, value = self._source.column(node), node.value
        if value is None or isinstance(value, bool | str):
            type_ = NONE if value is None else TEXT if isinstance(value, str) else NUMBER
            return Term(column, type_, lambda e: value)
        if not isinstance(value, int | float):
            raise self._error(node, f"{self._source.text_of(node)[:40]}: no expression has this")
        digits = self._source.text_of(node).replace("_", "")
        if max(map(len, digits.split("."))) > MAX_DIGITS:
            raise self._error(node, f"a number of more than {MAX_DIGITS} digits")
        exact = number(column, Fraction(digits))
        return Term(column, NUMBER, lambda e: exact)

    def _logic(self, node: ast.BoolOp) -> Term:
        terms = [self.term(value) for value in node.values]
        together = all if isinstance(node.op, ast.And) else any
        return Term(terms[0].column, NUMBER, lambda e: together(bool(e.value(t)) for t in terms))

    def _signed(self, node: ast.UnaryOp) -> Term:
        column, term = self._source.column(node), self.term(node.operand)
        if isinstance(node.op, ast.Not):
            return Term(column, NUMBER, lambda e: not e.value(term))
        _need_number(column, "a sign is for numbers", term)
        sign = -1 if isinstance(node.op, ast.USub) else 1

        def evaluate(e: Evaluation) -> Any:
            value = e.value(term)
            return None if value is None else sign * value

        return Term(column, NUMBER, evaluate)

    def _arithmetic(self, node: ast.BinOp) -> Term:
        """Sums and products from left to right, however many there are."""
        parts: list[tuple[ast.operator, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            parts.append((left.op, left.right))
            left = left.left
        first = self.term(left)
        rest: list[tuple[Callable[[Any, Any], Any], Term]] = []
        for op, right in reversed(parts):
            if type(op) not in _ARITHMETIC:
                raise self._error(right, "numbers have + - * / alone ahead of them")
            sign, do = _ARITHMETIC[type(op)]
            rest.append((do, self.term(right)))
            for term in (first, rest[-1][1]):
                _need_number(term.column, f"{sign!r} is for numbers", term)

        def evaluate(e: Evaluation) -> Any:
            total = e.value(first)
            for do, term in rest:
                value = e.value(term)
                try:
                    total = None if None in (total, value) else do(total, value)
                except ZeroDivisionError:
                    message = "this is 0, and nothing is divided by 0"
                    raise ExpressionError(term.column, message) from None
                total = None if total is None else number(term.column, total)
            return total

        return Term(first.column, NUMBER, evaluate)

    def _compare(self, node: ast.Compare) -> Term:
        first = left = self.term(node.left)
        rest: list[tuple[Callable[[Any, Any], Any], Term]] = []
        for op, value in zip(node.ops, node.comparators, strict=True):
            right = self.term(value)
            rest.append((_comparison(op, left, right), right))
            left = right

        def evaluate(e: Evaluation) -> bool:
            left = e.value(first)
            for holds, term in rest:
                right = e.value(term)
                e.spend(term.column, size_of(right))
                if not holds(left, right):
                    return False
                left = right
            return True

        return Term(first.column, NUMBER, evaluate)

    # --- names, fields and lists ---------------------------------------------------------------

    def _name(self, node: ast.Name) -> Term:
        column, name = self._source.column(node), node.id
        if name in self._variables:
            return Term(column, self._variables[name], lambda e: e.variables[name])
        kind = self._known.names.get(name)
        if kind is not None:
            return Term(column, kind.type, lambda e: e.read(column, kind.read))
        if name in self._callable():
            raise self._error(node, f"{name} is written {name}(...)")
        close = did_you_mean(name, [*self._known.names, *self._variables, *_CONSTANTS])
        raise self._error(node, f"there is no name {name[:40]}; {close}")

    def _callable(self) -> list[str]:
        return [*self._known.functions, *EVENT_WORDS, *LOOPS, "len"]

    def _attribute(self, node: ast.Attribute) -> Term:
        row = self.term(node.value)
        column = self._behind_point(node)
        known = self._known.fields.get(row.type.name, {})
        methods = self._methods(row.type)
        if node.attr in methods:
            raise ExpressionError(column, f"{node.attr} is written {node.attr}(...)")
        if not known:
            raise ExpressionError(column, f"{row.type} has no fields")
        if node.attr not in known:
            close = did_you_mean(node.attr, [*known, *methods])
            raise ExpressionError(column, f"a {row.type.name} has no {node.attr[:40]}; {close}")
        kind = known[node.attr]

        def evaluate(e: Evaluation) -> Any:
            value = e.value(row)
            return None if value is None else e.read(column, kind.read, value)

        return Term(column, kind.type, evaluate)

    def _methods(self, row: Type) -> dict[str, FunctionKind]:
        return {name: kind for (of, name), kind in self._known.methods.items() if of == row.name}

    def _behind_point(self, node: ast.Attribute) -> int:
        """The column of a field's name: it ends where the node does."""
        return self._source.column(node) + len(self._source.text_of(node)) - len(node.attr)

    def _item(self, node: ast.Subscript) -> Term:
        items, index = self.term(node.value), self.term(node.slice)
        if items.type.of is None:
            raise self._error(node.value, f"{items.type} is no list, and has no [0]")
        _need_number(index.column, "an index is a number", index)

        def evaluate(e: Evaluation) -> Any:
            found, at = e.value(items), e.value(index)
            if found is None or at is None:
                return None
            if not isinstance(at, int):
                raise ExpressionError(index.column, f"{at} is no index: it is not whole")
            return found[at] if -len(found) <= at < len(found) else None

        return Term(items.column, items.type.of, evaluate)

    # --- calls -----------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Term:
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        if not isinstance(node.func, ast.Name):
            raise self._error(node, f"{self._source.text_of(node.func)[:40]} cannot be called")
        name = node.func.id
        if name in EVENT_WORDS:
            return self._events(node, name)
        if name in LOOPS:
            return self._loop(node, name)
        if name == "len":
            return self._length(node)
        if name not in self._known.functions:
            close = did_you_mean(name, self._callable())
            raise self._error(node, f"there is no {name[:40]}(...); {close}")
        column = self._source.column(node)
        return self._called(node, name, column, self._known.functions[name], ())

    def _method(self, node: ast.Call, func: ast.Attribute) -> Term:
        row = self.term(func.value)
        kind = self._methods(row.type).get(func.attr)
        column = self._behind_point(func)
        if kind is None:
            known = did_you_mean(func.attr, self._methods(row.type) or ["none"])
            raise ExpressionError(column, f"{row.type} has no {func.attr[:40]}(...); {known}")
        return self._called(node, func.attr, column, kind, (row,))

    def _called(
        self, node: ast.Call, name: str, column: int, kind: FunctionKind, given: tuple[Term, ...]
    ) -> Term:
        count = len(given) + len(node.args)
        if node.keywords or not kind.least <= count <= len(kind.arguments):
            right = len(kind.arguments) - len(given)
            raise ExpressionError(column, f"{name} takes {right} of them: {kind.means}")
        terms = [*given, *map(self.term, node.args)]
        for wanted, term in zip(kind.arguments, terms, strict=False):
            if term.type not in (wanted, NONE):
                raise ExpressionError(
                    term.column, f"{name} takes {wanted} here; this is {term.type}"
                )

        def evaluate(e: Evaluation) -> Any:
            arguments = [e.value(term) for term in terms]
            if any(argument is None for argument in arguments):
                return None
            e.spend(column, kind.work + sum(map(size_of, arguments)))
            return e.read(column, kind.do, *arguments)

        return Term(column, kind.result, evaluate)

    def _length(self, node: ast.Call) -> Term:
        column, items = self._source.column(node), self._only(node, "len", "a list or a text")
        if items.type.of is None and items.type not in (TEXT, NONE):
            raise ExpressionError(items.column, f"{items.type} has no length")

        def evaluate(e: Evaluation) -> Any:
            found = e.value(items)
            return None if found is None else len(found)

        return Term(column, NUMBER, evaluate)

    def _only(self, node: ast.Call, name: str, what: str) -> Term:
        """The one argument of a call."""
        if len(node.args) != 1 or node.keywords:
            raise self._error(node, f"{name} takes one: {what}")
        return self.term(node.args[0])

    # --- events and loops ----------------------------------------------------------------------

    def _events(self, node: ast.Call, word: str) -> Term:
        """`count(packet, fate="denied")`: a kind of events, and fields that have to be equal."""
        column = self._source.column(node)
        kind = node.args[0] if node.args else node
        name = kind.id if isinstance(kind, ast.Name) else self._source.text_of(kind)
        if len(node.args) != 1 or name not in self._known.events:
            close = did_you_mean(name, self._known.events)
            raise self._error(kind, f"there is no event {name[:40]}; {close}")
        self.kinds.add(name)
        event = self._known.events[name]
        wanted = [self._filter(keyword, name, event) for keyword in node.keywords]
        answer = _ANSWERS[word]

        def evaluate(e: Evaluation) -> Any:
            values = [(field, e.value(term)) for field, term in wanted]
            found = e.read(column, lambda world: world.events(name))
            e.spend(column, len(found) * len(wanted))
            return answer(
                [x for x in found if all(f.read(e.world, x) == v for f, v in values)]
                if values
                else found
            )

        return Term(column, EVENT_WORDS[word](event), evaluate)

    def _filter(self, keyword: ast.keyword, kind: str, event: Type) -> tuple[FieldKind, Term]:
        fields, name = self._known.fields[event.name], keyword.arg or "**"
        if name not in fields:
            close = did_you_mean(name, fields)
            raise self._error(keyword, f"an event {kind} has no {name[:40]}; {close}")
        term = self.term(keyword.value)
        _check_equal(self._source.column(keyword), fields[name].type, term.type)
        return fields[name], term

    def _loop(self, node: ast.Call, name: str) -> Term:
        """`any(w.requeued > 2 for w in workers)`; a list of numbers will do as well."""
        column = self._source.column(node)
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp):
            made = node.args[0]
            with self._clauses(made.generators) as clauses:
                body = self.term(made.elt)
        else:
            over = self._only(node, name, f"{name}(w.requeued for w in workers)")
            if over.type.of is None:
                right = f"{name}(w.requeued for w in workers) is right"
                raise ExpressionError(over.column, f"{over.type} is no list; {right}")
            clauses = [Clause("", over, ())]
            body = Term(over.column, over.type.of, lambda e: e.variables[""])
        if name not in ("any", "all"):
            _need_number(body.column, f"{name} is of numbers", body)
        return Term(column, NUMBER, loop(name, column, clauses, body))

    @contextmanager
    def _clauses(self, generators: list[ast.comprehension]) -> Iterator[list[Clause]]:
        """The `for ... in ... if ...` of a loop; their variables are known in the block."""
        clauses: list[Clause] = []
        for made in generators:
            target, over = made.target, self.term(made.iter)
            name = target.id if isinstance(target, ast.Name) else ""
            if made.is_async or not name or name in (*self._known.names, *self._variables):
                raise self._error(target, f"a new name is right here: {_LOOK}")
            if over.type.of is None:
                raise ExpressionError(over.column, f"{over.type} is no list; {_LOOK}")
            self._variables[name] = over.type.of
            clauses.append(Clause(name, over, tuple(self.term(test) for test in made.ifs)))
        yield clauses
        for clause in clauses:
            del self._variables[clause.variable]


_LOOK: Final = "any(w.requeued > 2 for w in workers) is a loop"

#: The nodes of Python's tree that an expression may have.
_NODES: Final[dict[type[ast.expr], Callable[[_Reader, Any], Term]]] = {
    ast.Constant: _Reader._constant,
    ast.BoolOp: _Reader._logic,
    ast.UnaryOp: _Reader._signed,
    ast.BinOp: _Reader._arithmetic,
    ast.Compare: _Reader._compare,
    ast.Name: _Reader._name,
    ast.Attribute: _Reader._attribute,
    ast.Subscript: _Reader._item,
    ast.Call: _Reader._call,
}


def _need_number(column: int, what: str, term: Term) -> None:
    if term.type not in (NUMBER, NONE):
        raise ExpressionError(column, f"{what}; this is {term.type}")


def _check_equal(column: int, left: Type, right: Type) -> None:
    """Two scalars of one type can be equal, and anything may be none. Raises ExpressionError."""
    if left != right and NONE not in (left, right):
        raise ExpressionError(column, f"{left} and {right} are never equal")
    if left == right and not left.is_scalar:
        raise ExpressionError(column, f"{left} is compared by its fields, or with None")


def _comparison(op: ast.cmpop, left: Term, right: Term) -> Callable[[Any, Any], bool]:
    """How two terms are compared. Raises ExpressionError: their types make no sense of it."""
    kind, column = type(op), right.column
    if kind in _ORDERS:
        if not {left.type, right.type} <= {NUMBER, NONE}:
            message = f"{left.type} and {right.type}: only numbers have an order"
            raise ExpressionError(column, message)
        order = _ORDERS[kind]
        return lambda a, b: a is not None and b is not None and order(a, b)
    if kind in (ast.In, ast.NotIn):
        _check_within(left, right)
        wanted = kind is ast.In
        return lambda a, b: (a is not None and b is not None and a in b) == wanted
    if kind in (ast.Is, ast.IsNot) and right.type != NONE:
        raise ExpressionError(column, "`is` goes with None alone; == compares values")
    _check_equal(column, left.type, right.type)
    return _EQUAL[kind]


def _check_within(part: Term, whole: Term) -> None:
    inside = whole.type.of or whole.type
    if whole.type != TEXT and whole.type.of is None:
        raise ExpressionError(whole.column, f"{whole.type} holds nothing; a list or a text does")
    if part.type not in (inside, NONE) or not part.type.is_scalar:
        raise ExpressionError(part.column, f"{whole.type} never holds {part.type}")
