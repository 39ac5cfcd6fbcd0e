"""A session in use at the head of a list keeps those behind it alive."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.pool import NO_SESSION
from aclbench.engine.worker import Worker


class StopsAtActiveHead(IdleCheck):
    """A list is looked at up to the first session that is in use."""

    def take_heads(self, worker: Worker, list_id: int, budget: int, now: int) -> None:
        """Unlink heads one by one, while they have been idle for their timeout."""
        for _ in range(budget):
            index = worker.conn_list_head[list_id]
            if index == NO_SESSION:
                return
            last_active_time = worker.pool.session(index).last_active_time
            if now < last_active_time + self.am.session_timeout[list_id]:
                return
            super().take_heads(worker, list_id, 1, now)


EXHIBIT = Exhibit(
    name="busy-head",
    title="one busy connection keeps idle ones alive",
    believed="A list is in order of time, so where its head has not expired, nothing behind it "
    "has.",
    happened="The list is in the order in which sessions were put on it, and packets do not move "
    "them. A head that was in use all the time stayed the head, and idle sessions behind it were "
    "never looked at. Since then a session is looked at by the time at which it was put on its "
    "list, and goes to the tail if it is in use.",
    found="Mended by upstream commit 57d7dbc8bf8 on 2 May 2017, before the plugin went multicore.",
    design=replace(FIFO_2017, name="busy-head", idle_check=StopsAtActiveHead),
    fixed=FIFO_2017,
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            set acl-plugin session timeout udp idle 10
            send pg0 udp 10.0.0.2:1000-1002 > 192.168.0.2:53
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53 count 20 interval 5s
        """,
        shows=(
            "after 95 s with one of three connections in use, and a timeout of 10 s, sessions "
            "alive: {sessions.live}",
        ),
        holds="sessions.live == 1",
    ),
)
