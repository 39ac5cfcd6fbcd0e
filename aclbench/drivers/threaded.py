"""The threaded driver: one operating-system thread a worker, and vpp_main, which runs the cleaner.

It drives the very functions that the stepped driver drives. vpp_main is the thread that calls
`run_until` or `run_packets`: it runs the cleaner process, reads packets, and dispatches them
(`dispatcher.py`) to the workers, whose threads (`worker_pool.py`, `worker_thread.py`) live for as
long as that call does. So between two calls there is one thread, and nothing to be closed.

Who goes when, the operating system decides. What the clock shows depends on its kind:

* **led by the capture** (`speed` None): a packet comes at its own time, and the clock goes on once
  everybody is done. When the cleaner's wait ends at w, every packet up to w is finished; the round
  runs and its interrupts are served with now = w; only then are later packets dispatched. Idle time
  is jumped. A signal to the cleaner ends its wait at the time of the latest packet dispatched.
* **the wall's**, or so many times as fast (`speed` 1, 60, ...): a packet is dispatched when the
  clock has reached it, and everybody reads the clock for himself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import ClassVar, Final, TypeVar

from aclbench.drivers.batch import Dispatched
from aclbench.drivers.cleaner_actor import CleanerActor
from aclbench.drivers.clock import BenchClock, WallClock
from aclbench.drivers.cores import shared_core
from aclbench.drivers.dispatcher import Dispatcher
from aclbench.drivers.driver import CLEANER, actor_name
from aclbench.drivers.frame import Arrivals, Frame
from aclbench.drivers.main_calls import MainCalls
from aclbench.drivers.worker_pool import WorkerPool
from aclbench.drivers.worker_thread import WorkerThread
from aclbench.engine.design import FIFO_2017, Design
from aclbench.engine.machine import Machine
from aclbench.engine.steps import CleanerEvent, Wait
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError

#: vpp_main ends a wait after so long, in seconds, if nobody wakes it.
LOOK_S: Final = 0.05

_T = TypeVar("_T")


class ThreadedDriver:
    """Drives a `Machine` on real threads. `n_workers` is at least 1.

    `speed` None: the capture leads the clock; else how many times as fast as the wall's it goes.
    With `by_connection` a packet waits until the one before of its connection is finished,
    whichever worker has it; without, the workers run free.
    """

    #: What each worker runs on.
    thread_type: ClassVar[type[WorkerThread]] = WorkerThread

    def __init__(
        self,
        n_workers: int,
        speed: float | None = None,
        by_connection: bool = True,
        design: Design = FIFO_2017,
    ) -> None:
        if n_workers < 1:
            raise AclbenchError(
                "real threads need at least one worker: with workers = 0 vpp_main carries the "
                "packets and runs the cleaner, all on one thread; ask for 1 or more"
            )
        self.set_speed(speed)
        self.arrivals = Arrivals()
        self.clock = BenchClock()
        #: Whoever holds this is vpp_main.
        self._main = threading.RLock()
        self._stopped = False
        #: Wakes vpp_main, which then looks what there is: signals, calls, threads that are done.
        self._news: SimpleQueue[None] = SimpleQueue()
        self._calls = MainCalls()
        #: When the next packet that is not dispatched arrives, as vpp_main saw it last.
        self._arrival = NEVER
        self.machine = Machine(n_workers, self, design)
        self.dispatcher = Dispatcher(self.machine.am, by_connection)
        self.pool = WorkerPool(
            self.machine, self.clock, self.dispatcher, self._wake_main, self.thread_type
        )
        self._cleaner = CleanerActor(self.machine)

    # --- what the machine asks of us: from any thread ------------------------------------------

    def raise_interrupt(self, thread_index: int) -> None:
        """The thread's handler is due now. Called by the cleaner, or by a worker."""
        self.pool.interrupt(thread_index)

    def interrupt_is_due_at(self, time: int) -> None:
        """A thread's handler is due then. Called by a worker: vpp_main looks when."""
        self._news.put(None)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """The cleaner is due now, if it waits for signals. Takes no lock: packets call it."""
        self._cleaner.signals.append(event)
        self._news.put(None)

    def memory_barrier(self) -> None:
        """Both threads pass through one lock: whoever comes second sees what the first wrote."""
        with self.pool.lock:
            pass

    def _wake_main(self) -> None:
        """Wake vpp_main, which then looks for work."""
        self._news.put(None)

    # --- what faces ask ------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The clock, in nanoseconds; it never goes back."""
        return self.clock.now()

    @property
    def is_running(self) -> bool:
        """Whether the workers' threads are there."""
        return self.pool.running

    @property
    def packets_handled(self) -> int:
        """Packets that are done, in all."""
        return sum(self.dispatcher.finished)

    def next_time(self) -> int:
        """When the next thing is due, `now` at the earliest; `NEVER` if nothing is."""
        now = self.now
        upcoming = self._cleaner.upcoming
        if self.pool.busy or self._cleaner.signals or self._cleaner.is_ready(now):
            return now
        until = upcoming.until if isinstance(upcoming, Wait) else now
        until = min(until, self._next_self_interrupt())
        if self._main.acquire(blocking=False):  # else the frames are another thread's, which runs
            try:
                if not self.pool.running:
                    self._next_packet()
            finally:
                self._main.release()
        return max(now, min(until, self._arrival))

    def upcoming(self, actor: int) -> str:
        """What an actor is doing, or would do next; empty if nothing."""
        if actor == CLEANER:
            return self._cleaner.label
        return self.pool.threads[actor - 1].doing if actor else ""

    def at_rest(self) -> bool:
        """The cleaner at its main wait, no worker busy, nothing raised."""
        at_rest = not self.pool.busy and self._cleaner.at_rest
        return at_rest and self._next_self_interrupt() > self.now

    def at_safe_points(self, make: Callable[[Worker, int], _T]) -> list[_T]:
        """What `make` says of each worker and the time there, called on the worker's own thread.

        Between two pieces of work; directly, where no thread runs. What it raises is raised here.
        """
        workers = self.machine.am.workers
        while (answers := self.pool.ask(make)) is None:
            if self._main.acquire(timeout=LOOK_S):
                try:
                    return [make(worker, self.now) for worker in workers]
                finally:
                    self._main.release()
        found = {0: make(workers[0], self.now)}  # it carries no packets
        while len(found) < len(workers):
            try:
                thread_index, error, answer = answers.get(timeout=LOOK_S)
            except Empty:
                self.pool.raise_failure()
                if not self.pool.running:  # a thread that could not start answers nobody
                    return self.at_safe_points(make)
                continue
            if error is not None:
                raise error
            found[thread_index] = answer
        return [found[worker.thread_index] for worker in workers]

    def on_main(self, call: Callable[[], _T]) -> _T:
        """Run something on vpp_main, behind a barrier: no worker is in the middle of anything.

        As VPP runs its commands. What it raises is raised here.
        """
        asked = self._calls.add(call)
        self._news.put(None)
        while True:
            if self._main.acquire(blocking=False):
                try:
                    self._calls.make_all()
                finally:
                    self._main.release()
            with suppress(Empty):
                result: _T = asked.result(LOOK_S)
                return result

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
        wall = self.clock.wall
        if wall is not None:
            wall.jump_to(now)
            self._news.put(None)

    # --- what became of packets ------------------------------------------------------------------

    def keep_outcomes(self) -> None:
        """Keep what becomes of every packet from now on."""
        self.dispatcher.kept = deque()

    def take_done(self) -> list[Dispatched]:
        """What was dispatched and is done since the last time, with all that was before it."""
        kept, found = self.dispatcher.kept, list[Dispatched]()
        while kept and kept[0].is_done():
            found.append(kept.popleft())
        return found

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
            self.pool.raise_failure()
            if not to_last_packet and until != NEVER and self.next_time() > until:
                self.clock.lead_to(until)
                return True
            most = NEVER if max_packets is None else max_packets
            try:
                self.clock.begin(self.speed, until)
                self.pool.start()
                if self.clock.wall is None:
                    arrived = self._run_led(until, most, to_last_packet)
                else:
                    arrived = self._run_by_clock(self.clock.wall, until, most, to_last_packet)
            finally:
                self._end()
            self.pool.raise_failure()
            return arrived

    def _end(self) -> None:
        """End the threads; a `stop` up to now meant this run. Calls that came late are made."""
        self._stopped = False
        self.pool.end()
        self.clock.end()
        self._calls.make_all()

    def _is_ending(self) -> bool:
        """Somebody called `stop`, or a thread has failed."""
        return self._stopped or self.pool.failure is not None

    def _run_led(self, until: int, most: int, to_last_packet: bool) -> bool:
        """Run with the clock led by the capture.

        At each turn of the loop everybody is done with all packets, and with interrupts too, unless
        the workers touch nothing of each other's: then a worker's next packets may come behind its
        own interrupt without waiting for the others'.
        """
        apart = self.machine.am.flow_placement or self.machine.am.n_workers == 1
        while True:
            self._look_at_news()
            if self._is_ending():
                return False
            if self._wake_by_clock(apart):
                continue
            wake = min(self._cleaner.wait.until, self._next_self_interrupt())
            frame = self._next_packet() if most else None
            arrival = NEVER if frame is None else max(self._arrival, self.clock.led)
            if self.pool.busy and (wake == NEVER or arrival >= min(until, wake)):
                self._wait_until_idle()  # with interrupts that may signal the cleaner
                continue
            if self._cleaner.is_ready(self.clock.led):
                continue  # who was busy had signalled, and was done as we looked
            if most and self.arrivals.waits and until > self.clock.led:
                continue  # asked again, it waits for a moment
            if frame is None and (to_last_packet or not most):
                return most > 0
            due = min(arrival, wake)
            if due > until or due == NEVER:
                if until != NEVER:
                    self.clock.lead_to(until)
                return True
            if wake < arrival:
                self.clock.lead_to(wake)
                continue
            most -= self._dispatch(min(until, self._window_end(wake, arrival)), most)
            self._wait_until_idle()
            self.clock.lead_to(self.dispatcher.latest)

    def _wake_by_clock(self, apart: bool) -> bool:
        """Have the cleaner go on, or workers that interrupt themselves; False: none is due."""
        if self._cleaner.is_ready(self.clock.led):
            self._wait_until_idle()
            self._run_cleaner()
            if not apart:
                self._wait_until_idle()
            return True
        if self._interrupt_by_clock(self.clock.led):
            self._wait_until_idle()
            return True
        return False

    def _window_end(self, wake: int, arrival: int) -> int:
        """Up to when packets may be dispatched before the clock has to wake somebody, at `wake`.

        While the cleaner waits for a signal alone, the next packet may make a session and wake it:
        then no longer than until that could be due, or the cleaner's wait interval over.
        """
        if wake != NEVER:
            return wake
        am = self.machine.am
        return arrival + min(am.cleaner.wait_interval, am.shortest_timeout)

    def _run_by_clock(self, clock: WallClock, until: int, most: int, to_last_packet: bool) -> bool:
        """Run at the pace of the wall. Nobody waits for anybody, but at the end."""
        while True:
            self._look_at_news()
            if self._is_ending():
                self._wait_until_idle()
                return False
            now = clock.now()
            if self._cleaner.is_ready(now):
                self._run_cleaner()
                continue
            self._interrupt_by_clock(now)
            frame = self._next_packet() if most else None
            arrival = NEVER if frame is None else self._arrival
            due = min(arrival, self._cleaner.wait.until, self._next_self_interrupt())
            waits = most > 0 and self.arrivals.waits
            no_more = frame is None and not waits and (to_last_packet or not most)
            if no_more or (due == NEVER and not waits) or (now >= until and arrival > until):
                if self.pool.busy:
                    self._wait(LOOK_S)
                    continue
                if self._cleaner.is_ready(now):
                    continue  # who was busy had signalled, and was done as we looked
                if not no_more and until != NEVER:
                    clock.jump_to(until)  # nothing is due by then
                return most > 0
            if arrival <= now:
                most -= self._dispatch(min(now, until), most)
            else:
                self._wait(min(LOOK_S, clock.seconds_until(min(due, until))))

    def _dispatch(self, until: int, most: int) -> int:
        """Hand packets that arrive up to `until` to the workers; how many they were.

        Stops early where somebody else is to be looked after first.
        """
        dispatched = 0
        while dispatched < most and (frame := self._next_packet()) is not None:
            if self._arrival > until:
                break
            while not self.pool.has_room():
                self._wait(LOOK_S)
            if self._somebody_waits():
                break
            batches = self.dispatcher.split(frame, until, most - dispatched, self.clock.led)
            self.pool.dispatch(batches)
            dispatched += sum(len(batch) for batch in batches)
        return dispatched

    def _next_self_interrupt(self) -> int:
        """When the first worker interrupts itself; `NEVER`: none does."""
        return min(worker.interrupt_due for worker in self.machine.am.packet_workers)

    def _interrupt_by_clock(self, now: int) -> bool:
        """Wake the workers that interrupt themselves by now, unless they are being; any?"""
        due = [t for t in self.pool.threads if t.worker.interrupt_due <= now]
        for thread in due:
            if thread.raised == thread.served:
                self.pool.interrupt(thread.worker.thread_index)
        return bool(due)

    def _next_packet(self) -> Frame | None:
        """The frame with the next packet, if there is one; and when that packet arrives."""
        frame = self.arrivals.next_frame()
        self._arrival = NEVER if frame is None else frame.peek_time()
        return frame

    def _somebody_waits(self) -> bool:
        """The cleaner for a signal, a call for vpp_main, or who wants the run to end."""
        return self._cleaner.is_signalled or self._is_ending() or bool(self._calls)

    def _wait_until_idle(self) -> None:
        """Wait until no worker has anything to do."""
        while self.pool.busy and self.pool.failure is None:
            self._wait(LOOK_S)

    def _wait(self, seconds: float) -> None:
        """Sleep until there is news, but no longer than that."""
        with suppress(Empty):
            self._news.get(timeout=seconds)

    def _look_at_news(self) -> None:
        """What woke vpp_main is looked at from here on; calls once no worker has anything to do."""
        while not self._news.empty():
            self._news.get()
        if self._calls:
            self._wait_until_idle()
            self._calls.make_all()

    def _run_cleaner(self) -> None:
        """Let the cleaner go on until it waits again."""
        try:
            self._cleaner.run_turn(self.now)
        except Exception as error:
            self.pool.thread_failed(actor_name(0), f"the cleaner, at: {self._cleaner.label}", error)
            self.pool.raise_failure()
