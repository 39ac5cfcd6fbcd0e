"""The threaded driver: one operating-system thread a worker, and vpp_main, which runs the cleaner.

It drives the very functions that the stepped driver drives. vpp_main is the thread that calls
`run_until` or `run_packets`: it runs the cleaner process, reads packets, and hands them to the
workers (`handout.py`), whose threads (`lane.py`) live for as long as that call does. So between two
calls there is one thread, and nothing to be closed.

Who goes when, the operating system decides. What the clock shows depends on its kind:

* **led by the capture** (`speed` None): a packet comes at its own time, and the clock goes on once
  everybody is done. When the cleaner's wait ends at w, every packet up to w is finished; the round
  runs and its interrupts are served with now = w; only then are later packets handed out. Idle time
  is jumped. A signal to the cleaner ends its wait at the time of the latest packet handed out.
* **the wall's**, or so many times as fast (`speed` 1, 60, ...): a packet is handed out when the
  clock has reached it, and everybody reads the clock for himself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from aclbench.drivers.clock import WallClock
from aclbench.drivers.cores import shared_core
from aclbench.drivers.driver import CLEANER, START_NS, actor_name
from aclbench.drivers.frame import Arrivals, Frame
from aclbench.drivers.handout import Handout, Parcel
from aclbench.drivers.lane import END, WAKE, Answer, Lane
from aclbench.drivers.stepping import NO_EVENTS
from aclbench.engine.machine import Machine
from aclbench.engine.steps import CleanerEvent, Step, Wait, WaitKind, Wake
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError, ThreadError

#: Packets handed out and not finished: no more than this, and on from half of it. Enough to keep
#: the workers busy while vpp_main reads and decodes.
MAX_UNDER_WAY: Final = 16384
#: vpp_main looks up from a wait so often, in seconds, also if nobody wakes it.
LOOK_S: Final = 0.05

_T = TypeVar("_T")
#: Something to be run by vpp_main, and where its error or its result goes.
_Call = tuple[Callable[[], Any], "SimpleQueue[tuple[BaseException | None, Any]]"]


class ThreadedDriver:
    """Drives a `Machine` on real threads. `n_workers` is at least 1.

    `speed` None: the capture leads the clock; else how many times as fast as the wall's it goes.
    With `by_connection` a packet waits until the one before of its connection is finished,
    whichever worker has it; without, the workers run free.
    """

    def __init__(
        self, n_workers: int, speed: float | None = None, by_connection: bool = True
    ) -> None:
        if n_workers < 1:
            raise AclbenchError(
                "real threads need at least one worker: with workers = 0 vpp_main carries the "
                "packets and runs the cleaner, all on one thread; ask for 1 or more"
            )
        self.set_speed(speed)
        self.arrivals = Arrivals()
        #: The clock of the run under way, unless the capture leads it.
        self.clock: WallClock | None = None
        #: The first error in any thread, with the thread's name and what it was doing.
        self.failed: tuple[str, str, BaseException] | None = None
        self._now = START_NS
        self._lock = threading.Lock()
        #: Whoever holds this is vpp_main.
        self._main = threading.RLock()
        self._running = False
        self._stopped = False
        #: Wakes vpp_main, which then looks what there is: signals, calls, lanes that are done.
        self._news: SimpleQueue[None] = SimpleQueue()
        self._signals: deque[CleanerEvent] = deque()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        #: Lanes that have something to do.
        self._busy = 0
        self._wants_room = False
        #: When the next packet that is not handed out arrives, as vpp_main saw it last.
        self._arrival = NEVER
        self.machine = Machine(n_workers, self)
        self.handout = Handout(self.machine.am, by_connection)
        self.lanes = [Lane(self, worker) for worker in self.machine.am.packet_workers]
        self._cleaner = self.machine.cleaner.session_cleaner_process()
        self._cleaner_next: Step | Wait = next(self._cleaner)

    # --- what the machine asks of us: from any thread ------------------------------------------

    def raise_interrupt(self, thread_index: int) -> None:
        """The thread's handler is due now. Called by the cleaner."""
        lane = self.lanes[thread_index - 1]
        lane.raised += 1
        with self._lock:
            self._give(lane, WAKE)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """The cleaner is due now, if it waits for events. Takes no lock: packets call it."""
        self._signals.append(event)
        self._news.put(None)

    def memory_barrier(self) -> None:
        """Both threads pass through one lock: whoever comes second sees what the first wrote."""
        with self._lock:
            pass

    # --- what lanes tell us --------------------------------------------------------------------

    def read_clock(self) -> int:
        """What the clock shows: the same to all where the capture leads it."""
        clock = self.clock
        return self._now if clock is None else clock.now()

    def item_done(self, lane: Lane, packets: int) -> None:
        """A lane is through with something, so many packets among it; perhaps somebody waits."""
        finished, thread_index = self.handout.finished, lane.worker.thread_index
        with self._lock:
            finished[thread_index] += packets
            if lane.waiters:
                done = finished[thread_index]
                for after, waiter in lane.waiters:
                    if after <= done:
                        waiter.turn.put(None)
                lane.waiters = [waiting for waiting in lane.waiters if waiting[0] > done]
            if self._wants_room and self.handout.under_way() <= MAX_UNDER_WAY // 2:
                self._wants_room = False
                self._news.put(None)
            if lane.inbox.empty():
                lane.idle = True
                self._busy -= 1
                if not self._busy:
                    self._news.put(None)

    def let_wait(self, lane: Lane, other: Lane, count: int) -> bool:
        """Have a lane told when another has finished so many packets; False if it has."""
        with self._lock:
            if self.handout.finished[other.worker.thread_index] >= count:
                return False
            other.waiters.append((count, lane))
            return True

    def thread_failed(self, name: str, doing: str, error: BaseException) -> None:
        """A thread has ended with an error; the first one is kept."""
        with self._lock:
            if self.failed is None:
                self.failed = name, doing, error
        self._news.put(None)

    # --- what faces ask ------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The clock, in nanoseconds; it never goes back."""
        return self.read_clock()

    @property
    def is_running(self) -> bool:
        """Whether the workers' threads are there."""
        return self._running

    @property
    def packets_handled(self) -> int:
        """Packets that are done, in all."""
        return sum(self.handout.finished)

    def next_time(self) -> int:
        """When the next thing is due, `now` at the earliest; `NEVER` if nothing is."""
        now = self.now
        if self._busy or self._signals or self._cleaner_is_ready(now):
            return now
        wait = self._cleaner_next
        until = wait.until if isinstance(wait, Wait) else now
        if self._main.acquire(blocking=False):  # else the frames are another thread's, which runs
            try:
                if not self._running:
                    self._next_packet()
            finally:
                self._main.release()
        return max(now, min(until, self._arrival))

    def upcoming(self, actor: int) -> str:
        """What an actor is doing, or would do next; empty if nothing."""
        if actor == CLEANER:
            upcoming = self._cleaner_next
            return upcoming.label if isinstance(upcoming, Step) else upcoming.kind.value
        return self.lanes[actor - 1].doing if actor else ""

    def actor_name(self, actor: int) -> str:
        """An actor's name, as in VPP: `cleaner`, `vpp_main`, `vpp_wk_0`."""
        return actor_name(actor)

    def at_rest(self) -> bool:
        """The cleaner at its main wait, no lane busy, nothing raised."""
        wait = self._cleaner_next
        return not (self._busy or self._signals) and (
            isinstance(wait, Wait) and wait.kind != WaitKind.SUSPEND
        )

    def at_safe_points(self, make: Callable[[Worker, int], _T]) -> list[_T]:
        """What `make` says of each worker and the time there, called on the worker's own thread.

        Between two pieces of work; directly, where no thread runs. What it raises is raised here.
        """
        answers: SimpleQueue[Answer] = SimpleQueue()
        while True:
            with self._lock:
                if self._running:
                    for lane in self.lanes:
                        lane.questions.put((make, answers))
                        self._give(lane, WAKE)
                    break
            if self._main.acquire(timeout=LOOK_S):
                try:
                    return [make(worker, self._now) for worker in self.machine.am.workers]
                finally:
                    self._main.release()
        found = {0: make(self.machine.am.workers[0], self.now)}  # it carries no packets
        while len(found) <= len(self.lanes):
            try:
                thread_index, error, answer = answers.get(timeout=LOOK_S)
            except Empty:
                self._raise_failure()
                if not self._running:  # a thread that could not start answers nobody
                    return self.at_safe_points(make)
                continue
            if error is not None:
                raise error
            found[thread_index] = answer
        return [found[thread_index] for thread_index in range(len(self.lanes) + 1)]

    def on_main(self, call: Callable[[], _T]) -> _T:
        """Run something on vpp_main, behind a barrier: no worker is in the middle of anything.

        As VPP runs its commands. What it raises is raised here.
        """
        outcome: SimpleQueue[tuple[BaseException | None, Any]] = SimpleQueue()
        self._calls.put((call, outcome))
        self._news.put(None)
        while True:
            if self._main.acquire(blocking=False):
                try:
                    self._serve_calls()
                finally:
                    self._main.release()
            try:
                error, result = outcome.get(timeout=LOOK_S)
            except Empty:
                continue
            if error is not None:
                raise error
            done: _T = result
            return done

    def stop(self) -> None:
        """End the run under way, or else the next one at once. Also for a signal handler."""
        self._stopped = True
        self._news.put(None)

    def forget_stop(self) -> None:
        """Whoever asked a run to stop meant one that is over."""
        self._stopped = False

    def set_speed(self, speed: float | None) -> None:
        """How many times as fast as the wall's the next run is; None: led by the capture."""
        is_number = isinstance(speed, int | float) and not isinstance(speed, bool)
        if speed is not None and not (is_number and 0 < speed < float("inf")):
            raise AclbenchError(f"speed: {speed!r}; a number above 0 is right")
        self.speed = speed

    def jump_to(self, now: int) -> None:
        """Have the clock go on from a later time; only where the capture does not lead it."""
        clock = self.clock
        if clock is not None:
            clock.jump_to(now)
            self._news.put(None)

    # --- running -------------------------------------------------------------------------------

    def run_until(
        self, until: int, max_packets: int | None = None, max_turns: int | None = None
    ) -> bool:
        """Run what is due up to and including `until` (ns), then set the clock there.

        With `NEVER`, until nothing is due. Stops early, and returns False, after `max_packets`
        packets, or if `stop` is called. Raises ThreadError if a thread fails; then all have ended.
        """
        return self._run(until, max_packets, to_last_packet=False)

    def run_packets(self, max_packets: int | None = None, max_turns: int | None = None) -> bool:
        """Run on to the last packet, and what is left to do at its instant; the clock stops there.

        Stops early as `run_until` does.
        """
        return self._run(NEVER, max_packets, to_last_packet=True)

    def _run(self, until: int, max_packets: int | None, to_last_packet: bool) -> bool:
        with self._main, shared_core():
            self._raise_failure()
            if not to_last_packet and until != NEVER and self.next_time() > until:
                self._now = max(self._now, until)
                return True
            most = NEVER if max_packets is None else max_packets
            try:
                self._begin(until)
                if self.clock is None:
                    arrived = self._run_led(until, most, to_last_packet)
                else:
                    arrived = self._run_by_clock(self.clock, until, most, to_last_packet)
            finally:
                self._end()
            self._raise_failure()
            return arrived

    def _begin(self, until: int) -> None:
        """Start the workers' threads."""
        self.clock = None if self.speed is None else WallClock(self._now, self.speed, until)
        for lane in self.lanes:
            lane.prepare()
        with self._lock:
            self._running = True
        for lane in self.lanes:
            lane.start()

    def _end(self) -> None:
        """End the workers' threads: they finish what was handed out, unless one has failed."""
        with self._lock:
            self._running = False
            for lane in self.lanes:
                lane.inbox.put(END)
        self._stopped = False
        for lane in self.lanes:
            lane.join()
            lane.idle = True
        self._busy = 0
        self._now = max(self.read_clock(), self._now)
        self.clock = None
        self._serve_calls()

    def _raise_failure(self) -> None:
        if self.failed is not None:
            name, doing, error = self.failed
            raise ThreadError(f"{name} failed, {doing or 'idle'}: {error!r}") from error

    def _is_ending(self) -> bool:
        """Somebody called `stop`, or a thread has failed."""
        return self._stopped or self.failed is not None

    def _run_led(self, until: int, most: int, to_last_packet: bool) -> bool:
        """Run with the clock led by the capture.

        At each turn of the loop everybody is done with all packets, and with interrupts too, unless
        the workers touch nothing of each other's: then a worker's next packets may come behind its
        own interrupt without waiting for the others'.
        """
        apart = self.machine.am.flow_placement or self.machine.am.n_workers == 1
        while True:
            self._look()
            if self._is_ending():
                return False
            if self._cleaner_is_ready(self._now):
                self._finish()
                self._run_cleaner()
                if not apart:
                    self._finish()
                continue
            wait = self._cleaner_next
            assert isinstance(wait, Wait)
            frame = self._next_packet() if most else None
            arrival = NEVER if frame is None else max(self._arrival, self._now)
            if self._busy and (wait.until == NEVER or arrival >= min(until, wait.until)):
                self._finish()  # with interrupts that may signal the cleaner
                continue
            if self._cleaner_is_ready(self._now):
                continue  # who was busy had signalled, and was done as we looked
            if frame is None and (to_last_packet or not most):
                return most > 0
            due = min(arrival, wait.until)
            if due > until or due == NEVER:
                self._now = self._now if until == NEVER else max(self._now, until)
                return True
            if wait.until < arrival:
                self._now = max(self._now, wait.until)
                continue
            most -= self._hand_out(min(until, self._window_end(wait, arrival)), most)
            self._finish()
            self._now = max(self._now, self.handout.latest)

    def _window_end(self, wait: Wait, arrival: int) -> int:
        """Up to when packets may be handed out before the cleaner has to be looked at again.

        While it waits for an event alone, the next packet may make a session and wake it: then no
        longer than until that could be due, or the cleaner's wait interval over.
        """
        if wait.until != NEVER:
            return wait.until
        am = self.machine.am
        return arrival + min(am.cleaner.wait_interval, am.shortest_timeout)

    def _run_by_clock(self, clock: WallClock, until: int, most: int, to_last_packet: bool) -> bool:
        """Run at the pace of the wall. Nobody waits for anybody, but at the end."""
        while True:
            self._look()
            if self._is_ending():
                self._finish()
                return False
            now = clock.now()
            if self._cleaner_is_ready(now):
                self._run_cleaner()
                continue
            frame = self._next_packet() if most else None
            arrival = NEVER if frame is None else self._arrival
            wait = self._cleaner_next
            assert isinstance(wait, Wait)
            due = min(arrival, wait.until)
            no_more = frame is None and (to_last_packet or not most)
            if no_more or due == NEVER or (now >= until and arrival > until):
                if self._busy:
                    self._wait(LOOK_S)
                    continue
                if self._cleaner_is_ready(now):
                    continue  # who was busy had signalled, and was done as we looked
                if not no_more and until != NEVER:
                    clock.jump_to(until)  # nothing is due by then
                return most > 0
            if arrival <= now:
                most -= self._hand_out(min(now, until), most)
            else:
                self._wait(min(LOOK_S, clock.seconds_until(min(due, until))))

    def _hand_out(self, until: int, most: int) -> int:
        """Hand packets that arrive up to `until` to the workers; how many they were.

        Stops early where somebody else is to be looked after first.
        """
        handed = 0
        while handed < most and (frame := self._next_packet()) is not None:
            if self._arrival > until:
                break
            while self.handout.under_way() >= MAX_UNDER_WAY and self.failed is None:
                self._wants_room = True
                self._wait(LOOK_S)
            if self._somebody_waits():
                break
            parcels = self.handout.cut(frame, until, most - handed, self._now)
            with self._lock:
                for parcel in parcels:
                    self._give(self.lanes[parcel.thread_index - 1], parcel)
            handed += sum(len(parcel.frame) for parcel in parcels)
        return handed

    def _next_packet(self) -> Frame | None:
        """The frame with the next packet, if there is one; and when that packet arrives."""
        frame = self.arrivals.next_frame()
        self._arrival = NEVER if frame is None else frame.peek_time()
        return frame

    def _somebody_waits(self) -> bool:
        """The cleaner for this very event, a call for vpp_main, or who wants the run to end."""
        wait = self._cleaner_next
        signalled = bool(self._signals) and isinstance(wait, Wait) and wait.kind != WaitKind.SUSPEND
        return signalled or self._stopped or self.failed is not None or not self._calls.empty()

    def _give(self, lane: Lane, item: Parcel | None) -> None:
        """Put something into a lane's inbox. With the lock held, or the lane could miss it."""
        lane.inbox.put(item)
        if lane.idle:
            lane.idle = False
            self._busy += 1

    def _finish(self) -> None:
        """Wait until no lane has anything to do."""
        while self._busy and self.failed is None:
            self._wait(LOOK_S)

    def _wait(self, seconds: float) -> None:
        """Sleep until there is news, but no longer than that."""
        with suppress(Empty):
            self._news.get(timeout=seconds)

    def _look(self) -> None:
        """What woke vpp_main is looked at from here on; calls once no lane has anything to do."""
        while not self._news.empty():
            self._news.get()
        if not self._calls.empty():
            self._finish()
            self._serve_calls()

    def _serve_calls(self) -> None:
        """Run the calls that wait for vpp_main."""
        while not self._calls.empty():
            call, outcome = self._calls.get()
            try:
                outcome.put((None, call()))
            except BaseException as error:  # theirs to handle: it is raised where they wait
                outcome.put((error, None))

    # --- the cleaner ---------------------------------------------------------------------------

    def _cleaner_is_ready(self, now: int) -> bool:
        """In the middle of a round, or its wait is over."""
        wait = self._cleaner_next
        if isinstance(wait, Step):
            return True
        return wait.until <= now or (bool(self._signals) and wait.kind != WaitKind.SUSPEND)

    def _run_cleaner(self) -> None:
        """Let the cleaner go on until it waits again."""
        wait, events = self._cleaner_next, NO_EVENTS
        if isinstance(wait, Wait) and wait.kind != WaitKind.SUSPEND:
            events = tuple(self._signals.popleft() for _ in range(len(self._signals)))
        try:
            upcoming = self._cleaner.send(Wake(self.read_clock(), events))
            wake = Wake(self._now, NO_EVENTS)
            while isinstance(upcoming, Step):
                self._cleaner_next = upcoming
                if self.clock is not None:
                    wake = Wake(self.clock.now(), NO_EVENTS)
                upcoming = self._cleaner.send(wake)
        except Exception as error:
            self.thread_failed(actor_name(0), f"the cleaner, at: {self.upcoming(CLEANER)}", error)
            self._raise_failure()
        self._cleaner_next = upcoming
