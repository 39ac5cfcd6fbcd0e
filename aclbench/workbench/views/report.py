"""The figures of a replay: as JSON, and as text for a terminal or a pipe."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

from aclbench.drivers.driver import Driver, actor_name
from aclbench.engine import reading
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import AclMain
from aclbench.engine.reasons import FATES, fate_of, reason_text
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.engine.worker import Worker
from aclbench.words import counted
from aclbench.workbench.views.counts import (
    PacketCounts,
    SessionCounts,
    WorkerPart,
    packet_counts,
    packet_reasons,
    session_counts,
    worker_part,
)


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """One packet-carrying thread. `deleted` and `requeued` are its idle check's."""

    thread_index: int
    name: str
    packets: int
    sessions: int
    added: int
    deleted: int
    requeued: int
    recycled: int
    interrupts_served: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay came to. `by_class` counts live sessions by their class now.

    `reasons` has for each text its fate and count; most frequent first within a fate.
    """

    packets: PacketCounts
    reasons: tuple[tuple[str, str, int], ...]
    sessions: SessionCounts
    #: How many sessions of each class are live, by its name.
    by_class: dict[str, int]
    event_cycles: int
    interrupts_sent: int
    wait_interval_ns: int
    workers: tuple[WorkerFigures, ...]
    design: str
    virtual_s: float
    elapsed_s: float
    notes: tuple[str, ...]
    #: When the capture starts, with its zone; empty where no time of day is known.
    capture_start: str = ""

    @property
    def packets_per_second(self) -> float:
        """Packets handled per second of wall time, reading included."""
        return self.packets.read / self.elapsed_s if self.elapsed_s else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values; the keys are part of the command's promise."""
        reasons: dict[str, int] = {}
        for _, text, count in self.reasons:
            reasons[text] = reasons.get(text, 0) + count
        sessions = self.sessions
        return {
            "packets": asdict(self.packets),
            "reasons": reasons,
            "sessions": {
                "added": sessions.added,
                "deleted": sessions.deleted,
                "recycled": sessions.recycled,
                "requeued": sessions.requeued,
                "live": sessions.live,
                "peak": sessions.peak,
                "by_class": dict(self.by_class),
            },
            "cleaner": {
                "event_cycles": self.event_cycles,
                "interrupts_sent": self.interrupts_sent,
                "wait_interval_s": self.wait_interval_ns / NS_PER_SEC,
            },
            "workers": [asdict(worker) for worker in self.workers],
            "design": self.design,
            "virtual_s": self.virtual_s,
            "elapsed_s": round(self.elapsed_s, 6),
            "packets_per_second": round(self.packets_per_second, 1),
            "notes": list(self.notes),
            "capture_start": self.capture_start or None,
        }

    def to_text(self) -> str:
        """The summary that a person reads."""
        return "\n".join([*self._packet_lines(), "", *self._session_lines(), *self._end_lines()])

    def _packet_lines(self) -> list[str]:
        packets = self.packets
        count, s = packets.read, "s"[: packets.read != 1]
        lines = [f"{count:,} packet{s} in {duration_text(self.virtual_s)} of virtual time"]
        if self.capture_start:
            lines.append(f"  the capture starts at {self.capture_start}")
        for fate in FATES:
            count = getattr(packets, fate)
            if not count:
                continue
            share = 100 * count / packets.read
            lines.append(f"  {fate.replace('_', ' '):<12}{count:>12,}  {share:5.1f} %")
            shown = [(text, n) for of, text, n in self.reasons if of == fate]
            if [text for text, _ in shown] != [fate.replace("_", " ")]:
                lines += [f"    {n:>12,}  {text}" for text, n in shown]
        lines.append(f"  {packets.checked:,} met at least one acl node")
        return lines

    def _session_lines(self) -> list[str]:
        s = self.sessions
        classes = ", ".join(f"{name} {count:,}" for name, count in self.by_class.items())
        lines = [
            f"sessions  added {s.added:,} - deleted {s.deleted:,} = {s.live:,} live "
            f"(at most {s.peak:,} at once)",
            f"  by class  {classes}",
            f"  aging     {s.deleted - s.recycled:,} expired or cleared, "
            f"{s.requeued:,} requeued, {s.recycled:,} recycled",
            "",
            *([f"design    {self.design}"] if self.design != FIFO_2017.name else []),
            f"cleaner   {counted(self.event_cycles, 'round')}, "
            f"{counted(self.interrupts_sent, 'interrupt')}, "
            f"wait interval {self.wait_interval_ns / NS_PER_SEC:g} s",
            "",
            "worker      packets  sessions     added   deleted  requeued  recycled  interrupts",
        ]
        lines += [
            f"{w.name:<10}{w.packets:>9,}{w.sessions:>10,}{w.added:>10,}{w.deleted:>10,}"
            f"{w.requeued:>10,}{w.recycled:>10,}{w.interrupts_served:>12,}"
            for w in self.workers
        ]
        return lines

    def _end_lines(self) -> list[str]:
        speed = f"{self.packets_per_second:,.0f} packets/s, {self.elapsed_s:.2f} s"
        return ["", speed, *(f"note: {note}" for note in self.notes)]


class _Part(NamedTuple):
    """What one thread says of itself for a report."""

    counts: WorkerPart
    by_class: tuple[int, ...]
    figures: WorkerFigures


def _part_of(am: AclMain, worker: Worker, now: int) -> _Part:
    """Called where no other thread changes the worker's data."""
    by_class = reading.sessions_by_class(am, worker)
    counts = worker_part(worker, now)
    figures = WorkerFigures(
        thread_index=worker.thread_index,
        name=actor_name(worker.thread_index),
        packets=sum(counts.reasons.values()),
        sessions=counts.live,
        added=counts.added,
        deleted=worker.cnt_deleted_sessions,
        requeued=counts.requeued,
        recycled=counts.recycled,
        interrupts_served=worker.cnt_interrupts_served,
    )
    return _Part(counts, by_class, figures)


def make_report(
    driver: Driver,
    started_ns: int,
    elapsed_s: float,
    notes: tuple[str, ...] = (),
    capture_start: str = "",
) -> Report:
    """Read the figures off a bench. `started_ns` is when the replay began, in virtual time."""
    am = driver.machine.am
    parts = driver.at_safe_points(partial(_part_of, am))
    counts = [part.counts for part in parts]
    reasons: dict[tuple[int, str], int] = {}
    for reason, count in packet_reasons(counts).items():
        key = FATES.index(fate_of(reason)), reason_text(reason)
        reasons[key] = reasons.get(key, 0) + count
    ordered = sorted(reasons.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    carrying = [worker.thread_index for worker in am.packet_workers]
    return Report(
        packets=packet_counts(counts),
        reasons=tuple((FATES[fate], text, count) for (fate, text), count in ordered),
        sessions=session_counts(counts),
        by_class={
            each.name: sum(part.by_class[n] for part in parts)
            for n, each in enumerate(driver.machine.design.timeout_classes)
        },
        event_cycles=am.cleaner.cnt_event_cycles,
        interrupts_sent=am.cleaner.cnt_interrupts_sent,
        wait_interval_ns=am.cleaner.wait_interval,
        workers=tuple(parts[thread_index].figures for thread_index in carrying),
        design=driver.machine.design.name,
        virtual_s=(driver.now - started_ns) / NS_PER_SEC,
        elapsed_s=elapsed_s,
        notes=notes,
        capture_start=capture_start,
    )


def duration_text(seconds: float) -> str:
    """A duration as people say it: `2.5 s`, `10 min 3 s`, `1 d 2 h`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    parts: list[str] = []
    for name, size in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])
