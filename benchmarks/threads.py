"""What real threads cost, and on a free-threaded Python what they bring."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Sequence
from pathlib import Path

from aclbench.drivers.cores import has_global_lock
from aclbench.workbench.rig.start import DriverKind
from benchmarks.captures import bench_of
from benchmarks.measuring import RUNS, Figure, seconds_of, show


def against_stepped(path: Path, packets: int, name: str, workers: Sequence[int]) -> None:
    """A threaded replay beside a stepped one, in turn, with flow-hash placement."""
    for count in workers:
        stepped: list[float] = []
        threaded: list[float] = []
        for _ in range(RUNS):
            stepped.append(_seconds(path, count))
            threaded.append(_seconds(path, count, driver="threaded"))
        ratio = statistics.median(s / t for s, t in zip(stepped, threaded, strict=True))
        lock = "one lock" if has_global_lock() else "free-threaded"
        said = f"{ratio:.2f} times as fast as stepped, {lock}"
        figures = [Figure(packets / seconds, said) for seconds in threaded]
        show(f"{name}, {count} worker{'s'[: count != 1]} on threads", "packets/s", figures)


def _seconds(path: Path, workers: int, driver: DriverKind = "stepped") -> float:
    gc.collect()
    bench = bench_of(path, workers=workers, driver=driver)
    gc.disable()
    try:
        return seconds_of(bench.play)
    finally:
        gc.enable()
