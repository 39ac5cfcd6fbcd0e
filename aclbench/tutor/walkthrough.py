"""A lesson's steps in Markdown: what is asked, and what the bench answers when it is done.

For handouts, for a teacher in front of a class, and for the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aclbench.tutor.course import LessonRun
from aclbench.tutor.lesson import AnyStep, Experiment, Lesson, Lines, Predict, Task
from aclbench.tutor.running import Ran
from aclbench.words import counted
from aclbench.workbench.workbench import Workbench

NOT_SURE: Final = "not sure"
PROMPT: Final = "aclbench# "
#: Lines of a command's output that are shown of each.
MAX_LINES: Final = 30


@dataclass(frozen=True, slots=True)
class StepPage:
    """A step: what is asked of the learner, what the bench then says, and its lists, in Markdown.

    `answer`, `lists` and `drawn` are empty where there is nothing to answer.
    """

    step: AnyStep
    asked: str
    answer: str
    lists: str
    drawn: str = ""


def heading(step: AnyStep, steps: int) -> str:
    """`Step 3 of 8: prediction`."""
    return f"Step {step.number} of {steps}: {step.kind_word}"


def asked_of(step: AnyStep) -> str:
    """What a learner reads before he does anything, in Markdown."""
    if isinstance(step, Predict):
        labels = [*(option.label for option in step.options), NOT_SURE.capitalize()]
        options = "\n".join(f"{number}. {label}" for number, label in enumerate(labels, 1))
        return f"{step.question}\n\n{options}"
    if isinstance(step, Experiment):
        return f"{step.text}\n\n{code(step.run)}"
    return step.text


def code(lines: Sequence[str]) -> str:
    """Lines as they are, in Markdown."""
    text = "\n".join(lines)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def transcript(ran: Sequence[Ran]) -> str:
    """Lines and what each printed, as it looks at the prompt, in Markdown."""
    return code(transcript_lines(ran))


def transcript_lines(ran: Sequence[Ran]) -> list[str]:
    """The same as lines; a long output is cut, and it is said."""
    shown: list[str] = []
    for line, output in ran:
        shown.append(f"{PROMPT}{line.strip()}")
        printed = output.splitlines()
        shown += printed[:MAX_LINES]
        if len(printed) > MAX_LINES:
            shown.append(f"... and {counted(len(printed) - MAX_LINES, 'line')} more")
    return shown


def walk_through(
    lesson: Lesson, draw: Callable[[Workbench], str] | None = None
) -> Iterator[StepPage]:
    """Do a lesson from first to last its own way; the text of each step. LessonError.

    `draw` makes something of the bench behind each step: it is `drawn`.
    """
    run = LessonRun.begin(lesson)
    try:
        for step in lesson.steps:
            answer = _answer(run, step)
            lists = lists_of(run.bench) if answer else ""
            drawn = draw(run.bench) if answer and draw is not None else ""
            yield StepPage(step, asked_of(step), answer, lists, drawn)
            run.advance(skip=True)
    finally:
        run.close()


def lists_of(bench: Workbench) -> str:
    """How the bench stands, its lists of sessions, in Markdown."""
    return transcript([Ran("lists", bench.cli("lists"))])


def _answer(run: LessonRun, step: AnyStep) -> str:
    """Do a step the lesson's way, and what there is to say of it."""
    if isinstance(step, Predict):
        outcome = run.predict(None)
        label = step.options[outcome.answer].label
        number = outcome.answer + 1
        return f"{transcript(outcome.ran)}\n\n**{number}. {label}**\n\n{outcome.why}"
    if isinstance(step, Experiment):
        shown = run.experiment()
        return f"{transcript(shown.ran)}\n\n{shown.look}"
    if isinstance(step, Task):
        return _task(run, step)
    return ""


def _task(run: LessonRun, step: Task) -> str:
    """A task's goal, hints, solution and other ways."""
    parts = run.goal_state().parts
    before = "\n".join(f"- {part.missing}" for part in parts if not part.met)
    hints = "\n".join(
        f"{number}. {hint.text}{_inline(hint.run)}" for number, hint in enumerate(step.hints, 1)
    )
    solved = transcript(run.solve())
    others = "\n\n".join(code(lines) for lines in step.others)
    return (
        f"What is missing at first:\n\n{before}\n\nHints:\n\n{hints}\n\nA solution:\n\n{solved}"
        f"\n\nAnother one:\n\n{others}"
    )


def _inline(lines: Lines) -> str:
    return "".join(f"\n   `{line.strip()}`" for line in lines)
