"""The command `aclbench tui`: the live screen, and the record it keeps of the run."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Final

import click

from aclbench.cli.benches import bench_maker
from aclbench.cli.inputs import BenchOptions, bench_options, inputs_argument
from aclbench.cli.output import confirm, is_terminal, say
from aclbench.errors import AclbenchError, RunFileError
from aclbench.files import remove_left_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aclbench.tui.settings import Settings
    from aclbench.workbench.history.recorder import Recorder
    from aclbench.workbench.tasks import Slices
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
    if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
        raise AclbenchError("the live screen needs a terminal; `aclbench replay` needs none")
    from aclbench.tui.settings import last_inputs, read_settings

    if "-" in inputs or any(text.endswith("=-") for text in asked.rx):
        raise click.UsageError("standard input (-) is where the live screen reads its keys")
    remove_left_folders()
    settings, notices = read_settings()
    left_behind = None if inputs or asked.rx or threads else offered_record()
    screen = Screen(threads, asked, paused, settings, notices)
    if inputs or asked.rx or left_behind:
        screen.show(inputs, asked, left_behind)
    else:
        last = last_inputs(notices.append)
        try:
            screen.show(last or (FIRST,), asked)
        except AclbenchError as error:
            if not last:
                raise
            notices.append(f"what was shown last cannot be shown again: {error}")
            screen.show((FIRST,), asked)
    screen.close()
    if left_behind is not None:
        left_behind.unlink(missing_ok=True)


class Screen:
    """What the screen shows: benches of inputs, remembered once they are there, and recorded."""

    def __init__(
        self,
        threads: bool,
        asked: BenchOptions,
        paused: bool,
        settings: Settings,
        notices: list[str],
    ) -> None:
        self._threads, self._paused = threads, paused
        self._settings, self._notices = settings, notices
        #: For those that are opened from the screen.
        self._asked = asked._replace(
            inside=(), inside_vlan=(), inside_mac=(), inside_interface=(), rx=(), exec_file=None
        )
        self._recorders: list[Recorder] = []

    def show(
        self, inputs: tuple[str, ...], asked: BenchOptions, record: Path | None = None
    ) -> None:
        """Show a bench until the person at it leaves. AclbenchError: it cannot be made."""
        from aclbench.tui.app import run_tui

        make_bench, title = bench_maker(inputs, asked, record, self._threads)
        run_tui(
            self._kept(make_bench, () if record is not None or asked.rx else inputs),
            title,
            play=not self._paused,
            threaded=self._threads,
            open_bench=self._open,
            settings=self._settings,
            says=tuple(self._notices),
        )

    def _open(self, line: str) -> tuple[Callable[[], Slices[Workbench]], str]:
        """What makes another bench, of what is typed behind `aclbench tui`, and its title."""
        inputs = tuple(shlex.split(line))
        try:
            make_bench, title = bench_maker(inputs, self._asked, None, self._threads)
        except click.UsageError as error:
            raise AclbenchError(error.message) from None
        return self._kept(make_bench, inputs), title

    def _kept(
        self, make_bench: Callable[[], Slices[Workbench]], inputs: tuple[str, ...]
    ) -> Callable[[], Slices[Workbench]]:
        """The same bench, its inputs remembered, its run recorded; on real threads it is not."""
        from aclbench.tui.settings import remember_inputs
        from aclbench.workbench.history.records import begin_record

        def make() -> Slices[Workbench]:
            bench = yield from make_bench()
            remember_inputs(inputs, _say)
            try:
                if not self._threads:
                    self._recorders.append(begin_record(bench.past))
            except OSError:
                _say("no record of the run is kept: the state folder cannot be written")
            except RunFileError as error:
                _say(f"no record of the run is kept: {error}")
            return bench

        return make

    def close(self) -> None:
        """The records are not needed any more."""
        for recorder in self._recorders:
            recorder.close()


def _say(sentence: str) -> None:
    say(sentence, err=True)


def write_config_file() -> None:
    """Write the template of the settings unless there are some; print where they are."""
    from aclbench.tui.settings import config_file, write_template

    try:
        path, is_new = write_template()
    except OSError as error:
        raise AclbenchError(f"{config_file()} cannot be written: {error.strerror}") from None
    say(f"{path} written" if is_new else f"{path} is there already, and was left as it is")


def offered_record() -> Path | None:
    """An interrupted run that the user wants to continue; one that is declined is deleted."""
    from aclbench.workbench.history.records import interrupted_records

    for record in interrupted_records():
        if confirm(f"A run was interrupted at {record.when}. Go on with it?"):
            return record.path
        record.path.unlink(missing_ok=True)
    return None
