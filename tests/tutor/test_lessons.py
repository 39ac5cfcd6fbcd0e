"""Every lesson that comes along: its own words hold, on both drivers and on paper.

It is done at the prompt, and handed in, in `repl/test_learn.py`.
"""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from aclbench.repl.printing import Printer
from aclbench.tutor.checking import check, check_file
from aclbench.tutor.handout import as_html, as_markdown, make_handout
from aclbench.tutor.lesson import Lesson, Predict, Task
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.shelf import lesson_after
from aclbench.workbench.rig.bundled import bundled_files

FILES = bundled_files("lessons")
each_lesson = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
#: They run for days, or have thousands of sessions. That they are in order `make test` looks at;
#: that they hold on threads, and on paper, it looks at with the others.
LARGE = ("04", "06", "07", "09", "18")
each_small_lesson = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.long if path.stem.startswith(LARGE) else ())
        for path in FILES
    ],
    ids=lambda path: path.stem,
)


@each_lesson
def test_it_is_in_order(path: Path) -> None:
    """Every answer, solution, other solution, near miss, hint and experiment is run."""
    assert check_file(path) == []


@each_lesson
def test_it_asks_and_sets_a_task(path: Path) -> None:
    steps = read_lesson(path).steps
    assert [step for step in steps if isinstance(step, Predict)]
    assert [step for step in steps if isinstance(step, Task)]


@each_small_lesson
def test_its_solutions_hold_on_real_threads(path: Path) -> None:
    """Those that need no history."""
    assert check(read_lesson(path), driver="threaded") == []


@each_small_lesson
def test_it_can_be_put_on_paper(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers stand on the teacher's page alone; what is read fits 80 columns at the prompt."""
    monkeypatch.setenv("COLUMNS", "80")
    lesson = read_lesson(path)
    handout = make_handout(lesson, answers=True)
    asked = as_markdown(replace(handout, answers=()))
    assert len(handout.questions) == len(lesson.steps) + 1
    for step in lesson.steps:
        if isinstance(step, Task):
            assert step.solution[-1].strip() in as_markdown(handout)
            assert step.hints[2].text not in asked
    assert as_html(handout).count("<h1") == 2
    printer = Printer(io.StringIO())
    for section in (*handout.questions, *handout.answers):
        assert all(len(line) <= 80 for line in printer.markdown_lines(section.text)), (
            section.heading
        )


def test_answers_are_on_paper_only_where_asked_for() -> None:
    lesson = read_lesson(FILES[0])
    handout = make_handout(lesson, answers=True)
    assert handout.answers
    assert make_handout(lesson) == replace(handout, answers=())


def test_they_stand_in_order() -> None:
    """Numbered from 1 without a gap, each leading to the next."""
    lessons: list[Lesson] = [read_lesson(path) for path in FILES]
    assert [lesson.number for lesson in lessons] == list(range(1, len(lessons) + 1))
    for lesson, following in pairwise(lessons):
        assert lesson_after(lesson) == following.path
    assert lesson_after(lessons[-1]) is None
