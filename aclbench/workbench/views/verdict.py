"""Verdicts: what became of one packet, node by node, in words."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from aclbench.engine.events import Check, PacketVerdict
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    KIND_MASK,
    LAST_CHECK,
    Fate,
    acl_of,
    action_of,
    fate_of,
    node_of,
    reason_text,
    rule_of,
)
from aclbench.engine.session import SessionId


class NodeCheck(NamedTuple):
    """What one acl node did with a packet, as VPP traces it.

    `action` is 0 deny, 1 permit, 2 permit and create a session, 3 existing session. The indices
    are -1 where no rule matched or none was looked at. `session` is the one hit or made.
    """

    node: str
    action: int
    acl_index: int
    rule_index: int
    session: SessionId | None


class Verdict(Struct, frozen=True):
    """What became of one packet.

    `tx` is the interface it left by, None if by none. `reason` says why: the node that denied it,
    else why it was dropped, else what the last check said. `fate` is one word of `FATES`.
    """

    tx: str | None
    reason: str
    checks: tuple[NodeCheck, ...]
    fate: Fate
    number: int
    time_ns: int


def check_view(check: Check) -> NodeCheck:
    """A check as the public API shows it."""
    reason = check.reason
    return NodeCheck(
        node_of(reason), action_of(reason), acl_of(reason), rule_of(reason), check.session
    )


def verdict_text(event: PacketVerdict) -> str:
    """Why a packet met its fate: the summary's words, with the node and the session."""
    return reason_words(event.reason, event.checks[-1].session if event.checks else None)


def reason_words(reason: int, session: SessionId | None = None) -> str:
    """A reason in words, with the node that gave it, and the session that was hit."""
    text = reason_text(reason)
    kind = reason & KIND_MASK
    if kind > LAST_CHECK:
        return text
    if kind == EXISTING_SESSION and session is not None:
        text = f"{text} {session.session_index} of thread {session.thread_index}"
    return f"{node_of(reason)}: {text}"


def outcome_text(event: PacketVerdict) -> str:
    """A packet's fate and why; once, where the one says it all."""
    fate, why = fate_of(event.reason).replace("_", " "), verdict_text(event)
    return why if why.lower() == fate else f"{fate}, {why}"


def verdict_of(event: PacketVerdict, tx: str | None) -> Verdict:
    """The verdict that a trace event tells; `tx` is the name of its tx interface."""
    return Verdict(
        tx=tx,
        reason=verdict_text(event),
        checks=tuple(check_view(check) for check in event.checks),
        fate=fate_of(event.reason),
        number=event.number,
        time_ns=event.time,
    )
