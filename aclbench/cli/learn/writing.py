"""For those who write lessons: `aclbench learn check|new|record`."""

from __future__ import annotations

import click

from aclbench.cli.budgets import budget_for_lesson, budget_options
from aclbench.cli.completion import complete_files, complete_lessons
from aclbench.cli.learn.group import learn
from aclbench.cli.output import output_path, say, say_written
from aclbench.words import counted


@learn.command()
@click.argument(
    "lessons", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_lessons
)
@budget_options
def check(lessons: tuple[str, ...], budget: int | None, cpu_seconds: float | None) -> None:
    """Check lessons by doing all that they say.

    Every prediction, experiment, solution and hint is run; a goal must not be met before, must be
    met by each solution and by no near miss. A line for each problem, and exit code 1 if there are
    any. Each lesson has a budget of work, counted alike on every machine.
    """
    from aclbench.tutor.checking import check as problems_of
    from aclbench.tutor.grading import one_line
    from aclbench.tutor.lesson import LessonError
    from aclbench.tutor.shelf import find_lesson

    wrong = 0
    for name in lessons:
        try:
            lesson = find_lesson(name)
        except LessonError as error:
            say(one_line(str(error)))
            wrong += 1
            continue
        problems = problems_of(lesson, budget_for_lesson(budget, cpu_seconds))
        for problem in problems:
            say(one_line(f"{lesson.path}: {problem}"))
        if not problems:
            say(f"{lesson.path}: in order, {counted(len(lesson.steps), 'step')}")
        wrong += len(problems)
    if wrong:
        click.get_current_context().exit(1)


@learn.command()
@click.argument("file", shell_complete=complete_files)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def new(file: str, force: bool) -> None:
    """Write a commented lesson that is in order, to begin with."""
    from pathlib import Path

    from aclbench.tutor.template import new_lesson

    new_lesson(Path(file), force)
    say(f"{file} written; change it bit by bit, and try `aclbench learn check {file}`")


@learn.command()
@click.argument("run", metavar="RUNFILE", shell_complete=complete_files)
@click.option("-o", "out", metavar="FILE", help="Write to a file, not to standard output.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def record(run: str, out: str | None, force: bool) -> None:
    """Make a draft of a lesson of what was done in a saved run.

    At a prompt `save mine.run` saves one; in a lesson `lesson record mine.toml` does it all.
    """

    from aclbench.tutor.recording import record as draft_of
    from aclbench.tutor.recording import write_draft
    from aclbench.workbench.workbench import Workbench

    if not run.endswith(".run"):
        raise click.UsageError(f"{run}: not a saved run; `save mine.run` at a prompt makes one")
    bench = Workbench.load(run)
    if out is None:
        say(draft_of(bench), nl=False)
        return
    write_draft(bench, output_path(out), force)
    say_written(output_path(out), ": a draft; fill in what says TODO")
