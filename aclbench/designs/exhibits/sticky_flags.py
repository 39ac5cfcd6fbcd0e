"""A new connection inherits the flags of the one before."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.packet import TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions


class BeginsAnew(Sessions):
    """A SYN on a connection that ended begins another one."""

    def track_session(self, session: Session, is_input: bool, info: int, now: int) -> int:
        """Forget the flags seen where they are of a connection that is over."""
        seen = session.tcp_flags_seen_in | session.tcp_flags_seen_out
        if info & (TCP_SYN | TCP_ACK) == TCP_SYN and seen & (TCP_FIN | TCP_RST):
            session.tcp_flags_seen_in = session.tcp_flags_seen_out = 0
        return super().track_session(session, is_input, info, now)


EXHIBIT = Exhibit(
    name="sticky-flags",
    title="a connection that uses its ports again is never established",
    believed="Flags that were seen say what state a connection is in.",
    happened="Flags are only ever added. A client that uses the same port again within two "
    "minutes meets the session of its last connection, whose FIN was seen and stays so: the new "
    "one counts as one that is ending, and is gone after two idle minutes.",
    found="Read in the code of 2017, and so it is today.",
    design=replace(FIFO_2017, name="sticky-flags"),
    fixed=replace(FIFO_2017, name="sticky-flags-mended", sessions=BeginsAnew),
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 FA
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 FA
            run 30s
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 A
            run 5min
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 PA
        """,
        shows=(
            "5 minutes after the second handshake the server's next packet is "
            "{latest(packet).fate}: {latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
