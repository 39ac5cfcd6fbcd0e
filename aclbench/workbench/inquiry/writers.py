"""Which steps changed a field, from the start of a run to now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.reading import SESSION_FIELDS
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.inquiry.diff import shown_fields, shown_value
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices


class Writer(NamedTuple):
    """A step that changed a field: when, who took it, which it was, and both values."""

    point: Point
    who: str
    what: str
    old: Any
    new: Any


def writers(history: History, field: str) -> Slices[list[Writer]]:
    """Every step from the start to now that changed a field, in order.

    `field` is `cleaner NAME`, `vpp_wk_0 NAME` or `session THREAD/INDEX NAME`, by VPP's names.
    """
    row, _, name = field.rpartition(" ")
    read = field_reader(history.here.rig, row, name)
    end = history.cursor
    there = yield from history.at(history.branch.starts[0])
    found: list[Writer] = []
    old = read(there.rig)
    for walked in there.walk(end):
        if walked is not None and (new := read(there.rig)) != old:
            found.append(Writer(walked.point, walked.who, walked.what, old, new))
            old = new
        yield None
    return found


def field_reader(rig: Rig, row: str, name: str) -> Callable[[Rig], Any]:
    """How to read a field that is named as `writers` says. CommandError: there is none."""
    if row.startswith("session "):
        thread, _, index = row.removeprefix("session ").partition("/")
        if not (thread.isdecimal() and index.isdecimal() and len(row + name) < 100):
            raise CommandError(f"{row} {name}: a session is named by thread and index: session 1/5")
        if name not in SESSION_FIELDS:
            known = ", ".join(SESSION_FIELDS)
            raise CommandError(f"a session has no field {name}; it has {known}")
        return lambda rig: _session_field(rig, int(thread), int(index), name)
    am = rig.machine.am
    rows = {actor_name(worker.thread_index): worker for worker in am.workers}
    thing = am.cleaner if row == "cleaner" else rows.get(row)
    if thing is None:
        known = ", ".join(["cleaner", *rows])
        raise CommandError(
            f"{row} {name}: fields are followed of {known} and sessions, such as session 1/5"
        )
    if name not in shown_fields(thing):
        fields = ", ".join(shown_fields(thing))
        raise CommandError(f"{row} {name}: not a field; there is {fields}")
    if row == "cleaner":
        return lambda rig: shown_value(rig.machine.am.cleaner, name)
    thread_index = rows[row].thread_index
    return lambda rig: shown_value(rig.machine.am.workers[thread_index], name)


def _session_field(rig: Rig, thread: int, index: int, name: str) -> Any:
    """A field of a session, None while there is no such session."""
    workers = rig.machine.am.workers
    session = reading.session_at(workers[thread], index) if thread < len(workers) else None
    return None if session is None else getattr(session, name)
