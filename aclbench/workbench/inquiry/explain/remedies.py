"""What would have let a packet pass: a session that was removed, a rule that failed on one field
only, a packet of the other direction that never came; or what to set.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.acl import DENY
from aclbench.engine.events import PacketVerdict
from aclbench.engine.fib import FIB_NO_ROUTE
from aclbench.engine.main import AclMain
from aclbench.engine.matching import AclMatch
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY4,
    KEY4_SIZE,
    KEY6,
    KEY_IS_INPUT,
    PROTO_ICMP,
    PROTO_ICMP6,
    TCP_SYN,
    request_key,
    unpack_key,
)
from aclbench.engine.reasons import (
    INTERFACE_DOWN,
    KIND_MASK,
    NEW_SESSION,
    NO_ROUTE,
    NO_SUCH_ACL,
    TOO_MANY_SESSIONS,
    acl_of,
    rule_of,
)
from aclbench.workbench.inquiry.explain.following import NodeSeen, PacketPath, denied_by
from aclbench.workbench.inquiry.explain.reading import RuleAt, mismatch_text, rule_part
from aclbench.workbench.inquiry.explain.removed import FindRemoved
from aclbench.workbench.inquiry.explain.tree import (
    ForwardingPart,
    PathPart,
    Remedy,
    RemovedSession,
    RulePart,
)
from aclbench.workbench.rig.rig import Rig
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


def remedies(
    path: PacketPath,
    event: PacketVerdict,
    parts: tuple[PathPart, ...],
    find_removed: FindRemoved | None,
) -> Slices[tuple[Remedy, ...]]:
    """What would have let the packet pass; nothing for one that did.

    `find_removed` None: the past is not at hand.
    """
    rig, node = path.rig, denied_by(path, event)
    if node is not None:
        return tuple((yield from _for_denied(rig, node, event, find_removed)))
    kind = event.reason & KIND_MASK
    last = parts[-1] if parts else None
    if isinstance(last, ForwardingPart) and kind == INTERFACE_DOWN:
        return (_interface_up(last.interface),)
    if isinstance(last, ForwardingPart) and kind == NO_ROUTE:
        return (_route(rig.machine.am, event, last.destination),)
    if last is None and kind == INTERFACE_DOWN:
        return (_interface_up(rig.interface_name(event.rx)),)
    return ()


def _interface_up(name: str) -> Remedy:
    return Remedy("interface", f"the interface up: set interface state {name} up")


def _route(am: AclMain, event: PacketVerdict, destination: str) -> Remedy:
    is_ip6 = unpack_key(event.key).is_ip6
    there = sum(e.prefix.is_ip6 == is_ip6 and e.sw_if_index > FIB_NO_ROUTE for e in am.fib.entries)
    others = [i.name for i in am.interfaces[1:] if i is not None and i.sw_if_index != event.rx]
    via = others[0] if others else "INTERFACE"
    text = (
        f"a route: of the {there} entries of this family none has {destination}; "
        f"ip route add {destination}/{128 if is_ip6 else 32} via {via}"
    )
    return Remedy("route", text)


def _for_denied(
    rig: Rig, node: NodeSeen, event: PacketVerdict, find_removed: FindRemoved | None
) -> Slices[list[Remedy]]:
    reason = event.checks[-1].reason
    found: list[Remedy] = []
    removed = None
    if find_removed is not None:
        removed = yield from find_removed(node.sw_if_index, [each.key for each in node.keys])
    if removed is not None:
        found.append(Remedy("session", _removed_text(removed, rig.started), session=removed))
    if reason & KIND_MASK == TOO_MANY_SESSIONS:
        text = "room in the table: a higher max-entries, or sessions that expire sooner"
        return [*found, Remedy("room", text)]
    if reason & KIND_MASK == NO_SUCH_ACL:
        text = f"the ACL: ACL {acl_of(reason)} is applied and was deleted"
        return [*found, Remedy("acl", text)]
    rules = _near_rules(rig, node, event)
    found += [Remedy("rule", _rule_text(tried, event), rule=tried) for tried in rules[:MAX_RULES]]
    if len(rules) > MAX_RULES:
        found.append(Remedy("rule", f"and {len(rules) - MAX_RULES} more such rules"))
    return found + _other_direction(rig, node, event, removed)


def _removed_text(removed: RemovedSession, started: int) -> str:
    """When it was removed and why, with its class and its last packet."""
    at = seconds_text(removed.time - started)
    went = "expired" if removed.why == "expired" else f"was {removed.why}"
    text = (
        f"session {removed.session} on {removed.interface}, {removed.connection}, which "
        f"{went} {seconds_text(removed.ago)} earlier, at +{at}: "
    )
    idle, of_class = f"idle for {seconds_text(removed.idle)}", removed.timeout_class
    if removed.why == "expired":
        text += f"{idle}, and {of_class} expires after {seconds_text(removed.timeout)}"
    elif removed.why == "cleared":
        text += f"{removed.interface} was cleared; it had been {idle}, of class {of_class}"
    else:
        text += f"a table was full, and it was at the head of the list to recycle from, {idle}"
    return text + (f"; its last packet was {removed.last_packet}" if removed.last_packet else "")


# --- rules --------------------------------------------------------------------------------------


def _near_rules(rig: Rig, node: NodeSeen, event: PacketVerdict) -> list[RulePart]:
    """The rules of the node's ACLs that permit, and fail on one field or on none."""
    machine = rig.machine
    am, check, five = machine.am, machine.matching.rule_check, unpack_key(event.key)
    found: list[RulePart] = []
    for acl_index in node.acls:
        acl = am.acls.get(acl_index)
        for rule_index, rule in enumerate(acl.rules if acl is not None else ()):
            if rule.is_permit == DENY:
                continue
            field = check.mismatch(rule, five, event.info, am.l4_match_nonfirst_fragment)
            at = RuleAt(acl_index, rule_index, rule)
            tried = rule_part(machine, at, field, event.key, event.info)
            if not tried.others and tried.field != "family":
                found.append(tried)
    found.sort(key=lambda tried: _DISTANCES[tried.field])
    # A rule for another protocol is no help where one of its own is near.
    nearest = _DISTANCES[found[0].field] if found else 0
    return [t for t in found if _DISTANCES[t.field] < _FAR or nearest == _FAR]


def _rule_text(tried: RulePart, event: PacketVerdict) -> str:
    name = f"acl {tried.acl_index} rule {tried.rule_index} ({tried.rule})"
    if tried.field:
        why = mismatch_text(tried, bool(event.info & INFO_ICMP))
        return f"{name}, which failed on one field only: {why}"
    reason = event.checks[-1].reason
    before = f"acl {acl_of(reason)} rule {rule_of(reason)}"
    return f"{name}, which matches, but {before} comes before it"


# --- the other direction ------------------------------------------------------------------------


def _other_direction(
    rig: Rig, node: NodeSeen, event: PacketVerdict, removed: RemovedSession | None
) -> list[Remedy]:
    """A packet of the other direction that opens a session, if the ACLs there would have it so."""
    info, session_key = event.info, node.key
    if info & INFO_ICMP:
        request = request_key(session_key)
        if request is None:
            five = unpack_key(session_key)
            return [_no_reply(five.proto, five.sport)]
        session_key = request
    interface, is_input = rig.machine.am.interface(node.sw_if_index), not node.is_input
    # A session's key is the packet on ingress; on egress packets are looked up by their mirror.
    key = session_key if is_input else _mirror(session_key, info)
    acls = interface.input_acls if is_input else interface.output_acls
    verb, side = ("entering", "input") if is_input else ("leaving by", "output")
    what = f"a packet of the other direction, {key_text(key)}, {verb} {node.interface}"
    if not acls:
        text = f"{what}: it would open a session if {node.interface} {side} had a permit+reflect"
        return [Remedy("reverse", f"{text}; no ACL is applied there")]
    flags = INFO_TCP_FLAGS_VALID | TCP_SYN if info & INFO_TCP_FLAGS_VALID else 0
    info = info & ~INFO_TCP_FLAGS_MASK & ~INFO_NONFIRST_FRAGMENT | flags
    match = AclMatch(acls, key, info)
    worker = rig.machine.am.workers[event.thread_index]
    while not rig.machine.matching.match_rule(worker, match, rig.now):
        pass
    if match.reason & KIND_MASK != NEW_SESSION or match.rules is None:
        return []
    at = RuleAt(acl_of(match.reason), rule_of(match.reason), match.rules[rule_of(match.reason)])
    opens = rule_part(rig.machine, at, None, key, info)
    rule = f"acl {opens.acl_index} rule {opens.rule_index} ({opens.rule})"
    since = "none has since then" if removed is not None else "none came before"
    return [Remedy("reverse", f"{what}, opens a session for both ({rule}); {since}", rule=opens)]


def _mirror(key: bytes, info: int) -> bytes:
    """A key as it looks from the other side: ends swapped; ICMP keeps its type and code."""
    layout = KEY4 if len(key) == KEY4_SIZE else KEY6
    src, dst, sport, dport, proto, flags = layout.unpack(key)
    if info & INFO_ICMP:
        return layout.pack(dst, src, sport, dport, proto, flags ^ KEY_IS_INPUT)
    return layout.pack(dst, src, dport, sport, proto, flags)


def _no_reply(proto: int, icmp_type: int) -> Remedy:
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
    return Remedy("icmp", text)
