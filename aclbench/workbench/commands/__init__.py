"""The command table: one for the REPL, the screen, scripts, scenarios, lessons and the API.

Commands that VPP has are VPP's. A handler gets the bench and the parsed line and returns what VPP
would print; it raises `CommandError` before it changes anything.
"""

from __future__ import annotations

from typing import Final

from aclbench.workbench.commands import (
    acls,
    benching,
    explain,
    files,
    helping,
    history,
    interfaces,
    looking,
    running,
    sending,
    show,
)
from aclbench.workbench.commands.types import ARGUMENT_TYPES
from aclbench.workbench.grammar import REST, SECONDS, WORD, CommandTable

OWN_TYPES: Final = (*running.TYPES, *sending.TYPES, *looking.TYPES, *benching.TYPES)


def make_command_table() -> CommandTable:
    """All commands there are."""
    table = CommandTable(
        (*ARGUMENT_TYPES, *OWN_TYPES, WORD, REST, SECONDS, helping.BEGINNING, files.FILE)
    )
    table.define("rule", acls.RULE_FORM)
    table.register(*explain.TYPES)
    for room in (
        *(interfaces, acls, show, history),
        *(sending, running, looking, explain, benching, helping),
    ):
        for command in room.COMMANDS:
            table.add(command)
    return table
