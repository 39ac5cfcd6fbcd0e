"""Recycling takes the key out of the table of the wrong interface."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.worker import Worker


class TakesOutOfPacketsTable(Sessions):
    """What is recycled leaves the table of the interface that the packet is on."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        self.packets: Interface | None = None

    def can_add_session(self, worker: Worker, interface: Interface, key: bytes, now: int) -> bool:
        """Note whose table is full."""
        has_room = super().can_add_session(worker, interface, key, now)
        self.packets = None if has_room else interface
        return has_room

    def leave_table(self, session: Session) -> None:
        """Take the session's key out of that table, where it need not be."""
        if self.packets is None:
            super().leave_table(session)
        else:
            self.packets.sessions.take(session.key)


EXHIBIT = Exhibit(
    name="stale-entry",
    title="a recycled session stays in another interface's table",
    believed="Who needs room deletes the oldest session, with the interface that he has in hand.",
    happened="Lists were one for all interfaces and tables one for each. The oldest session could "
    "be another interface's: its key was then looked for in the wrong table, the slot was freed, "
    "and the entry stayed where it was. It led to whatever session got the slot next, and counted "
    "towards its interface's limit for ever.",
    found="Upstream commit 779c3e3a632 of 8 June 2017, the day after the plugin went multicore, "
    "made it one table and one limit.",
    design=replace(FIFO_2017, name="stale-entry", sessions=TakesOutOfPacketsTable),
    fixed=FIFO_2017,
    scenario="""
workers = 1
cli = '''
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg2 input acl 0
set acl-plugin session table max-entries 1
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[interface]]
name = "pg2"
prefixes = ["10.2.0.0/24"]
""",
    shown_by=Plain(
        lines="""
            send pg2 tcp 10.2.0.2:1000 > 192.168.0.2:80 S
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg0 tcp 10.0.0.2:1001 > 192.168.0.2:80 S
            run 10min
            send pg2 tcp 10.2.0.2:1001 > 192.168.0.2:80 S
        """,
        shows=(
            "10 minutes later nobody has used pg2, and a new connection there is "
            "{latest(packet).fate}: {latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
