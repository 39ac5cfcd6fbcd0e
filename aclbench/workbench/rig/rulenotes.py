"""Rules that cannot do what they say: said when they are made."""

from __future__ import annotations

from typing import Final

from aclbench.engine.acl import AclRule
from aclbench.engine.main import AclMain
from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP
from aclbench.words import counted

#: What has ports, or what stands in their place: by whether it is IPv6.
_WITH_PORTS: Final = (
    frozenset({PROTO_TCP, PROTO_UDP, PROTO_ICMP}),
    frozenset({PROTO_TCP, PROTO_UDP, PROTO_ICMP6}),
)
#: So many of them are named in the notes on a bench.
_NAMED: Final = 3


def has_ports(proto: int, is_ip6: bool) -> bool:
    """Whether ports (type and code, of ICMP) are read from a protocol; of others they are 0."""
    return proto in _WITH_PORTS[is_ip6]


def rule_note(acl_index: int, rule_index: int, rule: AclRule) -> str:
    """What is to be said of a rule that matches nothing by its ports, or whose ports or TCP flags
    are not looked at; or nothing.
    """
    ranges = (
        ("sport", rule.src_port_or_type_first, rule.src_port_or_type_last),
        ("dport", rule.dst_port_or_code_first, rule.dst_port_or_code_last),
    )
    name = f"acl {acl_index} rule {rule_index}"
    flags = ["tcpflags"] if rule.tcp_flags_mask else []
    if rule.proto == 0:
        asked = [field for field, *ports in ranges if ports != [0, 65535]] + flags
        if not asked:
            return ""
        fields, verb = " and ".join(asked), "are" if asked[1:] or flags else "is"
        return f"{name} has {fields} and no proto: {fields} {verb} not looked at, any L4 matches"
    asked = [field for field, first, _ in ranges if first > 0]
    if asked and not has_ports(rule.proto, rule.is_ipv6):
        return (
            f"{name} never matches, later fragments aside: it has {' and '.join(asked)}, and of "
            f"protocol {rule.proto} no ports are read"
        )
    if flags and rule.proto != PROTO_TCP:
        return f"{name} has tcpflags, which are not looked at in protocol {rule.proto}"
    return ""


def rule_notes(am: AclMain) -> list[str]:
    """The same for all ACLs of a bench; of many some are named."""
    found = [
        note
        for acl_index, acl in sorted(am.acls.items())
        for rule_index, rule in enumerate(acl.rules)
        if (note := rule_note(acl_index, rule_index, rule))
    ]
    more = len(found) - _NAMED
    return found if more <= 0 else [*found[:_NAMED], f"and {counted(more, 'such rule')} more"]
