"""A lesson at the prompt: words that lead through it, besides all that can be done to its bench.

The words are added to the command table of the lesson's bench, so that they are completed, listed
by `?` and abbreviated like all others; where VPP has an abbreviation, it stays VPP's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aclbench.repl.printing import Printer
from aclbench.repl.session import Session
from aclbench.tutor.lesson import Experiment, Hint, Lines, Predict, Read, Task
from aclbench.tutor.outcomes import GoalState, PartState
from aclbench.tutor.progress import Progress, ProgressError
from aclbench.tutor.recording import write_draft
from aclbench.tutor.running import WORDS, Ran
from aclbench.tutor.shelf import lesson_after
from aclbench.tutor.walkthrough import asked_of, heading, transcript_lines
from aclbench.workbench.commands.bench.helping import is_leaving
from aclbench.workbench.grammar import ArgumentError, ArgumentType, Candidate, Command
from aclbench.workbench.tasks import Slices

if TYPE_CHECKING:
    from aclbench.tutor.course import LessonRun
    from aclbench.workbench.grammar import ParsedCommand

NOT_SURE: Final = "not-sure"
#: What to type at each kind of step.
_TYPE_NOW: Final = {
    Read: "`next` goes on.",
    Predict: "`guess` and a number; then `next`. A wrong guess costs nothing.",
    Experiment: "`try` runs these lines; then `next`.",
    Task: "Type commands until the goal is met; `hint` helps, `undo` takes all back.",
}


class LessonSession(Session):
    """Runs what is typed in a lesson: its words, and any command on its bench.

    Behind each line the goal is looked at, and what has changed of it is said. Nothing goes on by
    itself. Progress is saved when a step is done or entered, and by `save`.
    """

    def __init__(self, run: LessonRun, progress: Progress, printer: Printer) -> None:
        super().__init__(run.bench, printer)
        self.lesson_run = run
        self._progress = progress
        self._shown: tuple[PartState, ...] = ()
        self._said_unkept = False
        self._kept = self._far
        add_words(self)

    # --- what is typed -----------------------------------------------------------------------

    def run(self, line: str) -> bool:
        """Run a line, then say how the goal stands; True: it asks to leave."""
        if is_leaving(self.bench, line):
            return True
        try:
            super().run(line)
        finally:
            self._look()
        return False

    def greet(self) -> None:
        """The title, what it is about, and the step that one stands at."""
        run, lesson = self.lesson_run, self.lesson_run.lesson
        self.printer.prose(lesson.title, "bold")
        if run.step.number == 1 and not run.finished:
            self.about(brief=True)
        self.printer.prose(
            "`next` goes on, `lesson` shows the step again, `help` lists all there is, Ctrl-D "
            "leaves; `aclbench learn` comes back to where you were."
        )
        if run.finished:
            self.printer.prose("You have finished this lesson; `lesson restart` begins it anew.")
        self.show_step()

    @property
    def where(self) -> str:
        """For the toolbar: the lesson, the step, and whether it is done."""
        run, lesson = self.lesson_run, self.lesson_run.lesson
        name = f"lesson {lesson.number}" if lesson.number is not None else lesson.name[:20]
        done = " done" if run.step.number in run.done else ""
        return f"{name}, step {run.step.number}/{len(lesson.steps)}{done}"

    @property
    def _far(self) -> tuple[frozenset[int], int, bool]:
        """How far the lesson is: when this changes, it is saved."""
        run = self.lesson_run
        return frozenset(run.done), run.step.number, run.finished

    def save(self) -> None:
        """Note how far the lesson is. Raises ProgressError."""
        self._progress.save(self.lesson_run)
        self._kept = self._far
        self._say_notices(self._progress.notices)

    # --- showing -----------------------------------------------------------------------------

    def show_step(self) -> None:
        """The step's text, its goal as it stands, and what to type."""
        step = self.lesson_run.step
        self.printer.prose("")
        self.printer.prose(heading(step, len(self.lesson_run.lesson.steps)), "bold")
        self.printer.prose("")
        self.printer.markdown(asked_of(step))
        self.printer.prose("")
        self._shown = ()
        if isinstance(step, Task):
            self._say_goal(self.lesson_run.goal_state())
        self.printer.prose(_TYPE_NOW[type(step)], "italic")
        self._say_notices(self.lesson_run.notices)

    def about(self, brief: bool = False) -> None:
        """What the lesson is for, what to know first, and where the source is that does it."""
        lesson = self.lesson_run.lesson
        self.printer.prose(f"{lesson.aim} About {lesson.minutes} minutes.")
        if lesson.know:
            self.printer.prose(f"To know first: {'; '.join(lesson.know)}.")
        if not brief:
            self.printer.prose("What is shown is done by:")
            self.printer.output("\n".join(f"  {source}" for source in lesson.source))

    def list_steps(self) -> None:
        """Every step, whether it is done, and where one stands."""
        run = self.lesson_run
        rows: list[str] = []
        for step in run.lesson.steps:
            here = ">" if step is run.step else " "
            done = "[x]" if step.number in run.done else "[ ]"
            rows.append(f"{here} {done} {step.number:>2}  {step.kind_word}")
        self.printer.output("\n".join(rows))

    def _say_goal(self, state: GoalState) -> None:
        """The whole goal, part by part."""
        for number, part in enumerate(state.parts, 1):
            self.printer.prose(_part_line(number, len(state.parts), part))
        self._shown = state.parts

    def _look(self) -> None:
        """Tick off what has become true, say what is not any more, and save what was done."""
        run = self.lesson_run
        met_before = bool(self._shown) and all(part.met for part in self._shown)
        state = run.look()
        known = len(self._shown) == len(state.parts)
        for number, part in enumerate(state.parts, 1):
            old = self._shown[number - 1] if known else None
            if old is None or old.met != part.met or (not part.met and old != part):
                line = _part_line(number, len(state.parts), part, old)
                self.printer.prose(line, "green" if part.met else "")
        self._shown = state.parts
        if state.parts and state.met and not met_before:
            self.printer.prose("The goal is met. `next` goes on.", "bold green")
        self._say_notices(run.notices)
        if self._far != self._kept:
            self._keep()

    def _keep(self) -> None:
        """Save; where that cannot be it is said once, and the lesson goes on."""
        try:
            self.save()
        except ProgressError as error:
            if not self._said_unkept:
                self._said_unkept = True
                self.printer.error(f"progress is not kept: {error}")

    def _say_notices(self, notices: list[str]) -> None:
        for notice in notices:
            self.printer.prose(f"note: {notice}")
        notices.clear()

    def say_ran(self, ran: Iterable[Ran]) -> None:
        """Lines that the program typed, and what they printed."""
        self.printer.output("\n".join(transcript_lines(tuple(ran))))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What runs for a while prints nothing by itself for the time of a `with` block."""
        printer, self.bench.printer = self.bench.printer, None
        try:
            yield
        finally:
            self.bench.printer = printer


def _part_line(number: int, parts: int, part: PartState, old: PartState | None = None) -> str:
    """`[x] part 1 of 2`, with what was or is missing."""
    name = f"part {number} of {parts}" if parts > 1 else "the goal"
    if not part.met:
        return f"[ ] {name}: {part.missing}"
    return f"[x] {name} (it was: {old.missing})" if old is not None else f"[x] {name}"


# --- the words ---------------------------------------------------------------------------------

#: What takes long is in slices: who runs the line finishes them.
Word = Callable[[LessonSession, "ParsedCommand"], "Slices[None] | None"]


def _go_on(session: LessonSession, skip: bool) -> Slices[None]:
    with session.quietly():
        step = yield from session.lesson_run.advancing(skip=skip)
    if step is not None:
        session.show_step()
        return
    lesson = session.lesson_run.lesson
    session.printer.prose("That was the last step: the lesson is finished.", "bold green")
    left = [s.number for s in lesson.steps if s.number not in session.lesson_run.done]
    if left:
        session.printer.prose(f"Left out: {', '.join(map(str, left))}; `lesson step` goes there.")
    following = lesson_after(lesson)
    if following is not None:
        session.printer.prose(f"`quit`, and `aclbench learn {following.stem}` is the next one.")


def _next(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    return _go_on(session, skip=False)


def _skip(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    return _go_on(session, skip=True)


def _guess(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    run, choice = session.lesson_run, parsed.arguments.get("option")
    with session.quietly():
        outcome = yield from run.predicting(choice)
    step = run.step
    assert isinstance(step, Predict)
    session.say_ran(outcome.ran)
    answer = f"{outcome.answer + 1}, {step.options[outcome.answer].label}"
    verdict = {True: "You said so", False: "You said otherwise", None: "You were not sure"}
    session.printer.prose(
        f"{verdict[outcome.right]}: it is {answer}.", "bold green" if outcome.right else "bold"
    )
    session.printer.markdown(outcome.why)
    if outcome.notice:
        run.notices.append(outcome.notice)
    session.printer.prose("`next` goes on.", "italic")


def _try(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    with session.quietly():
        shown = yield from session.lesson_run.experimenting()
    session.say_ran(shown.ran)
    session.printer.markdown(shown.look)
    session.printer.prose("`next` goes on.", "italic")


def _hint(session: LessonSession, parsed: ParsedCommand) -> None:
    run = session.lesson_run
    hint: Hint = run.hint(parsed.arguments.get("number"))
    step = run.step
    assert isinstance(step, Task)
    session.printer.prose(f"Hint {step.hints.index(hint) + 1} of {len(step.hints)}", "bold")
    session.printer.markdown(hint.text)
    _say_lines(session, hint.run)


def _solution(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    run = session.lesson_run
    if "run" in parsed.words:
        with session.quietly():
            ran = yield from run.solving()
        session.say_ran(ran)
        return
    _say_lines(session, run.solution())
    session.printer.prose("`solution run` runs it; typing it yourself teaches more.", "italic")


def _say_lines(session: LessonSession, lines: Lines) -> None:
    session.printer.output("\n".join(f"  {line.strip()}" for line in lines))


def _undo(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    yield from session.lesson_run.undoing()
    session.printer.prose("The bench stands where this step began.")


def _redo(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    yield from session.lesson_run.redoing()
    session.show_step()


def _lesson(session: LessonSession, parsed: ParsedCommand) -> None:
    session.show_step()


def _steps(session: LessonSession, parsed: ParsedCommand) -> None:
    session.list_steps()


def _about(session: LessonSession, parsed: ParsedCommand) -> None:
    session.about()


def _step(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    with session.quietly():
        yield from session.lesson_run.going_to(parsed.arguments["number"])
    session.show_step()


def _restart(session: LessonSession, parsed: ParsedCommand) -> Slices[None]:
    with session.quietly():
        yield from session.lesson_run.restarting()
    session.show_step()


def _record(session: LessonSession, parsed: ParsedCommand) -> None:
    file = parsed.arguments["file"]
    write_draft(session.bench, Path(file), "force" in parsed.words, f"`lesson record {file} force`")
    session.printer.prose(f"{file}: a draft; fill in what says TODO.")


_WORDS: Final[tuple[tuple[str, Word, str], ...]] = (
    ("next", _next, "go on to the next step, once this one is done"),
    (f"guess (<option>|{NOT_SURE})", _guess, "answer a prediction: what happens is then run"),
    ("try", _try, "run the lines of an experiment, from its beginning"),
    ("hint [<number>]", _hint, "show the next hint of a task, or one of its three"),
    ("solution [run]", _solution, "show the solution of a task, or run it from its beginning"),
    ("undo", _undo, "take back all that was done to the bench since the step began"),
    ("redo", _redo, "begin the step anew"),
    ("skip", _skip, "go on although this step is not done; the program does it"),
    ("lesson", _lesson, "show the step again, with its goal as it stands"),
    ("lesson steps", _steps, "list the steps"),
    ("lesson step <number>", _step, "go to a step, on a bench as the lesson has it there"),
    ("lesson about", _about, "what the lesson is for, and which source does what it shows"),
    ("lesson restart", _restart, "begin the lesson anew"),
    ("lesson record <file> [force]", _record, "write what was done as the draft of a lesson"),
)


def add_words(session: LessonSession) -> None:
    """Add the words to the table of the session's bench."""
    table = session.bench.lines.table
    table.register(_option_type(session))
    for syntax, word, summary in _WORDS:
        command = Command(
            syntax,
            _handler(session, word),
            summary,
            group=WORDS,
            changes=False,
            direct=True,
            reach="outside",
        )
        table.add(command, yields=True)


def _handler(session: LessonSession, word: Word) -> Callable[[Any, ParsedCommand], Slices[str]]:
    """A handler of the table: what a word has to say it prints by itself."""

    def handle(bench: Any, parsed: ParsedCommand) -> Slices[str]:
        slices = word(session, parsed)
        if slices is not None:
            yield from slices
        return ""

    return handle


def _option_type(session: LessonSession) -> ArgumentType:
    """The options of the step that one stands at, by number."""

    def options() -> list[str]:
        step = session.lesson_run.step
        return [option.label for option in step.options] if isinstance(step, Predict) else []

    def parse(text: str, context: Any) -> int | None:
        labels = options()
        if not labels:
            raise ArgumentError("there is nothing to guess here; a prediction has options")
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= len(labels) + 1:
            raise ArgumentError(f"{text[:40]}: no option; 1 to {len(labels) + 1} are")
        return int(text) - 1 if int(text) <= len(labels) else None

    def complete(prefix: str, context: Any) -> Iterator[Candidate]:
        for number, label in enumerate(options(), 1):
            yield Candidate(str(number), label)

    return ArgumentType("option", "the number of an option", parse, complete)


def run_lesson(
    run: LessonRun,
    progress: Progress,
    suggestions: bool = True,
    last_words: Callable[[], str] = str,
) -> None:
    """A person at a lesson, until he leaves; where he was is kept, however he leaves."""
    from aclbench.repl.prompt import Prompt

    session = LessonSession(run, progress, Printer())
    prompt = Prompt(session, suggestions, where=lambda: session.where)
    session.greet()
    try:
        prompt.loop(last_words)
    finally:
        session.save()
        run.close()
