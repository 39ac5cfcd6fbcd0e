"""How a bench goes on: it runs, plays, takes a step; what it does is noted in its history.

In the past it goes along its branch, and then where nothing was done yet. A scenario's lines for a
time are run on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final, Protocol

from aclbench.drivers.background import BackgroundRun
from aclbench.drivers.driver import COMMAND, actor_name
from aclbench.drivers.stepping import StepTaken
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError, ScenarioError
from aclbench.workbench.history.history import History
from aclbench.workbench.inquiry.threaded_packets import ThreadedPackets
from aclbench.workbench.listeners import Listeners
from aclbench.workbench.rig.inputs import Cli, Op, Run, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Slices

#: Runs on by so many packets and turns at the most; says if it arrived.
Go = Callable[[int | None, int | None], bool]
#: How long real threads run between two looks at them, in seconds.
LOOK_S: Final = 0.01


class Live(Protocol):
    """The parts of a bench that go on."""

    rig: Rig
    history: History | None
    listeners: Listeners
    threaded_packets: ThreadedPackets


class Transport:
    """Has a bench go on."""

    def __init__(self, live: Live) -> None:
        self._live = live
        #: Time on the wall that runs took, in seconds.
        self.elapsed_s = 0.0
        #: Who takes the next step by hand, if somebody was chosen.
        self.chosen: str | None = None
        #: At most so many packets and turns make a chunk of a run, while somebody asks for it.
        self.chunk_limit: int | None = None
        self._stopping = False
        #: A command on real threads left something to do that no run has done yet.
        self._unsettled = False
        #: The run under way on real threads is more than that.
        self._runs = False

    # --- running -------------------------------------------------------------------------------

    def running(self, until: int = NEVER, max_packets: int | None = None) -> Slices[bool]:
        """Run what is due up to and including a time (ns); False: stopped, or out of packets.

        On real threads there need not be a time: they run until nothing is due any more.
        """

        def go(packets: int | None, turns: int | None) -> bool:
            return self._live.rig.driver.run_until(until, packets, turns)

        return (yield from self._running(go, until, max_packets))

    def playing(self, max_packets: int | None = None) -> Slices[bool]:
        """Run on to the last packet of the captures; False: there are more.

        A scenario's lines for a time behind the last packet are run too, at that time.
        """

        def go(packets: int | None, turns: int | None) -> bool:
            return self._live.rig.driver.run_packets(packets, turns)

        return (yield from self._running(go, NEVER, max_packets))

    def settling(self) -> Slices[None]:
        """Run what is due at the present instant; a run that is under way does so by itself."""
        rig = self._live.rig
        if not isinstance(rig.driver, ThreadedDriver):
            yield from self.running(rig.now)
            return
        self._unsettled = True  # first: who runs looks once more behind its end
        if rig.under_way.acquire(blocking=False):
            yield from self._alone(self._go_to_now, rig.now, None)

    def set_speed(self, speed: float | None) -> None:
        """On real threads: how many times as fast as the wall's the next run is (see `Start`)."""
        driver = self._live.rig.driver
        if isinstance(driver, ThreadedDriver):
            driver.set_speed(speed)

    def jump_to(self, time: int) -> None:
        """On real threads: have the clock of a run under way go on from a later time (ns)."""
        driver = self._live.rig.driver
        if isinstance(driver, ThreadedDriver):
            driver.jump_to(time)

    def stop(self) -> None:
        """End the run under way, soon; on real threads from any thread, and by a signal.

        The run then returns False. A stepped run ends behind the packet or turn in hand: from a
        listener, or by a signal.
        """
        self._stopping = True
        self._live.rig.driver.stop()

    def _running(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        rig = self._live.rig
        if not isinstance(rig.driver, ThreadedDriver):
            self._stopping = False
            return (yield from self._to_its_end(go, until, max_packets))
        while not rig.under_way.acquire(timeout=LOOK_S):
            if self._runs:
                raise CommandError("the bench is running; stop it first")
            yield None  # a command is being settled, which takes no time
        self._runs = True
        rig.driver.forget_stop()  # whoever asked a run to stop meant one that is over
        self._stopping = False
        return (yield from self._alone(go, until, max_packets))

    def _alone(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        """A run on real threads that holds `under_way`: no other one begins before its end.

        Nor between two of its stretches. What a command left to do meanwhile is done too, also if
        it came last.
        """
        rig, held = self._live.rig, True
        try:
            arrived = yield from self._to_its_end(go, until, max_packets)
            while held:
                while self._unsettled and not self._stopping:
                    self._unsettled = False
                    yield from self._to_its_end(self._go_to_now, rig.now, None)
                self._runs = held = False
                rig.under_way.release()
                if self._unsettled and not self._stopping:  # a command that came just now
                    held = rig.under_way.acquire(blocking=False)
            return arrived
        finally:
            if held:
                self._runs = False
                rig.under_way.release()

    def _go_to_now(self, packets: int | None, turns: int | None) -> bool:
        driver = self._live.rig.driver
        return driver.run_until(driver.now, packets, turns)

    def _to_its_end(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        """A run; then listeners are told of what is left to tell."""
        try:
            return (yield from self._along_then_on(go, until, max_packets))
        finally:
            self._live.listeners.tell()
            feed = self._live.rig.feed
            if feed is not None:
                feed.release_groups()

    def _along_then_on(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        """Along the branch in the past, then where nothing was done yet."""
        history, driver = self._live.history, self._live.rig.driver
        if history is not None and not history.at_end():
            history.checkpoints.abandon()
            before = driver.packets_handled
            along = history.here.run_until(until, max_packets)
            arrived = yield from self._stoppable(along)
            if arrived is None or not history.at_end():
                return bool(arrived)
            if max_packets is not None:
                max_packets -= driver.packets_handled - before
                if max_packets <= 0:
                    return False
        return (yield from self._by_timed_lines(go, until, max_packets))

    def _stoppable(self, slices: Slices[bool]) -> Slices[bool | None]:
        """Slices that `stop` ends, between two of them; then None."""
        while not self._stopping:
            try:
                progress = next(slices)
            except StopIteration as end:
                return bool(end.value)
            yield progress
        slices.close()
        return None

    def _by_timed_lines(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        """Run where nothing was done yet, and run the scenario's lines on the way."""
        rig = self._live.rig
        while (due := rig.next_timed) <= until and due != NEVER:
            before = rig.driver.packets_handled

            def run_to(packets: int | None, turns: int | None, due: int = due) -> bool:
                return rig.driver.run_until(due, packets, turns)

            if not (yield from self._in_chunks(run_to, due, max_packets)):
                return False
            if max_packets is not None:
                max_packets -= rig.driver.packets_handled - before
            yield from self.running_timed_line()
            if self._stopping:
                return False
        return (yield from self._in_chunks(go, until, max_packets))

    def _in_chunks(self, go: Go, until: int, max_packets: int | None) -> Slices[bool]:
        """Run in chunks; each is noted, if there is a history. True: arrived."""
        if self._live.rig.is_threaded:
            return (yield from self._on_threads(go, max_packets))
        history, driver = self._live.history, self._live.rig.stepped
        left, pace = max_packets, Pace()
        if history is not None:
            history.checkpoints.abandon()
            history.spacing.begin(until - driver.now, history.elapsed())
        while True:
            packets, turns = pace.size, pace.size
            if history is not None:
                packets, turns = history.spacing.packets, history.spacing.turns
            if self.chunk_limit is not None:
                packets, turns = min(packets, self.chunk_limit), min(turns, self.chunk_limit)
            before, done, steps = driver.now, driver.packets_handled, driver.steps_taken
            began = perf_counter()
            with pace.slice():
                arrived = go(packets if left is None else min(packets, left), turns)
            self.elapsed_s += perf_counter() - began
            if history is not None:
                self._note_run(history, before, driver.steps_taken - steps)
                yield from history.save_if_due()
            if arrived:
                return True
            if driver.stopped or self._stopping:
                return False
            if left is not None:
                left -= driver.packets_handled - done
                if left <= 0:
                    return False
            yield None

    def _note_run(self, history: History, before: int, steps: int) -> None:
        """Note a chunk of a run; the next is longer or shorter by it."""
        driver = self._live.rig.stepped
        op: Run | Steps = Run(driver.position, driver.now)
        if driver.order == "random":
            op = Steps(None, steps, driver.position, driver.now)
        if (op.position, op.time) == history.branch.end[1:]:
            return  # a pipe was waited for
        history.note(op)
        packets = driver.position.packets - history.branch.starts[0].position.packets
        history.spacing.note(driver.now - before, history.elapsed(), packets)

    def _on_threads(self, go: Go, max_packets: int | None) -> Slices[bool]:
        """Real threads run by themselves, one of them as vpp_main; look at them now and then."""
        driver = self._live.rig.driver
        assert isinstance(driver, ThreadedDriver)
        arrived = False

        def run() -> bool:
            nonlocal arrived
            arrived = go(max_packets, None)
            return True

        began = perf_counter()
        background = BackgroundRun(run, driver.stop, driver.forget_stop)
        try:
            while not background.poll(LOOK_S):
                self._live.threaded_packets.take(self._live.rig)
                yield None
        finally:
            background.stop()
            self.elapsed_s += perf_counter() - began
        return arrived

    def performing(self, op: Op) -> Slices[None]:
        """Perform an input that was noted elsewhere, and note it here. AclbenchError: it fails."""
        rig, history = self._live.rig, self._live.history
        assert history is not None
        history.before_acting()
        if isinstance(op, Run):
            for _ in history.run_in_chunks(history.here, op):
                history.note(Run(history.here.position, rig.now))
                yield from history.save_if_due()
                yield None
        yield from rig.performing(op)
        history.note(op)
        yield from history.save_if_due()

    def running_timed_line(self) -> Slices[str]:
        """Run the scenario's next line now; returns it. ScenarioError: it is refused."""
        rig, history = self._live.rig, self._live.history
        if history is not None:
            history.checkpoints.abandon()
        _, line = rig.timed[rig.timed_done]
        refused: ScenarioError | None = None
        try:
            yield from rig.changing(line)
        except CommandError as error:
            place = rig.scenario.place if rig.scenario else "scenario"
            refused = ScenarioError(f"{place}: at: {line.strip()}: {error}")
        rig.timed_done += 1  # also if it is refused: it is not tried again
        if history is not None:
            history.note(Cli(line, timed=True))
        if refused is not None:
            raise refused
        return line

    @property
    def waits_for_packets(self) -> bool:
        """A pipe is to bring the next packet, and had nothing when it was asked last."""
        return self._live.rig.driver.arrivals.waits

    # --- one step at a time --------------------------------------------------------------------

    def ready_actors(self) -> list[str]:
        """Who can take a step now, by name, in the fair order."""
        return [actor_name(actor) for actor in self._live.rig.stepped.ready_actors()]

    def name_of(self, taken: StepTaken) -> str:
        """Who took a step."""
        return actor_name(taken.actor)

    def stepping(self, actor: str | None = None) -> Slices[StepTaken | None]:
        """One named step of an actor, or of the one whose turn it is; None: nothing is left."""
        chosen = None if actor is None else self._actor(actor)
        return self._stepping(lambda: self._live.rig.stepped.step(chosen), chosen, whole_turn=False)

    def stepping_turn(self) -> Slices[StepTaken | None]:
        """Let the actor whose turn it is run until it waits or is done; returns its last step."""
        return self._stepping(self._live.rig.stepped.run_turn, None, whole_turn=True)

    def _actor(self, name: str) -> int:
        driver = self._live.rig.stepped
        for actor in range(-1, driver.machine.am.n_workers + 1):
            if actor_name(actor) == name:
                return actor
        able = ", ".join(map(actor_name, driver.ready_actors()))
        raise CommandError(f"there is no actor {name}; now could go {able}")

    def _stepping(
        self, go: Callable[[], StepTaken | None], actor: int | None, whole_turn: bool
    ) -> Slices[StepTaken | None]:
        """Take steps, kept in the history: in fair order as part of a run, else as chosen."""
        rig, history, driver = self._live.rig, self._live.history, self._live.rig.stepped
        if history is not None:
            history.checkpoints.abandon()
            if not history.at_end() and actor is None:
                taken = yield from history.here.stepping(whole_turn)
                if taken is not None:
                    return taken
            history.before_acting()
        due = rig.next_timed
        if due != NEVER and driver.next_time() > due:
            driver.run_until(due)  # nothing is due by then: the clock goes there, and no more
            if history is not None:
                history.note(Run(driver.position, driver.now))
            line = yield from self.running_timed_line()
            return StepTaken(driver.now, COMMAND, line, finished=True)
        if history is None:
            return go()
        fair = actor is None and driver.order == "fair" and driver.nothing_begun
        before = driver.steps_taken
        try:
            return go()
        finally:  # an actor who has nothing to do may have had the clock go on
            if fair:
                history.note(Run(driver.position, driver.now))
            else:
                count = driver.steps_taken - before
                history.note(Steps(actor, count, driver.position, driver.now))
