"""A timeout is made longer, and the cleaner hears nothing any more."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.vpp_26_10 import VPP_26_10, Vpp2610Cleaner
from aclbench.engine.steps import Wait, WaitKind


class WaitsAllTheSame(Vpp2610Cleaner):
    """A head that is overdue is no reason not to wait, and so to read events."""

    def next_wait(self, now: int) -> Wait:
        """Until a head's timeout is over, or for the wait interval where that time is past."""
        wait = super().next_wait(now)
        if wait.until > now:
            return wait
        return Wait(WaitKind.EVENT_OR_CLOCK, now + self.am.cleaner.wait_interval)


EXHIBIT = Exhibit(
    name="cleaner_deaf",
    title="after `udp idle` was raised the cleaner spins, and clears are not heard",
    believed="If the first session is overdue already, there is no need to wait: send interrupts.",
    happened="When a list's head is due is written once. After the timeout was raised that time "
    "passes and the session stays, for its timeout is longer now. At each turn the cleaner finds "
    "it overdue and does not wait; and only who waits reads events. Without workers five clears "
    "were asked for in five seconds and none began, while it went round some 5,000 times a "
    "second.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="cleaner_deaf-mended", cleaner=WaitsAllTheSame),
    lives_on=True,
    scenario=bench_of_26_10(workers=0),
    shown_by=Plain(
        lines="""
            set acl-plugin session timeout udp idle 1
            send pg0 udp 10.0.0.2:80 > 192.168.0.2:53
            set acl-plugin session timeout udp idle 600
            run 1.2s
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
            clear acl-plugin sessions
            run 100ms
        """,
        shows=("five clears in 0.5 s; then sessions alive: {sessions.live}",),
        holds="sessions.live == 0",
    ),
)
