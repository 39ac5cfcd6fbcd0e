"""From the text of an expression to its tree, by recursive descent; types are checked on the way.

or:       and { "or" and }              compare:  sum [ (== != < <= > >=) sum ]
and:      not { "and" not }             sum:      product { (+ | -) product }
not:      "not" not | compare           product:  unary { (* | /) unary }
unary:    "-" unary | postfix           postfix:  primary { "." name [ arguments ] }
primary:  number | text | name | name arguments | "(" or ")"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.tutor.expressions.syntax import (
    NONE,
    NUMBER,
    TEXT,
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
    Type,
    Variable,
)
from aclbench.tutor.expressions.tokens import Token, tokens_of
from aclbench.tutor.expressions.vocabulary import (
    EVENT_WORDS,
    EVENTS,
    FUNCTIONS,
    ITEM,
    LISTING,
    LOOPS,
    METHODS,
    NAMES,
    FunctionKind,
    event_type,
    near,
    rows,
)

#: How deep an expression may be nested: parentheses, arguments, `not` and `-`.
MAX_DEPTH: Final = 20
_COMPARES: Final = ("==", "!=", "<", "<=", ">", ">=")
_WORDS: Final = ("and", "or", "not", "in")


def parse(text: str) -> tuple[Node, frozenset[str]]:
    """The tree of an expression, and the kinds of events that it asks for. ExpressionError."""
    parser = _Parser(tokens_of(text))
    node = parser.whole()
    return node, frozenset(parser.kinds)


class _Parser:
    """Reads the words one by one; `_variables` are those of the loops around the place."""

    def __init__(self, tokens: list[Token]) -> None:
        self.kinds: set[str] = set()
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._variables: dict[str, Type] = {}

    def whole(self) -> Node:
        if self._now.kind == "end":
            raise ExpressionError(1, "an empty expression; sessions.live == 3 is one")
        node = self._or()
        if self._now.kind != "end":
            raise self._error(f"{self._now.text!r} does not go on from here")
        return node

    # --- words -------------------------------------------------------------------------------

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._now
        self._at += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._now.kind in ("sign", "name") and self._now.text in texts

    def _need(self, text: str) -> Token:
        if not self._is(text):
            raise self._error(f"{text!r} is right here, not {self._now.text[:40]!r}")
        return self._take()

    def _error(self, message: str) -> ExpressionError:
        return ExpressionError(self._now.column, message)

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep")
        node = read()
        self._depth -= 1
        return node

    # --- logic and numbers -------------------------------------------------------------------

    def _or(self) -> Node:
        return self._logic("or", self._and)

    def _and(self) -> Node:
        return self._logic("and", self._not)

    def _logic(self, word: str, part: Callable[[], Node]) -> Node:
        items = [part()]
        while self._is(word):
            self._take()
            items.append(part())
        if len(items) == 1:
            return items[0]
        return Logic(items[0].column, NUMBER, word, tuple(items))

    def _not(self) -> Node:
        if not self._is("not"):
            return self._compare()
        column = self._take().column
        return Not(column, NUMBER, self._deeper(self._not))

    def _compare(self) -> Node:
        left = self._sum()
        if not self._is(*_COMPARES):
            return left
        sign = self._take()
        right = self._sum()
        if self._is(*_COMPARES):
            raise self._error("one comparison at a time; put `and` between two")
        orders = sign.text not in ("==", "!=")
        _check_comparable(sign, left.type, right.type, orders)
        return Compare(sign.column, NUMBER, sign.text, left, right)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._unary)

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        first = part()
        rest: list[tuple[str, Node]] = []
        while self._is(*signs):
            sign = self._take()
            rest.append((sign.text, part()))
            for node in (first, rest[-1][1]):
                _need_number(sign.column, f"{sign.text!r} is for numbers", node)
        return Chain(first.column, NUMBER, first, tuple(rest)) if rest else first

    def _unary(self) -> Node:
        if not self._is("-"):
            return self._postfix()
        column = self._take().column
        node = self._deeper(self._unary)
        _need_number(column, "'-' is for numbers", node)
        return Negative(column, NUMBER, node)

    # --- rows --------------------------------------------------------------------------------

    def _postfix(self) -> Node:
        node = self._primary()
        while self._is("."):
            self._take()
            node = self._member(node)
        return node

    def _member(self, node: Node) -> Node:
        if self._now.kind != "name":
            raise self._error("the name of a field is right behind a point")
        token = self._take()
        row = node.type.name
        method = METHODS.get((row, token.text))
        if method is not None:
            return self._call(token, method, (node,))
        known = rows().get(row, {})
        if not known:
            raise ExpressionError(token.column, f"{node.type} has no fields")
        if token.text not in known:
            methods = [name for kind, name in METHODS if kind == row]
            close = near(token.text, [*known, *methods])
            raise ExpressionError(token.column, f"a {row} has no {token.text[:40]}; {close}")
        return Field(token.column, known[token.text].type, node, row, token.text)

    def _primary(self) -> Node:
        token = self._now
        if token.kind == "number":
            return Literal(self._take().column, NUMBER, token.value)
        if token.kind == "text":
            return Literal(self._take().column, TEXT, token.text)
        if self._is("("):
            self._take()
            node = self._deeper(self._or)
            self._need(")")
            return node
        if token.kind != "name" or token.text in _WORDS:
            raise self._error(f"a number, a text or a name is right here, not {token.text[:40]!r}")
        self._take()
        return self._called(token) if self._is("(") else self._named(token)

    def _named(self, token: Token) -> Node:
        if token.text in self._variables:
            return Variable(token.column, self._variables[token.text], token.text)
        if token.text in NAMES:
            return Name(token.column, NAMES[token.text].type, token.text)
        calls = [*FUNCTIONS, *EVENT_WORDS, *LOOPS]
        if token.text in calls:
            raise ExpressionError(token.column, f"{token.text} is written {token.text}(...)")
        close = near(token.text, [*NAMES, *self._variables])
        raise ExpressionError(token.column, f"there is no name {token.text[:40]}; {close}")

    def _called(self, token: Token) -> Node:
        if token.text in EVENT_WORDS:
            return self._events(token)
        if token.text in LOOPS:
            return self._loop(token)
        if token.text not in FUNCTIONS:
            close = near(token.text, [*FUNCTIONS, *EVENT_WORDS, *LOOPS])
            raise ExpressionError(token.column, f"there is no {token.text[:40]}(...); {close}")
        return self._call(token, FUNCTIONS[token.text], ())

    # --- calls -------------------------------------------------------------------------------

    def _call(self, token: Token, kind: FunctionKind, given: tuple[Node, ...]) -> Node:
        arguments = list(given)
        self._need("(")
        while not self._is(")"):
            if len(arguments) > len(given):
                self._need(",")
            arguments.append(self._deeper(self._or))
            if len(arguments) > len(kind.arguments):
                break
        if not kind.least <= len(arguments) <= len(kind.arguments):
            count = len(kind.arguments) - len(given)
            raise ExpressionError(token.column, f"{token.text} takes {count} of them: {kind.means}")
        self._need(")")
        for wanted, node in zip(kind.arguments, arguments, strict=False):
            _check_argument(token.text, wanted, node, arguments[0].type)
        result = kind.result
        if result == ITEM:
            result = arguments[0].type.of or TEXT
        return Call(token.column, result, token.text, tuple(arguments))

    def _events(self, token: Token) -> Node:
        self._need("(")
        kind = self._take()
        if kind.text not in EVENTS:
            close = near(kind.text, EVENTS)
            raise ExpressionError(kind.column, f"there is no event {kind.text[:40]}; {close}")
        self.kinds.add(kind.text)
        filters: list[tuple[str, Node]] = []
        while self._is(","):
            self._take()
            filters.append(self._filter(kind.text))
        self._need(")")
        type_ = EVENT_WORDS[token.text](kind.text)
        return Events(token.column, type_, token.text, kind.text, tuple(filters))

    def _filter(self, kind: str) -> tuple[str, Node]:
        name = self._take()
        known = rows()[event_type(kind).name]
        if name.text not in known:
            close = near(name.text, known)
            raise ExpressionError(name.column, f"an event {kind} has no {name.text[:40]}; {close}")
        self._need("=")
        node = self._deeper(self._or)
        _check_comparable(name, known[name.text].type, node.type, orders=False)
        return name.text, node

    def _loop(self, token: Token) -> Node:
        """`any(w in workers: w.requeued > 2)`."""
        self._need("(")
        variable = self._take()
        if variable.kind != "name" or variable.text in (*NAMES, *_WORDS, *self._variables):
            raise ExpressionError(variable.column, f"a new name is right here: {_LOOK}")
        self._need("in")
        over = self._deeper(self._or)
        if over.type.of is None:
            raise ExpressionError(over.column, f"{over.type} is no list; {_LOOK}")
        self._need(":")
        self._variables[variable.text] = over.type.of
        body = self._deeper(self._or)
        del self._variables[variable.text]
        if token.text not in ("any", "all"):
            _need_number(body.column, f"{token.text} is of numbers", body)
        self._need(")")
        return Loop(token.column, NUMBER, token.text, variable.text, over, body)


_LOOK: Final = "any(w in workers: w.requeued > 2) is one"


def _need_number(column: int, what: str, node: Node) -> None:
    if node.type not in (NUMBER, NONE):
        raise ExpressionError(column, f"{what}; this is {node.type}")


def _check_comparable(token: Token, left: Type, right: Type, orders: bool) -> None:
    """Two of one type can be equal, numbers can be ordered, and anything may be none."""
    if orders and not {left, right} <= {NUMBER, NONE}:
        raise ExpressionError(token.column, f"{left} and {right}: only numbers have an order")
    if left != right and NONE not in (left, right):
        raise ExpressionError(token.column, f"{left} and {right} are never equal")
    if left == right and not left.is_scalar:
        raise ExpressionError(token.column, f"{left} is compared by its fields, or with none")


def _check_argument(name: str, wanted: Type, node: Node, first: Type) -> None:
    if wanted == LISTING:
        good = node.type.of is not None or node.type == TEXT
    elif wanted == ITEM:
        good = node.type == (first.of or TEXT) and node.type.is_scalar
    else:
        good = node.type in (wanted, NONE)
    if not good:
        right = (
            "a list" if wanted == LISTING else str(first.of or TEXT if wanted == ITEM else wanted)
        )
        raise ExpressionError(node.column, f"{name} takes {right} here; this is {node.type}")
