"""The packet that makes room gets none."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.vpp_26_10 import VPP_26_10, Vpp2610Sessions
from aclbench.engine.worker import Worker

_PURGATORY = VPP_26_10.numbers.index("purgatory")


class FreesAtOnce(Vpp2610Sessions):
    """What is recycled does not rest: its slot is free at once."""

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Delete the head of the transient list, and free it."""
        if not super().try_recycle_session(worker, now):
            return False
        victim = worker.numbers[_PURGATORY].pop()
        self.free_session(worker, worker.pool.session(victim))
        return True


EXHIBIT = Exhibit(
    name="full_one",
    title="with a full table every second new connection is dropped",
    believed="Where the table is full the oldest transient session goes, and the packet has room.",
    happened="What goes rests for 10 us before it is free (the mending of `reused-slot`), and "
    "counts until then. The packet looks for room again at once, finds none, and is dropped; the "
    "next one, later, finds the room. So half of the new connections pay for the other half.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="full_one-mended", sessions=FreesAtOnce),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            set acl-plugin session table max-entries 7
            send pg0 tcp 10.0.0.2:3000-3004 > 192.168.0.2:80 S
            run 1s
            send pg0 tcp 10.0.0.2:3005 > 192.168.0.2:80 S
            run 1s
            send pg0 tcp 10.0.0.2:3006 > 192.168.0.2:80 S
            run 1s
            send pg0 tcp 10.0.0.2:3007 > 192.168.0.2:80 S
            run 1s
            send pg0 tcp 10.0.0.2:3008 > 192.168.0.2:80 S
        """,
        shows=(
            "of 4 SYNs, one a second, that come when there is room for 5 sessions and 5 are there, "
            'denied: {count(packet, fate="denied")}',
        ),
        holds='count(packet, fate="denied") == 0',
    ),
)
