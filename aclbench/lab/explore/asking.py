"""Conditions that must never hold, in the words of `aclbench.expressions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aclbench.documents import shown
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.pool import NO_LIST
from aclbench.engine.reasons import fate_of, reason_text
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import AclbenchError
from aclbench.expressions import (
    NUMBER,
    TEXT,
    ExpressionError,
    FunctionKind,
    NameKind,
    Refused,
    Type,
    Vocabulary,
    list_of,
    read_expression,
)
from aclbench.expressions.vocabulary import FieldKind
from aclbench.lab.explore.actors import Actors
from aclbench.lab.explore.properties import Property

WORKER: Final = Type("worker")
SESSION: Final = Type("session")
INTERFACE: Final = Type("interface")
VERDICT: Final = Type("verdict")
CLEANER: Final = Type("cleaner")


@dataclass(frozen=True, slots=True)
class World:
    """What a condition is asked of: a state of a run, and the verdicts so far."""

    actors: Actors
    verdicts: Sequence[tuple[int, int, int, int]]

    def events(self, kind: str) -> Sequence[Any]:
        """None are kept."""
        raise Refused("a search keeps no events")

    def note_work(self, work: int) -> None:
        """Each state costs the same."""


def _sessions(world: World, workers: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for worker in workers:
        found += reading.sessions_in(worker)
    return found


def _field(kind: Type, read: Callable[[World, Any], Any]) -> FieldKind:
    return FieldKind(kind, read)


def _list_of(world: World, row: Any) -> str:
    am, there = world.actors.am, row.link_list_id
    return "" if there == NO_LIST else reading.name_of(am, there)


FIELDS: Final = {
    WORKER.name: {
        "name": _field(TEXT, lambda world, w: world.actors.name_of(w.thread_index)),
        "pending": _field(NUMBER, lambda world, w: w.interrupt_is_pending),
        "needed": _field(NUMBER, lambda world, w: w.interrupt_is_needed),
        "unwanted": _field(NUMBER, lambda world, w: w.interrupt_is_unwanted),
        "clearing": _field(NUMBER, lambda world, w: w.clear_in_process),
        "sweeping": _field(NUMBER, lambda world, w: int(bool(w.swipe_end_time))),
        "raised": _field(NUMBER, lambda world, w: int(w.thread_index in world.actors.raised)),
        "taken": _field(NUMBER, lambda world, w: len(w.expired)),
        "in_turn": _field(NUMBER, lambda world, w: int(w.thread_index in world.actors.turns)),
        "sessions": _field(list_of(SESSION), lambda world, w: _sessions(world, [w])),
        "slots": _field(NUMBER, lambda world, w: reading.pool_size(w)),
    },
    SESSION.name: {
        "worker": _field(TEXT, lambda world, s: world.actors.name_of(s.thread_index)),
        "slot": _field(NUMBER, lambda world, s: s.session_index),
        "interface": _field(NUMBER, lambda world, s: s.sw_if_index),
        "list": _field(TEXT, _list_of),
        "flags_in": _field(NUMBER, lambda world, s: s.tcp_flags_seen_in),
        "flags_out": _field(NUMBER, lambda world, s: s.tcp_flags_seen_out),
        "idle": _field(NUMBER, lambda world, s: world.actors.now - s.last_active_time),
        "enqueued": _field(NUMBER, lambda world, s: s.link_enqueue_time - world.actors.start),
        "class_": _field(NUMBER, lambda world, s: reading.timeout_class(world.actors.am, s)),
    },
    INTERFACE.name: {
        "name": _field(TEXT, lambda world, i: i.name),
        "sessions": _field(NUMBER, lambda world, i: reading.table_size(i)),
    },
    VERDICT.name: {
        "packet": _field(NUMBER, lambda world, v: v[0]),
        "fate": _field(TEXT, lambda world, v: fate_of(v[2])),
        "reason": _field(TEXT, lambda world, v: reason_text(v[2])),
        "tx": _field(NUMBER, lambda world, v: v[1]),
    },
    CLEANER.name: {
        "interval": _field(NUMBER, lambda world, c: c.wait_interval),
        "clearing": _field(NUMBER, lambda world, c: c.clearing_bitmap),
    },
}
NAMES: Final = {
    "workers": NameKind(
        list_of(WORKER), lambda world: world.actors.am.packet_workers, "those that carry packets"
    ),
    "sessions": NameKind(
        list_of(SESSION),
        lambda world: _sessions(world, world.actors.am.packet_workers),
        "each session",
    ),
    "interfaces": NameKind(
        list_of(INTERFACE),
        lambda world: [i for i in world.actors.am.interfaces if i is not None],
        "all interfaces",
    ),
    "verdicts": NameKind(list_of(VERDICT), lambda world: world.verdicts, "of packets, in order"),
    "cleaner": NameKind(CLEANER, lambda world: world.actors.am.cleaner, "the cleaner"),
    "now": NameKind(NUMBER, lambda world: world.actors.now - world.actors.start, "the time"),
    "at_rest": NameKind(NUMBER, lambda world: int(world.actors.is_settled()), "nobody can go"),
    "max_entries": NameKind(
        NUMBER, lambda world: world.actors.am.conn_table_max_entries, "of each interface"
    ),
    "seconds": NameKind(NUMBER, lambda world: NS_PER_SEC, "a second: 2 * seconds"),
    "ms": NameKind(NUMBER, lambda world: NS_PER_SEC // 1000, "a millisecond"),
    "us": NameKind(NUMBER, lambda world: NS_PER_SEC // 1_000_000, "a microsecond"),
}
FUNCTIONS: Final = {
    "packet": FunctionKind(
        (NUMBER,),
        VERDICT,
        lambda world, number: next((v for v in world.verdicts if v[0] == number), None),
        "the verdict of the packet of that line, lines counted from 1",
    ),
}
VOCABULARY: Final = Vocabulary(NAMES, FUNCTIONS, FIELDS)


class NeverHolds(Property):
    """A condition that must never hold, in any state."""

    def __init__(self, actors: Actors, text: str) -> None:
        super().__init__(actors)
        self.name = text
        self.about = "a condition that must never hold"
        try:
            self._expression = read_expression(text, VOCABULARY)
        except ExpressionError as error:
            raise self._said(error) from None
        self._verdicts: list[tuple[int, int, int, int]] = []

    def begin(self) -> None:
        """A run begins."""
        super().begin()
        self._verdicts.clear()

    def event(self, event: TraceEvent) -> None:
        """Remember what became of a packet."""
        if isinstance(event, PacketVerdict):
            self._verdicts.append((event.number, event.tx, event.reason, event.thread_index))

    def look(self) -> None:
        """Ask it."""
        try:
            holds = self._expression.holds(World(self.actors, self._verdicts))
        except ExpressionError as error:
            raise self._said(error) from None
        if holds:
            self.broken = "it holds"

    def _said(self, error: ExpressionError) -> AclbenchError:
        """What is wrong with it, behind the condition."""
        return AclbenchError(f"the condition {shown(self.name)}: {error}")

    def remembered(self) -> tuple[Any, ...]:
        """The verdicts so far."""
        return tuple(self._verdicts)

    def recall(self, remembered: tuple[Any, ...]) -> None:
        """Those were the verdicts."""
        self._verdicts[:] = remembered
