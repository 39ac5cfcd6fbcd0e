"""Of an IPv6 prefix that ends within a byte, the next byte is compared."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.acl import AclRule, prefix_mask
from aclbench.engine.design import FIFO_2017
from aclbench.engine.matching import RuleCheck
from aclbench.engine.packet import FiveTuple


def wrong_mask(length: int) -> int:
    """Whole bytes as they should be; the bits that are left, one byte further on."""
    whole = prefix_mask(length // 8 * 8, 128)
    return whole | (prefix_mask(length, 128) ^ whole) >> 8


class ComparesNextByte(RuleCheck):
    """Prefixes of IPv6 are compared by that mask."""

    def mismatch(self, rule: AclRule, five: FiveTuple, info: int, l4_match: bool) -> str | None:
        """The first field that does not match."""
        if rule.is_ipv6 and five.is_ip6:
            if (five.dst ^ rule.dst) & wrong_mask(rule.dst_prefixlen):
                return "dst"
            if (five.src ^ rule.src) & wrong_mask(rule.src_prefixlen):
                return "src"
            rule = replace(rule, src=0, src_prefixlen=0, dst=0, dst_prefixlen=0)
        return super().mismatch(rule, five, info, l4_match)


EXHIBIT = Exhibit(
    name="prefix-byte",
    title="an IPv6 prefix of 33 bits is one of 32, and a bit elsewhere",
    believed="Compare the whole bytes, then the bits that are left in the byte behind them.",
    happened="The byte behind that one was taken. Prefixes are nearly always whole bytes, so "
    "nobody met it for eight years: a rule for the upper half of a /32 also took the lower half.",
    found="Mended by upstream commit 7e295a42f0f on 26 March 2025.",
    design=replace(FIFO_2017, name="prefix-byte", rule_check=ComparesNextByte),
    fixed=FIFO_2017,
    scenario="""
cli = '''
set acl-plugin acl permit+reflect src fd00:1:8000::/33
set acl-plugin interface pg0 input acl 0
'''
[[interface]]
name = "pg0"
prefixes = ["fd00:1::/32"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp [fd00:1:8000::2]:1000 > [fd00:2::2]:53
            send pg0 udp [fd00:1:1::2]:1000 > [fd00:2::2]:53
        """,
        shows=(
            "fd00:1:8000::/33 is permitted; fd00:1:1::2 is {latest(packet).fate}: "
            "{latest(packet).reason}",
        ),
        holds='latest(packet).fate == "denied"',
    ),
)
