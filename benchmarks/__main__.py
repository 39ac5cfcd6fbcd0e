"""What a requeue, a day and a replay cost. `make bench` prints medians of several runs.

Timings are never tests: they depend on the machine and on what else it does.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aclbench.capture import PcapWriter, Traffic, write_traffic
from aclbench.workbench.bench import Workbench
from aclbench.workbench.scenario import InterfaceSpec, scenario_for_capture

RUNS = 5
SET_UP = """\
create packet-generator interface pg0
create packet-generator interface pg1
set interface state pg0 up
set interface state pg1 up
ip route add 10.0.0.0/8 via pg0
ip route add 0.0.0.0/0 via pg1
set acl-plugin acl permit+reflect
set acl-plugin acl deny
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 1
"""


def tcp_frame(client: int, flags: int, from_client: bool) -> bytes:
    """An Ethernet frame of one TCP connection; `client` chooses its address and port."""
    inside = (0x0A000000 + (client >> 14)).to_bytes(4, "big")
    outside = bytes((192, 168, 0, 2))
    inner, outer = (1024 + (client & 0x3FFF)).to_bytes(2, "big"), b"\x00\x50"
    src, dst = (inside, outside) if from_client else (outside, inside)
    ports = inner + outer if from_client else outer + inner
    ip = bytes.fromhex("45000028000040004006 0000") + src + dst
    return bytes(12) + b"\x08\x00" + ip + ports + bytes(8) + bytes((0x50, flags)) + bytes(6)


def established(bench: Workbench, sessions: int) -> None:
    """Bring up TCP connections by their three packets."""
    for flags, from_client in ((0x02, True), (0x12, False), (0x10, True)):
        frames = [tcp_frame(n, flags, from_client) for n in range(sessions)]
        bench.send("pg0" if from_client else "pg1", frames)


def a_day() -> tuple[float, str]:
    """A day with 1,000 established sessions and no packets."""
    bench = Workbench(workers=1)
    for line in SET_UP.splitlines():
        bench.cli(line)
    established(bench, 1000)
    began = time.perf_counter()
    bench.advance(86400)
    elapsed = time.perf_counter() - began
    snapshot = bench.snapshot()
    what = f"{snapshot.cleaner.event_cycles:,} rounds, {snapshot.sessions.requeued:,} requeues"
    return elapsed, what


def requeues() -> tuple[float, str]:
    """100,000 established sessions requeued once: seconds for a million of them."""
    bench = Workbench(workers=1)
    for line in SET_UP.splitlines():
        bench.cli(line)
    established(bench, 100_000)
    before = bench.snapshot()
    gc.disable()
    began = time.perf_counter()
    bench.advance(170)
    elapsed = time.perf_counter() - began
    gc.enable()
    after = bench.snapshot()
    requeued = after.sessions.requeued - before.sessions.requeued
    rounds = after.cleaner.event_cycles - before.cleaner.event_cycles
    return elapsed / requeued * 1e6, f"{requeued:,} requeues in {rounds:,} rounds"


def replay(packets: int, flows: int, folder: Path) -> Callable[[], tuple[float, str]]:
    """The whole process of `aclbench replay` on a capture of connections that stay open."""
    path = folder / f"{packets}-{flows}.pcap"
    traffic = Traffic(
        packets=packets,
        flows=flows,
        mix={"tcp": 1},
        tcp={"open": 1},
        ip6_percent=0,
        order="round",
        gap_ns=1000,
        frame_bytes=60,
    )
    with PcapWriter(path) as writer:
        write_traffic(traffic, writer)
    command = [sys.executable, "-m", "aclbench", "replay", "--inside", "10.0.0.0/8", str(path)]

    def run() -> tuple[float, str]:
        began = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        elapsed = time.perf_counter() - began
        return elapsed, f"{packets / elapsed:,.0f} packets/s; {done.stdout.splitlines()[-2]}"

    return run


def capture_bench(path: Path, history: bool) -> Workbench:
    """A bench with a generated capture ready to play."""
    scenario = scenario_for_capture(
        [path], InterfaceSpec("pg0", prefixes=("10.0.0.0/8",)), "", 1, "interface"
    )
    return Workbench.from_scenario(scenario, history=history)


def with_history(path: Path) -> Callable[[], tuple[float, str]]:
    """The share of its speed that a replay keeps while it keeps history."""

    def run() -> tuple[float, str]:
        seconds: dict[bool, float] = {}
        for history in (False, True):
            bench = capture_bench(path, history)
            gc.collect()
            gc.disable()
            began = time.perf_counter()
            bench.play()
            seconds[history] = time.perf_counter() - began
            gc.enable()
        said = f"checkpoints take {bench.past.memory_used() / 1e6:.0f} MB"
        return 100 * seconds[False] / seconds[True], said

    return run


def one_step_back(path: Path) -> Callable[[], tuple[float, str]]:
    """Milliseconds for one named step back, at the end of a run and in its middle."""
    bench = capture_bench(path, history=True)
    bench.play()
    packets = bench.snapshot().packets.read
    places = [packets, packets // 2 + 777, packets // 3]

    def run() -> tuple[float, str]:
        slowest = 0.0
        for place in places:
            bench.goto_packet(place)
            began = time.perf_counter()
            bench.back(1, "step")
            slowest = max(slowest, time.perf_counter() - began)
        return slowest * 1000, f"the slowest of {len(places)} places in {packets:,} packets"

    return run


def measure(name: str, unit: str, run: Callable[[], tuple[float, str]], runs: int = RUNS) -> None:
    """Run it several times and print the median, the spread, and what the last run says."""
    figures: list[float] = []
    said = ""
    for _ in range(runs):
        figure, said = run()
        figures.append(figure)
    print(
        f"{name:<44}{statistics.median(figures):>9.3f} {unit:<12}"
        f"({min(figures):.3f} to {max(figures):.3f}; {said})",
        flush=True,
    )


def main() -> None:
    """All of them."""
    measure("a day, 1,000 established sessions", "s", a_day)
    measure("a requeue", "us", requeues)
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        run = replay(1_000_000, 100_000, where)
        measure("replay of 1,000,000 packets, 100,000 flows", "s", run)
        large = where / "1000000-100000.pcap"
        replay(100_000, 10_000, where)
        small = where / "100000-10000.pcap"
        measure("speed kept with history, 1,000,000 packets", "%", with_history(large))
        measure("a step back, 100,000 packets", "ms", one_step_back(small))
        measure("a step back, 1,000,000 packets", "ms", one_step_back(large))


main()
