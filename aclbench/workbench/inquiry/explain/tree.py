"""What an explanation is: a tree of frozen values, from what was read to what would have helped.

Times are nanoseconds of virtual time. `to_json` makes plain dicts, lists, strings and numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aclbench.engine.reasons import Fate
from aclbench.workbench.views.clock import Clock


@dataclass(frozen=True, slots=True)
class PacketRead:
    """What the machine read from the packet.

    Ports are None where there are none; so are ICMP's type and code. `frame` is what the frame is,
    in words, where its bytes are at hand. `not_checked` says why no acl node looks at it.
    """

    family: str
    src: str
    dst: str
    proto: int | None
    protocol: str
    sport: int | None
    dport: int | None
    icmp_type: int | None
    icmp_code: int | None
    tcp_flags: tuple[str, ...]
    tcp_flags_valid: bool
    l4_valid: bool
    nonfirst_fragment: bool
    not_checked: str
    frame: str


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One look-up in an interface's table. `what`: as itself, as its mirror, or as its request."""

    key: str
    what: str
    hit: bool


@dataclass(frozen=True, slots=True)
class RulePart:
    """A rule held against the packet. `field` is the first that did not match; empty: it matched.

    `others` are the further fields that differ. Where `replaced`, the ACL got these rules while the
    packet was being matched.
    """

    acl_index: int
    rule_index: int
    action: str
    rule: str
    field: str
    wanted: str
    found: str
    others: tuple[str, ...]
    replaced: bool


@dataclass(frozen=True, slots=True)
class SessionPart:
    """A session at one moment: whose it is, where it is listed, and its times.

    `position` is from the head of its list, exact up to 10,000, else None. `check_due` is when its
    owner takes it at the earliest, `expires` when it has been idle for the timeout of its class.
    """

    thread_index: int
    session_index: int
    worker: str
    interface: str
    connection: str
    timeout_class: str
    list: str
    position: int | None
    list_length: int
    idle: int
    timeout: int
    link_enqueue_time: int
    check_due: int
    expires: int
    tcp_flags_seen_in: tuple[str, ...]
    tcp_flags_seen_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodePart:
    """What one acl node did with the packet.

    `session` is the one hit or made, as it stood before (None if it was made) and after (None if
    this only would happen). `room` says what a full table meant.
    """

    node: str
    interface: str
    side: str
    acls: tuple[int, ...]
    looked_up: tuple[KeyPart, ...]
    tried: tuple[RulePart, ...]
    action: int
    outcome: str
    session_before: SessionPart | None
    session_after: SessionPart | None
    room: str


@dataclass(frozen=True, slots=True)
class SidePart:
    """A side of an interface that the packet passed unchecked: it has no ACL."""

    interface: str
    side: str


@dataclass(frozen=True, slots=True)
class ForwardingPart:
    """Where the destination leads: the prefix that matched, and the interface, or why to none."""

    destination: str
    prefix: str
    via: str
    interface: str
    outcome: str


PathPart = NodePart | SidePart | ForwardingPart


@dataclass(frozen=True, slots=True)
class VerdictPart:
    """The end: `reason` as `Verdict` has it, `tx` None where it left by no interface."""

    fate: Fate
    reason: str
    tx: str | None


@dataclass(frozen=True, slots=True)
class RemovedSession:
    """A session that would have been hit, had it not been removed before.

    `why` is expired, cleared, reclassified or recycled; `ago` how long before the packet it went,
    `idle` for how long it had seen no packet then, out of its `timeout`.
    """

    session: str
    connection: str
    interface: str
    why: str
    time: int
    ago: int
    idle: int
    timeout_class: str
    timeout: int
    last_packet: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a packet did not pass: a `kind` for programs, the rest for people.

    `title` is the answer in a line, `text` the evidence, `cure` what would have let the packet
    pass. `tried`: whether it passes with the cause undone, on a bench of its own; None: that was
    not tried, or cannot be. `then`: why it does not pass then.
    """

    kind: str
    title: str
    text: str = ""
    cure: str = ""
    session: RemovedSession | None = None
    rule: RulePart | None = None
    tried: bool | None = None
    then: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer. For a packet that was only asked about `packet` is empty, `happened` False.

    `causes` are why it did not pass, the likeliest first. `path` has what it met in order: acl
    nodes, unchecked sides, forwarding. `notes` are about the session that it passed by. `at` is
    from the start, `clock` writes times.
    """

    packet: str
    happened: bool
    time: int
    at: int
    clock: Clock
    rx: str
    worker: str
    thread_index: int
    read: PacketRead
    path: tuple[PathPart, ...]
    verdict: VerdictPart
    causes: tuple[Cause, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        plain = asdict(self)
        del plain["clock"]
        plain["started"] = self.clock.started
        for part, row in zip(self.path, plain["path"], strict=True):
            row["part"] = _PARTS[type(part)]
        return plain


_PARTS = {NodePart: "acl node", SidePart: "unchecked", ForwardingPart: "forwarding"}
