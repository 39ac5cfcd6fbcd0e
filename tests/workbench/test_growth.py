"""What somebody else's file has much of takes time in proportion, not with the square of it.

CPU time of a size is compared with that of four times as much: a slow machine is slow for both.
Memory is compared likewise.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pytest
from capture.containers import enhanced, interface, section
from capture.frames import ethernet, ip4, udp

from aclbench import Workbench
from aclbench.capture.reader import open_capture

#: Four times as much takes four times as long, and with the square sixteen times.
MORE: Final = 4
MOST: Final = 8
#: What is measured is the least of so many times.
TRIES: Final = 2

Opening = Callable[[], object]


def scenario(path: Path, interfaces: Iterable[Iterable[int]]) -> Opening:
    """Of interfaces with a network for each of these numbers, and an outside."""
    tables = ['[[interface]]\nname = "pg99999"\naddresses = ["192.168.0.1/24"]\n']
    for number, networks in enumerate(interfaces):
        begins = [f"10.{n >> 8}.{n & 255}" for n in networks]
        of = {"addresses": [f"{b}.1/24" for b in begins], "prefixes": [f"{b}.0/24" for b in begins]}
        tables.append(f'[[interface]]\nname = "pg{number}"\n')
        tables += [f"{key} = {json.dumps(value)}\n" for key, value in of.items()]
    path.write_text("".join(tables))
    return lambda: Workbench.load(path)


def addresses(path: Path, count: int) -> Opening:
    return scenario(path, [range(count)])


def interfaces(path: Path, count: int) -> Opening:
    return scenario(path, [[n] for n in range(count)])


def sections(path: Path, count: int) -> Opening:
    """A section of a capture for each packet."""
    packet = enhanced(10**15, ethernet(ip4(udp(), 17), 0x800))
    path.write_bytes((section() + interface(1) + packet) * count)

    def read() -> None:
        with open_capture(path) as capture:
            assert sum(map(len, capture.batches())) == count

    return read


def saved(path: Path, do: Callable[[Workbench], None]) -> Opening:
    """A run in which that was done."""
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    do(bench)
    path = path.with_suffix(".run")
    bench.save(path)
    return lambda: Workbench.load(path)


def nested_branches(path: Path, count: int) -> Opening:
    """Each begins on the one before."""

    def nest(bench: Workbench) -> None:
        for number in range(count):
            bench.branch(f"b{number}")
            bench.cli(f"set acl-plugin session timeout udp idle {number + 1}")

    return saved(path, nest)


def clears(path: Path, count: int) -> Opening:
    def clear(bench: Workbench) -> None:
        for _ in range(count):
            bench.cli("clear acl-plugin sessions")

    return saved(path, clear)


def least_cpu_s(do: Opening) -> float:
    times = []
    for _ in range(TRIES):
        began = time.process_time()
        do()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    ("make", "count"),
    [(addresses, 150), (interfaces, 80), (sections, 60), (nested_branches, 25), (clears, 60)],
)
def test_it_grows_as_its_size(
    make: Callable[[Path, int], Opening], count: int, tmp_path: Path
) -> None:
    few, many = (make(tmp_path / f"{n}.toml", n) for n in (count, MORE * count))
    few()  # what is imported and remembered once
    gc.disable()
    try:
        assert least_cpu_s(many) < MOST * least_cpu_s(few)
    finally:
        gc.enable()


def peak_bytes(do: Opening) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("make", "count"), [(nested_branches, 10), (clears, 30)])
def test_its_memory_does_so_too(
    make: Callable[[Path, int], Opening], count: int, tmp_path: Path
) -> None:
    few, many = (make(tmp_path / f"{n}.toml", n) for n in (count, MORE * count))
    few()
    assert peak_bytes(many) < MOST * peak_bytes(few)
