"""`wheel`: timers end N to N + 1 ticks later; a packet of the owner's moves its own."""

from __future__ import annotations

import random
from collections import deque

import pytest
from designs.aging import Aged, drive, seeds
from designs.running import SET_UP, Run, all_ways
from engine.bench import ACK, FIN, SEC, SYN, Driven, tcp_back, tcp_out, udp_back, udp_out
from tui.bench import player_of
from tui.looking import frame_of

from aclbench import Workbench
from aclbench.designs import DESIGNS
from aclbench.designs.wheel import PASSED_OVER, SLOTS, TICK_NS, timer_end
from aclbench.engine.events import InterruptServed, SessionDeleted, SessionRequeued
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.worker import Worker
from aclbench.tui.palette import Palette
from aclbench.tui.workers.panel import panel_drawing

WHEEL = DESIGNS["wheel"]
_WHEEL = WHEEL.numbers.index("wheel")


def made(workers: int = 0, design: str = "wheel") -> Driven:
    bench = Driven(workers, design=DESIGNS[design])
    bench.apply(0)
    bench.apply(0, is_input=False)
    return bench


def the_worker(bench: Driven) -> Worker:
    return bench.am.packet_workers[0]


@pytest.mark.parametrize("run", all_ways(WHEEL))
def test_it_runs_every_way(run: Run) -> None:
    assert run()["tcp_transient"] == 1


@pytest.mark.parametrize("seconds", [1, 30, 600, 1024, 86400])
def test_a_timer_ends_within_a_tick_after_its_timeout(seconds: int) -> None:
    bench = made()
    bench.machine.set_session_timeout(0, seconds)
    bench.advance(SEC // 3)
    bench.send(udp_out())
    left = timer_end(the_worker(bench), 0) - bench.driver.now
    assert seconds * SEC < left <= seconds * SEC + TICK_NS


def test_a_day_is_84_turns() -> None:
    """At 24 h the wheel passes over the session once a turn of 1024 s, and then it ends."""
    bench = made()
    bench.machine.set_session_timeout(0, 86400)
    bench.send(udp_out())
    begin = bench.driver.now
    for seconds in (*range(500, 86400, 500), 86401):
        interrupt(bench, begin + seconds * SEC)
    assert [event.idle // SEC for event in bench.heard(SessionDeleted)] == [86401]
    assert the_worker(bench).numbers[_WHEEL][PASSED_OVER] == 86400 * SEC // (SLOTS * TICK_NS) == 84
    assert not bench.heard(SessionRequeued)


def interrupt(bench: Driven, now: int) -> None:
    """One on the only worker, that nobody sent."""
    for _ in bench.machine.idle_check.worker_conn_cleaner_process(the_worker(bench), now):
        check_invariants(bench.am, at_rest=False)


def test_a_wheel_that_was_not_moved_for_long_catches_up() -> None:
    """Turns and all: who fell due in one slot in different turns, in order."""
    bench = made()
    for port, seconds in ((1, 10), (2, 10 + 1024), (3, 10 + 2048), (4, 5000)):
        bench.machine.set_session_timeout(0, seconds)
        bench.send(udp_out(port))
    begin = bench.driver.now
    bench.machine.set_session_timeout(0, 1)
    interrupt(bench, begin + 3000 * SEC)
    assert [event.session_index for event in bench.heard(SessionDeleted)] == [0, 1, 2]
    assert timer_end(the_worker(bench), 3) == begin // TICK_NS * TICK_NS + 5000 * SEC + TICK_NS


def test_a_packet_of_the_owner_moves_the_timer() -> None:
    bench = made()
    bench.send(udp_out())
    bench.advance(500 * SEC)
    bench.send(udp_back(), rx=1)
    bench.advance(599 * SEC)
    assert not bench.heard(SessionDeleted) + bench.heard(SessionRequeued)
    bench.advance(3 * SEC)
    assert len(bench.heard(SessionDeleted)) == 1
    assert not bench.heard(SessionRequeued)


def test_a_packet_of_another_thread_is_found_when_the_timer_ends() -> None:
    bench = made(workers=2)
    bench.send(udp_out())
    bench.advance(500 * SEC)
    bench.send(udp_back(), rx=1)
    bench.advance(102 * SEC)
    assert len(bench.heard(SessionRequeued)) == 1
    bench.advance(498 * SEC)
    assert not bench.heard(SessionDeleted)
    bench.advance(2 * SEC)
    assert len(bench.heard(SessionDeleted)) == 1


def _served(bench: Driven) -> list[InterruptServed]:
    return [event for event in bench.events if isinstance(event, InterruptServed)]


def test_a_clear_walks_the_pool() -> None:
    """100 slots a quantum; another interface's sessions stay, and keep their timers."""
    bench = made()
    bench.apply(1)
    for port in range(120):
        bench.send(udp_out(port))
    bench.send(udp_out(500), rx=1)
    ends = timer_end(the_worker(bench), 120)
    bench.machine.set_interface_acls(bench.pg[0], True, ())
    bench.machine.set_interface_acls(bench.pg[0], False, ())
    before = len(_served(bench))
    bench.advance(SEC // 100)
    assert [e.deleted for e in _served(bench)[before:]][:2] == [100, 20]
    assert the_worker(bench).live_sessions == 1
    assert timer_end(the_worker(bench), 120) == ends


def test_recycling_takes_who_was_transient_longest() -> None:
    bench = made()
    bench.am.conn_table_max_entries = 2
    for sport in (1, 2):
        bench.send(tcp_out(SYN, sport))
        bench.advance(SEC)
    bench.send(tcp_out(SYN, 1))
    bench.send(tcp_out(SYN, 3))
    worker = the_worker(bench)
    assert worker.cnt_recycled_sessions == 1
    assert [s.session_index for s in worker.list_sessions(2)] == [1, 0]
    bench.advance(0)


@pytest.mark.parametrize(
    ("workers", "gone_after"),
    [(0, 120), (2, 1000)],
    ids=["the owner", "another thread"],
)
def test_what_a_shorter_timeout_comes_to(workers: int, gone_after: int) -> None:
    """A FIN of the owner's moves the timer; one of another thread is not seen until it ends."""
    bench = made(workers)
    bench.machine.set_session_timeout(1, 1000)
    bench.send(tcp_out(SYN))
    bench.send(tcp_back(SYN | ACK), rx=1)
    bench.send(tcp_out(ACK))
    bench.advance(SEC)
    bench.send(tcp_back(FIN | ACK), rx=1)
    begin = bench.driver.now
    bench.advance((gone_after + 2) * SEC)
    (deleted,) = bench.heard(SessionDeleted)
    assert gone_after - 1.5 <= (deleted.time - begin) / SEC <= gone_after + 2


@seeds(4)
def test_none_goes_before_its_timeout_and_all_within_the_bound(seed: int) -> None:
    """All packets on the owner's thread: at most a tick late, and the cleaner's wait."""
    aged: Aged = drive(WHEEL, seed, workers=0)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    assert aged.latest <= TICK_NS + aged.wait


@seeds(4)
def test_on_two_threads_within_the_longest_timeout(seed: int) -> None:
    """A timer stands for the class that the owner saw, so it may end a timeout of that late."""
    aged: Aged = drive(WHEEL, seed, workers=2)
    assert aged.deleted > 50
    assert aged.earliest >= 0
    assert aged.latest <= aged.longest_timeout + 2 * TICK_NS + aged.wait


def test_the_ring_is_shown() -> None:
    """At the prompt, as JSON, and on the screen: from the next slot on, by 16 s."""
    bench = Workbench(design="wheel")
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.cli("set acl-plugin session timeout udp idle 100")
    bench.send("pg0", [udp_out(), udp_out(1001), tcp_out(SYN)])
    bench.advance(1)
    shown = "3 timers in 2 slots; next: +199"
    assert f"  wheel: {shown}\n" in bench.cli("show acl-plugin sessions")
    assert bench.cli_data("show acl-plugin sessions")["workers"][1]["beside"] == {"wheel": shown}
    (view,) = bench.snapshot().workers[1].beside
    assert [(at, timers) for at, timers in enumerate(view.amounts) if timers] == [(6, 2), (7, 1)]
    frame = frame_of(player_of(lambda: bench))
    drawn = panel_drawing(frame, frame.shown_workers()[0], 60, 30, Palette())
    at = next(at for at, line in enumerate(drawn.lines) if line.plain.startswith(" wheel "))
    assert drawn.lines[at].plain == f" wheel {shown}"
    assert drawn.lines[at + 1].plain == f" ···█{28 * '·'}"  # two amounts in a cell


def test_stories_tell_of_timers() -> None:
    """When a session is looked at, how late it may go, and what an interrupt takes."""
    bench = Workbench(design="wheel")
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.cli("set acl-plugin session timeout udp idle 100")
    bench.send("pg0", [udp_out(port) for port in range(1000, 1150)])
    bench.advance(1)
    session = " ".join(bench.cli("story session 1/0").split())
    assert "its timer is set for what is left of 100 s, and runs out up to a tick" in session
    assert "Without another packet it is then deleted" in session
    bench.advance(99)
    due = " ".join(bench.cli("story list vpp_wk_0 udp_idle").split())
    assert "Of its sessions 150 are due then. One interrupt takes all that are." in due
    assert "the timeout of the class: what a timer is set for" in due


@pytest.mark.parametrize("design", ["wheel", "wheel-lazy"])
@seeds(2)
def test_whoever_goes_next_the_ring_is_whole(design: str, seed: int) -> None:
    """Any actor between any two steps, and a clear amid it all."""
    chance = random.Random(seed)
    bench = Driven(2, "random", seed, design=DESIGNS[design])
    bench.apply(0)
    bench.apply(1)
    for timeout_class, seconds in enumerate((2, 4, 1)):
        bench.machine.set_session_timeout(timeout_class, seconds)
    for _ in range(80):
        port, flags = chance.randrange(1000, 1020), chance.choice([SYN, SYN | ACK, ACK, FIN | ACK])
        back = chance.random() < 0.5
        packet = tcp_back(flags, port) if back else tcp_out(flags, port)
        at = bench.driver.now + chance.randrange(4 * SEC)
        bench.queue(packet, rx=int(back), at=at)
    bench.driver.arrivals.frames = deque(
        sorted(bench.driver.arrivals.frames, key=lambda frame: frame.peek_time())
    )
    for number in range(2500):
        if number == 400:
            bench.machine.clear_sessions()
        if bench.driver.step() is None:
            break
        if number % 5 == 0:
            check_invariants(bench.am, at_rest=bench.driver.at_rest())
    assert bench.driver.packets_handled == 80
    assert bench.heard(SessionDeleted)


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ("wheel slots", r"without list or without timer are \[0\]"),
        ("occupied slots", "the bit of slot"),
        ("timers by 32 slots", "1 timers are set, by slots 0"),
        ("wheel", "1 timers are set, and counted are"),
    ],
)
def test_a_ring_that_is_broken_is_found_out(numbers: str, says: str) -> None:
    bench = made()
    bench.send(udp_out())
    ring = the_worker(bench).numbers[WHEEL.numbers.index(numbers)]
    ring[:] = [0] * len(ring)
    with pytest.raises(InvariantError, match=says):
        check_invariants(bench.am)


def test_a_cleaner_that_comes_too_late_is_found_out() -> None:
    bench = made()
    bench.send(udp_out())
    bench.am.workers[0].head_expiry_time[0] += TICK_NS
    with pytest.raises(InvariantError, match="the cleaner comes after the next slot is due"):
        check_invariants(bench.am)
