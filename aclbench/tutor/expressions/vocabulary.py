"""What expressions can say: the rows with their fields, the names, the functions, the events.

Fields are those of the snapshot and of the trace events, by VPP's names; they are read off the
frozen classes themselves, so that what a snapshot gets, lessons have. What is added by hand
stands in tables below.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, get_args, get_origin, get_type_hints

from aclbench.engine.events import (
    ClassChanged,
    ClearFinished,
    ClearStarted,
    FlagSet,
    InterruptSent,
    InterruptServed,
    PacketVerdict,
    RulesReplaced,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SessionRequeued,
    SweepFinished,
    SweepStarted,
    TraceEvent,
    WaitChanged,
)
from aclbench.engine.reasons import acl_of, fate_of, node_of, reason_text, rule_of
from aclbench.engine.timeouts import TIMEOUT_NAMES
from aclbench.tutor.expressions.syntax import NONE, NUMBER, TEXT, Type, list_of
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import (
    CleanerView,
    InterfaceView,
    ListView,
    PacketCounts,
    SessionCounts,
    SessionView,
    Snapshot,
    WorkerView,
    key_text,
)


class World(Protocol):
    """What an expression is worked out over: the bench now, and the events since."""

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


class Refused(Exception):
    """A function was given what it cannot take; the evaluator adds the column."""


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


@dataclass(frozen=True, slots=True)
class FieldKind:
    """A field of a row: its type, and how it is read."""

    type: Type
    read: Reader


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
    hints = get_type_hints(cls)
    for field in fields(cls):
        kind = _type_of(hints[field.name])
        if kind is not None:
            found[field.name] = FieldKind(kind, _attribute(get, field.name))
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
    "added": SessionAdded,
    "class_changed": ClassChanged,
    "requeued": SessionRequeued,
    "deleted": SessionDeleted,
    "recycled": SessionRecycled,
    "interrupt_sent": InterruptSent,
    "interrupt_served": InterruptServed,
    "flag_set": FlagSet,
    "clear_started": ClearStarted,
    "clear_finished": ClearFinished,
    "sweep_started": SweepStarted,
    "sweep_finished": SweepFinished,
    "wait_changed": WaitChanged,
    "rules_replaced": RulesReplaced,
    "packet": PacketVerdict,
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


def _session_of_packet(event: PacketVerdict) -> int | None:
    """The session that a packet hit or made, of the last acl node that named one."""
    named = [check.session for check in event.checks if check.session is not None]
    return named[-1].session_index if named else None


def _event_fields(kind: type[TraceEvent]) -> dict[str, FieldKind]:
    found = _fields_of(kind)
    names = {field.name for field in fields(kind)}
    for needs, name, type_, read in _EVENT_EXTRAS:
        if needs in names:
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


# --- names ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NameKind:
    """A name: its type, and what it is now."""

    type: Type
    read: Callable[[World], Any]
    means: str


def _constant(value: Any, means: str) -> NameKind:
    return NameKind(NONE if value is None else NUMBER, lambda world: value, means)


NAMES: Final[dict[str, NameKind]] = {
    "sessions": NameKind(COUNTS, lambda world: world.snapshot.sessions, "counts over all threads"),
    "packets": NameKind(PACKETS, lambda world: world.snapshot.packets, "packets by fate"),
    "cleaner": NameKind(CLEANER, lambda world: world.snapshot.cleaner, "the cleaner"),
    "workers": NameKind(
        list_of(WORKER), lambda world: world.snapshot.workers, "all threads, vpp_main first"
    ),
    "interfaces": NameKind(
        list_of(INTERFACE), lambda world: world.snapshot.interfaces, "all interfaces"
    ),
    "all_sessions": NameKind(list_of(SESSION), lambda world: world.sessions(), "each session"),
    "now": NameKind(NUMBER, lambda world: world.snapshot.now, "the time, on VPP's clock"),
    "elapsed": NameKind(
        NUMBER, lambda world: world.snapshot.now - world.started, "the time since the start"
    ),
    "next_time": NameKind(NUMBER, lambda world: world.snapshot.next_time, "when it goes on"),
    "shortest_timeout": NameKind(
        NUMBER, lambda world: world.snapshot.shortest_timeout, "the shortest of the timeouts"
    ),
    "max_entries": NameKind(
        NUMBER, lambda world: world.snapshot.max_entries, "how many sessions a table may have"
    ),
    **{name: _constant(n, "the list of that class") for n, name in enumerate(TIMEOUT_NAMES)},
    "true": _constant(True, "what holds"),
    "false": _constant(False, "what does not"),
    "none": _constant(None, "what is not there"),
}

# --- functions ------------------------------------------------------------------------------

_FLAGS: Final = "FSRPAUEC"


def _worker(world: World, number: int) -> WorkerView:
    for worker in world.snapshot.workers:
        if worker.name == f"vpp_wk_{number}":
            return worker
    names = ", ".join(worker.name for worker in world.snapshot.workers)
    raise Refused(f"worker {number} does not exist; this bench has {names}")


def _main(world: World) -> WorkerView:
    return world.snapshot.workers[0]


def _list(world: World, worker: WorkerView, list_id: int) -> ListRow:
    for view in worker.lists:
        if view.list_id == list_id:
            return ListRow(worker.thread_index, view)
    raise Refused(f"there is no list {list_id}; {', '.join(TIMEOUT_NAMES)} are the lists")


def _interface(world: World, name: str) -> InterfaceView | None:
    return next((i for i in world.snapshot.interfaces if i.name == name), None)


def _acl(world: World, acl_index: int) -> AclRow | None:
    return world.acl(acl_index)


def _timeout(world: World, list_id: int) -> int:
    timeouts = world.snapshot.session_timeout
    if not (isinstance(list_id, int) and 0 <= list_id < len(timeouts)):
        raise Refused(f"there is no class {list_id}; {', '.join(TIMEOUT_NAMES)} are the classes")
    return timeouts[list_id]


def _session(world: World, connection: str, interface: str = "") -> SessionView | None:
    """The session of a connection as its interface sees it come in, with or without `tcp`."""
    for session in world.sessions():
        if interface and world.interface_name(session.sw_if_index) != interface:
            continue
        ends, _, protocol = session.connection.partition(" > ")
        if connection in (session.connection, f"{ends} > {protocol.partition(' ')[0]}"):
            return session
    return None


def _has_flags(world: World, seen: int, letters: str) -> bool:
    for letter in letters:
        if letter not in _FLAGS:
            raise Refused(f"{letter!r} is no TCP flag; letters of {_FLAGS} are")
    return isinstance(seen, int) and all(seen >> _FLAGS.index(flag) & 1 for flag in letters)


def _in_bitmap(world: World, bitmap: int, name: str) -> bool:
    interface = _interface(world, name)
    on = isinstance(bitmap, int) and interface is not None and bitmap >> interface.sw_if_index & 1
    return bool(on)


def _contains(world: World, whole: Any, part: Any) -> bool:
    return part in whole


def _first(world: World, items: Sequence[Any]) -> Any:
    return items[0] if items else None


def _last(world: World, items: Sequence[Any]) -> Any:
    return items[-1] if items else None


def _length(world: World, items: Sequence[Any]) -> int:
    return len(items)


def _seconds(world: World, ns: Any) -> str:
    if not isinstance(ns, int):
        raise Refused(f"{ns} is no whole number of nanoseconds")
    return seconds_text(ns) if ns >= 0 else f"-{seconds_text(-ns)}"


def _class_name(world: World, list_id: int) -> str:
    _timeout(world, list_id)
    return TIMEOUT_NAMES[list_id]


def _would(world: World, packet: str) -> WouldRow:
    return world.would(packet)


def _typed(world: World, words: str) -> int:
    if not words.split():
        raise Refused("typed takes the first words of a command, such as 'set acl-plugin acl'")
    return world.typed(words)


#: Stands for the type of what is in the list that is the first argument.
ITEM: Final = Type("item")
#: Stands for a list of anything, or a text.
LISTING: Final = Type("list or text")


@dataclass(frozen=True, slots=True)
class FunctionKind:
    """A function: its arguments, how many of them are needed, its result, and what it does.

    An argument that is none makes the result none, as a field of none is none.
    """

    arguments: tuple[Type, ...]
    result: Type
    do: Callable[..., Any]
    means: str
    needs: int = -1
    work: int = 1

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return len(self.arguments) if self.needs < 0 else self.needs


#: How much of the evaluator's work one question of `would` is.
WORK_OF_WOULD: Final = 20_000

FUNCTIONS: Final[dict[str, FunctionKind]] = {
    "worker": FunctionKind((NUMBER,), WORKER, _worker, "worker(0) is vpp_wk_0"),
    "vpp_main": FunctionKind((), WORKER, _main, "vpp_main() is thread 0"),
    "interface": FunctionKind((TEXT,), INTERFACE, _interface, "an interface by name, or none"),
    "acl": FunctionKind((NUMBER,), ACL, _acl, "an ACL by index, or none"),
    "timeout": FunctionKind((NUMBER,), NUMBER, _timeout, "timeout(tcp_idle), in nanoseconds"),
    "session": FunctionKind(
        (TEXT, TEXT), SESSION, _session, "a session by connection (and interface), or none", 1
    ),
    "would": FunctionKind(
        (TEXT,), WOULD, _would, "what would become of a packet now", work=WORK_OF_WOULD
    ),
    "typed": FunctionKind(
        (TEXT,), NUMBER, _typed, "lines since the step began with these first words", work=1_000
    ),
    "has_flags": FunctionKind((NUMBER, TEXT), NUMBER, _has_flags, "all TCP flags of 'SA' are set"),
    "in_bitmap": FunctionKind((NUMBER, TEXT), NUMBER, _in_bitmap, "an interface's bit is set"),
    "contains": FunctionKind((LISTING, ITEM), NUMBER, _contains, "a list has an item, a text one"),
    "first": FunctionKind((LISTING,), ITEM, _first, "the first of a list, or none"),
    "last": FunctionKind((LISTING,), ITEM, _last, "the last of a list, or none"),
    "length": FunctionKind((LISTING,), NUMBER, _length, "how many are in a list"),
    "seconds": FunctionKind((NUMBER,), TEXT, _seconds, "a time in words: 2.5 s"),
    "class_name": FunctionKind((NUMBER,), TEXT, _class_name, "tcp_transient and its like"),
}
#: Functions that are written behind a row and a dot.
METHODS: Final[dict[tuple[str, str], FunctionKind]] = {
    (WORKER.name, "list"): FunctionKind(
        (WORKER, NUMBER), LIST, _list, "worker(0).list(tcp_idle), one of its three lists"
    ),
}
#: What can be asked of events; the type of each for a kind.
EVENT_WORDS: Final[dict[str, Callable[[str], Type]]] = {
    "happened": lambda kind: NUMBER,
    "count": lambda kind: NUMBER,
    "latest": event_type,
    "events": lambda kind: list_of(event_type(kind)),
}
#: What puts together a body for each item of a list.
LOOPS: Final = ("any", "all", "sum", "max", "min")


def near(word: str, known: Iterable[str]) -> str:
    """A list of names for a message: those that are nearly the word, or else all of them."""
    all_of_them = sorted(known)
    close = difflib.get_close_matches(word[:40], all_of_them, 3)
    if close:
        return f"{' or '.join(close)} is near"
    return f"there is {', '.join(all_of_them)}"
