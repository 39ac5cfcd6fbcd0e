"""The command table: one for the REPL, the screen, scripts, scenarios, lessons and the API.

Commands that VPP has are VPP's. A handler of VPP's gets a rig, one of ours a bench, and the
parsed line. It returns what VPP would print; it raises `CommandError` before it changes anything.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from msgspec.structs import replace

from aclbench.workbench.commands import settings
from aclbench.workbench.commands.basic import basic_commands
from aclbench.workbench.commands.bench import (
    designs,
    execute,
    explain,
    files,
    helping,
    history,
    looking,
    running,
    searching,
    seeking,
    sending,
    stories,
    trace,
)
from aclbench.workbench.commands.types import TIME_FORM
from aclbench.workbench.commands.vpp import (
    counters,
    errors,
    packet_generator,
    runtime,
    show,
    show_vnet,
)
from aclbench.workbench.grammar import CommandTable

OWN_TYPES: Final = (
    *running.TYPES,
    *sending.TYPES,
    *looking.TYPES,
    *settings.TYPES,
    *stories.TYPES,
    *searching.TYPES,
    *designs.TYPES,
)


def make_command_table() -> CommandTable:
    """All commands there are; others may be added to what is returned."""
    return _all_commands().copied()


@cache
def _all_commands() -> CommandTable:
    """Made once: every bench has a table."""
    table = basic_commands().copied()
    table.register(*OWN_TYPES, *explain.TYPES)
    table.register(packet_generator.STREAM, runtime.NODE, helping.BEGINNING, files.FILE)
    table.define(*TIME_FORM)
    for module in (show, errors, counters, runtime, show_vnet, packet_generator):
        for command in module.COMMANDS:
            table.add(replace(command, on_rig=True))
    for module in (trace, execute):
        for command in module.COMMANDS:
            table.add(command)
    # Ours leave VPP's abbreviations to VPP: `pa` is packet-generator, not packets.
    own = (
        sending,
        running,
        seeking,
        searching,
        looking,
        designs,
        stories,
        explain,
        history,
        settings,
        helping,
    )
    for module in own:
        for command in module.COMMANDS:
            table.add(replace(command, on_rig=module is settings), yields=True)
    return table
