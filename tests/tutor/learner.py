"""A learner who does all that a lesson asks."""

from __future__ import annotations

from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import Experiment, Lesson, Predict, Task


def work_through(lesson: Lesson, other: bool = False, guess: int = 0) -> LessonRun:
    """Do a lesson from first to last: the same option each time, and the solution or another."""
    run = LessonRun.begin(lesson)
    step = run.step
    while True:
        if isinstance(step, Predict):
            run.predict(guess)
        elif isinstance(step, Experiment):
            run.experiment()
        elif isinstance(step, Task):
            run.try_lines(step.others[0] if other else step.solution)
        after = run.advance()
        if after is None:
            return run
        step = after
