"""What aging costs where no packets come: a requeue, a day."""

from __future__ import annotations

import gc
from pathlib import Path

from aclbench.workbench.workbench import Workbench
from benchmarks.captures import bench_of, opened
from benchmarks.measuring import Figure, seconds_of

_NS_PER_SEC = 10**9


def established(folder: Path, sessions: int) -> Workbench:
    """A bench on which so many TCP connections are up."""
    path = folder / f"established-{sessions}.pcap"
    bench = bench_of(path if path.exists() else opened(path, sessions, 0))
    bench.play()
    return bench


def a_day(folder: Path) -> Figure:
    """Seconds for a day with 1,000 established sessions and no packets."""
    bench = established(folder, 1000)
    elapsed = seconds_of(lambda: bench.advance(86400))
    snapshot = bench.snapshot()
    rounds, requeued = snapshot.cleaner.event_cycles, snapshot.sessions.requeued
    return Figure(elapsed, f"{rounds:,} rounds, {requeued:,} requeues")


def requeues(folder: Path) -> Figure:
    """Requeues a second, of 100,000 sessions once each; rounds and interrupts included."""
    bench = established(folder, 100_000)
    before = bench.snapshot()
    gc.collect()
    elapsed = seconds_of(lambda: bench.advance(170))
    after = bench.snapshot()
    requeued = after.sessions.requeued - before.sessions.requeued
    rounds = after.cleaner.event_cycles - before.cleaner.event_cycles
    return Figure(requeued / elapsed, f"{requeued:,} requeues in {rounds:,} rounds")
