"""The list of lessons that `aclbench learn` prints, and how far each is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from aclbench.cli.output import say

if TYPE_CHECKING:
    from aclbench.tutor.lesson import Lesson
    from aclbench.tutor.progress import LessonProgress

_WIDEST_TITLE: Final = 60


class Row(NamedTuple):
    """A lesson in the list."""

    number: str
    title: str
    minutes: str
    done: str
    where: str


def list_lessons() -> None:
    """Print every lesson with how far it is, and others that were begun."""
    from aclbench.tutor.progress import Progress
    from aclbench.tutor.shelf import bundled_lessons

    progress = Progress()
    known = progress.lessons()
    lessons = list(bundled_lessons())
    rows = [Row("#", "lesson", "min", "done", "")]
    rows += [lesson_row(lesson, known.pop(lesson.name, None)) for lesson in lessons]
    rows += [
        Row("", name, "", f"{len(other.done)}/{other.steps}", "a file of its own")
        for name, other in known.items()
    ]
    import shutil

    for line in table_lines(rows, shutil.get_terminal_size().columns):
        say(line)
    say("\n`aclbench learn N` runs one, where you left it; --restart from its beginning.")
    print_notices(progress.notices)


def lesson_row(lesson: Lesson, progress: LessonProgress | None) -> Row:
    """A lesson and how far it is."""
    from aclbench.tutor.shelf import status_of

    number = "" if lesson.number is None else str(lesson.number)
    steps = range(1, len(lesson.steps) + 1)
    done = "" if progress is None else f"{len(set(progress.done) & set(steps))}/{len(steps)}"
    where = status_of(lesson, progress)
    return Row(number, lesson.title, str(lesson.minutes), done, where)


def table_lines(rows: list[Row], width: int) -> Iterator[str]:
    """Columns; a title that is too long for the width is cut, and shows it."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(Row._fields))]
    room = width - sum(widths) + widths[1] - 2 * (len(widths) - 1)
    widths[1] = max(10, min(widths[1], room, _WIDEST_TITLE))
    number, _, minutes, done, _ = widths
    for row in rows:
        title = row.title if len(row.title) <= widths[1] else f"{row.title[: widths[1] - 3]}..."
        yield (
            f"{row.number:>{number}}  {title:{widths[1]}}  {row.minutes:>{minutes}}  "
            f"{row.done:>{done}}  {row.where}"
        ).rstrip()


def print_notices(notices: list[str]) -> None:
    """Print notices of damaged files, on standard error."""
    for notice in notices:
        say(f"aclbench: {notice}", err=True)
