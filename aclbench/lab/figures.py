"""The figures of one run: what became of packets and sessions, how late, and what it cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine import reading
from aclbench.engine.machine import Machine
from aclbench.engine.measuring import ROW_LIVE, ROW_NS, Measures
from aclbench.engine.reasons import FATES
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.workbench.bench import Bench
from aclbench.workbench.rig.rig import Rig

#: A series that is kept has no more points than this: each of several intervals, then.
MAX_POINTS: Final = 600
#: Where the bins of the distribution of overstays begin, in seconds.
BINS_S: Final = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0, 86400.0)


@dataclass(frozen=True, slots=True)
class Overstay:
    """How long behind its expiry a session was deleted, in seconds; None where none was.

    Sessions that were cleared, recycled, or whose rules had changed are left out.
    """

    sessions: int
    median_s: float | None
    p99_s: float | None
    most_s: float | None
    #: How many there were in each of `BINS_S`, the last without an end.
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A run over time, by points: when each ends, in seconds from the start.

    `live` are the sessions of each class, by its name, at that time; `datapath` and `interrupts`
    the most work in a tenth of a second since the point before.
    """

    at_s: tuple[float, ...]
    live: dict[str, tuple[int, ...]]
    datapath: tuple[int, ...]
    interrupts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run came to. Work is counted as `engine.measuring` says."""

    #: From the start to the end, in the bench's time.
    virtual_s: float
    packets: int
    fates: dict[str, int]
    #: For each reason in words its fate and count.
    reasons: tuple[tuple[str, str, int], ...]
    added: int
    recycled: int
    #: Sessions at the end, and the most at once.
    live: int
    peak: int
    session_seconds: float
    overstay: Overstay
    datapath_work: int
    interrupt_work: int
    #: Sessions that were looked at and stay: put back on their lists, or their timers set again.
    requeued: int
    most_in_interrupt: int
    most_in_ms: int
    #: Interrupts that workers served.
    interrupts: int
    #: Between threads: interrupts, signals to the cleaner, entries in rings.
    messages: int
    #: Bytes that a session takes in C.
    session_bytes: int
    #: What it took here.
    cpu_s: float
    series: Series

    @property
    def work_a_packet(self) -> float:
        """Work in the datapath, for each packet."""
        return self.datapath_work / self.packets if self.packets else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found = asdict(self)
        found["reasons"] = [
            {"fate": fate, "reason": text, "packets": count} for fate, text, count in self.reasons
        ]
        found["work_a_packet"] = self.work_a_packet
        found["overstay"]["bins"] = [
            {"from_s": begin, "sessions": count}
            for begin, count in zip(BINS_S, self.overstay.bins, strict=True)
        ]
        return found


def measure(rig: Rig) -> Measures:
    """Have a rig in virtual time count what it costs from now on."""
    return measures_of(rig.machine, rig.now)


def measures_of(machine: Machine, now: int) -> Measures:
    """Have a machine in virtual time count what it costs; the time is in nanoseconds."""
    am, work = machine.am, machine.design.work
    parts = [reading.sessions_by_class(am, worker) for worker in am.workers]
    live = [sum(counts) for counts in zip(*parts, strict=True)]

    def design_work() -> tuple[int, int]:
        both = [0, 0]
        for each in work:
            for worker in am.packet_workers:
                both[each.in_interrupts] += each.count(worker)
        return both[0], both[1]

    counted = design_work if work else None
    am.tell.measures = Measures(am.classes, am.session_timeout, live, now, counted)
    return am.tell.measures


def figures_of(bench: Bench, measures: Measures, cpu_s: float) -> Figures:
    """The figures of a bench that has come to its end."""
    measures.finish(bench.now)
    report, design = bench.report(), bench.rig.machine.design
    names = [each.name for each in design.timeout_classes]
    return Figures(
        virtual_s=report.virtual_s,
        packets=report.packets.read,
        fates={fate: getattr(report.packets, fate) for fate in FATES},
        reasons=report.reasons,
        added=report.sessions.added,
        recycled=report.sessions.recycled,
        live=report.sessions.live,
        peak=report.sessions.peak,
        session_seconds=measures.session_ns / NS_PER_SEC,
        overstay=_overstay(np.asarray(measures.overstays, np.int64)),
        datapath_work=measures.datapath_work,
        interrupt_work=measures.interrupt_work,
        requeued=report.sessions.requeued,
        most_in_interrupt=measures.most_in_interrupt,
        most_in_ms=measures.most_in_ms,
        interrupts=measures.interrupts,
        messages=measures.messages if bench.rig.machine.am.n_workers else 0,
        session_bytes=design.session_bytes,
        cpu_s=cpu_s,
        series=_series(np.asarray(measures.series, np.int64), names, bench.started),
    )


def _overstay(overstays: NDArray[np.int64]) -> Overstay:
    """Nothing is interpolated: the median of two is the earlier one."""
    if not len(overstays):
        return Overstay(0, None, None, None, (0,) * len(BINS_S))
    seconds = np.sort(overstays) / NS_PER_SEC
    edges = [*BINS_S[1:], np.inf]
    bins = np.diff(np.searchsorted(seconds, edges), prepend=0)
    last = len(seconds) - 1
    return Overstay(
        len(seconds),
        float(seconds[last // 2]),
        float(seconds[int(last * 0.99)]),
        float(seconds[last]),
        tuple(bins.tolist()),
    )


def _series(numbers: NDArray[np.int64], names: list[str], started: int) -> Series:
    """The rows of `Measures.series`, several of them in a point where there are many."""
    rows = numbers.reshape(-1, ROW_LIVE + len(names))
    if not len(rows):
        return Series((), dict.fromkeys(names, ()), (), ())
    first = started // ROW_NS
    ticks = rows[:, 0] - first
    span = -(-(int(ticks[-1]) + 1) // MAX_POINTS)
    starts = np.flatnonzero(np.diff(ticks // span, prepend=-1))
    ends = np.append(starts[1:], len(rows)) - 1
    at = (ticks[starts] // span + 1) * span * ROW_NS / NS_PER_SEC
    return Series(
        tuple(at.tolist()),
        {name: tuple(rows[ends, ROW_LIVE + n].tolist()) for n, name in enumerate(names)},
        tuple(np.maximum.reduceat(rows[:, 1], starts).tolist()),
        tuple(np.maximum.reduceat(rows[:, 2], starts).tolist()),
    )
