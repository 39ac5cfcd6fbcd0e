"""Command lines: read by the table, performed on a rig or a bench, noted in its history."""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property
from itertools import islice
from typing import Any, Final

from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.budget import OPENING_LIMITS, Limits
from aclbench.workbench.commands.basic import basic_commands, is_in_full
from aclbench.workbench.commands.bench.helping import asked_what_next, what_next
from aclbench.workbench.commands.columns import LongText
from aclbench.workbench.commands.reach import refuse_in_file
from aclbench.workbench.commands.vpp.vpp_errors import with_vpp_line
from aclbench.workbench.grammar import CommandTable, GrammarError, ParsedCommand
from aclbench.workbench.rig.inputs import Cli
from aclbench.workbench.rig.rig import ChangesNothing, CommandResult, Rig
from aclbench.workbench.tasks import Slices

#: Lines that are printed at once.
CHUNK_LINES: Final = 512


class Lines:
    """What a bench and its rigs perform command lines with."""

    def __init__(self, limits: Limits = OPENING_LIMITS) -> None:
        #: How much the lines of a scenario, or a saved run, may make.
        self.limits = limits

    @cached_property
    def table(self) -> CommandTable:
        """All commands; a bench that is set up and played needs the basic ones alone."""
        from aclbench.workbench.commands.table import make_command_table

        return make_command_table()

    def performing(self, rig: Rig, line: str) -> Slices[CommandResult]:
        """Run a command that changes a rig, and nothing else; a blank line does nothing.

        CommandError: it is refused; `ChangesNothing`: it only shows something.
        """
        parsed = self.table.parse(line, rig)
        if parsed is None:
            return CommandResult("", "")
        if not parsed.command.changes:
            raise ChangesNothing("this changes nothing; what does is right here")
        return (yield from _changing(rig, parsed, line))

    def setting_up(self, rig: Rig, line: str) -> Slices[None]:
        """Run a line of a scenario on a rig that is being set up, and what is due then.

        CommandError: it is refused, as is what reaches further than the bench and its captures.
        """
        parsed = self._parsed_to_set_up(rig, line)
        if parsed is not None:
            refuse_in_file(parsed.command, "a scenario's", names_captures=True)
            yield from _performed(Bench(rig, self, keeps=False), parsed, line)

    def _parsed_to_set_up(self, rig: Rig, line: str) -> ParsedCommand | None:
        """What a line means: most are basic commands, in full words."""
        try:
            parsed = basic_commands().parse(line, rig)
        except GrammarError:
            return self.table.parse(line, rig)
        return parsed if parsed is None or is_in_full(line, parsed) else self.table.parse(line, rig)

    def slices(self, bench: Bench, line: str) -> Slices[str]:
        """Run one command line on a bench; returns what VPP prints.

        CommandError: it is refused, and nothing is changed. At the end nothing is left to do at the
        present instant.
        """
        if not isinstance(line, str):
            raise CommandError(f"{line!r}: a command line is text")
        question = asked_what_next(line)
        if question is not None:
            return what_next(bench, question)
        parsed = self._parsed(bench, line)
        return "" if parsed is None else (yield from _performed(bench, parsed, line))

    def data(self, bench: Bench, line: str) -> Slices[Any]:
        """The same as plain values for `json.dumps`.

        They are those of a command that has them, else `{"text": ...}`; of no command, None.
        """
        text = isinstance(line, str) and asked_what_next(line) is None
        parsed = self._parsed(bench, line) if text else None
        if text and parsed is None:
            return None
        if parsed is None or parsed.command.data is None:
            return {"text": (yield from self.slices(bench, line))}
        found, handler = parsed, parsed.command.data
        subject = bench.rig if found.command.on_rig else bench
        result = bench.rig.driver.on_main(lambda: handler(subject, found))
        if isinstance(result, Generator):
            result = yield from result
        return result

    def _parsed(self, bench: Bench, line: str) -> ParsedCommand | None:
        """What a line means; an error stands behind VPP's own words, where VPP has some."""
        try:
            return self.table.parse(line, bench)
        except GrammarError as error:
            raise with_vpp_line(line, error, self.table) from None


def _performed(bench: Bench, parsed: ParsedCommand, line: str) -> Slices[str]:
    """Have a bench perform a command line; returns what it prints."""
    if parsed.command.changes:
        return (yield from _acting(bench, parsed, line))
    if parsed.command.direct:
        result = parsed.command.handler(bench, parsed)
    else:
        result = bench.rig.driver.on_main(lambda: _show(bench, parsed))
    if isinstance(result, LongText):
        return (yield from _printed(bench, result))
    if isinstance(result, Generator):
        result = yield from result
    return str(result)


def _show(bench: Bench, parsed: ParsedCommand) -> Any:
    """What a command says; whole, where workers change what it reads."""
    result = parsed.command.handler(bench.rig if parsed.command.on_rig else bench, parsed)
    if isinstance(result, LongText) and bench.rig.is_running:
        return "\n".join(result.lines)
    return result


def _printed(bench: Bench, text: LongText) -> Slices[str]:
    """Print lines as they are made, if somebody prints them; else return them."""
    kept: list[str] = []
    while chunk := list(islice(text.lines, CHUNK_LINES)):
        if bench.printer is not None:
            bench.printer("\n".join(chunk))
        else:
            kept += chunk
        yield None
    return "\n".join(kept)


def _changing(rig: Rig, parsed: ParsedCommand, line: str) -> Slices[CommandResult]:
    """Have a command change a rig: behind a barrier of its workers; what takes long, in slices.

    Such a handler makes its change at its end, in one piece.
    """
    result = rig.driver.on_main(lambda: parsed.command.handler(rig, parsed))
    if isinstance(result, Generator):
        result = yield from result
    return result if isinstance(result, CommandResult) else CommandResult(str(result), line)


def _acting(bench: Bench, parsed: ParsedCommand, line: str) -> Slices[str]:
    """Run a command that changes the rig: an input of the history."""
    rig, history = bench.rig, bench.history
    if history is not None:
        history.checkpoints.abandon()
    done = yield from _changing(rig, parsed, line)
    if history is not None:
        history.before_acting()  # not sooner: what is refused opens no branch
        history.note(Cli(done.line))
    yield from bench.transport.settling()
    return done.output
