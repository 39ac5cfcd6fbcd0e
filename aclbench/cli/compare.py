"""The command `aclbench compare`: the same packets on every combination of what is varied."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.completion import complete_files
from aclbench.cli.inputs import BenchOptions, bench_options, find_scenario, inputs_argument
from aclbench.cli.output import is_terminal, say, say_json, write_page
from aclbench.cli.spreading import (
    check_spread,
    cores,
    in_processes_here,
    spread,
    spread_options,
    to_its_end,
)
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.lab.axes import Axis
    from aclbench.lab.comparing import Case, Compared
    from aclbench.lab.running import Ran
    from aclbench.workbench.rig.scenario import Scenario
    from aclbench.workbench.tasks import Slices

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
@spread_options
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
    cluster: str | None,
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
    check_spread(jobs, cluster)
    if until_none_lost is not None:
        if varied or page or as_csv:
            raise click.UsageError("--until-none-lost goes without --vary, --html and --csv")
        search(find_scenario(inputs, asked), until_none_lost, asked, most, cluster, as_json)
        return
    if page is not None:
        from aclbench.files import refuse_unwritable
        from aclbench.lab.plots import check_plots

        check_plots()
        refuse_unwritable(Path(page), force)
    axes = axes_of(varied)
    scenarios, unreadable = scenarios_of(inputs, asked)
    cases = cases_of(scenarios, axes)
    done, interrupted = run_cases(cases, asked, most, jobs, cluster)
    unreadable += dict.fromkeys(each.ran.error for each in done if each.ran.error)
    found = [each for each in done if each.ran.figures.packets or not each.ran.error]
    show(found, as_json, as_csv)
    if page is not None and found:
        from aclbench.lab.page import comparison_page

        write_page(Path(page), comparison_page(found))
    for why in unreadable:
        say(f"aclbench: {why}", err=True)
    if interrupted:
        left = len(cases) - len(done)
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


def search(
    scenario: Scenario,
    key: str,
    asked: BenchOptions,
    most: int,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Find and print the smallest value at which nobody loses a session; after Ctrl-C, what is
    known of it.
    """
    from aclbench.files import TemporaryFolder
    from aclbench.lab.jobs import here
    from aclbench.lab.searching import Search, check_key

    try:
        check_key(key)
    except AclbenchError as error:
        raise click.UsageError(f"--until-none-lost {error}") from None
    found = Search(scenario, key, asked.limits, most)
    with TemporaryFolder() as folder, spread(folder, 1, cluster, 1) as run:
        whole = to_its_end(found.slices(run, here(folder)))
    known = found.known
    if known is not None:
        if as_json:
            say_json(known.to_json())
        else:
            say(known.to_text())
    if not whole:
        say("aclbench: interrupted", err=True)
        raise KeyboardInterrupt


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


def screen_width() -> int:
    """Of the terminal; elsewhere as wide as it takes."""
    if not is_terminal(sys.stdout):
        return 1 << 20
    from shutil import get_terminal_size

    return get_terminal_size().columns


def run_cases(
    cases: Sequence[Case], asked: BenchOptions, most: int, jobs: int | None, cluster: str | None
) -> tuple[list[Compared], bool]:
    """Run all; what is done, and whether Ctrl-C ended it. AclbenchError: one cannot be run."""
    from aclbench.files import TemporaryFolder
    from aclbench.lab.comparing import compared

    results: dict[int, Ran] = {}
    found: list[Compared] = []
    with TemporaryFolder() as folder:
        with spread(folder, jobs, cluster, len(cases)) as run:
            whole = to_its_end(run([case.job(asked.limits) for case in cases], results))
        here = in_processes_here(folder, min(jobs or cores(), max(len(results) - 1, 1)))

        def comparing() -> Slices[None]:
            found.extend((yield from compared(cases, results, most, here)))

        whole = to_its_end(comparing()) and whole
    return found, not whole
