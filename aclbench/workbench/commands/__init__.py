"""The command table: one for the REPL, the screen, scripts, scenarios, lessons and the API.

Commands that VPP has are VPP's. A handler gets the bench and the parsed line and returns what VPP
would print; it raises `CommandError` before it changes anything.
"""

from __future__ import annotations

from aclbench.workbench.commands import (
    acls,
    errors,
    execute,
    history,
    interfaces,
    packet_generator,
    show,
    show_vnet,
    trace,
)
from aclbench.workbench.commands.types import ARGUMENT_TYPES
from aclbench.workbench.grammar import REST, SECONDS, WORD, CommandTable


def make_command_table() -> CommandTable:
    """All commands there are."""
    table = CommandTable((*ARGUMENT_TYPES, packet_generator.STREAM, WORD, REST, SECONDS))
    table.define("rule", acls.RULE_FORM)
    for room in (
        interfaces,
        acls,
        show,
        errors,
        show_vnet,
        trace,
        packet_generator,
        execute,
        history,
    ):
        for command in room.COMMANDS:
            table.add(command)
    return table
