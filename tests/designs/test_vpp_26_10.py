"""`vpp-26.10`: lists at half their own timeout, requests to owners, purgatory."""

from __future__ import annotations

import pytest
from designs.aging import TIMEOUTS_S, drive, seeds
from designs.running import SET_UP, Run, all_ways
from engine.bench import ACK, FIN, SEC, SYN, Driven, tcp_back, tcp_out, udp_back, udp_out

from aclbench import Workbench
from aclbench.designs import DESIGNS
from aclbench.designs.two_stage import PURGATORY
from aclbench.designs.vpp_26_10 import SERVING_NS
from aclbench.drivers.driver import CLEANER
from aclbench.drivers.stepping import Order
from aclbench.engine.events import SessionDeleted, SessionRequeued
from aclbench.engine.timeouts import WAIT_INTERVAL_MAX_NS
from aclbench.engine.worker import Worker

VPP_26_10 = DESIGNS["vpp-26.10"]
POSTED, POSTS = (VPP_26_10.numbers.index(name) for name in ("posted", "posts"))
HALF_S = WAIT_INTERVAL_MAX_NS / SEC


def made(workers: int = 0) -> Driven:
    bench = Driven(workers, design=VPP_26_10)
    bench.apply(0)
    bench.apply(0, is_input=False)
    bench.advance(SEC // 100)  # the clears of that are done
    return bench


def opened(workers: int) -> tuple[Driven, Worker, int]:
    """A connection that is established by its third packet; its owner; when it began."""
    bench = made(workers)
    begin = bench.driver.now
    bench.send(tcp_out(SYN))
    bench.send(tcp_back(SYN | ACK), rx=1)
    bench.advance(1)  # or it would be of the frame of the first
    bench.send(tcp_out(ACK))
    return bench, bench.am.packet_workers[0], begin


def gone_after(bench: Driven, begin: int) -> float:
    """Seconds from `begin` to the only deletion there was."""
    (deleted,) = bench.heard(SessionDeleted)
    return (deleted.time - begin) / SEC


@pytest.mark.parametrize("run", all_ways(VPP_26_10))
def test_it_runs_every_way(run: Run) -> None:
    assert run()["tcp_transient"] == 1


@pytest.mark.parametrize("run", all_ways(VPP_26_10, needs_haste=True))
def test_the_interval_never_adapts(run: Run) -> None:
    """Workers interrupt themselves: they neither need nor refuse interrupts."""
    found = run()
    assert found["wait changes"] == 0
    assert found["udp_idle"] == 0


@seeds(3)
@pytest.mark.parametrize(("workers", "order"), [(0, "fair"), (2, "fair"), (2, "random")])
def test_none_goes_before_its_timeout_and_all_within_half_of_it(
    seed: int, workers: int, order: Order
) -> None:
    aged = drive(VPP_26_10, seed, workers, order)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    for seconds, latest in zip(TIMEOUTS_S, aged.latest_by_class, strict=True):
        assert latest <= seconds * SEC // 2 + aged.wait + SERVING_NS + 1


# --- when a session is looked at -----------------------------------------------------------------


def test_a_session_goes_at_the_second_look() -> None:
    """Looked at after half its timeout, appended again, and deleted after the other half."""
    bench = made()
    begin = bench.driver.now
    bench.send(udp_out())
    bench.advance(602 * SEC)
    assert [int((e.time - begin) / SEC) for e in bench.heard(SessionRequeued)] == [300]
    assert 600 <= gone_after(bench, begin) <= 600 + 2 * HALF_S + 0.01


def test_a_packet_just_ahead_of_the_second_look_costs_half_a_timeout() -> None:
    """The look comes too early then, and the next one is half a timeout later."""
    bench = made()
    begin = bench.driver.now
    bench.send(udp_out())
    bench.advance(2 * SEC)
    bench.send(udp_back(), rx=1)
    bench.advance(1000 * SEC)
    assert 900 < gone_after(bench, begin) < 902


@pytest.mark.parametrize("owner_acks", [False, True])
def test_a_fin_of_another_thread_has_its_effect_at_once(owner_acks: bool) -> None:
    """The session is posted to its owner, which relinks it: it goes within a transient timeout."""
    bench, owner, begin = opened(2)
    bench.advance(1000 * SEC)
    assert not bench.am.workers[2].numbers[POSTS][0]
    bench.send(tcp_back(FIN | ACK), rx=1)
    assert bench.am.workers[2].numbers[POSTS] == [1]
    assert [s.session_index for s in owner.list_sessions(2)] == [0]
    if owner_acks:
        bench.advance(6 * SEC // 10)
        bench.send(tcp_out(ACK))
    bench.advance(200 * SEC)
    assert gone_after(bench, begin) == pytest.approx(1121, abs=1)


def test_a_slot_that_was_freed_since_it_was_posted_is_let_be() -> None:
    bench, owner, _ = opened(2)
    sessions, session = bench.machine.sessions, owner.pool.session(0)
    sessions.conn_list_delete_session(owner, session, bench.driver.now)
    sessions.delete_session(owner, session, bench.driver.now)
    owner.cnt_deleted_sessions += 1
    owner.numbers[POSTED] += [0, 0]  # it rests: then its rest begins anew
    bench.driver.raise_interrupt(owner.thread_index)
    bench.advance(0)
    assert bench.am.places[0].slots(owner) == (0,)
    bench.advance(SEC)
    assert not bench.am.live_sessions()
    owner.numbers[POSTED] += [0]
    bench.driver.raise_interrupt(owner.thread_index)
    bench.advance(SEC)
    assert not bench.am.live_sessions()


# --- the look-ahead ------------------------------------------------------------------------------


def test_a_frame_is_the_same_however_it_is_come_to() -> None:
    """Two sessions under one key: going back to the middle of the frame, on from there."""
    bench = Workbench(1, design="vpp-26.10")
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.advance("0.01")
    bench.send("pg0", [tcp_out(ACK), tcp_out(ACK | 8), tcp_out(ACK | 8)])
    bench.advance("0.1")
    for packet, sessions in ((2, 2), (1, 1), (3, 2)):
        bench.goto_packet(packet)
        assert bench.report().by_class["tcp_transient"] == sessions
    told = bench.cli("explain 2")
    assert "miss" in told
    assert "hit" not in told
    assert "makes session 1" in told


def test_acls_are_taken_off_ahead_of_a_look_up() -> None:
    """A packet is on its way to the look-up: no rule matches."""
    bench = made(1)
    bench.queue(tcp_out(SYN))
    bench.step_until(1, "look up")
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    while bench.driver.in_packet(1):
        bench.step(1)
    assert bench.verdicts()[-1].tx == -1


# --- purgatory -----------------------------------------------------------------------------------


def test_a_deleted_session_rests_and_its_slot_is_free_then() -> None:
    """No packet finds it; its slot goes to no other session meanwhile."""
    bench = made()
    worker = bench.am.workers[0]
    bench.machine.set_session_timeout(0, 1)
    bench.send(udp_out())
    while not bench.heard(SessionDeleted):
        bench.step()
    session = worker.pool.session(0)
    assert session.link_list_id == PURGATORY
    assert bench.am.places[0].slots(worker) == (0,)
    assert bench.am.live_sessions() == 1
    assert bench.send(udp_out()).checks[0].session is not None
    assert [s.session_index for s in worker.list_sessions(0)] == [1]
    bench.advance(SEC // 100)
    assert worker.pool.free_indices == [0]


def test_when_it_is_looked_at_and_what_waits_is_shown() -> None:
    bench = Workbench(workers=2, design="vpp-26.10")
    assert "recheck period: 300 s (half the timeout" in " ".join(
        bench.cli("story list 1 udp_idle").split()
    )
    assert "requests: 0 wait, 0 served; 0 posted to others" in bench.cli("show acl-plugin sessions")


def test_requests_are_told_of() -> None:
    bench = Workbench(2, design="vpp-26.10")
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.advance("0.01")
    bench.send("pg0", [tcp_out(SYN)])
    bench.send("pg1", [tcp_back(SYN | ACK)])
    bench.advance("0.01")
    bench.send("pg0", [tcp_out(ACK)])
    bench.send("pg1", [tcp_back(FIN | ACK)])
    told = " ".join(bench.cli("story session 1/0").split())
    assert "request served: put at the tail of tcp_transient" in told


def test_purgatory_is_shown() -> None:
    bench = Workbench(design="vpp-26.10")
    assert "purgatory: 0 sessions" in bench.cli("show acl-plugin sessions")
    assert "place of sessions: purgatory" in bench.cli("show design")


# --- the cleaner ---------------------------------------------------------------------------------


def test_rounds_go_on_while_an_acl_is_applied() -> None:
    """Also where there is no session; and with none applied, and none there, they end."""
    bench = made()
    cleaner = bench.am.cleaner
    bench.advance(SEC)
    before = cleaner.cnt_event_cycles
    bench.advance(10 * SEC)
    assert cleaner.cnt_event_cycles - before in (19, 20)
    for is_input in (True, False):
        bench.machine.set_interface_acls(bench.pg[0], is_input, ())
    bench.advance(SEC)
    before = cleaner.cnt_event_cycles
    bench.advance(10 * SEC)
    assert cleaner.cnt_event_cycles == before
    assert bench.driver.upcoming(CLEANER) == "wait for event"


def test_a_deleted_interface_keeps_its_index_until_its_last_session_is_gone() -> None:
    """A clear leaves sessions, which have the index of the interface."""
    bench = made()
    bench.machine.set_session_timeout(0, 2)
    for port in range(300):
        bench.queue(udp_out(port))
    bench.driver.settle()
    index = bench.pg[0].sw_if_index
    bench.machine.delete_interface(index)
    bench.advance(SEC // 4)
    assert bench.am.live_sessions() > 0
    assert bench.machine.create_interface("next").sw_if_index != index
    bench.advance(5 * SEC)
    assert not bench.am.live_sessions()
    assert bench.machine.create_interface("last").sw_if_index == index
