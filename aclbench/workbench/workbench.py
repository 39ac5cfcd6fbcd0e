"""The workbench: the one object that every face holds, and the public Python API.

wb = Workbench(workers=2)
wb.cli("create packet-generator interface pg0")
verdicts = wb.send("pg0", frames)
wb.advance("2.8")
wb.snapshot()
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Self

from aclbench.capture import Steering, as_frame
from aclbench.drivers.frame import FRAME_SIZE, Frame
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.invariants import check_invariants
from aclbench.engine.machine import Machine
from aclbench.engine.packet import parse_ethernet
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError, CommandError, RunFileError, ScenarioError
from aclbench.workbench.commands.bench.explain import explanation_of
from aclbench.workbench.history.history import History
from aclbench.workbench.history.marks import Marks
from aclbench.workbench.history.runfile import SUFFIX as RUN_SUFFIX
from aclbench.workbench.history.runfile import load_run
from aclbench.workbench.inquiry.events import Retelling
from aclbench.workbench.inquiry.explain import Explanation
from aclbench.workbench.inquiry.packettrace import PacketTrace
from aclbench.workbench.interrupts import Interruptible
from aclbench.workbench.lines import Lines
from aclbench.workbench.listening import Listening
from aclbench.workbench.rig.feed import Feed
from aclbench.workbench.rig.inputs import Cli, Inject, Op
from aclbench.workbench.rig.packing import Checkpoint, unpack
from aclbench.workbench.rig.scenario import Placement, Scenario, TimedLine
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS, AnyOrder, DriverKind, begin
from aclbench.workbench.rig.steering import make_steering
from aclbench.workbench.rig.streams import Streams
from aclbench.workbench.stepwise import Stepwise
from aclbench.workbench.timetravel import Standing
from aclbench.workbench.views.events import EventLog
from aclbench.workbench.views.report import Report, make_report
from aclbench.workbench.views.snapshot import Outlook, Snapshot, View, take_snapshot
from aclbench.workbench.views.times import seconds_to_ns
from aclbench.workbench.views.verdict import Verdict, verdict_of

#: Runs on, by so many packets and turns at the most; says if it arrived.
Go = Callable[[int | None, int | None], bool]
#: Events that a bench on real threads keeps.
EVENTS_KEPT: Final = 100_000


class Workbench(Lines, Listening, Stepwise, Retelling, Interruptible):
    """A bench with `workers` packet-carrying threads (0: vpp_main carries them), at virtual 1 s.

    `placement` says which thread handles a packet: that of its rx interface, or by flow hash.
    `driver` "stepped" runs it in virtual time, where `order` ("fair", "random") and `seed` choose
    who goes next when several could: see `SteppedDriver`. "threaded" runs it on real threads, where
    `order` ("connection", "none") says which packets wait for each other, and `speed` how many
    times as fast as the wall's the clock is (None: led by the capture): see `ThreadedDriver`.

    Without `history` the run cannot be taken back, and keeps nothing. On real threads it never can;
    with `history` it keeps its last 100,000 events.
    """

    def __init__(
        self,
        workers: int = 1,
        placement: Placement = "interface",
        order: AnyOrder | None = None,
        seed: int = 0,
        frame_size: int = FRAME_SIZE,
        history: bool = True,
        driver: DriverKind = "stepped",
        speed: float | None = None,
    ) -> None:
        super().__init__()
        self.start, self.driver = begin(workers, placement, order, seed, frame_size, driver, speed)
        self.machine.am.flow_placement = placement == "flow"
        self.scenario: Scenario | None = None
        self.started = self.now
        self.feed: Feed | None = None
        #: Frames sent so far: what numbers them.
        self.sent = 0
        #: The packet-generator streams, and which of them the feed is of.
        self.streams = Streams()
        self._elapsed_s = 0.0
        #: Where a command that goes on for a while prints its lines as they come: set by whoever
        #: shows them to a person. None: they are collected, up to a limit, and returned.
        self.printer: Callable[[str], None] | None = None
        #: Who takes the next step by hand, if `choose` said so.
        self.chosen: str | None = None
        self.history: History | None = None
        #: On real threads, the last events, if they are kept.
        self.kept: EventLog | None = None
        self.samples = Marks()
        #: What `trace add` asked for; it hears, and is no part of the run.
        self.trace = PacketTrace(self)
        #: Files that `exec` is running just now, one inside the other.
        self.exec_depth = 0
        if history:
            self._keep_history()

    def _keep_history(self) -> None:
        """From here on the run can be taken back; or on real threads, its last events are kept."""
        if isinstance(self.driver, ThreadedDriver):
            self.kept = EventLog(EVENTS_KEPT)
            self.listen(self.kept.hear)
        else:
            self.history = History(self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A bench set up by a scenario file, its captures ready to play, or by a run file.

        Raises ScenarioError or RunFileError.
        """
        if "\0" in os.fspath(path):
            raise ScenarioError(f"{os.fspath(path)!r}: not the name of a file")
        if Path(path).suffix == RUN_SUFFIX:
            return load_run(Path(path), cls)
        return cls.from_scenario(load_scenario(Path(path)))

    @classmethod
    def from_scenario(
        cls,
        scenario: Scenario,
        frame_size: int = FRAME_SIZE,
        history: bool = True,
        order: AnyOrder | None = None,
        seed: int = 0,
        driver: DriverKind = "stepped",
        speed: float | None = None,
    ) -> Self:
        """A bench set up by a scenario; a CLI line that is refused is named by its number.

        Its history begins when it is set up.
        """
        bench = cls._set_up(scenario, order, seed, frame_size, driver, speed)
        bench.scenario = scenario
        bench.started = bench.now
        bench.timed = cls._rehearse(scenario)
        if scenario.captures:
            steering = make_steering(scenario, bench.machine.am)
            bench.open_captures(scenario.captures, steering, by_time=bool(scenario.rx))
        if history:
            bench._keep_history()
        return bench

    @classmethod
    def _set_up(
        cls,
        scenario: Scenario,
        order: AnyOrder | None = None,
        seed: int = 0,
        frame_size: int = FRAME_SIZE,
        driver: DriverKind = "stepped",
        speed: float | None = None,
    ) -> Self:
        """A bench without history on which the scenario's lines have been run."""
        workers, placement = scenario.workers, scenario.placement
        bench = cls(workers, placement, order, seed, frame_size, False, driver, speed)
        for line in scenario.set_up_lines():
            try:
                bench.cli(line)
            except CommandError as error:
                raise ScenarioError(f"{scenario.place}: interface: {error}") from None
        lines = "cli, line" if scenario.interfaces else "line"  # those of a file by itself
        for number, line in enumerate(scenario.cli, 1):
            try:
                bench.cli(line)
            except CommandError as error:
                raise ScenarioError(
                    f"{scenario.place}: {lines} {number}: {line.strip()}: {error}"
                ) from None
        return bench

    @property
    def stepped(self) -> SteppedDriver:
        """The stepped driver. AclbenchError: this bench runs on real threads."""
        if isinstance(self.driver, ThreadedDriver):
            raise AclbenchError(WHY_NOT_ON_THREADS)
        return self.driver

    @property
    def machine(self) -> Machine:
        """The engine; faces read snapshots instead."""
        return self.driver.machine

    @property
    def now(self) -> int:
        """Virtual time in nanoseconds; it starts at one second and never goes back."""
        return self.driver.now

    # --- the public API ----------------------------------------------------------------------

    def send(self, interface: str, frames: object) -> list[Verdict]:
        """Send Ethernet frames into an interface now, in order.

        `frames` are bytes or scapy packets, or one of them. Returns a verdict for each.
        """
        self._interface_index(interface)
        op = Inject(interface, self.sent + 1, tuple(as_frame(f) for f in _as_list(frames)))
        verdicts: list[Verdict] = []
        names = {i.sw_if_index: i.name for i in self.machine.am.interfaces if i is not None}

        def hear(event: TraceEvent) -> None:
            if isinstance(event, PacketVerdict):
                verdicts.append(verdict_of(event, names.get(event.tx)))

        if self.driver.is_running:
            raise AclbenchError("the bench is running; stop it, then send")
        with self.at_once():
            if self.history is not None:
                self.history.before_acting()
            self.run_until(self.now)
            self.perform(op)
            if self.history is not None:
                self.history.note(op)
            with self.listening(hear):
                self.run_until(self.now)
                self.tell()
        return sorted(verdicts[: len(op.frames)], key=lambda verdict: verdict.number)

    def advance(self, seconds: float | str | Decimal) -> None:
        """Let time pass: run what is due up to and including the end of `seconds`."""
        self.run_until(self.now + seconds_to_ns(seconds))

    def snapshot(self, view: View | None = None) -> Snapshot:
        """The bench as it stands; without a view, everything but long lists' middles."""
        snapshot = take_snapshot(self.driver, view or View())
        due = self._next_timed()
        if due < (NEVER if snapshot.next_time is None else snapshot.next_time):
            return replace(snapshot, next_time=max(due, snapshot.now))
        return snapshot

    def outlook(self) -> Outlook:
        """What is due next, without a look at the workers: for whoever asks often."""
        cleaner = self.machine.am.cleaner
        due = min(self.driver.next_time(), max(self._next_timed(), self.now))
        if self.history is not None:
            due = min(due, self.history.next_input())
        return Outlook(
            now=self.now,
            next_time=None if due >= NEVER else due,
            wait_until=None if cleaner.wait.until == NEVER else cleaner.wait.until,
            wait_interval=cleaner.wait_interval,
            live=self.machine.am.live_sessions(),
        )

    def explain(self, packet: int | str) -> Explanation:
        """Why a packet of the run met its fate: `17`, `"http.pcap:17"`. Or what would become of one
        now: `"pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"`, as the command `explain` takes it.

        The bench stays as it is. Raises CommandError.
        """
        parsed = self.commands.parse(f"explain {packet}", self)
        assert parsed is not None
        return self.driver.on_main(lambda: explanation_of(self, parsed))

    def check_invariants(self) -> None:
        """Raise AssertionError, and show the state, if something that always holds does not."""
        check_invariants(self.machine.am, at_rest=self.driver.at_rest())

    # --- playing captures --------------------------------------------------------------------

    def open_captures(
        self, captures: Sequence[Path], steering: Steering, by_time: bool = False
    ) -> None:
        """Have captures arrive from now on, as the clock reaches their packets.

        In order, or merged `by_time`.
        """
        am, frame_size = self.machine.am, self.start.frame_size
        if isinstance(self.driver, ThreadedDriver):
            frame_size *= self.start.workers  # what a worker gets of it is a frame
        by_connection = self.start.order == "connection"
        with_flows = am.n_workers > 1 and (am.flow_placement or by_connection)
        self.feed = Feed(captures, steering, am, self.now, frame_size, by_time, with_flows)
        self.driver.arrivals.source = self.feed.next_frame

    def play(self, max_packets: int | None = None, max_turns: int | None = None) -> bool:
        """Run on to the last packet of the captures, or for `max_packets`; False: there are more.

        A scenario's lines for a time behind the last packet are run too, at that time.
        `max_turns` bounds the rounds and interrupts too, on a bench without history.
        Raises the feed's CaptureError once what came before the damage is handled.
        """
        return self._run(self.driver.run_packets, NEVER, max_packets, max_turns)

    def stop(self) -> None:
        """End the run under way, soon; on real threads from any thread, and by a signal.

        `play` and its like then return False. A stepped run ends behind the packet or turn in
        hand: from a listener, or by a signal.
        """
        self.stop_wanted = True
        self.driver.stop()

    def forget_stop(self) -> None:
        """Whoever asked a run to stop meant one that is over."""
        self.stop_wanted = False
        if isinstance(self.driver, ThreadedDriver):
            self.driver.forget_stop()

    def set_speed(self, speed: float | None) -> None:
        """On real threads, how many times as fast as the wall's the next run is; None: led."""
        assert isinstance(self.driver, ThreadedDriver), WHY_NOT_ON_THREADS
        self.driver.set_speed(speed)

    def jump_to(self, time_ns: int) -> None:
        """On real threads at the wall's pace, have the clock go on from a later time."""
        if isinstance(self.driver, ThreadedDriver):
            self.driver.jump_to(time_ns)

    @property
    def is_threaded(self) -> bool:
        """Whether it runs on real threads."""
        return isinstance(self.driver, ThreadedDriver)

    def load_alike(self, path: str | os.PathLike[str]) -> Self:
        """A bench as `load` makes it, on real threads if this one is. Raises as `load` does."""
        if not isinstance(self.driver, ThreadedDriver):
            return type(self).load(path)
        if Path(path).suffix == RUN_SUFFIX:
            raise RunFileError(f"{os.fspath(path)}: {WHY_NOT_ON_THREADS}")
        return self.from_scenario(
            load_scenario(Path(path)),
            history=False,
            order=self.start.order,
            driver="threaded",
            speed=self.driver.speed,
        )

    @property
    def capture_error(self) -> AclbenchError | None:
        """Why the captures ended early, if they did."""
        return self.feed.error if self.feed is not None else None

    def decode_again(self) -> None:
        """Read the packets that are decoded but not handled anew, after a change of settings."""
        if self.feed is not None:
            frames = self.driver.arrivals.frames
            from_feed = bool(frames) and frames[-1] is self.feed.latest
            again = self.feed.decode_again(frames.pop() if from_feed else None)
            if again is not None:
                frames.append(again)

    def injected_waiting(self) -> bool:
        """Whether frames that were sent wait to be handled; they stand ahead of the feed's."""
        latest = self.feed.latest if self.feed is not None else None
        return any(len(frame) and frame is not latest for frame in self.driver.arrivals.frames)

    def report(self) -> Report:
        """The figures since the scenario was set up."""
        notes = [self.scenario.assumed] if self.scenario and self.scenario.assumed else []
        if self.feed is not None:
            notes += self.feed.notes()
        return make_report(self.driver, self.started, self._elapsed_s, tuple(notes))

    def run_until(
        self, time_ns: int, max_packets: int | None = None, max_turns: int | None = None
    ) -> bool:
        """Run what is due up to and including a time; False: stopped, bounded as `play` is."""
        return self._run(
            lambda p, t: self.driver.run_until(time_ns, p, t), time_ns, max_packets, max_turns
        )

    def _run(
        self,
        go: Go,
        until: int,
        max_packets: int | None,
        max_turns: int | None,
    ) -> bool:
        """Run forward, kept in the history if there is one; in the past, along the branch."""
        began = time.perf_counter()
        try:
            with self.interruptible():
                return self._run_on(go, until, max_packets, max_turns)
        finally:
            self._elapsed_s += time.perf_counter() - began
            if not self.told_by_hand:
                self.tell()
            if self.feed is not None:
                self.feed.let_go()

    def _run_on(
        self,
        go: Go,
        until: int,
        max_packets: int | None,
        max_turns: int | None,
    ) -> bool:
        """Along the branch in the past, then where nothing was done yet."""
        history = self.history
        if history is not None and not self._may_go_on(history):
            return False
        if history is not None and not history.at_end():
            before = self.driver.packets_handled
            arrived = history.run_along(until, max_packets)
            if not history.at_end():
                return arrived
            if max_packets is not None:
                max_packets -= self.driver.packets_handled - before
                if max_packets <= 0:
                    return False
        return self._run_by_timed_lines(go, until, max_packets, max_turns)

    def _may_go_on(self, history: History) -> bool:
        """Not while a checkpoint is being made: wait for who makes it, or make it now."""
        if not self.patient:
            history.finish_saving()
        return not history.is_saving

    def _run_by_timed_lines(
        self,
        go: Go,
        until: int,
        max_packets: int | None,
        max_turns: int | None,
    ) -> bool:
        """Run forward where nothing was done yet, and run the scenario's lines on the way."""
        driver = self.driver

        def run(go: Go, until: int) -> bool:
            if self.history is None:
                return go(max_packets, max_turns)
            return self.history.run(go, until, max_packets)

        def run_to(due: int) -> bool:
            return run(lambda p, t: driver.run_until(due, p, t), due)

        while (due := self._next_timed()) <= until and due != NEVER:
            if self.stop_wanted:
                return False
            before = driver.packets_handled
            if not run_to(due):
                return False
            if self.history is not None and self.history.is_saving:
                return False
            if max_packets is not None:
                max_packets -= driver.packets_handled - before
            self._run_timed_line()
        return not self.stop_wanted and run(go, until)

    @classmethod
    def _rehearse(cls, scenario: Scenario) -> tuple[tuple[int, str], ...]:
        """The scenario's lines for a time, in order, with the time (ns).

        They are tried on a bench of their own, without packets; ScenarioError names one refused.
        """
        if not scenario.at:
            return ()
        bench = cls._set_up(scenario)
        lines: list[tuple[int, TimedLine]] = []
        for timed in scenario.at:
            try:
                lines.append((bench.now + seconds_to_ns(timed.time), timed))
            except AclbenchError as error:
                raise ScenarioError(f"{scenario.place}: at, time: {error}") from None
        lines.sort(key=lambda line: line[0])
        done: list[tuple[int, str]] = []
        for time_ns, timed in lines:
            bench.run_until(time_ns)
            try:
                parsed = bench.commands.parse(timed.line, bench)
                if parsed is None:
                    continue
                if not parsed.command.changes:
                    raise CommandError("this changes nothing; what does is right here")
                bench.cli(timed.line)
            except CommandError as error:
                raise ScenarioError(
                    f"{scenario.place}: at {timed.time}: {timed.line.strip()}: {error}"
                ) from None
            done.append((time_ns, timed.line))
        return tuple(done)

    def perform(self, op: Op) -> None:
        """Perform a command or hand frames over, and nothing else: for the history."""
        if isinstance(op, Cli):
            self.timed_done += op.timed
            # What was refused when its time came is refused again, as part of the run.
            with suppress(CommandError) if op.timed else nullcontext():
                self.change(op.line)
            return
        assert isinstance(op, Inject)
        rx = self._interface_index(op.interface)
        headers = self.machine.am.extension_headers
        packets = [parse_ethernet(frame, headers) for frame in op.frames]
        count = len(packets)
        self.sent = op.first + count - 1
        frame = Frame(
            [self.now] * count,
            list(range(op.first, op.first + count)),
            [rx] * count,
            [packet.key for packet in packets],
            [packet.mirror_key for packet in packets],
            [packet.info for packet in packets],
        )
        self.driver.arrivals.frames.extendleft(reversed(frame.split(self.start.frame_size)))

    def adopt(self, other: Workbench) -> None:
        """Become another bench, with its history; who listens to this one goes on listening."""
        before = self.driver
        self.driver, self.start, self.scenario = other.driver, other.start, other.scenario
        self.give_up(before)
        self.started, self.feed, self.sent = other.started, other.feed, other.sent
        self.timed, self.timed_done = other.timed, other.timed_done
        self.streams = other.streams
        recorder = self.history.recorder if self.history is not None else None
        self.history = other.history
        if self.history is not None:
            self.history.belong_to(self)
            self.history.recorder = recorder
        if recorder is not None:
            recorder.begin(self)
        self.samples = Marks()
        if self.kept is not None:
            self.kept.clear()
        self.trace.clear()
        self.travels += 1
        self._hand_on_listeners()

    def _standing(self) -> Standing:
        return Standing(self.driver, self.feed, self.sent, self.timed_done, self.streams)

    def _stand(self, standing: Standing) -> None:
        self.driver, self.feed, self.sent, self.timed_done, self.streams = standing

    def _bench(self) -> Workbench:
        return self

    def restore(self, checkpoint: Checkpoint) -> None:
        """Stand where a checkpoint was taken; nobody listens until `_hand_on_listeners`."""
        before = self.driver
        self.stand_on(checkpoint, unpack(checkpoint, self.stepped.order))
        self.give_up(before)

    def stand_on(self, checkpoint: Checkpoint, driver: SteppedDriver) -> None:
        """The same with a driver that was unpacked already."""
        feed: Feed | None = None
        if checkpoint.feed is not None:
            # A capture that came through a pipe cannot be read again: then nothing has changed.
            feed = Feed.resumed(checkpoint.feed, driver.machine.am)
            if not checkpoint.driver.source_ended:
                driver.arrivals.source = feed.next_frame
        self.driver, self.feed, self.sent = driver, feed, checkpoint.sent
        self.timed_done, self.streams = checkpoint.timed_done, checkpoint.streams

    # --- helpers -----------------------------------------------------------------------------

    def interface_name(self, sw_if_index: int) -> str:
        """The name of an interface; of a free index, the number."""
        interfaces = self.machine.am.interfaces
        found = interfaces[sw_if_index] if 0 <= sw_if_index < len(interfaces) else None
        return found.name if found is not None else f"sw_if_index {sw_if_index}"

    def _interface_index(self, name: str) -> int:
        for interface in self.machine.am.interfaces:
            if interface is not None and not interface.deleted and interface.name == name:
                return interface.sw_if_index
        known = ", ".join(i.name for i in self.machine.am.interfaces if i is not None)
        raise CommandError(f"there is no interface {name}; this bench has {known}")


def _as_list(frames: object) -> list[object]:
    """Frames as a list; a single frame (bytes, or a scapy packet) is a list of one."""
    if isinstance(frames, bytes | bytearray | memoryview) or hasattr(frames, "layers"):
        return [frames]
    if isinstance(frames, Iterable):
        return list(frames)
    return [frames]
