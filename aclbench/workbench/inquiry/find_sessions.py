"""Searching and sorting all sessions there are, a slice at a time.

A slice looks at some thousand sessions and takes some milliseconds; in between the bench may go on,
and what was found is as it was when it was looked at. On real threads each worker looks through its
own pool, at its safe points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from heapq import nsmallest
from typing import Any, Final, Literal, NamedTuple, get_args

from aclbench.engine import reading
from aclbench.engine.main import AclMain
from aclbench.engine.reading import SessionRow
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.filters import EVERYTHING, Filter, Passes, asks_for_connections, filter_text
from aclbench.workbench.inquiry.filtering import session_test
from aclbench.workbench.inquiry.packets import number_connections
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.taking import session_view

Order = Literal["connection", "idle", "check", "expiry", "newest", "worker"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)

#: Sessions of the first slice, and of any at the most.
FIRST_SLICE: Final = 1024
LARGEST_SLICE: Final = 65_536
MAX_COUNT: Final = 100_000

#: What sessions are sorted by; smaller first.
SortKey = tuple[Any, ...]
_SortBy = Callable[[AclMain, SessionRow], SortKey]


def _by_connection(am: AclMain, session: SessionRow) -> SortKey:
    return len(session.key), session.key


def _by_idle(am: AclMain, session: SessionRow) -> SortKey:
    return (session.last_active_time,)


def _by_check(am: AclMain, session: SessionRow) -> SortKey:
    return (reading.check_due(am, session),)


def _by_expiry(am: AclMain, session: SessionRow) -> SortKey:
    return (session.last_active_time + am.session_timeout[reading.timeout_class(am, session)],)


def _by_newest(am: AclMain, session: SessionRow) -> SortKey:
    return (-session.link_enqueue_time,)


def _by_worker(am: AclMain, session: SessionRow) -> SortKey:
    return ()


_SORT_BY: Final[dict[Order, _SortBy]] = {
    "connection": _by_connection,
    "idle": _by_idle,
    "check": _by_check,
    "expiry": _by_expiry,
    "newest": _by_newest,
    "worker": _by_worker,
}


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """The best sessions so far, in order; how many were looked at, and how many of them matched.

    `live` is how many there were, about, when the search began.
    """

    wanted: str
    order: Order
    sessions: tuple[SessionView, ...]
    matched: int
    looked_at: int
    live: int
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        return asdict(self)


class _Found(NamedTuple):
    """A session that was found, as it stood then."""

    sort_key: SortKey
    thread_index: int
    session_index: int
    view: SessionView


class _Part(NamedTuple):
    """What a slice of one worker's pool gave, and where the next begins; None: at its end."""

    best: list[_Found]
    matched: int
    looked_at: int
    next_index: int | None


def find_sessions(
    subject: Subject,
    wanted: Filter = EVERYTHING,
    order: Order = "connection",
    count: int = 20,
    show: Callable[[FoundSessions], None] = lambda found: None,
) -> Slices[FoundSessions]:
    """The live sessions that match, the best `count` in an order.

    Orders: by address, port and protocol; the longest idle first; the soonest due for its check;
    the soonest to expire; the last linked first (VPP keeps no time of birth); by owner and slot. If
    the bench moves in its history meanwhile, it begins anew. `show` is called with what is found so
    far, slice by slice. CommandError, at once: there is no such order or count.
    """
    if order not in _SORT_BY:
        raise CommandError(f"{order}: sessions are sorted by {', '.join(ORDERS)}")
    if type(count) is not int or not 1 <= count <= MAX_COUNT:
        raise CommandError(f"{count!r}: from 1 to {MAX_COUNT:,} sessions can be shown")
    return _searched(subject, _Search(wanted, order, count), show)


# --- looking ------------------------------------------------------------------------------------


class _Search(NamedTuple):
    """What is looked for."""

    wanted: Filter
    order: Order
    most: int


def _searched(
    subject: Subject, search: _Search, show: Callable[[FoundSessions], None]
) -> Slices[FoundSessions]:
    """Look through all pools, slice by slice; anew if the bench has moved in its history."""
    while True:
        found = yield from _once_through(subject, search, show)
        if found is not None:
            return found


def _once_through(
    subject: Subject, search: _Search, show: Callable[[FoundSessions], None]
) -> Slices[FoundSessions | None]:
    """Look through the pools of the rig there is; None: the bench has another by now."""
    rig = subject.rig
    am, test = rig.machine.am, session_test(subject, search.wanted)
    if asks_for_connections(search.wanted):
        yield from number_connections(subject)
    next_index: list[int | None] = [0] * len(am.workers)
    best: list[_Found] = []
    matched = looked_at = 0
    live, pace = am.live_sessions(), Pace(FIRST_SLICE, LARGEST_SLICE)
    while subject.rig is rig:
        with pace.slice():
            parts = _look(rig, search, test, next_index, pace.size, best)
            new = [found for part in parts for found in part.best]
            if new:
                best = nsmallest(search.most, [*best, *new])
        next_index = [part.next_index for part in parts]
        matched += sum(part.matched for part in parts)
        looked_at += sum(part.looked_at for part in parts)
        found = FoundSessions(
            filter_text(search.wanted),
            search.order,
            tuple(found.view for found in best),
            matched,
            looked_at,
            live,
            complete=all(index is None for index in next_index),
        )
        show(found)
        if found.complete:
            return found
        yield Progress(looked_at, live, "sessions")
    return None


def _look(
    rig: Rig,
    search: _Search,
    test: Passes[SessionRow],
    next_index: list[int | None],
    size: int,
    best: list[_Found],
) -> list[_Part]:
    """A slice: `size` slots in all, of the pools that are not at their end."""
    am = rig.machine.am
    open_pools = sum(index is not None for index in next_index)
    each = max(size // max(open_pools, 1), 1)
    # What comes behind the last of the best is not looked at closer.
    last = best[-1][:3] if len(best) == search.most else None

    def make(worker: Worker, now: int) -> _Part:
        start = next_index[worker.thread_index]
        if start is None:
            return _Part([], 0, 0, None)
        return _look_at(am, search, test, worker, now, start, start + each, last)

    return rig.driver.at_safe_points(make)


def _look_at(
    am: AclMain,
    search: _Search,
    test: Passes[SessionRow],
    worker: Worker,
    now: int,
    start: int,
    end: int,
    last: tuple[SortKey, int, int] | None,
) -> _Part:
    """A part of one pool: its live sessions that match, the best of them as they stand."""
    sort_by = _SORT_BY[search.order]
    thread_index = worker.thread_index
    rows: list[tuple[SortKey, int, int, SessionRow]] = []
    matched = looked_at = 0
    for session in reading.sessions_in(worker, start, end):
        looked_at += 1
        if test(session):
            matched += 1
            row = sort_by(am, session), thread_index, session.session_index
            if last is None or row < last:
                rows.append((*row, session))
    best = [
        _Found(key, thread, index, session_view(am, session, None, now))
        for key, thread, index, session in nsmallest(search.most, rows)
    ]
    return _Part(best, matched, looked_at, None if end >= reading.pool_size(worker) else end)
