"""What is taken out of an interface's list changes the order of the rest."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain
from aclbench.designs.vpp_26_10 import VPP_26_10, Vpp2610AclLists
from aclbench.engine.acl_lists import AclLists


class KeepsOrder(Vpp2610AclLists):
    """The others move up."""

    def without(self, applied: tuple[int, ...], acl_index: int) -> tuple[int, ...]:
        """A list with one ACL taken off."""
        return AclLists.without(self, applied, acl_index)


EXHIBIT = Exhibit(
    name="reorder_fate",
    title="taking off an ACL that matched nothing lets denied packets through",
    believed="An item is taken out of a vector fastest by putting the last one in its place.",
    happened="The order of ACLs on an interface decides: the first rule that matches. With the "
    "first of three taken off the last became the first, so `permit all` stood ahead of `deny "
    "10.0.0.2`.",
    found=f"{SEEN_ON_26_10} So it was in 2017.",
    design=VPP_26_10,
    fixed=replace(VPP_26_10, name="reorder_fate-mended", acl_lists=KeepsOrder),
    lives_on=True,
    scenario="""
workers = 1
cli = '''
set acl-plugin acl permit src 10.0.1.7/32 dst 192.168.3.9/32
set acl-plugin acl deny src 10.0.0.2/32
set acl-plugin acl permit
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 input acl 1
set acl-plugin interface pg0 input acl 2
run 1s
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/16"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:5 > 192.168.0.2:53
            set acl-plugin interface pg0 input acl 0 del
            show acl-plugin interface sw_if_index 1
            send pg0 udp 10.0.0.2:5 > 192.168.0.2:53
        """,
        shows=(
            "10.0.0.2, which was denied, is now {latest(packet).fate}: {latest(packet).reason}",
        ),
        holds='latest(packet).fate == "denied"',
    ),
)
