"""The workers' threads of a threaded bench, and who of them has something to do.

They live for as long as a run does. What several threads write is guarded by one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

from aclbench.drivers.batch import Batch
from aclbench.drivers.clock import BenchClock
from aclbench.drivers.dispatcher import Dispatcher
from aclbench.drivers.worker_thread import END, WAKE, Answer, Failure, WorkerThread
from aclbench.engine.machine import Machine
from aclbench.errors import ThreadError

#: Packets dispatched and not finished: no more than this, and on from half of it. Enough to keep
#: the workers busy while vpp_main reads and decodes.
MAX_IN_FLIGHT: Final = 16384


class WorkerPool:
    """The threads of all workers. `wake_main` wakes vpp_main, from any thread."""

    def __init__(
        self,
        machine: Machine,
        clock: BenchClock,
        dispatcher: Dispatcher,
        wake_main: Callable[[], None],
        thread_type: type[WorkerThread],
    ) -> None:
        self.lock = threading.Lock()
        self.threads = [
            thread_type(self, machine, clock, worker) for worker in machine.am.packet_workers
        ]
        #: The threads are there, or about to be.
        self.running = False
        #: How many threads have something to do.
        self.busy = 0
        #: The first error in any thread.
        self.failure: Failure | None = None
        self._dispatcher = dispatcher
        self._wake_main = wake_main
        self._room_wanted = False

    # --- asked by vpp_main ---------------------------------------------------------------------

    def start(self) -> None:
        """Start all threads."""
        for thread in self.threads:
            thread.prepare()
        with self.lock:
            self.running = True
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """End all threads: they finish what was dispatched, unless one has failed."""
        with self.lock:
            self.running = False
            for thread in self.threads:
                thread.inbox.put(END)
        for thread in self.threads:
            thread.join()
            thread.idle = True
        self.busy = 0

    def dispatch(self, batches: list[Batch]) -> None:
        """Hand batches to their threads."""
        with self.lock:
            for batch in batches:
                self._give(self.threads[batch.thread_index - 1], batch)

    def interrupt(self, thread_index: int) -> None:
        """A worker's handler is due now."""
        thread = self.threads[thread_index - 1]
        with self.lock:
            thread.raised += 1
            self._give(thread, WAKE)

    def has_room(self) -> bool:
        """Whether more packets may be dispatched; if not, vpp_main is woken when they may."""
        if self._dispatcher.in_flight() < MAX_IN_FLIGHT or self.failure is not None:
            return True
        self._room_wanted = True
        return False

    def raise_failure(self) -> None:
        """Raise ThreadError if a thread has failed."""
        if self.failure is not None:
            name, doing, error = self.failure
            raise ThreadError(f"{name} failed, {doing or 'idle'}: {error!r}") from error

    # --- asked by the threads, and by anybody --------------------------------------------------

    def item_done(self, thread: WorkerThread, packets: int) -> None:
        """A thread is done with an item of its inbox; perhaps somebody waits for its packets."""
        finished, thread_index = self._dispatcher.finished, thread.worker.thread_index
        with self.lock:
            finished[thread_index] += packets
            if thread.waiters:
                done = finished[thread_index]
                for after, waiter in thread.waiters:
                    if after <= done:
                        waiter.may_go_on.put(None)
                thread.waiters = [waiting for waiting in thread.waiters if waiting[0] > done]
            if self._room_wanted and self._dispatcher.in_flight() <= MAX_IN_FLIGHT // 2:
                self._room_wanted = False
                self._wake_main()
            if thread.inbox.empty():
                thread.idle = True
                self.busy -= 1
                if not self.busy:
                    self._wake_main()

    def must_wait(self, thread: WorkerThread, other: int, count: int) -> bool:
        """Whether thread `other` has not finished `count` packets; `thread` is told when it has."""
        with self.lock:
            if self._dispatcher.finished[other] >= count:
                return False
            self.threads[other - 1].waiters.append((count, thread))
            return True

    def thread_failed(self, name: str, doing: str, error: BaseException) -> None:
        """A thread has ended with an error; the first one is kept."""
        with self.lock:
            if self.failure is None:
                self.failure = Failure(name, doing, error)
        self._wake_main()

    def ask(self, make: Callable[..., Any]) -> SimpleQueue[Answer] | None:
        """Have each thread say what `make(worker, now)` is, at its safe point; None: none runs."""
        answers: SimpleQueue[Answer] = SimpleQueue()
        with self.lock:
            if not self.running:
                return None
            for thread in self.threads:
                thread.questions.put((make, answers))
                self._give(thread, WAKE)
        return answers

    def _give(self, thread: WorkerThread, item: Batch | None) -> None:
        """Put something into an inbox. With the lock held, or the thread could miss it."""
        thread.inbox.put(item)
        if thread.idle:
            thread.idle = False
            self.busy += 1
