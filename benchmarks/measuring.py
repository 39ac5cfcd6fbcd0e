"""Runs a thing several times and prints its median, its spread, and what it says of itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

#: How often each thing is measured.
RUNS = 5


class Figure(NamedTuple):
    """One measurement: the value, and what there is to say of it."""

    value: float
    said: str = ""


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
