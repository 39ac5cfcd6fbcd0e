"""The stepped driver: what is due first, how far it runs, where the clock stands."""

from __future__ import annotations

import pytest
from engine.bench import SEC, SYN, Driven, frame4, frame_of, tcp_out, udp, udp_back, udp_out

from aclbench.drivers.driver import CLEANER, START_NS, actor_name
from aclbench.drivers.frame import Frame
from aclbench.engine.events import PacketVerdict, SessionDeleted
from aclbench.engine.packet import parse_ethernet
from aclbench.engine.steps import Wait


def reflecting(workers: int = 0, **kwargs) -> Driven:
    """A bench that reflects on pg1."""
    bench = Driven(workers, **kwargs)
    bench.apply(1, is_input=False)
    bench.apply(1, is_input=True)
    return bench


# --- the clock -------------------------------------------------------------------------------


def test_time_begins_above_zero():
    """Zero means "no sweep"."""
    assert Driven().driver.now == START_NS > 0


def test_run_until_includes_its_end_and_stops_there():
    """What is due a nanosecond later is not run."""
    bench = reflecting()
    bench.queue(udp_out(1), at=START_NS + 10)
    bench.queue(udp_out(2), at=START_NS + 11)
    assert bench.driver.run_until(START_NS + 10)
    assert [v.time for v in bench.verdicts()] == [START_NS + 10]
    assert bench.driver.now == START_NS + 10


def test_the_clock_never_goes_back():
    """A packet with an older timestamp is handled at the bench's own time."""
    bench = reflecting()
    bench.queue(udp_out(1), at=START_NS + 10)
    bench.queue(udp_out(2), at=START_NS + 4)
    bench.queue(udp_out(3), at=START_NS + 12)
    bench.driver.run_packets()
    assert [v.time - START_NS for v in bench.verdicts()] == [10, 10, 12]
    bench.driver.run_until(START_NS)
    assert bench.driver.now == START_NS + 12


def test_settle_leaves_the_clock_alone():
    """A clear that needs 100 us is begun, and waits for time to pass."""
    bench = reflecting()
    bench.send(udp_out())
    bench.machine.clear_sessions()
    bench.driver.settle()
    assert bench.driver.now == START_NS
    assert not bench.driver.at_rest()
    bench.advance(100_000)
    assert bench.driver.at_rest()


def test_idle_time_is_jumped():
    """With no sessions a day costs nothing at all, and nothing is ever due."""
    bench = Driven(2)
    bench.advance(86_400 * SEC)
    assert bench.events == []
    assert bench.driver.step() is None


def test_a_session_goes_at_its_time_though_nobody_sends_anything():
    """The cleaner's rounds bring the clock along."""
    bench = reflecting(2)
    bench.send(tcp_out(SYN))
    bench.advance(122 * SEC)
    (deleted,) = bench.heard(SessionDeleted)
    assert 120 * SEC < deleted.time - START_NS <= 120 * SEC + SEC // 2
    bench.advance(SEC)
    assert bench.driver.next_time() > 1 << 62


# --- what goes first -------------------------------------------------------------------------


def test_at_one_instant_the_cleaner_goes_first_then_interrupts_then_packets():
    """A session that is due as its next packet arrives is gone before it."""
    bench = reflecting()
    bench.machine.set_session_timeout(0, 1)
    bench.send(udp_out())
    bench.advance(SEC)
    wake_up = bench.am.cleaner.wait.until
    assert bench.am.live_sessions() == 1
    bench.queue(udp_out(), at=wake_up)
    bench.advance(wake_up - bench.driver.now)
    order = [type(e) for e in bench.events if isinstance(e, SessionDeleted | PacketVerdict)]
    assert order == [PacketVerdict, SessionDeleted, PacketVerdict]
    assert bench.am.live_sessions() == 1


def test_what_is_due_goes_first_in_the_middle_of_a_frame_too():
    """Between two packets that are hours apart the sessions age, whatever the frame."""
    bench = reflecting()
    times = [START_NS, START_NS + 3600 * SEC]
    bench.driver.arrivals.frames.append(frame_of([(time, 1, udp_out()) for time in times]))
    bench.driver.run_packets()
    assert len(bench.heard(SessionDeleted)) == 1
    assert bench.am.live_sessions() == 1


def test_packets_go_in_capture_order_over_all_threads():
    """Not worker by worker."""
    bench = reflecting(2)
    for sport in range(1, 5):
        bench.queue(udp_out(sport))
        bench.queue(udp_back(sport), rx=1)
    bench.driver.settle()
    assert [v.number for v in bench.verdicts()] == list(range(8))
    assert [v.thread_index for v in bench.verdicts()] == [1, 2] * 4


def test_flow_placement_brings_both_legs_to_one_thread():
    """And spreads connections over the threads."""
    bench = reflecting(3)
    bench.am.flow_placement = True
    for sport in range(1, 30):
        bench.queue(udp_out(sport))
        bench.queue(udp_back(sport), rx=1)
    bench.driver.settle()
    threads = [v.thread_index for v in bench.verdicts()]
    assert threads[0::2] == threads[1::2]
    assert set(threads) == {1, 2, 3}


def test_packets_of_a_deleted_interface_stay_on_one_thread():
    """Stepped or straight, before and after its index is free: the counts are the same."""
    threads = []
    for by_steps in (False, True):
        bench = reflecting(2)
        bench.machine.delete_interface(2)
        for n in range(3):
            bench.queue(udp_back(n + 1), rx=1, at=START_NS + n * 80_000)
        while by_steps and bench.driver.next_time() <= START_NS + SEC:
            bench.step()
        bench.driver.run_until(START_NS + SEC)
        threads.append([v.thread_index for v in bench.verdicts()])
    assert threads[0] == threads[1]


# --- how far ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["fair", "random"])
@pytest.mark.parametrize("gap", [0, SEC])
def test_a_run_can_be_stopped_after_some_packets(order, gap):
    """That is what a person who plays a capture in slices gets, to the packet."""
    bench = reflecting(2, order=order)
    for n in range(10):
        bench.queue(udp_out(n + 1), at=START_NS + n * gap)
    handled = []
    while not bench.driver.run_packets(3):
        handled.append(len(bench.verdicts()))
        assert len(handled) < 10
    assert handled[:3] == [3, 6, 9]
    assert len(bench.verdicts()) == 10


def test_stopping_and_going_on_is_the_same_as_one_run():
    """Slices show in no event."""
    runs = []
    for slices in (1000, 1, 2, 7):
        bench = reflecting(2)
        bench.machine.set_session_timeout(0, 1)
        for n in range(20):
            bench.queue(udp_out(n % 6), at=START_NS + n * 170_000_000)
        while not bench.driver.run_until(START_NS + 9 * SEC, slices):
            pass
        runs.append(bench.events)
    assert runs[0] == runs[1] == runs[2] == runs[3]


def test_a_source_is_asked_for_one_frame_at_a_time():
    """A capture of any length is streamed."""
    bench = reflecting()
    asked = []

    def source() -> Frame | None:
        asked.append(len(bench.verdicts()))
        if len(asked) == 4:
            return None
        return frame_of([(START_NS + len(asked), 1, udp_out(1)), (0, 1, udp_out(2))])

    bench.driver.arrivals.source = source
    bench.driver.run_packets()
    assert asked == [0, 2, 4, 6]
    assert len(bench.verdicts()) == 6


def test_empty_frames_are_passed_over():
    """A batch of a capture in which nothing could be used."""
    bench = reflecting()
    bench.driver.arrivals.frames.extend(
        [frame_of([]), frame_of([(START_NS, 1, udp_out())]), frame_of([])]
    )
    bench.driver.run_packets()
    assert len(bench.verdicts()) == 1


def test_a_frame_can_be_split():
    """The pieces hold what was not handled yet, in order."""
    frame = frame_of([(n, 1, udp_out(n)) for n in range(7)])
    frame.pop()
    pieces = frame.split(4)
    assert [len(piece) for piece in pieces] == [4, 2]
    assert [piece.pop().number for piece in pieces] == [1, 5]
    assert pieces[0].key(0) == parse_ethernet(udp_out(1)).key


# --- one thing at a time ---------------------------------------------------------------------


def test_a_turn_is_an_actors_steps_up_to_its_next_wait():
    """The packet, then the cleaner's round, then the interrupt; and so on."""
    bench = reflecting(1)
    bench.queue(udp_out())
    ends = []
    for _ in range(4):
        taken = bench.driver.run_turn()
        assert taken is not None
        assert taken.finished
        ends.append((taken.actor, taken.step, taken.time - START_NS))
    assert ends == [
        (1, "add", 0),
        (CLEANER, "raise interrupt", 0),
        (1, "report load", 0),
        (CLEANER, "raise interrupt", SEC // 2),
    ]


def test_names_and_what_comes_next():
    """What a view of the actors shows."""
    bench = reflecting(2)
    driver = bench.driver
    assert [actor_name(a) for a in (CLEANER, 0, 1, 2)] == [
        "cleaner",
        "vpp_main",
        "vpp_wk_0",
        "vpp_wk_1",
    ]
    assert driver.upcoming(CLEANER) == "wait for event"
    assert driver.upcoming(1) == ""
    bench.queue(frame4(udp(1, 2), 17))
    driver.step(1)
    assert driver.upcoming(1) == "forward"


def test_an_unheard_run_leads_to_the_same_sessions():
    """The fast way makes no trace events, and nothing else is different."""
    heard, unheard = reflecting(2), reflecting(2)
    unheard.am.tell.listener = None
    for bench in (heard, unheard):
        bench.machine.set_session_timeout(0, 1)
        for n in range(40):
            bench.queue(udp_out(n % 7), at=START_NS + n * 77_000_000)
            bench.queue(udp_back(n % 5), rx=1, at=START_NS + n * 77_000_000)
        bench.driver.run_packets()
    assert unheard.events == []
    for one, other in zip(heard.am.workers, unheard.am.workers, strict=True):
        assert one.packet_reasons == other.packet_reasons
        assert one.passed_checks == other.passed_checks
        assert one.head_expiry_time == other.head_expiry_time
        assert one.cnt_deleted_sessions == other.cnt_deleted_sessions


def test_the_interval_adapts_to_a_backlog_and_recovers():
    """A thousand sessions due at once are gone in a few rounds; then it is two a second again."""
    bench = reflecting(1)
    for sport in range(1000):
        bench.queue(tcp_out(SYN, sport + 1))
    bench.driver.settle()
    bench.advance(120 * SEC)
    assert bench.am.live_sessions() == 1000
    intervals = set()
    while bench.am.live_sessions():
        taken = bench.driver.run_turn()
        assert taken is not None
        intervals.add(bench.am.cleaner.wait_interval)
    assert bench.driver.now < START_NS + 122 * SEC
    assert min(intervals) < SEC // 100
    bench.send(udp_out())
    bench.advance(10 * SEC)
    assert bench.am.cleaner.wait_interval == SEC // 2
    assert isinstance(bench.am.cleaner.wait, Wait)
