"""The position at the end of a line that is still being typed: completion and help begin there."""

from collections.abc import Iterator
from typing import Any

from aclbench.workbench.grammar.automaton import Automaton, Point
from aclbench.workbench.grammar.lines import Token
from aclbench.workbench.grammar.reading import Reading
from aclbench.workbench.grammar.syntax import Argument


class Cursor:
    """The points before the token that is being typed, over all ways to read the line.

    `partial` is that token; it is empty after white space or a comma, and on an empty line.
    """

    def __init__(self, automaton: Automaton, line: str, context: Any) -> None:
        """GrammarError: what stands before the last token leads nowhere."""
        self._automaton = automaton
        self._reading = Reading(automaton, line, context)
        tokens = self._reading.tokens
        self.begun = bool(tokens) and tokens[-1].end == len(line) and not tokens[-1].is_comma
        self.partial = tokens[-1] if self.begun else Token("", len(line), len(line))
        self._index = len(tokens) - self.begun
        self._points, self._rests = self._reading.points(self._index)
        self._moves = [automaton.moves(point) for point in self._points]

    def words(self) -> Iterator[tuple[str, Point, bool]]:
        """Each word that the token can become, what it leads to, and whether it narrows down.

        It narrows down where several commands were possible before it.
        """
        for moves in self._moves:
            for word, target in moves.words.items():
                if word.startswith(self.partial.text) and not self.partial.quoted:
                    yield word, target, len(moves.commands) > 1

    def arguments(self) -> list[Argument]:
        """The arguments that the token can be, in table order."""
        return list(dict.fromkeys(argument for m in self._moves for argument, _ in m.arguments))

    def rests(self) -> list[tuple[Argument, int]]:
        """The arguments that take the rest of the line, each with the column it begins at."""
        tokens = self._reading.tokens
        begun = [(rest.argument, tokens[rest.token].column) for rest in self._rests]
        here = [(a, self.partial.column) for a in self.arguments() if a.type.takes_rest]
        return begun + here

    def complete(self) -> int | None:
        """The command that the line is as it stands, if no token is begun."""
        ends = [moves.complete for moves in self._moves if moves.complete is not None]
        return ends[0] if ends and not self.begun else None

    def commands(self) -> list[int]:
        """The commands that the line can become. GrammarError: its last token fits none."""
        points = self._points
        if self.begun:
            steps = [s for point in points for s in self._reading.steps(point, self._index)]
            points = [step.point for step in steps] + [target for _, target, _ in self.words()]
            points += [rest.end for rest in self._rests]
            if not points:
                raise self._reading.failure(self._points, self._index)
        return sorted({number for p in points for number in self._automaton.moves(p).commands})
