"""What helps a person to type: `help`, `?` at the end of a line, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, NoReturn

from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.grammar import (
    END,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
    is_nothing,
)

#: Things that could stand for an argument, of which a person is shown so many.
_SHOWN_CANDIDATES: Final = 12
#: Where the second column begins at the latest.
_WIDEST: Final = 34


# --- ? ----------------------------------------------------------------------------------------


def asked_what_next(line: str) -> str | None:
    """What stands before the `?` that ends a line; None for a line that asks nothing."""
    typed = line.rstrip()
    if not typed.endswith("?") or is_nothing(line) or in_quotes(typed):
        return None
    return typed[:-1]


def in_quotes(line: str) -> bool:
    """Whether the end of a line is inside of quotes."""
    return line.count('"') % 2 == 1


def what_next(bench: Bench, line: str) -> str:
    """What can come next on a line, a row each, and what there is for an argument.

    CommandError: it leads nowhere.
    """
    rows = bench.lines.table.expected(line, bench)
    if not rows:
        return bench.lines.table.help(line, bench)  # raises: it points at the word
    words = {row.text for row in rows}
    there = [
        (text, about)
        for text, about, _ in bench.lines.table.complete(line, bench)
        if text not in words
    ]
    left_out = len(there) - _SHOWN_CANDIDATES
    there = there[:_SHOWN_CANDIDATES]
    if left_out > 0:
        there.append(("...", f"and {left_out} more"))
    width = min(_WIDEST, max(len(text) for text, _ in [*rows, *there]))
    lines: list[str] = []
    for text, about in [*rows, *there]:
        lines.append(f"  {text:{width}}  {about}".rstrip())
    return "\n".join(lines)


# --- help -------------------------------------------------------------------------------------


def _parse_beginning(text: str, context: Any) -> str:
    return text


def _complete_beginning(prefix: str, context: Any) -> Iterable[Candidate]:
    for text, about, start in islice(context.lines.table.complete(prefix, context), 200):
        yield Candidate(prefix[:start] + text, about)


BEGINNING: Final = ArgumentType(
    "beginning", "how a command begins", _parse_beginning, _complete_beginning, takes_rest=True
)


def help_(bench: Bench, parsed: ParsedCommand) -> str:
    """All commands, or those that begin with some words."""
    return bench.lines.table.help(parsed.arguments.get("command", ""), bench)


# --- the way out --------------------------------------------------------------------------------


def leave(bench: Bench, parsed: ParsedCommand) -> NoReturn:
    """Nothing is left here: the REPL knows the command before it comes so far."""
    raise CommandError(
        "there is no prompt to leave here: quit leaves that of `aclbench repl`; "
        "the key q leaves the screen"
    )


def is_leaving(bench: Bench, line: str) -> bool:
    """Whether a line leaves the prompt, abbreviated or not."""
    try:
        parsed = bench.lines.table.parse(line, bench)
    except CommandError:
        return False
    return parsed is not None and parsed.command.handler is leave


GROUP: Final = "help"
COMMANDS: Final = (
    Command(
        "help [<beginning:command>]",
        help_,
        "list the commands, or those that begin with some words",
        f"`?` at the end of a line lists what can come next there; {END} is the end of the line.",
        group=GROUP,
        changes=False,
    ),
    Command("quit", leave, "leave the prompt", group=GROUP, changes=False, reach="outside"),
    Command(
        "exit", leave, "leave the prompt, as quit does", group=GROUP, changes=False, reach="outside"
    ),
)
