"""What an interrupt does on a worker, to the nanosecond."""

from __future__ import annotations

import pytest
from engine.bench import (
    ACK,
    FIN,
    SEC,
    SYN,
    T0,
    TCP_IDLE,
    TCP_TRANSIENT,
    UDP_IDLE,
    Hand,
    tcp_back,
    tcp_out,
    udp_back,
    udp_out,
)

from aclbench.engine.events import InterruptServed, SessionDeleted, SessionRequeued, SweepStarted
from aclbench.engine.steps import (
    ALLOW_INTERRUPT,
    CLEAR_DONE,
    END_SWEEP,
    JUDGE,
    REPORT_LOAD,
    RESCHEDULE,
    START_SWEEP,
    TAKE_HEADS,
)
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker


def bench_with(udp_s: int = 600, tcp_s: int = 86400, transient_s: int = 120) -> Hand:
    """A bench that reflects on pg1's output and looks answers up on its input."""
    bench = Hand()
    bench.apply(1, is_input=False)
    bench.apply(1, is_input=True)
    for timeout_class, seconds in enumerate((udp_s, tcp_s, transient_s)):
        bench.machine.set_session_timeout(timeout_class, seconds)
    return bench


def fill(bench: Hand, count: int, now: int = T0, flags: int | None = None, first: int = 1) -> None:
    """Make sessions: UDP, or TCP with these flags."""
    for sport in range(first, first + count):
        bench.packet(udp_out(sport) if flags is None else tcp_out(flags, sport), now)


def establish(bench: Hand, sport: int, now: int = T0) -> None:
    """Open a connection."""
    bench.packet(tcp_out(SYN, sport), now)
    bench.packet(tcp_back(SYN | ACK, sport), now, rx=1)
    bench.packet(tcp_out(ACK, sport), now)


def served(bench: Hand) -> tuple[int, int, int]:
    """What the last interrupt took, deleted and requeued."""
    event = bench.heard(InterruptServed)[-1]
    assert isinstance(event, InterruptServed)
    return event.taken, event.deleted, event.requeued


def flags(worker: Worker) -> tuple[int, int]:
    return worker.interrupt_is_needed, worker.interrupt_is_unwanted


# --- when a head is taken --------------------------------------------------------------------


@pytest.mark.parametrize(("after", "taken"), [(120 * SEC, 0), (120 * SEC + 1, 1)])
def test_a_head_is_taken_a_nanosecond_past_the_shortest_timeout(after, taken):
    """Not one nanosecond earlier, whatever list it is on."""
    for make in (lambda b: fill(b, 1), lambda b: fill(b, 1, flags=SYN), lambda b: establish(b, 1)):
        bench = bench_with()
        make(bench)
        bench.serve(T0 + after)
        assert served(bench)[0] == taken


def test_the_shortest_timeout_is_that_set_now():
    """A change counts at once, also for lists that are long filled."""
    bench = bench_with()
    fill(bench, 1)
    bench.machine.set_session_timeout(TCP_IDLE, 5)
    bench.serve(T0 + 5 * SEC)
    assert served(bench) == (0, 0, 0)
    bench.serve(T0 + 5 * SEC + 1)
    assert served(bench) == (1, 0, 1)
    bench.machine.set_session_timeout(TCP_IDLE, 300)
    bench.serve(T0 + 11 * SEC)
    assert served(bench) == (0, 0, 0)


def test_a_served_interrupt_publishes_the_expiry_anew():
    """Also where it took nothing: a timeout may have been changed since."""
    bench = bench_with()
    fill(bench, 1)
    bench.machine.set_session_timeout(UDP_IDLE, 3)
    bench.serve(T0 + SEC)
    assert bench.worker.head_expiry_time == [T0 + 3 * SEC + 1, NEVER, NEVER]


# --- how it is judged ------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "alive"), [(600 * SEC - 1, True), (600 * SEC, False)])
def test_a_session_is_deleted_at_exactly_its_timeout(after, alive):
    """Idle for the timeout of its class to the nanosecond; before, it is requeued."""
    bench = bench_with()
    fill(bench, 1)
    bench.serve(T0 + after)
    assert bool(bench.live()) == alive
    assert len(bench.heard(SessionRequeued)) == alive
    assert len(bench.pg[1].sessions) == alive


def test_the_shortest_class_is_taken_one_nanosecond_after_its_timeout():
    """There the two rules meet: due at the timeout, looked at one nanosecond later."""
    bench = bench_with()
    fill(bench, 1, flags=SYN)
    bench.serve(T0 + 120 * SEC)
    assert len(bench.live()) == 1
    bench.serve(T0 + 120 * SEC + 1)
    assert bench.live() == []


def test_activity_requeues_at_the_tail():
    """The session that was used goes behind those that came later."""
    bench = bench_with(udp_s=100, transient_s=100)
    fill(bench, 3)
    bench.packet(udp_back(1), T0 + 60 * SEC, rx=1)
    now = T0 + 100 * SEC + 1
    fill(bench, 1, now - 1, first=9)
    bench.serve(now)
    assert served(bench) == (3, 2, 1)
    sessions = bench.worker.list_sessions(UDP_IDLE)
    assert [s.session_index for s in sessions] == [3, 0]
    assert sessions[1].link_enqueue_time == now
    assert sessions[1].last_active_time == T0 + 60 * SEC
    (requeued,) = bench.heard(SessionRequeued)
    assert isinstance(requeued, SessionRequeued)
    assert requeued.idle == 40 * SEC + 1


def test_a_requeue_goes_to_the_list_of_the_class_now():
    """A class change by another thread is put right when the session comes to the head."""
    bench = bench_with()
    bench.packet(tcp_out(SYN), T0)
    (session,) = bench.live()
    session.tcp_flags_seen_in = session.tcp_flags_seen_out = SYN | ACK
    bench.serve(T0 + 120 * SEC + 1)
    assert session.link_list_id == TCP_IDLE
    session.tcp_flags_seen_in |= FIN
    session.last_active_time = T0 + 200 * SEC
    bench.serve(T0 + 240 * SEC + 2)
    assert session.link_list_id == TCP_TRANSIENT


def test_the_timeout_is_that_of_the_class_now():
    """A connection closed through another thread goes after two minutes, not after a day."""
    bench = bench_with()
    establish(bench, 1)
    (session,) = bench.live()
    session.tcp_flags_seen_in |= FIN
    bench.serve(T0 + 120 * SEC + 1)
    (deleted,) = bench.heard(SessionDeleted)
    assert isinstance(deleted, SessionDeleted)
    assert (deleted.idle, deleted.cleared) == (120 * SEC + 1, False)
    assert bench.worker.cnt_cleared_sessions == 0


def test_a_lowered_timeout_counts_from_the_last_packet():
    """A session that is over it by then goes at the next look."""
    bench = bench_with()
    fill(bench, 1)
    bench.machine.set_session_timeout(UDP_IDLE, 2)
    bench.serve(T0 + 2 * SEC + 1)
    assert bench.live() == []


# --- the quantum -----------------------------------------------------------------------------


def test_one_interrupt_takes_a_hundred_over_the_three_lists_in_class_order():
    """A worker is never away from its packets for longer, and lower classes go first."""
    bench = bench_with()
    fill(bench, 60)
    for sport in range(1, 31):
        establish(bench, sport)
    fill(bench, 60, flags=SYN, first=1001)
    bench.serve(T0 + 120 * SEC + 1)
    assert served(bench) == (100, 10, 90)
    assert bench.worker.conn_list_length == [60, 30, 50]
    assert flags(bench.worker) == (1, 0)
    bench.serve(T0 + 120 * SEC + 2)
    assert served(bench) == (50, 50, 0)


def test_all_are_taken_before_any_is_judged():
    """A requeued session is not met again by the interrupt that requeued it."""
    bench = bench_with(udp_s=0)
    bench.machine.set_session_timeout(UDP_IDLE, 600)
    fill(bench, 3)
    steps = bench.serve(T0 + 130 * SEC)
    assert steps == [
        ALLOW_INTERRUPT,
        *[TAKE_HEADS] * 3,
        *[JUDGE] * 3,
        REPORT_LOAD,
    ]


@pytest.mark.parametrize(
    ("count", "before", "after"),
    [
        (0, (0, 0), (0, 1)),
        (1, (0, 0), (0, 1)),
        (2, (1, 1), (0, 0)),
        (99, (1, 1), (0, 0)),
        (100, (0, 0), (1, 0)),
        (101, (0, 0), (1, 0)),
    ],
)
def test_what_a_worker_says_of_its_interrupts(count, before, after):
    """A full quantum: more often; at most one: less often; between: as it is."""
    bench = bench_with()
    fill(bench, count)
    worker = bench.worker
    worker.interrupt_is_needed, worker.interrupt_is_unwanted = before
    bench.serve(T0 + 121 * SEC)
    assert flags(worker) == after


def test_serving_allows_the_next_interrupt():
    """First of all, so that one raised from now on is not lost."""
    bench = bench_with()
    bench.worker.interrupt_is_pending = 1
    steps = bench.machine.idle_check.worker_conn_cleaner_process(bench.worker, T0)
    assert next(steps) is ALLOW_INTERRUPT
    assert bench.worker.interrupt_is_pending == 1
    next(steps)
    assert bench.worker.interrupt_is_pending == 0


def test_a_list_that_was_emptied_wakes_the_cleaner_as_it_is_filled():
    """It may have seen no sessions anywhere in between."""
    bench = bench_with()
    fill(bench, 1)
    bench.signals.clear()
    bench.serve(T0 + 121 * SEC)
    assert bench.signals == [RESCHEDULE]


# --- the sweep -------------------------------------------------------------------------------


def sweep(bench: Hand, bitmap: int, now: int) -> int:
    """Clear the interfaces of a bitmap, the clock standing still; returns the interrupts."""
    bench.begin_clear(bitmap)
    for interrupts in range(1, 100):
        bench.serve(now)
        if not bench.worker.clear_in_process:
            return interrupts
    raise AssertionError("the sweep does not end")


@pytest.mark.parametrize(
    ("count", "interrupts"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (200, 2), (250, 3)]
)
def test_a_clear_takes_one_interrupt_for_each_hundred_sessions(count, interrupts):
    """At least one, and no more, though the clock stands still."""
    bench = bench_with()
    fill(bench, 1, first=9999)
    bench.serve(T0 + 700 * SEC)  # serviced once, so that there is something to look for
    fill(bench, count, T0 + 700 * SEC)
    assert sweep(bench, 1 << 2, T0 + 700 * SEC) == interrupts
    assert bench.live() == []


def test_a_clear_leaves_other_interfaces_sessions():
    """They are requeued, once each, and none is lost."""
    bench = bench_with()
    bench.apply(0)
    fill(bench, 120)
    assert len(bench.live()) == 240
    assert sweep(bench, 1 << 2, T0) == 3
    assert {s.sw_if_index for s in bench.live()} == {1}
    assert len(bench.live()) == len(bench.heard(SessionRequeued)) == 120
    deleted = bench.heard(SessionDeleted)
    assert all(isinstance(e, SessionDeleted) and e.cleared for e in deleted)
    assert bench.worker.cnt_cleared_sessions == len(deleted)


def test_a_clear_of_what_was_never_serviced_is_done_at_once():
    """It goes on as an ordinary idle check, and says nothing of being unwanted."""
    bench = bench_with()
    fill(bench, 1)
    bench.begin_clear(1 << 1)
    steps = bench.serve(T0 + 600 * SEC)
    assert steps[:3] == [ALLOW_INTERRUPT, START_SWEEP, CLEAR_DONE]
    assert served(bench) == (1, 1, 0)
    assert flags(bench.worker) == (0, 0)
    assert bench.worker.pending_clear_sw_if_index_bitmap == 0


def test_a_clear_of_nothing_still_asks_for_more_interrupts():
    """A hundred due sessions are a hundred due sessions."""
    bench = bench_with()
    fill(bench, 150)
    bench.begin_clear(1 << 1)
    bench.serve(T0 + 600 * SEC)
    assert flags(bench.worker) == (1, 0)


def test_the_sweep_ends_at_the_latest_tail():
    """Also where an earlier sweep put it ahead of the clock."""
    bench = bench_with()
    bench.apply(0)
    fill(bench, 3)
    sweep(bench, 1 << 2, T0)
    assert [s.link_enqueue_time for s in bench.live()] == [T0 + 1] * 3
    sweep(bench, 1 << 1, T0)
    assert bench.live() == []
    ends = [e.swipe_end_time for e in bench.heard(SweepStarted) if isinstance(e, SweepStarted)]
    assert ends == [T0, T0 + 1]


def test_a_sweep_does_not_meet_what_comes_while_it_is_on():
    """New sessions, on a cleared interface too, are not its business: so it ends."""
    bench = bench_with()
    fill(bench, 150)
    bench.begin_clear(1 << 2)
    bench.serve(T0)
    fill(bench, 200, first=1000)
    bench.serve(T0)
    assert bench.worker.clear_in_process == 0
    assert len(bench.live()) == 200


def test_others_that_fall_due_do_not_make_a_sweep_longer():
    """While it is on a head is taken for the sweep's sake alone."""
    bench = bench_with(udp_s=1, transient_s=1)
    fill(bench, 150)
    bench.begin_clear(1 << 2)
    bench.serve(T0)
    fill(bench, 300, T0, first=1000)
    bench.serve(T0 + 50 * SEC)
    assert served(bench) == (50, 50, 0)
    assert bench.worker.clear_in_process == 0


def test_a_sweep_deletes_what_is_idle_as_well():
    """It is judged like any other."""
    bench = bench_with()
    bench.apply(0)
    fill(bench, 1)
    sweep(bench, 1 << 1, T0 + 600 * SEC)
    assert bench.live() == []


def test_the_order_of_what_a_worker_writes_at_the_end_of_a_sweep():
    """The flag goes last: from then on the cleaner may write the bitmap again."""
    bench = bench_with()
    fill(bench, 1)
    bench.begin_clear(1 << 2)
    worker, seen = bench.worker, []
    for step in bench.machine.idle_check.worker_conn_cleaner_process(worker, T0):
        state = (
            bool(worker.swipe_end_time),
            worker.pending_clear_sw_if_index_bitmap,
            worker.clear_in_process,
        )
        seen.append((step, state))
    assert seen[1:3] == [(START_SWEEP, (False, 4, 1)), (TAKE_HEADS, (True, 4, 1))]
    assert seen[-2:] == [(END_SWEEP, (True, 4, 1)), (CLEAR_DONE, (False, 0, 1))]
    assert worker.clear_in_process == 0


def test_a_quantum_that_leaves_some_asks_for_an_interrupt():
    """And the last one does not; neither says unwanted."""
    bench = bench_with()
    fill(bench, 101)
    bench.begin_clear(1 << 2)
    bench.serve(T0)
    assert flags(bench.worker) == (1, 0)
    bench.worker.interrupt_is_needed = 0
    bench.serve(T0)
    assert flags(bench.worker) == (0, 0)


def test_a_clear_flagged_while_a_handler_is_half_way_waits_for_the_next_interrupt():
    """The handler that did not see it says nothing, and the sweep begins from the start."""
    bench = bench_with()
    fill(bench, 5)
    steps = bench.machine.idle_check.worker_conn_cleaner_process(bench.worker, T0 + SEC)
    while next(steps) is not TAKE_HEADS:
        pass
    bench.begin_clear(1 << 2)
    for step in steps:
        assert step is not REPORT_LOAD
    assert bench.worker.clear_in_process == 1
    assert len(bench.live()) == 5
    assert sweep(bench, 1 << 2, T0 + SEC) == 1
    assert bench.live() == []
