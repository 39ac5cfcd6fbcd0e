"""The journal: what was done to a bench, in order, so that it can be done again.

Four kinds of inputs are enough. Commands and frames change the bench and leave it where it stands;
a `Run` lets it go on in fair order up to a position, whatever the way it was run; `Steps` are named
steps that somebody, or chance, chose. Same start and same journal: same states, same events.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct

from aclbench.drivers.stepping import Position
from aclbench.errors import CommandError

#: What is sent at once, at the most: it has to fit into a line of a run file.
MAX_FRAMES: Final = 1_000_000
MAX_SENT_BYTES: Final = 32 << 20


class Point(NamedTuple):
    """A place in a run: behind the first `op` inputs of the journal, and then at a position.

    `time` is the clock there, in nanoseconds. Points of one branch are in order as tuples are.
    """

    op: int
    position: Position
    time: int


class _Input(Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """In JSON a list: the kind, then the values."""


class Cli(_Input, tag="cli", frozen=True):
    """A command line; `timed` if the scenario has it for that time, and nobody typed it."""

    line: str
    timed: bool = False


class Inject(_Input, tag="inject", frozen=True):
    """Frames handed to an interface, to be handled now. `first` is the number of the first one."""

    interface: str
    first: int
    frames: tuple[bytes, ...]

    def check_size(self) -> None:
        """CommandError: they are too many, or too large, to be sent at once."""
        if len(self.frames) > MAX_FRAMES or sum(map(len, self.frames)) > MAX_SENT_BYTES:
            raise CommandError(
                f"at most {MAX_FRAMES:,} frames of {MAX_SENT_BYTES >> 20} MB together are sent at "
                "once; send them in parts"
            )


class Run(_Input, tag="run", frozen=True):
    """Go on in fair order to a position, then set the clock to a time."""

    position: Position
    time: int

    def __post_init__(self) -> None:
        _check_position(self.position)


class Steps(_Input, tag="steps", frozen=True):
    """Named steps of one actor, or (None) of whom the order chooses; then set the clock."""

    actor: int | None
    count: int
    position: Position
    time: int

    def __post_init__(self) -> None:
        _check_position(self.position)


def _check_position(position: Position) -> None:
    if min(position) < 0:
        raise ValueError("a position is three numbers that are not negative")


Op = Cli | Inject | Run | Steps
