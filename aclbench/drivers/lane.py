"""One worker's operating-system thread: it polls, as VPP's workers do, and owns its worker's data.

In this order it serves an interrupt that was raised, shows its data to whoever asked, and plays the
next parcel of packets; with nothing to do it sleeps. Between two of these it is at a *safe point*:
nothing of its worker's is half done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from aclbench.drivers.driver import actor_name
from aclbench.drivers.handout import Parcel, play_frame, play_frame_by_clock
from aclbench.engine.worker import Worker

if TYPE_CHECKING:
    from aclbench.drivers.threaded import ThreadedDriver

#: How long a lane waits for another before it looks whether all is at an end, in seconds.
LOOK_S: Final = 0.1
#: A thread whose start was interrupted is looked for so often, and at such intervals (seconds).
START_LOOKS: Final = 20
START_LOOK_S: Final = 0.005
#: What goes into the inbox to wake a lane that sleeps, and to end it.
WAKE: Final = None
END: Final = False

#: A thread's answer to a question: its index, the error if there was one, and what was made.
Answer = tuple[int, BaseException | None, Any]
#: What a face wants to see of a worker at a time, and where the answer goes.
Question = tuple[Callable[[Worker, int], Any], SimpleQueue[Answer]]


class Lane:
    """A worker, its inbox, and its thread while there is one.

    `inbox` and `questions` are filled by others; `raised` counts interrupts and is written by
    vpp_main; the rest is the lane's own, but for `idle` and `waiters`, which the driver's lock
    guards.
    """

    def __init__(self, driver: ThreadedDriver, worker: Worker) -> None:
        self.driver = driver
        self.worker = worker
        self.name = actor_name(worker.thread_index)
        self.inbox: SimpleQueue[Parcel | bool | None] = SimpleQueue()
        self.questions: SimpleQueue[Question] = SimpleQueue()
        #: Interrupts raised so far; and those that had been when the last one was served.
        self.raised = 0
        self.served = 0
        #: What it is doing, for who asks while it does it; empty while it sleeps.
        self.doing = ""
        self.idle = True
        #: Lanes that wait until this one has finished so many packets.
        self.waiters: list[tuple[int, Lane]] = []
        #: Filled when this lane has waited for another for long enough.
        self.turn: SimpleQueue[None] = SimpleQueue()
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
        """Wait until its thread is gone, if it was ever there."""
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
                self.driver.item_done(self, packets)
        except BaseException as error:  # whatever it is, vpp_main must hear of it, or it waits
            self.driver.thread_failed(self.name, self.doing, error)
        finally:
            self._answer_questions()

    def _poll(self, item: Parcel | bool | None) -> int:
        """One round: interrupt, questions, packets. Returns how many packets were handled."""
        raised = self.raised
        if raised != self.served:
            self.served = raised
            self._serve_interrupt()
        self._answer_questions()
        if not isinstance(item, Parcel) or not self._wait_for_turn(item):
            return 0
        self._play(item)
        return len(item.frame)

    def _serve_interrupt(self) -> None:
        driver = self.driver
        self.doing = "serving an interrupt"
        handler = driver.machine.idle_check.worker_conn_cleaner_process
        for _ in handler(self.worker, driver.read_clock()):
            pass

    def _play(self, parcel: Parcel) -> None:
        driver = self.driver
        frame = parcel.frame
        self.doing = f"handling packets {parcel.first} to {parcel.last}"
        datapath = driver.machine.datapath
        if driver.clock is None:
            play_frame(datapath, self.worker, frame, parcel.now)
        else:
            play_frame_by_clock(datapath, self.worker, frame, driver.clock.now)

    def _wait_for_turn(self, parcel: Parcel) -> bool:
        """Wait for the packet before the parcel's first; False if all is at an end meanwhile."""
        if self.driver.failed is not None:
            return False
        if not parcel.after_thread:
            return True
        other = self.driver.lanes[parcel.after_thread - 1]
        if not self.driver.let_wait(self, other, parcel.after_count):
            return True
        self.doing = f"waiting for {other.name}, which has the packet before"
        while not self.driver.failed:
            try:
                self.turn.get(timeout=LOOK_S)
            except Empty:
                continue
            return True
        return False

    def _answer_questions(self) -> None:
        while not self.questions.empty():
            make, answers = self.questions.get()
            thread_index = self.worker.thread_index
            try:
                answers.put((thread_index, None, make(self.worker, self.driver.read_clock())))
            except BaseException as error:  # whoever asked hears of it
                answers.put((thread_index, error, None))
