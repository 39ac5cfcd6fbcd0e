"""Taking the ACLs off leaves sessions, and answers pass by them."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain, bench_of_26_10
from aclbench.designs.exhibits.clear import LooksAtAllLists
from aclbench.designs.vpp_26_10 import VPP_26_10

EXHIBIT = Exhibit(
    name="unapply",
    title="who takes the ACLs off and puts a deny back lets old flows through",
    believed="With the last ACL of an interface its sessions go: they are cleared.",
    happened="The clear ends after a hundred sessions (the exhibit `clear`), so of 5,000 there "
    "are 4,800 left when both lists have been taken off. To put an ACL back clears, too, and so "
    "leaves 4,700. These are found again, and their packets pass, whatever the ACL says.",
    found=SEEN_ON_26_10,
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="unapply-mended", idle_check=LooksAtAllLists),
    lives_on=True,
    scenario=bench_of_26_10(workers=1),
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1024-6023 > 192.168.0.2:53
            set acl-plugin interface pg0 input acl 0 del
            run 1s
            set acl-plugin interface pg0 output acl 1 del
            run 1s
            set acl-plugin interface pg0 output acl 1
            run 1s
            send pg1 udp 192.168.0.2:53 > 10.0.0.2:6023
        """,
        shows=(
            "of 5,000 sessions alive: {sessions.live}",
            "an answer of the last flow, where all is denied: {latest(packet).fate}",
        ),
        holds='sessions.live == 0 and latest(packet).fate == "denied"',
    ),
)
