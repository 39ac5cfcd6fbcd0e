"""When a second session expires, it takes the entry of the one in use."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.exhibits.dup import LooksUpInTurn
from aclbench.designs.vpp_26_10 import VPP_26_10

EXHIBIT = Exhibit(
    name="dup_age",
    title="a connection in use loses its session, again and again",
    believed="A session that expires takes its own entry out of the table.",
    happened="It takes out what is there under its key. Of two sessions under one key (the "
    "exhibit `dup`) the older has had no packet since, expires, and takes the entry of the one in "
    "use with it. The next packet makes another session, and so on: each time that an older one "
    "ends.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="dup_age-mended", datapath=LooksUpInTurn),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            set acl-plugin session timeout tcp transient 2
            run 100ms
            send pg0 tcp 10.0.0.2:4321 > 192.168.0.2:80 A
            send pg0 tcp 10.0.0.2:4321 > 192.168.0.2:80 PA
            send pg0 tcp 10.0.0.2:4321 > 192.168.0.2:80 PA count 24 interval 200ms
        """,
        shows=(
            "one connection, a packet every 0.2 s, a timeout of 2 s: sessions made in 4.6 s: "
            "{sessions.added}",
        ),
        holds="sessions.added == 1",
    ),
)
