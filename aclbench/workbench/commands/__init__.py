"""The command table: one for the REPL, the screen, scripts, scenarios, lessons and the API.

Commands that VPP has are VPP's. A handler gets the bench and the parsed line and returns what VPP
would print; it raises `CommandError` before it changes anything.
"""

from __future__ import annotations

from typing import Final

from aclbench.workbench.commands.bench import (
    benching,
    execute,
    explain,
    files,
    helping,
    history,
    looking,
    running,
    seeking,
    sending,
    stories,
)
from aclbench.workbench.commands.types import ARGUMENT_TYPES
from aclbench.workbench.commands.vpp import (
    acls,
    errors,
    interfaces,
    packet_generator,
    show,
    show_vnet,
    trace,
)
from aclbench.workbench.grammar import REST, SECONDS, WORD, CommandTable

OWN_TYPES: Final = (*running.TYPES, *sending.TYPES, *looking.TYPES, *benching.TYPES, *stories.TYPES)


def make_command_table() -> CommandTable:
    """All commands there are."""
    table = CommandTable(
        (
            *(*ARGUMENT_TYPES, *OWN_TYPES, *explain.TYPES),
            *(packet_generator.STREAM, helping.BEGINNING, files.FILE, WORD, REST, SECONDS),
        )
    )
    table.define("rule", acls.RULE_FORM)
    for room in (interfaces, acls, show, errors, show_vnet, trace, packet_generator, execute):
        for command in room.COMMANDS:
            table.add(command)
    # Ours leave VPP's abbreviations to VPP: `pa` is packet-generator, not packets.
    for room in (
        *(sending, running, seeking, looking, stories),
        *(explain, history, benching, helping),
    ):
        for command in room.COMMANDS:
            table.add(command, yields=True)
    return table
