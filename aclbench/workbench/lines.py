"""The part of the workbench that runs command lines: those that are typed, and those for a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError, ScenarioError
from aclbench.workbench.commands import make_command_table
from aclbench.workbench.commands.bench.helping import asked_what_next, what_next
from aclbench.workbench.commands.vpp.vpp_errors import with_vpp_line
from aclbench.workbench.grammar import GrammarError
from aclbench.workbench.history.history import History
from aclbench.workbench.rig.inputs import Cli
from aclbench.workbench.rig.scenario import Scenario

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench


class Lines:
    """What `Workbench` does with command lines. Mixed into it."""

    driver: SteppedDriver | ThreadedDriver
    history: History | None
    scenario: Scenario | None

    def __init__(self) -> None:
        super().__init__()
        self.commands = make_command_table()
        #: Called between two slices of what goes on for a while, with the bench whole: a face that
        #: has something else to do meanwhile does it there. It may raise KeyboardInterrupt.
        self.breathe: Callable[[], None] | None = None
        #: What the journal gets of the line that is run; a handler may say it more exactly.
        self.line_to_note = ""
        #: The scenario's lines for a time, with it (ns), in order; and how many are done.
        self.timed: tuple[tuple[int, str], ...] = ()
        self.timed_done = 0

    def _bench(self) -> Workbench:
        raise NotImplementedError

    def cli(self, line: str) -> str:
        """Run one command line; returns what VPP prints. Raises CommandError, and changes nothing.

        Returns when nothing is left to do at the present instant; the clock does not move.
        """
        if not isinstance(line, str):
            raise CommandError(f"{line!r}: a command line is text")
        bench = self._bench()
        question = asked_what_next(line)
        if question is not None:
            return what_next(bench, question)
        with bench.at_once():
            return self._cli(bench, line)

    def _cli(self, bench: Workbench, line: str) -> str:
        try:
            parsed = bench.commands.parse(line, bench)
        except GrammarError as error:
            raise with_vpp_line(line, error) from None
        if parsed is None:
            return ""
        found = parsed
        if found.command.direct:
            return str(found.command.handler(bench, found))
        self.line_to_note = line
        output: str = self.driver.on_main(lambda: found.command.handler(bench, found))
        if not parsed.command.changes:
            return output
        if self.history is not None:
            self.history.before_acting()  # not sooner: what is refused opens no branch
            self.history.note(Cli(self.line_to_note))
        if not self.driver.is_running:
            bench.run_until(bench.now)
        return output

    def cli_data(self, line: str) -> Any:
        """Run one command line as `cli` does; returns plain values for `json.dumps`.

        They are those of a command that has them, else `{"text": ...}`; of no command, None.
        """
        bench = self._bench()
        text = isinstance(line, str) and asked_what_next(line) is None
        parsed = bench.commands.parse(line, bench) if text else None
        if text and parsed is None:
            return None
        if parsed is None or parsed.command.data is None:
            return {"text": self.cli(line)}
        found, handler = parsed, parsed.command.data
        return self.driver.on_main(lambda: handler(bench, found))

    # --- lines for a time ----------------------------------------------------------------------

    def _next_timed(self) -> int:
        """When the next of the scenario's lines is due; `NEVER` if none is left."""
        done = self.timed_done  # on real threads it may go on meanwhile
        return self.timed[done][0] if done < len(self.timed) else NEVER

    def _run_timed_line(self) -> str:
        """Run the scenario's next line now; returns it. Raises ScenarioError if it is refused."""
        if self.history is not None:
            self.history.finish_saving()
        _, line = self.timed[self.timed_done]
        self.timed_done += 1  # also if it is refused: it is not tried again
        try:
            self.change(line)
        except CommandError as error:
            place = self.scenario.place if self.scenario else "scenario"
            raise ScenarioError(f"{place}: at: {line.strip()}: {error}") from None
        finally:
            if self.history is not None:
                self.history.note(Cli(line, timed=True))
        return line

    def change(self, line: str) -> None:
        """Run a command that changes the bench, and nothing else. CommandError: it is refused."""
        bench = self._bench()
        parsed = bench.commands.parse(line, bench)
        if parsed is None or not parsed.command.changes:
            raise CommandError(f"{line[:64]}: not a command that a journal holds")
        parsed.command.handler(bench, parsed)
