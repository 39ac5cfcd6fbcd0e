"""Memory barriers: the cleaner's between `clear_in_process` and `interrupt_is_pending`, the
handler's the other way round. No timing: at a barrier the test plays the other thread.

What the other thread wrote becomes visible there at the latest. So it is written at the barrier,
and must then be seen; and what is to be seen by the other thread must be written by then.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine.bench import T0, Hand, udp_out

from aclbench.engine.steps import CLEAR_ALL


class OtherThread(Hand):
    """A machine at whose barriers the other thread acts: `at_barrier`, if it is set."""

    at_barrier: Callable[[], None] | None = None
    barriers = 0

    def memory_barrier(self) -> None:
        self.barriers += 1
        if self.at_barrier is not None:
            self.at_barrier()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_handler_that_had_not_seen_the_clear_is_interrupted_for_it(workers: int) -> None:
    """It allows interrupts, and passes its barrier before ours: so we must see that it did.

    Else it would be taken for one that will see the clear, and nobody would wake it.
    """
    bench = OtherThread(workers)
    for worker in bench.am.packet_workers:
        worker.interrupt_is_pending = 1
    seen_by_handlers: list[int] = []

    def handlers_allow_interrupts() -> None:
        for worker in bench.am.packet_workers:
            worker.interrupt_is_pending = 0
            seen_by_handlers.append(worker.clear_in_process)

    bench.at_barrier = handlers_allow_interrupts
    bench.cleaner_goes_on(T0, CLEAR_ALL)
    assert bench.barriers == 1
    # Those whose barrier comes behind ours see the clear: it was written for all before.
    assert seen_by_handlers == [1] * len(bench.am.packet_workers)
    assert bench.raised == [worker.thread_index for worker in bench.am.packet_workers]


def test_a_cleaner_that_had_found_the_interrupt_pending_has_its_clear_served() -> None:
    """It sent none, since one is pending; so the handler of that one must see the clear."""
    bench = OtherThread()
    bench.apply(0)
    bench.packet(udp_out(), T0)
    bench.worker.interrupt_is_pending = 1
    found_pending: list[int] = []

    def cleaner_begins_a_clear() -> None:
        found_pending.append(bench.worker.interrupt_is_pending)
        bench.begin_clear(0b10)

    bench.at_barrier = cleaner_begins_a_clear
    bench.serve(T0, check=False)
    assert bench.barriers == 1
    # A cleaner whose barrier comes behind ours sees that an interrupt is allowed: it sends one.
    assert found_pending == [0]
    assert bench.live() == []
    assert bench.worker.clear_in_process == 0
