"""A lesson on paper: the questions, and on request a page of answers for the teacher behind them.

As Markdown, or as one HTML file that needs no other. Pictures of the screen are made by whoever can
draw one (`Picture`); without that the lists of sessions are shown as they are printed.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aclbench.tutor.benches import lesson_bench
from aclbench.tutor.journals import inputs_so_far, performing_inputs
from aclbench.tutor.lesson import Experiment, Lesson, Predict, Task
from aclbench.tutor.walkthrough import StepPage, heading, lists_of, walk_through
from aclbench.visible import visible
from aclbench.workbench.tasks import finish
from aclbench.workbench.workbench import Workbench

#: Draws a bench, which is his to keep, as an SVG picture.
Picture = Callable[[Workbench], str]

_STYLE: Final = """
body { font: 16px/1.45 Georgia, serif; max-width: 44em; margin: 2em auto; padding: 0 1em;
  color: #111; background: #fff; }
h1, h2, h3 { font-family: Helvetica, Arial, sans-serif; line-height: 1.2; }
h2 { margin-top: 1.8em; font-size: 1.15em; border-bottom: 1px solid #999; }
code, pre { font: 13px/1.35 Menlo, Consolas, monospace; }
pre { border: 1px solid #bbb; padding: .6em .8em; white-space: pre-wrap; }
figure { margin: 1em 0; } figure svg { width: 100%; height: auto; }
span.notes { display: block; border-bottom: 1px dotted #999; height: 1.8em; }
.answers { break-before: page; }
@media print {
  body { margin: 0; } h2, pre, figure { break-inside: avoid; } h2 { break-after: avoid; }
}
"""
#: Where a reader writes what he thinks.
_NOTES: Final = "........................................................................"
_BOX: Final = "☐"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a handout: its heading, its text in Markdown, and a picture (SVG) or nothing."""

    heading: str
    text: str
    svg: str = ""


@dataclass(frozen=True, slots=True)
class Handout:
    """A lesson on paper: how it begins, its questions, and the answers, if they are asked for."""

    title: str
    about: str
    questions: tuple[Section, ...]
    answers: tuple[Section, ...]


def make_handout(lesson: Lesson, answers: bool = False, picture: Picture | None = None) -> Handout:
    """Do a lesson, and put down what is asked and what comes of it. Raises LessonError."""
    know = f"\n\nTo know first: {'; '.join(lesson.know)}." if lesson.know else ""
    begun = begin_section(lesson, picture)

    def draw(bench: Workbench) -> str:
        return picture(_copy(lesson, bench)) if picture is not None and answers else ""

    pages = list(walk_through(lesson, draw))
    steps = len(lesson.steps)
    questions = tuple(_question(page, steps) for page in pages)
    shown = tuple(_answer(page, steps) for page in pages if page.answer and answers)
    about = f"*{lesson.aim}* About {lesson.minutes} minutes.{know}"
    return Handout(lesson.title, about, (begun, *questions), shown)


def begin_section(lesson: Lesson, picture: Picture | None) -> Section:
    """The bench at its start: how to get there, and how it looks."""
    bench = lesson_bench(lesson)
    known = lesson.number if lesson.number is not None else lesson.path.name
    text = f"On a computer: {_span(f'aclbench learn {known}')}."
    if picture is not None:
        return Section("The bench", text, picture(bench))
    return Section("The bench", f"{text}\n\n{lists_of(bench)}")


def _question(page: StepPage, steps: int) -> Section:
    """A step without its answer."""
    step = page.step
    if isinstance(step, Predict):
        boxes = "\n".join(
            f"- {_BOX} {label}" for label in (*(o.label for o in step.options), "not sure")
        )
        return Section(heading(step, steps), f"{step.question}\n\n{boxes}\n\nWhy? {_NOTES}")
    if isinstance(step, Experiment):
        where = f" Look at {step.at}." if step.at else ""
        text = f"{page.asked}\n\nRun these lines.{where} What do you see? {_NOTES}"
        return Section(heading(step, steps), text)
    if isinstance(step, Task):
        return Section(heading(step, steps), f"{page.asked}\n\nYour commands:\n\n{_NOTES}")
    return Section(heading(step, steps), page.asked)


def _answer(page: StepPage, steps: int) -> Section:
    text = page.answer if page.drawn else f"{page.answer}\n\n{page.lists}"
    return Section(heading(page.step, steps), text, page.drawn)


def _copy(lesson: Lesson, bench: Workbench) -> Workbench:
    """The same bench once more: who draws it may do with it what he likes."""
    copy = lesson_bench(lesson)
    finish(performing_inputs(copy, inputs_so_far(bench)))
    return copy


# --- Markdown -----------------------------------------------------------------------------------


def as_markdown(handout: Handout) -> str:
    """A handout as one Markdown text; pictures are left out, for Markdown has none within."""
    parts = [f"# {handout.title}", handout.about, *map(_markdown, handout.questions)]
    if handout.answers:
        parts += [f"# {handout.title}: answers", *map(_markdown, handout.answers)]
    return visible("\n\n".join(parts) + "\n")


def _markdown(section: Section) -> str:
    return f"## {section.heading}\n\n{section.text}"


def _span(text: str) -> str:
    """Text as code within a line."""
    return f"``{text}``" if "`" in text else f"`{text}`"


# --- HTML ---------------------------------------------------------------------------------------


def as_html(handout: Handout) -> str:
    """A handout as one HTML page. What a lesson has of HTML of its own is shown as text."""
    title = html.escape(handout.title)
    body = [f"<h1>{title}</h1>", _html_of(handout.about), *map(_html, handout.questions)]
    if handout.answers:
        body.append(f'<h1 class="answers">{title}: answers</h1>')
        body += map(_html, handout.answers)
    return visible(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _html(section: Section) -> str:
    figure = f"<figure>{section.svg}</figure>" if section.svg else ""
    return f"<h2>{html.escape(section.heading)}</h2>\n{_html_of(section.text)}\n{figure}"


def _html_of(text: str) -> str:
    from markdown_it import MarkdownIt

    rendered: str = MarkdownIt("commonmark", {"html": False}).disable("image").render(text)
    return rendered.replace(_NOTES, '<span class="notes"></span>')
