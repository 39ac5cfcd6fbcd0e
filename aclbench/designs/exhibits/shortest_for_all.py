"""All lists are looked at after the shortest timeout."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import ONE_WORKER, Exhibit, Plain
from aclbench.designs.rings import RINGS
from aclbench.engine.design import FIFO_2017

EXHIBIT = Exhibit(
    name="shortest-for-all",
    title="a session that lives for a day is looked at 30 times an hour",
    believed="A thread may not move another's session. If each list is looked at after the "
    "shortest timeout of all, nobody needs to, and the work that is added is little.",
    happened="That work is 720 looks a day at each established connection, most of which find it "
    "in use and put it back.",
    found="Upstream commit 608f95cddc4 of 14 September 2018 has who changes a class tell the "
    "owner, and looks at each list after half its own timeout. The run without the fault is of the "
    "design `rings`, which does the like.",
    design=replace(FIFO_2017, name="shortest-for-all"),
    fixed=RINGS,
    scenario=ONE_WORKER,
    shown_by=Plain(
        lines="""
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
            send pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA
            send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 A
            run 1h
        """,
        shows=("within an hour its session was put back {count(requeued)} times",),
        holds="count(requeued) == 0",
    ),
)
