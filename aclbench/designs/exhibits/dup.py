"""Two packets of one connection make two sessions."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.look_ahead import LookAhead
from aclbench.designs.vpp_26_10 import VPP_26_10
from aclbench.engine.datapath import Datapath
from aclbench.engine.main import Interface
from aclbench.engine.pool import Session
from aclbench.engine.worker import Worker


class LooksUpInTurn(LookAhead):
    """A packet is looked up when it is handled."""

    def look_up(
        self, worker: Worker, interface: Interface, is_input: bool, key: bytes, info: int, now: int
    ) -> Session | None:
        """The session that is in the table now."""
        return Datapath.look_up(self, worker, interface, is_input, key, info, now)


EXHIBIT = Exhibit(
    name="dup",
    title="the second packet of a connection makes a second session",
    believed="To look the next packet up ahead of time is right but for one case: the packet "
    "before it makes the session that it needs. So if both have the same 5-tuple, the answer is "
    "corrected.",
    happened="What is compared has TCP flags in it. An ACK and a PSH+ACK of one connection in one "
    "frame are not the same then, the answer stays `no session`, and a second one is made under "
    "the same key. The first has no entry any more, and lives on.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="dup-mended", datapath=LooksUpInTurn),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            send pg0 tcp 10.0.0.2:4321 > 192.168.0.2:80 A
            send pg0 tcp 10.0.0.2:4321 > 192.168.0.2:80 PA
        """,
        shows=("one connection, two packets in one frame; sessions: {sessions.live}",),
        holds="sessions.live == 1",
    ),
)
