"""Running a lesson's own command lines: only what a lesson may do, and only so much of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.tutor.lesson import LessonError
from aclbench.workbench.budget import Budget, BudgetError
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

#: Commands that read or write files, leave, or forget the run: none of a lesson's.
REFUSED: Final = ("exec", "save", "load", "quit", "exit", "reset", "packet-generator new")
#: The heading of the words that lead through a lesson: none of its own lines does.
WORDS: Final = "the lesson"


class Ran(NamedTuple):
    """A line, and what it printed."""

    line: str
    output: str


def run_lines(bench: Workbench, lines: Sequence[str], budget: Budget) -> Slices[list[Ran]]:
    """Run lines one by one. Raises LessonError, which names the line that was refused."""
    done: list[Ran] = []
    for line in lines:
        refuse_forbidden(bench, line, budget)
        try:
            output = yield from budget.spend_on(
                bench, bench.lines.slices(bench, line), _named(line)
            )
        except BudgetError:
            raise
        except AclbenchError as error:
            raise LessonError(f"{_named(line)}: {error}") from None
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
                f"{_named(line)}: {refused} is not for a lesson's lines: "
                "they reach no file, and lead on from where the bench stands"
            )
    if parsed.command.group == WORDS:
        raise LessonError(f"{_named(line)}: a lesson's lines do not lead through the lesson")
    if parsed.command.group in ("history", "packets"):
        budget.spend(bench.rig.events_so_far(), _named(line))  # it goes through the run again


def _named(line: str) -> str:
    """A line as messages name it."""
    return f"`{line.strip()[:80]}`"
