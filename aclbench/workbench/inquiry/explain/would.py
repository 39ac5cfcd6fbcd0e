"""A packet that was only asked about: what would happen to it now. Nothing is changed."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import replace
from typing import NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.engine.main import Interface
from aclbench.engine.packet import (
    INFO_NOT_FOR_ACL,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    Packet,
    parse_ip4,
    parse_ip6,
)
from aclbench.engine.reasons import KIND_MASK, LAST_DENY
from aclbench.workbench.inquiry.explain.lost import find_lost
from aclbench.workbench.inquiry.explain.nearest import nearest_things
from aclbench.workbench.inquiry.explain.node import NodeState, to_the_end
from aclbench.workbench.inquiry.explain.reading import packet_read
from aclbench.workbench.inquiry.explain.tree import Explanation, LostSession
from aclbench.workbench.inquiry.explain.unread import why_unread
from aclbench.workbench.inquiry.explain.way import Way, is_new_session, verdict_part
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.tasks import Slices


class Flow(NamedTuple):
    """A packet in words: addresses in network order; ports, or ICMP's type and code."""

    interface: str
    proto: int
    src: bytes
    dst: bytes
    sport: int
    dport: int
    tcp_flags: int

    def packet(self, extension_headers: Set[int]) -> Packet:
        """As the machine reads such a packet."""
        if self.proto in (PROTO_ICMP, PROTO_ICMP6):
            l4 = bytes([self.sport, self.dport]) + bytes(18)
        elif self.proto in (PROTO_TCP, PROTO_UDP):
            ports = self.sport.to_bytes(2, "big") + self.dport.to_bytes(2, "big")
            l4 = ports + bytes(9) + bytes([self.tcp_flags]) + bytes(6)
        else:
            l4 = bytes(20)
        if len(self.src) == 4:
            head = bytes([0x45]) + bytes(8) + bytes([self.proto]) + bytes(2)
            return parse_ip4(head + self.src + self.dst + l4)
        head = bytes([0x60]) + bytes(5) + bytes([self.proto, 64])
        return parse_ip6(head + self.src + self.dst + l4, extension_headers)


def explain_flow(subject: Subject, flow: Flow) -> Slices[Explanation]:
    """Explain what would happen now; the state is the same before and after."""
    rig, history = subject.rig, subject.history
    am, now, machine = rig.machine.am, rig.now, rig.machine
    rx = am.interface(rig.interface_index(flow.interface))
    key, mirror_key, info = flow.packet(am.extension_headers)
    worker = am.workers[am.thread_of(rx.sw_if_index, key)]
    way = Way(machine, worker, rx.sw_if_index, key, mirror_key, info)
    _go(way, rx, now)
    way.finish()
    would = way.verdict(now, 0)
    unread = why_unread(rig, would.reason, rx.sw_if_index)
    tx = rig.interface_name(way.tx) if way.tx >= 0 else None
    stretches = Stretches(history) if history is not None else None

    def lost(sw_if_index: int, keys: Collection[bytes]) -> Slices[LostSession | None]:
        assert stretches is not None
        return find_lost(stretches, now, None, sw_if_index, keys)

    nearest = yield from nearest_things(way, rig.started, lost if stretches is not None else None)
    return Explanation(
        packet="",
        would=True,
        time=now,
        at=now - rig.started,
        started=rig.started,
        rx=rx.name,
        worker=actor_name(worker.thread_index),
        thread_index=worker.thread_index,
        read=packet_read(key, info, unread),
        way=tuple(way.parts),
        verdict=verdict_part(would, tx),
        nearest=nearest,
    )


def _go(way: Way, rx: Interface, now: int) -> None:
    """Through the nodes, one behind the other, looking alone."""
    am = way.machine.am
    if not rx.admin_up or way.info & INFO_NOT_FOR_ACL:
        return
    before: NodeState | None = None
    if rx.input_acls:
        before = to_the_end(am, way.begin_node(), now)
        way.end_node(before, before.session, None)
        if before.full_reason & KIND_MASK <= LAST_DENY:
            return
    way.forward()
    if way.tx < 0:
        return
    tx = am.interface(way.tx)
    if tx.output_acls:
        node = way.begin_node()
        if before is not None:  # which would have made a session, or room for one
            made = (before.interface, before.lookup_key) if is_new_session(before) else None
            node = replace(node, recycled=before.recycled, made_before=made)
        node = to_the_end(am, node, now)
        way.end_node(node, node.session, None)
