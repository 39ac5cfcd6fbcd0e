"""Running in slices, for commands that go on for a while: Ctrl-C finds a whole bench."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Final

from aclbench.engine.timeouts import NEVER, NS_PER_SEC
from aclbench.errors import CommandError

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: A slice is at most so many packets, ...
SLICE_PACKETS: Final = 2048
#: ... and unless nothing is due meanwhile, so much virtual time.
SLICE_NS: Final = 600 * NS_PER_SEC
#: The same where real threads run to an event: they are told of it behind the slice.
THREADS_SLICE_NS: Final = NS_PER_SEC // 10
#: Where a face has something else to do in between, a slice should take about this long on the
#: wall, in seconds, whatever is due in it; it begins with so much virtual time.
BREATH_S: Final = 0.02
FIRST_BREATH_NS: Final = NS_PER_SEC // 10


def refuse_running(bench: Workbench) -> None:
    """CommandError: the bench runs just now, on another thread."""
    if bench.driver.is_running:
        raise CommandError("the bench is running; stop it first")


def run_in_slices(
    bench: Workbench,
    until: int,
    ended: Callable[[], bool] | None = None,
    slice_packets: int = SLICE_PACKETS,
) -> bool:
    """Run to a time (`NEVER`: until nothing is due), or until `ended()` says so after a slice.

    True: it arrived. Raises KeyboardInterrupt between two slices.
    """
    to_event_on_threads = bench.is_threaded and ended is not None
    slice_ns = THREADS_SLICE_NS if to_event_on_threads else SLICE_NS
    if bench.breathe is not None:
        slice_ns = min(slice_ns, FIRST_BREATH_NS)
    with bench.heeding_ctrl_c():
        while True:
            due = next_due(bench)
            if until == NEVER and due == NEVER:
                return True
            end = until if due == NEVER else min(until, max(bench.now + slice_ns, due))
            began = perf_counter()
            arrived = bench.run_until(end, slice_packets)
            if bench.breathe is not None:
                if not to_event_on_threads:
                    slice_ns = _of_a_breath(slice_ns, perf_counter() - began)
                bench.breathe()
            if ended is not None and ended():
                return False
            if arrived and bench.now >= until:
                return True


def _of_a_breath(slice_ns: int, took_s: float) -> int:
    """More in the next slice if this one was quick, less if it was slow."""
    if took_s > BREATH_S:
        return max(slice_ns // 2, 1)
    return min(slice_ns * 2, SLICE_NS) if took_s < BREATH_S / 3 else slice_ns


def play_in_slices(
    bench: Workbench,
    ended: Callable[[], bool] | None = None,
    slice_packets: int = SLICE_PACKETS,
) -> None:
    """Run to the last packet of the captures, as `run_in_slices` does; the clock stops there."""
    with bench.heeding_ctrl_c():
        arrived = False
        while not arrived:
            arrived = bench.play(slice_packets)
            if bench.breathe is not None:
                bench.breathe()
            if ended is not None and ended():
                return


def next_due(bench: Workbench) -> int:
    """When the next thing happens, commands of the scenario and of a branch among it."""
    due = bench.driver.next_time()
    history = bench.history
    if history is not None and not history.at_end():
        return min(due, max(bench.now, history.next_input()))
    next_timed = bench.timed[bench.timed_done : bench.timed_done + 1]
    return min(due, *(max(time_ns, bench.now) for time_ns, _ in next_timed), NEVER)
