"""What was read from a packet, and how a rule is held against it, field by field, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from aclbench.engine.acl import ACTION_NAMES, AclRule
from aclbench.engine.machine import Machine
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_L4_VALID,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    FiveTuple,
    address_text,
    unpack_key,
)
from aclbench.engine.reasons import (
    CUT,
    INTERFACE_DOWN,
    IP4_BAD_LENGTH,
    IP4_OPTIONS,
    IP4_TOO_SHORT,
    KIND_MASK,
    MALFORMED,
    MULTICAST,
    NO_INTERFACE,
    NOT_IP,
    SAME_SIDE,
)
from aclbench.workbench.inquiry.explain.tree import PacketRead, RulePart
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.rulenotes import has_ports

#: What a rule with ports finds in a protocol without.
NO_PORTS: Final = "none"
#: By bit, lowest first.
TCP_FLAG_NAMES: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_PROTOCOLS: Final = {PROTO_ICMP: "ICMP", PROTO_TCP: "TCP", PROTO_UDP: "UDP", PROTO_ICMP6: "ICMPv6"}

_WHY_NOT_CHECKED: Final[dict[int, str]] = {
    NOT_IP: "not IP: it passes the acl plugin unchecked, and is not forwarded",
    MALFORMED: "malformed: a header is cut off or contradicts itself",
    CUT: "the capture ends before its IP header does; the packet itself went on",
    IP4_TOO_SHORT: "its IPv4 total length is less than a header (0 is what segmentation offload "
    "leaves there): ip4-input drops it ahead of the acl nodes",
    IP4_BAD_LENGTH: "its IPv4 total length is more than was on the wire: ip4-input drops it ahead "
    "of the acl nodes",
    IP4_OPTIONS: "an IPv4 packet with options: ip4-input drops it ahead of the acl nodes",
    SAME_SIDE: "source and destination lie behind one interface: it never came to the firewall",
    NO_INTERFACE: "the interface that it entered was deleted",
    MULTICAST: "multicast: it meets no acl node, as in VPP, and is not forwarded here",
}
#: By field, the values with which a rule matches anything there.
_ANYTHING: Final[dict[str, dict[str, Any]]] = {
    "src": {"src": 0, "src_prefixlen": 0},
    "dst": {"dst": 0, "dst_prefixlen": 0},
    "sport": {"src_port_or_type_first": 0, "src_port_or_type_last": 65535},
    "dport": {"dst_port_or_code_first": 0, "dst_port_or_code_last": 65535},
    "tcpflags": {"tcp_flags_value": 0, "tcp_flags_mask": 0},
}


def flag_names(flags: int) -> tuple[str, ...]:
    """The TCP flags of a byte by name."""
    return tuple(name for bit, name in enumerate(TCP_FLAG_NAMES) if flags >> bit & 1)


def protocol_name(proto: int) -> str:
    """A protocol by name, or as a number."""
    return _PROTOCOLS.get(proto, f"protocol {proto}")


def packet_read(key: bytes, info: int, not_checked: str = "", frame: str = "") -> PacketRead:
    """What a key and an info word say; an empty key is of a packet that is not IP."""
    if not key:
        return PacketRead(
            "",
            "",
            "",
            None,
            "",
            None,
            None,
            None,
            None,
            (),
            False,
            False,
            False,
            not_checked,
            frame,
        )
    five = unpack_key(key)
    l4_valid = bool(info & INFO_L4_VALID)
    has_ports = l4_valid and five.proto in (PROTO_TCP, PROTO_UDP)
    is_icmp = bool(info & INFO_ICMP)
    flags_valid = bool(info & INFO_TCP_FLAGS_VALID)
    return PacketRead(
        family="IPv6" if five.is_ip6 else "IPv4",
        src=address_text(five.src, five.is_ip6),
        dst=address_text(five.dst, five.is_ip6),
        proto=five.proto,
        protocol=protocol_name(five.proto),
        sport=five.sport if has_ports else None,
        dport=five.dport if has_ports else None,
        icmp_type=five.sport if is_icmp else None,
        icmp_code=five.dport if is_icmp else None,
        tcp_flags=flag_names(info & INFO_TCP_FLAGS_MASK) if flags_valid else (),
        tcp_flags_valid=flags_valid,
        l4_valid=l4_valid,
        nonfirst_fragment=bool(info & INFO_NONFIRST_FRAGMENT),
        not_checked=not_checked,
        frame=frame,
    )


def why_not_checked(rig: Rig, reason: int, rx: int) -> str:
    """Why a packet that ended with this reason met no acl node; empty if it could have."""
    kind = reason & KIND_MASK
    if kind == INTERFACE_DOWN:
        interface = rig.machine.am.interfaces[rx]
        if interface is not None and not interface.admin_up:
            return f"{interface.name}, which it entered, is down"
        return ""
    return _WHY_NOT_CHECKED.get(kind, "")


# --- rules ----------------------------------------------------------------------------------


class RuleAt(NamedTuple):
    """A rule and where it stands."""

    acl_index: int
    rule_index: int
    rule: AclRule


def mismatches(
    machine: Machine, rule: AclRule, field: str | None, key: bytes, info: int
) -> tuple[str, ...]:
    """Every field of a rule that a packet does not match, `field` being the first.

    The machine's own check ends at one. So it is asked again with a rule that has anything there;
    where the protocol or the family differs, what comes behind it says nothing.
    """
    found: list[str] = []
    five, check = unpack_key(key), machine.matching.rule_check
    while field is not None and field not in found:  # a design may insist on one
        found.append(field)
        if field not in _ANYTHING:
            break
        rule = replace(rule, **_ANYTHING[field])
        field = check.mismatch(rule, five, info, machine.am.l4_match_nonfirst_fragment)
    return tuple(found)


def rule_text(rule: AclRule) -> str:
    """A rule as it is typed, without what matches anything."""
    words = [ACTION_NAMES[rule.is_permit]]
    everything = not (rule.src_prefixlen or rule.dst_prefixlen)
    if rule.src_prefixlen or (everything and rule.is_ipv6):
        words.append(f"src {_field_wanted(rule, 'src')}")
    if rule.dst_prefixlen:
        words.append(f"dst {_field_wanted(rule, 'dst')}")
    if rule.proto:
        words.append(f"proto {rule.proto}")
    if (rule.src_port_or_type_first, rule.src_port_or_type_last) != (0, 65535):
        words.append(f"sport {_field_wanted(rule, 'sport')}")
    if (rule.dst_port_or_code_first, rule.dst_port_or_code_last) != (0, 65535):
        words.append(f"dport {_field_wanted(rule, 'dport')}")
    if rule.tcp_flags_mask or rule.tcp_flags_value:
        words.append(f"tcpflags {rule.tcp_flags_value} mask {rule.tcp_flags_mask}")
    return " ".join(words)


def rule_part(
    machine: Machine,
    at: RuleAt,
    field: str | None,
    key: bytes,
    info: int,
    replaced: bool = False,
) -> RulePart:
    """How a rule was held against a packet; `field` is the first that did not match, or None."""
    rule, five = at.rule, unpack_key(key)
    fields = mismatches(machine, rule, field, key, info)
    return RulePart(
        acl_index=at.acl_index,
        rule_index=at.rule_index,
        action=ACTION_NAMES[rule.is_permit],
        rule=rule_text(rule),
        field=field or "",
        wanted=_field_wanted(rule, field) if field else "",
        found=_field_found(five, info, rule, field) if field else "",
        others=fields[1:],
        replaced=replaced,
    )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _flags_text(flags: int) -> str:
    return "+".join(flag_names(flags)) or "none"


def _field_wanted(rule: AclRule, field: str) -> str:
    match field:
        case "family":
            return "IPv6" if rule.is_ipv6 else "IPv4"
        case "src":
            return f"{address_text(rule.src, rule.is_ipv6)}/{rule.src_prefixlen}"
        case "dst":
            return f"{address_text(rule.dst, rule.is_ipv6)}/{rule.dst_prefixlen}"
        case "proto":
            return str(rule.proto)
        case "l4":
            return "8 bytes of L4"
        case "sport":
            return _range(rule.src_port_or_type_first, rule.src_port_or_type_last)
        case "dport":
            return _range(rule.dst_port_or_code_first, rule.dst_port_or_code_last)
    return f"{_flags_text(rule.tcp_flags_value)} of {_flags_text(rule.tcp_flags_mask)}"


def _field_found(five: FiveTuple, info: int, rule: AclRule, field: str) -> str:
    match field:
        case "family":
            return "IPv6" if five.is_ip6 else "IPv4"
        case "src":
            return address_text(five.src, five.is_ip6)
        case "dst":
            return address_text(five.dst, five.is_ip6)
        case "proto":
            return str(five.proto)
        case "l4":
            return "non-first fragment" if info & INFO_NONFIRST_FRAGMENT else "less"
        case "sport" | "dport":
            if not has_ports(five.proto, five.is_ip6):
                return NO_PORTS
            return str(five.sport if field == "sport" else five.dport)
    return _flags_text(info & INFO_TCP_FLAGS_MASK & rule.tcp_flags_mask)


def mismatch_text(tried: RulePart, is_icmp: bool) -> str:
    """`dport 443 is not 80`: the field that did not match, packet against rule."""
    match tried.field:
        case "":
            return "matches"
        case "family":
            return f"is for {tried.wanted}, the packet is {tried.found}"
        case "l4":
            return "has a protocol, and L4 of the packet is not valid"
        case "src" | "dst":
            return f"{tried.field} {tried.found} is not in {tried.wanted}"
        case "sport" | "dport" if tried.found == NO_PORTS:
            return f"{tried.field} {tried.wanted} never matches: of this protocol no ports are read"
        case "sport" | "dport":
            name = {"sport": "type", "dport": "code"}[tried.field] if is_icmp else tried.field
            is_not = "is not in" if "-" in tried.wanted else "is not"
            return f"{name} {tried.found} {is_not} {tried.wanted}"
        case "proto":
            return f"proto {tried.found} is not {tried.wanted}"
    return f"tcpflags: has {tried.found}, not {tried.wanted}"
