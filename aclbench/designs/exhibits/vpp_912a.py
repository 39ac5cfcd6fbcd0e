"""VPP-912 (a): a clear waits for a thread that nobody interrupts."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.cleaner import Cleaner
from aclbench.engine.design import FIFO_2017
from aclbench.engine.worker import Worker


class WaitsForThreadZero(Cleaner):
    """All threads are to clear; interrupts go to those that carry packets."""

    def workers_to_clear(self) -> list[Worker]:
        """Every thread, vpp_main among them."""
        return self.am.workers


EXHIBIT = Exhibit(
    name="vpp-912a",
    title="a clear never ends, and the cleaner with it",
    believed="Each thread has its data, so a clear goes over them all, and waits for all.",
    happened="With workers thread 0 carries no packets and gets no interrupt. It was told to "
    "clear and never did. The cleaner waited for it for ever: no later clear began, and no "
    "session expired any more.",
    found="VPP-912, mended by upstream commit 22d32d916f4 on 2 August 2017. It came back with the "
    "mending of VPP-948 (71bb05454c9, 16 August), until fe99a7eeb99 interrupted thread 0, too, on "
    "7 February 2018.",
    design=replace(FIFO_2017, name="vpp-912a", cleaner=WaitsForThreadZero),
    fixed=FIFO_2017,
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            set acl-plugin session timeout udp idle 1
            clear acl-plugin sessions
            run 100ms
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
            run 3s
        """,
        shows=(
            "clears begun: {cleaner.clears}; ended: {cleaner.clears_done}",
            "3 s after the only packet, with a timeout of 1 s, sessions alive: {sessions.live}",
        ),
        holds="cleaner.clears == cleaner.clears_done and sessions.live == 0",
    ),
)
