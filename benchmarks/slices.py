"""How long a long question keeps the screen: its longest slice, and what the whole of it takes."""

from __future__ import annotations

import gc
import time
from pathlib import Path

from benchmarks.captures import bench_of
from benchmarks.measuring import Figure, show

#: What is asked of a run, one after the other; `{half}` and `{last}` are packets of it.
QUESTIONS = (
    "events",
    "events recycled",
    "events thread 1 session 1/5",
    "explain all",
    "explain {last}",
    "explain {half}",
    "packets denied",
    "packets conn 1000",
    "sessions by idle last 10",
    "story session 1/5",
    "diff start now",
    "back until added",
    "goto packet {half}",
    "goto end",
    "run 10s",
    "packets",
)


def longest_slices(path: Path, packets: int) -> None:
    """Every question's longest slice (ms, wall and processor), and its processor time (s)."""
    _load(path)
    bench = bench_of(path, history=True)
    bench.play(packets - 1)
    gc.collect()
    for question in ("run until end", *QUESTIONS):
        line = question.format(half=packets // 2, last=packets)
        task = bench.begin(line)
        walls, cpus, done = [0.0], [0.0], False
        while not done:
            wall, cpu = time.perf_counter(), time.process_time()
            done = task.work(0.0)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        problem = "" if task.error is None else f"; {task.error}"
        said = f"{max(walls) * 1000:.0f} ms on the wall; {sum(cpus):.2f} s in all{problem}"
        show(f"longest slice of `{line}`", "ms", [Figure(max(cpus) * 1000, said)])


def _load(path: Path) -> None:
    """Have loaded what the questions need: the first of each kind loads it, once."""
    bench = bench_of(path, history=True)
    bench.play(10)
    for question in QUESTIONS:
        if "{half}" not in question and question != "goto end":
            bench.begin(question.format(last=10)).finish()
