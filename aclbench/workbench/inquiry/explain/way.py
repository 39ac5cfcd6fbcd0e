"""The way of one packet as it is put together: node by node, to the reason that counts."""

from __future__ import annotations

from aclbench.engine.datapath import NO_TX
from aclbench.engine.events import Check, PacketVerdict
from aclbench.engine.machine import Machine
from aclbench.engine.main import Interface
from aclbench.engine.packet import INFO_ICMP, KEY4, KEY4_SIZE, KEY6, KEY_IS_INPUT
from aclbench.engine.reasons import (
    CHECKED,
    EXISTING_SESSION,
    KIND_MASK,
    LAST_DENY,
    NEW_SESSION,
    UNCHECKED,
    acl_of,
    action_of,
    fate_of,
    node_of,
    reason_text,
    rule_of,
)
from aclbench.engine.session import SessionId
from aclbench.engine.worker import Worker
from aclbench.workbench.inquiry.explain.forwarding import forward
from aclbench.workbench.inquiry.explain.node import NodeState
from aclbench.workbench.inquiry.explain.sessions import session_part
from aclbench.workbench.inquiry.explain.tree import (
    ForwardingPart,
    NodePart,
    SessionPart,
    SidePart,
    VerdictPart,
)
from aclbench.workbench.views.verdict import verdict_text


class Way:
    """What a packet met so far. It reads the machine and writes nothing."""

    def __init__(
        self, machine: Machine, worker: Worker, rx: int, key: bytes, mirror_key: bytes, info: int
    ) -> None:
        self.machine = machine
        self.worker = worker
        self.rx = rx
        self.key, self.mirror_key, self.info = key, mirror_key, info
        self.parts: list[NodePart | SidePart | ForwardingPart] = []
        #: The node that denied, as it was then.
        self.denied: NodeState | None = None
        self.reason: int = UNCHECKED
        self.tx: int = NO_TX
        self.checks: list[Check] = []
        self.forwarded = False

    def begin_node(self) -> NodeState:
        """The acl node that comes next: input of rx, or behind forwarding output of tx."""
        is_input = not self.forwarded
        interface = self.machine.am.interface(self.tx if self.forwarded else self.rx)
        lookup_key = self.key if is_input else self.mirror_key
        return NodeState(self.worker, interface, is_input, lookup_key, self.key, self.info)

    def end_node(self, node: NodeState, session: SessionId | None, now: int | None) -> None:
        """An acl node is done; `now` None: nothing was done, and the session stands as before."""
        reason = node.full_reason
        after: SessionPart | None = None
        if session is not None and now is not None:
            after = session_part(self.machine.am, session, now)
        self.parts.append(node_part(node, after))
        self.reason = reason
        self.checks.append(Check(reason, session))
        if reason & KIND_MASK <= LAST_DENY:
            self.denied = node
            self.tx = NO_TX

    def pass_unchecked(self, interface: Interface, side: str) -> None:
        """A side without ACLs."""
        self.parts.append(SidePart(interface.name, side))

    def forward(self) -> None:
        """Forwarding; behind it comes the output node of `tx`, if there is one."""
        if not self.parts:
            self.pass_unchecked(self.machine.am.interface(self.rx), "input")
        part, self.tx, drop = forward(self.machine.am, self.key)
        self.parts.append(part)
        self.forwarded = True
        if drop is not None:
            self.reason = drop if self.reason == UNCHECKED else drop | CHECKED

    def finish(self) -> None:
        """The packet is done: what was left out on its way gets its part, or its reason."""
        if not self.parts:
            self.reason = self.machine.datapath.why_not_parsed(self.rx, self.info)
        elif self.forwarded and self.tx >= 0 and isinstance(self.parts[-1], ForwardingPart):
            self.pass_unchecked(self.machine.am.interface(self.tx), "output")

    def verdict(self, now: int, number: int) -> PacketVerdict:
        """The verdict as the machine would tell it."""
        thread_index, checks = self.worker.thread_index, tuple(self.checks)
        return PacketVerdict(
            now, thread_index, number, self.rx, self.tx, self.key, self.info, self.reason, checks
        )


def node_part(node: NodeState, after: SessionPart | None) -> NodePart:
    """An acl node that is done, as a part of an explanation."""
    reason = node.full_reason
    return NodePart(
        node=node_of(reason),
        interface=node.interface.name,
        side="input" if node.is_input else "output",
        acls=node.acls,
        looked_up=node.looked_up,
        tried=node.tried,
        action=action_of(reason),
        outcome=reason_text(reason),
        session_before=node.session_before,
        session_after=after,
        room=node.room,
    )


def verdict_part(event: PacketVerdict, tx: str | None) -> VerdictPart:
    """A verdict in words, those of `Verdict`."""
    return VerdictPart(fate_of(event.reason), verdict_text(event), tx)


def is_new_session(node: NodeState) -> bool:
    """Whether the node matched a `permit+reflect`, so that a session is to be added."""
    return node.reason is not None and node.reason & KIND_MASK == NEW_SESSION


def is_hit(node: NodeState) -> bool:
    """Whether the node found a session."""
    return node.reason is not None and node.reason & KIND_MASK == EXISTING_SESSION


def rule_named(node: NodeState) -> tuple[int, int]:
    """The ACL and the rule that decided, -1 for none."""
    assert node.reason is not None
    return acl_of(node.reason), rule_of(node.reason)


def mirror_of(key: bytes, info: int) -> bytes:
    """A key as it looks from the other side: ends swapped; ICMP keeps its type and code."""
    if not key:
        return b""
    layout = KEY4 if len(key) == KEY4_SIZE else KEY6
    src, dst, sport, dport, proto, flags = layout.unpack(key)
    if info & INFO_ICMP:
        return layout.pack(dst, src, sport, dport, proto, flags ^ KEY_IS_INPUT)
    return layout.pack(dst, src, dport, sport, proto, flags)
