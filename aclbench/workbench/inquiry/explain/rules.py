"""Causes in the rules: one that fails on a field, or comes too late, or cannot match at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aclbench.engine.acl import ACTION_NAMES, DENY
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_L4_VALID,
    INFO_TCP_FLAGS_VALID,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    unpack_key,
)
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    NEW_SESSION,
    RULE_DENY,
    RULE_PERMIT,
    UNCHECKED,
    acl_of,
    fate_of,
    reason_text,
    rule_of,
)
from aclbench.workbench.inquiry.explain.keys import (
    Crafted,
    answers,
    is_fragment,
    opener_info,
    opens,
    source,
)
from aclbench.workbench.inquiry.explain.reading import (
    NO_PORTS,
    RuleAt,
    mismatch_text,
    protocol_name,
    rule_part,
)
from aclbench.workbench.inquiry.explain.scene import Draft, Scene, address_of, permit_text
from aclbench.workbench.inquiry.explain.tree import Cause, RulePart
from aclbench.workbench.inquiry.explain.trial import Undo
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text

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


def near_rules(rig: Rig, acls: tuple[int, ...], packet: Crafted) -> list[RulePart]:
    """The rules of some ACLs that permit, and fail on one field or on none; the nearest first."""
    machine = rig.machine
    am, check, five = machine.am, machine.matching.rule_check, unpack_key(packet.key)
    found: list[RulePart] = []
    for acl_index in acls:
        acl = am.acls.get(acl_index)
        for rule_index, rule in enumerate(acl.rules if acl is not None else ()):
            if rule.is_permit == DENY:
                continue
            field = check.mismatch(rule, five, packet.info, am.l4_match_nonfirst_fragment)
            at = RuleAt(acl_index, rule_index, rule)
            tried = rule_part(machine, at, field, packet.key, packet.info)
            ports_alone = {tried.field, *tried.others} <= {"sport", "dport"}
            if tried.field != "family" and (not tried.others or ports_alone):
                found.append(tried)
    found.sort(key=_distance)
    # A rule for another protocol is no help where one of its own is near.
    nearest = _distance(found[0]) if found else 0
    return [t for t in found if _distance(t) < _FAR or nearest == _FAR]


def _distance(tried: RulePart) -> int:
    return 2 if tried.others else _DISTANCES[tried.field]


def rule_name(rule: RulePart) -> str:
    """`acl 0 rule 1 (permit proto 6 dport 80)`."""
    return f"acl {rule.acl_index} rule {rule.rule_index} ({rule.rule})"


def rule_causes(scene: Scene) -> Iterator[Draft]:
    """Rules of the node that would let the packet pass, but for one thing."""
    rules = near_rules(scene.rig, scene.acls, scene.packet)
    for tried in rules[:MAX_RULES]:
        if not tried.field:
            yield _too_late(scene, tried)
        elif tried.found == NO_PORTS:
            yield _without_ports(scene, tried)
        else:
            yield _near(scene, tried)


def _too_late(scene: Scene, tried: RulePart) -> Draft:
    reason = scene.event.checks[-1].reason
    before = f"acl {acl_of(reason)} rule {rule_of(reason)}"
    title = f"{before} (deny) comes before rule {tried.rule_index}, which would let it pass"
    if tried.acl_index != acl_of(reason):
        title = f"{before} (deny) comes before acl {tried.acl_index}, which would let it pass"
    text = f"{rule_name(tried)} matches, but {before} comes before it: the first match counts"
    cure = f"the {tried.action} ahead of the deny"
    line = scene.with_first(acl_of(reason), tried.rule)
    return Draft(Cause("late", title, text, cure, rule=tried), Undo((line,)))


def _without_ports(scene: Scene, tried: RulePart) -> Draft:
    name = protocol_name(unpack_key(scene.event.key).proto)
    title = (
        f"acl {tried.acl_index} rule {tried.rule_index} asks for a port, and of {name} no ports "
        "are read"
    )
    text = (
        f"{rule_name(tried)} never matches: the acl plugin reads ports of TCP and UDP alone (of "
        f"ICMP type and code), and {name} has 0 in their place"
    )
    words = tried.rule.split()
    for field in ("sport", "dport"):
        if field in words:
            del words[words.index(field) : words.index(field) + 2]
    without = " ".join(words)
    line = scene.with_rule(tried.acl_index, tried.rule_index, without)
    return Draft(
        Cause("port rule", title, text, f"the rule without ports: {without}", rule=tried),
        Undo((line,)),
    )


def _near(scene: Scene, tried: RulePart) -> Draft:
    why = mismatch_text(tried, bool(scene.event.info & INFO_ICMP))
    rule = f"acl {tried.acl_index} rule {tried.rule_index}"
    title = f"{rule} fails on one field: {why}"
    text = f"{rule_name(tried)} failed on one field only: {why}"
    if tried.others:
        title = f"{rule} fails on both ports: {why}"
        text = f"{rule_name(tried)} failed on its ports: {why}"
    cure = f"such a rule: {permit_text(scene.event.key, tried.action)}"
    line = scene.with_first(tried.acl_index, permit_text(scene.event.key, tried.action))
    return Draft(Cause("near rule", title, text, cure, rule=tried), Undo((line,)))


# --- what the packet lacks ------------------------------------------------------------------------


def fragment_cause(scene: Scene) -> Draft | None:
    """A later fragment, or one whose L4 is not there: it has no ports to be found by."""
    info, past = scene.event.info, scene.past
    whole = past.whole if past is not None else None
    proto = unpack_key(scene.event.key).proto
    if not is_fragment(info):
        return None if info & INFO_L4_VALID else _cut(scene)
    rule = permit_text(scene.event.key, "permit", with_ports=False)
    cure = f"a rule ahead for what comes this way without ports: {rule}"
    text = "a later fragment has no ports: its session key has 0 in their place"
    if whole is not None and fate_of(whole.reason) == "denied":
        title = (
            f"it is a later fragment, and packet {scene.name(whole)} before it was denied as well"
        )
        text += f"; packet {scene.name(whole)}, which has the ports, was denied: explain that one"
        undo = Undo((scene.with_first(scene.acls[0], rule),))
        return Draft(Cause("fragment denied", title, text, cure), undo)
    title = "a later fragment has no ports, and so misses the session of its datagram"
    if whole is None:
        text += (
            f"; no packet with ports came before it from "
            f"{address_of(source(scene.event.key))} in {protocol_name(proto)}"
        )
    elif whole.checks and whole.checks[-1].reason & KIND_MASK == EXISTING_SESSION:
        text += f", while packet {scene.name(whole)}, which has them, hit a session"
    else:
        text += f", while packet {scene.name(whole)}, which has them, passed"
    text += ". The acl plugin does not put datagrams together again"
    undo = (
        Undo(instead=Crafted(whole.rx, whole.key, whole.info))
        if whole is not None
        else Undo((scene.with_first(scene.acls[0], rule),))
    )
    return Draft(Cause("fragment", title, text, cure), undo)


def _cut(scene: Scene) -> Draft:
    title = "its ports are not there to be read (L4 not valid), and so it misses its session"
    text = (
        "fewer than 8 bytes of L4 are there: the capture cut them off (snap length), or the packet "
        "ends before; its session key has 0 in place of ports, and no rule with a protocol matches"
    )
    rule = permit_text(scene.event.key, "permit", with_ports=False).rpartition(" proto ")[0]
    line = scene.with_first(scene.acls[0], rule)
    return Draft(
        Cause("cut", title, text, f"a longer snap length, or a rule: {rule}"), Undo((line,))
    )


def older_cause(scene: Scene) -> Draft | None:
    """The connection was there before the capture, or before the bench."""
    past, event = scene.past, scene.event
    if past is None or unpack_key(event.key).proto != PROTO_TCP or not past.is_whole:
        return None
    first = past.first_with(event)
    if past.gone is not None or opens(first.info) or not first.info & INFO_TCP_FLAGS_VALID:
        return None
    name = "this one" if first is event else f"packet {scene.name(first)}"
    title = "its connection is older than the capture: no SYN came"
    if answers(first.info):
        title = (
            "its SYN did not come: the connection is older than the capture, or went another way"
        )
    text = f"the first packet of it here is {name}, which is no SYN"
    now, opener = scene.opener_now(), scene.opener(as_syn=True)
    syn = Crafted(event.rx, event.key, opener_info(event.info))
    if now is not None and now.opens and opener is not None:
        text += f"; a SYN the other way, {key_text(scene.wanted.opener)}, would have opened it"
        cure = "a capture that begins earlier; a new connection would pass"
        return Draft(Cause("older", title, text, cure, rule=now.rule), Undo(packets=(opener,)))
    if scene.matched(scene.place.is_input, syn.key, syn.info).opens:
        text += "; a SYN this way would have opened a session"
        cure = "a capture that begins earlier; or a rule that lets in what is no SYN"
        return Draft(Cause("older", title, text, cure), Undo(packets=(syn,)))
    return None


def reflect_cause(scene: Scene) -> Draft | None:
    """An answer, where what lets its request pass is `permit`: no request came, none would help."""
    event, now = scene.event, scene.opener_now()
    is_answer = event.info & INFO_TCP_FLAGS_VALID and not opens(event.info)
    if now is None or now.rule is None or now.reason & KIND_MASK != RULE_PERMIT or not is_answer:
        return None
    opener = scene.opener(as_syn=True)
    rule = now.rule.rule.replace("permit", "permit+reflect", 1)
    where = f"acl {now.rule.acl_index} rule {now.rule.rule_index}"
    title = f"{where}, for the other way, is `permit`, which makes no session"
    text = (
        f"{key_text(scene.wanted.opener)} would pass by {rule_name(now.rule)}, and make no session "
        "by which an answer passes; permit+reflect does"
    )
    line = scene.with_rule(now.rule.acl_index, now.rule.rule_index, rule)
    undo = Undo((line,), (opener,)) if opener is not None else None
    cure = f"permit+reflect where permit is: {where} as {rule}"
    return Draft(Cause("permit", title, text, cure, rule=now.rule), undo)


def changed_cause(scene: Scene) -> Draft | None:
    """The same flow passed before, by a rule or unchecked, and now the rules are others."""
    last = scene.past.own_last if scene.past is not None else None
    if last is None or fate_of(last.reason) not in ("permitted", "unchecked"):
        return None
    checks = [c for c in last.checks if c.reason & KIND_MASK in (RULE_PERMIT, NEW_SESSION)]
    name = scene.name(last)
    action = "permit"
    if checks:
        reason = checks[-1].reason
        rule = f"acl {acl_of(reason)} rule {rule_of(reason)}"
        action = ACTION_NAMES[1 + (reason & KIND_MASK == NEW_SESSION)]
        title = f"packet {name} passed by {rule}, and the rules have changed since"
        text = f"packet {name} of the same flow: {reason_text(reason)}; now they are others"
    elif last.reason & KIND_MASK == UNCHECKED:
        title = f"packet {name} passed unchecked, before the ACL was applied"
        text = f"no ACL was applied on the way of packet {name} of the same flow"
    else:
        return None
    rule = permit_text(scene.event.key, action)
    undo = Undo((scene.with_first(scene.acls[0], rule),))
    return Draft(Cause("changed", title, text, f"a rule for it: {rule}"), undo)


def plain_cause(scene: Scene) -> Draft:
    """Nothing else is wrong: no rule lets it pass, or one denies it."""
    reason, past = scene.event.checks[-1].reason, scene.past
    acls = ", ".join(map(str, scene.acls))
    title = f"no rule of acl {acls} lets it pass"
    if reason & KIND_MASK == RULE_DENY:
        title = f"acl {acl_of(reason)} rule {rule_of(reason)} denies it"
    text = ""
    now = scene.opener_now()
    rule = permit_text(scene.event.key, "permit")
    cure = f"a rule ahead in acl {scene.acls[0]}: {rule}"
    if now is not None and now.opens and now.rule is not None:
        title += _and_nothing_came(scene)
        verb = "leaving by" if scene.place.is_input else "entering"
        text = (
            f"a packet of the other direction, {key_text(scene.wanted.opener)}, {verb} "
            f"{scene.interface.name}, opens a session for both ({rule_name(now.rule)})"
        )
        if past is None:
            text += "; what came before cannot be looked at on real threads"
        elif past.is_silent:
            text += "; none came before, in the whole run"
    elif scene.event.info & INFO_ICMP and not scene.wanted.opener:
        text = "ICMP of this type is no reply: no packet of the other direction opens a session"
    elif now is not None and scene.other_acls:
        text = (
            f"a packet of the other direction, {key_text(scene.wanted.opener)}, opens no session "
            f"either: {reason_text(now.reason)}"
        )
    elif not scene.other_acls and scene.wanted.opener:
        text = (
            f"{scene.interface.name} {scene.other_side} has no ACL, so no packet of the other "
            "direction opens a session there"
        )
    undo = Undo((scene.with_first(scene.acls[0], rule),))
    return Draft(Cause("rule", title, text, cure, rule=now.rule if now is not None else None), undo)


def _and_nothing_came(scene: Scene) -> str:
    past = scene.past
    if past is None or not past.is_silent:
        return ""
    return ", and no packet came the other way before"


def icmp_cause(scene: Scene) -> Draft | None:
    """An ICMP error, which has no session of its own."""
    five = unpack_key(scene.event.key)
    if not scene.event.info & INFO_ICMP or five.sport not in _ICMP_ERRORS.get(five.proto, ()):
        return None
    rule = f"{permit_text(scene.event.key, 'permit')} sport {five.sport}"
    title = f"ICMP type {five.sport} is about another packet, whose session is not looked up"
    text = (
        f"ICMP type {five.sport} reports an error about another packet; the acl plugin does not "
        "look up the session of that one, and an error makes none"
    )
    undo = Undo((scene.with_first(scene.acls[0], rule),))
    cure = f"only a rule, ahead in acl {scene.acls[0]}: {rule}"
    return Draft(Cause("icmp error", title, text, cure), undo)
