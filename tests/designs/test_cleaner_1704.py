"""`cleaner-1704`: a process on thread 0 deletes sessions itself, which is right on one thread."""

from __future__ import annotations

import pytest
from designs.aging import TIMEOUTS_S, drive, seeds
from designs.lateness import established
from designs.running import Run, all_ways
from engine.bench import ACK, FIN, SEC, TCP_IDLE, TCP_TRANSIENT, Driven, tcp_back, udp_out

from aclbench.designs import DESIGNS
from aclbench.designs.cleaner_1704 import CLEANER_1704
from aclbench.drivers.driver import CLEANER, CLOCK
from aclbench.engine.events import ClearFinished, ClearStarted, SessionDeleted
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.steps import JUDGE


def made(workers: int = 0) -> Driven:
    bench = Driven(workers, design=DESIGNS["cleaner-1704"])
    bench.apply(0)
    bench.apply(0, is_input=False)
    return bench


@pytest.mark.parametrize("run", all_ways(CLEANER_1704, needs_haste=True))
def test_it_runs_every_way(run: Run) -> None:
    """Turn by turn it does no harm, with workers too."""
    found = run()
    assert (found["udp_idle"], found["tcp_transient"]) == (0, 1)


def test_no_interrupt_is_sent() -> None:
    bench = made(workers=2)
    bench.send(udp_out())
    bench.advance(700 * SEC)
    assert bench.am.live_sessions() == 0
    assert bench.am.cleaner.cnt_interrupts_sent == 0
    assert all(worker.cnt_interrupts_served == 0 for worker in bench.am.workers)


def test_a_fin_on_another_thread_relinks_the_session() -> None:
    """Nothing is owned; so it is gone one timeout later, and a round."""
    bench = established("cleaner-1704", workers=2)
    owner = next(worker for worker in bench.am.workers if worker.live_sessions)
    bench.advance(1000 * SEC)
    bench.send(tcp_back(FIN | ACK), rx=1)
    assert (owner.conn_list_length[TCP_IDLE], owner.conn_list_length[TCP_TRANSIENT]) == (0, 1)
    bench.advance(200 * SEC)
    (deleted,) = bench.heard(SessionDeleted)
    assert deleted.idle == 120.5 * SEC


def test_a_round_takes_two_quanta_and_the_interval_is_halved_where_more_than_one_went() -> None:
    bench = made()
    for port in range(450):
        bench.send(udp_out(1000 + port))
    bench.advance(600 * SEC)
    intervals = [bench.am.cleaner.wait_interval]
    left = [450]
    while bench.am.live_sessions():
        bench.advance(SEC // 1000)
        if bench.am.live_sessions() != left[-1]:
            left.append(bench.am.live_sessions())
            intervals.append(bench.am.cleaner.wait_interval)
    assert left == [450, 250, 50, 0]
    assert intervals == [SEC // 2, SEC // 4, SEC // 8, SEC // 8]


def test_a_clear_walks_the_pool() -> None:
    """A quantum, then 100 us for the others; what else there is stays where it is."""
    bench = Driven(2, interfaces=3, design=DESIGNS["cleaner-1704"])
    bench.apply(0)
    bench.apply(2)
    for port in range(250):
        bench.send(udp_out(1000 + port))
    bench.send(udp_out(7), rx=2)
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    bench.advance(SEC)
    (started,), (finished,) = bench.heard(ClearStarted), bench.heard(ClearFinished)
    assert finished.time - started.time == 2 * SEC // 10_000
    deleted = bench.heard(SessionDeleted)
    assert len(deleted) == 250
    assert all(event.cleared for event in deleted)
    assert bench.am.live_sessions() == 1


def race() -> Driven:
    """The process has a session in hand; then another thread's FIN changes its class."""
    bench = established("cleaner-1704", workers=2)
    bench.machine.set_session_timeout(TCP_IDLE, 10)
    bench.driver.run_until(bench.driver.now + 10 * SEC)
    while bench.driver.upcoming(CLEANER) != JUDGE.label:
        bench.driver.step(CLEANER if CLEANER in bench.driver.ready_actors() else CLOCK)
    bench.queue(tcp_back(FIN | ACK), rx=1)
    poster = next(a for a in bench.driver.choices() if a not in (CLEANER, CLOCK))
    while bench.driver.upcoming(poster) != "write flags":
        bench.driver.step(poster)
    bench.driver.step(poster)
    while bench.driver.upcoming(CLEANER) == JUDGE.label:
        bench.driver.step(CLEANER)
    return bench


def test_with_workers_it_races_with_their_packets() -> None:
    """The session is unlinked twice and linked twice."""
    with pytest.raises(InvariantError, match="tcp_idle: length -1, not 0") as raised:
        check_invariants(race().am, at_rest=False)
    assert "tcp_transient: length 2, not 1" in str(raised.value)


def test_the_same_choices_break_the_same() -> None:
    told = [race().events for _ in range(2)]
    assert told[0] == told[1]


@seeds(3)
def test_no_session_goes_early_and_none_a_timeout_late(seed: int) -> None:
    """On one thread."""
    aged = drive(CLEANER_1704, seed, workers=0)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    for latest, timeout_s in zip(aged.latest_by_class, TIMEOUTS_S, strict=True):
        assert latest < timeout_s * SEC + 2 * aged.wait
