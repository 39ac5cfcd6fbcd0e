"""The command `aclbench replay`: captures to verdicts and figures."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from aclbench.cli.collector import without_collector
from aclbench.cli.completion import complete_files
from aclbench.cli.inputs import BenchOptions, bench_options, find_scenario, inputs_argument
from aclbench.cli.memory import keep_freed_memory
from aclbench.cli.output import say, say_json, write_page
from aclbench.cli.threads import ThreadOptions, thread_options
from aclbench.errors import AclbenchError
from aclbench.files import is_standard_output
from aclbench.workbench.budget import budget_for_captures, playing_within

if TYPE_CHECKING:
    from aclbench.lab.reporting import Reporting
    from aclbench.workbench.filters import Filter
    from aclbench.workbench.inquiry.outputs import AnnotatedCapture, SplitCaptures, Traced
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.views.times import Moment
    from aclbench.workbench.workbench import Workbench

#: Captures smaller than this are replayed before a bar would be painted.
PROGRESS_BYTES = 2 << 20
#: A replay looks so often for Ctrl-C and paints its progress, in seconds.
BETWEEN_BARS_S = 0.05
#: What to do where a capture's times make too much work.
UNTIL_HINT = "; --until TIME ends it ahead of a long silence"


@click.command()
@inputs_argument("CAPTURE|SCENARIO...")
@bench_options
@thread_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--trace", is_flag=True, help="Print a line for each packet: verdict and why.")
@click.option(
    "--only",
    metavar="FILTER",
    help="Like --trace, for the packets that a filter lets through: denied, 'host 10.0.0.2 and not "
    "port 53', 'reason \"no route\"' (docs/filters.md).",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Stop then: 5s or 500ms after the first packet, or a time of day, 12:00:05.",
)
@click.option(
    "--write-passed",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write the packets that passed to a capture.",
)
@click.option(
    "--write-dropped",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write the packets that did not.",
)
@click.option(
    "--write-annotated",
    metavar="FILE.pcapng",
    shell_complete=complete_files,
    help="Write all packets with their verdicts as comments, to be read in Wireshark.",
)
@click.option(
    "--report",
    "page",
    metavar="FILE.html",
    shell_complete=complete_files,
    help="Write one page with the figures, plots, and what was denied and why.",
)
@click.option("--force", is_flag=True, help="Overwrite these files.")
def replay(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    on: ThreadOptions,
    as_json: bool,
    trace: bool,
    only: str | None,
    until: str | None,
    write_passed: str | None,
    write_dropped: str | None,
    write_annotated: str | None,
    page: str | None,
    force: bool,
) -> None:
    """Play captures and print what became of their packets and sessions.

    A scenario (a TOML file, or the name of a bundled one) sets up the bench and names its captures.
    A capture alone gets a firewall that permits and reflects what is opened from inside, and denies
    what is opened from outside. Several captures are played in order; with --rx each is what
    entered an interface, and they are merged by time. - is standard input.

    Ctrl-C ends it with the summary so far.
    """
    from aclbench.workbench.workbench import Workbench

    if not inputs and not asked.rx:
        raise click.UsageError("Missing argument 'CAPTURE|SCENARIO...'")
    moment = moment_of(until)
    made_with = {"history": False, "limits": asked.limits, **on.bench_arguments()}
    bench = Workbench.from_scenario(find_scenario(inputs, asked), **made_with)
    bench.rig.time_mode = asked.time or "relative"
    end = None if moment is None else end_of(bench, moment, announces=not as_json)
    is_traced = trace or only is not None
    if is_traced:
        bench.listeners.add(traced(bench, only_packets(bench, only), as_json).hear)
    written = written_captures(bench, (write_passed, write_dropped, write_annotated), force)
    run = run_to(bench, end, asked)
    report = None if page is None else report_on(bench, Path(page), force)
    run = run if report is None else report.along(run)
    stopped_by: AclbenchError | None = None
    interrupted = False
    try:
        interrupted = play_to_end(bench, run, has_bar=not is_traced)  # lines would run into it
    except AclbenchError as error:  # a full disk, or a line of the scenario refused at its time
        stopped_by = error
    if end is not None and not as_json:
        end.say_what_was_unknown(bench)
    for capture in written:
        stopped_by = why_not_written(capture) or stopped_by
    stopped_by = stopped_by or bench.capture_error
    if report is not None and page is not None:
        write_report(report, Path(page), asked, not interrupted and stopped_by is None)
    if not (is_traced and as_json):  # then each line is a packet
        print_report(bench, as_json, stopped_by)
    if stopped_by is not None:
        raise stopped_by
    if interrupted:
        say("aclbench: interrupted; the figures are those so far", err=True)
        raise KeyboardInterrupt


def moment_of(until: str | None) -> Moment | None:
    """What `--until` names. UsageError: it is no time."""
    from aclbench.workbench.views.times import read_moment

    try:
        return None if until is None else read_moment(until)
    except AclbenchError as error:
        raise click.UsageError(f"--until {until}: {error}") from None


def run_to(bench: Workbench, end: End | None, asked: BenchOptions) -> Slices[bool]:
    """The run up to what `--until` named, or to the last packet."""
    run = bench.transport.playing() if end is None else bench.transport.running(end.time)
    if end is None or asked.is_limited:  # else a person has said how long
        run = playing_within(budget_for_captures(asked.limits), bench, run, UNTIL_HINT)
    return run


def report_on(bench: Workbench, page: Path, force: bool) -> Reporting:
    """What makes a page of a run. AclbenchError: it cannot, or the page is there already."""
    from aclbench.files import refuse_unwritable
    from aclbench.lab.plots import check_plots
    from aclbench.lab.reporting import Reporting

    if bench.is_threaded:
        raise click.UsageError("--report goes without --threads: it measures in virtual time")
    check_plots()
    refuse_unwritable(page, force)
    return Reporting(bench)


def write_report(report: Reporting, page: Path, asked: BenchOptions, is_whole: bool) -> None:
    """Write the page of a run; of a whole one with the causes of what did not pass.

    Those take a second run; Ctrl-C leaves them out.
    """
    from aclbench.cli.spreading import to_its_end

    if is_whole and not to_its_end(report.explaining(asked.limits)):
        say("aclbench: interrupted; the page is without causes", err=True)
    write_page(page, report.page())


class End(NamedTuple):
    """The time (ns) that `--until` named; and whether it was said to be behind the last packet."""

    time: int
    is_said: bool

    def say_what_was_unknown(self, bench: Workbench) -> None:
        """Once all is played it is known of pipes, too, where their last packets are."""
        from aclbench.workbench.commands.bench.reaching import silence_text

        if not self.is_said and (silence := silence_text(bench.rig, self.time)):
            say(f"note: {silence}")


def end_of(bench: Workbench, moment: Moment, announces: bool) -> End:
    """The time that `--until` named; what there is to say of it is printed.

    A time of day waits for the first packet.
    """
    from aclbench.workbench.commands.bench.reaching import silence_ahead
    from aclbench.workbench.tasks import finish

    found = finish(bench.rig.finding_time(moment))
    if not announces:
        return End(found.ns, is_said=False)
    silence = finish(silence_ahead(bench.rig, found.ns))
    for note in (found.note, silence):
        if note:
            say(f"note: {note}")
    return End(found.ns, bool(silence))


def traced(bench: Workbench, only: Filter, as_json: bool) -> Traced:
    """What prints a line for each packet that a filter lets through."""
    from aclbench.workbench.inquiry.outputs import TraceLines, TraceRecords

    if as_json:
        return TraceRecords(bench.rig, lambda record: say_json(record, indent=None), only)
    return TraceLines(bench.rig, say, only)


def written_captures(
    bench: Workbench, files: tuple[str | None, str | None, str | None], force: bool
) -> list[SplitCaptures | AnnotatedCapture]:
    """What writes packets: those that passed, those that did not, and all with comments."""
    passed = written_capture("--write-passed", files[0])
    dropped = written_capture("--write-dropped", files[1])
    annotated = written_capture("--write-annotated", files[2], ".pcapng")
    outputs = [path for path in (passed, dropped, annotated) if path is not None]
    if not outputs:
        return []
    from aclbench.workbench.inquiry.outputs import AnnotatedCapture, SplitCaptures, refuse_outputs

    feed = refuse_outputs(bench.rig, outputs, force)
    found: list[SplitCaptures | AnnotatedCapture] = []
    if passed is not None or dropped is not None:
        found.append(SplitCaptures(feed, passed, dropped))
    if annotated is not None:
        found.append(AnnotatedCapture(bench.rig, feed, annotated))
    for capture in found:
        bench.listeners.add(capture.hear)
    return found


def why_not_written(capture: SplitCaptures | AnnotatedCapture) -> AclbenchError | None:
    """Finish captures that were written; returns why one could not be."""
    try:
        capture.close()
    except AclbenchError as error:
        return error
    return None


def written_capture(option: str, file: str | None, suffix: str = ".pcap") -> Path | None:
    """The path of a capture to write; it can't be standard output, where the report goes."""
    from pathlib import Path

    if file is None:
        return None
    if file in ("", "-") or is_standard_output(Path(file)):
        raise click.UsageError(f"{option} '{file}': name a file; standard output has the report")
    is_pcapng = file.removesuffix(".gz").endswith(".pcapng")
    if is_pcapng != (suffix == ".pcapng") and file != os.devnull:
        is_what = "classic pcap" if suffix == ".pcap" else "pcapng"
        raise click.UsageError(f"{option} {file}: it is {is_what}; name it {suffix} or {suffix}.gz")
    return Path(file)


def play_to_end(bench: Workbench, run: Slices[bool], has_bar: bool) -> bool:
    """Play as `run` does; returns True if Ctrl-C ended it.

    Ctrl-C takes effect between two packets, so that the figures are those of whole packets, and
    while a pipe is waited for. A second one ends the replay without figures.
    """
    keep_freed_memory()
    stop: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        stop.append(number)
        if len(stop) > 1:
            raise KeyboardInterrupt
        bench.stop()

    from aclbench.workbench.tasks import Task

    before = signal.signal(signal.SIGINT, interrupt)
    bar = progress_bar(bench) if has_bar else nullcontext(lambda: None)
    try:
        with without_collector(), bar as advance:
            task = Task(run)
            while not stop and not task.work(BETWEEN_BARS_S):
                advance()
            task.stop()
        if len(stop) > 1:  # in the middle of a packet
            raise KeyboardInterrupt
        if task.error is not None:
            raise task.error
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(stop)


@contextmanager
def progress_bar(bench: Workbench) -> Iterator[Callable[[], None]]:
    """A bar with rate and time left on a terminal; nothing elsewhere. Yields what paints it."""
    feed = bench.rig.feed
    if not sys.stderr.isatty() or feed is None or feed.progress[1] < PROGRESS_BYTES:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

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


def only_packets(bench: Workbench, only: str | None) -> Filter:
    """The filter of `--only`. UsageError: it is none, or asks for a reason that no packet can have.

    Reasons that name a rule depend on the bench's ACLs.
    """
    from aclbench.engine.reasons import reason_text
    from aclbench.workbench.filters import EVERYTHING, terms_of
    from aclbench.workbench.inquiry.filtering import filter_of
    from aclbench.workbench.inquiry.outputs import known_reasons

    if only is None:
        return EVERYTHING
    if not only.strip():
        raise click.UsageError("--only '': it says nothing; --trace shows all packets")
    try:
        wanted = filter_of(bench.rig, "packets", only)
    except AclbenchError as error:
        raise click.UsageError(f"--only {only}: {error}") from None
    reasons = known_reasons(bench.rig)
    for term in terms_of(wanted):
        if term.field == "reason" and not any(map(term.holds, reasons)):
            texts = ", ".join(map(reason_text, reasons))
            raise click.UsageError(f"--only {only}: no reason has this text; there are {texts}")
    return wanted


def print_report(bench: Workbench, as_json: bool, stopped_by: AclbenchError | None) -> None:
    """Print the figures so far, and in JSON the error that ended the replay early.

    There are none where no packet could be read.
    """
    report = bench.report()
    if stopped_by is not None and stopped_by is bench.capture_error and not report.packets.read:
        return
    if as_json:
        figures = report.to_json()
        figures["error"] = None if stopped_by is None else str(stopped_by)
        say_json(figures)
    else:
        say(report.to_text())
