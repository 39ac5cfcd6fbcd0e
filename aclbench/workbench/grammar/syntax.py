"""Syntax strings of commands, read into trees.

    show acl-plugin sessions [verbose [<number>]]

`( | )` is a choice, `[ ]` may be left out, `{ }` comes any number of times (with `|` inside:
options in any order), `<name>` is an argument of that type or a form defined under that name,
`<name:label>` an argument whose value is called `label`. Everything else is a word to be typed.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from aclbench.workbench.grammar.arguments import ArgumentType

_TOKEN = re.compile(r"<[\w-]+(?::[\w-]+)?>|[()\[\]{}|,]|[^\s()\[\]{}|,<]+|\S")
_ARGUMENT = re.compile(r"<(?P<name>[\w-]+)(?::(?P<label>[\w-]+))?>")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_MANY = 1_000_000  # stands for "any number of times" when occurrences are added up


class Literal(Struct, frozen=True):
    text: str


class Argument(Struct, frozen=True):
    type: ArgumentType
    label: str

    def __str__(self) -> str:
        return f"<{self.label}>"


class Sequence(Struct, frozen=True):
    items: tuple["Node", ...]


class Choice(Struct, frozen=True):
    alternatives: tuple["Node", ...]


class Repeat(Struct, frozen=True):
    body: "Node"


Node: TypeAlias = Literal | Argument | Sequence | Choice | Repeat


def read_syntax(
    syntax: str, types: Mapping[str, ArgumentType], forms: Mapping[str, Node]
) -> Sequence | Choice:
    """The tree of a syntax string. ValueError: it is not well formed, or names no type or form."""
    reader = _Reader(syntax, types, forms)
    tree = reader.alternatives()
    if reader.peek():
        raise ValueError(f"syntax {syntax!r}: {reader.peek()!r} closes nothing")
    return tree


def display(syntax: str) -> str:
    """A syntax string for a person: `<type:label>` as `<label>`."""
    return _ARGUMENT.sub(lambda match: f"<{match['label'] or match['name']}>", syntax)


def repeated_labels(tree: Node) -> frozenset[str]:
    """The labels that can be taken any number of times, whose values therefore are lists.

    ValueError: a label can be taken twice, but not any number of times, so that one value would
    hide the other.
    """
    counts = _occurrences(tree)
    twice = sorted(label for label, count in counts.items() if 1 < count < _MANY)
    if twice:
        raise ValueError(f"<{twice[0]}> can be taken twice: tell them apart, <{twice[0]}:label>")
    return frozenset(label for label, count in counts.items() if count >= _MANY)


def fixed_words(tree: Sequence | Choice) -> Counter[str]:
    """The words that are in every line of a command."""
    items = tree.items if isinstance(tree, Sequence) else ()
    return Counter(item.text for item in items if isinstance(item, Literal))


def _occurrences(node: Node) -> dict[str, int]:
    """How often each label can be taken."""
    total: dict[str, int] = {}
    match node:
        case Argument():
            total[node.label] = 1
        case Sequence():
            for item in node.items:
                for label, count in _occurrences(item).items():
                    total[label] = total.get(label, 0) + count
        case Choice():
            for alternative in node.alternatives:
                for label, count in _occurrences(alternative).items():
                    total[label] = max(total.get(label, 0), count)
        case Repeat():
            total = dict.fromkeys(_occurrences(node.body), _MANY)
        case Literal():
            pass
    return total


class _Reader:
    """Recursive descent over one syntax string."""

    def __init__(
        self, syntax: str, types: Mapping[str, ArgumentType], forms: Mapping[str, Node]
    ) -> None:
        self._syntax = syntax
        self._types = types
        self._forms = forms
        self._tokens = _TOKEN.findall(syntax)
        self._next = 0

    def peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def alternatives(self) -> Sequence | Choice:
        found = [self._sequence()]
        while self.peek() == "|":
            self._next += 1
            found.append(self._sequence())
        return found[0] if len(found) == 1 else Choice(tuple(found))

    def _sequence(self) -> Sequence:
        items: list[Node] = []
        while self.peek() and self.peek() not in ")]}|":
            items.append(self._item(self.peek()))
        if not items:
            raise ValueError(f"syntax {self._syntax!r}: nothing stands before {self.peek()!r}")
        return Sequence(tuple(items))

    def _item(self, token: str) -> Node:
        self._next += 1
        if token in _CLOSING:
            body = self.alternatives()
            if self.peek() != _CLOSING[token]:
                raise ValueError(f"syntax {self._syntax!r}: {_CLOSING[token]!r} is missing")
            self._next += 1
            return _group(token, body)
        if token.startswith("<"):
            return self._argument(token)
        return Literal(token)

    def _argument(self, token: str) -> Node:
        match = _ARGUMENT.fullmatch(token)
        if match is None:
            raise ValueError(f"syntax {self._syntax!r}: {token!r} begins no <name>")
        name, label = match["name"], match["label"]
        if name in self._forms and label is None:
            return self._forms[name]
        if name not in self._types:
            raise ValueError(f"syntax {self._syntax!r}: there is no argument type {name!r}")
        return Argument(self._types[name], label or name)


def _group(opening: str, body: Node) -> Node:
    match opening:
        case "[":
            return Choice((body, Sequence(())))
        case "{":
            return Repeat(body)
        case _:
            return body
