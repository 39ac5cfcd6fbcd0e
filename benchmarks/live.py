"""One process that opens the connections of a capture, then times what comes after them.

    python -m benchmarks.live CAPTURE FLOWS

Prints nanoseconds a packet, reading and the garbage collector included, and bytes a session.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks.captures import bench_of
from benchmarks.measuring import seconds_of


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Open, then time."""
    flows = int(sys.argv[2])
    bench = bench_of(Path(sys.argv[1]))
    before = resident_bytes()
    bench.play(3 * flows)
    opened = bench.report()
    assert opened.sessions.live == flows
    grown = resident_bytes() - before
    elapsed = seconds_of(bench.play)
    packets = bench.report().packets.read - opened.packets.read
    figures = {"ns_a_packet": elapsed / packets * 1e9, "bytes_a_session": grown / flows}
    print(json.dumps(figures))


main()
