"""Work that is spread over processes or a cluster: its options, its bar, and Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from aclbench.cli.collector import without_collector
from aclbench.cli.memory import keep_freed_memory
from aclbench.cli.output import is_terminal

if TYPE_CHECKING:
    from aclbench.lab.jobs import Runner
    from aclbench.workbench.tasks import Progress, Slices, T

#: Of a cluster's scheduler.
_ADDRESS: Final = re.compile(r"([a-z]+://)?[^/\s]+:[0-9]{1,5}/?")
#: So often Ctrl-C is looked for and the bar painted, in seconds.
BETWEEN_BARS_S: Final = 0.05


def spread_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command whose work is spread: `jobs` and `cluster`."""
    jobs = click.option(
        "--jobs",
        metavar="N",
        type=click.IntRange(1, 1024),
        help="Work in so many processes. [the cores]",
    )
    cluster = click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Work on a Dask cluster, by the address of its scheduler, tcp://10.0.0.5:8786; local "
        "starts one here, of --jobs processes.",
    )
    return jobs(cluster(command))


def check_spread(jobs: int | None, cluster: str | None) -> None:
    """UsageError: these options do not go together."""
    if jobs is not None and cluster is not None and cluster != "local":
        raise click.UsageError("--jobs goes with --cluster local; another has its own workers")
    if cluster is not None and cluster != "local" and not _ADDRESS.fullmatch(cluster):
        raise click.UsageError(f"--cluster {cluster[:64]}: tcp://10.0.0.5:8786, or local, is right")


@contextmanager
def spread(folder: Path, jobs: int | None, cluster: str | None, most: int) -> Iterator[Runner]:
    """What does jobs as the options say, `most` of them at a time; files go into a folder."""
    count = min(jobs or cores(), most)
    if cluster is not None:
        from aclbench.lab.cluster import on_cluster

        with on_cluster(cluster, folder, count) as runner:
            yield runner
    else:
        yield in_processes_here(folder, count)


def in_processes_here(folder: Path, count: int) -> Runner:
    """What does jobs on this machine: in this process if one at a time, or in others."""
    if count == 1:
        from aclbench.lab.jobs import here

        return here(folder)
    from aclbench.lab.processes import in_processes

    return in_processes(folder, count)


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def to_its_end(slices: Slices[T]) -> bool:
    """Work with a bar; False: Ctrl-C ended it, at the second time at once.

    Who ends the program otherwise ends the work as well, and what goes with it: Exit, as the shell
    has it.
    """
    from aclbench.workbench.tasks import Task

    keep_freed_memory()
    stop: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        stop.append(number)
        if len(stop) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ending()}
    try:
        with without_collector(), progress_bar() as advance:
            task = Task(slices)
            while not stop and not task.work(BETWEEN_BARS_S):
                advance(task.progress)
            task.stop()
        if task.error is not None:
            raise task.error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stop and stop[0] != signal.SIGINT:
        raise click.exceptions.Exit(128 + stop[0])
    return not stop


def _ending() -> list[signal.Signals]:
    """What ends a program that can still tidy up; not SIGHUP behind nohup."""
    others = (signal.SIGTERM, signal.SIGHUP)
    heard = [number for number in others if signal.getsignal(number) is not signal.SIG_IGN]
    return [signal.SIGINT, *heard]


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress | None], None]]:
    """A bar with the time left on a terminal; nothing elsewhere. Yields what paints it.

    It has no thread of its own: processes are forked meanwhile.
    """
    if not is_terminal(sys.stderr):
        yield lambda told: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=None)

        def advance(told: Progress | None) -> None:
            if told is not None:
                bar.update(task, completed=told.done, total=told.total)
            bar.refresh()

        yield advance
