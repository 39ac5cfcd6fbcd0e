"""Command lines where two benches stand side by side: most go to both."""

from __future__ import annotations

from typing import Final

from aclbench.errors import AclbenchError, CommandError
from aclbench.tui.against.following import following
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

#: Lines by their first word that lead one bench through time: the other follows.
_MOVES: Final = frozenset({
    "step", "choose", "run", "play", "back", "forward", "goto", "switch",
})  # fmt: skip
#: What is said or written once.
_ONCE: Final = frozenset({"help", "save"})
#: What puts another bench in the place of one, and why not here.
_REFUSED: Final = {
    "load": "two benches are compared here, and a file makes one; leave, and name it behind "
    "aclbench tui --against",
    "reset": "two benches are compared here; the key r begins both anew",
}


def performing(lead: Workbench, other: Workbench, names: tuple[str, str], line: str) -> Slices[str]:
    """Perform a line; returns what it prints, under each name where that is not the same.

    CommandError: it is refused. What one bench refuses and the other has done says so.
    """
    word = _first_word(lead, line)
    if word in _REFUSED:
        raise CommandError(_REFUSED[word])
    if word in _MOVES or word in _ONCE:
        return (yield from lead.lines.slices(lead, line))
    yield from following(lead, other)
    printer, lead.printer = lead.printer, None  # what both print stands together
    try:
        said = yield from lead.lines.slices(lead, line)
        try:
            also = yield from other.lines.slices(other, line)
        except AclbenchError as error:
            raise CommandError(f"{names[1]} refuses what {names[0]} has done: {error}") from error
    finally:
        lead.printer = printer
    if said == also:
        return said
    return f"--- {names[0]}\n{said}\n--- {names[1]}\n{also}"


def _first_word(bench: Workbench, line: str) -> str:
    """The first word of the command that a line means; empty: none, or it says itself why not."""
    try:
        parsed = bench.lines.table.parse(line, bench)
    except AclbenchError:
        return ""
    return "" if parsed is None else parsed.command.syntax.split()[0]
