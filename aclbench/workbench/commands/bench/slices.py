"""Going on for a while, up to a time or to what somebody waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.engine.timeouts import NEVER, NS_PER_SEC
from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.tasks import Slices

#: Packets between two looks at what was waited for.
LOOK_PACKETS: Final = 2048
#: Unless nothing is due meanwhile, so much virtual time between two looks, ...
LOOK_NS: Final = 600 * NS_PER_SEC
#: ... and on real threads, where listeners are told behind each stretch.
THREADS_LOOK_NS: Final = NS_PER_SEC // 10


def refuse_running(bench: Bench) -> None:
    """CommandError: the bench runs just now, on another thread."""
    if bench.rig.is_running:
        raise CommandError("the bench is running; stop it first")


def run_until(bench: Bench, until: int) -> Slices[None]:
    """Run to a time; `NEVER`: until nothing is due."""
    yield from run_until_seen(bench, until, lambda: False)


def run_until_seen(bench: Bench, until: int, seen: Callable[[], bool]) -> Slices[None]:
    """Run to a time (`NEVER`: until nothing is due), or until something was seen."""
    look_ns = THREADS_LOOK_NS if bench.is_threaded else LOOK_NS
    while True:
        due = bench.next_time()
        if until == NEVER and due == NEVER:
            return
        end = until if due == NEVER else min(until, max(bench.now + look_ns, due))
        arrived = yield from bench.transport.running(end, LOOK_PACKETS)
        if seen() or (arrived and bench.now >= until):
            return
        yield None  # a stretch may be over before it was looked at


def play_until_seen(
    bench: Bench, seen: Callable[[], bool], look_packets: int = LOOK_PACKETS
) -> Slices[None]:
    """Run to the last packet of the captures, or until something was seen."""
    arrived = False
    while not arrived and not seen():
        arrived = yield from bench.transport.playing(look_packets)
        yield None  # likewise
