"""Follows a packet on its path: what the machine looks at, and what it finds.

Whoever steps a rig passes each step on. What is looked up, tried, forwarded comes from
`engine.tracing`, what came of it from the packet's verdict; the sessions are read as they stand
right then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import (
    Check,
    PacketVerdict,
    RulesReplaced,
    SessionRecycled,
    TraceEvent,
)
from aclbench.engine.fib import NEVER_FORWARDED, Source
from aclbench.engine.packet import address_text
from aclbench.engine.reasons import (
    BROADCAST,
    EXISTING_SESSION,
    FOR_US,
    INTERFACE_DOWN,
    KIND_MASK,
    MULTICAST,
    NO_INTERFACE,
    NO_ROUTE,
    action_of,
    node_of,
    reason_text,
)
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT
from aclbench.engine.tracing import (
    Forwarded,
    KeyLookedUp,
    PacketParsed,
    RoomSought,
    RuleTried,
    TraceRecord,
)
from aclbench.words import counted
from aclbench.workbench.inquiry.explain.reading import RuleAt, rule_part
from aclbench.workbench.inquiry.explain.sessions import session_part
from aclbench.workbench.inquiry.explain.tree import (
    ForwardingPart,
    KeyPart,
    NodePart,
    PathPart,
    SessionPart,
    SidePart,
)
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.keys import key_text

_NOT_FORWARDED: Final[dict[int, str]] = {
    NO_ROUTE: "no route",
    FOR_US: "for the bench itself",
    MULTICAST: "multicast, which is not forwarded",
    BROADCAST: "broadcast, which is not forwarded",
    NO_INTERFACE: "the interface was deleted",
    INTERFACE_DOWN: "the interface is down",
}


@dataclass(slots=True)
class NodeSeen:
    """What an acl node has done with a packet so far.

    `session` is the one hit or made; `before` how it stood when it was found, `after` how it stood
    behind the node's last step. `acls` are those of the moment of the look-up.
    """

    sw_if_index: int
    interface: str
    is_input: bool
    acls: tuple[int, ...]
    keys: list[KeyLookedUp] = field(default_factory=list)
    rules: list[RuleTried] = field(default_factory=list)
    #: Which of `rules` their ACL had got under the match.
    replaced: set[int] = field(default_factory=set)
    session: SessionId | None = None
    before: SessionPart | None = None
    after: SessionPart | None = None
    full: RoomSought | None = None
    recycled: SessionRecycled | None = None

    @property
    def key(self) -> bytes:
        """What a session of the packet itself is entered under."""
        return self.keys[-1].key


class PacketPath:
    """The path of one packet, as far as it has come. It reads the machine and writes nothing."""

    def __init__(self, rig: Rig, thread_index: int) -> None:
        self.rig = rig
        self._worker = rig.machine.am.workers[thread_index]
        #: Acl nodes and forwarding, in the order in which the packet met them.
        self.met: list[NodeSeen | Forwarded] = []
        self._node: NodeSeen | None = None

    @property
    def nodes(self) -> list[NodeSeen]:
        """The acl nodes alone."""
        return [part for part in self.met if isinstance(part, NodeSeen)]

    def hear(self, record: TraceRecord) -> None:
        """The machine has looked at something, in the step that it is taking."""
        if isinstance(record, KeyLookedUp):
            self._looked_up(record)
        elif isinstance(record, Forwarded):
            self.met.append(record)
            self._node = None
        elif self._node is None:
            return
        elif isinstance(record, RuleTried):
            self._node.rules.append(record)
        elif isinstance(record, RoomSought) and not record.has_room:
            self._node.full = self._node.full or record

    def _looked_up(self, record: KeyLookedUp) -> None:
        am = self.rig.machine.am
        if self._node is None:
            interface, is_input = am.interface(record.sw_if_index), not self.met
            acls = interface.input_acls if is_input else interface.output_acls
            self._node = NodeSeen(record.sw_if_index, interface.name, is_input, acls)
            self.met.append(self._node)
        self._node.keys.append(record)
        if record.session is not None:
            self._node.session = record.session
            self._node.before = session_part(am, record.session, record.time)

    def took_step(self, events: Sequence[TraceEvent], rules_before: int) -> None:
        """The packet's thread has taken a step. Before it, so many rules had been tried."""
        node = self._node
        if node is None:
            return
        for event in events:
            if isinstance(event, RulesReplaced) and rules_before < len(node.rules):
                node.replaced.add(rules_before)
            elif isinstance(event, SessionRecycled):
                node.recycled = event
        session = reading.in_hand(self._worker)
        if session is not None:
            now = session_part(self.rig.machine.am, session, self.rig.now)
            if node.session is None:  # made just now, by this thread or by another
                node.session, node.before = session, now
            node.after = now

    def rules_tried(self) -> int:
        """How many rules the node in hand has tried."""
        return len(self._node.rules) if self._node is not None else 0


class Follower:
    """Hears what the packets of a rig meet, and has the path of each thread's latest."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._threads = {actor_name(w.thread_index): w.thread_index for w in rig.machine.am.workers}
        self._paths: dict[int, PacketPath] = {}
        self._rules_before: dict[int, int] = {}
        rig.machine.am.tell.tracer = self._hear

    def _hear(self, record: TraceRecord) -> None:
        if isinstance(record, PacketParsed):
            self._paths[record.thread_index] = PacketPath(self._rig, record.thread_index)
        elif record.thread_index in self._paths:
            self._paths[record.thread_index].hear(record)

    def took_step(self, who: str, events: Sequence[TraceEvent]) -> None:
        """An actor has taken a step, which made these events."""
        thread_index = self._threads.get(who)
        path = self._paths.get(thread_index) if thread_index is not None else None
        if thread_index is None or path is None:
            return
        path.took_step(events, self._rules_before.get(thread_index, 0))
        self._rules_before[thread_index] = path.rules_tried()

    def path(self, thread_index: int) -> PacketPath:
        """The path of a thread's latest packet."""
        return self._paths[thread_index]


# --- put together -------------------------------------------------------------------------------


def parts_of(path: PacketPath, event: PacketVerdict, happened: bool) -> Iterator[PathPart]:
    """What a packet met, in order, once it has its verdict; `happened`: it is one of the run."""
    checks = iter(event.checks)
    for part in path.met:
        if isinstance(part, NodeSeen):
            yield _node_part(path.rig, part, next(checks), event, happened)
            continue
        if part is path.met[0]:
            yield SidePart(path.rig.interface_name(event.rx), "input")
        yield _forwarding_part(path.rig, part)
        if part is path.met[-1] and part.reason is None:
            yield SidePart(path.rig.interface_name(event.tx), "output")


def _node_part(
    rig: Rig, node: NodeSeen, check: Check, event: PacketVerdict, happened: bool
) -> NodePart:
    reason = check.reason
    is_hit = reason & KIND_MASK == EXISTING_SESSION
    return NodePart(
        node=node_of(reason),
        interface=node.interface,
        side="input" if node.is_input else "output",
        acls=node.acls,
        looked_up=tuple(
            KeyPart(key_text(each.key), _looked_up_as(node, each), each.session is not None)
            for each in node.keys
        ),
        tried=tuple(
            rule_part(
                rig.machine,
                RuleAt(record.acl_index, record.rule_index, record.rule),
                record.field,
                event.key,
                event.info,
                number in node.replaced,
            )
            for number, record in enumerate(node.rules)
        ),
        action=action_of(reason),
        outcome=reason_text(reason),
        session_before=node.before if is_hit else None,
        session_after=node.after if check.session is not None and happened else None,
        room=_room_text(rig, node, event.thread_index, is_hit),
    )


def _looked_up_as(node: NodeSeen, record: KeyLookedUp) -> str:
    if record.is_request:
        return "as the answer to its request"
    return "" if node.is_input else "ends swapped"


def _room_text(rig: Rig, node: NodeSeen, thread_index: int, is_hit: bool) -> str:
    """What a full table, or another thread, meant for the session to be made."""
    if is_hit and node.keys[-1].session is None:
        return "another thread entered the key after the look-up: a hit after all"
    if node.full is None:
        return ""
    full = f"{node.interface} has {counted(node.full.sessions, 'session')} of at most "
    full += f"{node.full.max_entries:,} (max-entries)"
    transient = rig.list_name(TIMEOUT_TCP_TRANSIENT)
    if node.recycled is None:
        return f"{full}, and thread {thread_index} has no {transient} session to recycle"
    of, then = rig.interface_name(node.recycled.sw_if_index), rig.look.when_deleted
    return (
        f"{full}; thread {thread_index} recycles the head of its {transient} list, session "
        f"{node.recycled.session_index} of {of}: {key_text(node.recycled.key)}"
        f"{f', which {then}' if then else ''}"
    )


def _forwarding_part(rig: Rig, forwarded: Forwarded) -> ForwardingPart:
    is_ip6 = len(forwarded.destination) == 16
    entry, reason = forwarded.entry, forwarded.reason
    prefix, via, name = "", "", ""
    if entry is not None:
        prefix = f"{address_text(entry.prefix.address, is_ip6)}/{entry.prefix.length}"
        via = "an added route" if entry.source == Source.CLI else "an interface address"
        if entry in NEVER_FORWARDED:
            via = entry.via
        name = rig.interface_name(entry.sw_if_index) if entry.sw_if_index >= 0 else ""
    return ForwardingPart(
        destination=address_text(int.from_bytes(forwarded.destination, "big"), is_ip6),
        prefix=prefix,
        via=via,
        interface=name,
        outcome="forwarded" if reason is None else _NOT_FORWARDED[reason],
    )
