"""VPP-912 (d): the cleaner's interval is halved without an end."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import ONE_WORKER, Exhibit, Plain
from aclbench.engine.cleaner import Cleaner
from aclbench.engine.design import FIFO_2017
from aclbench.engine.timeouts import WAIT_INTERVAL_INCREMENT_NS


class HalvesToNothing(Cleaner):
    """The interval has no least value; its largest is looked at before it is made longer."""

    def adapt(self, needed: bool, unwanted: bool, now: int) -> None:
        """Halve the interval, or make it a little longer."""
        am, cleaner = self.am, self.am.cleaner
        old = cleaner.wait_interval
        if needed:
            cleaner.wait_interval = old // 2
        elif unwanted and old < am.wait_interval_max:
            cleaner.wait_interval = old + WAIT_INTERVAL_INCREMENT_NS
        if cleaner.wait_interval != old:
            cleaner.cnt_wait_changes += 1
            am.tell.wait_changed(old, cleaner.wait_interval, now)


EXHIBIT = Exhibit(
    name="vpp-912d",
    title="the cleaner waits half as long, and half as long, down to nothing",
    believed="Halving the wait while workers have much to do, and making it longer slowly when "
    "they have not, comes to rest where it should, as TCP's rate does.",
    happened="A worker that has much to do asks for an interrupt each time, and nothing stops the "
    "halving: after thirty times half a second is half a nanosecond. The cleaner spun, and "
    "vpp_main did little else.",
    found="VPP-912, mended by upstream commit 22d32d916f4 on 2 August 2017.",
    design=replace(FIFO_2017, name="vpp-912d", cleaner=HalvesToNothing),
    fixed=FIFO_2017,
    scenario=ONE_WORKER,
    shown_by=Plain(
        lines="""
            set bench quantum 1
            set acl-plugin session timeout udp idle 1
            send pg0 udp 10.0.0.2:1000-1024 > 192.168.0.2:53
            run 3s
        """,
        shows=(
            "25 sessions expire, one an interrupt; the shortest wait between two rounds is "
            "{duration(min(each.new for each in events(wait_changed)))}",
        ),
        holds="min(each.new for each in events(wait_changed)) >= 1 * ms",
    ),
)
