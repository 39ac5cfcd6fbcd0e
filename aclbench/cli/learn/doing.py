"""Doing a lesson, on the live screen or at the prompt: `aclbench learn N`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.completion import complete_lessons
from aclbench.cli.learn.group import OPEN, learn
from aclbench.cli.output import is_terminal
from aclbench.cli.records import ended_by_fault, how_ended, last_line
from aclbench.errors import AclbenchError
from aclbench.terminal import Ended, write_now

if TYPE_CHECKING:
    from aclbench.tutor.course import LessonRun
    from aclbench.tutor.lesson import Lesson
    from aclbench.tutor.progress import Progress
    from aclbench.workbench.tasks import Slices


#: What is said last where the process has to end at once.
LastWords = Callable[[], str]
#: What opens a lesson in slices, for its person to do it.
Face = Callable[["Lesson", "Slices[LessonRun]", "Progress", LastWords], None]


def in_tui(
    lesson: Lesson, opening: Slices[LessonRun], progress: Progress, last_words: LastWords
) -> None:
    """A lesson on the live screen, beside the bench."""
    from aclbench.tui.app import run_tui_lesson
    from aclbench.tui.settings import read_settings

    settings, notices = read_settings()
    run_tui_lesson(lesson, opening, progress, settings, tuple(notices), last_words)


def in_repl(
    lesson: Lesson, opening: Slices[LessonRun], progress: Progress, last_words: LastWords
) -> None:
    """The lesson at the prompt."""
    from aclbench.repl.lesson import run_lesson
    from aclbench.workbench.tasks import finish

    run = finish(opening)
    run.notices += progress.notices
    progress.notices.clear()
    run_lesson(run, progress, last_words=last_words)


#: The faces in which a lesson can be done; the first is the default.
FACES: Final[dict[str, Face]] = {
    "tui": in_tui,
    "repl": in_repl,
}


def open_lesson(lesson: Lesson, restart: bool = False, face: str = "") -> None:
    """Continue a lesson in one of the faces, and keep the progress.

    Whatever else than its person ends it, how to go on is said.
    """
    from aclbench.tutor.course import LessonRun
    from aclbench.tutor.progress import Progress

    progress = Progress()
    if restart:
        progress.forget(lesson)
    opening = LessonRun.beginning(lesson) if restart else progress.resuming(lesson)
    face = face or next(iter(FACES))
    command = f"aclbench learn {_named(lesson)}{' --repl' if face == 'repl' else ''}"
    kept = f"what was done is kept: `{command}` goes on with it"
    try:
        FACES[face](lesson, opening, progress, lambda: last_line("a signal", kept))
    except Ended as ended:
        write_now(2, last_line(how_ended(ended), kept))
        raise
    except AclbenchError:
        raise
    except Exception as error:
        raise ended_by_fault(error, kept) from None


def _named(lesson: Lesson) -> str:
    """How it is named on the command line: by its number, if it is one of those that come along."""
    from aclbench.workbench.rig.bundled import bundled_files

    return str(lesson.number) if lesson.path in bundled_files("lessons") else str(lesson.path)


@learn.command(OPEN, hidden=True)
@click.argument("lesson", metavar="N|NAME|FILE", shell_complete=complete_lessons)
@click.option("--restart", is_flag=True, help="Begin anew: forget how far the lesson was.")
@click.option("--repl", is_flag=True, help="Run it at the prompt, not on the live screen.")
def open_(lesson: str, restart: bool, repl: bool) -> None:
    """Run a lesson."""
    from aclbench.tutor.shelf import find_lesson

    found = find_lesson(lesson)
    refuse_without_terminal(
        f"`aclbench learn export {lesson}` prints it, `aclbench learn check {lesson}` does it"
    )
    open_lesson(found, restart, "repl" if repl else "")


def refuse_without_terminal(instead: str) -> None:
    """Raise AclbenchError without a terminal; `instead` names a command that needs none."""
    if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
        raise AclbenchError(f"a lesson needs somebody at a terminal; {instead} without one")
