"""What a step shows, part by part: text, answers, parts of a goal, hints, what the bench did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from aclbench.tui.drawing import Line, heading
from aclbench.tui.lesson.desk import WORDS, Desk
from aclbench.tui.lesson.markdown import clean, code_lines, markdown_lines, wrapped
from aclbench.tui.palette import Palette
from aclbench.tui.targets import KeyTarget, OptionTarget
from aclbench.tui.units import fit
from aclbench.tutor.lesson import AnyStep, Experiment, Predict, Read, Task
from aclbench.tutor.running import Ran
from aclbench.tutor.shelf import lesson_after
from aclbench.words import counted

DONE: Final = "●"
OPEN: Final = "○"
NOT_SURE: Final = "Not sure"
#: Lines that are shown of what a command printed.
_OUTPUT: Final = 12
#: The names of keys by action.
Keys = Mapping[str, str]


class Part(NamedTuple):
    """Lines that belong together; by its name a part is brought into sight."""

    name: str
    lines: list[Line]


class Drawer:
    """Draws the parts of a step to a width."""

    def __init__(self, desk: Desk, width: int, palette: Palette, keys: Keys) -> None:
        self._desk = desk
        self._width = max(width, 8)
        self._palette = palette
        self._keys = keys

    def parts(self) -> list[Part]:
        """All of it, in order; between two parts there is a blank line."""
        desk, step = self._desk, self._desk.step
        found = [Part("notes", self._notes())]
        if desk.about or (step.number == 1 and not desk.run.finished):
            found.append(Part("about", self._about()))
        found.append(Part("text", self._markdown(text_of(step))))
        if isinstance(step, Predict):
            found += self._predict(step)
        elif isinstance(step, Experiment):
            found += self._experiment(step)
        elif isinstance(step, Task):
            found += self._task(step)
        if desk.run.finished:
            found.append(Part("end", self._end()))
        return [part for part in found if part.lines]

    # --- pieces ------------------------------------------------------------------------------

    def _markdown(self, text: str) -> list[Line]:
        return markdown_lines(text, self._width, self._palette)

    def _said(self, text: str, lead: str = "", dim: bool = False, bold: bool = False) -> list[Line]:
        style = self._palette.strong if bold else self._palette.dim if dim else self._palette.plain
        return wrapped(text, style, self._width, lead, " " * len(lead))

    def _code(self, lines: Iterable[str]) -> list[Line]:
        return [
            line
            for text in lines
            for line in code_lines(clean(text).strip(), self._width, self._palette)
        ]

    def _ran(self, ran: Iterable[Ran]) -> list[Line]:
        """Lines that the program typed, and what they printed."""
        lines: list[Line] = []
        for line, output in ran:
            lines += self._code([line])
            printed = output.splitlines()
            for text in printed[:_OUTPUT]:
                lines += wrapped(text, self._palette.dim, self._width, "    ", "      ")
            if len(printed) > _OUTPUT:
                lines += self._said(
                    f"{counted(len(printed) - _OUTPUT, 'line')} more", "    ", dim=True
                )
        return lines

    def _key(self, action: str) -> str:
        return self._keys.get(action, "")

    def _notes(self) -> list[Line]:
        return [line for note in self._desk.notes for line in self._said(f"Note: {note}.", "! ")]

    def _about(self) -> list[Line]:
        lesson = self._desk.run.lesson
        lines = self._said(f"{lesson.aim} About {lesson.minutes} minutes.", dim=True)
        if lesson.know:
            lines += self._said(f"To know first: {'; '.join(lesson.know)}.", dim=True)
        return lines + self._sources() if self._desk.about else lines

    def _sources(self) -> list[Line]:
        lines = self._said("What is shown here is done by", dim=True)
        for source in self._desk.run.lesson.source:
            lines += self._said(source.removeprefix("aclbench."), "  ", dim=True)
        return lines

    def _end(self) -> list[Line]:
        desk = self._desk
        steps = desk.run.lesson.steps
        left = [str(step.number) for step in steps if step.number not in desk.run.done]
        lines = self._said(f"{DONE} The lesson is finished.", bold=True)
        if (following := lesson_after(desk.run.lesson)) is not None:
            lines += self._said(f"The next one: aclbench learn {following.stem}")
        if left:
            lines += self._said(
                f"Left out: {', '.join(left)}. {self._key('lesson_menu')} leads there."
            )
        return lines if desk.about else [*lines, Line(), *self._sources()]

    # --- kinds of steps ----------------------------------------------------------------------

    def _predict(self, step: Predict) -> Iterator[Part]:
        desk = self._desk
        yield Part("options", [*self._question(), *self._options(step)])
        outcome = desk.outcome
        if outcome is None:
            return
        answer = f"{outcome.answer + 1}, {step.options[outcome.answer].label}"
        verdict = {True: "You said so", False: "You said otherwise", None: "You were not sure"}
        right = self._said(f"{verdict[outcome.right]}. It is {answer}.", bold=True)
        did = [*self._said("What the bench did:", dim=True), *self._ran(outcome.ran)]
        yield Part("outcome", right)
        yield Part("ran", did if outcome.ran else [])
        yield Part("why", self._markdown(outcome.why))

    def _question(self) -> list[Line]:
        """The cursor is here to begin with, so that a key that comes too early guesses nothing."""
        desk = self._desk
        if not desk.asks:
            return []
        said = "Your guess: arrows or a digit, then Enter"
        old = desk.guessed()
        if old is not None:
            mine = NOT_SURE.lower() if old.choice is None else f"“{old.choice}”"
            said = f"You said {mine}; it was “{old.answer}”. Guess again to see it run"
        lines = wrapped(said, self._palette.plain, self._width, "  ", "  ")
        return [line.point_at(OptionTarget(-1), 2) for line in lines]

    def _options(self, step: Predict) -> list[Line]:
        """The answers; once the bench has given its own that is marked, and what was chosen."""
        desk, outcome = self._desk, self._desk.outcome
        lines: list[Line] = []
        labels = [*(option.label for option in step.options), NOT_SURE]
        for number, label in enumerate(labels):
            style, lead = self._palette.plain, "  "
            if outcome is not None and number == outcome.answer:
                style, lead = self._palette.changed, f"{DONE} "
            chosen = outcome is not None and number == (
                len(step.options) if outcome.choice is None else outcome.choice
            )
            mark = f"{lead}{number + 1}  "
            said = f"{label}  (your guess)" if chosen else label
            rows = wrapped(said, style, self._width, mark, " " * len(mark))
            if desk.asks:
                rows = [row.point_at(OptionTarget(number), 2) for row in rows]
            lines += rows
        return lines

    def _experiment(self, step: Experiment) -> Iterator[Part]:
        desk = self._desk
        shown = desk.shown
        if shown is None:
            yield Part("run", self._code(step.run))
            word = "Run it again" if desk.done else "Run it"
            button = Line("  ").add(f"[{self._key('lesson_run')} {word}]", self._palette.strong)
            yield Part("button", [button.fit(self._width).point_at(KeyTarget("lesson_run"), 2)])
            return
        yield Part("ran", self._ran(shown.ran))
        yield Part("look", self._markdown(shown.look))

    def _task(self, step: Task) -> Iterator[Part]:
        desk = self._desk
        yield Part("goal", self._goal())
        for tier, hint in enumerate(step.hints[: desk.hints], 1):
            lines = self._said(f"Hint {tier} of {len(step.hints)}", bold=True)
            yield Part(f"hint {tier}", lines + self._markdown(hint.text) + self._code(hint.run))
        if desk.solution:
            lines = [*self._said("A solution", bold=True), *self._code(desk.solution)]
            again = (
                f"{self._key('lesson_solution')} once more has it run, from the step's beginning."
            )
            yield Part("solution", lines + self._said(again, dim=True))

    def _goal(self) -> list[Line]:
        """Each part of the goal: ticked off, or what is missing of it."""
        desk, parts = self._desk, self._desk.state.parts
        lines: list[Line] = []
        for number, part in enumerate(parts):
            if not part.met:
                lines += self._said(part.missing, f"{OPEN} ")
                continue
            name = (
                f"part {number + 1} of {len(parts)} holds" if len(parts) > 1 else "the goal is met"
            )
            was = desk.missed.get(number)
            said = f"{name} (it was: {was})" if was else name
            lines += wrapped(said, self._palette.good, self._width, f"{DONE} ", "  ")
        return lines


def text_of(step: AnyStep) -> str:
    """What is to be read at a step."""
    return step.question if isinstance(step, Predict) else step.text


def title_line(desk: Desk, width: int, palette: Palette) -> Line:
    """`1 What reflect opens: the pinhole      2/7 prediction ○`."""
    lesson, step = desk.run.lesson, desk.step
    number = f"{lesson.number} " if lesson.number is not None else ""
    mark = DONE if desk.done else OPEN
    where = f" {step.number}/{desk.steps} {WORDS[step.kind]} {mark} "
    title = f" {number}{clean(lesson.title)}"
    if len(title) + len(where) > width:
        where = f" {step.number}/{desk.steps} {mark} "
    title = fit(title, max(width - len(where) - 2, 1))
    return heading(title, where, width, palette).fit(width)


def bottom_line(
    desk: Desk, keys: Keys, above: bool, below: bool, width: int, palette: Palette
) -> Line:
    """What can be done now; and whether there is more to read."""
    action, said = next_deed(desk)
    more = "PgUp" * above + "/" * (above and below) + "PgDn" * below
    right = f"  {more}: more " if more else ""
    key = keys.get(action, "") if action else ""
    text = f"{key} {said}" if key else said
    while len(text) + 1 > width - len(right) and "; " in text:
        text = text.rpartition("; ")[0]
    target = KeyTarget(action) if action else None
    line = Line(" ").add(text, palette.up if desk.done else palette.plain, target)
    line.fit(max(width - len(right), 1)).pad(width - len(right))
    return line.add(right, palette.dim).fit(width)


def next_deed(desk: Desk) -> tuple[str, str]:
    """The action that leads on, and what is said of it: what stands last can be left out."""
    step = desk.step
    if desk.run.finished:
        return "lesson_menu", "finished: other steps, leave"
    if desk.done:
        last = step.number == desk.steps
        return "lesson_next", "finishes the lesson" if last else "goes on"
    if isinstance(step, Predict):
        return "", "guess; the first is handed in; a wrong one costs nothing"
    if isinstance(step, Experiment):
        return "lesson_run", "runs it"
    if isinstance(step, Read):
        return "lesson_next", "goes on"
    hints = 3 - desk.hints
    if not hints:
        return "lesson_solution", "shows the solution; : types a command"
    return "lesson_hint", f"helps ({hints} more); : types a command"
