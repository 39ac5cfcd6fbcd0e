"""Virtual time, one named step at a time: who can go, who goes, and what that does to the clock.

Three kinds of things are due: the cleaner's wake-up, interrupts that were raised, and packets. At
one instant they go in that order, each running until it waits; of several interrupts the one that
was raised first, of several packets the one that comes first in the capture. Idle time is jumped.

Whoever chooses may have another actor go on, and the clock as well (`CLOCK`): it passes whoever
could go on, also one in the middle of a turn, who then keeps the time at which it began.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeVar

from aclbench.drivers.cleaner_actor import CleanerActor
from aclbench.drivers.driver import CLEANER, CLOCK, START_NS, actor_name
from aclbench.drivers.fast_path import FastPath, fast_path_of
from aclbench.drivers.frame import FRAME_SIZE, Arrivals, Handled, PacketInput
from aclbench.engine.design import FIFO_2017, Design
from aclbench.engine.machine import Machine
from aclbench.engine.steps import ALLOW_INTERRUPT, PARSE, CleanerEvent, Step, Wait
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError

Order = Literal["fair", "random"]
#: What the clock does when it is chosen.
GO_ON: Final = "go on to the next time due"

_T = TypeVar("_T")


class Position(NamedTuple):
    """How far a run is: packets handled, turns taken since the last one, steps into a turn.

    A turn is what one actor does until it waits: a round of the cleaner, an interrupt; of the
    clock, if it was chosen, each step. Under the fair order it does not matter whether a stretch
    was run straight through or by steps, so a position names the same state either way.
    """

    packets: int
    turns: int
    steps: int


@dataclass(frozen=True, slots=True)
class DriverState:
    """A driver at rest: its clock, its position, what the cleaner waits for, its random state."""

    now: int
    position: Position
    cleaner_wait: Wait
    admitted: int
    source_ended: bool
    chance: Any


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One named step: who took it, at what time, and what it was."""

    time: int
    actor: int
    step: str
    #: The actor now waits, or is done with its interrupt or packet.
    finished: bool


class ThreadTurn:
    """An interrupt or a packet that a thread was begun on step by step, and what is left of it."""

    __slots__ = ("_steps", "packet", "upcoming")

    def __init__(self, steps: Iterator[Step], packet: PacketInput | None = None) -> None:
        self._steps: Iterator[Step] = steps
        #: The packet, with the time at which it was begun; None: an interrupt.
        self.packet: PacketInput | None = packet
        #: The next step; None when the turn is done.
        self.upcoming: Step | None = next(steps)

    def take_step(self) -> str:
        """Take the next step; returns its name."""
        step = self.upcoming
        assert step is not None
        self.upcoming = next(self._steps, None)
        return step.label


class Stepping:
    """Drives a `Machine` in virtual time, by named steps. `SteppedDriver` adds the fast way."""

    def __init__(
        self, n_workers: int, order: Order = "fair", seed: int = 0, design: Design = FIFO_2017
    ) -> None:
        self.now: int = START_NS
        self.order: Order = order
        self.arrivals: Arrivals = Arrivals()
        self._random = random.Random(seed)
        self._raised: list[int] = []
        #: No later than the time at which the cleaner or an interrupt must go on.
        self._due: int = 0
        #: For each thread the packets that were admitted, each with its number in the order.
        self._inbox: dict[int, deque[tuple[int, PacketInput]]] = {
            thread: deque() for thread in range(n_workers + 1)
        }
        self._admitted: int = 0
        #: The threads that are in the middle of a turn.
        self._begun: dict[int, ThreadTurn] = {}
        #: Who took the last step.
        self._current: int | None = None
        #: How far the run is, see `Position`.
        self._packets: int = 0
        self._turns: int = 0
        self._steps: int = 0
        self._clean: bool = True
        #: Named steps taken one at a time, in all.
        self.steps_taken: int = 0
        #: `SteppedDriver.stop` was called in the last run; and whether a run can be stopped now.
        self.stopped: bool = False
        self._may_stop: bool = False
        self._stopping: bool = False
        #: Turns that the run under way may still take.
        self._turns_left: int = NEVER
        self.machine: Machine = Machine(n_workers, self, design)
        self._cleaner: CleanerActor = CleanerActor(self.machine)
        self._fast_path: FastPath | None = fast_path_of(self.machine)
        #: While somebody keeps them, the packets that are done, in the order of their `outcomes`.
        self.handled: list[Handled] | None = None

    # --- what the machine asks of us -----------------------------------------------------------

    def raise_interrupt(self, thread_index: int) -> None:
        """The thread's handler is due now."""
        if thread_index not in self._raised:
            self._raised.append(thread_index)
        self._due = 0

    def interrupt_is_due_at(self, time: int) -> None:
        """A thread's handler is due then."""
        self._due = min(self._due, time)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """The cleaner is due now, if it waits for signals."""
        self._cleaner.signals.append(event)
        self._due = 0
        self.machine.am.tell.messaged()

    def memory_barrier(self) -> None:
        """Nothing to do: there is one thread."""

    # --- at rest -------------------------------------------------------------------------------

    def state(self) -> DriverState:
        """What `restore` needs, of a driver at rest; frames and source are the caller's."""
        assert self.at_rest()
        return DriverState(
            self.now,
            self.position,
            self._cleaner.wait,
            self._admitted,
            self.arrivals.source is None,
            self._random.getstate(),
        )

    def restore(self, state: DriverState) -> None:
        """Go on from a state; the machine is the caller's to restore."""
        self.now = state.now
        self._packets, self._turns, self._steps = state.position
        self._admitted = state.admitted
        self._random.setstate(state.chance)
        self._cleaner.restore(state.cleaner_wait)
        self._due = 0

    @property
    def position(self) -> Position:
        """How far the run is."""
        return Position(self._packets, self._turns, self._steps)

    def at_rest(self) -> bool:
        """The cleaner at its main wait, no handler or packet half done, nothing raised."""
        return not (self._busy() or self._interrupted()) and self._cleaner.at_rest

    def _interrupted(self) -> list[int]:
        """The threads whose handler is due: raised in this order, and by the clock."""
        if self._next_self_interrupt() > self.now:
            return self._raised
        by_clock = [
            worker.thread_index
            for worker in self.machine.am.packet_workers
            if worker.interrupt_due <= self.now and worker.thread_index not in self._raised
        ]
        return self._raised + by_clock

    def _next_self_interrupt(self) -> int:
        """When the first worker interrupts itself; `NEVER`: none does."""
        due = NEVER
        for worker in self.machine.am.packet_workers:
            if worker.interrupt_due < due and worker.thread_index not in self._begun:
                due = worker.interrupt_due
        return due

    def _due_idle(self) -> int:
        """When the clock wakes somebody, where nobody can go on now; `NEVER`: nobody."""
        return min(self._cleaner.wait.until, self._next_self_interrupt())

    def _begin_interrupt(self, thread_index: int) -> Iterator[Step]:
        """The handler of a thread, which is interrupted no more."""
        if thread_index in self._raised:
            self._raised.remove(thread_index)
        worker = self.machine.am.workers[thread_index]
        return self.machine.idle_check.worker_conn_cleaner_process(worker, self.now)

    def _busy(self) -> bool:
        """Something was begun step by step and is not finished."""
        return bool(self._begun) or self._cleaner.in_turn or any(self._inbox.values())

    @property
    def packets_handled(self) -> int:
        """Packets that are done, in all."""
        return self._packets

    @property
    def is_running(self) -> bool:
        """Never, for who can ask: there is one thread."""
        return False

    def at_safe_points(self, make: Callable[[Worker, int], _T]) -> list[_T]:
        """What `make` says of each thread and the time there; here all of them stand still."""
        return [make(worker, self.now) for worker in self.machine.am.workers]

    def on_main(self, call: Callable[[], _T]) -> _T:
        """Run something as vpp_main would, no worker running meanwhile."""
        return call()

    # --- what is due ---------------------------------------------------------------------------

    def next_time(self) -> int:
        """When the next thing is due, `now` at the earliest; `NEVER` if nothing is.

        What has not come yet may be due at once.
        """
        if self._busy() or self._interrupted() or self._cleaner.is_ready(self.now):
            return self.now
        until = self._due_idle()
        frame = self.arrivals.at_hand()
        if self.arrivals.waits:
            return self.now
        if frame is not None:
            until = min(until, frame.peek_time())
        return max(self.now, until)

    def clock_due(self) -> int:
        """Where the clock goes if it is chosen; `NEVER`: it cannot be, since nothing is due later.

        The cleaner's wait ends then, a worker interrupts itself, or the first packet arrives that
        is not admitted yet.
        """
        due, upcoming = NEVER, self._cleaner.upcoming
        if isinstance(upcoming, Wait) and upcoming.until > self.now:
            due = upcoming.until
        for worker in self.machine.am.packet_workers:
            if self.now < worker.interrupt_due < due:
                due = worker.interrupt_due
        frame = self.arrivals.at_hand()
        if self.arrivals.waits:
            return NEVER
        if frame is not None and self.now < frame.peek_time():
            due = min(due, frame.peek_time())
        return due

    # --- one step at a time --------------------------------------------------------------------

    def step(self, actor: int | None = None) -> StepTaken | None:
        """Let one actor take one named step; jump to the next thing due if nobody can.

        `actor` None lets the order choose: fair, the one that goes on, else cleaner, interrupts,
        packets; random, any. Returns None when nothing is left to do at all, or nothing has come
        yet.
        """
        if actor == CLOCK:
            return self._clock_step()
        fair = actor is None and self.order == "fair"
        if not fair:
            self._admit_arrived()
        ready = self.ready_actors()
        while not ready:
            if not self._jump():
                return None
            ready = self.ready_actors()
        if actor is None:
            actor = self._choose(ready)
        elif actor not in ready:
            names = ", ".join(actor_name(a) for a in ready)
            raise AclbenchError(f"{actor_name(actor)} has nothing to do now; these have: {names}")
        self._due = 0
        self._clean = fair and self.nothing_begun
        return self._cleaner_step() if actor == CLEANER else self._thread_step(actor)

    def run_turn(self) -> StepTaken | None:
        """Take steps until an actor waits or is done; returns that one's last step.

        In fair order they are all of one actor.
        """
        taken = self.step()
        while taken is not None and not taken.finished:
            taken = self.step()
        return taken

    def ready_actors(self) -> list[int]:
        """Who can take a step now, in the fair order."""
        alone = self.machine.am.n_workers == 0
        ready: list[int] = []
        if self._cleaner.is_ready(self.now):
            ready.append(CLEANER)
        threads = list(self._begun)
        threads += [t for t in self._interrupted() if t not in threads]
        waiting = [t for t, inbox in self._inbox.items() if inbox and t not in threads]
        threads += sorted(waiting, key=lambda t: self._inbox[t][0][0])
        if alone and threads and ready:
            # One thread for both: whoever is in the middle goes on, else the cleaner begins.
            return [CLEANER] if not self._begun else threads
        return ready + threads

    def choices(self) -> list[int]:
        """Who can be chosen for the next step, the clock among them; nobody: nothing is left to do.

        The packets whose time has come are admitted, as they are by a step of whoever is chosen.
        """
        self._admit_arrived()
        choices = self.ready_actors()
        if self.clock_due() != NEVER:
            choices.append(CLOCK)
        return choices

    def next_actors(self) -> list[int]:
        """Who can be chosen for the next step: as `step` finds them, but nothing is changed.

        Packets count that have arrived; where nobody could go on, what is due next.
        """
        ready = self.ready_actors()
        if self.machine.am.n_workers or CLEANER not in ready:
            arrived = self._threads_of_arrivals(self.now)
            ready += [thread for thread in arrived if thread not in ready]
        if ready:
            return ready
        frame, until, due = self.arrivals.at_hand(), self._cleaner.wait.until, self._due_idle()
        if frame is not None and max(frame.peek_time(), self.now) < due:
            return self._threads_of_arrivals(max(frame.peek_time(), self.now))
        if due == NEVER:
            return []
        workers = self.machine.am.packet_workers
        by_clock = [worker.thread_index for worker in workers if worker.interrupt_due == due]
        return ([CLEANER] if until == due else []) + by_clock

    def _threads_of_arrivals(self, until: int) -> list[int]:
        """The threads of the packets at hand that arrive up to a time, in their order."""
        am, threads = self.machine.am, dict[int, None]()
        if self.arrivals.at_hand() is None:
            return []
        for frame in self.arrivals.frames:
            for i in range(frame.position, len(frame.time)):
                if frame.time[i] > until:
                    return list(threads)
                threads[am.thread_of(frame.rx[i], frame.key(i))] = None
        return list(threads)

    @property
    def nothing_begun(self) -> bool:
        """No turn was begun by hand or at random and left unfinished: the fair order holds."""
        return self._clean or self.at_rest()

    def upcoming(self, actor: int) -> str:
        """What an actor would do next; empty if nothing."""
        if actor == CLOCK:
            return GO_ON if self.clock_due() != NEVER else ""
        if actor == CLEANER:
            return self._cleaner.label
        if actor in self._begun:
            upcoming = self._begun[actor].upcoming
            assert upcoming is not None
            return upcoming.label
        if actor in self._interrupted():
            return ALLOW_INTERRUPT.label
        return PARSE.label if self._inbox[actor] else ""

    def in_packet(self, thread_index: int) -> bool:
        """Whether a thread is in the middle of a packet, taken up step by step."""
        return thread_index in self._begun and self._begun[thread_index].packet is not None

    def _choose(self, ready: list[int]) -> int:
        if self.order == "random":
            return self._random.choice(ready)
        if self._current in ready and self._in_the_middle(self._current):
            return self._current
        # Whoever was left in the middle of something by hand goes on first.
        return next((a for a in ready if a in self._begun), ready[0])

    def _in_the_middle(self, actor: int) -> bool:
        return self._cleaner.in_turn if actor == CLEANER else actor in self._begun

    def _cleaner_step(self) -> StepTaken:
        label = self._cleaner.label if self._cleaner.in_turn else "wake up"
        self._cleaner.step(self.now)
        return self._note_step(CLEANER, label, not self._cleaner.in_turn)

    def _thread_step(self, thread_index: int) -> StepTaken:
        turn = self._begun.get(thread_index)
        if turn is None:
            turn = self._begun[thread_index] = self._begin_turn(thread_index)
        label = turn.take_step()
        finished = turn.upcoming is None
        if finished:
            del self._begun[thread_index]
            if turn.packet is not None and self.handled is not None:
                packet = turn.packet
                self.handled.append(Handled(packet.frame, packet.row, packet.row + 1, packet.time))
        return self._note_step(thread_index, label, finished, turn.packet is not None)

    def _clock_step(self) -> StepTaken:
        self._admit_arrived()
        due = self.clock_due()
        if due == NEVER:
            raise AclbenchError("the clock has nowhere to go: nothing is due later than now")
        self.now = due
        self._due = 0
        self._clean = False
        return self._note_step(CLOCK, GO_ON, finished=True)

    def _note_step(
        self, actor: int, label: str, finished: bool, is_packet: bool = False
    ) -> StepTaken:
        """Note a step: who took it, and how far the run is by now."""
        self._current = actor
        self.steps_taken += 1
        if not finished:
            self._steps += 1
        else:
            self._steps = 0
            if is_packet:
                self._packets += 1
                self._turns = 0
            else:
                self._turns += 1
        return StepTaken(self.now, actor, label, finished)

    def _begin_turn(self, thread_index: int) -> ThreadTurn:
        """What an idle thread does next: an interrupt that is raised first, then packets."""
        if thread_index in self._interrupted():
            return ThreadTurn(self._begin_interrupt(thread_index))
        worker = self.machine.am.workers[thread_index]
        _, packet = self._inbox[thread_index].popleft()
        worker.packet_number = packet.number
        steps = self.machine.datapath.packet_steps(
            worker, packet.rx, packet.key, packet.mirror_key, packet.info, self.now
        )
        return ThreadTurn(steps, packet._replace(time=self.now))

    # --- the clock and the packets, when stepping ------------------------------------------------

    def _jump(self) -> bool:
        """Nobody can go on: set the clock to the next thing due. False if nothing is, or waits."""
        due = self._due_idle()
        frame = self.arrivals.next_frame()
        if self.arrivals.waits:
            return False
        if frame is not None and max(frame.peek_time(), self.now) < due:
            self.now = max(self.now, frame.peek_time())
            self._admit(frame.pop())
            return True
        if due == NEVER:
            return False
        self.now = max(self.now, due)
        return True

    def _admit_arrived(self) -> None:
        """The packets whose time has come go to the inboxes of their threads, up to a frame."""
        free = FRAME_SIZE - sum(len(inbox) for inbox in self._inbox.values())
        for _ in range(free):
            frame = self.arrivals.next_frame()
            if frame is None or frame.peek_time() > self.now:
                return
            self._admit(frame.pop())

    def _admit(self, packet: PacketInput) -> None:
        thread_index = self.machine.am.thread_of(packet.rx, packet.key)
        self._inbox[thread_index].append((self._admitted, packet))
        self._admitted += 1
