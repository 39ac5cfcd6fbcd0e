"""The lines that VPP itself prints for wrong input; ours follow and say what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from aclbench.workbench.commands.vpp.absent import instead_of, words_behind
from aclbench.workbench.grammar import CommandTable, GrammarError

#: The words that a syntax begins with.
_FIRST_WORDS: Final = re.compile(r"[\w-]+(?: [\w-]+)*(?![\w-])")


def with_vpp_line(line: str, error: GrammarError, table: CommandTable) -> GrammarError:
    """The error of a line, behind VPP's own where VPP has one.

    Of a command that VPP has and aclbench has not: what there is instead.
    """
    begins = (_FIRST_WORDS.match(command.syntax) for command in table.commands)
    instead = instead_of(line, [begin.group().split() for begin in begins if begin])
    if instead:
        return GrammarError(instead, column=error.column)
    words = line.split()
    for path, say in _COMMANDS.items():
        rest = words_behind(words, path.split())
        said = say(rest) if rest is not None else ""
        if said:
            return GrammarError(f"{said}\n{error}", column=error.column)
    return error


def _set_timeout(rest: Sequence[str]) -> str:
    """VPP reads the words that it knows, and then names what is left, or wants a number."""
    known = ("udp", ("idle",)), ("tcp", ("idle", "transient"))
    for proto, kinds in known:
        if rest and rest[0] == proto:
            if len(rest) > 1 and rest[1] in kinds:
                if len(rest) > 2 and not rest[2][0].isdigit():
                    left = " ".join(rest[2:])
                    return f"set acl-plugin: expecting timeout value in seconds, got `{left}`"
                return ""
            rest = rest[1:]
            break
    return f"unknown input `{' '.join(rest)}'" if rest else ""


def _show(rest: Sequence[str]) -> str:
    """VPP names all that is behind `show acl-plugin` and begins with none of its words."""
    if rest and any(
        word.startswith(rest[0]) for word in ("acl", "interface", "lookup", "memory", "sessions")
    ):
        return ""
    return f"show acl-plugin: unknown input `{' '.join(rest)}'"


def _show_lookup(rest: Sequence[str]) -> str:
    """The same behind `show acl-plugin lookup`."""
    if rest and any(word.startswith(rest[0]) for word in ("context", "user")):
        return ""
    return f"show acl-plugin lookup: unknown input `{' '.join(rest)}'"


_COMMANDS: Final[dict[str, Callable[[Sequence[str]], str]]] = {
    "set acl-plugin session timeout": _set_timeout,
    "show acl-plugin lookup": _show_lookup,
    "show acl-plugin": _show,
}
