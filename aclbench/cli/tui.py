"""The command `aclbench tui`: the live screen."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.benches import bench_maker, pair_maker
from aclbench.cli.completion import complete_designs, complete_exhibits
from aclbench.cli.explore import interpreted_alone
from aclbench.cli.inputs import BenchOptions, bench_options, inputs_argument
from aclbench.cli.output import confirm, is_terminal, say
from aclbench.cli.records import (
    LIST,
    Records,
    list_runs,
    resume_option,
    run_named,
    runs_to_offer,
)
from aclbench.cli.threads import threads_option
from aclbench.errors import AclbenchError
from aclbench.files import remove_left_folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from aclbench.tui.against.player import Pair
    from aclbench.tui.settings import Settings
    from aclbench.workbench.history.records import Record
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.workbench import Workbench

#: What is shown the first time.
FIRST: Final = "aging"


@click.command()
@inputs_argument("[CAPTURE|SCENARIO|RUN]...")
@bench_options
@threads_option
@click.option(
    "--against",
    metavar="DESIGN|KEY=VALUE",
    shell_complete=complete_designs,
    help="Show a second bench beside this one, with another design, or another value of what "
    "`compare --vary` varies; both go on together, and what differs is marked.",
)
@click.option("--paused", is_flag=True, help="Do not begin to play.")
@click.option(
    "--exhibit",
    metavar="NAME",
    shell_complete=complete_exhibits,
    help="A fault of VPP's history at the start of its run, paused; `aclbench museum` lists them.",
)
@resume_option
@click.option(
    "--write-config",
    is_flag=True,
    help="Write a file with every setting and key as a comment, if there is none; show nothing.",
)
def tui(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool,
    against: str | None,
    paused: bool,
    exhibit: str | None,
    resume: str | None,
    write_config: bool,
) -> None:
    """Watch each worker's lists, bitmaps and flags, live.

    Without an argument what was shown last is shown again; the first time, the bundled scenario
    `aging`. A .run file goes on where it was saved. Press ? for the keys.
    """
    if write_config:
        write_config_file()
        return
    if resume == LIST:
        list_runs()
        return
    if resume is not None and (inputs or asked.rx or threads or against is not None):
        raise click.UsageError("--resume goes on with a run that ended; leave what else is shown")
    if exhibit is not None and (
        inputs or asked.rx or threads or resume is not None or against is not None
    ):
        raise click.UsageError("--exhibit has a bench of its own; leave what else is shown")
    if against is not None and threads:
        raise click.UsageError(
            "--against: on real threads no bench can be brought to the time of another; leave one"
        )
    if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
        raise AclbenchError("the live screen needs a terminal; `aclbench replay` needs none")
    if exhibit is not None:
        interpreted_alone()
    from aclbench.tui.settings import read_settings

    if "-" in inputs or any(text.endswith("=-") for text in asked.rx):
        raise click.UsageError("standard input (-) is where the live screen reads its keys")
    remove_left_folders()
    settings, notices = read_settings()
    asked = asked._replace(time=asked.time or settings.time)
    with Records("tui") as records:
        screen = Screen(threads, asked, paused or exhibit is not None, settings, notices, records)
        if exhibit is not None:
            screen.show_exhibit(exhibit)
        elif against is not None:
            screen.show_pair(inputs, asked, against)
        elif resume is not None:
            screen.go_on_with(run_named(resume))
        elif inputs or asked.rx:
            screen.show(inputs, asked)
        elif threads or not screen.offer_runs():
            screen.show_last(asked)


class Screen:
    """What the screen shows: benches of inputs, remembered once they are there, and recorded."""

    def __init__(
        self,
        threads: bool,
        asked: BenchOptions,
        paused: bool,
        settings: Settings,
        notices: list[str],
        records: Records,
    ) -> None:
        self._threads, self._paused = threads, paused
        self._settings, self._notices = settings, notices
        #: For those that are opened from the screen.
        self._asked = asked._replace(
            inside=(), inside_vlan=(), inside_mac=(), inside_interface=(), rx=(), exec_file=None
        )
        self._records = records

    def show(self, inputs: tuple[str, ...], asked: BenchOptions) -> None:
        """Show a bench until the person at it leaves. AclbenchError: it cannot be made."""
        make_bench, title = bench_maker(inputs, asked, self._threads)
        self._show(self._kept(make_bench, () if asked.rx else inputs), title)

    def show_exhibit(self, name: str) -> None:
        """Show an exhibit of the museum, its run ahead. AclbenchError: there is none."""
        from aclbench.designs.exhibit import Plain
        from aclbench.designs.exhibits import exhibit_named
        from aclbench.museum.searching import found_on_screen
        from aclbench.museum.showing import showing_on_screen

        exhibit, shown_by = exhibit_named(name), exhibit_named(name).shown_by

        def make() -> Slices[Workbench]:
            if isinstance(shown_by, Plain):
                return (yield from showing_on_screen(exhibit, shown_by))
            return (yield from found_on_screen(exhibit))

        self._notices.append(f"{exhibit.title}: `s` takes a step of its run")
        self._show(self._kept(make, ()), exhibit.name)

    def show_pair(self, inputs: tuple[str, ...], asked: BenchOptions, against: str) -> None:
        """Show a bench and another one beside it. AclbenchError: they cannot be made."""
        pair, title = pair_maker(inputs or (FIRST,), asked, against)
        kept = self._kept(pair.making, () if asked.rx else inputs)
        self._show(kept, title, pair)

    def show_last(self, asked: BenchOptions) -> None:
        """What was shown last; where that cannot be made again, the first."""
        from aclbench.tui.settings import last_inputs

        last = last_inputs(self._notices.append)
        try:
            self.show(last or (FIRST,), asked)
        except AclbenchError as error:
            if not last:
                raise
            self._notices.append(f"what was shown last cannot be shown again: {error}")
            self.show((FIRST,), asked)

    def offer_runs(self) -> bool:
        """Go on with a run that did not end as it should, if the person wants to; False: none."""
        for run in runs_to_offer():
            if confirm(f"A run of {run.title} ended on {run.when} ({run.ended}). Go on with it?"):
                try:
                    self.go_on_with(run)
                except AclbenchError as error:
                    self._notices.append(f"the run of {run.when} cannot be gone on with: {error}")
                else:
                    return True
            with suppress(OSError):  # it is offered again
                run.decline()
        return False

    def go_on_with(self, run: Record) -> None:
        """Show a run that ended. AclbenchError: it cannot be gone on with."""
        make_bench = self._records.loading(run, self._asked.limits)
        self._show(self._kept(make_bench, (), goes_on=True), run.title)

    def _show(
        self, make_bench: Callable[[], Slices[Workbench]], title: str, pair: Pair | None = None
    ) -> None:
        from aclbench.tui.app import run_tui

        run_tui(
            make_bench,
            title,
            play=not self._paused,
            threaded=self._threads,
            open_bench=self._open if pair is None else None,
            settings=self._settings,
            says=tuple(self._notices),
            last_words=self._records.last_words,
            pair=pair,
        )

    def _open(self, line: str) -> tuple[Callable[[], Slices[Workbench]], str]:
        """What makes another bench, of what is typed behind `aclbench tui`, and its title."""
        inputs = tuple(shlex.split(line))
        try:
            make_bench, title = bench_maker(inputs, self._asked, self._threads)
        except click.UsageError as error:
            raise AclbenchError(error.message) from None
        return self._kept(make_bench, inputs), title

    def _kept(
        self,
        make_bench: Callable[[], Slices[Workbench]],
        inputs: tuple[str, ...],
        goes_on: bool = False,
    ) -> Callable[[], Slices[Workbench]]:
        """The same bench, its inputs remembered, its run recorded; on real threads it is not."""
        from aclbench.tui.settings import remember_inputs

        def make() -> Slices[Workbench]:
            bench = yield from make_bench()
            if not self._threads:
                yield from self._records.beginning(bench, goes_on)
            remember_inputs(inputs, self._records.tell)
            return bench

        return make


def write_config_file() -> None:
    """Write the template of the settings unless there are some; print where they are."""
    from aclbench.tui.settings import config_file, write_template

    try:
        path, is_new = write_template()
    except OSError as error:
        raise AclbenchError(f"{config_file()} cannot be written: {error.strerror}") from None
    say(f"{path} written" if is_new else f"{path} is there already, and was left as it is")
