"""What two benches that stand at the same time have that differs: sessions by key, and figures."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from heapq import nsmallest
from operator import is_
from typing import Final, NamedTuple

import numpy as np

from aclbench.engine import reading
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.reading import SessionRow
from aclbench.engine.session import SessionId
from aclbench.workbench.history.history import History
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.inquiry.noticing import fate_numbers
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.counts import packet_counts, session_counts, worker_part
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.taking import session_view

#: Sessions that a slice looks at: the first one, and any at the most.
FIRST_SLICE: Final = 256
LARGEST_SLICE: Final = 16_384


class Alone(NamedTuple):
    """The sessions of a bench whose key another one has not: how many, and those that go first."""

    total: int
    first: tuple[SessionView, ...]


def alone_among(
    one: Rig, other: Rig, sessions: Iterable[tuple[int, int]]
) -> frozenset[tuple[int, int]]:
    """Which of some sessions the other bench has not: a packet would find none there.

    They are named by thread and index.
    """
    here, there = one.machine.am, other.machine.am
    found: set[tuple[int, int]] = set()
    for thread_index, session_index in sessions:
        row = reading.session_at(here.workers[thread_index], session_index)
        if row is not None and _is_alone(here, there, row):
            found.add((thread_index, session_index))
    return frozenset(found)


def finding_alone(one: Rig, other: Rig, most: int) -> Slices[Alone]:
    """All sessions that the other bench has not, and the first `most` of them by expiry."""
    here, there = one.machine.am, other.machine.am
    pace = Pace(FIRST_SLICE, LARGEST_SLICE)
    count = done = 0
    total = sum(reading.pool_size(worker) for worker in here.workers)
    first: list[SessionView] = []
    for worker in here.workers:
        begin = 0
        while begin < reading.pool_size(worker):
            end = begin + pace.size
            with pace.slice():
                rows = reading.sessions_in(worker, begin, end)
                found = [row for row in rows if _is_alone(here, there, row)]
                soonest = nsmallest(most, found, key=partial(_expires, here))
                seen = [session_view(here, row, None, one.now) for row in soonest]
            count += len(found)
            first = nsmallest(most, [*first, *seen], key=lambda session: session.expires)
            done += end - begin
            begin = end
            yield Progress(min(done, total), total, "sessions")
    return Alone(count, tuple(first))


def _expires(am: AclMain, row: SessionRow) -> int:
    return row.last_active_time + am.session_timeout[reading.timeout_class(am, row)]


def _is_alone(here: AclMain, there: AclMain, row: SessionRow) -> bool:
    """A session is in its interface's table, and in the other bench's is none of its key."""
    where = SessionId(row.thread_index, row.session_index)
    interface = _interface(here, row)
    if interface is None or reading.find(interface, row.key) != where:
        return False
    other = _interface(there, row)
    return other is None or reading.find(other, row.key) is None


def _interface(am: AclMain, row: SessionRow) -> Interface | None:
    known = row.sw_if_index < len(am.interfaces)
    return am.interfaces[row.sw_if_index] if known else None


def figures_of(rig: Rig) -> dict[str, int]:
    """What a bench has and counts, by name, what tells designs apart first."""
    am = rig.machine.am
    parts = [worker_part(worker, rig.now) for worker in am.workers]
    packets, sessions = packet_counts(parts), session_counts(parts)
    figures = {
        "sessions": sessions.live,
        "interrupts": sum(worker.cnt_interrupts_served for worker in am.workers),
        "requeued": sessions.requeued,
    }
    for each in rig.machine.design.work:
        figures[each.name] = sum(each.count(worker) for worker in am.packet_workers)
    return figures | {
        "denied": packets.denied,
        "deleted": sessions.deleted,
        "recycled": sessions.recycled,
        "dropped": packets.dropped,
        "class changes": sum(worker.cnt_class_changes for worker in am.workers),
        "added": sessions.added,
        "rounds": am.cleaner.cnt_event_cycles,
    }


class OtherFates:
    """Counts packets that meet another fate on one bench than on another; each is looked at once.

    Where a bench went back they are counted anew, which takes some ten ns each.
    """

    def __init__(self) -> None:
        self._rows: tuple[PacketRows, PacketRows] | None = None
        self._done = self._found = 0

    def count(self, one: History, other: History) -> int | None:
        """Of the packets that both have done; None: these are not the same packets."""
        rows = (one.packets, other.packets)
        done = min(each.here.rig.driver.packets_handled for each in (one, other))
        is_on = self._rows is not None and all(map(is_, rows, self._rows))
        if not is_on or done < self._done:
            self._rows, self._found = rows, 0
            self._done = max(each.first for each in rows)
        while self._done < done:
            here, there = (each.block(self._done, done) for each in rows)
            size = min(len(here), len(there))
            here, there = here[:size], there[:size]
            if (here["number"] != there["number"]).any():
                return None
            differ = fate_numbers(here["reason"]) != fate_numbers(there["reason"])
            self._found += int(np.count_nonzero(differ))
            self._done += size
        return self._found
