"""What is said of the session that a packet passed by: why it ages fast, and what denies it now."""

from __future__ import annotations

from typing import Final

from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict
from aclbench.engine.matching import AclMatch
from aclbench.engine.packet import PROTO_TCP, TCP_FIN, TCP_RST
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    NEW_SESSION,
    reason_text,
)
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT
from aclbench.workbench.inquiry.explain.causes import Behind
from aclbench.workbench.inquiry.explain.following import NodeSeen, PacketPath
from aclbench.workbench.inquiry.explain.keys import mirror, opener_info
from aclbench.workbench.inquiry.explain.life import why_transient
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

_ENDS: Final = TCP_FIN | TCP_RST


def notes_of(path: PacketPath, event: PacketVerdict, behind: Behind) -> Slices[tuple[str, ...]]:
    """What there is to say of the sessions that a packet hit."""
    path.rig.machine.am.tell.tracer = None  # what is looked up from here on is not the packet's
    found: list[str] = []
    for node, check in zip(path.nodes, event.checks, strict=True):
        if check.session is None or check.reason & KIND_MASK != EXISTING_SESSION:
            continue
        found += yield from _transient(path.rig, node, check.session, behind)
        denied = _denied_now(path.rig, node, event)
        if denied:
            found.append(denied)
    return tuple(found)


def _transient(
    rig: Rig, node: NodeSeen, where: SessionId, behind: Behind
) -> Slices[tuple[str, ...]]:
    am = rig.machine.am
    session = reading.slot_at(am.workers[where.thread_index], where.session_index)
    timeout_class = reading.timeout_class(am, session)
    if session.proto != PROTO_TCP or timeout_class != TIMEOUT_TCP_TRANSIENT:
        return ()
    seen_in, seen_out = session.tcp_flags_seen_in, session.tcp_flags_seen_out
    packets: list[PacketVerdict] = []
    if (seen_in | seen_out) & _ENDS and behind.life is not None:
        packets = yield from behind.life(session.key, session.sw_if_index)
    why = why_transient(session.key, seen_in, seen_out, packets, behind.name)
    return (f"its session on {node.interface} is {rig.class_name(timeout_class)}: {why}",)


def _denied_now(rig: Rig, node: NodeSeen, event: PacketVerdict) -> str:
    """A session made by rules that are gone: what the ACLs of now say of a packet that opens it."""
    interface = rig.machine.am.interface(node.sw_if_index)
    key = next(each.key for each in node.keys if each.session is not None)
    info = opener_info(event.info)
    said = ""
    for acls, opener in ((interface.input_acls, key), (interface.output_acls, mirror(key, info))):
        match = AclMatch(acls, opener, info)
        worker = rig.machine.am.workers[event.thread_index]
        while acls and not rig.machine.matching.match_rule(worker, match, rig.now):
            pass
        if match.reason & KIND_MASK == NEW_SESSION:
            return ""
        if acls and not said:
            said = reason_text(match.reason)
    if not said:
        return ""
    then = "what has a session is not judged again; clear acl-plugin sessions ends it"
    if rig.machine.am.reclassify_sessions:
        then = "the next packet in the direction that made it has it deleted"
    return (
        f"no rule on {node.interface} opens such a session any more ({said}): the ACLs have "
        f"changed since it was made, and {then}"
    )
