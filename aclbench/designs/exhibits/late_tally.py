"""Interrupts are sent before it is counted who asked for them."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import ONE_WORKER, Exhibit, Plain
from aclbench.engine.cleaner import Cleaner, CleanerPart
from aclbench.engine.design import FIFO_2017
from aclbench.engine.steps import TALLY


class SendsThenTallies(Cleaner):
    """To send an interrupt takes back the wish for it; then nobody wished."""

    def go_round(self, now: int) -> CleanerPart:
        """Interrupt the workers, then look at what they said."""
        now = yield from self.send_interrupts_to_workers(now)
        now, _ = yield TALLY
        self.tally(now)
        return now


EXHIBIT = Exhibit(
    name="late-tally",
    title="the wait between two rounds never gets shorter",
    believed="Send the interrupts, then count how many workers need more of them.",
    happened="Sending an interrupt clears the flag by which a worker asks for it. So when the "
    "flags were counted they were 0, and the interval that should have halved stayed half a "
    "second, however much was due. With a hundred sessions a round, that is 200 a second.",
    found="Read in the code of 2017: on one thread it is always so, and with workers unless one "
    "asks again before the flags are counted. In VPP 26.10 nothing sets the flags any more, and "
    "the wait is half a second for good.",
    design=replace(FIFO_2017, name="late-tally", cleaner=SendsThenTallies),
    fixed=FIFO_2017,
    scenario=ONE_WORKER,
    shown_by=Plain(
        lines="""
            set acl-plugin session timeout udp idle 1
            send pg0 udp 10.0.0.2:1000-3999 > 192.168.0.2:53
            run 5s
        """,
        shows=(
            "3,000 sessions have a timeout of 1 s; after 5 s sessions alive: {sessions.live}, and "
            "the wait is {duration(cleaner.wait_interval)}",
        ),
        holds="sessions.live == 0",
    ),
)
