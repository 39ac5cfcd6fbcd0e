"""Applying an ACL makes another interface's epoch one of the wrong direction."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import SEEN_ON_26_10, Exhibit, Plain
from aclbench.designs.vpp_26_10 import VPP_26_10, Vpp2610AclLists
from aclbench.engine.main import Interface
from aclbench.engine.session import POLICY_EPOCH_IS_INPUT


class FillsWithZeros(Vpp2610AclLists):
    """Epochs are counted where they are wanted; a vector that is made longer is filled with 0."""

    def count_policy_epoch(self, interface: Interface, is_input: bool) -> None:
        """One direction's rules or list have changed."""
        if not self.am.reclassify_sessions:
            return
        for lower in self.am.interfaces[: interface.sw_if_index] if is_input else ():
            if lower is not None and lower.input_policy_epoch == POLICY_EPOCH_IS_INPUT:
                lower.input_policy_epoch = 0
        super().count_policy_epoch(interface, is_input)


EXHIBIT = Exhibit(
    name="epoch_low2",
    title="with reclassify-sessions on, a session survives its ACL becoming deny",
    believed="An epoch's highest bit says that it is of the input direction; a session of another "
    "epoch of the same direction is judged anew.",
    happened="The epochs of interfaces are a vector that grows with the first change on an "
    "interface, and what it grows by is 0: for lower interfaces an epoch without that bit. A "
    "session made then looks as if the other direction had made it, so no packet ever asks "
    "whether it is of old rules.",
    found=SEEN_ON_26_10,
    design=replace(VPP_26_10, name="epoch_low2", acl_lists=FillsWithZeros),
    fixed=VPP_26_10,
    lives_on=True,
    scenario="""
workers = 1
cli = '''
set acl-plugin acl permit+reflect
set acl-plugin acl permit
set acl-plugin interface pg0 input acl 0
set acl-plugin reclassify-sessions 1
set acl-plugin interface pg2 input acl 1
run 1s
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[interface]]
name = "pg2"
prefixes = ["10.2.0.0/24"]
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:78 > 192.168.0.2:53
            set acl-plugin acl index 0 deny
            send pg0 udp 10.0.0.2:79 > 192.168.0.2:53
            send pg0 udp 10.0.0.2:78 > 192.168.0.2:53
        """,
        shows=("the ACL is deny now; a packet of the old flow: {latest(packet).fate}",),
        holds='latest(packet).fate == "denied"',
    ),
)
