"""All commands of a table as one automaton, whose points are computed when first needed.

Each syntax tree becomes a small automaton whose edges carry a word, an argument or nothing. A
*point* is the set of states that the same words and arguments have led to, over all commands:
"after `show acl-plugin`". What can come next there is the point's `Moves`. The construction is
the usual one of subsets (Rabin and Scott 1959), done lazily.
"""

from typing import TypeAlias

from msgspec import Struct

from aclbench.workbench.grammar.syntax import Argument, Choice, Literal, Node, Repeat, Sequence

Point: TypeAlias = tuple[int, ...]
_Edge: TypeAlias = tuple[Literal | Argument | None, int]


class Moves(Struct, frozen=True):
    """What can come next at a point; commands are numbered in the order they were added."""

    words: dict[str, Point]
    arguments: tuple[tuple[Argument, Point], ...]
    commands: tuple[int, ...]  # those that pass through this point
    complete: int | None  # the first command that can end here


class Automaton:
    """States are numbered; `_edges[state]` leads on, None being an edge that takes no token."""

    def __init__(self) -> None:
        self._edges: list[list[_Edge]] = []
        self._command: list[int] = []
        self._ends: list[int] = []
        self._starts: list[int] = []
        self._moves: dict[Point, Moves] = {}
        #: First words of lower priority: an abbreviation of one of them and of another means the
        #: other.
        self.yielding: frozenset[str] = frozenset()

    def copied(self) -> "Automaton":
        """One that goes on by itself: what is known of points so far is shared, nothing else."""
        other = Automaton()
        other._edges, other._command = [*self._edges], [*self._command]
        other._ends, other._starts = [*self._ends], [*self._starts]
        other._moves, other.yielding = self._moves, self.yielding
        return other

    @property
    def start(self) -> Point:
        return tuple(self._starts)

    def add(self, tree: Node) -> None:
        """Add the next command. ValueError: something could follow the rest of the line."""
        end = self._state([])
        start = self._compile(tree, end)
        for state in range(end, len(self._edges)):
            for symbol, target in self._edges[state]:
                if isinstance(symbol, Argument) and symbol.type.takes_rest:
                    self._refuse_more(symbol, target)
        self._starts.append(start)
        self._ends.append(end)
        self._moves = {}  # not cleared: copies have it too

    def moves(self, point: Point) -> Moves:
        """What can come next at a point; words and arguments in the order of the syntaxes."""
        known = self._moves.get(point)
        if known is None:
            known = self._moves[point] = self._work_out(point)
        return known

    def _work_out(self, point: Point) -> Moves:
        words: dict[str, set[int]] = {}
        arguments: dict[Argument, set[int]] = {}
        states = self._closure(point)
        for state in states:
            for symbol, target in self._edges[state]:
                if isinstance(symbol, Literal):
                    words.setdefault(symbol.text, set()).add(target)
                elif isinstance(symbol, Argument):
                    arguments.setdefault(symbol, set()).add(target)
        commands = sorted({self._command[state] for state in states})
        complete = [number for number in commands if self._ends[number] in states]
        return Moves(
            {word: tuple(sorted(targets)) for word, targets in words.items()},
            tuple((argument, tuple(sorted(targets))) for argument, targets in arguments.items()),
            tuple(commands),
            complete[0] if complete else None,
        )

    def _closure(self, point: Point) -> dict[int, None]:
        """The states reached without taking a token, in the order of the syntaxes."""
        reached: dict[int, None] = {}
        stack = list(reversed(point))
        while stack:
            state = stack.pop()
            if state not in reached:
                reached[state] = None
                free = [target for symbol, target in self._edges[state] if symbol is None]
                stack.extend(reversed(free))
        return reached

    def _compile(self, node: Node, after: int) -> int:
        """States for `node` that lead to the state `after`; returns the one to enter by."""
        match node:
            case Sequence():
                for item in reversed(node.items):
                    after = self._compile(item, after)
                return after
            case Choice():
                return self._state([(None, self._compile(n, after)) for n in node.alternatives])
            case Repeat():
                again = self._state([])
                self._edges[again] = [(None, self._compile(node.body, again)), (None, after)]
                return again
            case _:
                return self._state([(node, after)])

    def _state(self, edges: list[_Edge]) -> int:
        self._edges.append(edges)
        self._command.append(len(self._starts))
        return len(self._edges) - 1

    def _refuse_more(self, argument: Argument, target: int) -> None:
        if any(symbol for state in self._closure((target,)) for symbol, _ in self._edges[state]):
            raise ValueError(f"nothing can follow {argument}: it takes the rest of the line")
