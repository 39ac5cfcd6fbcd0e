"""The command table: from one syntax string a command come its parsing, help, and completion.

It knows nothing of what commands do: handlers and the context are passed through untouched.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from aclbench.workbench.grammar.arguments import ArgumentType
from aclbench.workbench.grammar.automaton import Automaton, Point
from aclbench.workbench.grammar.cursor import Cursor
from aclbench.workbench.grammar.lines import GrammarError, as_typed, is_nothing
from aclbench.workbench.grammar.reading import Item, Reading
from aclbench.workbench.grammar.syntax import (
    Argument,
    Choice,
    Node,
    Sequence,
    display,
    fixed_words,
    read_syntax,
    repeated_labels,
)

END = "<enter>"

#: How far a command reaches: no further than the bench; to captures that it names; or outside: to
#: other files, another bench, the program that runs it.
Reach = Literal["bench", "captures", "outside"]


class Command(Struct, frozen=True):
    """`summary` is one line; `details` more of them; `group` the heading it is listed under.

    `on_rig`: its handlers are given a rig, else a bench. `changes`: it may change the state of that
    rig; one that only shows, or that has a bench do something, does not.
    `data`: a handler that returns plain values, for `json.dumps`, of what the other one shows.
    `direct`: what it calls stops the workers where it must (other lines, listeners), so it is not
    run behind a barrier of its own. `reach`: whose lines may have it (`commands.reach`).
    """

    syntax: str
    handler: Callable[..., Any]
    summary: str
    details: str = ""
    group: str = ""
    changes: bool = True
    data: Callable[..., Any] | None = None
    direct: bool = False
    on_rig: bool = False
    reach: Reach = "bench"


class ParsedCommand(Struct, frozen=True):
    """A line understood.

    `arguments`: the value of each argument given, by label; where a label can come any number
    of times, the list of its values, empty when none came. `words`: the words taken from
    choices and options, in full and in order, so that `"del" in words` tells. `path`:
    everything, in the order typed.
    """

    command: Command
    arguments: Mapping[str, Any]
    words: tuple[str, ...]
    path: tuple[Item, ...]


class Completion(NamedTuple):
    """`text` replaces what the line has from `start_column` on."""

    text: str
    description: str
    start_column: int


class Expected(NamedTuple):
    """What can come next: a word, `<label>` for an argument, or `END`."""

    text: str
    description: str


class ReferenceRow(NamedTuple):
    syntax: str
    summary: str
    group: str


class _Shape(NamedTuple):
    """A command's syntax: its tree, the labels whose values are lists, the words of every line."""

    tree: Sequence | Choice
    repeated: list[str]
    fixed: Counter[str]


class CommandTable:
    """Commands, argument types and forms, in the order added."""

    def __init__(self, types: Iterable[ArgumentType] = ()) -> None:
        self._commands: list[Command] = []
        self._shapes: list[_Shape] = []
        self._types: dict[str, ArgumentType] = {}
        self._forms: dict[str, str] = {}
        self._form_trees: dict[str, Node] = {}
        self._automaton = Automaton()
        self.register(*types)

    def copied(self) -> "CommandTable":
        """A table that more can be added to, while this one stays as it is."""
        other = CommandTable()
        other._commands, other._shapes = [*self._commands], [*self._shapes]
        other._types, other._forms = {**self._types}, {**self._forms}
        other._form_trees = {**self._form_trees}
        other._automaton = self._automaton.copied()
        return other

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(self._commands)

    @property
    def forms(self) -> dict[str, str]:
        """The syntax of each form, by name."""
        return {name: display(syntax) for name, syntax in self._forms.items()}

    def register(self, *types: ArgumentType) -> None:
        """Add argument types for the syntaxes to come. ValueError: the name is taken."""
        for kind in types:
            self._refuse_taken(kind.name)
            self._types[kind.name] = kind

    def define(self, name: str, syntax: str) -> None:
        """Name a form, a part of later syntaxes. ValueError: taken, or not well formed."""
        self._refuse_taken(name)
        self._form_trees[name] = read_syntax(syntax, self._types, self._form_trees)
        self._forms[name] = syntax

    def add(self, command: Command, yields: bool = False) -> None:
        """Add a command. ValueError: its syntax is not well formed, or is there already.

        The first word of one that `yields` leaves its abbreviations to the words of the others.
        """
        if any(command.syntax == other.syntax for other in self._commands):
            raise ValueError(f"syntax {command.syntax!r} is there already")
        tree = read_syntax(command.syntax, self._types, self._form_trees)
        shape = _Shape(tree, sorted(repeated_labels(tree)), fixed_words(tree))
        self._automaton.add(tree)
        self._commands.append(command)
        self._shapes.append(shape)
        first = command.syntax.split()[0]
        if yields and all(first != other.syntax.split()[0] for other in self._commands[:-1]):
            self._automaton.yielding |= {first}
        elif not yields:
            self._automaton.yielding -= {first}

    def parse(self, line: str, context: Any = None) -> ParsedCommand | None:
        """The command on a line; None for a blank or a comment. GrammarError: it is neither."""
        if is_nothing(line):
            return None
        number, path = Reading(self._automaton, line, context).best()
        shape = self._shapes[number]
        arguments: dict[str, Any] = {label: [] for label in shape.repeated}
        for item in path:
            if item.kind == "argument" and item.name in arguments:
                arguments[item.name].append(item.value)
            elif item.kind == "argument":
                arguments[item.name] = item.value
        words = tuple(_chosen(path, shape.fixed))
        return ParsedCommand(self._commands[number], arguments, words, path)

    def complete(self, line: str, context: Any = None) -> list[Completion]:
        """What the last token, or a new one where there is none, can become; [] if nothing."""
        try:
            cursor = Cursor(self._automaton, line, context)
        except GrammarError:
            return []
        start, prefix = cursor.partial.column, cursor.partial.text
        words = {word: self._description(target, n) for word, target, n in cursor.words()}
        found = [Completion(word, words[word], start) for word in sorted(words)]
        for argument in cursor.arguments():
            if not argument.type.takes_rest:
                for text, description in _candidates(argument, prefix, context):
                    typed = as_typed(text)
                    found += [] if typed is None else [Completion(typed, description, start)]
        for argument, start in cursor.rests():
            rest = _candidates(argument, line[start:], context)
            found += [Completion(text, description, start) for text, description in rest]
        return list({(each.text, each.start_column): each for each in found}.values())

    def expected(self, line: str, context: Any = None) -> list[Expected]:
        """What can come next (REPL's `?`): words that begin with the last token, arguments, END.

        GrammarError: what stands before the last token leads nowhere.
        """
        return self._expected(Cursor(self._automaton, line, context))

    def help(self, line: str = "", context: Any = None) -> str:
        """What can come next, then the commands that begin with the line; all for a blank one.

        GrammarError: no command begins like this.
        """
        if not line.strip():
            return "\n".join(self._overview())
        cursor = Cursor(self._automaton, line, context)
        numbers = cursor.commands()
        rows = self._expected(cursor)
        if [row.text for row in rows] == [cursor.partial.text]:
            rows = []  # the word that was just typed is no news
        text = [*_columns(rows), ""] if rows else []
        if len(numbers) == 1:
            text += self._usage(self._commands[numbers[0]])
        else:
            text += self._listing([self._commands[number] for number in numbers])
        return "\n".join(text)

    def reference(self) -> list[ReferenceRow]:
        """A row for each command, for documents; those of a group stand together."""
        return [
            ReferenceRow(display(command.syntax), command.summary, group)
            for group, commands in self._groups().items()
            for command in commands
        ]

    def _groups(self) -> dict[str, list[Command]]:
        """The commands under their headings, both in the order added."""
        found: dict[str, list[Command]] = {}
        for command in self._commands:
            found.setdefault(command.group, []).append(command)
        return found

    def _refuse_taken(self, name: str) -> None:
        if name in self._types or name in self._forms:
            raise ValueError(f"<{name}> is defined already")

    def _expected(self, cursor: Cursor) -> list[Expected]:
        words = {word: self._description(target, n) for word, target, n in cursor.words()}
        arguments = dict.fromkeys(
            [*cursor.arguments(), *(argument for argument, _ in cursor.rests())]
        )
        rows = [Expected(word, words[word]) for word in sorted(words)]
        rows += [Expected(str(argument), argument.type.description) for argument in arguments]
        number = cursor.complete()
        return rows if number is None else [*rows, Expected(END, self._commands[number].summary)]

    def _description(self, target: Point, narrows: bool) -> str:
        """Of a word: the command that it singles out, or else what has to follow it."""
        moves = self._automaton.moves(target)
        if len(moves.commands) > 1:
            return f"{len(moves.commands)} commands"
        if narrows:
            return self._commands[moves.commands[0]].summary
        if len(moves.arguments) == 1 and not moves.words and moves.complete is None:
            argument = moves.arguments[0][0]
            return f"{argument}: {argument.type.description}"
        return ""

    def _overview(self) -> list[str]:
        text: list[str] = []
        for group, commands in self._groups().items():
            text += ["", group] if group and text else [group] if group else []
            text += self._listing(commands)
        return text

    def _listing(self, commands: list[Command]) -> list[str]:
        return _columns([(display(c.syntax), c.summary) for c in commands])

    def _usage(self, command: Command) -> list[str]:
        text = [display(command.syntax), f"  {command.summary}"]
        text += [f"  {line}".rstrip() for line in command.details.splitlines()]
        for name, syntax in self._forms.items():
            if f"<{name}>" in command.syntax:
                text.append(f"  <{name}>: {display(syntax)}")
        return text


def _chosen(path: tuple[Item, ...], fixed: Counter[str]) -> Iterator[str]:
    """The words of a path less those that every line of the command has."""
    left = fixed.copy()
    for item in path:
        if item.kind == "word" and left[item.name] > 0:
            left[item.name] -= 1
        elif item.kind == "word":
            yield item.name


def _candidates(argument: Argument, prefix: str, context: Any) -> Iterator[tuple[str, str]]:
    for candidate in argument.type.complete(prefix, context):
        if candidate.text.startswith(prefix):
            yield candidate


def _columns(rows: Iterable[tuple[str, str]], widest: int = 34) -> list[str]:
    """Two columns; a text too wide for the first one has the second on a line of its own."""
    rows = list(rows)
    width = min(widest, max((len(left) for left, _ in rows), default=0))
    lines: list[str] = []
    for left, right in rows:
        if len(left) > width and right:
            lines += [f"  {left}", f"  {'':{width}}  {right}"]
        else:
            lines.append(f"  {left:{width}}  {right}".rstrip())
    return lines
