"""Solutions on real threads: those that packets, VPP's commands and the passing of time make.

A lesson is done in virtual time, where it can be taken back. What its solutions bring about without
that has to come about on real threads as well. Those that step, choose who goes next, run to an
event or go back are left out: there the operating system, or nobody, says who goes next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aclbench.engine.events import TraceEvent
from aclbench.errors import AclbenchError
from aclbench.tutor.benches import lesson_bench, lesson_scenario
from aclbench.tutor.lesson import Lesson, Lines, Task, solution_of
from aclbench.tutor.rows import EVENTS
from aclbench.tutor.running import WORDS, run_lines
from aclbench.tutor.world import BenchWorld
from aclbench.workbench.budget import LESSON_WORK, Budget
from aclbench.workbench.commands.bench import history, running
from aclbench.workbench.tasks import finish
from aclbench.workbench.workbench import Workbench

#: Headings of commands that go through the run, or choose who goes next.
_MOVES: Final = (running.GROUP, history.GROUP, WORDS)
#: Lines that threads can do although they are no inputs of the journal: they end at a time.
_ENDING: Final = ("send ", "run <duration>", "run until <moment>")


@dataclass(frozen=True, slots=True)
class ThreadedTask:
    """A task that can be done on real threads: the lines that lead to it, and those that do it."""

    task: Task
    before: Lines
    solution: Lines


def threaded_tasks(lesson: Lesson, budget: Budget | None = None) -> list[ThreadedTask]:
    """The tasks whose solution, and all that leads to it, can be done on real threads.

    Raises AclbenchError: the lesson is not in order.
    """
    budget = budget or Budget(LESSON_WORK)
    scenario = lesson_scenario(lesson)
    if scenario.captures or scenario.at or not scenario.workers:
        return []
    found: list[ThreadedTask] = []
    before: list[str] | None = []
    bench = lesson_bench(lesson)
    for step in lesson.steps:
        if step.fresh:
            bench, before = lesson_bench(lesson), []
        set_up = _for_threads(bench, step.set_up, budget) if before is not None else None
        solution = solution_of(step)
        done = _for_threads(bench, solution, budget) if set_up is not None else None
        if before is None or set_up is None or done is None:
            before = None  # up to the next step on a new bench
            continue
        if isinstance(step, Task):
            found.append(ThreadedTask(step, (*before, *set_up), done))
        before += (*set_up, *done)
    return found


def _for_threads(bench: Workbench, lines: Lines, budget: Budget) -> Lines | None:
    """Those of the lines that change something, run; None: there is one that threads cannot do."""
    kept: list[str] = []
    for line in lines:
        parsed = bench.lines.table.parse(line, bench)
        if parsed is None:
            continue
        command = parsed.command
        ends = command.syntax.startswith(_ENDING)
        if command.group in _MOVES and not ends:
            return None
        if not command.changes and not ends:
            continue  # it only shows
        finish(run_lines(bench, (line,), budget))
        kept.append(line)
    return tuple(kept)


def problems_on_threads(lesson: Lesson, budget: Budget) -> Iterator[tuple[int, str]]:
    """The numbers of such tasks whose solution does not reach the goal there, and why."""
    try:
        tasks = threaded_tasks(lesson, budget)
    except AclbenchError as error:
        yield 0, str(error)
        return
    for found in tasks:
        try:
            missing = _missing(lesson, found, budget)
        except AclbenchError as error:
            missing = str(error)
        if missing:
            text = f"on real threads: the solution does not reach the goal: {missing}"
            yield found.task.number, text


class _Heard:
    """The events since it began, as an expression asks for them."""

    def __init__(self, bench: Workbench, lines: Sequence[str]) -> None:
        self._lines = lines
        self._events: list[TraceEvent] = []
        bench.listeners.add(self._events.append)

    def of(self, kind: str) -> list[TraceEvent]:
        """Those of a kind, oldest first."""
        return [event for event in self._events if isinstance(event, EVENTS[kind])]

    def lines(self) -> Sequence[str]:
        """The command lines since then."""
        return self._lines


def _missing(lesson: Lesson, found: ThreadedTask, budget: Budget) -> str:
    """What of a task's goal is missing behind its solution; empty: nothing."""
    bench = Workbench.from_scenario(lesson_scenario(lesson), driver="threaded")
    finish(run_lines(bench, found.before, budget))
    heard = _Heard(bench, found.solution)
    finish(run_lines(bench, found.solution, budget))
    world = BenchWorld(bench, heard, budget)
    parts = found.task.goal
    return "; ".join(part.missing.fill(world) for part in parts if not part.when.holds(world))
