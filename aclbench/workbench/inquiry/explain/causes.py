"""Why a packet did not pass: every cause that can be seen, the likeliest first.

A cause is found by looking: at the machine as it was, at the run before. Where it can be undone it
is, on a rig of one's own, to see the packet pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from aclbench.engine.events import PacketVerdict
from aclbench.engine.fib import FIB_NO_ROUTE
from aclbench.engine.main import AclMain
from aclbench.engine.packet import PROTO_TCP, unpack_key
from aclbench.engine.reasons import (
    INTERFACE_DOWN,
    KIND_MASK,
    NO_ROUTE,
    NO_SUCH_ACL,
    SAME_SIDE,
    TOO_MANY_SESSIONS,
    acl_of,
    fate_of,
    reason_text,
)
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT
from aclbench.workbench.inquiry.explain.following import PacketPath
from aclbench.workbench.inquiry.explain.keys import Crafted
from aclbench.workbench.inquiry.explain.life import why_transient
from aclbench.workbench.inquiry.explain.neighbours import elsewhere_cause, nearest_cause
from aclbench.workbench.inquiry.explain.openers import (
    full_cause,
    gone_cause,
    opener_cause,
    overtaken_cause,
    was_overtaken,
)
from aclbench.workbench.inquiry.explain.past import Past, Wanted
from aclbench.workbench.inquiry.explain.reading import why_not_checked
from aclbench.workbench.inquiry.explain.rules import (
    changed_cause,
    fragment_cause,
    icmp_cause,
    older_cause,
    plain_cause,
    reflect_cause,
    rule_causes,
)
from aclbench.workbench.inquiry.explain.scene import Draft, Scene, denied_at, wanted_of
from aclbench.workbench.inquiry.explain.sides import one_side_cause
from aclbench.workbench.inquiry.explain.tree import Cause, ForwardingPart, PathPart
from aclbench.workbench.inquiry.explain.trial import PASSED, MakeRig, Undo, undone
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

#: What each kind of cause is, where packets are grouped by it.
KINDS: Final[dict[str, str]] = {
    "full": "the session table is full",
    "full before": "the packet that was to open the session found the table full",
    "no such acl": "an ACL that is applied was deleted",
    "fragment": "a later fragment has no ports, and misses the session of its datagram",
    "fragment denied": "a later fragment of a datagram that was denied",
    "cut": "the ports are not there to be read",
    "expired": "the session had expired",
    "cleared": "the session had been cleared",
    "reclassified": "the session was deleted when the rules had changed",
    "recycled": "the session had been recycled",
    "before acl": "the connection began before the ACL was applied",
    "no acl": "no ACL is applied where the session would be opened",
    "permit": "the request passed under permit, which makes no session",
    "request denied": "the request itself was denied",
    "request dropped": "the request itself was dropped",
    "overtaken": "the request came behind its answer",
    "other way": "the request went by another interface",
    "elsewhere": "the session is on another interface",
    "changed": "the rules have changed since the flow passed",
    "older": "the connection is older than the capture",
    "icmp error": "an ICMP error is about another packet, whose session is not looked up",
    "far end": "the session is to another far end",
    "late": "a deny comes before the rule that would let it pass",
    "port rule": "a rule asks for ports of a protocol without",
    "near rule": "a rule fails on one field",
    "rule": "no rule lets it pass, and nothing asked for it",
    "no route": "there is no route",
    "interface": "an interface is down",
    "one side": "both ends are on one side",
    "itself": "a host sent it to itself",
    "not forwarded": "it is not forwarded",
}
#: So many causes are undone, to see the packet pass.
MAX_TRIES: Final = 4
#: Adding a rule lets everything pass: that proves nothing while there is another cause.
_LAST_RESORT: Final = "rule"


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind an explanation: the past, as far as it is at hand.

    `past`: what came before. `life`: why the session of a key on an interface is transient.
    `rig`: a rig as it was before the packet. `name`: a packet's name. `later`: the first packet
    with a key that came shortly behind it.
    """

    name: Callable[[PacketVerdict], str]
    past: Callable[[Wanted], Slices[Past]] | None = None
    life: Callable[[bytes, int], Slices[list[PacketVerdict]]] | None = None
    rig: MakeRig | None = None
    later: Callable[[bytes], Slices[PacketVerdict | None]] | None = None


def causes_of(
    path: PacketPath, event: PacketVerdict, parts: tuple[PathPart, ...], behind: Behind
) -> Slices[tuple[Cause, ...]]:
    """Why the packet did not pass; nothing for one that did."""
    rig = path.rig
    rig.machine.am.tell.tracer = None  # what is looked up from here on is not the packet's
    place = denied_at(rig, event)
    if place is None:
        dropped = _dropped(rig, event, parts)
        return (yield from _tried((dropped,), event, behind)) if dropped is not None else ()
    wanted = wanted_of(place, event.key, event.info)
    past = None
    if behind.past is not None:
        past = yield from behind.past(wanted)
    node = path.nodes[-1]
    scene = Scene(rig, event, place, wanted, past, node.full, node.recycled, behind.name)
    drafts = yield from _drafts(scene, behind)
    return (yield from _tried(tuple(drafts), event, behind))


def _drafts(scene: Scene, behind: Behind) -> Slices[list[Draft]]:
    """The causes in the order of likelihood."""
    reason = scene.event.checks[-1].reason
    found: list[Draft] = []
    fragment = fragment_cause(scene)
    if fragment is not None and fragment.cause.kind != "fragment denied":
        found.append(fragment)
    if reason & KIND_MASK == TOO_MANY_SESSIONS:
        found.append(full_cause(scene))
    if reason & KIND_MASK == NO_SUCH_ACL:
        found.append(_no_such_acl(scene, acl_of(reason)))
    if scene.past is not None and scene.past.gone is not None:
        found.append((yield from _gone(scene, behind)))
    if reason & KIND_MASK in (TOO_MANY_SESSIONS, NO_SUCH_ACL):
        return found
    nearest = None
    if scene.past is None or scene.past.opener_last is None:
        nearest = yield from nearest_cause(scene)
    now = scene.opener_now()
    is_silent = scene.past is not None and scene.past.is_silent
    if is_silent and now is not None and now.opens and behind.later is not None:
        request = yield from behind.later(scene.wanted.opener)
        if request is not None and was_overtaken(scene.event, request):
            found.append(overtaken_cause(scene, request))
    found += _by_likelihood(scene, nearest)
    if fragment is not None and fragment.cause.kind == "fragment denied":
        found.insert(-1, fragment)
    return found


def _by_likelihood(scene: Scene, nearest: Draft | None) -> list[Draft]:
    """The causes beside a session that went and a full table."""
    opener, older = opener_cause(scene), older_cause(scene)
    kind = opener.cause.kind if opener is not None else ""
    rules = list(rule_causes(scene))
    surest = [each for each in rules if each.cause.kind in ("port rule", "late")]
    others = [each for each in rules if each not in surest]
    is_stateless = kind == "permit" and not _reflects(scene)
    is_vague = opener is not None and (kind == "no acl" or opener.undo is None)
    ranked = [
        *(rules if is_stateless else ()),
        older if kind == "request denied" else None,
        opener if not is_vague else None,
        elsewhere_cause(scene),
        changed_cause(scene),
        opener if is_vague else None,
        *(surest if not is_stateless else ()),
        older if kind != "request denied" else None,
        icmp_cause(scene),
        nearest,
        *(others if not is_stateless else ()),
        reflect_cause(scene),
        plain_cause(scene),
    ]
    return [each for each in ranked if each is not None]


def _reflects(scene: Scene) -> bool:
    """Whether any ACL that is applied to the interface makes sessions."""
    acls = {*scene.acls, *scene.other_acls}
    return any("permit+reflect" in rule for n in acls for rule in scene.rules_of(n))


def _gone(scene: Scene, behind: Behind) -> Slices[Draft]:
    assert scene.past is not None
    gone = scene.past.gone
    assert gone is not None
    why = ""
    is_tcp = unpack_key(gone.event.key).proto == PROTO_TCP
    if is_tcp and gone.timeout_class == TIMEOUT_TCP_TRANSIENT and behind.life is not None:
        packets = yield from behind.life(gone.event.key, gone.event.sw_if_index)
        why = why_transient(gone.event.key, *gone.tcp_flags, packets, scene.name)
    return gone_cause(scene, gone, why)


def _no_such_acl(scene: Scene, acl_index: int) -> Draft:
    here, side = scene.interface.name, scene.side
    title = f"ACL {acl_index} is applied to {here} {side}, and was deleted"
    line = f"set acl-plugin interface {here} {side} acl {acl_index} del"
    return Draft(
        Cause("no such acl", title, cure=f"the ACL; or it taken off: {line}"), Undo((line,))
    )


def _dropped(rig: Rig, event: PacketVerdict, parts: tuple[PathPart, ...]) -> Draft | None:
    """Why a packet that no ACL denied went nowhere."""
    if fate_of(event.reason) not in ("dropped", "malformed"):
        return None
    kind = event.reason & KIND_MASK
    if kind == SAME_SIDE:
        return Draft(one_side_cause(rig.scenario, event))
    last = parts[-1] if parts else None
    if kind == INTERFACE_DOWN:
        name = last.interface if isinstance(last, ForwardingPart) else rig.interface_name(event.rx)
        line = f"set interface state {name} up"
        what = "which it was to leave by" if isinstance(last, ForwardingPart) else "its interface"
        title = f"{name}, {what}, is down"
        return Draft(Cause("interface", title, cure=f"the interface up: {line}"), Undo((line,)))
    if isinstance(last, ForwardingPart) and kind == NO_ROUTE:
        return _no_route(rig.machine.am, event, last.destination)
    why = why_not_checked(rig, event.reason, event.rx)
    if isinstance(last, ForwardingPart):
        why = f"{last.destination} is {last.outcome}"
    return Draft(Cause("not forwarded", why or reason_text(event.reason)))


def _no_route(am: AclMain, event: PacketVerdict, destination: str) -> Draft:
    is_ip6 = unpack_key(event.key).is_ip6
    there = sum(e.prefix.is_ip6 == is_ip6 and e.sw_if_index > FIB_NO_ROUTE for e in am.fib.entries)
    others = [i.name for i in am.interfaces[1:] if i is not None and i.sw_if_index != event.rx]
    line = f"ip route add {destination}/{128 if is_ip6 else 32} via {others[0] if others else ''}"
    text = f"of the {there} entries of this family none has {destination}"
    title = f"there is no route to {destination}"
    return Draft(Cause("no route", title, text, f"a route: {line}"), Undo((line,)))


def _tried(
    drafts: tuple[Draft, ...], event: PacketVerdict, behind: Behind
) -> Slices[tuple[Cause, ...]]:
    """The causes, with what came of undoing them; one that changes nothing is behind the others."""
    packet = Crafted(event.rx, event.key, event.info)
    causes: list[Cause] = []
    found = behind.rig is None or not event.key
    for number, (cause, undo) in enumerate(drafts):
        may_try = not found and number < MAX_TRIES and (cause.kind != _LAST_RESORT or not number)
        if may_try and undo is not None and behind.rig is not None:
            reason = yield from undone(behind.rig, undo, packet, event.time)
            cause = _with_outcome(cause, reason)
            found = bool(cause.tried)
        causes.append(cause)
    if any(cause.tried for cause in causes):
        causes = [cause for cause in causes if cause.tried or cause.kind != _LAST_RESORT]
    causes.sort(key=lambda each: (each.kind == _LAST_RESORT, each.then.startswith("denied")))
    return tuple(causes)


def _with_outcome(cause: Cause, reason: int | None) -> Cause:
    """A cause with what became of the packet without it."""
    if reason is None:
        return cause
    fate = fate_of(reason)
    if fate in PASSED:
        return replace(cause, tried=True)
    return replace(cause, tried=False, then=f"{fate}: {reason_text(reason)}")
