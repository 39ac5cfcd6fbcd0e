"""The command `aclbench repl`: the command line one types into, and lines from elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from aclbench.cli.benches import bench_maker
from aclbench.cli.completion import complete_files
from aclbench.cli.inputs import BenchOptions, bench_options, inputs_argument
from aclbench.cli.output import is_terminal, say
from aclbench.cli.records import (
    LIST,
    Records,
    list_runs,
    resume_option,
    run_named,
    runs_to_offer,
    say_aside,
)
from aclbench.cli.threads import threads_option
from aclbench.errors import AclbenchError
from aclbench.files import remove_left_folders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aclbench.repl.batch import Line


@click.command()
@inputs_argument("[CAPTURE|SCENARIO|RUN]...")
@bench_options
@threads_option
@click.option(
    "-c", "given", metavar="LINE", multiple=True, help="Run this line and leave (repeatable)."
)
@click.option(
    "-f",
    "file",
    metavar="FILE",
    shell_complete=complete_files,
    help="Run the lines of a file, before those of -c.",
)
@resume_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document for each command.")
@click.option(
    "--no-suggestions", is_flag=True, help="Do not suggest lines from the history while typing."
)
def repl(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool,
    given: tuple[str, ...],
    file: str | None,
    resume: str | None,
    as_json: bool,
    no_suggestions: bool,
) -> None:
    """Type VPP's commands and aclbench's own.

    Without an argument the bench is empty. A capture or scenario sets it up, ready to play; a .run
    file goes on where it was saved. At the prompt ? lists what can come next, Tab completes, Up
    recalls; Ctrl-C clears the line or stops what runs; Ctrl-D, quit and exit leave.

    With -c, with -f, or when standard input is no terminal, the lines are run without prompt and
    echo. Blank lines and comments (#) are skipped; the first line that fails ends it, with exit
    code 1 and its place on standard error.

    With --json each command prints one JSON document on a line: its values, where it has some,
    or {"text": ...}.
    """
    if resume == LIST:
        list_runs()
        return
    if file == "":
        raise click.UsageError("-f '' names no file")
    typed = not given and file is None and is_terminal(sys.stdin) and is_terminal(sys.stdout)
    if resume is not None and (inputs or asked.rx or threads or not typed):
        raise click.UsageError("--resume goes on with a run at the prompt; leave what else is run")
    takes_input = "-" in inputs or any(text.endswith("=-") for text in asked.rx)
    if takes_input and (file == "-" or (not given and file is None)):
        raise click.UsageError("standard input (-) is where the commands come from; use -c or -f")
    remove_left_folders()
    if typed:
        at_prompt(inputs, asked, threads, resume, as_json, not no_suggestions)
        return
    make_bench, _ = bench_maker(inputs, asked, threads)

    from aclbench.repl.batch import BatchError, run_batch
    from aclbench.repl.printing import Printer
    from aclbench.repl.session import Session
    from aclbench.workbench.tasks import finish

    try:
        run_batch(Session(finish(make_bench()), Printer(), as_json), batch_lines(given, file))
    except BatchError as error:
        sys.stdout.flush()
        say(str(error), err=True)
        click.get_current_context().exit(1)


def at_prompt(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool,
    resume: str | None,
    as_json: bool,
    suggestions: bool,
) -> None:
    """Somebody types, until he leaves; the run is recorded, but not on real threads."""
    from aclbench.repl.printing import Printer
    from aclbench.repl.prompt import Prompt, greet
    from aclbench.repl.session import Session
    from aclbench.workbench.tasks import finish

    with Records("repl") as records:
        if resume is not None:
            run = run_named(resume)
            make_bench, title = records.loading(run, asked.limits), run.title
        else:
            make_bench, title = bench_maker(inputs, asked, threads)
            if not inputs and (ended := runs_to_offer()):
                say_aside(
                    f"A run of {ended[0].title} ended on {ended[0].when} ({ended[0].ended}); "
                    "`aclbench repl --resume` goes on with it."
                )
        session = Session(finish(make_bench()), Printer(), as_json)
        if not threads:
            finish(records.beginning(session.bench, goes_on=resume is not None))
        prompt = Prompt(session, suggestions)
        greet(title, session.bench.report().notes, session.printer)
        prompt.loop(records.last_words)


def batch_lines(given: tuple[str, ...], file: str | None) -> Iterator[Line]:
    """The file's lines, then those given; without any those of standard input."""
    from pathlib import Path

    from aclbench.repl.batch import file_lines, given_lines, stream_lines

    if file == "-" or (file is None and not given):
        if sys.stdin is None:
            raise AclbenchError("there is no standard input to read lines from; use -c or -f")
        yield from stream_lines(sys.stdin)
    elif file is not None:
        yield from file_lines(Path(file))
    yield from given_lines(given)
