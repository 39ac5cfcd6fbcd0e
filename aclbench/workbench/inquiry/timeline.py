"""Timelines: what happened in each slice of a run, and how things stood at its end.

Made of the marks that were taken as the run went, so nothing is run again for it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.marks import COLUMN, SESSIONS_FROM, Marks, make_mark, worker_marks
from aclbench.workbench.rig.rig import Rig

#: What a timeline counts, in the order of `Slice.counts`.
MARK_KINDS: Final = (
    "added",
    "class changed",
    "requeued",
    "expired",
    "recycled",
    "cleared",
    "denied",
)
#: Columns that a timeline may have.
MAX_COLUMNS: Final = 8192

_KINDS: Final = slice(COLUMN["added"], COLUMN["denied"] + 1)
_SESSIONS: Final = slice(SESSIONS_FROM, None)
_WORK: Final = [COLUMN[name] for name in ("requeued", "expired", "cleared")]

_Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slice:
    """One column: when it begins (nanoseconds), what happened in it, how it stood at its end.

    `counts` are by `MARK_KINDS`. `work` is how many sessions the idle checks judged, `sessions` how
    many are linked on the list of each class. What happened between two marks counts where the
    later one lies.
    """

    time: int
    counts: tuple[int, ...]
    packets: int
    work: int
    sessions: tuple[int, ...]
    wait_interval: int
    wait_min: int
    wait_max: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run from its start to its end, in nanoseconds, in equal slices; `now` may lie inside."""

    start: int
    end: int
    now: int
    columns: tuple[Slice, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        return asdict(self)


class Sampled(Protocol):
    """A bench: with a history, or with samples of how things stood."""

    rig: Rig
    history: History | None
    samples: Marks


def timeline_of(bench: Sampled, columns: int) -> Timeline:
    """The run in so many slices of time, also what lies ahead; nothing is run again.

    As long as the captures, where their end is known and not behind; else the whole branch.

    On a bench without history it is made of `sample`s, of which one is taken here.
    """
    now, captures_end = bench.rig.now, bench.rig.captures_end
    if bench.history is None:
        sample(bench)
        marks, end = bench.samples, now
    else:
        marks, end = bench.history.branch.marks, bench.history.branch.end.time
    if captures_end is not None and now <= captures_end:
        return make_timeline(marks, captures_end, now, columns)
    return make_timeline(marks, max(end, marks.last.time), now, columns)


def sample(bench: Sampled) -> None:
    """Note how things stand, for a timeline; a history does so itself as it goes.

    On real threads each of them is asked as soon as it is between two pieces of work.
    """
    if bench.history is not None:
        return
    driver, samples = bench.rig.driver, bench.samples
    wait = driver.machine.am.cleaner.wait_interval
    if not len(samples):
        nothing = [(0,) * len(worker_marks(worker)) for worker in driver.machine.am.workers]
        samples.add(make_mark(bench.rig.started, 0, nothing, wait))
    parts = driver.at_safe_points(lambda worker, now: worker_marks(worker))
    samples.add(make_mark(max(driver.now, samples.last.time), 0, parts, wait))


def make_timeline(marks: Marks, end: int, now: int, columns: int) -> Timeline:
    """The timeline of a run that has at least one mark, up to `end`."""
    if type(columns) is not int or not 1 <= columns <= MAX_COLUMNS:
        raise CommandError(f"{columns!r} columns: from 1 to {MAX_COLUMNS:,} are right")
    table = marks.table()
    times = table[:, COLUMN["time"]]
    start = int(times[0])
    end = max(end, now)
    width = (end - start) // columns + 1
    begins = [start + n * width for n in range(columns)]
    # Behind the last mark of each column; what comes before a column's first is carried forward.
    behind = np.searchsorted(times, np.array([*begins[1:], start + columns * width]))
    standing = table[behind - 1]
    totals = np.vstack((np.zeros_like(standing[:1]), standing))
    happened = totals[1:] - totals[:-1]
    low, high = _bounds(table, behind, standing)
    rows = zip(
        begins,
        happened[:, _KINDS].tolist(),
        happened[:, COLUMN["packets"]].tolist(),
        happened[:, _WORK].sum(axis=1).tolist(),
        standing[:, _SESSIONS].tolist(),
        standing[:, COLUMN["wait_interval"]].tolist(),
        low.tolist(),
        high.tolist(),
        strict=True,
    )
    slices = tuple(
        Slice(time, tuple(counts), packets, work, tuple(sessions), *waits)
        for time, counts, packets, work, sessions, *waits in rows
    )
    return Timeline(start, end, now, slices)


def _bounds(table: _Table, behind: NDArray[Any], standing: _Table) -> tuple[_Table, _Table]:
    """The least and greatest wait interval in each column; without a mark, as it stands."""
    low = standing[:, COLUMN["wait_interval"]].copy()
    high = low.copy()
    first = np.concatenate(([0], behind[:-1]))
    marked = behind > first
    low[marked] = np.minimum.reduceat(table[:, COLUMN["wait_min"]], first[marked])
    high[marked] = np.maximum.reduceat(table[:, COLUMN["wait_max"]], first[marked])
    return low, high
