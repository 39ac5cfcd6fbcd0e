"""The shortest timeout is looked for one place too far."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import ONE_WORKER, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions


class OnePlaceTooFar(Sessions):
    """The place behind the last timeout holds 0, which is the shortest of all."""

    def check_due(self, session: Session) -> int:
        """A listed session is looked at 0 s after it was listed."""
        return session.link_enqueue_time + 1


EXHIBIT = Exhibit(
    name="unused-slot",
    title="every session is looked at all the time",
    believed="A loop from the first list to the last finds the shortest timeout.",
    happened="It was written with `<=`, and read a place that no list used and that held 0. "
    "Nothing expired too soon, for that is judged by the session's own timeout. But each session "
    "was due for a look as soon as it was back on its list, and workers did little else.",
    found="Mended by upstream commit a0dfa8b158e on 14 June 2018.",
    design=replace(FIFO_2017, name="unused-slot", sessions=OnePlaceTooFar),
    fixed=FIFO_2017,
    scenario=ONE_WORKER,
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000-1009 > 192.168.0.2:53
            run 100s
        """,
        shows=(
            "10 sessions, the shortest timeout 120 s: in the first 100 s they are put back "
            "{count(requeued)} times",
        ),
        holds="count(requeued) == 0",
    ),
)
