"""The commands that set up a bench: VPP's of interfaces and ACLs. They stand first in the table."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from aclbench.workbench.commands.types import ARGUMENT_TYPES
from aclbench.workbench.commands.vpp import acls, interfaces
from aclbench.workbench.grammar import REST, SECONDS, WORD, CommandTable, ParsedCommand


@cache
def basic_commands() -> CommandTable:
    """Not to be added to."""
    table = CommandTable((*ARGUMENT_TYPES, WORD, REST, SECONDS))
    table.define("rule", acls.RULE_FORM)
    for module in (interfaces, acls):
        for command in module.COMMANDS:
            table.add(replace(command, on_rig=True))
    return table


def is_in_full(line: str, parsed: ParsedCommand) -> bool:
    """Whether no word of a line is abbreviated: then other commands would change nothing."""
    words = (item for item in parsed.path if item.kind == "word")
    return all(line.startswith(word.name, word.column) for word in words)
