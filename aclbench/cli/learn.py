"""The command `aclbench learn`: lessons, and what a class needs of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from aclbench.errors import AclbenchError
from aclbench.files import write_whole

if TYPE_CHECKING:
    from aclbench.tutor.course import LessonRun
    from aclbench.tutor.lesson import Lesson
    from aclbench.tutor.progress import LessonProgress, Progress

#: The hidden subcommand that runs a lesson: what is no other subcommand's name is a lesson's.
OPEN: Final = "open"
_WIDEST_TITLE: Final = 60


class LessonGroup(click.Group):
    """Subcommands; `aclbench learn 3 --restart` is `aclbench learn open 3 --restart`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((word for word in args if not word.startswith("-")), None)
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if args and not asks_help and first not in self.commands:
            args = [OPEN, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[N|NAME|FILE [--restart] [--repl]] | COMMAND ...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Those of running a lesson, then the commands."""
        opened = self.commands[OPEN]
        options = [p for p in opened.get_params(ctx) if isinstance(p, click.Option)]
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(rows)
        self.format_commands(ctx, formatter)


@click.group(cls=LessonGroup, invoke_without_command=True)
@click.pass_context
def learn(context: click.Context) -> None:
    """Work through guided lessons; without an argument, list them.

    N, NAME or FILE runs one where it was left. At its prompt there are all commands, on the
    lesson's own bench, and the lesson's words: next, guess, try, hint, solution, undo, redo,
    lesson.
    """
    if context.invoked_subcommand is None:
        list_lessons()


# --- the list -----------------------------------------------------------------------------------


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
        Row("", other.name, "", f"{len(other.done)}/{other.steps}", "a file of its own")
        for other in known.values()
    ]
    for line in table_lines(rows, shutil.get_terminal_size().columns):
        click.echo(line)
    click.echo("\n`aclbench learn N` runs one, where you left it; --restart from its beginning.")
    say_notices(progress.notices)


def lesson_row(lesson: Lesson, progress: LessonProgress | None) -> Row:
    """A lesson and how far it is."""
    from aclbench.tutor.shelf import standing_of

    number = "" if lesson.number is None else str(lesson.number)
    steps = range(1, len(lesson.steps) + 1)
    done = "" if progress is None else f"{len(set(progress.done) & set(steps))}/{len(steps)}"
    where = standing_of(lesson, progress)
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


def say_notices(notices: list[str]) -> None:
    """What was found damaged, on standard error."""
    for notice in notices:
        click.echo(f"aclbench: {notice}", err=True)


# --- running one --------------------------------------------------------------------------------


def in_tui(run: LessonRun, progress: Progress) -> None:
    """A lesson on the live screen, beside the bench."""
    from aclbench.tui.app import run_tui_lesson
    from aclbench.tui.settings import read_settings

    settings, says = read_settings()
    run_tui_lesson(run, progress, settings, tuple(says))


def in_repl(run: LessonRun, progress: Progress) -> None:
    """The lesson at the prompt."""
    from aclbench.repl.lesson import run_lesson

    run_lesson(run, progress)


#: Where a lesson can be done. The first is where it is unless asked otherwise.
FACES: Final[dict[str, Callable[[LessonRun, Progress], None]]] = {"tui": in_tui, "repl": in_repl}


def open_lesson(lesson: Lesson, restart: bool = False, face: str = "") -> None:
    """Have a person do a lesson where he left it, in one of the faces; then progress is kept."""
    from aclbench.tutor.course import LessonRun
    from aclbench.tutor.progress import Progress

    progress = Progress()
    run: LessonRun
    if restart:
        progress.forget(lesson)
        run = LessonRun(lesson)
    else:
        run = progress.resume(lesson)
    run.notices += progress.notices
    progress.notices.clear()
    FACES[face or next(iter(FACES))](run, progress)


@learn.command(OPEN, hidden=True)
@click.argument("lesson", metavar="N|NAME|FILE")
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
    """AclbenchError: nobody sits there; `instead` says what needs nobody."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise AclbenchError(f"a lesson needs somebody at a terminal; {instead} without one")


# --- writing lessons ----------------------------------------------------------------------------


@learn.command()
@click.argument("lessons", nargs=-1, required=True, metavar="FILE...")
def check(lessons: tuple[str, ...]) -> None:
    """Check lessons by doing all that they say.

    Every prediction, experiment, solution and hint is run; a goal must not be met before, must be
    met by each solution and by no near miss. A line for each problem, and exit code 1 if there are
    any.
    """
    from aclbench.tutor.checking import check as problems_of
    from aclbench.tutor.lesson import LessonError
    from aclbench.tutor.shelf import find_lesson

    wrong = 0
    for name in lessons:
        try:
            lesson = find_lesson(name)
        except LessonError as error:
            click.echo(one_line(str(error)))
            wrong += 1
            continue
        problems = problems_of(lesson)
        for problem in problems:
            click.echo(one_line(f"{lesson.path}: {problem}"))
        if not problems:
            click.echo(f"{lesson.path}: in order, {len(lesson.steps)} steps")
        wrong += len(problems)
    if wrong:
        click.get_current_context().exit(1)


def one_line(text: str) -> str:
    """A message on one line, whatever the lesson had in it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@learn.command()
@click.argument("file")
def new(file: str) -> None:
    """Write a commented lesson that is in order, to begin with."""
    from pathlib import Path

    from aclbench.tutor.template import new_lesson

    new_lesson(Path(file))
    click.echo(f"{file} written; change it bit by bit, and try `aclbench learn check {file}`")


@learn.command()
@click.argument("run", metavar="RUNFILE")
@click.option("-o", "out", metavar="FILE", help="Write to a new file, not to standard output.")
def record(run: str, out: str | None) -> None:
    """Make a draft of a lesson of what was done in a saved run.

    At a prompt `save mine.run` saves one; in a lesson `lesson record mine.toml` does it all.
    """
    from pathlib import Path

    from aclbench.tutor.recording import record as draft_of
    from aclbench.tutor.recording import write_draft
    from aclbench.workbench.workbench import Workbench

    if not run.endswith(".run"):
        raise click.UsageError(f"{run}: not a saved run; `save mine.run` at a prompt makes one")
    bench = Workbench.load(run)
    if out is None:
        click.echo(draft_of(bench), nl=False)
        return
    write_draft(bench, Path(out))
    click.echo(f"{out} written: a draft; fill in what says TODO")


# --- for a class --------------------------------------------------------------------------------


@learn.command()
@click.argument("lesson", metavar="N|NAME|FILE")
@click.option("--html", "as_html", is_flag=True, help="One HTML page, with pictures of the screen.")
@click.option("--answers", is_flag=True, help="Answers for the teacher, on a page behind the rest.")
@click.option("-o", "out", metavar="FILE", help="Write to a file, not to standard output.")
def export(lesson: str, as_html: bool, answers: bool, out: str | None) -> None:
    """Make a handout of a lesson: its questions, in Markdown or HTML."""
    from aclbench.cli.pictures import picture_of
    from aclbench.tutor import handout
    from aclbench.tutor.shelf import find_lesson

    found = find_lesson(lesson)
    made = handout.make_handout(found, answers, picture_of if as_html else None)
    text = handout.as_html(made) if as_html else handout.as_markdown(made)
    if out is None:
        click.echo(text, nl=False)
        return
    write_over(out, text)
    click.echo(f"{out} written")


def write_over(out: str, text: str) -> None:
    """Write a file, whether or not it is there. Raises AclbenchError."""
    from pathlib import Path

    try:
        write_whole(Path(out), text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AclbenchError(f"{out}: cannot be written: {reason}") from None


@learn.command()
@click.argument("lesson", metavar="N|NAME|FILE")
def present(lesson: str) -> None:
    """Step through a lesson with its solutions, in front of a class.

    Space or Enter goes on, b back, q leaves. Nothing is saved of it.
    """
    from aclbench.tutor.shelf import find_lesson

    found = find_lesson(lesson)
    refuse_without_terminal(f"`aclbench learn export {lesson} --answers` prints all of it")
    from aclbench.repl.presenting import Presenter
    from aclbench.repl.printing import Printer
    from aclbench.tutor.presenting import Presentation

    Presenter(Presentation(found), Printer()).loop()


@learn.command()
@click.argument("lesson", metavar="N|NAME|FILE")
@click.option("--name", required=True, help="Who hands it in.")
@click.option("-o", "out", metavar="FILE", help="The file to write; else it is named by itself.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def submit(lesson: str, name: str, out: str | None, force: bool) -> None:
    """Write what you did of a lesson to one file, to be handed in."""
    from pathlib import Path

    from aclbench.tutor.progress import Progress
    from aclbench.tutor.shelf import find_lesson
    from aclbench.tutor.submission import file_name, submission_of, write_submission

    found = find_lesson(lesson)
    progress = Progress()
    if progress.of(found) is None:
        say_notices(progress.notices)
        raise AclbenchError(f"{found.name} was not begun yet: aclbench learn {lesson}")
    run = progress.resume(found)
    try:
        submission = submission_of(run, name)
    finally:
        say_notices([*progress.notices, *run.notices])
        run.close()
    path = Path(out if out is not None else file_name(submission))
    write_submission(submission, path, force)
    done = f"{len(submission.done)} of {len(found.steps)} steps done"
    click.echo(f"{path} written: {submission.name}, {found.name}, {done}")


@learn.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--lesson", "own", metavar="FILE", multiple=True, help="A lesson of your own (repeatable)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV, with a line of headings.")
def grade(files: tuple[str, ...], own: tuple[str, ...], as_json: bool, as_csv: bool) -> None:
    """Do again what was handed in, and print a table of what holds.

    A step counts if its own inputs do it once more, on your version of the lesson. What cannot be
    graded is a line in the table, and makes the exit code 1.
    """
    from pathlib import Path

    from aclbench.tutor.grading import grade_file, lesson_finder
    from aclbench.tutor.shelf import bundled_lessons, find_lesson

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of one table; choose one")
    find = lesson_finder([*bundled_lessons(), *(find_lesson(name) for name in own)])
    grades = [grade_file(Path(file), find) for file in files]
    if as_json:
        import json

        click.echo(json.dumps([each.to_json() for each in grades], indent=2, ensure_ascii=False))
    elif as_csv:
        click.echo(csv_of([each.to_json() for each in grades]), nl=False)
    else:
        for line in grade_lines([each.to_json() for each in grades]):
            click.echo(line)
    if any(each.problem for each in grades):
        click.get_current_context().exit(1)


def grade_lines(grades: list[dict[str, Any]]) -> Iterator[str]:
    """The table for a person: a line for each submission, and one for each note."""
    heading = ("name", "lesson", "steps", "first guesses")
    rows = [heading] + [
        (
            g["name"],
            g["lesson"],
            f"{len(g['done'])}/{g['steps']}",
            f"{g['first_right']}/{g['predictions']}",
        )
        for g in grades
        if not g["problem"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    yield "  ".join(f"{cell:{width}}" for cell, width in zip(heading, widths, strict=True)).rstrip()
    graded = iter(rows[1:])
    for g in grades:
        if g["problem"]:
            who = f" ({g['name']})" if g["name"] else ""
            yield f"{one_line(g['file'])}{who}: not graded: {g['problem']}"
            continue
        cells = zip(next(graded), widths, strict=True)
        yield "  ".join(f"{cell:{width}}" for cell, width in cells).rstrip()
        yield from (f"  {note}" for note in g["notes"])


def csv_of(grades: list[dict[str, Any]]) -> str:
    """The table for a spreadsheet."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grades[0])
    for g in grades:
        row = {**g, "done": " ".join(map(str, g["done"])), "notes": "; ".join(g["notes"])}
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text."""
    is_formula = isinstance(value, str) and value[:1] in tuple("=+-@\t\r")
    return f"'{value}" if is_formula else value
