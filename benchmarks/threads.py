"""What real threads cost, and on a free-threaded Python what they bring."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aclbench.drivers.cores import has_global_lock
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.workbench import Workbench
from benchmarks.captures import INSIDE
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


def _seconds(path: Path, workers: int, **how: Any) -> float:
    inside = InterfaceSpec("pg0", prefixes=INSIDE)
    scenario = scenario_for_capture([path], inside, "", workers, "flow")
    gc.collect()
    bench = Workbench.from_scenario(scenario, history=False, **how)
    gc.disable()
    try:
        return seconds_of(bench.play)
    finally:
        gc.enable()
