"""The command `aclbench compare`: the same packets on every combination of what is varied."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.collector import without_collector
from aclbench.cli.completion import complete_files
from aclbench.cli.inputs import BenchOptions, bench_options, find_scenario, inputs_argument
from aclbench.cli.memory import keep_freed_memory
from aclbench.cli.output import is_terminal, say, say_json, write_page
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.lab.axes import Axis
    from aclbench.lab.comparing import Case, Compared, Runner
    from aclbench.lab.running import Ran
    from aclbench.workbench.rig.scenario import Scenario
    from aclbench.workbench.tasks import Progress, Slices, T

#: So often Ctrl-C is looked for and the bar painted, in seconds.
BETWEEN_BARS_S: Final = 0.05
#: What a capture's name has, below a folder.
CAPTURES: Final = frozenset((".pcap", ".pcapng", ".cap"))
#: Connections that are named for each combination, unless told otherwise.
MOST: Final = 3


@click.command()
@inputs_argument("CAPTURE|SCENARIO|FOLDER...")
@bench_options
@click.option(
    "--vary",
    "varied",
    metavar="KEY=A,B",
    multiple=True,
    help="What differs, and its values (repeatable): design, workers, placement, max-entries, "
    "'timeout udp idle', quantum, wait-min, wait-max, exec (files of lines), acl0 (of rules).",
)
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(0),
    default=MOST,
    help=f"Name up to N connections that would notice, of each combination. [{MOST}]",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 1024),
    help="Run so many combinations at a time, in processes. [the cores]",
)
@click.option(
    "--until-none-lost",
    metavar="KEY",
    help="Find the smallest value at which nobody loses a session: of max-entries, or of a "
    "timeout, 'timeout udp idle'.",
)
@click.option(
    "--html",
    "page",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write one page with plots as well, that needs nothing else.",
)
@click.option("--force", is_flag=True, help="Overwrite that file.")
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the figures as CSV.")
def compare(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    varied: tuple[str, ...],
    most: int,
    jobs: int | None,
    until_none_lost: str | None,
    page: str | None,
    force: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Play the same packets on several benches: who would notice, and the figures.

    Each combination of what is varied is held against the first one: packets that would have
    another fate are counted, and told by connection. Then come fates, sessions, how late these were
    deleted, and the work.

    Ctrl-C ends it with what is done.
    """
    from aclbench.lab.comparing import cases_of

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two ways to print it; choose one")
    if not inputs and not asked.rx:
        raise click.UsageError("Missing argument 'CAPTURE|SCENARIO|FOLDER...'")
    if until_none_lost is not None:
        if varied or page or as_csv:
            raise click.UsageError("--until-none-lost goes without --vary, --html and --csv")
        search(find_scenario(inputs, asked), until_none_lost, asked, most, as_json)
        return
    if page is not None:
        from aclbench.files import refuse_there
        from aclbench.lab.plots import check_plots

        check_plots()
        if not force:
            refuse_there(Path(page))
    axes = axes_of(varied)
    scenarios, unreadable = scenarios_of(inputs, asked)
    cases = cases_of(scenarios, axes)
    found, interrupted = run_cases(cases, asked, jobs or cores(), most)
    show(found, as_json, as_csv)
    if page is not None and found:
        from aclbench.lab.page import comparison_page

        write_page(Path(page), comparison_page(found))
    for why in unreadable:
        say(f"aclbench: {why}", err=True)
    if interrupted:
        left = len(cases) - len(found)
        say(f"aclbench: interrupted; {left} of {len(cases)} were not run to their end", err=True)
        raise KeyboardInterrupt
    if unreadable:
        raise click.exceptions.Exit(1)


def show(found: list[Compared], as_json: bool, as_csv: bool) -> None:
    """Print a comparison, in one way or another."""
    from aclbench.lab.table import to_csv, to_json, to_text

    if as_json:
        say_json(to_json(found))
    elif as_csv:
        say(to_csv(found), nl=False)
    elif found:
        say(to_text(found, screen_width()))


def scenarios_of(inputs: Sequence[str], asked: BenchOptions) -> tuple[list[Scenario], list[str]]:
    """The scenario of the inputs, or those of each capture below a folder, and what is none."""
    folder = Path(inputs[0]) if len(inputs) == 1 else None
    if folder is None or not folder.is_dir():
        return [find_scenario(inputs, asked)], []
    from msgspec.structs import replace

    found: list[Scenario] = []
    unreadable: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not CAPTURES.intersection(path.suffixes):
            continue
        try:
            scenario = find_scenario([str(path)], asked)
        except AclbenchError as error:
            unreadable.append(str(error))
        else:
            found.append(replace(scenario, title=str(path.relative_to(folder))))
    if not found and not unreadable:
        raise AclbenchError(f"{folder}: no capture is below it ({', '.join(sorted(CAPTURES))})")
    return found, unreadable


def search(scenario: Scenario, key: str, asked: BenchOptions, most: int, as_json: bool) -> None:
    """Find and print the smallest value at which nobody loses a session."""
    from tempfile import TemporaryDirectory

    from aclbench.lab.searching import Smallest, check_key, finding_smallest

    try:
        check_key(key)
    except AclbenchError as error:
        raise click.UsageError(f"--until-none-lost {error}") from None
    found: list[Smallest] = []

    def finding() -> Slices[None]:
        found.append((yield from finding_smallest(scenario, key, path, asked.limits, most)))

    with TemporaryDirectory(prefix="aclbench-") as folder:
        path = Path(folder)
        if not to_its_end(finding()):
            raise KeyboardInterrupt
    if as_json:
        say_json(found[0].to_json())
    else:
        say(found[0].to_text())


def axes_of(varied: Sequence[str]) -> list[Axis]:
    """What is varied. UsageError: an option says something else."""
    from aclbench.lab.axes import read_axis

    axes = []
    for text in varied:
        try:
            axes.append(read_axis(text))
        except AclbenchError as error:
            raise click.UsageError(f"--vary {text}: {error}") from None
    return axes


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def screen_width() -> int:
    """Of the terminal; elsewhere as wide as it takes."""
    if not is_terminal(sys.stdout):
        return 1 << 20
    from shutil import get_terminal_size

    return get_terminal_size().columns


def run_cases(
    cases: Sequence[Case], asked: BenchOptions, jobs: int, most: int
) -> tuple[list[Compared], bool]:
    """Run all; what is done, and whether Ctrl-C ended it. AclbenchError: one cannot be run."""
    from tempfile import TemporaryDirectory

    from aclbench.lab.comparing import compared

    results: dict[int, Ran] = {}
    with TemporaryDirectory(prefix="aclbench-") as folder:
        runner = runner_of(Path(folder), min(jobs, len(cases)))
        work = runner([case.job(asked.limits) for case in cases], results)
        interrupted = not to_its_end(work)
        done = compared(cases, results, most)
        try:
            while True:
                next(done)
        except StopIteration as end:
            return end.value, interrupted


def runner_of(folder: Path, jobs: int) -> Runner:
    """What runs benches: in this process, or so many in others."""
    if jobs == 1:
        from aclbench.lab.comparing import running_here

        return running_here(folder)
    from aclbench.lab.processes import in_processes

    return lambda work, results: in_processes(work, folder, jobs, results)


def to_its_end(slices: Slices[T]) -> bool:
    """Work with a bar; False: Ctrl-C ended it, at the second time at once."""
    from aclbench.workbench.tasks import Task

    keep_freed_memory()
    stop: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        stop.append(number)
        if len(stop) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with without_collector(), progress_bar() as advance:
            task = Task(slices)
            while not stop and not task.work(BETWEEN_BARS_S):
                advance(task.progress)
            task.stop()
        if task.error is not None:
            raise task.error
    finally:
        signal.signal(signal.SIGINT, before)
    return not stop


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
