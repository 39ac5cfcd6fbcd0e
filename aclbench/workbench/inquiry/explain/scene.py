"""What a cause is looked for in: a packet, the node that denied it, the machine then, the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aclbench.engine.events import PacketVerdict, SessionRecycled
from aclbench.engine.main import Interface
from aclbench.engine.matching import AclMatch
from aclbench.engine.packet import (
    INFO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
    address_text,
    destination,
    request_key,
    unpack_key,
)
from aclbench.engine.reasons import KIND_MASK, LAST_DENY, NEW_SESSION, NODE_INPUT, acl_of, rule_of
from aclbench.engine.tracing import RoomSought
from aclbench.workbench.inquiry.explain.keys import (
    Crafted,
    End,
    mirror,
    opener_info,
    opens,
    session_keys,
    target,
)
from aclbench.workbench.inquiry.explain.past import Past, Wanted
from aclbench.workbench.inquiry.explain.reading import RuleAt, rule_part, rule_text
from aclbench.workbench.inquiry.explain.tree import Cause, RulePart
from aclbench.workbench.inquiry.explain.trial import Undo
from aclbench.workbench.rig.rig import Rig


class Draft(NamedTuple):
    """A cause, and what undoes it; None: nothing that could be tried."""

    cause: Cause
    undo: Undo | None = None


class Place(NamedTuple):
    """An acl node: a side of an interface."""

    sw_if_index: int
    is_input: bool


class Matched(NamedTuple):
    """What the ACLs of a side say of a packet: the reason, and the rule, if there is one."""

    reason: int
    rule: RulePart | None

    @property
    def opens(self) -> bool:
        """It would make a session."""
        return self.reason & KIND_MASK == NEW_SESSION


def denied_at(rig: Rig, event: PacketVerdict) -> Place | None:
    """The acl node that denied a packet, by the routes of this rig."""
    if not event.checks or event.checks[-1].reason & KIND_MASK > LAST_DENY:
        return None
    is_input = bool(event.checks[-1].reason & NODE_INPUT)
    return Place(event.rx if is_input else leads_to(rig, event), is_input)


def leads_to(rig: Rig, event: PacketVerdict) -> int:
    """The interface that a packet's destination leads to, or -1."""
    if event.tx >= 0:
        return event.tx
    return interface_of(rig, destination(event.key))


def interface_of(rig: Rig, address: bytes) -> int:
    """The interface that an address leads to, or -1."""
    entry = rig.machine.am.fib.entry_for(address)
    return entry.sw_if_index if entry is not None else -1


def wanted_of(place: Place, key: bytes, info: int) -> Wanted:
    """What to look for in the past of a packet that an acl node denied."""
    looked_up = key if place.is_input else mirror(key, info)
    session: bytes | None = looked_up
    if info & INFO_ICMP:
        session = request_key(looked_up)
    opener = b""
    if session is not None:
        # A session's key is the packet on ingress; on egress packets are looked up by their mirror.
        opener = mirror(session, info) if place.is_input else session
    near = target(key)
    has_near = near.proto == PROTO_UDP and near.port
    return Wanted(*place, session_keys(looked_up, info), opener, key, near if has_near else None)


@dataclass(frozen=True, slots=True)
class Scene:
    """A packet that an acl node denied, the machine as it was then, and what came before.

    `past` None: it is not at hand. `room` is what was said of a table that was full, and `recycled`
    the session that was recycled for it, in vain. `name` gives a packet's name.
    """

    rig: Rig
    event: PacketVerdict
    place: Place
    wanted: Wanted
    past: Past | None
    room: RoomSought | None
    recycled: SessionRecycled | None
    name: Callable[[PacketVerdict], str]

    @property
    def interface(self) -> Interface:
        """The interface of the node."""
        return self.rig.machine.am.interface(self.place.sw_if_index)

    @property
    def side(self) -> str:
        """Its side."""
        return "input" if self.place.is_input else "output"

    @property
    def other_side(self) -> str:
        """The side of the packets the other way."""
        return "output" if self.place.is_input else "input"

    @property
    def acls(self) -> tuple[int, ...]:
        """The ACLs that judged the packet."""
        return self._acls(self.place.is_input)

    @property
    def other_acls(self) -> tuple[int, ...]:
        """The ACLs of the other side, where a packet the other way would open a session."""
        return self._acls(not self.place.is_input)

    def _acls(self, is_input: bool) -> tuple[int, ...]:
        return self.interface.input_acls if is_input else self.interface.output_acls

    @property
    def packet(self) -> Crafted:
        """The packet itself."""
        return Crafted(self.event.rx, self.event.key, self.event.info)

    def opener(self, as_syn: bool = False) -> Crafted | None:
        """A packet the other way that would open a session, if there is such a packet.

        The one that came, if one did, unless a SYN is wanted.
        """
        if not as_syn and self.past is not None and (last := self.past.opener_last) is not None:
            return Crafted(last.rx, last.key, last.info)
        key = self.wanted.opener
        if not key:
            return None
        rx = self.place.sw_if_index
        if self.place.is_input:
            rx = interface_of(self.rig, destination(self.event.key))
        return Crafted(rx, key, opener_info(self.event.info)) if rx > 0 else None

    def opener_now(self) -> Matched | None:
        """What the other side's ACLs, as they are, say of a packet that opens a session."""
        if not self.wanted.opener:
            return None
        info = opener_info(self.event.info)
        return self.matched(not self.place.is_input, self.wanted.opener, info)

    def matched(self, is_input: bool, key: bytes, info: int) -> Matched:
        """What the ACLs of a side of the interface say of a packet, sessions aside."""
        machine, acls = self.rig.machine, self._acls(is_input)
        match = AclMatch(acls, key, info)
        worker = machine.am.workers[self.event.thread_index]
        while not machine.matching.match_rule(worker, match, self.rig.now):
            pass
        if match.rules is None:
            return Matched(match.reason, None)
        index = rule_of(match.reason)
        at = RuleAt(acl_of(match.reason), index, match.rules[index])
        return Matched(match.reason, rule_part(machine, at, None, key, info))

    def is_request(self) -> bool:
        """Whether the packet's own side opened the connection, as far as can be seen."""
        past, event = self.past, self.event
        if opens(event.info):
            return True
        if past is None or past.opener_first is None:
            return False
        first = past.own_first or event
        if opens(past.opener_first.info) != opens(first.info):
            return opens(first.info)
        return past.own_first is not None and past.own_first.time < past.opener_first.time

    def replace(self, acl_index: int, rules: list[str]) -> str:
        """The line that gives an ACL other rules."""
        acl = self.rig.machine.am.acls[acl_index]
        tag = f" tag {acl.tag}" if acl.tag else ""
        return f"set acl-plugin acl index {acl_index} {', '.join(rules)}{tag}"

    def rules_of(self, acl_index: int) -> list[str]:
        """The rules of an ACL as they are typed."""
        acl = self.rig.machine.am.acls.get(acl_index)
        return [rule_text(rule) for rule in acl.rules] if acl is not None else []

    def with_rule(self, acl_index: int, rule_index: int, text: str) -> str:
        """The line that gives an ACL another rule in the place of one."""
        rules = self.rules_of(acl_index)
        rules[rule_index] = text
        return self.replace(acl_index, rules)

    def with_first(self, acl_index: int, text: str) -> str:
        """The line that puts a rule ahead of those of an ACL."""
        return self.replace(acl_index, [text, *self.rules_of(acl_index)])


def address_of(end: End) -> str:
    """An end's address in words."""
    return address_text(int.from_bytes(end.address, "big"), len(end.address) == 16)


def permit_text(key: bytes, action: str, with_ports: bool = True) -> str:
    """A rule for packets with this key alone."""
    five = unpack_key(key)
    bits = 128 if five.is_ip6 else 32
    text = (
        f"{action} src {address_text(five.src, five.is_ip6)}/{bits}"
        f" dst {address_text(five.dst, five.is_ip6)}/{bits} proto {five.proto}"
    )
    if with_ports and five.proto in (PROTO_TCP, PROTO_UDP):
        text += f" sport {five.sport} dport {five.dport}"
    return text
