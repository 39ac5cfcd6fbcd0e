"""Running a lesson's own command lines: only what a lesson may do, and only so much of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from aclbench.errors import AclbenchError, CommandError
from aclbench.tutor.lesson import LessonError
from aclbench.workbench.budget import Budget, BudgetError
from aclbench.workbench.commands.reach import refuse_in_file
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

#: The heading of the words that lead through a lesson.
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
                lambda: bench.rig, bench.lines.slices(bench, line), _named(line)
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
        parsed = bench.lines.table.parse(line, bench)
    except AclbenchError:
        return  # `cli` says the same, in full
    if parsed is None:
        return
    try:
        refuse_in_file(parsed.command, "a lesson's", names_captures=False)
    except CommandError as error:
        raise LessonError(f"{_named(line)}: {error}") from None
    if parsed.command.group in ("history", "packets"):
        budget.spend(bench.rig.events_so_far(), _named(line))  # it goes through the run again


def _named(line: str) -> str:
    """A line as messages name it."""
    return f"`{line.strip()[:80]}`"
