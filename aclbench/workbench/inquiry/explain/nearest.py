"""What would have let a packet pass: a session that went, a rule that failed on one field only,
a packet of the other direction that never came; or what to set.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.acl import DENY
from aclbench.engine.fib import FIB_NO_ROUTE
from aclbench.engine.main import AclMain
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    PROTO_ICMP,
    PROTO_ICMP6,
    TCP_SYN,
    request_key,
    unpack_key,
)
from aclbench.engine.reasons import KIND_MASK, NO_SUCH_ACL, TOO_MANY_SESSIONS
from aclbench.workbench.inquiry.explain.lost import FindLost
from aclbench.workbench.inquiry.explain.node import NodeState, keys_looked_up, match_rule
from aclbench.workbench.inquiry.explain.reading import mismatch_text, rule_tried
from aclbench.workbench.inquiry.explain.tree import ForwardingPart, LostSession, Nearest, RuleTried
from aclbench.workbench.inquiry.explain.way import Way, mirror_of, rule_named
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import key_text

#: Rules that failed on one field only: so many are named.
MAX_RULES: Final = 3
#: By the one field that a rule failed on, how far it is from letting the packet pass. One that
#: matches and only comes too late is nearest.
_DISTANCES: Final = {
    "": 0,
    "tcpflags": 1,
    "dport": 1,
    "sport": 1,
    "l4": 2,
    "src": 2,
    "dst": 2,
    "proto": 3,
}
_FAR: Final = 3
#: ICMP types that report an error about another packet.
_ICMP_ERRORS: Final = {PROTO_ICMP: {3, 4, 5, 11, 12}, PROTO_ICMP6: {1, 2, 3, 4}}


def nearest_things(
    way: Way, started: int, find_lost: FindLost | None
) -> Slices[tuple[Nearest, ...]]:
    """What would have let the packet pass; nothing for one that did.

    `find_lost` None: the past is not at hand.
    """
    am = way.machine.am
    if way.denied is not None:
        return tuple((yield from _for_denied(am, way.denied, started, find_lost)))
    last = way.parts[-1] if way.parts else None
    if isinstance(last, ForwardingPart) and way.tx < 0:
        return tuple(_for_unforwarded(am, way, last))
    if not way.parts and not am.interface(way.rx).admin_up:
        name = am.interface(way.rx).name
        return (Nearest("interface", f"the interface up: set interface state {name} up"),)
    return ()


def _for_unforwarded(am: AclMain, way: Way, part: ForwardingPart) -> list[Nearest]:
    if part.outcome == "the interface is down":
        text = f"the interface up: set interface state {part.interface} up"
        return [Nearest("interface", text)]
    if part.prefix:
        return []
    is_ip6 = unpack_key(way.key).is_ip6
    there = sum(e.prefix.is_ip6 == is_ip6 and e.sw_if_index > FIB_NO_ROUTE for e in am.fib.entries)
    up = [i.name for i in am.interfaces[1:] if i is not None and i.sw_if_index != way.rx]
    length = 128 if is_ip6 else 32
    via = up[0] if up else "INTERFACE"
    text = (
        f"a route: of the {there} entries of this family none has {part.destination}; "
        f"ip route add {part.destination}/{length} via {via}"
    )
    return [Nearest("route", text)]


def _for_denied(
    am: AclMain, node: NodeState, started: int, find_lost: FindLost | None
) -> Slices[list[Nearest]]:
    assert node.reason is not None
    kind = node.reason & KIND_MASK
    found: list[Nearest] = []
    lost = None
    if find_lost is not None:
        keys = [key for key, _ in keys_looked_up(node.lookup_key, node.info, node.is_input)]
        lost = yield from find_lost(node.interface.sw_if_index, keys)
    if lost is not None:
        found.append(Nearest("session", _lost_text(lost, started), lost=lost))
    if kind == TOO_MANY_SESSIONS:
        text = "room in the table: a higher max-entries, or sessions that expire sooner"
        return [*found, Nearest("room", text)]
    if kind == NO_SUCH_ACL:
        acl_index, _ = rule_named(node)
        text = f"the ACL: ACL {acl_index} is applied and was deleted"
        return [*found, Nearest("acl", text)]
    rules = _near_rules(am, node)
    found += [Nearest("rule", _rule_text(node, tried), rule=tried) for tried in rules[:MAX_RULES]]
    if len(rules) > MAX_RULES:
        found.append(Nearest("rule", f"and {len(rules) - MAX_RULES} more such rules"))
    return found + _reverse(am, node, lost)


def _lost_text(lost: LostSession, started: int) -> str:
    """When it went and why, with its class and its last packet."""
    at = seconds_text(lost.time - started)
    went = "expired" if lost.why == "expired" else f"was {lost.why}"
    text = (
        f"session {lost.session} on {lost.interface}, {lost.connection}, which "
        f"{went} {seconds_text(lost.ago)} earlier, at +{at}: "
    )
    idle = f"idle for {seconds_text(lost.idle)}"
    if lost.why == "expired":
        text += f"{idle}, and {lost.timeout_class} expires after {seconds_text(lost.timeout)}"
    elif lost.why == "cleared":
        text += f"{lost.interface} was cleared; it had been {idle}, of class {lost.timeout_class}"
    else:
        text += f"a table was full, and it was the oldest tcp_transient of its thread, {idle}"
    return text + (f"; its last packet was {lost.last_packet}" if lost.last_packet else "")


def _near_rules(am: AclMain, node: NodeState) -> list[RuleTried]:
    """The rules of the node's ACLs that permit, and fail on one field or on none."""
    found: list[RuleTried] = []
    five = unpack_key(node.key)
    for acl_index in node.acls:
        acl = am.acls.get(acl_index)
        for rule_index, rule in enumerate(acl.rules if acl is not None else ()):
            if rule.is_permit == DENY:
                continue
            tried = rule_tried(
                rule, acl_index, rule_index, five, node.info, am.l4_match_nonfirst_fragment
            )
            if not tried.others and tried.field != "family":
                found.append(tried)
    found.sort(key=lambda tried: _DISTANCES[tried.field])
    # A rule for another protocol is no help where one of its own is near.
    nearest = _DISTANCES[found[0].field] if found else 0
    return [t for t in found if _DISTANCES[t.field] < _FAR or nearest == _FAR]


def _rule_text(node: NodeState, tried: RuleTried) -> str:
    name = f"acl {tried.acl_index} rule {tried.rule_index} ({tried.rule})"
    if tried.field:
        why = mismatch_text(tried, bool(node.info & INFO_ICMP))
        return f"{name}, which failed on one field only: {why}"
    acl_index, rule_index = rule_named(node)
    return f"{name}, which matches, but acl {acl_index} rule {rule_index} comes before it"


def _reverse(am: AclMain, node: NodeState, lost: LostSession | None) -> list[Nearest]:
    """A packet of the other direction that opens a session, if the ACLs there would have it so."""
    five = unpack_key(node.lookup_key)
    flags = INFO_TCP_FLAGS_VALID if node.info & INFO_TCP_FLAGS_VALID else 0
    info = node.info & ~INFO_TCP_FLAGS_MASK | (flags and flags | TCP_SYN)
    if node.info & INFO_ICMP:
        request = request_key(node.lookup_key)
        if request is None:
            return [_no_reply(five.proto, five.sport)]
        opener_of = request
    else:
        opener_of = node.lookup_key
    interface, other = node.interface, not node.is_input
    # On its own ingress a packet is its key; on egress the table has it with the ends swapped.
    key = opener_of if other else mirror_of(opener_of, info)
    acls = interface.input_acls if other else interface.output_acls
    verb, side = ("entering", "input") if other else ("leaving by", "output")
    what = f"a packet of the other direction, {key_text(key)}, {verb} {interface.name}"
    if not acls:
        text = f"{what}: it would open a session if {interface.name} {side} had a permit+reflect"
        return [Nearest("reverse", f"{text}; no ACL is applied there")]
    matched = _matched(am, node, acls, key, info, other)
    if matched is None or matched.action != "permit+reflect":
        return []
    rule = f"acl {matched.acl_index} rule {matched.rule_index} ({matched.rule})"
    since = "none has since then" if lost is not None else "none came before"
    return [Nearest("reverse", f"{what}, opens a session for both ({rule}); {since}", rule=matched)]


def _no_reply(proto: int, icmp_type: int) -> Nearest:
    if icmp_type in _ICMP_ERRORS.get(proto, ()):
        text = (
            f"only a rule for it: ICMP type {icmp_type} reports an error about another packet, and "
            "the acl plugin does not look up the session of that one"
        )
    else:
        text = (
            f"only a rule for it: ICMP type {icmp_type} is no reply, so no packet of the other "
            "direction opens a session for it"
        )
    return Nearest("icmp", text)


def _matched(
    am: AclMain, node: NodeState, acls: tuple[int, ...], key: bytes, info: int, is_input: bool
) -> RuleTried | None:
    """The rule that a packet would meet; None: no rule matches."""
    other = NodeState(
        node.worker, node.interface, is_input, key, key, info & ~INFO_NONFIRST_FRAGMENT, acls
    )
    while other.reason is None:
        other = match_rule(am, other)
    return other.tried[-1] if other.tried and not other.tried[-1].field else None
