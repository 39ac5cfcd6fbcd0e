"""The record of what a face shows: begun with each bench, kept or not at the end, gone on with."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import click

from aclbench.cli.output import say
from aclbench.errors import AclbenchError, DamagedRunError, RunFileError
from aclbench.terminal import Ended, write_now
from aclbench.words import counted

if TYPE_CHECKING:
    from aclbench.workbench.budget import Limits
    from aclbench.workbench.history.records import Record, RunRecorder, Taken
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.workbench import Workbench

#: What `--resume` is given to have the runs listed.
LIST: Final = "list"


def resume_option(command: Any) -> Any:
    """Add the option `--resume` to a command."""
    return click.option(
        "--resume",
        metavar="[N|list]",
        is_flag=False,
        flag_value="1",
        help="Go on with the run that ended last, or with the N-th of those that are kept.",
    )(command)


def say_aside(sentence: str) -> None:
    """Tell the person at it, on standard error."""
    say(sentence, err=True)


def list_runs() -> None:
    """Print the runs that can be gone on with."""
    from aclbench.workbench.history.records import ended_runs

    runs = ended_runs(say_aside)
    rows = [
        (str(number), run.when, run.title, _inputs_text(run.inputs), run.ended)
        for number, run in enumerate(runs, 1)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
    if not rows:
        say("no run is kept")


def _inputs_text(inputs: int) -> str:
    return counted(inputs, "input")


def run_named(number: str) -> Record:
    """The run that `--resume` names. AclbenchError: there is none."""
    from aclbench.workbench.history.records import ended_runs

    if not number.isdecimal():
        raise click.UsageError(f"--resume {number}: a number, or {LIST}")
    runs = ended_runs(say_aside)
    if not 0 < int(number[:9]) <= len(runs):
        there = f"there are {len(runs)}; --resume {LIST} names them" if runs else "no run is kept"
        raise AclbenchError(f"--resume {number}: {there}")
    return runs[int(number[:9]) - 1]


def runs_to_offer() -> list[Record]:
    """Those that ended without being left, and were not offered yet; the latest first."""
    from aclbench.workbench.history.records import ended_runs

    try:
        return [run for run in ended_runs(say_aside) if not run.is_settled]
    except RunFileError as error:  # no reason to show nothing else
        say_aside(str(error))
        return []


class Records:
    """For the time of a `with` block: the record of the bench that a face shows.

    A run is kept that somebody did something to, or that ended otherwise than by being left; then
    it is said how to go on with it.
    """

    def __init__(self, face: str) -> None:
        self._go_on = f"`aclbench {face} --resume` goes on with it"
        self._recorder: RunRecorder | None = None
        self._taken: Taken | None = None
        #: A run was kept.
        self._kept = False
        #: What cannot be said while a screen is shown, each once.
        self._unsaid: dict[str, None] | None = {} if face == "tui" else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        unsaid, self._unsaid = self._unsaid or {}, None
        for sentence in unsaid:
            say_aside(sentence)
        if error is None or (self._recorder is None and isinstance(error, AclbenchError)):
            self._end("left")
            if self._kept:
                say_aside(f"the run is kept: {self._go_on}")
        elif isinstance(error, Ended):
            how = how_ended(error)
            self._end(how)
            write_now(2, last_line(how, self._kept_words()))
        elif isinstance(error, Exception):
            self._end("error")
            raise ended_by_fault(error, self._kept_words()) from None
        if self._taken is not None:
            self._taken.close()

    def tell(self, sentence: str) -> None:
        """Say something aside: at once, or once the screen is left."""
        if self._unsaid is None:
            say_aside(sentence)
        else:
            self._unsaid[sentence] = None

    def last_words(self) -> str:
        """What is written where the process has to end at once."""
        return last_line("a signal", self._kept_words())

    def _kept_words(self) -> str:
        return f"the run is kept: {self._go_on}" if self._kept or self._recorder else ""

    # --- beginning and ending -------------------------------------------------------------------

    def loading(self, run: Record, limits: Limits) -> Callable[[], Slices[Workbench]]:
        """What makes the bench of a run that ended; `limits` are for what is loaded there later.

        AclbenchError: it is not there any more. A damaged record is given another name.
        """
        from aclbench.workbench.budget import Limits
        from aclbench.workbench.history.records import Taken, set_record_aside
        from aclbench.workbench.workbench import Workbench, loading

        if self._taken is not None:
            self._taken.close()
        try:
            taken = self._taken = Taken(run)
        except OSError:
            raise AclbenchError(f"the run of {run.when} is gone on with elsewhere") from None

        unlimited = Limits(sys.maxsize, math.inf)  # it is one's own, and may have been long

        def make() -> Slices[Workbench]:
            try:
                bench = yield from loading(Workbench, taken.path, unlimited)
            except DamagedRunError:
                if taken.path == run.path:
                    set_record_aside(run.path, self.tell)
                raise
            bench.lines.limits = limits
            return bench

        return make

    def beginning(self, bench: Workbench, goes_on: bool = False) -> Slices[None]:
        """Record a bench once this is done; `goes_on`: it is of the run that is loaded."""
        from aclbench.workbench.history.records import LEFT, beginning_record

        recorder = None
        try:
            recorder = yield from beginning_record(bench.past)
        except OSError:
            self.tell("no record of the run is kept: the state folder cannot be written")
        except RunFileError as error:
            self.tell(f"no record of the run is kept: {error}")
        self._end(LEFT)
        self._recorder = recorder
        if recorder is not None and goes_on and self._taken is not None:
            recorder.own = True
            self._taken.continued()

    def _end(self, how: str) -> None:
        """The run that is shown ends."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        try:
            self._kept = recorder.end(how) or self._kept
        except OSError as error:
            recorder.failed = error
        if recorder.failed is not None:
            self.tell(f"the record of this run is not whole: {recorder.failed}")


def last_line(how: str, kept: str = "") -> str:
    """What is said of an end that nobody wanted: how it came, and how to go on."""
    how = "an error" if how == "error" else how
    return f"aclbench: ended by {how}{'; ' if kept else ''}{kept}\n"


def ended_by_fault(error: Exception, kept: str) -> Ended:
    """Say what ended a screen or a prompt that should have gone on; returns what to raise."""
    import traceback

    say("".join(traceback.format_exception(error)), err=True, nl=False)
    write_now(2, last_line("error", kept))
    return Ended(1)


def how_ended(error: Ended) -> str:
    """How a run ended, in a word."""
    code = error.code if isinstance(error.code, int) else 1
    return signal.Signals(code - 128).name if code > 128 else "error"
