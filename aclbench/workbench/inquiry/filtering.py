"""Filters over a rig's packets and sessions: the names that there are, and how fields are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import INFO_TCP_FLAGS_VALID, PROTO_TCP
from aclbench.engine.reading import SessionRow
from aclbench.workbench.filters import (
    Connections,
    Field,
    Filter,
    FilterError,
    Kind,
    Names,
    Passes,
    Query,
    passes,
    read_filter,
    read_query,
)
from aclbench.workbench.inquiry.packets import rows_of
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig

#: What an option is called, and how its word is read.
Options = Mapping[str, Callable[[str], Any]]


def names_of(rig: Rig, kind: Kind) -> Names:
    """The names that a filter over a rig's packets or sessions can have."""
    am = rig.machine.am
    return Names(
        kind,
        {i.name: i.sw_if_index for i in am.interfaces if i is not None},
        {actor_name(worker.thread_index): worker.thread_index for worker in am.workers},
        {each.name: number for number, each in enumerate(am.timeout_classes)},
    )


def filter_of(rig: Rig, kind: Kind, text: str) -> Filter:
    """The filter that a text says. FilterError: it says none."""
    return read_filter(text, names_of(rig, kind))


def query_of(rig: Rig, kind: Kind, text: str, options: Options) -> Query:
    """A filter, and the options of a command among it. FilterError."""
    return read_query(text, names_of(rig, kind), options)


def what_is_wrong(subject: Subject, kind: Kind, text: str) -> str | None:
    """Why a text is no filter; None: it is one."""
    try:
        filter_of(subject.rig, kind, text)
    except FilterError as error:
        return str(error)
    return None


def session_test(subject: Subject, wanted: Filter) -> Passes[SessionRow]:
    """The test of a session; for a connection, packets that wait for its number have theirs."""
    am = subject.rig.machine.am
    rows = rows_of(subject)

    def flags(session: SessionRow) -> int:
        if session.proto != PROTO_TCP:
            return 0
        return INFO_TCP_FLAGS_VALID | session.tcp_flags_seen_in | session.tcp_flags_seen_out

    fields: dict[Field, Callable[[SessionRow], Any]] = {
        "key": lambda session: session.key,
        "info": flags,
        "conn": lambda session: rows.numbers.conn_of(session.key),
        "way": lambda session: (session.sw_if_index, -1),
        "thread": lambda session: session.thread_index,
        "class": lambda session: reading.timeout_class(am, session),
    }
    return passes(wanted, fields)


def verdict_test(wanted: Filter, connections: Connections) -> Passes[PacketVerdict]:
    """The test of a packet that is done; `connections` has met it and all before it."""
    fields: dict[Field, Callable[[PacketVerdict], Any]] = {
        **_OF_VERDICT,
        "conn": lambda event: connections.number(event.key),
    }
    return passes(wanted, fields)


_OF_VERDICT: Final[dict[Field, Callable[[PacketVerdict], Any]]] = {
    "key": lambda event: event.key,
    "info": lambda event: event.info,
    "reason": lambda event: event.reason,
    "way": lambda event: (event.rx, event.tx),
    "thread": lambda event: event.thread_index,
}
