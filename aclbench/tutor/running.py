"""Running a lesson's own command lines: only what a lesson may do, and only so much of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Final, NamedTuple, TypeVar

from aclbench.engine.events import TraceEvent
from aclbench.errors import AclbenchError
from aclbench.tutor.lesson import LessonError
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

_T = TypeVar("_T")

#: Events that the lines of one list may make.
MAX_EVENTS: Final = 2_000_000
#: Commands that read or write files, leave, or forget the run: none of a lesson's.
REFUSED: Final = ("exec", "save", "load", "quit", "exit", "reset", "packet-generator new")
#: The heading of the words that lead through a lesson: none of its own lines does.
WORDS: Final = "the lesson"


class Ran(NamedTuple):
    """A line, and what it printed."""

    line: str
    output: str


class TooMuch(LessonError):
    """Lines that would go on for too long; the bench may stand anywhere."""


class Budget:
    """How many events may still come; one budget may serve many lists of lines."""

    def __init__(self, events: int = MAX_EVENTS) -> None:
        self._all = self._left = events

    def spend(self, events: int) -> None:
        """Take some of it. Raises TooMuch."""
        self._left -= events
        self.check()

    def check(self) -> None:
        """Raises TooMuch if nothing is left."""
        if self._left < 0:
            raise TooMuch(f"this makes more than {self._all:,} events; a shorter run is right")

    def spend_on(self, bench: Workbench, slices: Slices[_T]) -> Slices[_T]:
        """Have a bench do something, and spend on it; it is stopped when all is spent. TooMuch."""

        def hear(event: TraceEvent) -> None:
            self._left -= 1

        with bench.listeners.with_listener(hear), closing(slices):
            while True:
                try:
                    progress = next(slices)
                except StopIteration as end:
                    result: _T = end.value
                    break
                self.check()
                yield progress
        self.check()
        return result


def run_lines(bench: Workbench, lines: Sequence[str], budget: Budget) -> Slices[list[Ran]]:
    """Run lines one by one. Raises LessonError, which names the line that was refused."""
    done: list[Ran] = []
    for line in lines:
        refuse_forbidden(bench, line, budget)
        try:
            output = yield from budget.spend_on(bench, bench.lines.slices(bench, line))
        except TooMuch:
            raise
        except AclbenchError as error:
            raise LessonError(f"`{line.strip()[:80]}`: {error}") from None
        done.append(Ran(line, output))
        yield None
    return done


def refuse_forbidden(bench: Workbench, line: str, budget: Budget) -> None:
    """Refuse what is not for a lesson. Raises LessonError."""
    try:
        parsed = bench.commands.parse(line, bench)
    except AclbenchError:
        return  # `cli` says the same, in full
    if parsed is None:
        return
    syntax = parsed.command.syntax
    for refused in REFUSED:
        if syntax.startswith(refused) and not syntax[len(refused) :][:1].isalnum():
            raise LessonError(
                f"`{line.strip()[:80]}`: {refused} is not for a lesson's lines: "
                "they reach no file, and lead on from where the bench stands"
            )
    if parsed.command.group == WORDS:
        raise LessonError(f"`{line.strip()[:80]}`: a lesson's lines do not lead through the lesson")
    if parsed.command.group in ("history", "packets"):
        budget.spend(bench.rig.events_so_far())  # it goes through the run again
