"""What a packet, a session, a requeue and a step back cost: `make bench`.

    python -m benchmarks [replay] [live] [aging] [past] [threads] [slices]

Timings are never tests: they depend on the machine and on what else it does. So each figure is the
median of several runs, with its spread, and what is compared runs in turn.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from aclbench import compiled
from benchmarks.aging import a_day, requeues
from benchmarks.captures import fast, mixed, spread
from benchmarks.measuring import measure
from benchmarks.past import speed_kept, step_back
from benchmarks.replaying import against_others, at_live_sessions, at_live_ways, shares
from benchmarks.slices import longest_slices
from benchmarks.threads import against_stepped

PACKETS, FLOWS = 1_000_000, 100_000


def replay(folder: Path) -> None:
    """Captures of a million packets, file to summary, one worker."""
    path = spread(folder / "spread.pcap", PACKETS, FLOWS)
    print(f"replay of {PACKETS:,} packets, {FLOWS:,} flows, addresses spread, inside guessed")
    against_others(path, PACKETS, folder, guessed=True)
    shares(path, PACKETS)
    path = fast(folder / "fast.pcap", PACKETS, FLOWS)
    print(f"replay of {PACKETS:,} packets, {FLOWS:,} flows at random, established, IPv4")
    against_others(path, PACKETS, folder)
    shares(path, PACKETS)
    path = mixed(folder / "mixed.pcap", PACKETS, FLOWS)
    print(f"replay of {PACKETS:,} packets, {FLOWS:,} flows that come, age and go, mixed")
    against_others(path, PACKETS, folder)
    shares(path, PACKETS)


def live(folder: Path) -> None:
    """Packets while many sessions live."""
    at_live_sessions(folder, (1000, 10_000, 100_000, 1_000_000))
    at_live_ways(folder, FLOWS)


def aging(folder: Path) -> None:
    """No packets at all."""
    measure("a day, 1,000 established sessions", "s", partial(a_day, folder))
    measure("requeues", "/s", partial(requeues, folder))


def past(folder: Path) -> None:
    """History."""
    large = fast(folder / "large.pcap", PACKETS, FLOWS)
    small = fast(folder / "small.pcap", PACKETS // 10, FLOWS // 10)
    measure(f"speed kept with history, {PACKETS:,} packets", "%", speed_kept(large))
    measure(f"a step back, {PACKETS // 10:,} packets", "ms", step_back(small))
    measure(f"a step back, {PACKETS:,} packets", "ms", step_back(large))


def threads(folder: Path) -> None:
    """Real threads beside virtual time; make the capture smaller where nothing is compiled."""
    packets = PACKETS if compiled.form() == "compiled" else PACKETS // 4
    path = fast(folder / "fast.pcap", packets, packets // 10)
    against_stepped(path, packets, "flows at random", (1, 2, 4))
    path = mixed(folder / "mixed.pcap", packets, packets // 10)
    against_stepped(path, packets, "flows that come and go", (1, 2, 4))


def slices(folder: Path) -> None:
    """How long questions about a large run keep the screen."""
    longest_slices(mixed(folder / "mixed.pcap", PACKETS, FLOWS), PACKETS)


PARTS: dict[str, Callable[[Path], None]] = {
    "replay": replay,
    "live": live,
    "aging": aging,
    "past": past,
    "threads": threads,
    "slices": slices,
}


def main() -> None:
    """Those that are named, or all."""
    unknown = set(sys.argv[1:]) - set(PARTS)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    print(
        f"{date.today()}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, aclbench {compiled.form()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or PARTS:
            PARTS[name](Path(folder))


main()
