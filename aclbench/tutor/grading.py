"""Grading: what students say they did is done again, headlessly, and counted if it holds.

A step counts when it can be proven: a task by its inputs, behind which its goal is true; a
prediction and an experiment by inputs that can be done again. Whether a first guess was right the
bench says anew. A submission can harm nothing: its lines reach no file (`running`), what they make
happen is bounded, and whatever goes wrong with it is one line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from aclbench.errors import AclbenchError
from aclbench.tutor.course import LessonRun
from aclbench.tutor.journals import Work
from aclbench.tutor.lesson import AnyStep, Lesson, LessonError, Predict, Read, Task
from aclbench.tutor.submission import Submission, is_of, read_submission
from aclbench.visible import visible
from aclbench.workbench.budget import LESSON_WORK, Budget, BudgetError
from aclbench.workbench.tasks import finish

#: What an input that no bench noted can bring about in the machine, besides errors of its own.
_FAILS: Final = (
    AclbenchError,
    AssertionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
    MemoryError,
)

#: Finds a lesson by its name. Raises LessonError.
FindLesson = Callable[[str], Lesson]


@dataclass(frozen=True, slots=True)
class Grade:
    """A row of the table. `problem` is not empty where nothing could be graded.

    `steps` is how many the lesson has, `done` those that were proven, `first_right` of how many
    `predictions` the first guess was right. `notes` name a lesson that has changed, and steps that
    are said to be done and are not.
    """

    file: str
    name: str = ""
    lesson: str = ""
    steps: int = 0
    done: tuple[int, ...] = ()
    first_right: int = 0
    predictions: int = 0
    changed: bool = False
    notes: tuple[str, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def lesson_finder(lessons: Iterable[Lesson]) -> FindLesson:
    """Finds these by name, and no file: a submission reaches none."""
    known: Mapping[str, Lesson] = {lesson.name: lesson for lesson in lessons}

    def find(name: str) -> Lesson:
        if name not in known:
            raise LessonError(f"there is no lesson {name} here; --lesson FILE names another one")
        return known[name]

    return find


def grade_file(path: Path, find: FindLesson, budget: Budget | None = None) -> Grade:
    """Read a submission and grade it; what is wrong with it is the row's `problem`.

    The budget is that of a lesson unless another is given.
    """
    try:
        submission = read_submission(path)
        lesson = find(submission.lesson)
    except LessonError as error:
        return Grade(str(path), problem=_line(str(error)))
    try:
        return _Grader(submission, lesson, budget or Budget(LESSON_WORK)).grade(str(path))
    except _FAILS as error:
        problem = _line(str(error)) or type(error).__name__
        return Grade(str(path), submission.name, lesson.name, problem=problem)


class _Grader:
    """Goes through what was handed in, step by step."""

    def __init__(self, submission: Submission, lesson: Lesson, budget: Budget) -> None:
        self._submission = submission
        self._lesson = lesson
        self._budget = budget
        self._notes: list[str] = []

    def grade(self, file: str) -> Grade:
        """The row. Raises BudgetError."""
        submission, lesson = self._submission, self._lesson
        changed = not is_of(submission, lesson)
        if changed:
            self._notes.append(
                f"done on another version of {lesson.name}: its file was {submission.digest[:12]}, "
                f"here it is {lesson.digest[:12]}"
            )
        run = LessonRun.begin(lesson, budget=self._budget)
        try:
            done = tuple(step.number for step in lesson.steps if self._is_proven(run, step))
            predictions = [step for step in lesson.steps if isinstance(step, Predict)]
            right = sum(self._is_right(run, step) for step in predictions)
        finally:
            run.close()
        return Grade(
            file,
            submission.name,
            lesson.name,
            len(lesson.steps),
            done,
            right,
            len(predictions),
            changed,
            tuple(self._notes),
        )

    def _is_proven(self, run: LessonRun, step: AnyStep) -> bool:
        """Whether a step that is said to be done is; if not, a note says why."""
        if step.number not in self._submission.done:
            return False
        if isinstance(step, Read):
            return True
        work = self._submission.works.get(step.number)
        if work is None:
            self._notes.append(f"step {step.number}: nothing of it was handed in")
            return False
        return self._is_met(run, step, work) if isinstance(step, Task) else self._holds(run, step)

    def _is_met(self, run: LessonRun, step: Task, work: Work) -> bool:
        """Whether the goal of a task is true behind its inputs."""
        why = self._stand(run, step, work)
        if not why:
            state = run.goal_state()
            if state.met:
                return True
            why = state.message
        self._notes.append(_line(f"step {step.number}: not so when done again: {why}"))
        return False

    def _holds(self, run: LessonRun, step: AnyStep) -> bool:
        """Whether a prediction or an experiment was made on a bench that can be made again."""
        why = self._stand(run, step, self._submission.works[step.number])
        if why:
            self._notes.append(_line(f"step {step.number}: cannot be done again: {why}"))
        return not why

    def _is_right(self, run: LessonRun, step: Predict) -> bool:
        """Whether the first guess was right, by what the bench does where it was made."""
        guesses = [guess for guess in self._submission.predictions if guess.step == step.number]
        if not guesses or guesses[0].choice is None:
            return False
        work = self._submission.works.get(step.number)
        if work is None or self._stand(run, step, Work(work.begin, work.begin)):
            run.go_to(step.number)
        answer = run.predict(None).answer
        return step.options[answer].label == guesses[0].choice

    def _stand(self, run: LessonRun, step: AnyStep, work: Work) -> str:
        """Stand behind a step's inputs; returns why that cannot be, if it cannot."""
        try:
            finish(run.going_to_work(step.number, work))
        except BudgetError:
            raise
        except _FAILS as error:
            return str(error) or type(error).__name__
        return ""


def _line(text: str) -> str:
    """One line, of what can be printed, and not a long one."""
    line = one_line(text)
    return line if len(line) <= 200 else f"{line[:197]}..."


def one_line(text: str) -> str:
    """A message on one line, whatever a file had in it."""
    return " ".join(visible(text).split())
