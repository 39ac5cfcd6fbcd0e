"""Checking a lesson by doing it: every answer, solution, hint and near miss is run.

`check` returns what is wrong, in words, with the step. A lesson that others wrote can harm nothing
and takes no longer than its budget: what its lines may do is bounded (`running`), and so is all
that they may make happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from aclbench.errors import AclbenchError
from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import (
    AnyStep,
    Experiment,
    Lesson,
    LessonError,
    Lines,
    Predict,
    Read,
    Step,
    Task,
)
from aclbench.tutor.outcomes import GoalState
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.sources import missing_source
from aclbench.tutor.threaded import problems_on_threads
from aclbench.workbench.budget import LESSON_WORK, Budget, BudgetError, TooSlowError
from aclbench.workbench.rig.start import DriverKind

ProblemKind = Literal[
    "format",
    "source",
    "bench",
    "set_up",
    "prediction",
    "text",
    "goal already met",
    "solution",
    "other solution",
    "near miss",
    "hint",
    "experiment",
    "too much",
    "too slow",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a lesson: of what kind, at which step (0: none), and what."""

    kind: ProblemKind
    step: int
    text: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.text}" if self.step else self.text


def check_file(path: Path, budget: Budget | None = None) -> list[Problem]:
    """Read a lesson and check it; empty: nothing is wrong with it."""
    try:
        lesson = read_lesson(path)
    except LessonError as error:
        return [Problem("format", 0, str(error))]
    return check(lesson, budget)


def check(
    lesson: Lesson, budget: Budget | None = None, driver: DriverKind = "stepped"
) -> list[Problem]:
    """Do a lesson from first to last in every way that it describes; empty: it is in order.

    On the "threaded" driver that is the solutions which can be done there: see `threaded`.
    """
    budget = budget or Budget(LESSON_WORK)
    if driver == "threaded":
        found = problems_on_threads(lesson, budget)
        return [Problem("solution", step, text) for step, text in found]
    return _Checker(lesson, budget).problems()


class _Checker:
    """Goes through a lesson as a learner who does all that it says."""

    def __init__(self, lesson: Lesson, budget: Budget) -> None:
        self._lesson = lesson
        self._budget = budget
        self._found: list[Problem] = []

    def problems(self) -> list[Problem]:
        for source in self._lesson.source:
            missing = missing_source(source)
            if missing:
                self._add("source", 0, missing)
        run: LessonRun | None = None
        try:
            run = LessonRun.begin(self._lesson, budget=self._budget)
        except BudgetError as error:
            self._over(0, error)
        except AclbenchError as error:
            self._add("bench", 0, str(error))
        if run is not None:
            try:
                self._go_through(run)
            except BudgetError as error:
                self._over(run.step.number, error)
            finally:
                run.close()
        return self._found

    def _over(self, step: int, error: BudgetError) -> None:
        kind: ProblemKind = "too slow" if isinstance(error, TooSlowError) else "too much"
        self._add(kind, step, str(error))

    def _add(self, kind: ProblemKind, step: int, text: str) -> None:
        self._found.append(Problem(kind, step, text))

    @contextmanager
    def _noting(self, kind: ProblemKind, step: AnyStep, what: str = "") -> Iterator[None]:
        """What is refused in a `with` block is a problem of this kind."""
        try:
            yield
        except BudgetError:
            raise
        except AclbenchError as error:
            self._add(kind, step.number, f"{what}{error}")

    def _go_through(self, run: LessonRun) -> None:
        """Step by step; at the first one that cannot be entered it ends."""
        for step in self._lesson.steps:
            try:
                self._enter(run, step)
            except BudgetError:
                raise
            except AclbenchError as error:
                if not self._found:
                    self._add("set_up", step.number, f"its bench cannot be made ready: {error}")
                return
            if isinstance(step, Predict):
                self._predict(run, step)
            elif isinstance(step, Experiment):
                with self._noting("experiment", step):
                    run.experiment()
            elif isinstance(step, Task):
                self._task(run, step)

    def _enter(self, run: LessonRun, step: AnyStep) -> None:
        """Go on where that leads to what the lesson has there; behind a task it does not."""
        before = run.step
        if before is step:
            return
        if before.number in run.done and not isinstance(before, Task):
            run.advance()
        else:
            run.go_to(step.number)

    def _predict(self, run: LessonRun, step: Predict) -> None:
        with self._noting("prediction", step):
            run.predict(None)

    # --- tasks -------------------------------------------------------------------------------

    def _task(self, run: LessonRun, step: Task) -> None:
        state = run.goal_state()
        if state.met:
            self._add("goal already met", step.number, "its goal is true before anything is done")
        self._cannot_be_told(state, step)
        self._reaches(run, step, "solution", "the solution", step.solution)
        for number, lines in enumerate(step.others, 1):
            self._reaches(run, step, "other solution", f"other solution {number}", lines)
            self._goes_on(run, step, number)
        for number, miss in enumerate(step.near, 1):
            self._misses(run, step, number, miss.run, miss.says)
        for number, hint in enumerate(step.hints, 1):
            if hint.run:
                with self._noting("hint", step, f"hint {number}: "):
                    run.undo()
                    run.try_lines(hint.run)

    def _cannot_be_told(self, state: GoalState, step: Task) -> None:
        for part in state.parts:
            if part.missing.startswith("the goal cannot be evaluated"):
                self._add("text", step.number, part.missing)

    def _reaches(
        self, run: LessonRun, step: Task, kind: ProblemKind, what: str, lines: Lines
    ) -> None:
        with self._noting(kind, step, f"{what}: "):
            run.undo()
            run.try_lines(lines)
            state = run.goal_state()
            if not state.met:
                self._add(kind, step.number, f"{what} does not reach the goal: {state.message}")

    def _misses(self, run: LessonRun, step: Task, number: int, lines: Lines, says: str) -> None:
        with self._noting("near miss", step, f"near miss {number}: "):
            run.undo()
            run.try_lines(lines)
            state = run.goal_state()
            if state.met:
                self._add("near miss", step.number, f"near miss {number} reaches the goal")
            elif says not in state.message:
                text = f"near miss {number}: {says!r} is not in the message: {state.message}"
                self._add("near miss", step.number, text)

    def _goes_on(self, run: LessonRun, step: Task, number: int) -> None:
        """Behind another solution the next steps find their bench as behind the first one."""
        what = f"behind other solution {number} of step {step.number}: "
        if step.number == len(self._lesson.steps) or not run.look().met:
            return
        try:
            run.advance()
            self._follow(run, what)
        except BudgetError:
            raise
        except AclbenchError as error:
            self._add("other solution", run.step.number, f"{what}{error}")
        run.notices.clear()
        run.go_to(step.number)

    def _follow(self, run: LessonRun, what: str) -> None:
        """Go on up to the next step on a new bench, or the next task."""
        step = run.step
        while not step.fresh:
            if run.notices:
                self._add("other solution", step.number, f"{what}its set_up is refused")
                return
            if isinstance(step, Task):
                if run.goal_state().met:
                    self._add("other solution", step.number, f"{what}its goal is met already")
                return
            notice = _DOES[type(step)](run)
            if notice:
                self._add("other solution", step.number, f"{what}no single option comes true")
                return
            after = run.advance()
            if after is None:
                return
            step = after


def _experiment(run: LessonRun) -> str:
    run.experiment()
    return "; ".join(run.notices)


def _predict(run: LessonRun) -> str:
    return run.predict(None).notice


def _nothing(run: LessonRun) -> str:
    return ""


#: What a learner does at a step that is no task; returns what was put back, if anything was.
_DOES: Final[dict[type[Step], Callable[[LessonRun], str]]] = {
    Predict: _predict,
    Experiment: _experiment,
    Read: _nothing,
}
