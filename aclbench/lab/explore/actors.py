"""Who can go, and what a step does: the machine as the search drives it, choice by choice.

The same rules as those of `drivers.stepping`, so that a list of choices is a run that a bench can
be taken through; a test holds the two together. What differs is that packets, commands and jumps of
the clock have no time of their own: they are choices like any other. It is lean, since a search
takes hundreds of thousands of steps.

A choice is an int: an actor (a thread, `CLEANER`, `CLOCK`), or `ITEM` and the number of an item
of the scenario, whose next line then goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from aclbench.drivers.driver import CLEANER, CLOCK, actor_name
from aclbench.engine.machine import Machine
from aclbench.engine.steps import CleanerEvent, Step, Wait, WaitKind, Wake
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.lab.explore.parts import CliPart, JumpPart, Part, SendPart
from aclbench.lab.explore.rest import Rest
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import finish

#: Choices from here on are the items of the scenario.
ITEM: Final = 1000
#: Nobody is in the middle of a turn.
NOBODY: Final = -9
#: What somebody does who begins: the cleaner wakes, vpp_main runs a command.
WAKE_UP: Final = "wake up"
COMMAND: Final = "command"


class Rules(NamedTuple):
    """What may go.

    `jumps` of the clock at most, none beyond `horizon` (ns). No actor takes more than `fairness` of
    its own turns while another could go; None: as many as it likes, since all that is looked for
    shows after so many steps, and a run that starves somebody can still go on and be fair. With
    `barrier` a command waits for the packets under way. With `idle_clock` the clock goes on only
    where none of the machine's actors could.
    """

    jumps: int
    horizon: int = NEVER
    fairness: int | None = None
    barrier: bool = False
    idle_clock: bool = False


class Control(NamedTuple):
    """What the choices of a run come to, beside the machine; see the like-named fields."""

    current: int
    was_left: bool
    preemptions: int
    jumps: int
    passed: dict[tuple[int, int], int]
    last_actor: int
    last_finished: bool


class Turn:
    """An interrupt or a packet under way on a thread."""

    __slots__ = ("now", "part", "steps", "upcoming")

    def __init__(self, steps: Iterator[Step], part: SendPart | None, now: int) -> None:
        self.steps = steps
        #: The packet; None: an interrupt.
        self.part = part
        self.now = now
        self.upcoming: Step | None = next(steps)


class Watcher:
    """Who watches every step: what it does here is nothing."""

    def before(self, thread: int, step: str) -> None:
        """A thread is about to take a step."""

    def after(self, thread: int, step: str) -> None:
        """It has taken it."""


class Actors:
    """A machine, and who can go on it. It is the machine's host."""

    def __init__(self, rig: Rig, items: tuple[tuple[Part, ...], ...], rules: Rules) -> None:
        self._rig = rig
        self.machine: Machine = rig.machine
        self.am = rig.machine.am
        self.items = items
        self.rules = rules
        self._wait = rig.stepped.state().cleaner_wait
        self.start: int = rig.now
        self._rest = Rest(self.am)
        self._was_configured = False
        self.watcher: Watcher | None = None
        self.am.host = self
        self._alone = self.am.n_workers == 0
        self.begin()

    def begin(self) -> None:
        """Begin anew: everything is as it was at rest."""
        self._rest.put_back(self._was_configured)
        self._was_configured = False
        self.now: int = self.start
        self.raised: list[int] = []
        self.signals: deque[CleanerEvent] = deque()
        self.turns: dict[int, Turn] = {}
        #: For each item, how many of its lines are done, or under way.
        self.gone: list[int] = [0] * len(self.items)
        self.jumps: int = 0
        #: Commands that were run, and how they ended: what they changed is told by that.
        self.commands: tuple[Any, ...] = ()
        #: Who is in the middle of its turn, and took the last step but for the clock's.
        self.current: int = NOBODY
        self.preemptions: int = 0
        #: The clock has gone on in the middle of that turn: now somebody else goes. Were it the
        #: same actor, the clock might as well go on behind its turn.
        self.was_left: bool = False
        #: How many turns one has taken past another that could go all the while.
        self.passed: dict[tuple[int, int], int] = {}
        self.process = self.machine.cleaner.session_cleaner_process(self._wait)
        self.upcoming: Step | Wait = next(self.process)
        self._wake = Wake(0, ())
        self.last_actor: int = NOBODY
        self.last_finished: bool = True

    # --- what the machine asks of us -----------------------------------------------------------

    def raise_interrupt(self, thread_index: int) -> None:
        """The thread's handler is due now."""
        if thread_index not in self.raised:
            self.raised.append(thread_index)

    def interrupt_is_due_at(self, time: int) -> None:
        """A worker says itself when; it is looked at where it is written."""

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """The cleaner has a signal."""
        self.signals.append(event)

    def memory_barrier(self) -> None:
        """Nothing to do: there is one thread."""

    # --- who can go ----------------------------------------------------------------------------

    @property
    def cleaner_in_turn(self) -> bool:
        """The cleaner is in the middle of a turn."""
        return type(self.upcoming) is Step

    def cleaner_is_ready(self) -> bool:
        """In the middle of a turn, or its wait is over."""
        upcoming = self.upcoming
        if type(upcoming) is Step:
            return True
        assert isinstance(upcoming, Wait)
        if upcoming.until <= self.now:
            return True
        return bool(self.signals) and upcoming.kind is not WaitKind.SUSPEND

    def interrupted(self) -> list[int]:
        """The threads whose handler is due: raised, or by the clock; those in a turn among them."""
        now, found = self.now, self.raised
        for worker in self.am.packet_workers:
            if worker.interrupt_due <= now and worker.thread_index not in found:
                found = [*found, worker.thread_index]
        return found

    def able(self) -> list[int]:
        """The machine's own actors that could go: cleaner, turns under way, interrupts."""
        found = [CLEANER] if self.cleaner_is_ready() else []
        found += self.turns
        found += [thread for thread in self.interrupted() if thread not in self.turns]
        if self._alone and len(found) > 1 and CLEANER in found:
            return [0] if self.turns else [CLEANER]
        return found

    def choices(self, most_preemptions: int) -> list[int]:
        """Who may go next, within the bounds: the one under way first, the clock last."""
        current = self.current
        if current != NOBODY and self.preemptions >= most_preemptions:
            return [current]
        able = self.able()
        found = [*able] if not self.passed else [a for a in able if self._is_fair(a, able)]
        if current != NOBODY:
            found.remove(current)
            if not self.was_left:
                found.insert(0, current)
        if any_left := [n for n, parts in enumerate(self.items) if self.gone[n] < len(parts)]:
            found += self._items(any_left, able)
        if self.jumps < self.rules.jumps and not (self.rules.idle_clock and able):
            due = self.clock_due()
            if due != NEVER and due <= self.rules.horizon:
                found.append(CLOCK)
            found += self._jumps(any_left)
        return found or [current] if current != NOBODY else found

    def _is_fair(self, actor: int, able: list[int]) -> bool:
        """Whether an actor has not passed over another that could go, too often already."""
        most = self.rules.fairness
        if most is None or actor in self.turns or (actor == CLEANER and self.cleaner_in_turn):
            return True
        return all(self.passed.get((actor, other), 0) < most for other in able)

    def _items(self, left: list[int], able: list[int]) -> list[int]:
        """The items whose next line may go now: packets and commands."""
        found: list[int] = []
        interrupted = self.interrupted()
        busy_main = self.cleaner_in_turn or (self._alone and bool(self.turns))
        for number in left:
            parts, gone = self.items[number], self.gone[number]
            part = parts[gone]
            if isinstance(part, CliPart):
                if not busy_main and not (self.rules.barrier and self.turns):
                    found.append(ITEM + number)
            elif isinstance(part, SendPart):
                thread = part.thread(self.am)
                if thread in self.turns or thread in interrupted or (self._alone and able):
                    continue
                if gone and any(turn.part is parts[gone - 1] for turn in self.turns.values()):
                    continue  # the packet before it is not done
                if self._is_fair(thread, able):
                    found.append(ITEM + number)
        return found

    def _jumps(self, left: list[int]) -> list[int]:
        """The items that set the clock forward."""
        found: list[int] = []
        for number in left:
            part = self.items[number][self.gone[number]]
            if isinstance(part, JumpPart) and self.now + part.by <= self.rules.horizon:
                found.append(ITEM + number)
        return found

    def clock_due(self) -> int:
        """Where the clock goes if it is chosen; `NEVER`: nowhere."""
        due, upcoming = NEVER, self.upcoming
        if isinstance(upcoming, Wait) and upcoming.until > self.now:
            due = upcoming.until
        for worker in self.am.packet_workers:
            if self.now < worker.interrupt_due < due:
                due = worker.interrupt_due
        return due

    def actor_of(self, choice: int) -> int:
        """Who takes the step: a thread, the cleaner, vpp_main (as `CLEANER`), or the clock."""
        if choice < ITEM:
            return choice
        part = self.part_of(choice)
        if isinstance(part, SendPart):
            return part.thread(self.am)
        return CLEANER if isinstance(part, CliPart) else CLOCK

    def part_of(self, choice: int) -> Part:
        """What an item does next."""
        number = choice - ITEM
        return self.items[number][self.gone[number]]

    # --- one step ------------------------------------------------------------------------------

    def step(self, choice: int) -> str:
        """Take the step of a choice that can go; returns its name."""
        actor = self.actor_of(choice)
        if actor == CLOCK:
            self.last_actor, self.last_finished = CLOCK, True
            self.was_left = self.current != NOBODY
            return self._clock_step(choice)
        if self.current not in (NOBODY, actor):
            self.preemptions += 1
        is_bounded = self.rules.fairness is not None
        before = self.able() if is_bounded else []
        if choice >= ITEM:
            label = self._take_item(choice, actor)
            finished = actor == CLEANER or actor not in self.turns
        elif actor == CLEANER:
            label = self._cleaner_step()
            finished = type(self.upcoming) is not Step
        else:
            label = self._thread_step(actor, choice)
            finished = actor not in self.turns
        self.current = NOBODY if finished else actor
        self.last_actor, self.last_finished = actor, finished
        self.was_left = False
        if is_bounded:
            self._note_passed(actor, finished, before)
        return label

    def retake(self, choices: Sequence[int], control: Control) -> None:
        """Begin anew, and take choices that were taken before; `control` is as it was behind them.

        Most steps of a search are these.
        """
        self.begin()
        turns = self.turns
        for choice in choices:
            if choice == CLEANER:
                self._cleaner_step()
            elif choice == CLOCK:
                self.now = self.clock_due()
            elif choice < ITEM:
                turn = turns.get(choice)
                if turn is None:
                    turn = turns[choice] = self._begin_turn(choice, choice)
                turn.upcoming = next(turn.steps, None)
                if turn.upcoming is None:
                    del turns[choice]
            else:
                self._take_item(choice, self.actor_of(choice))
        self.control = control

    def _take_item(self, choice: int, actor: int) -> str:
        """Take an item's next line."""
        if actor == CLOCK:
            return self._clock_step(choice)
        return self._command(choice) if actor == CLEANER else self._thread_step(actor, choice)

    @property
    def control(self) -> Control:
        """What the choices come to, beside the machine."""
        return Control(
            self.current,
            self.was_left,
            self.preemptions,
            self.jumps,
            self.passed,
            self.last_actor,
            self.last_finished,
        )

    @control.setter
    def control(self, control: Control) -> None:
        (
            self.current,
            self.was_left,
            self.preemptions,
            self.jumps,
            self.passed,
            self.last_actor,
            self.last_finished,
        ) = control

    def _note_passed(self, actor: int, finished: bool, before: list[int]) -> None:
        """Count whom an actor passes over with its turn; whoever goes is passed over no more."""
        if self.passed:
            able = self.able()
            self.passed = {
                (one, other): count
                for (one, other), count in self.passed.items()
                if other != actor and other in able
            }
        if finished and len(before) > (actor in before):
            able = self.able()
            for other in before:
                if other != actor and other in able:
                    key = actor, other
                    self.passed[key] = self.passed.get(key, 0) + 1

    def _clock_step(self, choice: int) -> str:
        self.jumps += 1
        if choice == CLOCK:
            self.now = self.clock_due()
            return "go on to the next time due"
        part = self.part_of(choice)
        assert isinstance(part, JumpPart)
        self.gone[choice - ITEM] += 1
        self.now += part.by
        return part.text

    def _cleaner_step(self) -> str:
        upcoming = self.upcoming
        if isinstance(upcoming, Step):
            label, wake = upcoming.label, self._wake
        else:
            label, wake = WAKE_UP, Wake(self.now, ())
            self._wake = wake
            if self.signals and upcoming.kind is not WaitKind.SUSPEND:
                wake = Wake(self.now, tuple(self.signals))
                self.signals.clear()
        self.upcoming = self.process.send(wake)
        return label

    def _command(self, choice: int) -> str:
        part = self.part_of(choice)
        assert isinstance(part, CliPart)
        self.gone[choice - ITEM] += 1
        self._was_configured = True
        self._rig.stepped.now = self.now
        refused = ""
        try:
            finish(self._rig.changing(part.text))
        except CommandError as error:
            refused = str(error)
        self.commands = (*self.commands, (part.number, bool(refused)))
        return COMMAND

    def _thread_step(self, thread: int, choice: int) -> str:
        turn = self.turns.get(thread)
        if turn is None:
            turn = self.turns[thread] = self._begin_turn(thread, choice)
        step = turn.upcoming
        assert step is not None
        watcher = self.watcher
        if watcher is not None:
            watcher.before(thread, step.label)
        turn.upcoming = next(turn.steps, None)
        if turn.upcoming is None:
            del self.turns[thread]
        if watcher is not None:
            watcher.after(thread, step.label)
        return step.label

    def _begin_turn(self, thread: int, choice: int) -> Turn:
        worker, now = self.am.workers[thread], self.now
        if choice < ITEM:
            if thread in self.raised:
                self.raised.remove(thread)
            steps = self.machine.idle_check.worker_conn_cleaner_process(worker, now)
            return Turn(steps, None, now)
        part = self.part_of(choice)
        assert isinstance(part, SendPart)
        self.gone[choice - ITEM] += 1
        worker.packet_number = part.number
        rx, packet = part.rx, part.packet(self.am)
        steps = self.machine.datapath.packet_steps(
            worker, rx, packet.key, packet.mirror_key, packet.info, now
        )
        return Turn(steps, part, now)

    def held_back(self) -> tuple[Any, ...]:
        """What was stored and is not in memory yet."""
        return ()

    # --- at rest -------------------------------------------------------------------------------

    def nobody_can_go(self) -> bool:
        """Nobody can go but the clock, and what may still happen."""
        return not self.able()

    def is_settled(self) -> bool:
        """Nobody can go, and the cleaner waits for signals: no clear is under way."""
        upcoming = self.upcoming
        at_main = isinstance(upcoming, Wait) and upcoming.kind is not WaitKind.SUSPEND
        return at_main and not self.able()

    def poll(self) -> None:
        """Have the cleaner, which waits, take one whole turn; for who ends the run with that."""
        self.upcoming = self.process.send(Wake(self.now, ()))
        while isinstance(self.upcoming, Step):
            self.upcoming = self.process.send(Wake(self.now, ()))

    def name_of(self, choice: int) -> str:
        """Who takes a choice's step, to a person."""
        actor = self.actor_of(choice)
        if choice >= ITEM and actor == CLEANER:
            return actor_name(0)
        return actor_name(actor)
