"""For a class: `aclbench learn export|present|submit|grade`."""

from __future__ import annotations

import click

from aclbench.cli.budgets import budget_for_lesson, budget_options
from aclbench.cli.completion import complete_files, complete_lessons
from aclbench.cli.learn.doing import refuse_without_terminal
from aclbench.cli.learn.group import learn
from aclbench.cli.learn.listing import print_notices
from aclbench.cli.output import output_path, say, say_json, say_written
from aclbench.errors import AclbenchError
from aclbench.files import refuse_there, unwritable, write_whole


@learn.command()
@click.argument("lesson", metavar="N|NAME|FILE", shell_complete=complete_lessons)
@click.option("--html", "as_html", is_flag=True, help="One HTML page, with pictures of the screen.")
@click.option("--answers", is_flag=True, help="Answers for the teacher, on a page behind the rest.")
@click.option("-o", "out", metavar="FILE", help="Write to a file, not to standard output.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def export(lesson: str, as_html: bool, answers: bool, out: str | None, force: bool) -> None:
    """Make a handout of a lesson: its questions, in Markdown or HTML."""
    from aclbench.cli.pictures import picture_of
    from aclbench.tutor import handout
    from aclbench.tutor.shelf import find_lesson

    if out is not None and not force:
        refuse_there(output_path(out))
    found = find_lesson(lesson)
    made = handout.make_handout(found, answers, picture_of if as_html else None)
    text = handout.as_html(made) if as_html else handout.as_markdown(made)
    if out is None:
        say(text, nl=False)
        return
    with unwritable(output_path(out), AclbenchError):
        write_whole(output_path(out), text, over=force)
    say_written(output_path(out), "")


@learn.command()
@click.argument("lesson", metavar="N|NAME|FILE", shell_complete=complete_lessons)
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
@click.argument("lesson", metavar="N|NAME|FILE", shell_complete=complete_lessons)
@click.option("--name", required=True, help="Who hands it in.")
@click.option("-o", "out", metavar="FILE", help="The file to write; else it is named by itself.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def submit(lesson: str, name: str, out: str | None, force: bool) -> None:
    """Write what you did of a lesson to one file, to be handed in."""
    from aclbench.tutor.progress import Progress
    from aclbench.tutor.shelf import find_lesson
    from aclbench.tutor.submission import file_name, submission_of, write_submission

    found = find_lesson(lesson)
    progress = Progress()
    if progress.of(found) is None:
        print_notices(progress.notices)
        raise AclbenchError(f"{found.name} was not begun yet: aclbench learn {lesson}")
    run = progress.resume(found)
    try:
        submission = submission_of(run, name)
    finally:
        print_notices([*progress.notices, *run.notices])
        run.close()
    path = output_path(out if out is not None else file_name(submission))
    write_submission(submission, path, force)
    done = f"{len(submission.done)} of {len(found.steps)} steps done"
    say_written(path, f": {submission.name}, {found.name}, {done}")


@learn.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_files)
@click.option(
    "--lesson",
    "own",
    metavar="FILE",
    multiple=True,
    shell_complete=complete_files,
    help="A lesson of your own (repeatable).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV, with a line of headings.")
@budget_options
def grade(
    files: tuple[str, ...],
    own: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
    budget: int | None,
    cpu_seconds: float | None,
) -> None:
    """Do again what was handed in, and print a table of what holds.

    A step counts if its own inputs do it once more, on your version of the lesson. What cannot be
    graded is a line in the table, and makes the exit code 1. Each file has a budget of work,
    counted alike on every machine.
    """
    from pathlib import Path

    from aclbench.tutor.gradetable import grade_lines, grades_as_csv
    from aclbench.tutor.grading import grade_file, lesson_finder
    from aclbench.tutor.shelf import bundled_lessons, find_lesson

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of one table; choose one")
    find = lesson_finder([*bundled_lessons(), *(find_lesson(name) for name in own)])
    grades = [
        grade_file(Path(file), find, budget_for_lesson(budget, cpu_seconds)) for file in files
    ]
    if as_json:
        say_json([each.to_json() for each in grades])
    elif as_csv:
        say(grades_as_csv(grades), nl=False)
    else:
        for line in grade_lines(grades):
            say(line)
    if any(each.problem for each in grades):
        click.get_current_context().exit(1)
