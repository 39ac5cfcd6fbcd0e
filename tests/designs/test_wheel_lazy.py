"""`wheel-lazy`: packets leave timers alone; one that ends too soon is set again for the rest."""

from __future__ import annotations

import pytest
from designs.aging import drive, seeds
from designs.running import Run, all_ways
from designs.test_wheel import made, the_worker
from engine.bench import ACK, FIN, SEC, SYN, tcp_back, tcp_out, udp_back, udp_out

from aclbench.designs import DESIGNS
from aclbench.designs.wheel import CANCELLED, TICK_NS, timer_end
from aclbench.engine.events import SessionDeleted, SessionRequeued

LAZY = DESIGNS["wheel-lazy"]
_WHEEL = LAZY.numbers.index("wheel")


@pytest.mark.parametrize("run", all_ways(LAZY))
def test_it_runs_every_way(run: Run) -> None:
    assert run()["tcp_transient"] == 1


@pytest.mark.parametrize("later_ms", [1_400, 250_000])
def test_a_timer_that_ends_too_soon_is_set_again_for_the_rest(later_ms: int) -> None:
    """However short the rest is: none goes early."""
    bench = made(design="wheel-lazy")
    bench.send(udp_out())
    bench.advance(later_ms * 1_000_000)
    bench.send(udp_back(), rx=1)
    last = bench.driver.now
    bench.advance(602 * SEC - later_ms * 1_000_000)
    assert len(bench.heard(SessionRequeued)) == 1
    bench.driver.run_until(last + 602 * SEC)
    (deleted,) = bench.heard(SessionDeleted)
    assert 0 <= deleted.time - last - 600 * SEC <= 3 * TICK_NS


@pytest.mark.parametrize("shorter", [True, False])
def test_a_timer_moves_at_once_only_where_the_timeout_became_shorter(shorter: bool) -> None:
    bench = made(design="wheel-lazy")
    bench.send(tcp_out(SYN))
    bench.send(tcp_back(SYN | ACK), rx=1)
    opened = timer_end(the_worker(bench), 0)
    bench.advance(SEC)
    bench.send(tcp_out(ACK))
    assert [s.session_index for s in the_worker(bench).list_sessions(1)] == [0]
    assert timer_end(the_worker(bench), 0) == opened  # a day is longer
    if shorter:
        bench.advance(121 * SEC)  # its timer ended, and was set for a day
        bench.send(tcp_back(FIN | ACK), rx=1)
        left = timer_end(the_worker(bench), 0) - bench.driver.now
        assert 120 * SEC <= left <= 120 * SEC + 2 * TICK_NS
        assert the_worker(bench).numbers[_WHEEL][CANCELLED] == 1


@seeds(4)
@pytest.mark.parametrize("workers", [0, 2])
def test_none_goes_before_its_timeout_and_all_within_the_bound(seed: int, workers: int) -> None:
    """Two ticks late at the most, where the owner saw the class; else a timer of the old one."""
    aged = drive(LAZY, seed, workers)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    of_old_class = aged.longest_timeout if workers else 0
    assert aged.latest <= of_old_class + 2 * TICK_NS + aged.wait
