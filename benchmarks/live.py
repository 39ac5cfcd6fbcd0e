"""One process that opens the connections of a capture, then measures what comes after them.

    python -m benchmarks.live CAPTURE FLOWS [--workers N] [--history] [--threads]

Prints as JSON seconds of processor and wall, reading and the garbage collector included, for how
many packets they were, and bytes of memory a session.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from benchmarks.captures import bench_of
from benchmarks.measuring import cost_of

WARM_UP_PACKETS = 10_000


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Open, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("flows", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--threads", action="store_true")
    asked = parser.parse_args()
    driver = "threaded" if asked.threads else "stepped"
    # What the first packets load and make once is not the sessions'.
    bench_of(asked.capture, asked.history, asked.workers, driver).play(WARM_UP_PACKETS)
    bench = bench_of(asked.capture, asked.history, asked.workers, driver)
    before = resident_bytes()
    bench.play(3 * asked.flows)
    opened = bench.report()
    assert opened.sessions.live == asked.flows
    grown = resident_bytes() - before
    cost = cost_of(bench.play)
    packets = bench.report().packets.read - opened.packets.read
    print(json.dumps([*cost, packets, grown / asked.flows]))


main()
