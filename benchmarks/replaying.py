"""What a replay costs: the whole process, its parts, beside other tools, at many live sessions."""

from __future__ import annotations

import gc
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aclbench.capture.reader import open_capture
from benchmarks.captures import INSIDE, bench_of, fast, opened
from benchmarks.measuring import (
    RUNS,
    Cost,
    Figure,
    cost_of_process,
    median_of,
    seconds_of,
    show,
)

#: Packets that are measured while so many sessions live.
PACKETS_AT_LIVE = 1_000_000
#: scapy reads so few packets a second that this many must do.
SCAPY_PACKETS = 20_000
_SCAPY = """
import sys
from scapy.utils import PcapReader
for packet in PcapReader(sys.argv[1]):
    packet.haslayer("TCP")
"""


def inside_options() -> list[str]:
    """The options that say what lies inside, in captures that are made here."""
    return [part for prefix in INSIDE for part in ("--inside", prefix)]


def command_of(path: Path, guessed: bool = False) -> list[str]:
    """The command that replays a capture; with `guessed`, the inside is guessed."""
    inside = [] if guessed else inside_options()
    return [sys.executable, "-m", "aclbench", "replay", *inside, str(path)]


def against_others(path: Path, packets: int, folder: Path, guessed: bool = False) -> None:
    """Each tool that there is, in turn, several times; and how many times as fast we are."""
    few = fast(folder / "few.pcap", SCAPY_PACKETS, SCAPY_PACKETS // 10)
    tools: list[tuple[str, int, list[str]]] = [
        ("aclbench replay", packets, command_of(path, guessed))
    ]
    if shutil.which("softflowd"):
        # All flows are tracked, IPv6 too; the collector's port is one where nobody listens.
        flows = ("-6", "-v", "9", "-m", str(packets), "-n", "127.0.0.1:9995", "-d")
        tools.append(("softflowd", packets, ["softflowd", *flows, "-r", str(path)]))
    if shutil.which("tshark"):
        tools.append(("tshark -z conv,tcp", packets, _tshark(path)))
    tools.append(("scapy", SCAPY_PACKETS, [sys.executable, "-c", _SCAPY, str(few)]))
    costs: dict[str, list[Cost]] = {name: [] for name, _, _ in tools}
    for _ in range(RUNS):
        for name, count, command in tools:
            cost = cost_of_process(command)
            costs[name].append(Cost(cost.cpu / count * 1e9, cost.wall / count * 1e9))
    ours = median_of(costs["aclbench replay"])
    print(f"  {'':<26}{'cpu ns/packet':>14}{'wall':>8}   aclbench, times as fast: cpu, wall")
    for name, found in costs.items():
        cost = median_of(found)
        times = f"{cost.cpu / ours.cpu:>12.2f}{cost.wall / ours.wall:>8.2f}"
        print(f"  {name:<26}{cost.cpu:>14.0f}{cost.wall:>8.0f}{times}", flush=True)


def _tshark(path: Path) -> list[str]:
    return ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", str(path)]


def shares(path: Path, packets: int) -> None:
    """Where the time of a replay goes: reading, decoding, the session stage, start and end."""
    found: dict[str, list[Figure]] = {}
    for _ in range(RUNS):
        reading = seconds_of(lambda: _read(path))
        decoding = seconds_of(lambda: _frames(path)) - reading
        gc.collect()
        bench = bench_of(path)
        gc.disable()
        session = seconds_of(bench.play) - reading - decoding
        gc.enable()
        process = cost_of_process(command_of(path)).wall
        rest = process - reading - decoding - session
        for name, part in (
            ("reading", reading),
            ("decoding, steering, making frames", decoding),
            ("session stage", session),
            ("starting and ending the process", rest),
        ):
            share = Figure(part / packets * 1e9, f"{100 * part / process:.0f} %")
            found.setdefault(name, []).append(share)
    for name, figures in found.items():
        show(f"  {name}", "ns/packet", figures)


def at_live_sessions(folder: Path, flows: Sequence[int]) -> None:
    """What a packet costs while so many sessions live, what a session takes of memory, and what a
    packet of a whole replay costs, in which these sessions are opened first."""
    paths = {n: opened(folder / f"live-{n}.pcap", n, PACKETS_AT_LIVE) for n in flows}
    most = max(flows)
    path6 = opened(folder / f"live6-{most}.pcap", most, PACKETS_AT_LIVE, is_ip6=True)
    lives = {f"{n:,} sessions": (paths[n], n, ()) for n in flows}
    found = _live({**lives, f"{most:,} sessions, IPv6": (path6, most, ())})
    wholes: dict[int, list[Cost]] = {n: [] for n in flows}
    for _ in range(RUNS):
        for n in flows:
            wholes[n].append(cost_of_process(command_of(paths[n])))
    print(f"{'':<28}{'cpu ns/packet':>14}{'wall':>8}{'B/session':>11}{'whole replay: cpu':>19}")
    whole = {
        name: f"{median_of(wholes[n]).cpu / (PACKETS_AT_LIVE + 3 * n) * 1e9:.0f}"
        for name, n in zip(lives, flows, strict=True)
    }
    for name, (cost, memory) in found.items():
        row = f"{name:<28}{cost.cpu:>14.0f}{cost.wall:>8.0f}{memory:>11.0f}"
        print(f"{row}{whole.get(name, ''):>19}")


def at_live_ways(folder: Path, flows: int) -> None:
    """The same of one number of sessions: more workers, history, real threads."""
    path = opened(folder / f"live-{flows}.pcap", flows, PACKETS_AT_LIVE)
    ways = {
        **{f"{n} worker{'s'[: n != 1]}": ("--workers", str(n)) for n in (1, 4, 16)},
        "1 worker, history": ("--history",),
        "16 workers, history": ("--workers", "16", "--history"),
        **{f"{n} on threads": ("--workers", str(n), "--threads") for n in (1, 2, 4)},
    }
    found = _live({name: (path, flows, options) for name, options in ways.items()})
    print(f"{f'at {flows:,} sessions':<28}{'cpu ns/packet':>14}{'wall':>8}{'B/session':>11}")
    for name, (cost, memory) in found.items():
        print(f"{name:<28}{cost.cpu:>14.0f}{cost.wall:>8.0f}{memory:>11.0f}", flush=True)


def _live(
    runs: Mapping[str, tuple[Path, int, tuple[str, ...]]],
) -> dict[str, tuple[Cost, float]]:
    """Of each run, in turn: nanoseconds a packet and bytes a session, medians."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    memory: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(RUNS):
        for name, (path, flows, options) in runs.items():
            command = [sys.executable, "-m", "benchmarks.live", str(path), str(flows), *options]
            said = subprocess.run(command, check=True, capture_output=True).stdout
            cpu, wall, packets, grown = json.loads(said)
            costs[name].append(Cost(cpu / packets * 1e9, wall / packets * 1e9))
            memory[name].append(grown)
    return {name: (median_of(costs[name]), statistics.median(memory[name])) for name in runs}


def _read(path: Path) -> None:
    with open_capture(path) as reader:
        for _ in reader.batches():
            pass


def _frames(path: Path) -> None:
    feed = bench_of(path).rig.feed
    assert feed is not None
    while feed.next_frame() is not None:
        pass
