"""Two packets that are alike in all make two sessions."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain
from aclbench.designs.exhibits.dup import LooksUpInTurn
from aclbench.designs.vpp_26_10 import VPP_26_10

EXHIBIT = Exhibit(
    name="dup_lc",
    title="two packets that are alike in all make two sessions",
    believed="If the next packet has the same 5-tuple, it gets the session that was just made "
    "(the exhibit `dup`).",
    happened="In what is compared there is the number of the lookup context, too. It is written "
    "when a packet is held against rules, so of the next packet it is still 0. Only on the "
    "interface that had its ACL first, whose number is 0, are two packets ever the same.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="dup_lc-mended", datapath=LooksUpInTurn),
    lives_on=True,
    scenario="""
workers = 1
cli = '''
set acl-plugin acl permit+reflect
set acl-plugin interface pg1 input acl 0
set acl-plugin interface pg0 input acl 0
run 1s
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:4000 > 192.168.0.2:53 count 3
            send pg1 udp 192.168.0.9:4000 > 10.0.0.2:53 count 3
        """,
        shows=(
            'sessions of three packets of one flow: {count(added, interface="pg0")} on pg0, '
            '{count(added, interface="pg1")} on pg1',
        ),
        holds="sessions.live == 2",
    ),
)
