"""`two-stage`: a deleted session rests in purgatory, and its slot is free 10 us later."""

from __future__ import annotations

import pytest
from designs.aging import TIMEOUTS_S, drive, seeds
from designs.running import SET_UP, Run, all_ways
from engine.bench import ACK, SEC, SYN, TCP_TRANSIENT, Driven, tcp_back, tcp_out, udp_out

from aclbench import Workbench
from aclbench.designs import DESIGNS
from aclbench.designs.two_stage import FREE_SLOT, PURGATORY_NS, TWO_STAGE, resting
from aclbench.drivers.driver import CLOCK
from aclbench.drivers.stepping import Order
from aclbench.engine.events import SessionDeleted, SessionRecycled
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.reasons import KIND_MASK, NEW_SESSION, TOO_MANY_SESSIONS
from aclbench.engine.worker import Worker
from aclbench.workbench.tasks import finish


def made(design: str = "two-stage", workers: int = 0) -> Driven:
    bench = Driven(workers, design=DESIGNS[design])
    bench.apply(0)
    bench.apply(0, is_input=False)
    return bench


def the_worker(bench: Driven) -> Worker:
    return bench.am.packet_workers[0]


@pytest.mark.parametrize("run", all_ways(TWO_STAGE, needs_haste=True))
def test_it_runs_every_way(run: Run) -> None:
    found = run()
    assert (found["udp_idle"], found["tcp_transient"]) == (0, 1)


def test_a_slot_is_free_10_us_after_its_session_was_deleted() -> None:
    """By an interrupt of the worker's own; meanwhile no packet finds the session."""
    bench = made()
    bench.send(udp_out())
    bench.advance(600 * SEC)
    while not bench.heard(SessionDeleted):
        bench.step()
    bench.driver.settle()
    worker = the_worker(bench)
    assert (len(resting(worker)), len(bench.pg[0].sessions), bench.am.live_sessions()) == (1, 0, 1)
    (deleted,) = bench.heard(SessionDeleted)
    bench.driver.run_until(deleted.time + PURGATORY_NS)
    served = worker.cnt_interrupts_served
    assert resting(worker) == [0]
    bench.advance(1)
    assert (resting(worker), worker.pool.free_indices) == ([], [0])
    assert worker.cnt_interrupts_served == served + 1


def test_recycling_admits_only_later_packets() -> None:
    """Purgatory counts against the limit, so the packet that recycles is denied."""
    bench = made()
    bench.am.conn_table_max_entries = 2
    kinds = [bench.send(tcp_out(SYN, sport=port)).reason & KIND_MASK for port in (1, 2, 3)]
    assert kinds == [NEW_SESSION, NEW_SESSION, TOO_MANY_SESSIONS]
    assert [event.session_index for event in bench.heard(SessionRecycled)] == [0]
    bench.advance(PURGATORY_NS)
    assert bench.send(tcp_out(SYN, sport=3)).reason & KIND_MASK == TOO_MANY_SESSIONS
    bench.advance(2)
    assert bench.send(tcp_out(SYN, sport=3)).reason & KIND_MASK == NEW_SESSION


@pytest.mark.parametrize(
    ("design", "stall_ns", "is_met"),
    [
        ("fifo-2017", 1, True),
        ("two-stage", 1, False),
        ("two-stage", PURGATORY_NS - 1, False),
        ("two-stage", PURGATORY_NS + 1, True),
    ],
)
def test_a_late_touch_meets_the_next_session(design: str, stall_ns: int, is_met: bool) -> None:
    """Only of a thread that stalls for longer than the slot rests.

    The other thread has found the session and is held up before it writes. Meanwhile its owner
    recycles it, and makes another one so much later.
    """
    bench = made(design, workers=2)
    bench.am.conn_table_max_entries = 1
    bench.send(tcp_out(SYN))
    owner = next(worker for worker in bench.am.workers if worker.live_sessions)
    other = 3 - owner.thread_index
    begin = bench.driver.now
    bench.queue(tcp_back(SYN | ACK), rx=1)
    bench.queue(tcp_out(SYN, sport=7), at=begin)
    bench.queue(tcp_out(SYN, sport=8), at=begin + stall_ns)
    bench.driver.step(other)
    while bench.driver.upcoming(other) != "track":
        bench.driver.step(other)
    while going := [actor for actor in bench.driver.choices() if actor != other]:
        if going == [CLOCK] and bench.driver.now >= begin + stall_ns:
            break
        bench.driver.step(going[0])
    bench.driver.settle()
    flags = owner.pool.session(0).tcp_flags_seen_out
    is_next = owner.pool.session(0).key in [s.key for s in bench.pg[0].sessions.sessions()]
    assert (flags != 0 and is_next) == is_met


def test_many_at_once_are_freed_a_quantum_an_interrupt() -> None:
    bench = made()
    for port in range(250):
        bench.send(udp_out(1000 + port))
    bench.machine.clear_sessions()
    bench.advance(SEC)
    assert bench.am.live_sessions() == 0
    assert not resting(the_worker(bench))
    assert the_worker(bench).cnt_interrupts_served >= 5


def test_purgatory_is_packed_and_taken_back() -> None:
    """No table has its sessions then, and the interrupt comes as it would."""
    bench = Workbench(2, design=TWO_STAGE)
    for line in (*SET_UP.strip().splitlines(), "set acl-plugin session table max-entries 1"):
        bench.cli(line)
    bench.send("pg0", [tcp_out(SYN, sport=1), tcp_out(SYN, sport=2)])
    assert "purgatory: 1 session" in bench.cli("show acl-plugin sessions")
    packer = bench.rig.packer()
    while not packer.done:
        packer.work()
    there = finish(bench.rig.unpacked(packer.checkpoint()))
    am, now = there.machine.am, there.now
    check_invariants(am)
    assert [len(resting(worker)) for worker in am.packet_workers] == [1, 0]
    there.driver.run_until(now + PURGATORY_NS)
    assert am.live_sessions() == 1
    there.driver.run_until(now + PURGATORY_NS + 1)
    assert am.live_sessions() == 0
    check_invariants(am)
    there.close()


def test_its_own_step_is_taken_by_steps() -> None:
    bench = made()
    bench.am.conn_table_max_entries = 1
    for port in (1, 2):
        bench.send(tcp_out(SYN, sport=port))
    assert bench.am.workers[0].conn_list_length[TCP_TRANSIENT] == 0
    assert FREE_SLOT.label in [bench.step() for _ in range(12)]


def test_purgatory_that_nobody_empties_is_found_out() -> None:
    bench = made()
    bench.am.conn_table_max_entries = 1
    for port in (1, 2):
        bench.send(tcp_out(SYN, sport=port))
    the_worker(bench).interrupt_due += 1
    with pytest.raises(InvariantError, match="no interrupt is due in time"):
        bench.advance(0)


@pytest.mark.parametrize("order", ["fair", "random"])
@pytest.mark.parametrize("workers", [0, 2])
@seeds(2)
def test_no_session_goes_early_and_none_a_shortest_timeout_late(
    seed: int, workers: int, order: Order
) -> None:
    """As in `fifo-2017`: what is deleted is deleted then."""
    aged = drive(TWO_STAGE, seed, workers, order)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    assert aged.latest < min(TIMEOUTS_S) * SEC + 2 * aged.wait


def test_a_session_in_purgatory_is_told_of() -> None:
    """That it was deleted, until when it rests, and that its slot is free then."""
    bench = Workbench(design="two-stage")
    for line in (*SET_UP.strip().splitlines(), "set acl-plugin session table max-entries 1"):
        bench.cli(line)
    bench.send("pg0", [tcp_out(SYN, sport=1), tcp_out(SYN, sport=2)])
    story = " ".join(bench.cli("story session 1/0").split())
    assert (
        "no packet finds it, and it rests in purgatory. Its slot is free at +0.000010001" in story
    )
    assert "recycled: session 0: 10.0.0.5:1 > 192.168.0.5:80 tcp, idle 0 s, rests in purg" in story
    for wrong in ("it is the head", "the interface whose table has it", "on the list of another"):
        assert wrong not in story
    bench.advance("0.001")
    story = " ".join(bench.cli("story session 1/0").split())
    assert "the slot is free" in story
    assert "design: session 0: it has rested, its slot is free" in story
    assert bench.cli("events design").count("slot is free") == 1
