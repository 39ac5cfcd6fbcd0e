"""Runs a thing several times and prints its median, its spread, and what it says of itself.

What whole processes cost is told in processor time, user and system, and in time on the wall: the
first hardly changes with what else the machine does.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: How often each thing is measured.
RUNS = 5


class Figure(NamedTuple):
    """One measurement: the value, and what there is to say of it."""

    value: float
    said: str = ""


class Cost(NamedTuple):
    """What a run took, in seconds: user and system time of its process, and time on the wall."""

    cpu: float
    wall: float


def cost_of(run: Callable[[], object]) -> Cost:
    """What it takes in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def cost_of_process(
    command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Cost:
    """What a whole process takes, its output thrown away. Raises CalledProcessError."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began)


def median_of(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    cpu, wall = (statistics.median(values) for values in zip(*costs, strict=True))
    return Cost(cpu, wall)


def seconds_of(run: Callable[[], object]) -> float:
    """How long it takes, on the wall."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measure(name: str, unit: str, run: Callable[[], Figure], runs: int = RUNS) -> None:
    """Run it several times and print the median."""
    show(name, unit, [run() for _ in range(runs)])


def show(name: str, unit: str, figures: Sequence[Figure]) -> None:
    """Print the median of some figures, their spread, and what the last one says."""
    values = [figure.value for figure in figures]
    said = f"; {figures[-1].said}" if figures[-1].said else ""
    median, least, most = (_text(v) for v in (statistics.median(values), min(values), max(values)))
    print(
        f"{name:<48}{median:>12} {unit:<10}({least} to {most}{said})",
        flush=True,
    )


def _text(value: float) -> str:
    """Three digits that matter, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
