"""What is recycled as transient may be established."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.pool import NO_SESSION
from aclbench.engine.sessions import Sessions
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT
from aclbench.engine.worker import Worker


class SparesEstablished(Sessions):
    """Who needs room looks at a session's class now, not at the list that it is on."""

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Put heads that are transient no more where they belong; then recycle."""
        while (head := worker.conn_list_head[TIMEOUT_TCP_TRANSIENT]) != NO_SESSION:
            session = worker.pool.session(head)
            list_id = self.am.classes.session_get_timeout_type(session)
            if list_id == TIMEOUT_TCP_TRANSIENT:
                break
            self.conn_list_delete_session(worker, session, now)
            self.conn_list_add_session(worker, session, list_id, now)
        return super().try_recycle_session(worker, now)


EXHIBIT = Exhibit(
    name="recycled-established",
    title="a full table costs an established connection",
    believed="When room is short, the oldest transient session may go: a handshake that hangs.",
    happened="Only its owner may move a session to another list. If the last packet of a "
    "handshake comes in by another worker, the connection is established and stays on the "
    "transient list until its owner looks at it, up to two minutes later. A full table takes it.",
    found="Read in the code of 2017. The design document leaves such a session to its owner's next "
    "look, unless room is short; and recycling is for when room is short.",
    design=replace(FIFO_2017, name="recycled-established"),
    fixed=replace(FIFO_2017, name="recycled-established-mended", sessions=SparesEstablished),
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            set acl-plugin session table max-entries 1
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 A
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA
            send pg0 tcp 10.0.0.2:2000 > 192.168.0.2:80 S
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 PA
        """,
        shows=(
            "when another connection finds the table full, the next packet of the established one "
            "is {latest(packet).fate}: {latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
