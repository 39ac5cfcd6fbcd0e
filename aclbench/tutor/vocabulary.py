"""The names and functions that expressions of lessons have, and all of it as one vocabulary."""

from __future__ import annotations

from typing import Any, Final

from aclbench.designs import DEFAULT_DESIGN
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.expressions import (
    NUMBER,
    TEXT,
    Expression,
    Filled,
    FunctionKind,
    NameKind,
    Refused,
    Vocabulary,
    list_of,
    read_expression,
    read_filled,
)
from aclbench.tutor.rows import (
    ACL,
    CLEANER,
    COUNTS,
    EVENTS,
    INTERFACE,
    LIST,
    PACKETS,
    SESSION,
    WORKER,
    WOULD,
    AclRow,
    ListRow,
    World,
    WouldRow,
    event_type,
    rows,
)
from aclbench.workbench.views.snapshot import InterfaceView, SessionView, WorkerView
from aclbench.workbench.views.times import seconds_text

# --- names ----------------------------------------------------------------------------------


def _constant(value: int, means: str) -> NameKind:
    return NameKind(NUMBER, lambda world: value, means)


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
    "started": NameKind(NUMBER, lambda world: world.started, "when the run began"),
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
    **{
        each.name: _constant(n, "the list of that class")
        for n, each in enumerate(DEFAULT_DESIGN.timeout_classes)
    },
    "ns": _constant(1, "a nanosecond, the unit of all times"),
    "us": _constant(NS_PER_SEC // 1_000_000, "a microsecond"),
    "ms": _constant(NS_PER_SEC // 1_000, "a millisecond"),
    "seconds": _constant(NS_PER_SEC, "a second: 120 * seconds"),
    "minutes": _constant(60 * NS_PER_SEC, "60 seconds"),
    "hours": _constant(3600 * NS_PER_SEC, "60 minutes"),
    "days": _constant(86400 * NS_PER_SEC, "24 hours"),
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
    names = ", ".join(world.snapshot.list_names)
    raise Refused(f"there is no list {list_id}; {names} are the lists")


def _interface(world: World, name: str) -> InterfaceView | None:
    return next((i for i in world.snapshot.interfaces if i.name == name), None)


def _acl(world: World, acl_index: int) -> AclRow | None:
    return world.acl(acl_index)


def _timeout(world: World, list_id: int) -> int:
    timeouts = world.snapshot.session_timeout
    if not (isinstance(list_id, int) and 0 <= list_id < len(timeouts)):
        names = ", ".join(world.snapshot.class_names)
        raise Refused(f"there is no class {list_id}; {names} are the classes")
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


def _duration(world: World, ns: Any) -> str:
    if not isinstance(ns, int):
        raise Refused(f"{ns} is no whole number of nanoseconds")
    return seconds_text(ns) if ns >= 0 else f"-{seconds_text(-ns)}"


def _class_name(world: World, list_id: int) -> str:
    _timeout(world, list_id)
    return world.snapshot.class_names[list_id]


def _would(world: World, packet: str) -> WouldRow:
    return world.would(packet)


def _typed(world: World, words: str) -> int:
    if not words.split():
        raise Refused("typed takes the first words of a command, such as 'set acl-plugin acl'")
    return world.typed(words)


#: How much of an expression's work one question of `would` is.
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
    "duration": FunctionKind((NUMBER,), TEXT, _duration, "a time as text: 2.5 s"),
    "class_name": FunctionKind((NUMBER,), TEXT, _class_name, "tcp_transient and its like"),
}
#: Functions that are written behind a row and a dot.
METHODS: Final[dict[tuple[str, str], FunctionKind]] = {
    (WORKER.name, "list"): FunctionKind(
        (WORKER, NUMBER), LIST, _list, "worker(0).list(tcp_idle), one of its three lists"
    ),
}

#: All that an expression of a lesson can name.
VOCABULARY: Final = Vocabulary(
    names=NAMES,
    functions=FUNCTIONS,
    fields=rows(),
    methods=METHODS,
    events={kind: event_type(kind) for kind in EVENTS},
    units={
        "ns": "ns",
        "us": "us",
        "ms": "ms",
        "s": "seconds",
        "sec": "seconds",
        "min": "minutes",
        "m": "minutes",
        "h": "hours",
        "d": "days",
    },
)


def read_condition(text: str) -> Expression:
    """Read an expression of a lesson. Raises ExpressionError, with the column."""
    return read_expression(text, VOCABULARY)


def read_text(text: str) -> Filled:
    """Read a text with expressions in braces. Raises ExpressionError."""
    return read_filled(text, VOCABULARY)
