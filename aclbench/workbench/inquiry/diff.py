"""The whole state of a bench as plain values: to compare two points, field by field as well.

Rows are named as people name them: `cleaner`, `vpp_wk_0`, `pg0`, `session 1/5`. Where a session was
freed there is no row; what a late packet writes into its slot belongs to nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine import reading
from aclbench.engine.counts import EVENT_KINDS, event_counts
from aclbench.engine.reading import SessionRow
from aclbench.engine.worker import InterfaceCounters, Worker
from aclbench.workbench.history.history import History
from aclbench.workbench.history.places import at_place
from aclbench.workbench.inquiry.comparing import MOST_AHEAD, Seen, compared, seen_at
from aclbench.workbench.rig.fields import field_names, fields_of
from aclbench.workbench.tasks import Progress, Slices, finish
from aclbench.workbench.views.keys import key_text

State = dict[str, dict[str, Any]]

#: Rows that are read, or compared, in one slice.
SLICE_ROWS: Final = 512

#: Fields of a worker that rows of their own show, or that only traces use; its counters of an
#: interface are shown each by itself.
_WORKER_APART: Final = {
    *("pool", "session_in_hand", "outcomes", "packet_number", "interface_counters", "numbers"),
}
#: Of a worker's pool, beside the sessions.
_OF_POOL: Final = ("free_indices",)
_INTERFACE_COUNTERS: Final = field_names(InterfaceCounters())
_INTERFACE_APART: Final = {"sessions"}
_SETTINGS: Final = (
    "session_timeout",
    "shortest_timeout",
    "conn_table_max_entries",
    "l4_match_nonfirst_fragment",
    "extension_headers",
    "flow_placement",
    "reclassify_sessions",
    "interface_acl_counters_enabled",
    "max_deleted_sessions_per_interval",
    "wait_interval_min",
    "wait_interval_max",
)


def state_of(driver: SteppedDriver) -> State:
    """Everything, counts first, then rows."""
    return finish(reading_state(driver))


def reading_state(driver: SteppedDriver) -> Slices[State]:
    """The same in slices, of a machine that stands still meanwhile."""
    am, columns = driver.machine.am, driver.machine.design.columns
    state: State = {
        "counts": dict(zip(EVENT_KINDS, event_counts(am), strict=True)),
        "clock": {"now": driver.now, "position": tuple(driver.position)},
        "settings": {name: _plain(getattr(am, name)) for name in _SETTINGS},
        "cleaner": _plain_fields(am.cleaner),
        "shown": _plain_fields(am.shown),
    }
    for worker in am.workers:
        row = {name: shown_value(worker, name) for name in shown_fields(worker)}
        state[actor_name(worker.thread_index)] = row
        for name, numbers in zip(driver.machine.design.numbers, worker.numbers, strict=True):
            state[f"{actor_name(worker.thread_index)} {name}"] = {
                str(at): number for at, number in enumerate(numbers)
            }
    for interface in am.interfaces:
        if interface is not None:
            row = _plain_fields(interface, _INTERFACE_APART)
            row["sessions"] = reading.table_size(interface)
            state[interface.name] = row
    for acl_index, acl in sorted(am.acls.items()):
        state[f"acl {acl_index}"] = {"tag": acl.tag, "rules": acl.rules}
    state["fib"] = {str(number): entry for number, entry in enumerate(am.fib.entries)}
    for worker in am.workers:
        for begin in range(0, reading.pool_size(worker), SLICE_ROWS):
            for session in reading.sessions_in(worker, begin, begin + SLICE_ROWS):
                name = f"session {session.thread_index}/{session.session_index}"
                state[name] = session_row(session) | {
                    column: numbers[session.session_index]
                    for column, numbers in zip(columns, worker.pool.columns, strict=True)
                }
            yield None
    return state


class Difference(NamedTuple):
    """What differs between two places: `noticed` is as `comparing` has it; then field by field.

    Both are empty where nothing does.
    """

    noticed: list[str]
    fields: list[str]

    @property
    def lines(self) -> list[str]:
        """All of it."""
        return [*self.noticed, "", *self.fields] if self.fields else []


def diff(history: History, first: str, second: str) -> Slices[Difference]:
    """What differs between two places: see `places.at_place`."""
    seen: list[Seen] = []
    states: list[State] = []
    for place in (first, second):
        there = yield from at_place(history, place)
        seen.append(seen_at(there, place))
        states.append((yield from reading_state(there.rig.stepped)))
        yield from there.rig.closing()
    fields = yield from _differences(states[0], states[1])
    noticed = (yield from compared(history, seen[0], seen[1], MOST_AHEAD)) if fields else []
    return Difference(noticed, fields)


def shown_fields(thing: object) -> tuple[str, ...]:
    """The fields of a worker or of the cleaner that a row shows, by name."""
    names = tuple(name for name in field_names(thing) if name not in _WORKER_APART)
    if not isinstance(thing, Worker):
        return names
    return (*names, *_OF_POOL, *_INTERFACE_COUNTERS)


def shown_value(thing: object, name: str) -> Any:
    """The value of one of the `shown_fields`, as it is now; a worker's counters by sw_if_index."""
    if isinstance(thing, Worker) and name in _INTERFACE_COUNTERS:
        return tuple([getattr(counters, name) for counters in thing.interface_counters])
    if isinstance(thing, Worker) and name in _OF_POOL:
        return _plain(getattr(thing.pool, name))
    return _plain(getattr(thing, name))


def session_row(session: SessionRow) -> dict[str, Any]:
    """A session's fields, with its connection in words."""
    return {"connection": key_text(session.key), **session._asdict()}


def _differences(before: State, after: State) -> Slices[list[str]]:
    """Field by field, a line each: `row field: before > after`; rows that only one has as such."""
    lines: list[str] = []
    rows = [*before, *(row for row in after if row not in before)]
    for number, row in enumerate(rows, 1):
        if not number % SLICE_ROWS:
            yield Progress(number, len(rows), "rows compared")
        old, new = before.get(row), after.get(row)
        if old is None or new is None:
            one = old or new or {}
            what = one.get("connection") or ""
            lines.append(
                f"{row}: only in the {'second' if old is None else 'first'} {what}".rstrip()
            )
            continue
        names = [*old, *(name for name in new if name not in old)]
        lines += [
            f"{row} {name}: {old.get(name)} > {new.get(name)}"
            for name in names
            if old.get(name) != new.get(name)
        ]
    return lines


def _plain_fields(thing: object, apart: Collection[str] = ()) -> dict[str, Any]:
    return {name: _plain(value) for name, value in fields_of(thing, apart).items()}


def _plain(value: Any) -> Any:
    """A value that does not change under us."""
    if isinstance(value, list | deque):
        return tuple(value)
    if isinstance(value, dict):
        return dict(value)
    return value
