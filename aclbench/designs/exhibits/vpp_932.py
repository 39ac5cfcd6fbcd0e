"""VPP-932: the packet that creates a session leaves no trace in it."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import Interface
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions


class Untracked(Sessions):
    """A session begins with no flag seen: its first packet's are never noted."""

    def enter_table(self, interface: Interface, session: Session) -> Session:
        """Enter a session, its flags still empty."""
        session.tcp_flags_seen_in = session.tcp_flags_seen_out = 0
        return super().enter_table(interface, session)


EXHIBIT = Exhibit(
    name="vpp-932",
    title="no TCP connection is ever established",
    believed="Each packet of a session is tracked: its timestamp and its flags are written.",
    happened="All but the first, which creates the session: it was added to the table, and the "
    "packet went on. That packet is the SYN, so the client's SYN was never seen, no connection "
    "counted as established, and an idle one was gone after two minutes instead of a day.",
    found="VPP-932, mended by upstream commit b639b593372 on 9 August 2017.",
    design=replace(FIFO_2017, name="vpp-932", sessions=Untracked),
    fixed=FIFO_2017,
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 A
            run 5min
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 PA
        """,
        shows=(
            "5 minutes after the handshake the server's next packet is {latest(packet).fate}: "
            "{latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
