"""The command `aclbench tui`: the live screen, and the record it keeps of the run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from aclbench.cli.benches import bench_maker
from aclbench.cli.inputs import BenchOptions, bench_options
from aclbench.errors import AclbenchError, RunFileError

if TYPE_CHECKING:
    from pathlib import Path

    from aclbench.workbench.bench import Workbench
    from aclbench.workbench.history.runfile import Recorder


@click.command()
@click.argument("inputs", nargs=-1, metavar="[CAPTURE|SCENARIO|RUN]...")
@bench_options
@click.option(
    "--threads",
    is_flag=True,
    help="Run on real threads, one a worker; such a run cannot be stepped or taken back.",
)
@click.option("--paused", is_flag=True, help="Do not begin to play.")
def tui(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool,
    paused: bool,
) -> None:
    """Watch each worker's lists, bitmaps and flags, live.

    Without an argument the bundled scenario `aging` is shown. A .run file goes on where it was
    saved.
    Press ? for the keys.
    """
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise AclbenchError("the live screen needs a terminal; `aclbench replay` needs none")
    from aclbench.tui.app import run_tui
    from aclbench.workbench.history.records import begin_record

    if "-" in inputs or any(text.endswith("=-") for text in asked.rx):
        raise click.UsageError("standard input (-) is where the live screen reads its keys")
    left_behind = None if inputs or asked.rx or threads else offered_record()
    if not inputs and not asked.rx:
        inputs = ("aging",)
    make_bench, title = bench_maker(inputs, asked, left_behind, threads)
    make_bench()  # what is wrong with it is better said before the screen is taken
    if threads:
        run_tui(make_bench, title, play=not paused, threaded=True)
        return
    recorders: list[Recorder] = []

    def make_and_record() -> Workbench:
        bench = make_bench()
        try:
            recorders.append(begin_record(bench))
        except OSError:
            click.echo("no record of the run is kept: the state folder cannot be written", err=True)
        except RunFileError as error:
            click.echo(f"no record of the run is kept: {error}", err=True)
        return bench

    run_tui(make_and_record, title, play=not paused)
    for recorder in recorders:
        recorder.close()
    if left_behind is not None:
        left_behind.unlink(missing_ok=True)


def offered_record() -> Path | None:
    """A run that was interrupted, if the person wants to go on with it; one declined is gone."""
    from aclbench.workbench.history.records import interrupted_records

    for record in interrupted_records():
        if click.confirm(f"A run was interrupted at {record.when}. Go on with it?"):
            return record.path
        record.path.unlink(missing_ok=True)
    return None
