"""The journal: what was done to a bench, in order, so that it can be done again.

Four kinds of inputs are enough. Commands and frames change the bench and leave it where it stands;
a `Run` lets it go on in fair order up to a position, whatever the way it was run; `Steps` are named
steps that somebody, or chance, chose. Same start and same journal: same states, same events.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, NamedTuple

from aclbench.drivers.stepping import Position


class Point(NamedTuple):
    """A place in a run: behind the first `op` inputs of the journal, and then at a position.

    `time` is the clock there, in nanoseconds. Points of one branch are in order as tuples are.
    """

    op: int
    position: Position
    time: int


@dataclass(frozen=True, slots=True)
class Cli:
    """A command line; `timed` if the scenario has it for that time, and nobody typed it."""

    line: str
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Inject:
    """Frames handed to an interface, to be handled now. `first` is the number of the first one."""

    interface: str
    first: int
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Go on in fair order to a position, then set the clock to a time."""

    position: Position
    time: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Named steps of one actor, or (None) of whom the order chooses; then set the clock."""

    actor: int | None
    count: int
    position: Position
    time: int


Op = Cli | Inject | Run | Steps


def op_to_json(op: Op) -> list[Any]:
    """An input as a JSON list: its kind, then its values."""
    if isinstance(op, Cli):
        return ["cli", op.line, *(["timed"] if op.timed else [])]
    if isinstance(op, Inject):
        frames = [base64.b64encode(frame).decode() for frame in op.frames]
        return ["inject", op.interface, op.first, frames]
    if isinstance(op, Run):
        return ["run", list(op.position), op.time]
    return ["steps", op.actor, op.count, list(op.position), op.time]


def op_from_json(row: Any) -> Op:
    """The input that a JSON list stands for. ValueError: it stands for none."""
    match row:
        case ["cli", str(line)]:
            return Cli(line)
        case ["cli", str(line), "timed"]:
            return Cli(line, timed=True)
        case ["inject", str(interface), int(first), list(frames)]:
            if all(isinstance(frame, str) for frame in frames):
                decoded = tuple(base64.b64decode(frame, validate=True) for frame in frames)
                return Inject(interface, first, decoded)
        case ["run", list(position), int(time)]:
            return Run(_position(position), time)
        case ["steps", None | int() as actor, int(count), list(position), int(time)]:
            return Steps(actor, count, _position(position), time)
    raise ValueError("not an input that aclbench knows")


def _position(values: list[Any]) -> Position:
    if len(values) != 3 or not all(type(v) is int and v >= 0 for v in values):
        raise ValueError("a position is three numbers that are not negative")
    return Position(*values)
