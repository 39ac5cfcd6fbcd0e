"""Trace events: what the machine tells whoever listens.

Frozen values, made only when someone listens (`telling`). `time` is in nanoseconds, `thread_index`
is the thread on which it happened (for `InterruptSent` and `FlagSet` the thread that it happened
*to*: `by` says who did it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aclbench.engine.session import SessionId


@dataclass(frozen=True, slots=True)
class Check:
    """What one acl node said of one packet: the reason, and the session hit or made."""

    reason: int
    session: SessionId | None


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that happened at `time` on `thread_index`."""

    kind: ClassVar[str] = "event"
    time: int
    thread_index: int


@dataclass(frozen=True, slots=True)
class SessionAdded(TraceEvent):
    """A packet made a session; its owner is the thread."""

    kind: ClassVar[str] = "session added"
    session_index: int
    sw_if_index: int
    key: bytes
    list_id: int


@dataclass(frozen=True, slots=True)
class ClassChanged(TraceEvent):
    """A packet's flags changed a session's class; only the owner may relink it."""

    kind: ClassVar[str] = "class changed"
    session: SessionId
    old: int
    new: int
    relinked: bool


@dataclass(frozen=True, slots=True)
class DesignDid(TraceEvent):
    """A design did something of its own with a session, in words: `its slot is free`."""

    kind: ClassVar[str] = "design"
    session: SessionId
    what: str


@dataclass(frozen=True, slots=True)
class SessionRequeued(TraceEvent):
    """A session came to the head, had been active, and went to the tail of `list_id`."""

    kind: ClassVar[str] = "requeued"
    session_index: int
    list_id: int
    idle: int


@dataclass(frozen=True, slots=True)
class SessionDeleted(TraceEvent):
    """A session was deleted: idle for its timeout, or its interface is being cleared.

    So the idle check says; or it was `reclassified`, by a packet whose rules had changed.
    """

    kind: ClassVar[str] = "deleted"
    session_index: int
    sw_if_index: int
    key: bytes
    idle: int
    cleared: bool
    reclassified: bool = False


@dataclass(frozen=True, slots=True)
class SessionRecycled(TraceEvent):
    """A full table: the oldest TCP-transient session of this thread made room."""

    kind: ClassVar[str] = "recycled"
    session_index: int
    sw_if_index: int
    key: bytes
    idle: int


@dataclass(frozen=True, slots=True)
class InterruptSent(TraceEvent):
    """The cleaner, or a worker, raised an interrupt on the thread."""

    kind: ClassVar[str] = "interrupt sent"


@dataclass(frozen=True, slots=True)
class InterruptServed(TraceEvent):
    """The thread's idle check is done: how many sessions it took, deleted and requeued."""

    kind: ClassVar[str] = "interrupt served"
    taken: int
    deleted: int
    requeued: int


@dataclass(frozen=True, slots=True)
class FlagSet(TraceEvent):
    """A flag of the thread changed its value; `by` is the thread that wrote it."""

    kind: ClassVar[str] = "flag set"
    flag: str
    value: int
    by: int


@dataclass(frozen=True, slots=True)
class ClearStarted(TraceEvent):
    """The cleaner began to clear these interfaces (a bitmap of sw_if_index)."""

    kind: ClassVar[str] = "clear started"
    bitmap: int


@dataclass(frozen=True, slots=True)
class ClearFinished(TraceEvent):
    """Every thread is done with the clear."""

    kind: ClassVar[str] = "clear finished"
    bitmap: int


@dataclass(frozen=True, slots=True)
class SweepStarted(TraceEvent):
    """A worker saw the clear: what is left after the AND, and how far it sweeps (0: nothing)."""

    kind: ClassVar[str] = "sweep started"
    bitmap: int
    swipe_end_time: int


@dataclass(frozen=True, slots=True)
class SweepFinished(TraceEvent):
    """A worker is done with its part of the clear."""

    kind: ClassVar[str] = "sweep finished"


@dataclass(frozen=True, slots=True)
class WaitChanged(TraceEvent):
    """The cleaner's wait interval changed, in nanoseconds."""

    kind: ClassVar[str] = "wait changed"
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class RulesReplaced(TraceEvent):
    """An ACL's rules were replaced while a packet was being matched, before this rule index."""

    kind: ClassVar[str] = "rules replaced under a match"
    acl_index: int
    rule_index: int


@dataclass(frozen=True, slots=True)
class PacketVerdict(TraceEvent):
    """A packet is done. `tx` is its tx interface, or -1; `reason` is the one that counts."""

    kind: ClassVar[str] = "packet"
    number: int
    rx: int
    tx: int
    key: bytes
    info: int
    reason: int
    checks: tuple[Check, ...]
