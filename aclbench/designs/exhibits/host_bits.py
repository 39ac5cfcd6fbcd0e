"""A rule's address is compared as it was typed."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.acl import AclRule
from aclbench.engine.design import FIFO_2017
from aclbench.engine.matching import RuleCheck
from aclbench.engine.packet import FiveTuple


class TakesHostBits(RuleCheck):
    """Bits may be set below a prefix's length, and are compared with none."""

    def takes(self, rule: AclRule) -> bool:
        """Any rule."""
        return True


class MasksHostBits(TakesHostBits):
    """They are left out, as who typed them meant."""

    def mismatch(self, rule: AclRule, five: FiveTuple, info: int, l4_match: bool) -> str | None:
        """The first field that does not match."""
        rule = replace(rule, src=rule.src & rule.src_mask, dst=rule.dst & rule.dst_mask)
        return super().mismatch(rule, five, info, l4_match)


EXHIBIT = Exhibit(
    name="host-bits",
    title="a rule for 10.0.0.1/24 never matches",
    believed="10.0.0.1/24 and 10.0.0.0/24 are the same network, and a rule may name either.",
    happened="The packet's address was cut to the prefix's length, and the rule's was not: the "
    "two could never be the same. Nothing was said, and a rule that denied let everything pass.",
    found="Mended by upstream commit 29ab3446c6e on 26 August 2019. aclbench refuses such a rule.",
    design=replace(FIFO_2017, name="host-bits", rule_check=TakesHostBits),
    fixed=replace(FIFO_2017, name="host-bits-mended", rule_check=MasksHostBits),
    scenario="""
cli = '''
set acl-plugin acl deny src 10.0.0.1/24, permit+reflect
set acl-plugin interface pg0 input acl 0
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
        """,
        shows=(
            "10.0.0.1/24 is denied; a packet from 10.0.0.2 is {latest(packet).fate}: "
            "{latest(packet).reason}",
        ),
        holds='latest(packet).fate == "denied"',
    ),
)
