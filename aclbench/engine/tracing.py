"""Trace records: what the machine looked at for a packet, and what it found.

They go to `am.tell.tracer`, if it is set. An event says what changed; a record says what was looked
at. So the machine itself answers "why", a step at a time. Frozen values, made only when someone
asks. `time` is in nanoseconds, `thread_index` the packet's thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from aclbench.engine.acl import AclRule
from aclbench.engine.fib import FibEntry
from aclbench.engine.session import SessionId


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """Something that was looked at, at `time`, for the packet on `thread_index`."""

    time: int
    thread_index: int


@dataclass(frozen=True, slots=True)
class PacketParsed(TraceRecord):
    """A packet begins; `reason` is why no acl node will see it, or None."""

    rx: int
    reason: int | None


@dataclass(frozen=True, slots=True)
class KeyLookedUp(TraceRecord):
    """A key was looked for in an interface's table; `session` is what was there.

    `is_request`: an ICMP reply, looked up as its request in the opposite direction.
    """

    sw_if_index: int
    key: bytes
    is_request: bool
    session: SessionId | None


@dataclass(frozen=True, slots=True)
class RuleTried(TraceRecord):
    """A rule was held against the packet; `field` is the first that did not match, or None."""

    acl_index: int
    rule_index: int
    rule: AclRule
    field: str | None


@dataclass(frozen=True, slots=True)
class RoomSought(TraceRecord):
    """A session is to be added on an interface that has `sessions` of at most `max_entries`."""

    sw_if_index: int
    sessions: int
    max_entries: int
    has_room: bool


@dataclass(frozen=True, slots=True)
class Forwarded(TraceRecord):
    """A destination was looked up: the entry that decided, and why there is no tx, or None."""

    destination: bytes
    entry: FibEntry | None
    reason: int | None
