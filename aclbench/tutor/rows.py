"""What expressions of lessons can be about: a bench's rows and events, with their fields.

Fields are those of the snapshot and of the trace events, by VPP's names; they are read off the
frozen classes themselves, so that what a snapshot gets, lessons have. What is added by hand
stands in tables below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, get_args, get_origin, get_type_hints

from aclbench.engine import events
from aclbench.engine.events import TraceEvent
from aclbench.engine.reasons import acl_of, fate_of, node_of, reason_text, rule_of
from aclbench.expressions import NUMBER, TEXT, FieldKind, Type, list_of
from aclbench.workbench.views.counts import PacketCounts, SessionCounts
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.snapshot import (
    CleanerView,
    InterfaceView,
    ListView,
    SessionView,
    Snapshot,
    WorkerView,
)


class World(Protocol):
    """What an expression is evaluated over: the bench now, and the events since."""

    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def started(self) -> int: ...
    def list_sessions(self, thread_index: int, list_id: int) -> Sequence[SessionView]: ...
    def sessions(self) -> Sequence[SessionView]: ...
    def acl(self, acl_index: int) -> AclRow | None: ...
    def would(self, packet: str) -> WouldRow: ...
    def interface_name(self, sw_if_index: int) -> str: ...
    def events(self, kind: str) -> Sequence[TraceEvent]: ...
    def typed(self, words: str) -> int: ...
    def note_work(self, work: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list of a worker, and whose it is."""

    thread_index: int
    view: ListView


@dataclass(frozen=True, slots=True)
class AclRow:
    """An ACL: how many rules it has, and how many of each action."""

    acl_index: int
    tag: str
    rules: int
    permits: int
    reflects: int
    denies: int


@dataclass(frozen=True, slots=True)
class WouldRow:
    """What would become of a packet now."""

    fate: str
    reason: str
    tx: str | None


Reader = Callable[[World, Any], Any]


def _type_of(hint: Any) -> Type | None:
    """The type of a field as its class says it; None for what expressions have no use for."""
    if hint in (int, bool, int | None):
        return NUMBER
    if hint in (str, str | None) or get_origin(hint) is Literal:
        return TEXT
    if get_origin(hint) is tuple and hint != tuple[()]:
        first = get_args(hint)[0]
        item = NUMBER if first is int else TEXT if first is str else None
        return None if item is None else list_of(item)
    return None


def _fields_of(cls: Any, get: Callable[[Any], Any] = lambda row: row) -> dict[str, FieldKind]:
    """The fields of a frozen class that are numbers, texts, or lists of them."""
    found: dict[str, FieldKind] = {}
    for name, hint in get_type_hints(cls).items():
        kind = _type_of(hint)
        if kind is not None:
            found[name] = FieldKind(kind, _attribute(get, name))
    return found


def _attribute(get: Callable[[Any], Any], name: str) -> Reader:
    return lambda world, row: getattr(get(row), name)


# --- rows -----------------------------------------------------------------------------------

SESSION: Final = Type("session")
LIST: Final = Type("list of a worker")
WORKER: Final = Type("worker")
INTERFACE: Final = Type("interface")
CLEANER: Final = Type("cleaner")
COUNTS: Final = Type("count of sessions")
PACKETS: Final = Type("count of packets")
ACL: Final = Type("acl")
WOULD: Final = Type("outcome")


def _list_sessions(world: World, row: ListRow) -> Sequence[SessionView]:
    return world.list_sessions(row.thread_index, row.view.list_id)


# --- events ---------------------------------------------------------------------------------

#: The kinds of events by the word that expressions have for them.
EVENTS: Final[dict[str, type[TraceEvent]]] = {
    "added": events.SessionAdded,
    "class_changed": events.ClassChanged,
    "requeued": events.SessionRequeued,
    "deleted": events.SessionDeleted,
    "recycled": events.SessionRecycled,
    "interrupt_sent": events.InterruptSent,
    "interrupt_served": events.InterruptServed,
    "flag_set": events.FlagSet,
    "clear_started": events.ClearStarted,
    "clear_finished": events.ClearFinished,
    "sweep_started": events.SweepStarted,
    "sweep_finished": events.SweepFinished,
    "wait_changed": events.WaitChanged,
    "rules_replaced": events.RulesReplaced,
    "design": events.DesignDid,
    "packet": events.PacketVerdict,
}
#: What else the events have: for each field those that it is read from, its type, and how.
_EVENT_EXTRAS: Final[tuple[tuple[str, str, Type, Reader], ...]] = (
    ("session_index", "session", NUMBER, lambda world, e: e.session_index),
    ("session", "session", NUMBER, lambda world, e: e.session.session_index),
    ("session", "owner", NUMBER, lambda world, e: e.session.thread_index),
    ("sw_if_index", "interface", TEXT, lambda world, e: world.interface_name(e.sw_if_index)),
    ("key", "connection", TEXT, lambda world, e: key_text(e.key)),
    ("checks", "fate", TEXT, lambda world, e: fate_of(e.reason)),
    ("checks", "reason", TEXT, lambda world, e: reason_text(e.reason)),
    ("checks", "node", TEXT, lambda world, e: node_of(e.reason) if e.checks else None),
    ("checks", "acl", NUMBER, lambda world, e: acl_of(e.reason)),
    ("checks", "rule", NUMBER, lambda world, e: rule_of(e.reason)),
    ("checks", "rx", TEXT, lambda world, e: world.interface_name(e.rx)),
    ("checks", "tx", TEXT, lambda world, e: world.interface_name(e.tx) if e.tx >= 0 else None),
    ("checks", "session", NUMBER, lambda world, e: _session_of_packet(e)),
)


def _session_of_packet(event: events.PacketVerdict) -> int | None:
    """The session that a packet hit or made, of the last acl node that named one."""
    named = [check.session for check in event.checks if check.session is not None]
    return named[-1].session_index if named else None


def _event_fields(kind: type[TraceEvent]) -> dict[str, FieldKind]:
    found = _fields_of(kind)
    for needs, name, type_, read in _EVENT_EXTRAS:
        if needs in kind.__match_args__:
            found[name] = FieldKind(type_, read)
    return found


def event_type(kind: str) -> Type:
    """The type of the events of a kind."""
    return Type(f"{kind} event")


@cache
def rows() -> MappingProxyType[str, dict[str, FieldKind]]:
    """Every row's fields, by the name of its type."""
    found: dict[str, dict[str, FieldKind]] = {
        SESSION.name: {
            **_fields_of(SessionView),
            "connection": FieldKind(TEXT, lambda world, row: row.connection),
        },
        LIST.name: {
            **_fields_of(ListView, lambda row: row.view),
            "sessions": FieldKind(list_of(SESSION), _list_sessions),
        },
        WORKER.name: _fields_of(WorkerView),
        INTERFACE.name: _fields_of(InterfaceView),
        CLEANER.name: _fields_of(CleanerView),
        COUNTS.name: _fields_of(SessionCounts),
        PACKETS.name: _fields_of(PacketCounts),
        ACL.name: _fields_of(AclRow),
        WOULD.name: _fields_of(WouldRow),
    }
    for kind, cls in EVENTS.items():
        found[event_type(kind).name] = _event_fields(cls)
    return MappingProxyType(found)
