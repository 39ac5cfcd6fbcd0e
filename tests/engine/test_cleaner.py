"""The cleaner process: when it wakes, whom it interrupts, how it clears."""

from __future__ import annotations

import pytest
from engine.bench import SEC, SYN, T0, UDP_IDLE, Hand, tcp_out, udp_out

from aclbench.engine.acl import AclRule
from aclbench.engine.events import FlagSet, InterruptSent, WaitChanged
from aclbench.engine.invariants import check_invariants
from aclbench.engine.steps import (
    CLEAR_ALL,
    COPY_BITMAP,
    END_CLEAR,
    HANDLE_EVENT,
    JUDGE,
    LOOK_AT_CLEARS,
    MARK_PENDING,
    RAISE_INTERRUPT,
    RESCHEDULE,
    SET_CLEAR,
    TALLY,
    WAIT_FOR_EVENT,
    CleanerEvent,
    Wait,
    WaitKind,
)

MS = SEC // 1000
CLOCK = WaitKind.EVENT_OR_CLOCK


def bench_with(sessions: int = 1, workers: int = 0) -> Hand:
    """A bench with UDP sessions on pg1, made at T0 on its first worker."""
    bench = Hand(workers)
    bench.apply(1, is_input=False)
    for sport in range(sessions):
        bench.packet(udp_out(sport + 1), T0)
    return bench


def serve_all(bench: Hand, now: int) -> None:
    """Serve every interrupt that was raised."""
    while bench.raised:
        bench.serve(now, bench.am.workers[bench.raised.pop(0)])


# --- the wait --------------------------------------------------------------------------------


def test_it_begins_by_waiting_for_an_event():
    """With no sessions there is nothing to look after, for however long."""
    assert Hand().wait == WAIT_FOR_EVENT


def test_with_no_sessions_anywhere_it_waits_for_an_event_again():
    """A bench at rest costs nothing."""
    bench = bench_with(0)
    assert bench.cleaner_goes_on(T0, RESCHEDULE) == WAIT_FOR_EVENT


def test_with_an_interrupt_pending_the_interval_alone_decides():
    """The thread has been told; there is no use in waking earlier for its sake."""
    bench = bench_with()
    assert bench.cleaner_goes_on(T0 + 200 * SEC, RESCHEDULE) == Wait(
        CLOCK, T0 + 200 * SEC + SEC // 2
    )


@pytest.mark.parametrize(
    ("earlier", "until"),
    [(SEC, SEC // 2), (SEC // 2, SEC // 2), (SEC // 2 - 1, SEC // 2), (SEC // 2 - 2, SEC // 2 - 1)],
)
def test_it_wakes_when_the_earliest_head_is_due(earlier, until):
    """One nanosecond past the shortest timeout, the first instant at which the head is taken."""
    bench = bench_with()
    now = T0 + 120 * SEC - earlier
    assert bench.machine.cleaner.next_wait(now) == Wait(CLOCK, now + until)


def test_of_several_threads_the_earliest_head_counts():
    """But not that of a thread that has an interrupt pending."""
    bench = bench_with(0, workers=2)
    first, second = bench.am.packet_workers
    bench.packet(udp_out(1), T0, worker=first)
    bench.packet(udp_out(2), T0 + 9, worker=second)
    now = T0 + 120 * SEC
    assert bench.machine.cleaner.next_wait(now).until == now + 1
    first.interrupt_is_pending = 1
    assert bench.machine.cleaner.next_wait(now).until == now + 10
    second.interrupt_is_pending = 1
    assert bench.machine.cleaner.next_wait(now).until == now + SEC // 2


def test_an_overdue_head_is_not_waited_for():
    """The cleaner goes on at once."""
    bench = bench_with()
    assert bench.machine.cleaner.next_wait(T0 + 500 * SEC).until < T0 + 500 * SEC


# --- the round -------------------------------------------------------------------------------


def test_a_round_tallies_before_it_interrupts():
    """Sending clears `needed`; the tally must see it first, or the interval never adapts."""
    bench = bench_with()
    bench.cleaner_goes_on(T0, RESCHEDULE)
    assert bench.cleaner_steps == [
        HANDLE_EVENT,
        TALLY,
        MARK_PENDING,
        RAISE_INTERRUPT,
    ]


def test_the_flags_are_written_before_the_interrupt_is_raised():
    """A worker that serves it at once would else find its own flags overwritten."""
    bench = bench_with()
    worker = bench.worker
    worker.interrupt_is_needed = 1
    upcoming = bench.cleaner_wakes(T0, RESCHEDULE)
    while upcoming is not RAISE_INTERRUPT:
        upcoming = bench.cleaner_wakes(T0)
    assert (worker.interrupt_is_pending, worker.interrupt_is_needed) == (1, 0)
    assert bench.raised == []
    bench.cleaner_wakes(T0)
    assert bench.raised == [0]


def test_every_thread_without_a_pending_interrupt_gets_one():
    """Those that carry packets: vpp_main beside workers never does."""
    bench = bench_with(1, workers=3)
    bench.am.workers[2].interrupt_is_pending = 1
    bench.cleaner_goes_on(T0, RESCHEDULE)
    assert bench.raised == [1, 3]
    assert [w.interrupt_is_pending for w in bench.am.workers] == [0, 1, 1, 1]
    assert bench.am.cleaner.cnt_interrupts_sent == len(bench.heard(InterruptSent)) == 2


# --- the interval ----------------------------------------------------------------------------


def rounds(bench: Hand, needed: int, unwanted: int, count: int) -> list[int]:
    """The interval after each of several rounds in which the worker says this."""
    intervals = []
    for _ in range(count):
        bench.worker.interrupt_is_needed = needed
        bench.worker.interrupt_is_unwanted = unwanted
        bench.worker.interrupt_is_pending = 0
        bench.cleaner_goes_on(T0)
        intervals.append(bench.am.cleaner.wait_interval)
    return intervals


def test_the_interval_halves_when_needed_but_not_under_a_millisecond():
    """A busy worker is looked after more often, and the main thread never spins."""
    intervals = rounds(bench_with(), 1, 0, 12)
    assert intervals[:3] == [250 * MS, 125 * MS, 62_500_000]
    assert intervals[8:] == [MS] * 4


def test_the_interval_climbs_when_unwanted_but_not_over_half_a_second():
    """An idle one costs two rounds a second."""
    bench = bench_with()
    bench.am.cleaner.wait_interval = MS
    intervals = rounds(bench, 0, 1, 6)
    assert intervals == [101 * MS, 201 * MS, 301 * MS, 401 * MS, 500 * MS, 500 * MS]


def test_needed_beats_unwanted_and_silence_changes_nothing():
    """One busy worker is enough."""
    assert rounds(bench_with(), 1, 1, 1) == [250 * MS]
    bench = bench_with()
    bench.am.cleaner.wait_interval = 77 * MS
    assert rounds(bench, 0, 0, 3) == [77 * MS] * 3
    assert bench.heard(WaitChanged) == []


def test_any_worker_can_say_so():
    """The last one too, and each is heard once."""
    bench = bench_with(1, workers=3)
    bench.am.cleaner.wait_interval = 100 * MS
    bench.am.workers[3].interrupt_is_unwanted = 1
    bench.cleaner_goes_on(T0)
    assert bench.am.cleaner.wait_interval == 200 * MS
    assert bench.am.workers[3].interrupt_is_unwanted == 0
    bench.cleaner_goes_on(T0 + SEC)
    assert bench.am.cleaner.wait_interval == 200 * MS


# --- the clear -------------------------------------------------------------------------------


def test_the_protocol_of_a_clear():
    """Bitmap before flag, for every worker; then the interrupts; then it looks every 100 us."""
    bench = bench_with(1, workers=2)
    wait = bench.cleaner_goes_on(T0, CleanerEvent(2))
    assert bench.cleaner_steps == [
        HANDLE_EVENT,
        *[COPY_BITMAP, SET_CLEAR] * 2,
        *[MARK_PENDING, RAISE_INTERRUPT] * 2,
    ]
    assert wait == Wait(WaitKind.SUSPEND, T0 + SEC // 10_000)
    assert [w.pending_clear_sw_if_index_bitmap for w in bench.am.workers] == [0, 4, 4]
    assert [w.clear_in_process for w in bench.am.workers] == [0, 1, 1]
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + SEC // 10_000)
    assert bench.cleaner_steps[:2] == [LOOK_AT_CLEARS, END_CLEAR]
    assert bench.cleaner_steps[2] is TALLY
    assert bench.live() == []
    check_invariants(bench.am, at_rest=False)  # the last interrupts are not served here


def test_a_clear_waits_until_all_are_done_and_sends_what_is_asked_for():
    """Only to those that ask; a worker that has not come yet is waited for."""
    bench = bench_with(101, workers=2)
    bench.cleaner_goes_on(T0, CleanerEvent(2))
    assert bench.raised == [1, 2]
    bench.raised.clear()
    bench.serve(T0, bench.am.workers[1])
    assert bench.cleaner_goes_on(T0 + MS).kind is WaitKind.SUSPEND
    assert bench.raised == [1]
    assert bench.am.workers[1].interrupt_is_needed == 0
    serve_all(bench, T0 + MS)
    assert bench.live() == []
    assert bench.cleaner_goes_on(T0 + 2 * MS).kind is WaitKind.SUSPEND
    assert bench.raised == []
    bench.serve(T0 + 2 * MS, bench.am.workers[2])
    assert bench.cleaner_goes_on(T0 + 3 * MS).kind is not WaitKind.SUSPEND


def test_a_worker_in_the_middle_of_its_sweep_gets_no_interrupt():
    """It asks for one when its quantum is done, if it needs one."""
    bench = bench_with(3)
    bench.cleaner_goes_on(T0, CleanerEvent(2))
    bench.raised.clear()
    steps = bench.machine.idle_check.worker_conn_cleaner_process(bench.worker, T0)
    while next(steps) is not JUDGE:
        pass
    assert bench.cleaner_goes_on(T0 + MS).kind is WaitKind.SUSPEND
    assert bench.raised == []


def test_a_clear_that_meets_a_pending_interrupt_raises_no_second():
    """The one that is pending will see the clear."""
    bench = bench_with()
    bench.cleaner_goes_on(T0, RESCHEDULE)
    assert bench.raised == [0]
    bench.cleaner_goes_on(T0, CleanerEvent(2))
    assert bench.raised == [0]
    serve_all(bench, T0)
    assert bench.live() == []


def test_a_clear_waits_for_one_that_a_worker_has_not_finished():
    """Its bitmap may not be written over while the flag is set."""
    bench = bench_with()
    bench.begin_clear(1 << 2)
    assert bench.cleaner_goes_on(T0, CleanerEvent(1)).kind is WaitKind.SUSPEND
    assert bench.worker.pending_clear_sw_if_index_bitmap == 1 << 2
    bench.serve(T0)
    bench.cleaner_goes_on(T0 + MS)
    assert bench.worker.pending_clear_sw_if_index_bitmap == 1 << 1


def test_the_operators_clear_is_of_every_interface():
    """Also of those that have no ACL any more."""
    bench = bench_with(0)
    bench.apply(0)
    bench.apply(1)
    bench.packet(udp_out(), T0)
    bench.packet(tcp_out(SYN), T0, rx=1)
    bench.machine.clear_sessions()
    assert bench.signals[-1] == CLEAR_ALL
    bench.cleaner_goes_on(T0, CLEAR_ALL)
    assert bench.worker.pending_clear_sw_if_index_bitmap == 0b111
    serve_all(bench, T0)
    assert bench.live() == []


def test_several_requests_make_one_clear():
    """Nobody waits longer for it."""
    bench = bench_with(0)
    bench.cleaner_goes_on(T0, CleanerEvent(1), RESCHEDULE, CleanerEvent(2))
    assert bench.worker.pending_clear_sw_if_index_bitmap == 0b110
    assert bench.am.cleaner.cnt_delete_by_sw_index == 2


def test_only_the_last_acl_of_both_sides_clears():
    """An interface that still has an ACL needs its sessions."""
    bench = Hand()
    bench.apply(1, is_input=True)
    bench.apply(1, is_input=False)
    machine, pg1 = bench.machine, bench.pg[1]
    machine.set_interface_acls(pg1, True, ())
    assert bench.signals == []
    machine.set_interface_acls(pg1, False, ())
    assert bench.signals == [CleanerEvent(2)]
    machine.set_interface_acls(pg1, False, ())
    assert bench.signals == [CleanerEvent(2)]


def test_exchanging_acls_does_not_clear():
    """The sessions stay with the interface."""
    bench = bench_with()
    bench.signals.clear()
    bench.machine.acl_add_replace(None, (AclRule(1),), "")
    bench.apply(1, is_input=False, acl=1)
    assert bench.signals == []


# --- deleted interfaces ----------------------------------------------------------------------


def delete_and_begin(bench: Hand) -> None:
    """Delete pg1, and let the cleaner begin its clear."""
    bench.signals.clear()
    bench.machine.delete_interface(2)
    bench.cleaner_goes_on(T0, *bench.signals)


def test_a_deleted_interfaces_index_is_not_reused_until_its_clear_is_done():
    """Or the new interface would begin with the old one's sessions, or lose its own."""
    bench = bench_with()
    delete_and_begin(bench)
    assert bench.machine.create_interface("pg1").sw_if_index == 3
    serve_all(bench, T0)
    assert bench.machine.create_interface("pg2").sw_if_index == 4
    bench.cleaner_goes_on(T0 + MS)
    assert bench.machine.create_interface("pg3").sw_if_index == 2
    check_invariants(bench.am, at_rest=False)  # the last interrupts are not served here


def test_an_interface_deleted_during_a_clear_waits_for_its_own():
    """The clear under way does not know of it."""
    bench = bench_with()
    bench.cleaner_goes_on(T0, CleanerEvent(1))
    bench.signals.clear()
    bench.machine.delete_interface(2)
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + MS)
    assert bench.am.interfaces[2] is bench.pg[1]
    bench.cleaner_goes_on(T0 + 2 * MS, *bench.signals)
    serve_all(bench, T0 + 2 * MS)
    bench.cleaner_goes_on(T0 + 3 * MS)
    assert bench.am.interfaces[2] is None
    assert bench.live() == []
    check_invariants(bench.am, at_rest=False)  # the last interrupts are not served here


def test_an_index_is_freed_by_the_clear_of_its_deletion_alone():
    """An older clear of the same interface would leave a signal behind, for the next one there."""
    bench = bench_with()
    bench.machine.set_interface_acls(bench.pg[1], False, ())
    bench.machine.delete_interface(2)
    bench.cleaner_goes_on(T0, *bench.signals[-2:])
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + MS)
    assert bench.am.interfaces[2] is None
    check_invariants(bench.am, at_rest=False)  # the last interrupts are not served here


@pytest.mark.parametrize("event", [CleanerEvent(1), CleanerEvent(2), CLEAR_ALL])
def test_an_interface_deleted_after_the_cleaner_took_its_events_waits_for_its_own(event):
    """The cleaner has woken for another clear; the deletion's signal comes with the next one."""
    bench = bench_with()
    assert bench.cleaner_wakes(T0, event) is HANDLE_EVENT
    bench.signals.clear()
    bench.machine.delete_interface(2)
    bench.cleaner_goes_on(T0)
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + MS)
    check_invariants(bench.am, at_rest=False)  # the last interrupts are not served here
    assert bench.am.interfaces[2] is bench.pg[1]
    bench.cleaner_goes_on(T0 + 2 * MS, *bench.signals)
    serve_all(bench, T0 + 2 * MS)
    bench.cleaner_goes_on(T0 + 3 * MS)
    assert bench.am.interfaces[2] is None
    assert bench.live() == []


def test_a_freed_index_is_reused_lowest_first():
    """As VPP does, and with a table of its own."""
    bench = Hand(interfaces=4)
    for sw_if_index in (3, 1):
        bench.machine.delete_interface(sw_if_index)
    bench.cleaner_goes_on(T0, *bench.signals)
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + MS)
    made = [bench.machine.create_interface(f"new{n}").sw_if_index for n in range(3)]
    assert made == [1, 3, 5]


def test_interfaces_go_to_threads_round_robin_by_order_of_creation():
    """A reused index does not change whose turn it is."""
    bench = Hand(workers=2, interfaces=3)
    assert [pg.rx_thread for pg in bench.pg] == [1, 2, 1]
    bench.machine.delete_interface(1)
    bench.cleaner_goes_on(T0, *bench.signals)
    serve_all(bench, T0)
    bench.cleaner_goes_on(T0 + MS)
    again = bench.machine.create_interface("again")
    assert (again.sw_if_index, again.rx_thread) == (1, 2)


def test_a_flag_event_says_who_wrote_it():
    """A reader of the log sees both sides of the protocol."""
    bench = bench_with(1, workers=1)
    bench.cleaner_goes_on(T0, CleanerEvent(2))
    serve_all(bench, T0)
    flags = [(e.flag, e.value, e.by) for e in bench.heard(FlagSet) if isinstance(e, FlagSet)]
    assert flags == [
        ("clear_in_process", 1, 0),
        ("interrupt_is_pending", 1, 0),
        ("interrupt_is_pending", 0, 1),
        ("clear_in_process", 0, 1),
    ]


def test_a_changed_timeout_is_seen_within_the_interval():
    """Also one that makes a head due much earlier than was published."""
    bench = bench_with()
    bench.cleaner_goes_on(T0, RESCHEDULE)
    serve_all(bench, T0)
    bench.machine.set_session_timeout(UDP_IDLE, 1)
    wait = bench.cleaner_goes_on(T0 + SEC // 2)
    serve_all(bench, T0 + SEC // 2)
    assert bench.worker.head_expiry_time[UDP_IDLE] == T0 + SEC + 1
    assert wait.until == T0 + SEC
