"""An acl node at work, followed from outside: what each of its steps will find, by looking alone.

The functions here read what the steps of `engine.datapath` read, write nothing, and return a new
`NodeState`. The same ones serve a packet of the past, each called right before the step it
foretells, and one that was only asked about, called one behind the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from aclbench.engine import reading
from aclbench.engine.acl import DENY, PERMIT, AclRule
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packet import INFO_ICMP, request_key, unpack_key
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    NEW_SESSION,
    NO_MATCH,
    NO_SUCH_ACL,
    RULE_DENY,
    RULE_PERMIT,
    TOO_MANY_SESSIONS,
    node_bits,
    with_rule,
)
from aclbench.engine.session import NO_SESSION, SessionId
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT
from aclbench.engine.worker import Worker
from aclbench.workbench.inquiry.explain.reading import rule_tried
from aclbench.workbench.inquiry.explain.sessions import session_part
from aclbench.workbench.inquiry.explain.tree import KeyLookedUp, RuleTried, SessionPart
from aclbench.workbench.views.snapshot import key_text

_KINDS: Final[dict[int, int]] = {DENY: RULE_DENY, PERMIT: RULE_PERMIT}


@dataclass(frozen=True, slots=True)
class NodeState:
    """How far an acl node is with a packet.

    `acls` are those of the moment the match began, `at` the ACL and the rule it tries next, and
    `rules` that ACL's as last read. `reason` is the outcome, once there is one, without the node.
    """

    worker: Worker
    interface: Interface
    is_input: bool
    lookup_key: bytes
    key: bytes
    info: int
    acls: tuple[int, ...] = ()
    looked_up: tuple[KeyLookedUp, ...] = ()
    session: SessionId | None = None
    session_before: SessionPart | None = None
    at: tuple[int, int] = (0, 0)
    rules: tuple[AclRule, ...] | None = None
    replaced: bool = False
    tried: tuple[RuleTried, ...] = ()
    reason: int | None = None
    room: str = ""
    #: The session that made room; and one that this very packet made on its way before.
    recycled: SessionId | None = None
    made_before: tuple[Interface, bytes] | None = None

    @property
    def full_reason(self) -> int:
        """The outcome as the node counts it."""
        assert self.reason is not None
        return self.reason | node_bits(self.is_input, self.info)


def keys_looked_up(key: bytes, info: int, is_input: bool) -> list[tuple[bytes, str]]:
    """The keys that a look-up tries in order, and as what."""
    own = "" if is_input else "ends swapped"
    request = request_key(key) if info & INFO_ICMP else None
    as_itself = [(key, own)]
    return as_itself if request is None else [(request, "as the answer to its request"), *as_itself]


def look_up(am: AclMain, node: NodeState, now: int) -> NodeState:
    """The step `look up`."""
    looked_up: list[KeyLookedUp] = []
    acls = node.interface.input_acls if node.is_input else node.interface.output_acls
    node = replace(node, acls=acls)
    for key, what in keys_looked_up(node.lookup_key, node.info, node.is_input):
        session = reading.find(node.interface, key)
        if session == node.recycled:
            session = None
        made = node.made_before == (node.interface, key)
        hit = session is not None or made
        looked_up.append(KeyLookedUp(key_text(key), what, hit))
        if hit:
            before = session_part(am, session, now) if session is not None else None
            return replace(
                node,
                looked_up=tuple(looked_up),
                session=session,
                session_before=before,
                reason=EXISTING_SESSION,
            )
    return replace(node, looked_up=tuple(looked_up))


def match_rule(am: AclMain, node: NodeState) -> NodeState:
    """The step `match rule`: hold the next rule against the packet."""
    position, rule_index = node.at
    if position >= len(node.acls):
        return replace(node, reason=with_rule(NO_MATCH, -1, -1))
    acl_index = node.acls[position]
    acl = am.acls.get(acl_index)
    if acl is None:
        return replace(node, reason=with_rule(NO_SUCH_ACL, acl_index, -1))
    replaced = node.rules is not None and node.rules is not acl.rules
    if rule_index >= len(acl.rules):
        return replace(node, at=(position + 1, 0), rules=None, replaced=replaced)
    rule = acl.rules[rule_index]
    tried = rule_tried(
        rule,
        acl_index,
        rule_index,
        unpack_key(node.key),
        node.info,
        am.l4_match_nonfirst_fragment,
        replaced,
    )
    node = replace(node, at=(position, rule_index + 1), rules=acl.rules, tried=(*node.tried, tried))
    if tried.field:
        return node
    kind = _KINDS.get(rule.is_permit, NEW_SESSION)
    return replace(node, reason=with_rule(kind, acl_index, rule_index))


def has_room(am: AclMain, node: NodeState) -> bool:
    """Whether its session can be added as things stand."""
    there = reading.table_size(node.interface)
    if node.recycled is not None:
        worker = am.workers[node.recycled.thread_index]
        gone = reading.slot_at(worker, node.recycled.session_index)
        there -= reading.find(node.interface, gone.key) == node.recycled
    there += node.made_before is not None and node.made_before[0] is node.interface
    return (
        there < am.conn_table_max_entries
        or reading.find(node.interface, node.lookup_key) is not None
    )


def look_for_room(am: AclMain, node: NodeState) -> NodeState:
    """The step `look for room`: without any after the recycling the packet is denied."""
    assert node.reason is not None
    if not node.room or has_room(am, node):
        return node
    return replace(node, reason=node.reason & ~KIND_MASK | TOO_MANY_SESSIONS)


def recycle(am: AclMain, node: NodeState) -> NodeState:
    """The step `recycle`: which session makes room."""
    entries = am.conn_table_max_entries
    full = f"{node.interface.name} has {reading.table_size(node.interface):,} sessions of at most "
    full += f"{entries:,} (max-entries)"
    owner = f"thread {node.worker.thread_index}"
    head = node.worker.conn_list_head[TIMEOUT_TCP_TRANSIENT]
    if head == NO_SESSION:
        return replace(node, room=f"{full}, and {owner} has no tcp_transient session to recycle")
    session = reading.slot_at(node.worker, head)
    of = am.interface(session.sw_if_index).name
    room = (
        f"{full}; {owner} recycles the head of its tcp_transient list, session "
        f"{session.session_index} of {of}: {key_text(session.key)}"
    )
    return replace(node, room=room, recycled=SessionId(node.worker.thread_index, head))


def add(am: AclMain, node: NodeState, now: int) -> NodeState:
    """The step `add`: another thread may have entered the key."""
    session = reading.find(node.interface, node.lookup_key)
    if session is None or session == node.recycled:
        return node
    return replace(
        node,
        reason=EXISTING_SESSION,
        session=session,
        session_before=session_part(am, session, now),
        room="another thread entered the key after the look-up: a hit after all",
    )


def to_the_end(am: AclMain, node: NodeState, now: int) -> NodeState:
    """All steps, with nobody in between."""
    node = look_up(am, node, now)
    while node.reason is None:
        node = match_rule(am, node)
    if node.reason & KIND_MASK == NEW_SESSION:
        if not has_room(am, node):
            node = look_for_room(am, recycle(am, node))
        if node.reason is not None and node.reason & KIND_MASK == NEW_SESSION:
            node = add(am, node, now)
    return node
