"""A burst empties the table for nothing."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.exhibits.full_one import FreesAtOnce
from aclbench.designs.vpp_26_10 import VPP_26_10

EXHIBIT = Exhibit(
    name="full_burst",
    title="200 new connections on a full table: 200 old ones go, and none is admitted",
    believed="Each packet that finds the table full makes room for one session.",
    happened="For one that comes 10 us later (the exhibit `full_one`). Of a burst none does: each "
    "of its packets deletes a session, and is dropped.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="full_burst-mended", sessions=FreesAtOnce),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            set acl-plugin session table max-entries 302
            send pg0 tcp 10.0.0.2:1000-1299 > 192.168.0.2:80 S
            send pg0 tcp 10.0.0.2:5000-5199 > 192.168.0.2:80 S
            run 1s
        """,
        shows=(
            "of 300 sessions {sessions.recycled} were recycled for 200 new ones, of which "
            "{sessions.added - 300} were made",
        ),
        holds="sessions.added == 500",
    ),
)
