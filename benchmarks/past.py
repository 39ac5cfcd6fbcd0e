"""What history costs: the speed that a replay keeps, and a step back."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from benchmarks.captures import bench_of
from benchmarks.measuring import Figure, seconds_of


def speed_kept(path: Path) -> Callable[[], Figure]:
    """The share of its speed that a replay keeps while it keeps history."""

    def run() -> Figure:
        seconds: dict[bool, float] = {}
        for history in (False, True):
            bench = bench_of(path, history)
            gc.collect()
            gc.disable()
            seconds[history] = seconds_of(bench.play)
            gc.enable()
        said = f"checkpoints take {bench.past.checkpoints.used_bytes / 1e6:.0f} MB"
        return Figure(100 * seconds[False] / seconds[True], said)

    return run


def step_back(path: Path) -> Callable[[], Figure]:
    """Milliseconds for one named step back, at the end of a run and in its middle."""
    bench = bench_of(path, history=True)
    bench.play()
    packets = bench.snapshot().packets.read
    places = [packets, packets // 2 + 777, packets // 3]

    def run() -> Figure:
        slowest = 0.0
        for place in places:
            bench.goto_packet(place)
            slowest = max(slowest, seconds_of(lambda: bench.back(1, "step")))
        return Figure(slowest * 1000, f"the slowest of {len(places)} places in {packets:,} packets")

    return run
