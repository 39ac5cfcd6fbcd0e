"""`serviced-refresh`: a serviced bit goes with the last session, once it is asked about."""

from __future__ import annotations

import pytest
from designs.aging import TIMEOUTS_S, drive, seeds
from designs.running import SET_UP, Run, all_ways
from engine.bench import SEC, Driven, udp_out

from aclbench import Workbench
from aclbench.designs import DESIGNS
from aclbench.designs.serviced_refresh import SERVICED_REFRESH, refresh_bitmap
from aclbench.engine.events import SessionRequeued, SweepStarted
from aclbench.engine.invariants import InvariantError
from aclbench.engine.worker import Worker

OLD, NEW = 1, 2
SESSIONS = 150


def moved(design: str, is_kept: bool = False) -> Driven:
    """Sessions of pg0 on thread 1, and others of pg2; then pg0 goes to thread 2.

    `is_kept`: those of pg0 are still there, else they have expired.
    """
    bench = Driven(2, interfaces=3, design=DESIGNS[design])
    bench.machine.set_session_timeout(0, 10)
    bench.apply(0)
    bench.apply(2)
    bench.send(udp_out())
    bench.advance((5 if is_kept else 25) * SEC)
    for port in range(SESSIONS):
        bench.send(udp_out(2000 + port), rx=2)
    bench.machine.place_interface(bench.pg[0], NEW)
    return bench


def old_worker(bench: Driven) -> Worker:
    return bench.am.workers[OLD]


def services(worker: Worker, bench: Driven, interface: int) -> bool:
    return bool(worker.serviced_sw_if_index_bitmap >> bench.pg[interface].sw_if_index & 1)


@pytest.mark.parametrize("run", all_ways(SERVICED_REFRESH, needs_haste=True))
def test_it_runs_every_way(run: Run) -> None:
    assert run()["tcp_transient"] == 1


@pytest.mark.parametrize(("design", "requeued"), [("fifo-2017", SESSIONS), ("serviced-refresh", 0)])
def test_a_clear_does_not_concern_a_worker_without_sessions(design: str, requeued: int) -> None:
    """In 2017 it walks all its lists, for the sake of a session that has long gone."""
    bench = moved(design)
    del bench.events[:]
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    bench.advance(SEC)
    (started,) = [event for event in bench.heard(SweepStarted) if event.thread_index == OLD]
    assert (started.bitmap != 0) == (design == "fifo-2017")
    assert len(bench.heard(SessionRequeued)) == requeued


def test_a_bit_stays_as_long_as_there_is_a_session() -> None:
    """Though packets go elsewhere; and is cleared in the interrupt after the last one's end."""
    bench = moved("serviced-refresh", is_kept=True)
    bench.advance(3 * SEC)
    worker = old_worker(bench)
    assert services(worker, bench, 0)
    assert refresh_bitmap(worker) >> bench.pg[0].sw_if_index & 1
    bench.advance(4 * SEC)
    assert not services(worker, bench, 0)
    assert services(worker, bench, 2)
    assert refresh_bitmap(worker) == 1 << bench.pg[2].sw_if_index
    assert worker.live_sessions == SESSIONS


def test_nobody_asks_where_an_interface_stays() -> None:
    bench = moved("serviced-refresh")
    bench.machine.place_interface(bench.pg[0], NEW)
    assert refresh_bitmap(bench.am.workers[NEW]) == 0
    bench.machine.place_by_flow(False)
    assert refresh_bitmap(bench.am.workers[NEW]) == 0


def test_choosing_threads_by_flow_asks_all_workers() -> None:
    bench = moved("serviced-refresh")
    bench.machine.place_by_flow(True)
    assert refresh_bitmap(old_worker(bench)) == old_worker(bench).serviced_sw_if_index_bitmap


def test_a_cleared_interface_is_serviced_no_more() -> None:
    """So a second clear of it is done at once."""
    bench = moved("serviced-refresh")
    bench.machine.set_interface_acls(bench.pg[2], True, ())
    bench.advance(SEC)
    assert not services(old_worker(bench), bench, 2)
    assert refresh_bitmap(old_worker(bench)) == 0


def test_it_is_asked_at_the_prompt_and_shown_there() -> None:
    bench = Workbench(2, design=SERVICED_REFRESH)
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.send("pg0", [udp_out()])
    bench.advance("0.2")
    bench.cli("set interface rx-placement pg0 worker 1")
    assert "refresh: bitmap 0x2; bits cleared: 0" in bench.cli("show acl-plugin sessions")
    bench.advance(3)
    assert "refresh: bitmap 0x0; bits cleared: 1" in bench.cli("show acl-plugin sessions")
    bench.check_invariants()


def test_a_question_about_what_is_not_serviced_is_found_out() -> None:
    bench = moved("serviced-refresh")
    worker = bench.am.workers[NEW]
    worker.numbers[0][0] = 1 << bench.pg[1].sw_if_index
    with pytest.raises(InvariantError, match="thread 2: asked to refresh 0x4, services 0x0"):
        bench.advance(0)


@seeds(3)
def test_no_session_goes_early_and_none_a_shortest_timeout_late(seed: int) -> None:
    aged = drive(SERVICED_REFRESH, seed, workers=2)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    assert aged.latest < min(TIMEOUTS_S) * SEC + 2 * aged.wait
