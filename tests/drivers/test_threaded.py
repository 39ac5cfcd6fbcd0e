"""The threaded driver: order, clocks, barriers, safe points, ends and failures.

With two workers and rx placement, vpp_wk_0 carries what enters by pg0 and vpp_wk_1 what enters by
pg1. Who goes first is made certain with events; the time limits only end a test that fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from random import Random
from typing import Any

import pytest
from drivers.scenario import ACL_LISTS, CONNECTIONS, PACKETS, REFLECT_ALL, RULES
from engine.bench import (
    ACK,
    SEC,
    SYN,
    frame_of,
    set_up,
    tcp_back,
    tcp_out,
    udp_back,
    udp_out,
    words,
)
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.drivers.batch import Batch
from aclbench.drivers.driver import CLEANER, START_NS, actor_name
from aclbench.drivers.frame import Frame
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.drivers.worker_thread import WorkerThread
from aclbench.engine.acl import DENY, AclRule
from aclbench.engine.events import (
    InterruptSent,
    InterruptServed,
    PacketVerdict,
    SessionDeleted,
    TraceEvent,
)
from aclbench.engine.invariants import check_invariants
from aclbench.engine.machine import Machine
from aclbench.engine.main import AclMain
from aclbench.engine.packet import flow_hash, parse_ethernet
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError, ThreadError

#: The failure bound of whatever should take no time, in seconds.
LONG_S = 10.0
HOUR = 3600 * SEC


class Bench:
    """A machine under a threaded driver; ACL 0 reflects on both sides of pg1."""

    def __init__(
        self,
        workers: int = 2,
        speed: float | None = None,
        by_connection: bool = True,
        driver: type[ThreadedDriver] = ThreadedDriver,
    ) -> None:
        self.driver = driver(workers, speed, by_connection)
        self.events: list[TraceEvent] = []
        self.am.tell.listener = self.events.append
        self.pg = set_up(self.machine)
        for is_input in (True, False):
            self.machine.set_interface_acls(self.pg[1], is_input, (0,))
        self.sent = 0

    @property
    def machine(self) -> Machine:
        return self.driver.machine

    @property
    def am(self) -> AclMain:
        return self.driver.machine.am

    def queue(self, data: bytes, rx: int = 0, at: int = START_NS) -> None:
        """Hand the driver a packet; nothing runs yet. `rx` is an interface's place in `pg`."""
        self.driver.arrivals.frames.append(
            frame_of([(at, self.pg[rx].sw_if_index, data)], self.sent)
        )
        self.sent += 1

    def queue_many(self, count: int, at: int = START_NS, gap: int = 0) -> None:
        """One frame of UDP packets of as many connections, which come by both interfaces."""
        packets = [
            (at + n * gap, 1 + n % 2, udp_back(n) if n % 2 else udp_out(n)) for n in range(count)
        ]
        self.driver.arrivals.frames.append(frame_of(packets, self.sent))
        self.sent += count

    def verdicts(self) -> list[PacketVerdict]:
        return [event for event in self.events if isinstance(event, PacketVerdict)]

    def heard(self, kind: type[TraceEvent]) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Between two calls there is one thread, also where a call failed."""
    before = threading.enumerate()
    yield
    assert threading.enumerate() == before


@contextmanager
def running(bench: Bench, until: int = NEVER) -> Iterator[list[Any]]:
    """A run under way on another thread, which is then vpp_main; stopped and joined at the end.

    The list gets what it returned, or raised.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(bench.driver.run_until(until))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="the runner")
    thread.start()
    try:
        yield outcome
    finally:
        while thread.is_alive():
            bench.driver.stop()
            thread.join(timeout=0.1)


class Endless:
    """A source without end; `begun` is set when some of it must have been dispatched."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun = threading.Event()
        bench.driver.arrivals.source = self

    def __call__(self) -> Frame:
        first = self.bench.sent
        self.bench.sent += 10
        if first > 100:
            self.begun.set()
        out = [(START_NS + first + n, 1, udp_out(n)) for n in range(5)]
        back = [(START_NS + first + 5 + n, 2, udp_back(n)) for n in range(5)]
        return frame_of(out + back, first)

    def wait(self) -> None:
        assert self.begun.wait(LONG_S)


# --- what is refused -------------------------------------------------------------------------


def test_no_workers_are_refused():
    """Then vpp_main would carry the packets: there would be one thread."""
    with pytest.raises(AclbenchError, match=r"at least one worker.*ask for 1 or more"):
        ThreadedDriver(0)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused(speed):
    """It is a factor."""
    with pytest.raises(AclbenchError, match="a number above 0 is right"):
        ThreadedDriver(1, speed)


# --- the order of packets --------------------------------------------------------------------


class HeldThread(WorkerThread):
    """vpp_wk_0's packets wait until vpp_wk_1 has processed a batch, or waits for vpp_wk_0."""

    #: Set by vpp_wk_1, in each test anew.
    let_go = threading.Event()

    def _process(self, batch: Batch) -> None:
        if self.worker.thread_index == 1:
            assert self.let_go.wait(LONG_S)
        super()._process(batch)
        if self.worker.thread_index == 2:
            self.let_go.set()

    def _wait_for_order(self, batch: Batch) -> bool:
        if batch.after_thread:
            self.let_go.set()
        return super()._wait_for_order(batch)


class HoldingDriver(ThreadedDriver):
    """vpp_wk_0 goes on as soon as another thread waits for it."""

    thread_type = HeldThread

    def __init__(self, *arguments: Any) -> None:
        HeldThread.let_go.clear()
        super().__init__(*arguments)


def held(by_connection: bool) -> Bench:
    """A bench in which an answer's worker is ready long before the question's."""
    bench = Bench(2, None, by_connection, HoldingDriver)
    bench.machine.acl_add_replace(None, (AclRule(DENY),), "")
    bench.machine.set_interface_acls(bench.pg[1], True, (1,))
    bench.queue(udp_out())
    bench.queue(udp_back(), rx=1)
    bench.driver.run_packets()
    return bench


def test_packets_of_one_connection_are_handled_in_order_across_workers():
    """The answer waits for the question, which has the session that lets it in."""
    bench = held(by_connection=True)
    assert [(v.number, v.thread_index) for v in bench.verdicts()] == [(0, 1), (1, 2)]
    assert words(bench.verdicts()[1]) == "existing session"


def test_where_workers_run_free_an_answer_can_come_before_its_question():
    """As on a VPP whose workers are not equally busy; then nothing lets it in."""
    bench = held(by_connection=False)
    assert [(v.number, v.thread_index) for v in bench.verdicts()] == [(1, 2), (0, 1)]
    assert words(bench.verdicts()[0]) == "acl 1 rule 0: deny"


def test_a_worker_keeps_the_order_of_the_capture():
    """Whatever the frames and the connections."""
    bench = Bench(3)
    for _ in range(20):
        bench.queue_many(13)
    bench.driver.run_packets()
    for thread in (1, 2, 3):
        numbers = [v.number for v in bench.verdicts() if v.thread_index == thread]
        assert numbers == sorted(numbers)
    assert sorted(v.number for v in bench.verdicts()) == list(range(260))


# --- the clock that the capture leads --------------------------------------------------------


def test_every_packet_up_to_a_round_is_finished_before_it_and_later_ones_come_after():
    """Told in the order of arrival: at each interrupt, what is before is earlier."""
    bench = Bench(2)
    for timeout_class in range(3):
        bench.machine.set_session_timeout(timeout_class, 1)
    bench.queue_many(400, gap=SEC // 50)
    bench.driver.run_packets()
    served = [n for n, event in enumerate(bench.events) if isinstance(event, InterruptServed)]
    assert len(served) > 20
    times = [(n, e.time) for n, e in enumerate(bench.events) if isinstance(e, PacketVerdict)]
    for place in served:
        now = bench.events[place].time
        assert all(time <= now if n < place else time >= now for n, time in times)


def test_interrupts_are_served_at_the_time_of_their_round():
    """Each that is sent, at the time at which it was."""
    bench = Bench(3)
    bench.queue_many(50, gap=SEC // 10)
    bench.driver.run_packets()
    bench.driver.run_until(bench.driver.now + 700 * SEC)
    sent = [(e.time, e.thread_index) for e in bench.heard(InterruptSent)]
    served = [(e.time, e.thread_index) for e in bench.heard(InterruptServed)]
    assert len(sent) > 100
    assert sorted(served) == sorted(sent)


def test_packets_have_their_own_times():
    """Whichever worker has them."""
    bench = Bench(3)
    bench.queue_many(60, gap=SEC // 7)
    bench.driver.run_packets()
    assert sorted(v.time for v in bench.verdicts()) == [
        START_NS + n * (SEC // 7) for n in range(60)
    ]
    assert bench.driver.now == START_NS + 59 * (SEC // 7)


def test_the_first_session_of_an_empty_bench_wakes_the_cleaner_at_its_packet():
    """It waits for an event alone; the signal ends that at the time of the latest packet."""
    bench = Bench(2)
    assert bench.driver.upcoming(CLEANER) == "wait for event"
    bench.queue(udp_out(), at=5 * SEC)
    bench.driver.run_packets()
    assert [e.time for e in bench.heard(InterruptSent)] == [5 * SEC, 5 * SEC]
    assert bench.driver.upcoming(CLEANER) == "wait for event or clock"


@pytest.mark.parametrize("workers", [1, 2])
def test_idle_time_is_jumped(workers):
    """A session goes though nobody sends anything; the rest of the day costs nothing."""
    bench = Bench(workers)
    bench.queue(udp_out())
    bench.driver.run_until(START_NS + 24 * HOUR)
    (deleted,) = bench.heard(SessionDeleted)
    assert 600 * SEC <= deleted.time - START_NS <= 720 * SEC + SEC // 2
    assert bench.driver.now == START_NS + 24 * HOUR
    assert bench.driver.next_time() == NEVER


@pytest.mark.parametrize("workers", [1, 2])
def test_a_session_is_gone_before_a_packet_that_comes_much_later(workers):
    """In one frame too, an hour apart."""
    bench = Bench(workers)
    times = [START_NS, START_NS + HOUR, START_NS + 2 * HOUR]
    bench.driver.arrivals.frames.append(frame_of([(time, 1, udp_out()) for time in times]))
    bench.driver.run_packets()
    assert [words(v) for v in bench.verdicts()] == ["acl 0 rule 0: permit+reflect"] * 3


def test_run_until_includes_its_end_and_sets_the_clock_there():
    """What is due a nanosecond later is not run."""
    bench = Bench(2)
    bench.queue(udp_out(1), at=START_NS + 10)
    bench.queue(udp_back(2), rx=1, at=START_NS + 11)
    assert bench.driver.run_until(START_NS + 10)
    assert [v.time for v in bench.verdicts()] == [START_NS + 10]
    assert bench.driver.now == START_NS + 10
    assert bench.driver.run_until(START_NS + 20)
    assert bench.driver.now == START_NS + 20
    assert len(bench.verdicts()) == 2


def test_run_packets_stops_at_the_last_packet():
    """The clock too; the session that it made is alive."""
    bench = Bench(2)
    bench.queue(udp_out(), at=START_NS + SEC)
    assert bench.driver.run_packets()
    assert bench.driver.now == START_NS + SEC
    assert bench.am.live_sessions() == 1


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("speed", [None, 10_000.0])
def test_a_run_of_so_many_packets_ends_exactly_there(workers, speed):
    """False says that it was the limit; the rest waits for the next run."""
    bench = Bench(workers, speed)
    bench.queue_many(20)
    assert not bench.driver.run_packets(max_packets=7)
    assert bench.driver.packets_handled == len(bench.verdicts()) == 7
    assert not bench.driver.run_until(NEVER, max_packets=1)
    assert bench.driver.packets_handled == 8
    assert bench.driver.run_packets(max_packets=100)
    assert sorted(v.number for v in bench.verdicts()) == list(range(20))


def test_the_clock_never_goes_back():
    """A packet with an older timestamp is handled at the time of the one before it."""
    bench = Bench(2)
    bench.queue(udp_out(1), at=START_NS + 10)
    bench.queue(udp_back(2), rx=1, at=START_NS + 4)
    bench.queue(udp_out(3), at=START_NS + 12)
    bench.driver.run_packets()
    assert sorted((v.number, v.time - START_NS) for v in bench.verdicts()) == [
        (0, 10),
        (1, 10),
        (2, 12),
    ]
    bench.driver.run_until(START_NS)
    assert bench.driver.now == START_NS + 12


@pytest.mark.parametrize("workers", [1, 2])
def test_a_packet_from_before_the_bench_s_time_is_handled_at_the_bench_s_time(workers):
    """Where the clock was set ahead meanwhile, or a round brought it along."""
    bench = Bench(workers)
    bench.driver.run_until(START_NS + 20 * SEC)
    bench.queue(udp_out(), at=START_NS + 5 * SEC)
    bench.driver.run_packets()
    assert [v.time for v in bench.verdicts()] == [START_NS + 20 * SEC]


class MidHandlerDriver(ThreadedDriver):
    """While `armed`, the cleaner goes on once the handler has sessions in hand, if it takes any.

    So it finds the lists empty, though the handler is about to append to them again: on `go_on`.
    """

    armed = False

    def __init__(self, *arguments: Any) -> None:
        self.in_hand, self.go_on = threading.Event(), threading.Event()
        super().__init__(*arguments)

    def raise_interrupt(self, thread_index: int) -> None:
        self.go_on.clear()
        super().raise_interrupt(thread_index)
        while self.armed and self.pool.busy and not self.in_hand.wait(0.001):
            pass

    def _wait_until_idle(self) -> None:
        self.go_on.set()
        super()._wait_until_idle()


def test_the_cleaner_is_not_misled_by_a_handler_that_has_everything_in_hand():
    """A session that is requeued then is gone an hour later, when its next packet comes."""
    bench = Bench(1, driver=MidHandlerDriver)
    driver = bench.driver
    assert isinstance(driver, MidHandlerDriver)

    def hear(event: TraceEvent) -> None:
        bench.events.append(event)
        if driver.armed and isinstance(event, SessionDeleted):
            driver.in_hand.set()
            assert driver.go_on.wait(LONG_S)
            driver.armed = False

    bench.am.tell.listener = hear
    bench.machine.set_session_timeout(0, 2)
    bench.machine.set_session_timeout(2, 1)  # the shortest: heads are looked at every second
    for sport, at in ((1, 0), (2, 0), (2, 3 * SEC // 2), (2, HOUR)):
        bench.queue(udp_out(sport), at=START_NS + at)
    driver.run_packets(max_packets=3)
    driver.armed = True  # for the round in which the first is deleted and the second requeued
    driver.run_packets()
    assert driver.in_hand.is_set()
    assert words(bench.verdicts()[-1]) == "acl 0 rule 0: permit+reflect"


# --- the wall's clock ------------------------------------------------------------------------


def test_by_the_wall_s_clock_no_packet_is_handled_before_its_time():
    """Nor before one that came earlier on the same worker."""
    bench = Bench(2, speed=500.0)
    bench.queue_many(40, gap=SEC // 10)
    bench.driver.run_packets()
    verdicts = bench.verdicts()
    assert len(verdicts) == 40
    assert all(v.time >= START_NS + v.number * (SEC // 10) for v in verdicts)
    assert bench.driver.now >= START_NS + 39 * (SEC // 10)
    check_invariants(bench.am)


def test_by_the_wall_s_clock_a_session_goes_at_its_time():
    """In some milliseconds, since the clock is that much faster."""
    bench = Bench(2, speed=1000.0)
    bench.machine.set_session_timeout(0, 1)
    bench.queue(udp_out())
    assert bench.driver.run_until(NEVER)
    (deleted,) = bench.heard(SessionDeleted)
    assert deleted.time >= START_NS + SEC


def test_by_the_wall_s_clock_a_run_to_a_time_gets_there():
    """Also where nothing is due any more before it."""
    bench = Bench(2, speed=1000.0)
    bench.machine.set_session_timeout(0, 1)
    bench.queue(udp_out())
    assert bench.driver.run_until(START_NS + 10 * SEC)
    assert bench.driver.now >= START_NS + 10 * SEC


def test_by_the_wall_s_clock_a_run_to_a_time_runs_what_is_due_up_to_it():
    """Also where the clock has gone by before vpp_main came to look."""
    bench = Bench(2, speed=1000.0)
    bench.queue(udp_out())
    assert bench.driver.run_until(START_NS)
    assert len(bench.verdicts()) == 1


class LastMomentThread(WorkerThread):
    """Processes packets between vpp_main's look at the signals and its look at who is busy."""

    #: Set by vpp_main, in each test anew.
    looked = threading.Event()

    def _process(self, batch: Batch) -> None:
        assert self.looked.wait(LONG_S)
        super()._process(batch)


class LastMomentDriver(ThreadedDriver):
    """Has its threads finish when it has looked at the signals, and finds no more packets."""

    thread_type = LastMomentThread

    def __init__(self, *arguments: Any) -> None:
        LastMomentThread.looked.clear()
        self.looks = False
        super().__init__(*arguments)

    def _look_at_news(self) -> None:
        super()._look_at_news()
        self.looks = True

    def _next_packet(self) -> Frame | None:
        frame = super()._next_packet()
        if self.looks and frame is None:
            LastMomentThread.looked.set()
            while self.pool.busy and self.pool.failure is None:
                pass
        self.looks = False
        return frame


def test_a_run_does_not_end_before_a_signal_that_came_at_the_last_moment():
    """Nothing is due only if also nobody has signalled: the session that was made must age."""
    bench = Bench(1, 1000.0, driver=LastMomentDriver)
    bench.machine.set_session_timeout(0, 1)
    bench.queue(udp_out())
    assert bench.driver.run_until(NEVER)
    assert bench.am.live_sessions() == 0


def test_the_wall_s_clock_can_be_set_ahead():
    """What waits for a later time is then due; back it does not go."""
    bench = Bench(2, speed=1.0)
    bench.queue(udp_out(1))
    bench.queue(udp_out(2), at=START_NS + HOUR)
    first = threading.Event()

    def hear(event: TraceEvent) -> None:
        bench.events.append(event)
        first.set()

    bench.am.tell.listener = hear
    done: list[bool] = []
    runner = threading.Thread(target=lambda: done.append(bench.driver.run_packets()))
    runner.start()
    assert first.wait(LONG_S)
    bench.driver.jump_to(START_NS + HOUR)
    bench.driver.jump_to(START_NS)
    runner.join(timeout=LONG_S)
    assert done == [True]
    assert bench.verdicts()[1].time >= START_NS + HOUR


def test_a_clock_that_the_capture_leads_cannot_be_set():
    """It is where the packets are."""
    bench = Bench(2)
    bench.driver.jump_to(START_NS + HOUR)
    assert bench.driver.now == START_NS


# --- stop ------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [None, 1000.0])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_can_be_stopped_from_another_thread(workers, speed):
    """Soon, and with all finished that had been dispatched."""
    bench = Bench(workers, speed)
    source = Endless(bench)
    with running(bench) as outcome:
        source.wait()
    assert outcome == [False]
    assert sum(bench.driver.dispatcher.dispatched) == bench.driver.packets_handled
    assert sorted(v.number for v in bench.verdicts()) == list(range(bench.driver.packets_handled))
    check_invariants(bench.am)


def test_a_run_that_waits_for_a_packet_far_away_can_be_stopped():
    """By the wall's clock, an hour before it."""
    bench = Bench(2, speed=1.0)
    first = threading.Event()
    bench.am.tell.listener = lambda event: first.set()
    bench.queue(udp_out(1))
    bench.queue(udp_out(2), at=START_NS + HOUR)
    with running(bench) as outcome:
        assert first.wait(LONG_S)
    assert outcome == [False]
    assert bench.driver.packets_handled == 1
    assert bench.driver.now < START_NS + HOUR


def test_after_a_stop_it_goes_on_where_it_was():
    """Nothing is lost between, and nothing done twice."""
    bench = Bench(2)
    source = Endless(bench)
    with running(bench):
        source.wait()
    bench.driver.arrivals.source = None
    assert bench.driver.run_packets()
    assert sorted(v.number for v in bench.verdicts()) == list(range(bench.sent))


# --- failures --------------------------------------------------------------------------------


class FailingHandler(ThreadedDriver):
    """A worker's handler fails, where it passes the barrier."""

    def memory_barrier(self) -> None:
        raise ZeroDivisionError("in a handler")


class FailingCleaner(ThreadedDriver):
    """The cleaner fails, where it raises an interrupt."""

    def raise_interrupt(self, thread_index: int) -> None:
        raise ZeroDivisionError(f"for {thread_index}")


def test_an_error_in_a_packet_names_the_thread_and_the_packets():
    """A worker that finds no such interface; what caused it is kept."""
    bench = Bench(2)
    bench.am.flow_placement = True
    number = bench.am.thread_of(0, parse_ethernet(udp_out()).key) - 1
    bench.driver.arrivals.frames.append(frame_of([(START_NS, 99, udp_out())], 42))
    says = f"vpp_wk_{number} failed, handling packets 42 to 42: IndexError"
    with pytest.raises(ThreadError, match=says) as caught:
        bench.driver.run_packets()
    assert isinstance(caught.value.__cause__, IndexError)


@pytest.mark.parametrize(
    ("driver", "says"),
    [
        (FailingHandler, "vpp_wk_. failed, serving an interrupt: ZeroDivisionError"),
        (FailingCleaner, "vpp_main failed, the cleaner, at: raise interrupt: ZeroDivisionError"),
    ],
)
@pytest.mark.parametrize("speed", [None, 1000.0])
def test_an_error_in_a_handler_or_in_the_cleaner_ends_the_run(driver, says, speed):
    """With the thread's name and what it was doing; and so does the next run."""
    bench = Bench(2, speed, driver=driver)
    bench.queue(udp_out())
    for _ in range(2):
        with pytest.raises(ThreadError, match=says):
            bench.driver.run_until(START_NS + 5 * SEC)


def test_an_error_ends_those_who_wait_for_the_one_that_failed():
    """A thread that waits for the packet before, and would wait for ever."""

    class Fails(HeldThread):
        def _process(self, batch: Batch) -> None:
            if self.worker.thread_index == 1:
                assert self.let_go.wait(LONG_S)  # vpp_wk_1 waits for us
                raise ZeroDivisionError
            super()._process(batch)

    class FailingDriver(HoldingDriver):
        thread_type = Fails

    bench = Bench(2, driver=FailingDriver)
    bench.queue(udp_out())
    bench.queue(udp_back(), rx=1)
    with pytest.raises(ThreadError, match="vpp_wk_0 failed"):
        bench.driver.run_packets()
    assert bench.verdicts() == []


@pytest.mark.parametrize("speed", [None, 1000.0])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_source_is_raised_as_it_is(workers, speed):
    """What came before it is finished, and the bench can go on."""
    bench = Bench(workers, speed)
    frames = [frame_of([(START_NS, 1 + n % 2, udp_out(n)) for n in range(300)])]

    def source() -> Frame | None:
        if frames:
            return frames.pop()
        raise EOFError("the file ends here")

    bench.driver.arrivals.source = source
    with pytest.raises(EOFError, match="ends here"):
        bench.driver.run_packets()
    assert len(bench.verdicts()) == bench.driver.packets_handled == 300
    bench.driver.arrivals.source = None
    bench.queue(udp_out())
    assert bench.driver.run_packets()
    assert bench.driver.packets_handled == 301
    assert bench.driver.at_rest()


# --- vpp_main's calls ------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [None, 1000.0])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_call_on_vpp_main_runs_behind_a_barrier(workers, speed):
    """On the thread that runs, with no worker in the middle of anything."""
    bench = Bench(workers, speed)
    source = Endless(bench)
    driver = bench.driver

    def look() -> tuple[str, int, list[str]]:
        check_invariants(bench.am, at_rest=False)
        doing = [thread.doing for thread in driver.pool.threads if thread.doing]
        return threading.current_thread().name, driver.dispatcher.in_flight(), doing

    with running(bench):
        source.wait()
        for _ in range(5):
            assert driver.on_main(look) == ("the runner", 0, [])


def test_what_a_call_on_vpp_main_raises_is_raised_where_it_was_made():
    """And the run goes on."""
    bench = Bench(2)
    source = Endless(bench)

    def refuse() -> None:
        raise ValueError("no")

    with running(bench) as outcome:
        source.wait()
        with pytest.raises(ValueError, match="no"):
            bench.driver.on_main(refuse)
        assert bench.driver.on_main(lambda: 7) == 7
    assert outcome == [False]


def test_a_call_on_vpp_main_works_when_nothing_runs():
    """Then whoever calls is vpp_main; nothing is left to do after it."""
    bench = Bench(2)
    thread = bench.driver.on_main(threading.current_thread)
    assert thread is threading.current_thread()
    with pytest.raises(ValueError, match="local0"):
        bench.driver.on_main(lambda: bench.machine.delete_interface(0))
    assert bench.driver.at_rest()
    assert bench.driver.next_time() == NEVER


# --- safe points -----------------------------------------------------------------------------


def shown(worker: Worker, now: int) -> tuple[str, int, bool]:
    """The thread, the time, and whether the worker's lists fit what it says of them."""
    lengths = [len(worker.list_sessions(list_id)) for list_id in range(3)]
    fits = lengths == worker.conn_list_length and sum(lengths) == worker.live_sessions
    return threading.current_thread().name, now, fits and not worker.expired


@pytest.mark.parametrize("speed", [None, 1000.0])
def test_at_safe_points_each_worker_shows_its_own_data_while_all_run(speed):
    """On its own thread; that of thread 0, which carries nothing, on the caller's."""
    bench = Bench(3, speed)
    source = Endless(bench)
    caller = threading.current_thread().name
    with running(bench):
        source.wait()
        last = 0
        for _ in range(10):
            found = bench.driver.at_safe_points(shown)
            assert [name for name, _, _ in found] == [caller, "vpp_wk_0", "vpp_wk_1", "vpp_wk_2"]
            assert all(fits for _, _, fits in found)
            assert min(now for _, now, _ in found) >= last
            last = found[0][1]


def test_safe_points_are_everywhere_when_nothing_runs():
    """All is shown on the caller's thread, at the bench's time."""
    bench = Bench(2)
    bench.queue_many(9)
    bench.driver.run_packets()
    found = bench.driver.at_safe_points(shown)
    assert found == [(threading.current_thread().name, bench.driver.now, True)] * 3


# --- what faces ask --------------------------------------------------------------------------


def test_an_empty_bench_has_nothing_to_do():
    """It is at rest, at the start of time."""
    driver = ThreadedDriver(2)
    assert (driver.now, driver.next_time(), driver.at_rest()) == (START_NS, NEVER, True)
    assert not driver.is_running
    assert driver.packets_handled == 0
    assert [driver.upcoming(actor) for actor in (CLEANER, 0, 1, 2)] == [
        "wait for event",
        "",
        "",
        "",
    ]
    assert [actor_name(actor) for actor in (CLEANER, 0, 1)] == [
        "cleaner",
        "vpp_main",
        "vpp_wk_0",
    ]


def test_the_next_time_is_that_of_whatever_is_due_first():
    """A packet, a signal, the cleaner's wait."""
    bench = Bench(2)
    bench.queue(udp_out(), at=START_NS + SEC)
    assert bench.driver.next_time() == START_NS + SEC
    bench.driver.run_packets()
    assert bench.driver.next_time() == bench.am.cleaner.wait.until == START_NS + 3 * SEC // 2
    assert bench.driver.at_rest()
    bench.machine.clear_sessions()
    assert bench.driver.next_time() == bench.driver.now
    assert not bench.driver.at_rest()
    bench.driver.run_until(bench.driver.now)
    assert bench.driver.upcoming(CLEANER) == "suspend"
    assert not bench.driver.at_rest()
    bench.driver.run_until(bench.driver.now + SEC)
    assert bench.driver.at_rest()
    assert bench.am.live_sessions() == 0


def test_a_packet_that_is_late_already_is_due_now():
    """Not in the past."""
    bench = Bench(2)
    bench.driver.run_until(START_NS + SEC)
    bench.queue(udp_out())
    assert bench.driver.next_time() == START_NS + SEC


def test_what_a_thread_is_doing_is_told_while_it_does_it():
    """For the screen, and for whoever looks at a run that hangs."""
    told: list[str] = []
    bench = Bench(1)
    bench.am.tell.listener = lambda event: told.append(bench.driver.upcoming(event.thread_index))
    bench.queue_many(3)
    bench.driver.run_packets()
    assert {"handling packets 0 to 2", "serving an interrupt"} <= set(told)
    assert bench.driver.upcoming(1) == ""


# --- threads or steps ------------------------------------------------------------------------

#: All packets of the scenarios by what they share sessions with; those that are not IP last.
Connection = list[tuple[int, bytes]]


def connections() -> list[Connection]:
    """Packets of one flow hash are a connection: no other packet meets their sessions."""
    by_flow: dict[int, Connection] = {}
    for rx, data in [*CONNECTIONS, *PACKETS]:
        key = parse_ethernet(data).key
        by_flow.setdefault(flow_hash(key) if key else -1, []).append((rx, data))
    return list(by_flow.values())


ALL_CONNECTIONS = connections()
#: A connection's packets come in spells this short. A session lives 1 s at least.
SPELL_NS = 4 * SEC // 10


def spells(random: Random, timeouts_s: list[int]) -> list[tuple[int, int, bytes]]:
    """Traffic in which no packet meets a session between its expiry and its latest end.

    Within a spell of its connection no session can expire. Between two, all of them are gone: the
    longest timeout, then the time between two looks at the head, and the cleaner's longest wait.
    """
    pause = (max(timeouts_s) + min(timeouts_s) + 1) * SEC
    packets: list[tuple[int, int, bytes]] = []
    for connection in random.sample(ALL_CONNECTIONS, random.randint(1, 10)):
        time = START_NS + random.randint(0, 3 * SEC)
        for _ in range(random.randint(1, 3)):
            offsets = sorted(random.randint(0, SPELL_NS) for _ in range(random.randint(1, 8)))
            packets += [(time + offset, *random.choice(connection)) for offset in offsets]
            time += SPELL_NS + pause + random.randint(1, 2 * SEC)
    return sorted(packets, key=lambda packet: packet[0])


def told_by(
    driver: SteppedDriver | ThreadedDriver,
    configure: Callable[[Machine], None],
    frames: list[Frame],
) -> tuple[list[Any], int]:
    """What became of each packet, and how many sessions there were."""
    verdicts: list[PacketVerdict] = []

    def hear(event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            verdicts.append(event)

    driver.machine.am.tell.listener = hear
    set_up(driver.machine, 3)
    configure(driver.machine)
    driver.arrivals.frames.extend(frames)
    driver.run_packets()
    check_invariants(driver.machine.am)
    fates = [
        (v.number, v.time, v.tx, v.reason, tuple(check.reason for check in v.checks))
        for v in verdicts
    ]
    added = sum(sum(w.session_adds_by_sw_if_index.values()) for w in driver.machine.am.workers)
    return sorted(fates), added


@examples(60)
@given(st.integers(0, 1 << 32), st.integers(1, 4), st.booleans())
def test_threads_say_of_each_packet_what_steps_say(seed: int, workers: int, flow_placement: bool):
    """Wherever it does not matter which of two workers, or of a worker and the clock, is first."""
    random = Random(seed)
    timeouts_s = [random.randint(1, 3) for _ in range(3)]
    acls = [(n, side, random.choice(ACL_LISTS)) for n in (1, 2, 3) for side in (True, False)]
    rules = [REFLECT_ALL, *[tuple(random.sample(RULES, random.randint(1, 4))) for _ in range(2)]]
    packets = spells(random, timeouts_s)
    size = random.choice([1, 3, 256])

    def configure(machine: Machine) -> None:
        machine.acl_add_replace(0, rules[0], "")
        for more in rules[1:]:
            machine.acl_add_replace(None, more, "")
        for sw_if_index, is_input, applied in acls:
            machine.set_interface_acls(machine.am.interface(sw_if_index), is_input, applied)
        for timeout_class, seconds in enumerate(timeouts_s):
            machine.set_session_timeout(timeout_class, seconds)
        machine.am.flow_placement = flow_placement

    stepped = told_by(SteppedDriver(workers), configure, frame_of(packets).split(size))
    threaded = told_by(ThreadedDriver(workers), configure, frame_of(packets).split(size))
    assert threaded == stepped


def test_a_connection_is_established_across_workers():
    """Three packets, two workers: SYN, SYN-ACK and ACK are tracked in this order."""
    bench = Bench(2)
    for n, (rx, data) in enumerate(
        [(0, tcp_out(SYN)), (1, tcp_back(SYN | ACK)), (0, tcp_out(ACK))]
    ):
        bench.queue(data, rx, at=START_NS + n)
    bench.driver.run_packets()
    assert [v.number for v in bench.verdicts()] == [0, 1, 2]
    bench.driver.run_until(START_NS + 300 * SEC)
    assert bench.am.live_sessions() == 1


def test_a_question_asked_as_a_run_begins_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the moment at which a run has begun and that at which its threads are there."""
    driver = ThreadedDriver(2)
    start = WorkerThread.start
    answers: SimpleQueue[list[int]] = SimpleQueue()
    asked: list[threading.Thread] = []

    def ask() -> None:
        answers.put(driver.at_safe_points(lambda worker, now: worker.thread_index))

    def late_start(thread: WorkerThread) -> None:
        if not asked:
            asked.append(threading.Thread(target=ask))
            asked[0].start()
            while not all(not other.questions.empty() for other in driver.pool.threads):
                threading.Event().wait(0.001)
        start(thread)

    monkeypatch.setattr(WorkerThread, "start", late_start)
    driver.machine.clear_sessions()
    driver.run_until(driver.now + SEC)
    assert answers.get(timeout=10) == [0, 1, 2]
    asked[0].join()
