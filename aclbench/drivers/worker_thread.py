"""One worker's operating-system thread: it polls, as VPP's workers do, and owns its worker's data.

In this order it serves an interrupt that was raised, shows its data to whoever asked, and processes
the next batch of packets; with nothing to do it sleeps. Between two of these it is at a *safe
point*: nothing of its worker's is half done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

from aclbench.drivers.batch import Batch, process_batch, process_batch_by_clock
from aclbench.drivers.clock import BenchClock
from aclbench.drivers.driver import actor_name
from aclbench.drivers.fast_path import fast_path_of
from aclbench.engine.machine import Machine
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.worker import Worker

#: How long a thread waits for another before it looks whether the run has failed, in seconds.
LOOK_S: Final = 0.1
#: A thread whose start was interrupted is looked for so often, and at such intervals (seconds).
START_LOOKS: Final = 20
START_LOOK_S: Final = 0.005
#: What goes into the inbox to wake a thread that sleeps, and to end it.
WAKE: Final = None
END: Final = False

#: A thread's answer to a question: its index, the error if there was one, and what was made.
Answer = tuple[int, BaseException | None, Any]
#: What somebody wants to see of a worker at a time, and where the answer goes.
Question = tuple[Callable[[Worker, int], Any], SimpleQueue[Answer]]


class Failure(NamedTuple):
    """A thread ended with an error: which thread, what it was doing, and the error."""

    name: str
    doing: str
    error: BaseException


class Pool(Protocol):
    """What a worker's thread asks of the pool that it belongs to."""

    failure: Failure | None

    def item_done(self, thread: WorkerThread, packets: int) -> None:
        """It is done with an item of its inbox, which had so many packets."""

    def must_wait(self, thread: WorkerThread, other: int, count: int) -> bool:
        """Have `may_go_on` filled once `other` has finished `count` packets; False: it has."""

    def thread_failed(self, name: str, doing: str, error: BaseException) -> None:
        """It ends with an error."""


class WorkerThread:
    """A worker, its inbox, and its thread while there is one.

    `inbox` and `questions` are filled by others; `raised`, which counts interrupts, `idle` and
    `waiters` are the pool's and guarded by its lock; the rest is its own.
    """

    def __init__(self, pool: Pool, machine: Machine, clock: BenchClock, worker: Worker) -> None:
        self.pool = pool
        self.machine = machine
        self.clock = clock
        self.worker = worker
        self.name = actor_name(worker.thread_index)
        self.fast_path = fast_path_of(machine)
        self.inbox: SimpleQueue[Batch | bool | None] = SimpleQueue()
        self.questions: SimpleQueue[Question] = SimpleQueue()
        #: Interrupts raised so far; and those that had been when the last one was served.
        self.raised = 0
        self.served = 0
        #: What it is doing, for whoever asks meanwhile; empty while it sleeps.
        self.doing = ""
        self.idle = True
        #: Threads that wait until this one has finished so many packets.
        self.waiters: list[tuple[int, WorkerThread]] = []
        #: Filled when the packets are finished that this thread waits for.
        self.may_go_on: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Empty the inbox, before others may fill it: an END may be left of a start that failed."""
        self.inbox = SimpleQueue()

    def start(self) -> None:
        """Have its thread run."""
        thread = threading.Thread(target=self._run, name=self.name)
        # Noted first: Ctrl-C may come when it runs already.
        self._thread = thread
        thread.start()

    def join(self) -> None:
        """Wait until its thread has ended, if it was ever started."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        for _ in range(START_LOOKS):
            if thread.ident is not None:
                thread.join()
                return
            time.sleep(START_LOOK_S)

    def _run(self) -> None:
        try:
            while (item := self.inbox.get()) is not END:
                packets = self._poll(item)
                self.doing = ""
                self.pool.item_done(self, packets)
        except BaseException as error:  # whatever it is, vpp_main must hear of it, or it waits
            self.pool.thread_failed(self.name, self.doing, error)
        finally:
            self._answer_questions()

    def _poll(self, item: Batch | bool | None) -> int:
        """One round: interrupt, questions, packets. Returns how many packets were processed."""
        raised = self.raised
        if raised != self.served:
            self.served = raised
            self._serve_interrupt()
        self._answer_questions()
        if not isinstance(item, Batch) or not self._wait_for_order(item):
            return 0
        self._process(item)
        return len(item)

    def _serve_interrupt(self) -> None:
        self.doing = "serving an interrupt"
        handler = self.machine.idle_check.worker_conn_cleaner_process
        for _ in handler(self.worker, self.clock.now()):
            pass

    def _process(self, batch: Batch) -> None:
        self.doing = f"handling packets {batch.first} to {batch.last}"
        datapath, wall, worker = self.machine.datapath, self.clock.wall, self.worker
        worker.outcomes = Outcomes() if batch.is_kept else None
        if wall is None:
            listening = self.machine.am.tell.hears_packets()
            process_batch(datapath, worker, batch, None if listening else self.fast_path)
        else:
            process_batch_by_clock(datapath, worker, batch, wall.now)
        batch.outcomes, worker.outcomes = worker.outcomes, None

    def _wait_for_order(self, batch: Batch) -> bool:
        """Wait for the packet before the batch's first; False if the run fails meanwhile."""
        if self.pool.failure is not None:
            return False
        if not batch.after_thread:
            return True
        if not self.pool.must_wait(self, batch.after_thread, batch.after_count):
            return True
        self.doing = f"waiting for {actor_name(batch.after_thread)}, which has the packet before"
        while self.pool.failure is None:
            try:
                self.may_go_on.get(timeout=LOOK_S)
            except Empty:
                continue
            return True
        return False

    def _answer_questions(self) -> None:
        while not self.questions.empty():
            make, answers = self.questions.get()
            thread_index = self.worker.thread_index
            try:
                answers.put((thread_index, None, make(self.worker, self.clock.now())))
            except BaseException as error:  # whoever asked hears of it
                answers.put((thread_index, error, None))
