"""The command `aclbench`: one subcommand a face. Heavy imports wait until they are used.

Exit codes: 0 fine, 1 something could not be read or done (one message on standard error says what),
2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from aclbench import __version__
from aclbench.cli_synth import synth
from aclbench.compiled import form
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aclbench.workbench.bench import Workbench
    from aclbench.workbench.history.runfile import Recorder
    from aclbench.workbench.scenario import InterfaceSpec, Scenario

EXIT_INTERRUPTED = 130
#: Captures smaller than this are done before a bar is painted.
PROGRESS_BYTES = 2 << 20


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"aclbench %(version)s, {form()}")
def cli() -> None:
    """A workbench for stateful ACL session aging, as in FD.io VPP's acl plugin.

    Try `aclbench tui aging` to watch it, `aclbench replay CAPTURE` for the figures of a capture.
    """


class BenchOptions(NamedTuple):
    """What the command line says of the bench on which captures are played."""

    inside: tuple[str, ...]
    inside_vlan: tuple[str, ...]
    inside_mac: tuple[str, ...]
    inside_interface: tuple[str, ...]
    rx: tuple[str, ...]
    workers: int | None
    placement: str | None
    exec_file: str | None

    @property
    def inside_by(self) -> list[str]:
        """The options that say what is inside otherwise than by address."""
        fields = ("inside_vlan", "inside_mac", "inside_interface")
        return [f"--{field.replace('_', '-')}" for field in fields if getattr(self, field)]


def bench_options(command: Any) -> Any:
    """The options that say on what bench a capture is played; they come as one, `asked`."""
    options = (
        click.option(
            "--inside",
            metavar="PREFIX",
            multiple=True,
            help="A prefix whose packets come from inside (repeatable). Without it, the side that "
            "opens most connections.",
        ),
        click.option(
            "--inside-vlan",
            metavar="VLAN",
            multiple=True,
            help="A VLAN whose packets come from inside, all others from outside (repeatable): 10, "
            "or 20.30 for outer and inner tag. --inside then says what is routed there.",
        ),
        click.option(
            "--inside-mac",
            metavar="MAC",
            multiple=True,
            help="The same by source MAC address.",
        ),
        click.option(
            "--inside-interface",
            metavar="NAME|NUMBER",
            multiple=True,
            help="The same by the pcapng interface that a packet was captured on.",
        ),
        click.option(
            "--rx",
            metavar="INTERFACE=CAPTURE",
            multiple=True,
            help="A capture of what entered an interface (repeatable); they are merged by time. "
            "Without a scenario pg0 is inside, pg1 outside.",
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

    @wraps(command)
    def collected(**arguments: Any) -> Any:
        asked = BenchOptions(*(arguments.pop(name) for name in BenchOptions._fields))
        return command(asked=asked, **arguments)

    wrapped: Any = collected
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@cli.command()
@click.argument("inputs", nargs=-1, metavar="CAPTURE|SCENARIO...")
@bench_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--trace", is_flag=True, help="Print a line for each packet: verdict and why.")
@click.option(
    "--only",
    metavar="FATE|REASON",
    help="Like --trace, for packets of this fate (denied, dropped, ...) or whose reason has this "
    "text.",
)
@click.option("--until", metavar="SECONDS", help="Stop this long after the first packet.")
@click.option("--write-passed", metavar="FILE", help="Write the packets that passed to a capture.")
@click.option("--write-dropped", metavar="FILE", help="Write the packets that did not.")
def replay(
    inputs: tuple[str, ...],
    asked: BenchOptions,
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
    what is opened from outside. Several captures are played in order; with --rx each is what
    entered an interface, and they are merged by time. - is standard input.

    Ctrl-C ends it with the summary so far.
    """
    from aclbench.workbench.bench import Workbench, seconds_to_ns
    from aclbench.workbench.outputs import SplitCaptures, TraceLines

    if not inputs and not asked.rx:
        raise click.UsageError("Missing argument 'CAPTURE|SCENARIO...'")
    try:
        end = None if until is None else seconds_to_ns(until)
    except AclbenchError as error:
        raise click.UsageError(f"--until {until}: {error}") from None
    scenario = find_scenario(inputs, asked)
    bench = Workbench.from_scenario(scenario, history=False)
    if trace or only is not None:
        if as_json:
            raise click.UsageError("--trace prints lines, --json prints JSON: one of them")
        bench.listen(TraceLines(bench, click.echo, only_packets(bench, only)).hear)
    split: SplitCaptures | None = None
    if write_passed is not None or write_dropped is not None:
        split = SplitCaptures(
            bench,
            written_capture("--write-passed", write_passed),
            written_capture("--write-dropped", write_dropped),
        )
        bench.listen(split.hear)
    has_bar = not trace and only is None  # their lines would run into it
    interrupted = play_to_end(bench, None if end is None else bench.started + end, has_bar)
    if split is not None:
        split.close()
    print_report(bench, as_json)
    if bench.capture_error is not None:
        raise bench.capture_error
    if interrupted:
        click.echo("aclbench: interrupted; the figures are those so far", err=True)
        raise KeyboardInterrupt


def written_capture(option: str, file: str | None) -> Path | None:
    """The capture that a replay is to write; not one with the report in it."""
    from pathlib import Path

    if file is None:
        return None
    if file in ("", "-"):
        raise click.UsageError(f"{option} '{file}': name a file; standard output has the report")
    if file.endswith(".pcapng"):
        raise click.UsageError(f"{option} {file}: it is classic pcap; name it .pcap or .pcap.gz")
    return Path(file)


#: A replay looks so often for Ctrl-C and paints its progress.
PLAY_PACKETS = 20_000
PLAY_TURNS = 20_000


def play_to_end(bench: Workbench, end_ns: int | None, has_bar: bool) -> bool:
    """Play all captures, or up to a time; returns True if Ctrl-C ended it.

    Ctrl-C is waited for between two packets, so that the figures are those of whole packets; a
    second one, as where a pipe gives no more, ends the replay at once.
    """
    import gc
    import signal

    stop: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.append(number)

    before = signal.signal(signal.SIGINT, interrupt)
    # Sessions refer to nothing that refers back, so there is no garbage for the cycle collector;
    # walking a million of them again and again would cost more than the packets.
    gc.collect()
    gc.disable()
    try:
        with progress_bar(bench) if has_bar else nullcontext(lambda: None) as advance:
            ended = False
            while not ended and not stop:
                if end_ns is None:
                    ended = bench.play(PLAY_PACKETS, PLAY_TURNS)
                else:
                    ended = bench.run_until(end_ns, PLAY_PACKETS, PLAY_TURNS)
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
    asked: BenchOptions,
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
    left_behind = None if inputs or asked.rx else offered_record()
    make_bench, title = bench_maker(inputs, asked, left_behind)
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
    asked: BenchOptions,
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
    if not inputs and not asked.rx:
        inputs = ("aging",)
    scenario = find_scenario(inputs, asked)
    return lambda: Workbench.from_scenario(scenario), scenario.title


def offered_record() -> Path | None:
    """A run that was interrupted, if the person wants to go on with it; one declined is gone."""
    from aclbench.workbench.history.records import interrupted_records

    for record in interrupted_records():
        if click.confirm(f"A run was interrupted at {record.when}. Go on with it?"):
            return record.path
        record.path.unlink(missing_ok=True)
    return None


def only_packets(bench: Workbench, only: str | None) -> str:
    """The filter of `--only`, empty without one; one that can never let a packet through is wrong.

    A reason that names a rule is known by the bench's ACLs.
    """
    from aclbench.workbench.outputs import known_filters

    if only is None:
        return ""
    fates, reasons = known_filters(bench)
    wanted = only.replace("_", " ").lower()
    if wanted and (wanted in fates or any(wanted in reason.lower() for reason in reasons)):
        return only
    raise click.UsageError(
        f"--only {only}: no fate is called so and no reason has this text. There are the fates "
        f"{', '.join(fates)}; the reasons {', '.join(reasons)}"
    )


def find_scenario(inputs: Sequence[str], asked: BenchOptions) -> Scenario:
    """The scenario that the arguments name, or the one for captures that come alone."""
    from dataclasses import replace
    from pathlib import Path

    from aclbench.capture.stream import STANDARD_INPUT
    from aclbench.workbench.bundled import find_input
    from aclbench.workbench.scenario import (
        PLACEMENTS,
        load_scenario,
        scenario_for_capture,
        scenario_for_exec,
    )

    chosen = next((p for p in PLACEMENTS if p == asked.placement), None)
    workers = 1 if asked.workers is None else asked.workers
    paths = [find_input(name) for name in inputs]
    scenarios = [path for path in paths if path.suffix == ".toml"]
    run = next((path for path in paths if path.suffix == ".run"), None)
    if run is not None:
        raise click.UsageError(f"{run}: a run comes alone, to the live screen: aclbench tui {run}")
    rx, captures = _captures_by_rx(asked.rx)
    if rx and len(paths) > len(scenarios):
        raise click.UsageError(f"--rx names the captures; leave {inputs[0]}")
    captures = captures or paths
    if captures.count(Path(STANDARD_INPUT)) > 1:
        raise click.UsageError("standard input (-) can be read once; name it once")
    if asked.inside_by and rx:
        raise click.UsageError(f"--rx and {asked.inside_by[0]} both say where packets enter")
    if asked.exec_file is not None:
        if scenarios or asked.inside or asked.inside_by:
            raise click.UsageError("--exec goes with captures alone: no scenario, no --inside")
        if not asked.exec_file:
            raise click.UsageError("--exec '' names no file")
        file = Path(asked.exec_file)
        return scenario_for_exec(captures, file, workers, chosen or "interface", rx)
    if not scenarios:
        first = captures[rx.index("pg0")] if "pg0" in rx else captures[0]
        inside, why = _inside_of(first, asked)
        return scenario_for_capture(captures, inside, why, workers, chosen or "interface", rx)
    if len(paths) > 1:
        raise click.UsageError(f"{scenarios[0]}: a scenario comes alone; it names its own captures")
    if asked.inside or asked.inside_by:
        option = "--inside" if asked.inside else asked.inside_by[0]
        raise click.UsageError(
            f"{scenarios[0]}: a scenario says itself what is inside; leave {option}"
        )
    scenario = load_scenario(scenarios[0])
    if rx:
        scenario = replace(scenario, captures=tuple(captures), rx=tuple(rx))
    if asked.workers is not None:
        scenario = replace(scenario, workers=workers)
    return replace(scenario, placement=chosen) if chosen else scenario


def _captures_by_rx(rx: Sequence[str]) -> tuple[list[str], list[Path]]:
    """The interfaces and the captures that `--rx` names, as many of these as of those."""
    from aclbench.workbench.bundled import find_input

    names: list[str] = []
    captures: list[Path] = []
    for text in rx:
        name, _, capture = text.partition("=")
        if not name or not capture:
            raise click.UsageError(f"--rx {text}: write an interface and its capture: pg0=in.pcap")
        path = find_input(capture)
        if path.suffix == ".toml":
            raise click.UsageError(f"--rx {text}: {capture} is a scenario; name a capture")
        names.append(name)
        captures.append(path)
    return names, captures


def _inside_of(capture: Path, asked: BenchOptions) -> tuple[InterfaceSpec, str]:
    """The inside interface of captures alone, and why it is that."""
    from ipaddress import ip_network

    from aclbench.capture import guess_inside, parse_mac, parse_vlan
    from aclbench.workbench.scenario import InterfaceSpec

    def check(option: str, texts: Sequence[str], parser: Callable[[str], object]) -> None:
        for text in texts:
            try:
                parser(text)
            except AclbenchError as error:
                raise click.UsageError(f"{option} {text}: {error}") from None
            except ValueError as error:  # of `ip_network`, which names no right one
                raise click.UsageError(
                    f"{option} {text}: {error}; write 10.0.0.0/24 or fd00::/64"
                ) from None
        for text in texts:
            if texts.count(text) > 1:
                raise click.UsageError(f"{option} {text}: named twice; once is enough")

    if len(asked.inside_by) > 1:
        raise click.UsageError(f"{' and '.join(asked.inside_by)}: one of them says what is inside")
    check("--inside", asked.inside, ip_network)
    check("--inside-vlan", asked.inside_vlan, parse_vlan)
    check("--inside-mac", asked.inside_mac, parse_mac)
    if asked.inside:
        prefixes, why = asked.inside, f"inside is {', '.join(asked.inside)}, as asked"
    else:
        guess = guess_inside(capture)
        prefixes, why = guess.prefixes, guess.sentence
    # A name of digits alone is none: it is the interface's number.
    interfaces = tuple(int(i) if i.isdecimal() else i for i in asked.inside_interface)
    words = [
        *(f"VLAN {vlan}" for vlan in asked.inside_vlan),
        *(f"source MAC {mac}" for mac in asked.inside_mac),
        *(f"capture interface {interface}" for interface in interfaces),
    ]
    if words:
        why = f"packets of {', '.join(words)} come from inside, as asked; routed there: {why}"
    inside = InterfaceSpec(
        "pg0",
        prefixes=prefixes,
        vlans=asked.inside_vlan,
        macs=asked.inside_mac,
        capture_interfaces=interfaces,
    )
    return inside, why


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
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as with `>&-`: there is nowhere to write
                stream.flush()
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
