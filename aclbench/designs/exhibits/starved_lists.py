"""One budget for all lists, and the first list takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aclbench.designs.exhibit import ONE_WORKER, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.steps import TAKE_HEADS, Step
from aclbench.engine.worker import Worker


class BudgetForEach(IdleCheck):
    """Each list has a budget of its own."""

    def take_due(self, worker: Worker, now: int) -> Iterator[Step]:
        """Unlink due heads, so many of each list."""
        for list_id in range(len(worker.conn_list_head)):
            yield TAKE_HEADS
            self.take_heads(worker, list_id, self.am.max_deleted_sessions_per_interval, now)


EXHIBIT = Exhibit(
    name="starved-lists",
    title="while enough UDP is due, no TCP session expires",
    believed="An interrupt takes so many sessions at most, so that no packet waits for long.",
    happened="The lists were gone through in order, UDP first. Where as much of it was due each "
    "time as an interrupt takes, even if all of it was in use and only put back, nothing was left "
    "for TCP, whose sessions stayed for as long as that went on.",
    found="Upstream commit 4bc1796b346 of 30 May 2018 gave each list a budget of its own.",
    design=replace(FIFO_2017, name="starved-lists"),
    fixed=replace(FIFO_2017, name="starved-lists-mended", idle_check=BudgetForEach),
    scenario=ONE_WORKER,
    shown_by=Plain(
        lines="""
            set bench quantum 1
            set bench wait-min 100ms
            set acl-plugin session timeout tcp transient 1
            send pg0 udp 10.0.0.2:1000-1039 > 192.168.0.2:53
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            run 30s
        """,
        shows=(
            "30 s after a SYN, with a timeout of 1 s, TCP sessions alive: "
            "{worker(0).list(tcp_transient).length}",
        ),
        holds="worker(0).list(tcp_transient).length == 0",
    ),
)
