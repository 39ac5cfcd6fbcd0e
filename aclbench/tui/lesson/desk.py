"""A lesson under way as the screen has it: what of the step was asked for, and what keys do to it.

No Textual here, and nothing is drawn. What may take long (a prediction runs the bench) is in slices
that return a sentence. What they change of the step is changed at their end.
"""

from __future__ import annotations

from typing import Any

from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import AnyStep, Experiment, Lines, Predict, Task
from aclbench.tutor.outcomes import Outcome, Prediction, Shown
from aclbench.tutor.progress import Progress
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

#: How the kinds of steps are called.
WORDS = {"read": "reading", "predict": "prediction", "task": "task", "experiment": "experiment"}


class Desk:
    """What a learner has before him.

    `version` is another number whenever there is something else to show, `entered` whenever a step
    was begun. `outcome` and `shown` are what became of a prediction and an experiment since then.
    """

    #: There once the desk is opened.
    run: LessonRun

    def __init__(self, opening: Slices[LessonRun], progress: Progress) -> None:
        self._opening = opening
        self._progress = progress
        self.is_open = False
        self.version = self.entered = 0
        self.about = False
        self.notes: list[str] = []
        self._saved: object = None

    def opening(self) -> Slices[Workbench]:
        """The lesson's bench; the first time the lesson is opened. Raises LessonError."""
        if not self.is_open:
            self.run = yield from self._opening
            self.is_open = True
            self._take_notices()
            self._begin()
        return self.run.bench

    def _begin(self) -> None:
        """A step was entered: nothing has been asked for yet."""
        self.outcome: Outcome | None = None
        self.shown: Shown | None = None
        self.solution: Lines = ()
        #: What was last missing of each part of a goal, by its place.
        self.missed: dict[int, str] = {}
        self.entered += 1
        self._refresh()

    def _refresh(self) -> None:
        """How the step stands now, and what the run has to say."""
        self.state = self.run.look()
        self.missed |= {n: part.missing for n, part in enumerate(self.state.parts) if not part.met}
        self.notes += self.run.notices
        self.run.notices.clear()
        self.version += 1

    # --- what is known -----------------------------------------------------------------------

    @property
    def step(self) -> AnyStep:
        """The current step."""
        return self.run.step

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.run.lesson.steps)

    @property
    def done(self) -> bool:
        """The step is done."""
        return self.step.number in self.run.done

    @property
    def asks(self) -> bool:
        """A question is open: an answer can be chosen."""
        return isinstance(self.step, Predict) and self.outcome is None

    @property
    def to_run(self) -> bool:
        """An experiment is there to be run."""
        return isinstance(self.step, Experiment) and self.shown is None

    @property
    def hints(self) -> int:
        """How many hints of the step were asked for."""
        return self.run.hints.get(self.step.number, 0)

    def guessed(self) -> Prediction | None:
        """What was guessed at this step the last time, if it is done; else it is open again."""
        if not self.done:
            return None
        mine = (p for p in reversed(self.run.predictions) if p.step == self.step.number)
        return next(mine, None)

    def missing(self) -> str:
        """What has to be done before it goes on; empty: nothing."""
        step = self.step
        if self.done:
            return ""
        parts = len(self.state.parts)
        if isinstance(step, Task) and parts > 1:
            met = sum(part.met for part in self.state.parts)
            return f"not yet ({met} of {parts} parts hold): {self.state.message}"
        return f"not yet: {self.state.message}"

    # --- looking -----------------------------------------------------------------------------

    def look(self) -> bool:
        """See how the step stands, the bench being another; True: it has just been done."""
        before, was_done, noted = self.state, self.done, len(self.notes)
        version = self.version
        self._refresh()
        if (self.state, self.done, len(self.notes)) == (before, was_done, noted):
            self.version = version
        return self.done and not was_done

    # --- what keys do ------------------------------------------------------------------------

    def go_on(self) -> Slices[str]:
        """The next step. Raises LessonError: this one is not done."""
        return self._going(self.run.advancing())

    def skip(self) -> Slices[str]:
        """The next step, though this one is not done."""
        return self._going(self.run.advancing(skip=True))

    def go_to(self, number: int) -> Slices[str]:
        """Any step, on a bench as the lesson has it there. Raises LessonError: there is none."""
        return self._going(self.run.going_to(number))

    def go_back(self) -> Slices[str]:
        """The step before."""
        return self.go_to(max(self.step.number - 1, 1))

    def restart(self) -> Slices[str]:
        """The lesson anew."""
        return self._going(self.run.restarting())

    def redo(self) -> Slices[str]:
        """The step anew, which is not done then."""
        said = yield from self._going(self.run.redoing())
        return f"{said}, begun anew"

    def _going(self, slices: Slices[Any]) -> Slices[str]:
        self.notes.clear()
        yield from slices
        self._begin()
        if self.run.finished:
            return "that was the last step: the lesson is finished"
        return f"step {self.step.number} of {self.steps}: {WORDS[self.step.kind]}"

    def undo(self) -> Slices[str]:
        """The bench back to where the step began; what was read and guessed stays on the screen."""
        self.notes.clear()
        yield from self.run.undoing()
        self._refresh()
        return "the bench stands where this step began"

    def guess(self, number: int) -> Slices[str]:
        """Answer the question, by an option's place; the one behind the last is "not sure"."""
        step = self.step
        self.notes.clear()
        options = len(step.options) if isinstance(step, Predict) else 0
        self.outcome = yield from self.run.predicting(None if number == options else number)
        if self.outcome.notice:
            self.notes.append(self.outcome.notice)
        self._refresh()
        said = {True: "just so", False: "not so", None: "this is what it does"}
        return f"{said[self.outcome.right]}: the bench has done it"

    def try_it(self) -> Slices[str]:
        """Run the experiment."""
        self.notes.clear()
        self.shown = yield from self.run.experimenting()
        self._refresh()
        return "the experiment was run"

    def solve(self) -> Slices[str]:
        """Run the solution, from where the step began."""
        self.notes.clear()
        yield from self.run.solving()
        self._refresh()
        return "the solution was run"

    def next_hint(self) -> None:
        """One hint more. Raises LessonError: this is no task."""
        self.run.hint()
        self.version += 1

    def show_solution(self) -> None:
        """Have the solution's lines shown. Raises LessonError: this is no task."""
        self.solution = self.run.solution()
        self.version += 1

    def switch_about(self) -> None:
        """Show what the lesson is for, and where its source is; or not any more."""
        self.about = not self.about
        self.version += 1

    # --- keeping -----------------------------------------------------------------------------

    def _take_notices(self) -> None:
        """What became of the file that keeps the progress."""
        if self._progress.notices:
            self.notes += self._progress.notices
            self._progress.notices.clear()
            self.version += 1

    def save(self, always: bool = False) -> None:
        """Note how far the lesson is, if that is not noted yet. Raises ProgressError."""
        run = self.run
        counts = len(run.predictions), dict(run.hints)
        now = run.step.number, set(run.done), run.finished, *counts
        if always or now != self._saved:
            self._progress.save(run)
            self._saved = now
            self._take_notices()
