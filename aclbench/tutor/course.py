"""A lesson under way: one learner, one bench, one step after another.

A face shows `step`, lets the learner do to `bench` whatever he likes, and calls `look` after each
command or burst of events. Nothing goes on by itself: `advance` does, once the step is done. What
the learner did since the step was entered is taken back by `undo`, in one go.

What runs the bench is there twice: at once (`predict`), and in slices (`predicting`). Slices that
are stopped put the bench back to where it stood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aclbench.errors import AclbenchError
from aclbench.expressions import ExpressionError
from aclbench.tutor.benches import making_bench
from aclbench.tutor.journals import Work, inputs_so_far, performing_inputs
from aclbench.tutor.lesson import (
    KIND_WORDS,
    AnyStep,
    Experiment,
    Hint,
    Lesson,
    LessonError,
    Lines,
    Predict,
    Read,
    Task,
    kinds_of,
    solution_of,
)
from aclbench.tutor.outcomes import GoalState, Outcome, PartState, Prediction, Shown
from aclbench.tutor.running import Ran, run_lines
from aclbench.tutor.saved import STATE_VERSION, SavedRun, saved_work
from aclbench.tutor.since import Since
from aclbench.tutor.world import BenchWorld
from aclbench.workbench.budget import LESSON_WORK, Budget, BudgetError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.rig.inputs import Op, Point
from aclbench.workbench.tasks import Slices, Stopped, finish
from aclbench.workbench.workbench import Workbench

_S = TypeVar("_S", Predict, Task, Experiment)
_T = TypeVar("_T")

PUT_BACK: Final = "the bench was put back to how the lesson has it here"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a step began: the inputs that led there; and on the bench's branch, if it has it."""

    inputs: tuple[Op, ...]
    branch: Branch | None = None
    point: Point | None = None


class LessonRun:
    """A lesson, the bench it runs on, and how far the learner is.

    `bench` is one object for the whole lesson, so that a face may hold it. `done` has the numbers
    of the steps that are done, `predictions` every guess in order, `works` how each step was done
    (of a prediction, the first time). `finished` is set behind the last step. `notices` are
    sentences for the learner: whoever shows them empties the list.
    """

    def __init__(self, lesson: Lesson, bench: Workbench, budget: Budget | None = None) -> None:
        """On a new bench of the lesson, no step entered: `begin` and `resuming` make a run."""
        self.lesson = lesson
        self._budget = budget
        self.bench = bench
        self._start, self._scenario = self.bench.rig.start, self.bench.rig.scenario
        self._since = Since(self.bench)
        self._checkpoint = Checkpoint(())
        self.done: set[int] = set()
        self.predictions: list[Prediction] = []
        self.works: dict[int, Work] = {}
        self.hints: dict[int, int] = {}
        self.notices: list[str] = []
        self.finished = False
        self._number = 1

    @classmethod
    def begin(cls, lesson: Lesson, budget: Budget | None = None) -> LessonRun:
        """A lesson at its first step. Raises LessonError."""
        return finish(cls.beginning(lesson, budget))

    @classmethod
    def beginning(cls, lesson: Lesson, budget: Budget | None = None) -> Slices[LessonRun]:
        """The same in slices."""
        run = cls(lesson, (yield from making_bench(lesson)), budget)
        yield from run._entering(1)
        return run

    def close(self) -> None:
        """Stop listening to the bench."""
        self._since.close()

    # --- going from step to step -------------------------------------------------------------

    @property
    def step(self) -> AnyStep:
        """The current step."""
        return self.lesson.steps[self._number - 1]

    def advance(self, skip: bool = False) -> AnyStep | None:
        """Go to the next step; None behind the last. Raises LessonError: this one is not done.

        What is skipped the program does, so that the steps to come find their bench.
        """
        return finish(self.advancing(skip))

    def advancing(self, skip: bool = False) -> Slices[AnyStep | None]:
        """The same in slices."""
        state = self.look()
        if not state.done and not skip:
            raise LessonError(f"step {self._number} is not done yet: {state.message}")
        if self._number == len(self.lesson.steps):
            self.finished = True
            return None
        if state.done and not self._was_put_back():
            yield from self._or_put_back(self._entering(self._number + 1))
        else:
            yield from self._or_put_back(self._standing_at(self._number + 1))
        return self.step

    def _was_put_back(self) -> bool:
        """The step was done, but the bench stands at its beginning: one came back, or undid."""
        return bool(solution_of(self.step)) and not self._has_moved()

    def go_to(self, number: int) -> AnyStep:
        """Go to any step, on a bench as the lesson has it there."""
        return finish(self.going_to(number))

    def going_to(self, number: int) -> Slices[AnyStep]:
        """The same in slices."""
        if type(number) is not int or not 1 <= number <= len(self.lesson.steps):
            raise LessonError(f"there is no step {number}; this lesson has 1 to {self._last}")
        yield from self._or_put_back(self._standing_at(number))
        return self.step

    def redo(self) -> AnyStep:
        """Begin the current step again; it is not done any more."""
        return finish(self.redoing())

    def redoing(self) -> Slices[AnyStep]:
        """The same in slices."""
        yield from self.undoing()
        self.done.discard(self._number)
        self.finished = False
        self._mark_if_read()
        return self.step

    def restart(self) -> AnyStep:
        """Begin the lesson again; the predictions that were made stay."""
        return finish(self.restarting())

    def restarting(self) -> Slices[AnyStep]:
        """The same in slices."""
        step = yield from self.going_to(1)
        self.done.clear()
        self.hints.clear()
        self._mark_if_read()
        return step

    def undo(self) -> None:
        """Take back all that was done to the bench since this step was entered."""
        finish(self.undoing())

    def undoing(self) -> Slices[None]:
        """The same in slices."""
        there = self._checkpoint
        yield from self._returning_to(there)
        self.bench.past.before_acting()  # or a run would go along what was taken back
        self._checkpoint = self._here(there.inputs)

    def _returning_to(self, there: Checkpoint) -> Slices[None]:
        """Where the bench stood before: in its history; if that is another by now, by inputs."""
        branch, point, history = there.branch, there.point, self.bench.past
        if branch is None or point is None or history.branches.get(branch.name) is not branch:
            fresh = yield from making_bench(self.lesson)
            yield from performing_inputs(fresh, there.inputs)
            yield from self._becoming(fresh)
            return
        if history.branch is not branch:
            yield from self.bench.travel.switching(branch.name)
        yield from self.bench.travel.going_to(point)

    def _or_put_back(self, deed: Slices[_T]) -> Slices[_T]:
        """Do something to the bench; it is put back to where it stands now if that is stopped.

        That goes on in slices; to be told to end once more changes nothing.
        Behind a new bench it is, by its inputs, but its other branches and what lay ahead are gone.
        A bench that is not the lesson's is put back to where the step began.
        """
        before, had_future = self._checkpoint, False
        if self._on_lesson_bench():
            before = self._here(inputs_so_far(self.bench))
            had_future = not self.bench.past.at_end()
        checkpoint = self._checkpoint
        try:
            return (yield from deed)
        except Stopped:
            yield from self._returning_to(before)
            if not had_future:
                self.bench.past.before_acting()
            self._checkpoint = checkpoint
            raise

    @property
    def _last(self) -> int:
        return len(self.lesson.steps)

    def _entering(self, number: int) -> Slices[None]:
        """Enter a step on the bench as it stands; where that cannot be, as the lesson has it."""
        step = self.lesson.steps[number - 1]
        try:
            if step.fresh:
                yield from self._becoming((yield from making_bench(self.lesson)))
            yield from self._running(step.set_up)
        except LessonError:
            yield from self._standing_at(number)
            self.notices.append(PUT_BACK)
        else:
            self._begin(number)

    def _standing_at(self, number: int) -> Slices[None]:
        """Enter a step on a bench on which the lesson's own lines were run. LessonError."""
        yield from self._becoming((yield from making_bench(self.lesson)))
        for step in self.lesson.steps[self._first_before(number) - 1 : number - 1]:
            yield from self._running(step.set_up)
            yield from self._running(solution_of(step))
        yield from self._running(self.lesson.steps[number - 1].set_up)
        self._begin(number)

    def _first_before(self, number: int) -> int:
        """The latest step up to one that begins on a new bench."""
        fresh = [step.number for step in self.lesson.steps[:number] if step.fresh]
        return max(fresh, default=1)

    def _begin(self, number: int) -> None:
        self._number = number
        self.finished = False
        self._checkpoint = self._here(inputs_so_far(self.bench))
        self._since.begin(kinds_of(self.step))
        self._mark_if_read()

    def _here(self, inputs: tuple[Op, ...]) -> Checkpoint:
        history = self.bench.past
        return Checkpoint(inputs, history.branch, history.cursor)

    def _mark_if_read(self) -> None:
        if isinstance(self.step, Read):
            self.done.add(self._number)

    # --- doing a step ------------------------------------------------------------------------

    def predict(self, choice: int | None) -> Outcome:
        """Run what the question is about: what the bench does is the answer. None: not sure.

        It may be done again. Raises LessonError: this is no prediction, or nothing came true.
        """
        return finish(self.predicting(choice))

    def predicting(self, choice: int | None) -> Slices[Outcome]:
        """The same in slices."""
        step = self._a(Predict)
        if choice is not None and not (type(choice) is int and 0 <= choice < len(step.options)):
            right = f"0 to {len(step.options) - 1}, or None"
            raise LessonError(f"there is no option {choice}; {right}")
        answering = self._from_its_beginning(lambda: self._answering(step))
        (answer, ran), was_put_back = yield from self._or_put_back(answering)
        right_or_not = None if choice is None else choice == answer
        labels = [option.label for option in step.options]
        chosen = None if choice is None else labels[choice]
        self.predictions.append(Prediction(step.number, chosen, labels[answer], right_or_not))
        if step.number not in self.works:
            self._note_work()
        self.done.add(step.number)
        why = self._fill(step.why.fill)
        notice = PUT_BACK if was_put_back else ""
        return Outcome(choice, answer, right_or_not, why, tuple(ran), notice)

    def _from_its_beginning(self, deed: Callable[[], Slices[_T]]) -> Slices[tuple[_T, bool]]:
        """Do something from where the step began; where that fails, as the lesson has it there."""
        try:
            yield from self._undoing_if_moved()
            return (yield from deed()), False
        except LessonError:
            yield from self._standing_at(self._number)
            return (yield from deed()), True

    def _answering(self, step: Predict) -> Slices[tuple[int, list[Ran]]]:
        """The option that came true, and what was run. LessonError: none, or several."""
        ran = yield from self._running(step.run)
        world = self.world()
        true = [n for n, o in enumerate(step.options) if self._fill(o.when.holds, world)]
        if len(true) != 1:
            labels = " and ".join(repr(step.options[n].label) for n in true) or "none"
            raise LessonError(
                f"step {step.number} (predict): exactly one option has to come true; "
                f"of {len(step.options)} came true: {labels}"
            )
        return true[0], ran

    def experiment(self) -> Shown:
        """Run an experiment's lines, from its beginning. Raises LessonError."""
        return finish(self.experimenting())

    def experimenting(self) -> Slices[Shown]:
        """The same in slices."""
        step = self._a(Experiment)
        running = self._from_its_beginning(lambda: self._running(step.run))
        ran, was_put_back = yield from self._or_put_back(running)
        if was_put_back:
            self.notices.append(PUT_BACK)
        self.done.add(step.number)
        self._note_work()
        return Shown(tuple(ran), self._fill(step.look.fill), step.at)

    def look(self) -> GoalState:
        """How far the step is; a task whose goal is met now is done from now on."""
        state = self.goal_state()
        if state.met and self._number not in self.done:
            self.done.add(self._number)
            self._note_work()
        return state

    def goal_state(self) -> GoalState:
        """Which parts of the goal are true now, and what is missing."""
        step, done = self.step, self._number in self.done
        if not isinstance(step, Task):
            message = "" if done else _TO_DO[type(step)]
            return GoalState((), done, done, message)
        world = self.world()
        parts = tuple(self._part(part, world) for part in step.goal)
        missing = list(dict.fromkeys(part.missing for part in parts if not part.met))
        return GoalState(parts, not missing, done or not missing, "; ".join(missing))

    def _part(self, part: Any, world: BenchWorld) -> PartState:
        """One part; what cannot be evaluated on this bench is not met, and it is said why."""
        try:
            met = part.when.holds(world)
            return PartState(met, part.missing.fill(world))
        except ExpressionError as error:
            return PartState(False, f"the goal cannot be evaluated now: {error}")

    def hint(self, tier: int | None = None) -> Hint:
        """The next hint, or the one asked for, 1 to 3. Raises LessonError: not for this step."""
        step = self._a(Task)
        seen = self.hints.get(step.number, 0)
        wanted = min(seen + 1, len(step.hints)) if tier is None else tier
        if not 1 <= wanted <= len(step.hints):
            raise LessonError(f"there is no hint {wanted}; there are 1 to {len(step.hints)}")
        self.hints[step.number] = max(seen, wanted)
        return step.hints[wanted - 1]

    def solution(self) -> Lines:
        """The command lines of the solution. Raises LessonError: not for this step."""
        return self._a(Task).solution

    def solve(self) -> tuple[Ran, ...]:
        """Run a task's solution from its beginning: for the teacher, and the tests."""
        return finish(self.solving())

    def solving(self) -> Slices[tuple[Ran, ...]]:
        """The same in slices."""
        return tuple((yield from self._or_put_back(self._solving(self._a(Task)))))

    def _solving(self, step: Task) -> Slices[list[Ran]]:
        yield from self._undoing_if_moved()
        return (yield from self._running(step.solution))

    def try_lines(self, lines: Lines) -> tuple[Ran, ...]:
        """Run lines of the lesson's own, a hint's for one, where the bench stands. LessonError."""
        return tuple(finish(self._running(lines)))

    def world(self) -> BenchWorld:
        """The bench at this instant, for expressions."""
        return BenchWorld(self.bench, self._since, self._budget)

    def _note_work(self) -> None:
        """Keep how the step was done; on another bench than the lesson's it proves nothing."""
        if self._on_lesson_bench():
            self.works[self._number] = Work(self._checkpoint.inputs, inputs_so_far(self.bench))

    def _undoing_if_moved(self) -> Slices[None]:
        if self._has_moved():
            yield from self.undoing()

    def _becoming(self, fresh: Workbench) -> Slices[None]:
        """Put another bench in the place of the lesson's, which faces hold."""
        yield from self.bench.becoming(fresh.rig, fresh.history)

    def _has_moved(self) -> bool:
        """Something was done to the bench since the step was entered."""
        return inputs_so_far(self.bench) != self._checkpoint.inputs or not self._on_lesson_bench()

    def _running(self, lines: Lines) -> Slices[list[Ran]]:
        """Run lines; a bench that had to be stopped in the middle is not left so."""
        try:
            return (yield from run_lines(self.bench, lines, self._budget or Budget(LESSON_WORK)))
        except BudgetError:
            yield from self._becoming((yield from making_bench(self.lesson)))
            raise

    def _fill(self, evaluate: Callable[[BenchWorld], Any], world: BenchWorld | None = None) -> Any:
        """Evaluate an expression of the lesson; it is the lesson's fault if that fails."""
        try:
            return evaluate(world or self.world())
        except ExpressionError as error:
            raise LessonError(f"step {self.step.number} ({self.step.kind}): {error}") from None

    def _a(self, kind: type[_S]) -> _S:
        step = self.step
        if not isinstance(step, kind):
            wanted = KIND_WORDS[kind.__name__.lower()].partition(" ")[2]
            raise LessonError(f"step {self._number} is no {wanted}; it is {KIND_WORDS[step.kind]}")
        return step

    # --- leaving and coming back -------------------------------------------------------------

    def _on_lesson_bench(self) -> bool:
        """Whether the bench's start is the lesson's: somebody may have loaded another."""
        return self.bench.rig.scenario == self._scenario and self.bench.rig.start == self._start

    def to_state(self) -> SavedRun:
        """All that is needed to go on later."""
        begin = self._checkpoint.inputs
        return SavedRun(
            STATE_VERSION,
            self.lesson.name,
            self.lesson.digest,
            self._number,
            tuple(sorted(self.done)),
            self.finished,
            dict(self.hints),
            tuple(self.predictions),
            {step: saved_work(work) for step, work in self.works.items()},
            begin,
            inputs_so_far(self.bench) if self._on_lesson_bench() else begin,
        )

    @classmethod
    def resuming(cls, lesson: Lesson, state: SavedRun) -> Slices[LessonRun]:
        """Go on where `to_state` was. LessonError: that is no state of this lesson.

        Where the lesson has changed since, its step is begun on a bench as the lesson has it now.
        """
        if state.version != STATE_VERSION or state.lesson != lesson.name or state.step < 1:
            raise LessonError(f"{lesson.name}: what was saved is of another lesson or version")
        run = yield from cls.beginning(lesson)
        try:
            yield from run._taking(state)
        except LessonError:
            run.close()
            raise
        return run

    def _taking(self, state: SavedRun) -> Slices[None]:
        steps = range(1, self._last + 1)
        number = min(state.step, self._last)
        if state.digest != self.lesson.digest:
            self.notices.append(f"the lesson has changed since you left it; {PUT_BACK}")
            yield from self._standing_at(number)
        else:
            try:
                yield from self.going_to_work(number, Work(state.begin, state.inputs))
            except (AclbenchError, AssertionError):
                self.notices.append(f"what was done could not be done again; {PUT_BACK}")
                yield from self._standing_at(number)
        self.done |= set(state.done) & set(steps)
        self.hints = {step: shown for step, shown in state.hints.items() if step in steps}
        self.predictions = list(state.predictions)
        self.works = {step: saved.work for step, saved in state.works.items() if step in steps}
        self.finished = state.finished

    def going_to_work(self, number: int, work: Work) -> Slices[None]:
        """Stand where a step was done, by its inputs. AclbenchError, AssertionError: they fail."""
        bench = yield from making_bench(self.lesson)
        yield from performing_inputs(bench, work.inputs, self._budget)
        yield from self._becoming(bench)
        self._number = number
        self._checkpoint = Checkpoint(work.begin)
        self._since.begin(kinds_of(self.step), work.begin)
        self._mark_if_read()


_TO_DO: Final[dict[type[Any], str]] = {
    Predict: "make a prediction; not sure is one",
    Experiment: "run the experiment",
    Read: "",
}
