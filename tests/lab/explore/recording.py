"""A machine whose every access to what threads share is recorded, by kind (`engine.steps`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aclbench.engine.acl import Acl
from aclbench.engine.main import AclMain, Interface, Settings
from aclbench.engine.pool import Session, SessionPool
from aclbench.engine.steps import (
    BITMAP,
    CLEARING,
    CONFIG,
    HEADS,
    NEEDED,
    OWN,
    PENDING,
    RAISED,
    SIGNALS,
    SLOT,
    TABLE,
    UNWANTED,
)
from aclbench.engine.timeouts import TIMEOUT_CLASSES
from aclbench.engine.worker import Worker
from aclbench.lab.explore.actors import Actors

OF_WORKER = {
    **dict.fromkeys(("conn_list_head", "conn_list_tail", "conn_list_length"), OWN),
    **dict.fromkeys(("expired", "swipe_end_time", "serviced_sw_if_index_bitmap"), OWN),
    "head_expiry_time": HEADS,
    "interrupt_is_pending": PENDING,
    "interrupt_is_needed": NEEDED,
    "interrupt_is_unwanted": UNWANTED,
    "clear_in_process": CLEARING,
    "pending_clear_sw_if_index_bitmap": BITMAP,
}
OF_SESSION = {
    **dict.fromkeys(("key", "proto", "is_ip6", "sw_if_index", "intf_policy_epoch"), SLOT),
    **dict.fromkeys(("last_active_time", "tcp_flags_seen_in", "tcp_flags_seen_out"), SLOT),
    **dict.fromkeys(("link_list_id", "link_prev_idx", "link_next_idx", "link_enqueue_time"), OWN),
}
OF_INTERFACE = {
    **dict.fromkeys(("admin_up", "deleted", "input_acls", "output_acls", "rx_thread"), CONFIG),
    **dict.fromkeys(("input_policy_epoch", "output_policy_epoch"), CONFIG),
}
OF_MAIN = dict.fromkeys((*vars(Settings(TIMEOUT_CLASSES)), "interfaces", "acls", "fib"), CONFIG)
CHANGING = {"append", "popleft", "pop", "extend", "clear", "enter", "remove", "put", "take"}


class Record:
    """What was read, and what was changed, since it was begun."""

    def __init__(self) -> None:
        self.is_on = False
        self.read: set[str] = set()
        self.changed: set[str] = set()

    def note(self, kind: str, changes: bool) -> None:
        if self.is_on:
            (self.changed if changes else self.read).add(kind)


class Container:
    """A list, deque, dictionary or table: what is done with it is noted."""

    def __init__(self, record: Record, inside: Any, kind: str) -> None:
        self.record, self.inside, self.kind = record, inside, kind

    def __getitem__(self, at: Any) -> Any:
        self.record.note(self.kind, False)
        return self.inside[at]

    def __setitem__(self, at: Any, value: Any) -> None:
        self.record.note(self.kind, True)
        self.inside[at] = value

    def __iter__(self) -> Iterator[Any]:
        self.record.note(self.kind, False)
        return iter(self.inside)

    def __len__(self) -> int:
        self.record.note(self.kind, False)
        return len(self.inside)

    def __getattr__(self, name: str) -> Any:
        self.record.note(self.kind, name in CHANGING)
        return getattr(self.inside, name)


def recorded(kind: type[Any], fields: dict[str, str], record: Record) -> type[Any]:
    """The same class, whose fields are noted."""

    def get(thing: Any, name: str) -> Any:
        value = object.__getattribute__(thing, name)
        if name in fields and record.is_on:
            if hasattr(value, "__setitem__") or name in ("sessions", "expired"):
                return Container(record, value, fields[name])
            record.note(fields[name], False)
        return value

    def put(thing: Any, name: str, value: Any) -> None:
        if name in fields:
            record.note(fields[name], True)
        object.__setattr__(thing, name, value)

    return type(
        f"Recorded{kind.__name__}",
        (kind,),
        {"__slots__": (), "__getattribute__": get, "__setattr__": put},
    )


def record_all(actors: Actors, monkeypatch: Any) -> Record:
    """Have every access to the machine of these actors recorded."""
    record, am = Record(), actors.am
    session = recorded(Session, OF_SESSION, record)
    monkeypatch.setattr("aclbench.engine.pool.Session", session)
    worker = recorded(Worker, OF_WORKER, record)
    pool = recorded(SessionPool, {"free_indices": OWN}, record)
    interface = recorded(Interface, {**OF_INTERFACE, "sessions": TABLE}, record)
    acl = recorded(Acl, {"rules": CONFIG}, record)
    for each in am.workers:
        each.pool.__class__ = pool
        each.__class__ = worker
    for one in am.interfaces:
        if one is not None:
            one.__class__ = interface
    for each in am.acls.values():
        each.__class__ = acl
    am.__class__ = recorded(AclMain, OF_MAIN, record)
    raised, signalled = actors.raise_interrupt, actors.signal_cleaner

    def raise_interrupt(thread_index: int) -> None:
        record.note(RAISED, True)
        raised(thread_index)

    def signal_cleaner(event: Any) -> None:
        record.note(SIGNALS, True)
        signalled(event)

    actors.raise_interrupt, actors.signal_cleaner = raise_interrupt, signal_cleaner
    return record
