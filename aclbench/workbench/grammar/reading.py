"""One line read against the automaton: the best way to understand it, or the most helpful error.

A token may be a word in full, an argument, or the abbreviation of a word, preferred in this
order; a word in full rules out abbreviations. Ways are tried depth first and each (point, token)
once, so the time is bounded by their number, which grows with the line and not faster.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from aclbench.workbench.grammar.arguments import ArgumentError, ArgumentType
from aclbench.workbench.grammar.automaton import Automaton, Point
from aclbench.workbench.grammar.lines import (
    GrammarError,
    Token,
    shown_line,
    shown_word,
    tokenise,
)
from aclbench.workbench.grammar.syntax import Argument

#: With more words that could come, the three nearest are named.
MOST_LISTED = 8
#: `help` of a command that is known by so many words.
_HELP_WORDS = 2


class Item(Struct, frozen=True):
    """One word or argument of a command, in the order typed.

    `name` is the word in full, or the argument's label; `value` the same word, or the
    argument's value; `column` where it stands in the line.
    """

    kind: Literal["word", "argument"]
    name: str
    value: Any
    column: int


class Step(NamedTuple):
    """An item taken, the point it leads to, and the number of the token that comes next."""

    point: Point
    after: int
    item: Item


class Rest(NamedTuple):
    """An argument that takes the rest of the line from a token on, and the point it leads to."""

    argument: Argument
    token: int
    end: Point


_Path: TypeAlias = tuple["_Path", Item] | None


class Reading:
    """A line, its tokens, and what they can mean; arguments are parsed once for each token."""

    def __init__(self, automaton: Automaton, line: str, context: Any) -> None:
        """GrammarError: the line is too long."""
        self.tokens = tokenise(line)
        self._line = line
        self._automaton = automaton
        self._context = context
        self._values: dict[tuple[ArgumentType, int], Any] = {}

    def best(self) -> tuple[int, tuple[Item, ...]]:
        """The number of the command and what was taken. GrammarError: there is none."""
        stack: list[tuple[Point, int, _Path]] = [(self._automaton.start, 0, None)]
        tried: set[tuple[Point, int]] = set()
        furthest, stuck = 0, list[Point]()
        while stack:
            point, index, path = stack.pop()
            if (point, index) in tried:
                continue  # tried before, without success
            tried.add((point, index))
            if index > furthest:
                furthest, stuck = index, []
            if index == furthest:
                stuck.append(point)
            if index < len(self.tokens):
                steps = self.steps(point, index)
                stack.extend((s.point, s.after, (path, s.item)) for s in reversed(steps))
                continue
            command = self._automaton.moves(point).complete
            if command is not None:
                return command, _items(path)
        raise self.failure(stuck, furthest)

    def points(self, count: int) -> tuple[list[Point], list[Rest]]:
        """Every point that the first `count` tokens can lead to, in order of preference.

        And the arguments among them that took the rest of the line. GrammarError: they lead
        nowhere.
        """
        points, rests = [self._automaton.start], list[Rest]()
        for index in range(count):
            moves = [self._automaton.moves(point) for point in points]
            taking = [(a, end) for m in moves for a, end in m.arguments if a.type.takes_rest]
            rests += [Rest(argument, index, end) for argument, end in taking]
            following = {s.point: None for p in points for s in self.steps(p, index)}
            following |= {rest.end: None for rest in rests}
            if not following:
                raise self.failure(points, index)
            points = list(following)
        return points, rests

    def steps(self, point: Point, index: int) -> list[Step]:
        """What the token can mean at the point, best first."""
        token = self.tokens[index]
        moves = self._automaton.moves(point)
        exact = token.text in moves.words and not token.quoted
        steps = [self._take_word(moves.words, token.text, index)] if exact else []
        for argument, target in moves.arguments:
            value = self._value(argument.type, index)
            if not isinstance(value, ArgumentError):
                after = len(self.tokens) if argument.type.takes_rest else index + 1
                item = Item("argument", argument.label, value, token.column)
                steps.append(Step(target, after, item))
        longer = [] if exact else _longer(token, moves.words)
        if len(longer) > 1 and point == self._automaton.start:
            longer = [word for word in longer if word not in self._automaton.yielding] or longer
        if len(longer) == 1:
            steps.append(self._take_word(moves.words, longer[0], index))
        return steps

    def _take_word(self, words: dict[str, Point], word: str, index: int) -> Step:
        return Step(words[word], index + 1, Item("word", word, word, self.tokens[index].column))

    def _value(self, kind: ArgumentType, index: int) -> Any:
        """The value of a token as an argument, or the ArgumentError that it met."""
        key = (kind, index)
        if key not in self._values:
            self._values[key] = self._parse(kind, self.tokens[index])
        return self._values[key]

    def _parse(self, kind: ArgumentType, token: Token) -> Any:
        text = self._line[token.column :].rstrip() if kind.takes_rest else token.text
        if not kind.takes_rest and token.is_comma:
            return ArgumentError(f"<{kind.name}> is missing before the comma")
        if not kind.takes_rest and not token.closed:
            return ArgumentError("the quote is not closed")
        try:
            return kind.parse(text, self._context)
        except ArgumentError as error:
            return error

    def failure(self, points: list[Point], index: int) -> GrammarError:
        """Why none of the points, all reached after `index` tokens, leads on from there."""
        words, arguments = self._expected(points)
        expected = [*words, *map(str, arguments)]
        if index == len(self.tokens):
            line = shown_line(self._line, len(self._line))
            message = f"{line}: something is missing at the end: {_either(expected)}"
            return GrammarError(message, column=len(self._line.rstrip()))
        from difflib import get_close_matches

        token = self.tokens[index]
        longer = _longer(token, words)
        near = [] if token.quoted else get_close_matches(token.text[:64], words)
        line = shown_line(self._line, token.column)
        if not token.closed:
            message = f"{line}: the quote is not closed"
        elif longer:
            message = f"ambiguous word {shown_word(token.text)}: {', '.join(longer)}"
        elif not expected:
            word = shown_word(token.text)
            message = f"{line}: {word} is a word too many: nothing can follow here"
        elif arguments and not near:
            message = f"{line}: {self._refusals(arguments, index)}"
            message += f"; here can also come: {', '.join(words)}" if words else ""
        elif len(expected) > MOST_LISTED:
            nearest = get_close_matches(token.text[:64], words, 3, cutoff=0)
            before = " ".join(["help", *(t.text for t in self.tokens[:index][:_HELP_WORDS])])
            message = f"unknown word {shown_word(token.text)} in {line}: "
            message += f"did you mean {', '.join(nearest[:-1])} or {nearest[-1]}? "
            message += f"`{before}` lists what there is"
        else:
            hint = f"did you mean {_either(near)}? " if near else ""
            message = f"unknown word {shown_word(token.text)} in {line}: {hint}"
            message += f"here can come: {', '.join(expected)}"
        return GrammarError(message, column=token.column)

    def _expected(self, points: list[Point]) -> tuple[list[str], list[Argument]]:
        """What could come at any of the points: words by name, arguments in table order."""
        moves = [self._automaton.moves(point) for point in points]
        words = sorted({word for each in moves for word in each.words})
        return words, list(dict.fromkeys(a for each in moves for a, _ in each.arguments))

    def _refusals(self, arguments: list[Argument], index: int) -> str:
        texts = dict.fromkeys(str(self._value(argument.type, index)) for argument in arguments)
        return "; or: ".join(texts)


def _longer(token: Token, words: Iterable[str]) -> list[str]:
    """The words that the token abbreviates."""
    return [] if token.quoted else [word for word in words if word.startswith(token.text)]


def _either(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _items(path: _Path) -> tuple[Item, ...]:
    found = list[Item]()
    while path is not None:
        path, item = path
        found.append(item)
    return tuple(reversed(found))
