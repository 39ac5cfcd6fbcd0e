"""A table full of UDP takes nothing new."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.exhibits.full_one import FreesAtOnce
from aclbench.designs.vpp_26_10 import VPP_26_10
from aclbench.engine.pool import NO_SESSION
from aclbench.engine.timeouts import TIMEOUT_UDP_IDLE
from aclbench.engine.worker import Worker


class RecyclesUdp(FreesAtOnce):
    """Where there is no transient session, the UDP session that is longest on its list goes."""

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Delete a transient session, or one of UDP."""
        head = worker.conn_list_head[TIMEOUT_UDP_IDLE]
        if super().try_recycle_session(worker, now) or head == NO_SESSION:
            return head != NO_SESSION
        session = worker.pool.session(head)
        self.conn_list_delete_session(worker, session, now)
        self.leave_table(session)
        self.free_session(worker, session)
        worker.cnt_recycled_sessions += 1
        self.am.tell.recycled(worker, session, now)
        return True


EXHIBIT = Exhibit(
    name="full_udp",
    title="a table full of UDP stays full, and nobody else gets in",
    believed="When room is short there is always a TCP connection that hangs about.",
    happened="Where all sessions are of UDP there is none, and nothing is recycled. Each new flow "
    "is dropped, for up to ten minutes. So it was in 2017.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="full_udp-mended", sessions=RecyclesUdp),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            set acl-plugin session table max-entries 7
            send pg0 udp 10.0.0.2:3000-3004 > 192.168.0.2:53
            run 1s
            send pg0 udp 10.0.0.2:3005 > 192.168.0.2:53
            run 1s
            send pg0 udp 10.0.0.2:3006 > 192.168.0.2:53
            run 1s
            send pg0 udp 10.0.0.2:3007 > 192.168.0.2:53
        """,
        shows=('of 3 flows that find the table full, denied: {count(packet, fate="denied")}',),
        holds='count(packet, fate="denied") == 0',
    ),
)
