"""`rings`: who changes the class of another thread's session posts it to its owner."""

from __future__ import annotations

import pytest
from designs.aging import TIMEOUTS_S, drive, seeds
from designs.lateness import established
from designs.running import SET_UP, Run, all_ways
from engine.bench import ACK, FIN, SEC, SYN, TCP_IDLE, TCP_TRANSIENT, Driven, tcp_back, tcp_out

from aclbench import Workbench
from aclbench.designs.rings import RING_ENTRIES, RINGS, TAKE_POST, ring_lengths
from aclbench.drivers.stepping import Order
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.packet import parse_ethernet
from aclbench.engine.steps import CLEAR_DONE
from aclbench.engine.worker import Worker

_FULL, _FOUND = (RINGS.numbers.index(name) for name in ("ring full", "posts relinked, gone"))


def owner_of(bench: Driven) -> Worker:
    return next(worker for worker in bench.am.workers if worker.live_sessions)


def relinked_and_gone(worker: Worker) -> tuple[int, int]:
    relinked, gone = worker.numbers[_FOUND]
    return relinked, gone


def step_to(bench: Driven, actor: int, label: str) -> None:
    """Have one thread take steps until it has taken that one."""
    for _ in range(100):
        if bench.step(actor) == label:
            return
    raise AssertionError(f"no step {label}")


@pytest.mark.parametrize("run", all_ways(RINGS))
def test_it_runs_every_way(run: Run) -> None:
    assert run()["tcp_transient"] == 1


def test_a_post_interrupts_the_owner_at_once() -> None:
    """It is on its new list before the next packet comes."""
    bench = established("rings", 2)
    owner = owner_of(bench)
    bench.send(tcp_back(FIN | ACK), rx=1)
    assert (owner.conn_list_length[TCP_IDLE], owner.conn_list_length[TCP_TRANSIENT]) == (0, 1)
    assert sum(worker.cnt_interrupts_sent for worker in bench.am.workers) == 1


def test_only_the_session_that_was_posted_is_relinked() -> None:
    """A slot whose session has gone, or that has another by then, is left alone and counted."""
    bench = established("rings", 2)
    owner, sessions, now = owner_of(bench), bench.machine.sessions, bench.driver.now
    session = owner.pool.session(0)
    bench.queue(tcp_back(FIN | ACK), rx=1)
    poster = 3 - owner.thread_index
    step_to(bench, poster, "write flags")
    sessions.post(owner, poster, session)
    assert ring_lengths(owner)[poster] == 2
    sessions.conn_list_delete_session(owner, session, now)
    sessions.delete_session(owner, session, now)
    owner.cnt_deleted_sessions += 1
    sessions.take_post(owner, poster, now)
    packet = parse_ethernet(tcp_out(SYN, sport=7))
    sessions.add_session(owner, bench.pg[0], packet.key, True, packet.info, 0, now)
    assert owner.pool.session(0).key == packet.key
    owner.pool.session(0).tcp_flags_seen_in |= ACK
    owner.pool.session(0).tcp_flags_seen_out |= SYN | ACK  # of another class than its list
    sessions.take_post(owner, poster, now)
    assert relinked_and_gone(owner) == (0, 2)
    assert owner.pool.session(0).link_list_id == TCP_TRANSIENT


def test_a_full_ring_is_counted_and_left_to_the_recheck() -> None:
    bench = established("rings", 2)
    owner, session = owner_of(bench), owner_of(bench).pool.session(0)
    poster = 3 - owner.thread_index
    sessions = bench.machine.sessions
    for _ in range(RING_ENTRIES + 3):
        assert not sessions.restart_timer_for_session(
            bench.am.workers[poster], session, TCP_TRANSIENT, bench.driver.now
        )
    assert ring_lengths(owner)[poster] == RING_ENTRIES
    assert owner.numbers[_FULL][poster] == 3
    bench.driver.settle()
    assert ring_lengths(owner)[poster] == 0
    check_invariants(bench.am)


def test_rings_are_left_while_a_sweep_is_on() -> None:
    """A class that changes during a sweep is posted, by the owner too, and taken behind it."""
    bench = established("rings", 2)
    for port in range(150):  # more than a quantum
        bench.send(tcp_out(SYN, sport=2000 + port))
    owner = owner_of(bench)
    bench.apply(1)
    bench.machine.set_interface_acls(bench.pg[1], True, ())  # clears pg1, which has none of them
    bench.machine.set_interface_acls(bench.pg[1], True, (0,))
    owner.serviced_sw_if_index_bitmap |= 1 << bench.pg[1].sw_if_index
    while not owner.swipe_end_time:
        bench.driver.step()
    before = relinked_and_gone(owner)
    sessions = bench.machine.sessions
    session = owner.pool.session(0)
    session.tcp_flags_seen_in |= FIN
    posters = [bench.am.workers[3 - owner.thread_index], owner]
    for poster in posters:
        sessions.restart_timer_for_session(poster, session, TCP_TRANSIENT, bench.driver.now)
    taken = []
    while owner.clear_in_process:
        step = bench.driver.step()
        assert step is not None
        taken.append(step.step)
    assert TAKE_POST.label not in taken
    assert taken[-1] == CLEAR_DONE.label
    assert sum(ring_lengths(owner)) == 2
    bench.driver.settle()
    assert not any(ring_lengths(owner))
    # The sweep may have put it on its new list already.
    assert relinked_and_gone(owner)[1] == before[1]
    assert session.link_list_id == TCP_TRANSIENT


def test_entries_that_nobody_takes_are_found_out() -> None:
    bench = established("rings", 2)
    owner = owner_of(bench)
    bench.machine.sessions.post(owner, 3 - owner.thread_index, owner.pool.session(0))
    with pytest.raises(InvariantError, match="at rest with 1 entries"):
        bench.advance(SEC // 10)


@pytest.mark.parametrize("order", ["fair", "random"])
@pytest.mark.parametrize("workers", [0, 2])
@seeds(2)
def test_no_session_goes_early_and_none_a_timeout_late(
    seed: int, workers: int, order: Order
) -> None:
    """Beside the cleaner's waits, one before each of two looks."""
    aged = drive(RINGS, seed, workers, order)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    for latest, timeout_s in zip(aged.latest_by_class, TIMEOUTS_S, strict=True):
        assert latest < timeout_s * SEC + 2 * aged.wait


def test_posts_are_told_and_shown() -> None:
    bench = Workbench(2, design=RINGS)
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.send("pg0", [tcp_out(SYN)])
    bench.send("pg1", [tcp_back(SYN | ACK)])
    bench.send("pg0", [tcp_out(ACK)])
    bench.send("pg1", [tcp_back(FIN | ACK)])
    assert "tcp_idle > tcp_transient, owned by thread 1: posted to it" in bench.cli(
        "story session 1/0"
    ).replace("\n       ", "")
    assert "rings: 0 wait, 1 relinked, 0 gone, 0 found it full" in bench.cli(
        "show acl-plugin sessions"
    )


def test_posts_are_told_of() -> None:
    """By whom a class was changed, that it was posted, and where the owner put the session."""
    bench = Workbench(2, design="rings")
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    for side, packet in (
        ("pg0", tcp_out(SYN)),
        ("pg1", tcp_back(SYN | ACK)),
        ("pg0", tcp_out(ACK)),
        ("pg1", tcp_back(FIN | ACK)),
    ):
        bench.send(side, [packet])
    told = " ".join(bench.cli("story session 1/0").split())
    posted = "session 0 of thread 1: tcp_idle > tcp_transient, owned by thread 1: posted to it"
    assert posted in told
    taken = "thread 1 design: session 0: post taken: put at the tail of tcp_transient"
    assert told.index(posted) < told.index(taken)
