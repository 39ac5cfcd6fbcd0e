"""The command `aclbench`: one subcommand a face. Heavy imports wait until they are used.

Exit codes: 0 fine, 1 something could not be read or done (one message on standard error says what),
2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from aclbench import __version__
from aclbench.compiled import form
from aclbench.cli_synth import synth
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aclbench.workbench.bench import Workbench
    from aclbench.workbench.history.runfile import Recorder
    from aclbench.workbench.scenario import Scenario

EXIT_INTERRUPTED = 130
#: Captures smaller than this are done before a bar is painted.
PROGRESS_BYTES = 2 << 20


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"aclbench %(version)s, {form()}")
def cli() -> None:
    """A workbench for stateful ACL session aging, as in FD.io VPP's acl plugin.

    Try `aclbench tui aging` to watch it, `aclbench replay CAPTURE` for the figures of a capture.
    """


def bench_options(command: Any) -> Any:
    """The options that say on what bench a capture is played."""
    options = (
        click.option(
            "--inside",
            metavar="PREFIX",
            multiple=True,
            help="A prefix whose packets come from inside (repeatable). Without it, the side that "
            "opens most connections.",
        ),
        click.option(
            "--workers",
            metavar="N",
            type=click.IntRange(0, 256),
            help="Worker threads; 0: vpp_main carries the packets. [1, or the scenario's]",
        ),
        click.option(
            "--placement",
            type=click.Choice(["interface", "flow"]),
            help="A packet's worker: that of its rx interface, or by flow hash. "
            "[interface, or the scenario's]",
        ),
        click.option(
            "--exec",
            "exec_file",
            metavar="FILE",
            help="VPP CLI lines that make the bench, instead of a scenario; a packet enters the "
            "interface that its source is routed to.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="CAPTURE|SCENARIO...")
@bench_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--trace", is_flag=True, help="Print a line for each packet: verdict and why.")
@click.option(
    "--only",
    metavar="FATE|REASON",
    help="With --trace: packets of this fate (denied, dropped, ...) or whose reason has this text.",
)
@click.option("--until", metavar="SECONDS", help="Stop this long after the first packet.")
@click.option("--write-passed", metavar="FILE", help="Write the packets that passed to a capture.")
@click.option("--write-dropped", metavar="FILE", help="Write the packets that did not.")
def replay(
    inputs: tuple[str, ...],
    inside: tuple[str, ...],
    workers: int | None,
    placement: str | None,
    exec_file: str | None,
    as_json: bool,
    trace: bool,
    only: str | None,
    until: str | None,
    write_passed: str | None,
    write_dropped: str | None,
) -> None:
    """Play captures and print what became of their packets and sessions.

    A scenario (a TOML file, or the name of a bundled one) sets up the bench and names its captures.
    A capture alone gets a firewall that permits and reflects what is opened from inside, and denies
    what is opened from outside. Several captures are played in order; - is standard input.

    Ctrl-C ends it with the summary so far.
    """
    from pathlib import Path

    from aclbench.workbench.bench import Workbench, seconds_to_ns
    from aclbench.workbench.outputs import SplitCaptures, TraceLines

    scenario = find_scenario(inputs, inside, workers, placement, exec_file)
    end = None if until is None else seconds_to_ns(until)
    bench = Workbench.from_scenario(scenario, history=False)
    if trace or only:
        if as_json:
            raise click.UsageError("--trace prints lines, --json prints JSON: one of them")
        bench.listen(TraceLines(bench, click.echo, only or "").hear)
    split: SplitCaptures | None = None
    if write_passed or write_dropped:
        split = SplitCaptures(
            bench,
            Path(write_passed) if write_passed else None,
            Path(write_dropped) if write_dropped else None,
        )
        bench.listen(split.hear)
    interrupted = play_to_end(bench, None if end is None else bench.started + end)
    if split is not None:
        split.close()
    print_report(bench, as_json)
    if bench.capture_error is not None:
        raise bench.capture_error
    if interrupted:
        raise KeyboardInterrupt


#: A replay looks so often for Ctrl-C and paints its progress.
PLAY_PACKETS = 20_000
PLAY_TURNS = 20_000


def play_to_end(bench: Workbench, end_ns: int | None) -> bool:
    """Play all captures, or up to a time; returns True if Ctrl-C ended it.

    Ctrl-C is waited for between two packets, so that the figures are those of whole packets.
    """
    import gc
    import signal

    stop: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stop.append(number))
    # Sessions refer to nothing that refers back, so there is no garbage for the cycle collector;
    # walking a million of them again and again would cost more than the packets.
    gc.collect()
    gc.disable()
    try:
        with progress_bar(bench) as advance:
            ended = False
            while not ended and not stop:
                if end_ns is None:
                    ended = bench.play(PLAY_PACKETS, PLAY_TURNS)
                else:
                    ended = bench.run_until(end_ns, PLAY_PACKETS)
                advance()
    finally:
        gc.enable()
        signal.signal(signal.SIGINT, before)
    return bool(stop)


@contextmanager
def progress_bar(bench: Workbench) -> Iterator[Callable[[], None]]:
    """A bar with rate and time left on a terminal; nothing elsewhere. Yields what paints it."""
    if not sys.stderr.isatty() or bench.feed is None or bench.feed.progress[1] < PROGRESS_BYTES:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    feed = bench.feed
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[packets]:,} packets, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    began = time.perf_counter()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        done, size = feed.progress
        task = bar.add_task("", total=size, completed=done, packets=0, rate=0.0)

        def advance() -> None:
            rate = feed.read / (time.perf_counter() - began)
            bar.update(task, completed=feed.progress[0], packets=feed.read, rate=rate)

        yield advance


@cli.command()
@click.argument("inputs", nargs=-1, metavar="[CAPTURE|SCENARIO|RUN]...")
@bench_options
@click.option("--paused", is_flag=True, help="Do not begin to play.")
def tui(
    inputs: tuple[str, ...],
    inside: tuple[str, ...],
    workers: int | None,
    placement: str | None,
    exec_file: str | None,
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

    left_behind = None if inputs else offered_record()
    make_bench, title = bench_maker(inputs, inside, workers, placement, exec_file, left_behind)
    make_bench()  # what is wrong with it is better said before the screen is taken
    recorders: list[Recorder] = []

    def make_and_record() -> Workbench:
        bench = make_bench()
        try:
            recorders.append(begin_record(bench))
        except OSError:
            click.echo("no record of the run is kept: the state folder cannot be written", err=True)
        return bench

    run_tui(make_and_record, title, play=not paused)
    for recorder in recorders:
        recorder.close()
    if left_behind is not None:
        left_behind.unlink(missing_ok=True)


def bench_maker(
    inputs: tuple[str, ...],
    inside: tuple[str, ...],
    workers: int | None,
    placement: str | None,
    exec_file: str | None,
    run: Path | None,
) -> tuple[Callable[[], Workbench], str]:
    """What makes the bench that the arguments name, and its title."""
    from pathlib import Path

    from aclbench.workbench.bench import Workbench

    if run is None and len(inputs) == 1 and inputs[0].endswith(".run"):
        run = Path(inputs[0])
    if run is not None:
        found = run
        return lambda: Workbench.load(found), found.name
    scenario = find_scenario(inputs or ("aging",), inside, workers, placement, exec_file)
    return lambda: Workbench.from_scenario(scenario), scenario.title


def offered_record() -> Path | None:
    """A run that was interrupted, if the person wants to go on with it; one declined is gone."""
    from aclbench.workbench.history.records import interrupted_records

    for record in interrupted_records():
        if click.confirm(f"A run was interrupted at {record.when}. Go on with it?"):
            return record.path
        record.path.unlink(missing_ok=True)
    return None


def find_scenario(
    inputs: Sequence[str],
    inside: Sequence[str],
    workers: int | None,
    placement: str | None,
    exec_file: str | None,
) -> Scenario:
    """The scenario that the arguments name, or the one for captures that come alone."""
    from dataclasses import replace
    from pathlib import Path

    from aclbench.workbench.bundled import find_input
    from aclbench.workbench.scenario import (
        PLACEMENTS,
        load_scenario,
        scenario_for_capture,
        scenario_for_exec,
    )

    chosen = next((p for p in PLACEMENTS if p == placement), None)
    paths = [find_input(name) for name in inputs]
    scenarios = [path for path in paths if path.suffix == ".toml"]
    if exec_file is not None:
        if scenarios or inside:
            raise click.UsageError("--exec goes with captures alone: no scenario, no --inside")
        count = 1 if workers is None else workers
        return scenario_for_exec(paths, Path(exec_file), count, chosen or "interface")
    if not scenarios:
        prefixes, why = _inside_of(paths[0], inside)
        count = 1 if workers is None else workers
        return scenario_for_capture(paths, prefixes, why, count, chosen or "interface")
    if len(paths) > 1:
        raise AclbenchError(f"{scenarios[0]}: a scenario comes alone; it names its own captures")
    if inside:
        raise AclbenchError(
            f"{scenarios[0]}: a scenario says itself what is inside; leave --inside"
        )
    scenario = load_scenario(scenarios[0])
    if workers is not None:
        scenario = replace(scenario, workers=workers)
    return replace(scenario, placement=chosen) if chosen else scenario


def _inside_of(capture: Any, inside: Sequence[str]) -> tuple[Sequence[str], str]:
    """The inside prefixes of a capture alone, and why these."""
    from ipaddress import ip_network

    from aclbench.capture import guess_inside

    for prefix in inside:
        try:
            ip_network(prefix)
        except ValueError as error:
            raise click.UsageError(f"--inside {prefix}: {error}") from None
    if inside:
        return inside, f"inside is {', '.join(inside)}, as asked"
    guess = guess_inside(capture)
    return guess.prefixes, guess.sentence


def print_report(bench: Workbench, as_json: bool) -> None:
    """Print the figures so far, on standard output."""
    report = bench.report()
    if as_json:
        import json

        figures = report.to_json()
        figures["error"] = str(bench.capture_error) if bench.capture_error else None
        click.echo(json.dumps(figures, indent=2))
    else:
        click.echo(report.to_text())


cli.add_command(synth)


def main() -> None:
    """Run the command; whatever a person did wrong is one message, never a traceback."""
    try:
        code = cli.main(prog_name="aclbench", standalone_mode=False)
        sys.stdout.flush()
        sys.stderr.flush()
        # Everything is said and closed; taking a million sessions apart one by one helps nobody.
        os._exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        click.echo(f"aclbench: the output cannot be written: {error.strerror}", err=True)
        os._exit(1)  # the interpreter would try to write it once more
    except AclbenchError as error:
        click.echo(f"aclbench: {error}", err=True)
        sys.exit(1)
