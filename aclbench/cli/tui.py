"""The command `aclbench tui`: the live screen, and the record it keeps of the run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.benches import bench_maker
from aclbench.cli.inputs import BenchOptions, bench_options, inputs_argument
from aclbench.errors import AclbenchError, RunFileError

if TYPE_CHECKING:
    from pathlib import Path

    from aclbench.workbench.history.recorder import Recorder
    from aclbench.workbench.workbench import Workbench

#: What is shown the first time.
FIRST: Final = "aging"


@click.command()
@inputs_argument("[CAPTURE|SCENARIO|RUN]...")
@bench_options
@click.option(
    "--threads",
    is_flag=True,
    help="Run on real threads, one a worker; such a run cannot be stepped or taken back.",
)
@click.option("--paused", is_flag=True, help="Do not begin to play.")
@click.option(
    "--write-config",
    is_flag=True,
    help="Write a file with every setting and key as a comment, if there is none; show nothing.",
)
def tui(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool,
    paused: bool,
    write_config: bool,
) -> None:
    """Watch each worker's lists, bitmaps and flags, live.

    Without an argument what was shown last is shown again; the first time, the bundled scenario
    `aging`. A .run file goes on where it was saved. Press ? for the keys.
    """
    if write_config:
        write_config_file()
        return
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise AclbenchError("the live screen needs a terminal; `aclbench replay` needs none")
    from aclbench.tui.app import run_tui
    from aclbench.tui.settings import read_settings, remember_inputs

    if "-" in inputs or any(text.endswith("=-") for text in asked.rx):
        raise click.UsageError("standard input (-) is where the live screen reads its keys")
    settings, notices = read_settings()
    left_behind = None if inputs or asked.rx or threads else offered_record()
    recorders: list[Recorder] = []
    make_bench, title, inputs = first_bench(inputs, asked, left_behind, threads, notices)
    if left_behind is None and not asked.rx:
        remember_inputs(inputs, notices.append)

    def open_bench(line: str) -> tuple[Callable[[], Workbench], str]:
        another = tuple(shlex.split(line))
        plain = BenchOptions((), (), (), (), (), asked.workers, asked.placement, None)
        try:
            make, title = bench_maker(another, plain, None, threads)
        except click.UsageError as error:
            raise AclbenchError(error.message) from None
        remember_inputs(another)
        return recorded(make, recorders, threads), title

    run_tui(
        recorded(make_bench, recorders, threads),
        title,
        play=not paused,
        threaded=threads,
        open_bench=open_bench,
        settings=settings,
        says=tuple(notices),
    )
    for recorder in recorders:
        recorder.close()
    if left_behind is not None:
        left_behind.unlink(missing_ok=True)


def first_bench(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    left_behind: Path | None,
    threads: bool,
    notices: list[str],
) -> tuple[Callable[[], Workbench], str, tuple[str, ...]]:
    """What is shown first: what makes it, its title, and its inputs.

    That is what was asked for, or else what was shown last. Where that can't be made again, it is
    FIRST, and `notices` gets the reason. Raises AclbenchError.
    """
    from aclbench.tui.settings import last_inputs

    named = bool(inputs or asked.rx or left_behind)
    if not inputs and not asked.rx:
        inputs = last_inputs(notices.append)
    try:
        make_bench, title = bench_maker(inputs or (FIRST,), asked, left_behind, threads)
        make_bench()  # errors are better shown before the screen takes the terminal
    except AclbenchError as error:
        if named:
            raise
        notices.append(f"what was shown last cannot be shown again: {error}")
        inputs = (FIRST,)
        make_bench, title = bench_maker(inputs, asked, None, threads)
    return make_bench, title, inputs


def recorded(
    make_bench: Callable[[], Workbench], recorders: list[Recorder], threads: bool
) -> Callable[[], Workbench]:
    """The same bench, with its run recorded on disk; on real threads there is no record."""
    from aclbench.workbench.history.records import begin_record

    def make_and_record() -> Workbench:
        bench = make_bench()
        try:
            recorders.append(begin_record(bench.past))
        except OSError:
            click.echo("no record of the run is kept: the state folder cannot be written", err=True)
        except RunFileError as error:
            click.echo(f"no record of the run is kept: {error}", err=True)
        return bench

    return make_bench if threads else make_and_record


def write_config_file() -> None:
    """Write the template of the settings unless there are some; print where they are."""
    from aclbench.tui.settings import config_file, write_template

    try:
        path, is_new = write_template()
    except OSError as error:
        raise AclbenchError(f"{config_file()} cannot be written: {error.strerror}") from None
    click.echo(f"{path} written" if is_new else f"{path} is there already, and was left as it is")


def offered_record() -> Path | None:
    """An interrupted run that the user wants to continue; one that is declined is deleted."""
    from aclbench.workbench.history.records import interrupted_records

    for record in interrupted_records():
        if click.confirm(f"A run was interrupted at {record.when}. Go on with it?"):
            return record.path
        record.path.unlink(missing_ok=True)
    return None
