"""Marks: the counts of a run at instants of it, taken as it goes; what timelines are drawn from.

A mark holds totals since the start, so what happened between two marks is their difference, and
marks can be left out without losing any of it. They are kept as rows of numbers, for NumPy.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.counts import event_total
from aclbench.engine.main import AclMain
from aclbench.engine.reasons import KIND_MASK, LAST_DENY
from aclbench.engine.worker import Worker

#: Marks are thinned beyond so many.
MARKS_LIMIT: Final = 8192
#: Between two marks there is at most this share of the time that the run has taken so far ...
MARKS_A_RUN: Final = 128
#: ... or so many packets and turns, if those are more; but never more than so many.
FEWEST_PACKETS: Final = 16
FEWEST_TURNS: Final = 1
MOST_PACKETS: Final = 2048
MOST_TURNS: Final = 2048
#: From one part to the next they grow or shrink by this at most.
MOST_CHANGE: Final = 4


class Mark(NamedTuple):
    """Totals up to a time (nanoseconds), and how things stood then.

    `events` are all trace events. `wait_min` and `wait_max` are the bounds of `wait_interval` as
    far as it was looked at since the mark before. `sessions` are those linked on each list.
    """

    time: int
    events: int
    added: int
    class_changed: int
    requeued: int
    expired: int
    recycled: int
    cleared: int
    denied: int
    packets: int
    wait_interval: int
    wait_min: int
    wait_max: int
    sessions: tuple[int, ...]


#: The columns of a table of marks, by name; behind them one for each list of the design.
COLUMN: Final = {name: number for number, name in enumerate(Mark._fields[:-1])}
SESSIONS_FROM: Final = len(COLUMN)
_WAIT: Final = COLUMN["wait_interval"]
#: What each thread adds to, but for its lists.
_COUNTED: Final = _WAIT - COLUMN["added"]


def worker_marks(worker: Worker) -> tuple[int, ...]:
    """What one thread adds to a mark, in the order of `Mark`, from `added` on."""
    reasons = worker.packet_reasons
    deleted, cleared = worker.cnt_deleted_sessions, worker.cnt_cleared_sessions
    expired = deleted - cleared - worker.cnt_reclassified_sessions
    return (
        sum(worker.session_adds_by_sw_if_index.values()),
        worker.cnt_class_changes,
        worker.cnt_session_timer_restarted,
        expired,
        worker.cnt_recycled_sessions,
        cleared,
        sum([n for reason, n in reasons.items() if reason & KIND_MASK <= LAST_DENY]),
        sum(reasons.values()),
        *worker.conn_list_length,
    )


def make_mark(time: int, events: int, parts: Iterable[Sequence[int]], wait_interval: int) -> Mark:
    """A mark of what each thread adds to it."""
    totals = tuple(map(sum, zip(*parts, strict=True)))
    waits = wait_interval, wait_interval, wait_interval
    return Mark._make((time, events, *totals[:_COUNTED], *waits, totals[_COUNTED:]))


def mark_of(am: AclMain, time: int) -> Mark:
    """A mark of a machine that stands still."""
    parts = [worker_marks(worker) for worker in am.workers]
    return make_mark(time, event_total(am), parts, am.cleaner.wait_interval)


class Marks:
    """The marks of a branch, in order; there are never more than `MARKS_LIMIT`."""

    def __init__(self, table: NDArray[np.int64] | None = None) -> None:
        self._rows = array("q", b"" if table is None else table.tobytes())
        #: Columns of a row; known with the first mark.
        self._width = SESSIONS_FROM if table is None else table.shape[1]

    def __len__(self) -> int:
        return len(self._rows) // self._width

    @property
    def last(self) -> Mark:
        """The latest."""
        row = self._rows[-self._width :]
        return Mark._make((*row[:SESSIONS_FROM], tuple(row[SESSIONS_FROM:])))

    def table(self) -> NDArray[np.int64]:
        """A row for each mark, with the columns of `COLUMN`, then the lists."""
        return np.array(self._rows, dtype=np.int64).reshape(-1, self._width)

    def add(self, mark: Mark) -> None:
        """Add one that is not earlier than the last; at the same instant it takes its place."""
        rows, wait = self._rows, mark.wait_interval
        low = high = wait
        if rows:
            last = len(rows) - self._width
            low = high = rows[last + _WAIT]
            if mark.time == rows[last] and last:
                low, high = rows[last + _WAIT + 1 : last + _WAIT + 3]
                del rows[last:]  # not the first, from which the others count
        else:
            self._width = SESSIONS_FROM + len(mark.sessions)
        *counts, _, _, _, sessions = mark
        rows.extend(counts)
        rows.extend((wait, min(low, wait), max(high, wait), *sessions))
        if len(rows) > MARKS_LIMIT * self._width:
            self._thin()

    def up_to(self, time: int, events: int) -> Marks:
        """The marks of a run that goes no further: by events too, for more can have happened at
        the same instant."""
        table = self.table()
        kept = (table[:, COLUMN["time"]] <= time) & (table[:, COLUMN["events"]] <= events)
        return Marks(table[kept])

    def _thin(self) -> None:
        """Keep the first, and the last of each of equal parts of the time.

        Their length is a power of two: parts of one thinning are made of whole ones of another, so
        that however often it is done, marks lie evenly.
        """
        table = self.table()
        time = table[:, COLUMN["time"]]
        parts = MARKS_LIMIT // 2 - 1
        width_bits = (int(time[-1] - time[0]) // parts).bit_length()
        part = (time - time[0]) >> width_bits
        ends = np.flatnonzero(part[1:] != part[:-1])
        kept = np.unique(np.concatenate(([0], ends, [len(table) - 1])))
        begins = np.concatenate(([0], kept[:-1] + 1))
        low, high = COLUMN["wait_min"], COLUMN["wait_max"]
        thinned = table[kept]
        thinned[:, low] = np.minimum.reduceat(table[:, low], begins)
        thinned[:, high] = np.maximum.reduceat(table[:, high], begins)
        self._rows = array("q", thinned.tobytes())


class MarkSpacing:
    """How far a run goes from one mark to the next: a small part of what there is already.

    So a short run has many, and a long one is not slowed down by them.
    """

    def __init__(self) -> None:
        self.packets = FEWEST_PACKETS
        self.turns = FEWEST_TURNS

    def begin(self, span: int, elapsed: int) -> None:
        """A run begins that may go on for `span` nanoseconds, when `elapsed` have passed."""
        if span * MARKS_A_RUN <= elapsed:
            self.packets, self.turns = MOST_PACKETS, MOST_TURNS
        else:
            self.packets, self.turns = max(self.packets // 2, FEWEST_PACKETS), FEWEST_TURNS

    def note(self, span: int, elapsed: int, packets: int) -> None:
        """A part took `span` nanoseconds, of `elapsed` in all: the next is to take its share.

        Not much more or less than this one, for time does not go evenly; and of the packets, of
        which there were so many, no more than their share either.
        """
        most = min(max(packets // MARKS_A_RUN, FEWEST_PACKETS), MOST_PACKETS)
        share = span * MARKS_A_RUN
        self.packets = _between(self.packets, elapsed, share, FEWEST_PACKETS, most)
        self.turns = _between(self.turns, elapsed, share, FEWEST_TURNS, MOST_TURNS)


def _between(size: int, elapsed: int, share: int, fewest: int, most: int) -> int:
    """A size that is to be as much larger as `elapsed` is than `share`, within bounds."""
    wanted = size * elapsed // share if share else most
    return min(max(wanted, size // MOST_CHANGE, fewest), size * MOST_CHANGE, most)
