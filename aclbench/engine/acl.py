"""ACLs and their rules.

Source: `acl_rule_t` in VPP's acl plugin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

DENY: Final = 0
PERMIT: Final = 1
PERMIT_REFLECT: Final = 2
ACTION_NAMES: Final = ("deny", "permit", "permit+reflect")
#: The tag of an ACL that a command line made, or replaced, without saying one.
CLI_TAG: Final = "cli"
#: Bytes of a tag at most; VPP's field is one longer, for the end of the text.
MAX_TAG_BYTES: Final = 63


@dataclass(frozen=True, slots=True)
class AclRule:
    """One rule. Addresses are ints; one with bits set below its prefix length matches nothing.

    `proto` 0 is any protocol, and then L4 is not looked at. For ICMP the source ports are types
    and the destination ports codes. Flags match if `(flags & tcp_flags_mask) == tcp_flags_value`.
    """

    is_permit: int
    is_ipv6: bool = False
    src: int = 0
    src_prefixlen: int = 0
    dst: int = 0
    dst_prefixlen: int = 0
    proto: int = 0
    src_port_or_type_first: int = 0
    src_port_or_type_last: int = 65535
    dst_port_or_code_first: int = 0
    dst_port_or_code_last: int = 65535
    tcp_flags_value: int = 0
    tcp_flags_mask: int = 0
    src_mask: int = field(init=False, repr=False, compare=False, default=0)
    dst_mask: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        bits = 128 if self.is_ipv6 else 32
        src_mask = prefix_mask(self.src_prefixlen, bits)
        dst_mask = prefix_mask(self.dst_prefixlen, bits)
        object.__setattr__(self, "src_mask", src_mask)
        object.__setattr__(self, "dst_mask", dst_mask)

    def has_host_bits(self) -> bool:
        """Whether bits are set below a prefix's length."""
        return bool(self.src & ~self.src_mask or self.dst & ~self.dst_mask)


def prefix_mask(length: int, bits: int) -> int:
    """The netmask of a prefix of `length` in an address of `bits` (32 or 128) bits."""
    return ((1 << length) - 1) << (bits - length)


class Acl:
    """An ACL: its tag and its rules. Replacing swaps `rules` in one assignment.

    Written by the thread that runs commands; read by every worker.
    """

    __slots__ = ("rules", "tag")

    def __init__(self, rules: tuple[AclRule, ...], tag: str) -> None:
        self.rules: tuple[AclRule, ...] = rules
        self.tag: str = tag
