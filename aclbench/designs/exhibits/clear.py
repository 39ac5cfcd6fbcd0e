"""A clear is over after a hundred sessions."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.vpp_26_10 import VPP_26_10, Vpp2610IdleCheck
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.worker import Worker


class LooksAtAllLists(Vpp2610IdleCheck):
    """What is yet to be swept is looked for on every list."""

    def sweep_has_more(self, worker: Worker) -> bool:
        """Whether a list's head was there when the sweep began."""
        return IdleCheck.sweep_has_more(self, worker)


EXHIBIT = Exhibit(
    name="clear",
    title="a clear takes a hundred sessions of a list, and reports that it is done",
    believed="After each quantum count, list by list, what is left to be swept; none: done.",
    happened="There are five lists, and the first is never used. The loop that counts ends at the "
    "first list that has nothing, so the count is 0 and every clear ends with its first quantum: "
    "a hundred sessions of each list. The others stay, and nothing says so.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="clear-mended", idle_check=LooksAtAllLists),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000-20999 > 192.168.0.2:53
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
        """,
        shows=("after four clears of 20,000 sessions those alive: {sessions.live}",),
        holds="sessions.live == 0",
    ),
)
