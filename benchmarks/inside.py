"""One measurement within a process of its own, by the public Python API alone.

    python inside.py KIND SCENARIO [NUMBER]

Run with another checkout on the path it measures that one, so it imports nothing from beside it. It
prints the seconds of processor and wall that the kind takes, as JSON, setting up not counted.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from aclbench import Workbench

#: Virtual seconds in which every connection of a capture is opened.
OPENING_S = "60"
#: Named steps that are taken one by one.
STEPS = 2000
BACK_UNITS = ("step", "event", "turn", "packet")


def requeue(path: str, number: int) -> Callable[[], Any]:
    """All sessions come to the head of their lists and go back to the tail, 14 times."""
    bench = opened(path)
    return lambda: bench.advance("1700")


def day(path: str, number: int) -> Callable[[], Any]:
    """A day without packets."""
    bench = opened(path)
    return lambda: bench.advance("86400")


def step(path: str, number: int) -> Callable[[], Any]:
    """Named steps of packets, one by one."""
    bench = Workbench.load(path)

    def run() -> None:
        for _ in range(STEPS):
            bench.step()

    return run


def back(unit: str) -> Callable[[str, int], Callable[[], Any]]:
    """One step, event, turn or packet back, from behind a packet."""

    def prepare(path: str, number: int) -> Callable[[], Any]:
        bench = opened(path)
        bench.goto_packet(number)
        return lambda: bench.back(1, unit)

    return prepare


def replace(path: str, number: int) -> Callable[[], Any]:
    """One step back behind so many replacements of an ACL."""
    bench = opened(path)
    for _ in range(number):
        bench.cli("set acl-plugin acl index 0 permit+reflect src 10.0.0.0/8 dst 0.0.0.0/0")
    return lambda: bench.back(1, "step")


def opened(path: str) -> Workbench:
    """A bench behind its capture."""
    bench = Workbench.load(path)
    bench.advance(OPENING_S)
    return bench


KINDS: dict[str, Callable[[str, int], Callable[[], Any]]] = {
    "requeue": requeue,
    "day": day,
    "step": step,
    "replace": replace,
    **{f"back-{unit}": back(unit) for unit in BACK_UNITS},
}


def main() -> None:
    """Set up, then measure."""
    kind, path, *rest = sys.argv[1:]
    run = KINDS[kind](path, int(rest[0]) if rest else 0)
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]))


main()
