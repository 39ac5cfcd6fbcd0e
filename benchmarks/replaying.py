"""What a replay costs: the whole process, its parts, beside other tools, at many live sessions."""

from __future__ import annotations

import gc
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aclbench.capture.reader import open_capture
from benchmarks.captures import INSIDE, bench_of, fast, opened
from benchmarks.measuring import RUNS, Figure, seconds_of, show

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


def command_of(path: Path) -> list[str]:
    """The command that replays a capture."""
    return [sys.executable, "-m", "aclbench", "replay", *inside_options(), str(path)]


def against_others(path: Path, packets: int, folder: Path) -> None:
    """Each tool that there is, in turn, several times; and how many times as fast we are."""
    few = fast(folder / "few.pcap", SCAPY_PACKETS, SCAPY_PACKETS // 10)
    tools: list[tuple[str, int, list[str]]] = [("aclbench replay", packets, command_of(path))]
    if shutil.which("softflowd"):
        # All flows are tracked, IPv6 too; the collector's port is one where nobody listens.
        flows = ("-6", "-v", "9", "-m", str(packets), "-n", "127.0.0.1:9995", "-d")
        tools.append(("softflowd", packets, ["softflowd", *flows, "-r", str(path)]))
    if shutil.which("tshark"):
        tools.append(("tshark -z conv,tcp", packets, _tshark(path)))
    tools.append(("scapy", SCAPY_PACKETS, [sys.executable, "-c", _SCAPY, str(few)]))
    figures: dict[str, list[Figure]] = {name: [] for name, _, _ in tools}
    for _ in range(RUNS):
        for name, count, command in tools:
            figures[name].append(Figure(count / seconds_of(lambda c=command: _quietly(c))))
    ours = statistics.median(figure.value for figure in figures[tools[0][0]])
    for name, found in figures.items():
        median = statistics.median(figure.value for figure in found)
        if name != tools[0][0]:
            found[-1] = Figure(found[-1].value, f"aclbench: {ours / median:.2f} times that")
        show(f"  {name}", "packets/s", found)


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
        process = seconds_of(lambda: _quietly(command_of(path)))
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
    """What a packet costs while so many sessions live, and what a session takes of memory."""
    paths = [opened(folder / f"live-{n}.pcap", n, PACKETS_AT_LIVE) for n in flows]
    costs: dict[int, list[float]] = {n: [] for n in flows}
    memory: dict[int, float] = {}
    for _ in range(RUNS):
        for n, path in zip(flows, paths, strict=True):
            command = [sys.executable, "-m", "benchmarks.live", str(path), str(n)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            costs[n].append(found["ns_a_packet"])
            memory[n] = found["bytes_a_session"]
    for n in flows:
        ratio = statistics.median(costs[n]) / statistics.median(costs[flows[0]])
        said = f"{ratio:.2f} times that at {flows[0]:,}"
        figures = [Figure(cost, said) for cost in costs[n]]
        show(f"a packet at {n:,} live sessions", "ns", figures)
    show(f"memory at {flows[-1]:,} live sessions", "B/session", [Figure(memory[flows[-1]])])


def _read(path: Path) -> None:
    with open_capture(path) as reader:
        for _ in reader.batches():
            pass


def _frames(path: Path) -> None:
    feed = bench_of(path).rig.feed
    assert feed is not None
    while feed.next_frame() is not None:
        pass


def _quietly(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
