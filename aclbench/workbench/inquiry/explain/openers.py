"""Causes in what came the other way: what happened to the packet that was to open the session, and
to the session that it opened."""

from __future__ import annotations

from typing import Final

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.acl import ACTION_NAMES, PERMIT, PERMIT_REFLECT
from aclbench.engine.events import Check, PacketVerdict, SessionRecycled
from aclbench.engine.packet import INFO_ICMP, PROTO_TCP, PROTO_UDP, unpack_key
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    LAST_DENY,
    NEW_SESSION,
    NODE_INPUT,
    RULE_PERMIT,
    TOO_MANY_SESSIONS,
    acl_of,
    fate_of,
    reason_text,
    rule_of,
)
from aclbench.engine.timeouts import NS_PER_SEC, TIMEOUT_TCP_TRANSIENT
from aclbench.words import counted
from aclbench.workbench.inquiry.explain.keys import Crafted, opens, source, target
from aclbench.workbench.inquiry.explain.past import Gone
from aclbench.workbench.inquiry.explain.reading import mismatch_text, rule_text
from aclbench.workbench.inquiry.explain.rules import near_rules
from aclbench.workbench.inquiry.explain.scene import Draft, Scene, leads_to, permit_text
from aclbench.workbench.inquiry.explain.tree import Cause, RemovedSession
from aclbench.workbench.inquiry.explain.trial import Undo
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.times import seconds_text

#: What became of a packet at the node where it would have opened a session.
MADE: Final = "made"
OTHER_WAY: Final = "other way"
DROPPED: Final = "dropped"
UNCHECKED_THERE: Final = "unchecked"
PERMITTED: Final = "permitted"
FULL: Final = "full"
DENIED: Final = "denied"
WHAT_IT_MET: Final = (MADE, OTHER_WAY, DROPPED, UNCHECKED_THERE, PERMITTED, FULL, DENIED)

#: For so long a packet overtakes another one, at the most.
_OVERTAKES_NS: Final = NS_PER_SEC
#: Fates of a packet that went no further, no acl node having denied it.
_ENDED: Final = ("dropped", "malformed", "delivered")


def met(rig: Rig, packet: PacketVerdict, sw_if_index: int, is_input: bool) -> str:
    """What became of a packet at a side of an interface."""
    check = check_of(packet, is_input)
    said = None if check is None else check.reason & KIND_MASK
    leads = leads_to(rig, packet)
    return met_by(packet.reason, packet.rx, said, leads, sw_if_index, is_input)


def met_by(
    reason: int, rx: int, kind: int | None, leads: int, sw_if_index: int, is_input: bool
) -> str:
    """The same, by its last reason, where it came in, and the interface that it `leads` to.

    `kind` is that of what the node there said; None: it did not meet it.
    """
    never_came = fate_of(reason) in _ENDED
    if is_input and rx != sw_if_index:
        return OTHER_WAY
    if not is_input:
        if reason & NODE_INPUT and reason & KIND_MASK <= LAST_DENY:
            return DENIED
        if never_came:
            return DROPPED
        if leads != sw_if_index:
            return OTHER_WAY
    if kind is None:
        return DROPPED if never_came else UNCHECKED_THERE
    if kind == RULE_PERMIT:
        return PERMITTED
    if kind in (NEW_SESSION, EXISTING_SESSION):
        return MADE
    return FULL if kind == TOO_MANY_SESSIONS else DENIED


def check_of(packet: PacketVerdict, is_input: bool) -> Check | None:
    """What the input or the output node said of a packet, if it met that."""
    found = [c for c in packet.checks if bool(c.reason & NODE_INPUT) == is_input]
    return found[-1] if found else None


def opener_cause(scene: Scene) -> Draft | None:
    """What happened to the last packet the other way, where it would have opened a session."""
    past = scene.past
    last = past.opener_last if past is not None else None
    if past is None or last is None:
        return None
    what, now = (
        met(scene.rig, last, scene.place.sw_if_index, not scene.place.is_input),
        scene.opener_now(),
    )
    opens_now = now is not None and now.opens and what in (UNCHECKED_THERE, PERMITTED)
    if scene.is_request() and what != FULL and not opens_now:
        return None
    if what == UNCHECKED_THERE:
        return _unchecked(scene, last, past.opener_first or last)
    if what == PERMITTED:
        return _permitted(scene, last)
    if what == FULL:
        return _full(scene, last)
    if what == DENIED:
        return _denied(scene, last)
    if what == DROPPED:
        return _dropped(scene, last)
    return _other_way(scene, last) if what == OTHER_WAY else None


def _whose(scene: Scene, packet: PacketVerdict) -> str:
    """`its request (packet 5)`, or what it is where nothing says that it began the connection."""
    is_tcp = unpack_key(packet.key).proto == PROTO_TCP
    if opens(packet.info) or not is_tcp:
        return f"its request (packet {scene.name(packet)})"
    return f"packet {scene.name(packet)} the other way"


def _sent(packet: PacketVerdict) -> Crafted:
    return Crafted(packet.rx, packet.key, packet.info)


def _would_open(scene: Scene) -> str:
    """What a new packet the other way would do now."""
    verb = "leaving by" if scene.place.is_input else "entering"
    return (
        f"a new packet the other way, {key_text(scene.wanted.opener)}, {verb} "
        f"{scene.interface.name}: it would open a session now"
    )


def _unchecked(scene: Scene, last: PacketVerdict, first: PacketVerdict) -> Draft | None:
    now = scene.opener_now()
    here, side = scene.interface.name, scene.other_side
    if now is not None and scene.other_acls:
        title = f"its connection began (packet {scene.name(first)}) before the ACL was applied"
        text = (
            f"packet {scene.name(first)} came the other way when {here} {side} had no ACL: it "
            "passed unchecked, and opened no session"
        )
        if first != last:
            text += f"; so did those up to packet {scene.name(last)}"
        cure = _would_open(scene) if now.opens else "a permit+reflect rule, and a new connection"
        return Draft(
            Cause("before acl", title, text, cure, rule=now.rule), Undo(packets=(_sent(last),))
        )
    title = f"{_whose(scene, last)} opened no session: {here} {side} has no ACL"
    text = (
        f"packet {scene.name(last)} came the other way, {key_text(last.key)}; {here} {side} has no "
        f"ACL, so it was not checked there, and made no session in {here}'s table"
    )
    rule = permit_text(last.key, ACTION_NAMES[PERMIT_REFLECT])
    make = f"set acl-plugin acl {ACTION_NAMES[PERMIT_REFLECT]}{_any(last)}"
    index = max(scene.rig.machine.am.acls, default=-1) + 1
    lines = (make, f"set acl-plugin interface {here} {side} acl {index}")
    cure = f"an ACL on {here} {side} with {rule}"
    return Draft(Cause("no acl", title, text, cure), Undo(lines, (_sent(last),)))


def _any(packet: PacketVerdict) -> str:
    return " src ::/0" if unpack_key(packet.key).is_ip6 else ""


def _permitted(scene: Scene, last: PacketVerdict) -> Draft:
    check = check_of(last, not scene.place.is_input)
    assert check is not None
    acl_index, rule_index = acl_of(check.reason), rule_of(check.reason)
    title = f"{_whose(scene, last)} passed under `permit`, which makes no session"
    text = (
        f"packet {scene.name(last)} was let by by acl {acl_index} rule {rule_index}: permit. Only "
        "permit+reflect makes a session, by which the other direction passes"
    )
    now = scene.opener_now()
    if now is not None and now.opens and now.rule is not None:
        text += f". The ACL has changed since: acl {now.rule.acl_index} rule {now.rule.rule_index}"
        text += f" is {now.rule.rule}"
        cure = _would_open(scene)
        return Draft(
            Cause("permit", title, text, cure, rule=now.rule), Undo(packets=(_sent(last),))
        )
    acl = scene.rig.machine.am.acls.get(acl_index)
    if acl is None or rule_index >= len(acl.rules) or acl.rules[rule_index].is_permit != PERMIT:
        return Draft(Cause("permit", title, text, "a permit+reflect rule, and a new packet"))
    rule = rule_text(acl.rules[rule_index]).replace("permit", "permit+reflect", 1)
    cure = f"permit+reflect where permit is: acl {acl_index} rule {rule_index} as {rule}"
    line = scene.with_rule(acl_index, rule_index, rule)
    return Draft(Cause("permit", title, text, cure), Undo((line,), (_sent(last),)))


def _full(scene: Scene, last: PacketVerdict) -> Draft:
    name, limit = scene.interface.name, scene.rig.machine.am.conn_table_max_entries
    title = f"{_whose(scene, last)} was refused: the table of {name} was full"
    text = (
        f"packet {scene.name(last)} was to open the session, and was denied: "
        f"{reason_text(last.reason)}, at {scene.rig.clock.text(last.time)} "
        f"(max-entries is {limit:,}{_in_vain(scene)})"
    )
    cure, lines = _more_room(scene)
    return Draft(Cause("full before", title, text, cure), Undo(lines, (_sent(last),)))


def _more_room(scene: Scene) -> tuple[str, tuple[str, ...]]:
    limit = scene.rig.machine.am.conn_table_max_entries
    size = reading.table_size(scene.interface)
    return (
        "room in the table: a higher max-entries (set acl-plugin session table max-entries N), or "
        "sessions that expire sooner"
    ), (f"set acl-plugin session table max-entries {max(limit, size) + 1}",)


def full_cause(scene: Scene) -> Draft:
    """The packet itself was to open a session, and there was no room."""
    room = scene.room
    limit = scene.rig.machine.am.conn_table_max_entries
    size = room.sessions if room is not None else reading.table_size(scene.interface)
    title = f"the table of {scene.interface.name} is full ({size:,} of at most {limit:,})"
    text = (
        f"{scene.interface.name} has {counted(size, 'session')} of at most {limit:,} "
        f"(max-entries), and {_no_help(scene)}"
    )
    cure, lines = _more_room(scene)
    return Draft(Cause("full", title, text, cure), Undo(lines))


def _no_help(scene: Scene) -> str:
    """Why recycling made no room."""
    owner, then = actor_name(scene.event.thread_index), scene.rig.look.when_deleted
    if scene.recycled is None:
        transient = scene.rig.list_name(TIMEOUT_TCP_TRANSIENT)
        return f"{owner} has no {transient} session to recycle"
    index = scene.recycled.session_index
    return (
        f"session {index}, which {owner} recycled for it, {then} and has its place until it is "
        "free: a later packet finds the room"
    )


def _in_vain(scene: Scene) -> str:
    """The same of a packet before, of which no more is known."""
    then = scene.rig.look.when_deleted
    if then:
        return f"; a session that is recycled {then}, and has its place until it is free"
    return ", and no session could be recycled"


def _denied(scene: Scene, last: PacketVerdict) -> Draft:
    reason = last.checks[-1].reason
    title = f"{_whose(scene, last)} was itself denied ({reason_text(reason)})"
    text = f"packet {scene.name(last)}, {key_text(last.key)}, would have opened a session"
    is_input = bool(reason & NODE_INPUT)
    index = last.rx if is_input else leads_to(scene.rig, last)
    interface = scene.rig.machine.am.interfaces[index] if index > 0 else None
    acls = interface.input_acls if is_input and interface is not None else ()
    if interface is not None and not is_input:
        acls = interface.output_acls
    now = scene.opener_now()
    if now is not None and now.opens and now.rule is not None:
        opens = now.rule
        text += f". The ACL has changed since: acl {opens.acl_index} rule {opens.rule_index} is "
        text += opens.rule
        cause = Cause("request denied", title, text, _would_open(scene), rule=opens)
        return Draft(cause, Undo(packets=(_sent(last),)))
    near = near_rules(scene.rig, acls, _sent(last))
    if near and near[0].field:
        tried = near[0]
        why = mismatch_text(tried, bool(last.info & INFO_ICMP))
        text += f"; acl {tried.acl_index} rule {tried.rule_index} ({tried.rule}) fails on {why}"
    elif near:
        text += f"; acl {near[0].acl_index} rule {near[0].rule_index} would match, but comes later"
    rule = permit_text(last.key, ACTION_NAMES[PERMIT_REFLECT])
    cure = f"a rule for packet {scene.name(last)}: {rule}"
    lines = (scene.with_first(acls[0], rule),) if acls else ()
    undo = Undo(lines, (_sent(last),)) if lines else None
    return Draft(Cause("request denied", title, text, cure, rule=near[0] if near else None), undo)


def _dropped(scene: Scene, last: PacketVerdict) -> Draft:
    why = reason_text(last.reason)
    title = f"{_whose(scene, last)} was {fate_of(last.reason)} ({why}), and opened no session"
    text = f"packet {scene.name(last)}, {key_text(last.key)}, never came to the acl node: {why}"
    return Draft(Cause("request dropped", title, text, "that packet on its way"))


def _other_way(scene: Scene, last: PacketVerdict) -> Draft:
    here = scene.interface.name
    index = last.rx if not scene.place.is_input else leads_to(scene.rig, last)
    there = scene.rig.interface_name(index) if index > 0 else "no interface"
    verb = "came in by" if not scene.place.is_input else "left by"
    title = f"{_whose(scene, last)} {verb} {there}, and not by {here}"
    text = (
        f"sessions are kept by interface: packet {scene.name(last)} {verb} {there}, so {here} has "
        "no session of it (the two ways of the connection differ)"
    )
    rx = scene.place.sw_if_index if not scene.place.is_input else last.rx
    undo = Undo(packets=(Crafted(rx, last.key, last.info),)) if not scene.place.is_input else None
    return Draft(Cause("other way", title, text, f"both ways by {here}"), undo)


def was_overtaken(event: PacketVerdict, request: PacketVerdict) -> bool:
    """Whether a packet shortly behind another one is its request, and not the answer to it."""
    near, far = target(event.key), source(event.key)
    if request.time - event.time > _OVERTAKES_NS:
        return False
    if far.proto == PROTO_TCP:
        return opens(request.info) and not opens(event.info)
    is_icmp = bool(event.info & INFO_ICMP)  # whose types tell
    return is_icmp or (far.proto == PROTO_UDP and far.port < near.port)


def overtaken_cause(scene: Scene, request: PacketVerdict) -> Draft:
    """The packet that would have opened the session came behind this one."""
    after = request.time - scene.event.time
    title = f"{_whose(scene, request)} came only behind it"
    text = (
        f"no packet came the other way before; packet {scene.name(request)}, "
        f"{key_text(request.key)}, came {_about(after)} later: packets overtook each other, or the "
        "capture has them in another order"
    )
    cure = f"packet {scene.name(request)} ahead of this one"
    return Draft(Cause("overtaken", title, text, cure), Undo(packets=(_sent(request),)))


# --- the session that was there -------------------------------------------------------------------


def gone_session(scene: Scene, gone: Gone) -> RemovedSession:
    """A session that was removed, in words."""
    event, rig = gone.event, scene.rig
    if isinstance(event, SessionRecycled):
        why = "recycled"
    else:
        why = "reclassified" if event.reclassified else "expired"
        why = "cleared" if event.cleared else why
    return RemovedSession(
        session=f"{event.session_index} of {actor_name(event.thread_index)}",
        connection=key_text(event.key),
        interface=rig.interface_name(event.sw_if_index),
        why=why,
        time=event.time,
        ago=scene.event.time - event.time,
        idle=event.idle,
        timeout_class=rig.class_name(gone.timeout_class),
        timeout=gone.timeout,
        last_packet="" if gone.last is None else scene.name(gone.last),
    )


def _about(ns: int) -> str:
    """A stretch of time as a title says it."""
    if ns < NS_PER_SEC:
        return f"{ns / 1e6:.3g} ms"
    return f"{ns / NS_PER_SEC:,.1f}".removesuffix(".0") + " s"


def _reclassified(lost: RemovedSession) -> Draft:
    title = "its session was deleted: the rules have changed since it was made"
    text = (
        f"session {lost.session} on {lost.interface}, {lost.connection}: reclassify-sessions is "
        "on, so the first packet its way after a change of the rules has it deleted, and is judged "
        "anew"
    )
    line = "set acl-plugin reclassify-sessions 0"
    cure = f"rules that let it pass; or sessions that outlive a change: {line}"
    return Draft(Cause("reclassified", title, text, cure, session=lost), Undo((line,)))


def gone_cause(scene: Scene, gone: Gone, why_transient: str) -> Draft:
    """The session was there, and was removed; `why_transient`: if it was that, why."""
    lost = gone_session(scene, gone)
    went = "expired" if lost.why == "expired" else f"was {lost.why}"
    ago = seconds_text(lost.ago)
    title = f"its session {went} {_about(lost.ago)} before"
    of_class = lost.timeout_class
    idle = f"idle for {seconds_text(lost.idle)}"
    text = (
        f"session {lost.session} on {lost.interface}, {lost.connection}, which {went} {ago} "
        f"earlier, at {scene.rig.clock.text(lost.time)}: "
    )
    if lost.why == "expired":
        title += f": {of_class}, {_about(lost.timeout)}"
        text += f"{idle}, and {of_class} expires after {seconds_text(lost.timeout)}"
        cure = f"a longer timeout of {of_class}, or a packet sooner"
    elif lost.why == "reclassified":
        return _reclassified(lost)
    elif lost.why == "cleared":
        text += f"{lost.interface} was cleared; it had been {idle}, of class {of_class}"
        cure = "no clear, or a new connection"
    else:
        text += f"a table was full, and it was at the head of the list to recycle from, {idle}"
        cure = "room in the table: a higher max-entries"
    if why_transient:
        text += f"; it was {of_class}: {why_transient}"
        if lost.why == "expired":
            title += f" ({why_transient})"
    text += f"; its last packet was {lost.last_packet}" if lost.last_packet else ""
    opener = scene.opener()
    undo = Undo(packets=(opener,)) if opener is not None else None
    now = scene.opener_now()
    if now is not None and now.opens:
        text += f"; {_would_open(scene)}"
    return Draft(Cause(lost.why, title, text, cure, session=lost), undo)
