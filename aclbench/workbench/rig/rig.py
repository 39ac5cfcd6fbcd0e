"""The rig: a machine that is set up and fed, and nothing that looks at it.

It is what a run is made of and what a checkpoint keeps: the driver with its machine, the feed, the
packet-generator streams, how many frames were sent, how many of the scenario's lines are done. A
bench has one; who asks about the past is given another, of their own (`history.at`).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from aclbench.capture.batch import GENERATED_NS
from aclbench.capture.columns import INFO_KEPT
from aclbench.capture.steering import Steering
from aclbench.drivers.frame import Frame, Handled, frame_of_packets
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import DriverState, Position
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine import reading
from aclbench.engine.counts import event_total
from aclbench.engine.design import Look
from aclbench.engine.events import TraceEvent
from aclbench.engine.machine import Machine
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.packet import INFO_LENGTH_SHIFT, Packet, parse_ethernet
from aclbench.engine.packing import empty_in_pieces
from aclbench.engine.steps import WaitKind
from aclbench.engine.timeouts import NEVER, NS_PER_SEC
from aclbench.errors import AclbenchError, CommandError
from aclbench.workbench.rig.done import (
    NO_PACKETS,
    SENT_BIT,
    Arrived,
    Arriving,
    DonePackets,
    arrived,
    dispatched_packets,
    done_packets,
    words_of,
)
from aclbench.workbench.rig.feed import Feed
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Run
from aclbench.workbench.rig.names import no_interface
from aclbench.workbench.rig.packing import Checkpoint, Packer, unpack_in_pieces
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS, AnyDriver, Start, make_driver
from aclbench.workbench.rig.streams import Streams
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.clock import Clock, Instant, TimeMode
from aclbench.workbench.views.times import Moment

TOO_LATE: Final = "that is later than time can be counted here, 292 years from the start"
#: Packets of a capture that are handed over at once in virtual time, where frames do not show.
PACKETS_AT_ONCE: Final = 4096
#: A clock that was not set begins in 1970.
YEAR_NS: Final = 365 * 86400 * NS_PER_SEC


class ChangesNothing(CommandError):
    """A command that only shows something, where one that changes the rig belongs."""


class CommandResult(NamedTuple):
    """What a command line did: what it prints, and the line that a journal keeps of it."""

    output: str
    line: str


#: Performs a line that changes a rig, and nothing else. CommandError: it is refused.
PerformLine = Callable[["Rig", str], Slices[CommandResult]]


class Rig:
    """A machine, set up and fed. `perform_line` is what it performs command lines with."""

    def __init__(
        self, start: Start, perform_line: PerformLine, driver: AnyDriver | None = None
    ) -> None:
        self.start = start
        self.driver = make_driver(start) if driver is None else driver
        self.scenario: Scenario | None = None
        #: When the run began, in virtual nanoseconds: what times are counted from.
        self.started: int = self.driver.now
        self.feed: Feed | None = None
        #: How times are written; bare times of day are read in that zone.
        self.time_mode: TimeMode = "relative"
        #: Frames sent so far: what numbers them.
        self.sent = 0
        self.streams = Streams()
        #: The scenario's lines for a time, with it (ns), in order; and how many are done.
        self.timed: tuple[tuple[int, str], ...] = ()
        self.timed_done = 0
        #: On real threads held by who runs it, also where its threads end between two stretches.
        self.under_way = threading.Lock()
        self._perform_line = perform_line

    def __del__(self) -> None:
        # A machine refers to itself: left alone it would stay until the garbage collector looks
        # through everything, and one of a million sessions is half a gigabyte.
        if "driver" in vars(self):  # which could not be made, where this is not so
            _give_back(self.driver)

    @property
    def machine(self) -> Machine:
        """The engine; faces read views instead."""
        return self.driver.machine

    @property
    def now(self) -> int:
        """Virtual time in nanoseconds; it starts at one second and never goes back."""
        return self.driver.now

    @property
    def is_threaded(self) -> bool:
        """Whether it runs on real threads."""
        return isinstance(self.driver, ThreadedDriver)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way on real threads."""
        return self.under_way.locked() or self.driver.is_running

    @property
    def stepped(self) -> SteppedDriver:
        """The stepped driver. AclbenchError: this rig runs on real threads."""
        if isinstance(self.driver, ThreadedDriver):
            raise AclbenchError(WHY_NOT_ON_THREADS)
        return self.driver

    def hear(self, listener: Callable[[TraceEvent], None] | None, of_packets: bool = True) -> None:
        """Have one function called with every trace event from now on; None: with none.

        Where it is not to hear of each packet, the packets take a tenth of the time.
        """
        tell = self.machine.am.tell
        tell.listener, tell.of_packets = listener, of_packets

    def events_so_far(self) -> int:
        """How many trace events there have been, heard or not: the number of the latest."""
        return event_total(self.machine.am)

    # --- packets -----------------------------------------------------------------------------

    def keep_packets(self) -> None:
        """Keep what becomes of every packet from now on."""
        if isinstance(self.driver, ThreadedDriver):
            self.driver.keep_outcomes()
            return
        self.driver.handled, outcomes = [], Outcomes()
        for worker in self.machine.am.workers:
            worker.outcomes = outcomes

    @property
    def packets_kept(self) -> int:
        """Packets that were done since they are kept: in virtual time, and to the very packet."""
        outcomes = self.machine.am.workers[0].outcomes
        return 0 if outcomes is None else len(outcomes)

    def take_handled(self) -> tuple[list[Handled], Outcomes]:
        """The packets that were handled since the last time, by their frames, and what became of
        them; they are kept no longer. In virtual time alone.
        """
        driver, outcomes = self.stepped, self.machine.am.workers[0].outcomes
        if not driver.handled or outcomes is None:
            return [], Outcomes()
        handled = driver.handled
        self.keep_packets()
        return handled, outcomes

    def take_packets(self) -> DonePackets:
        """The packets that were done since the last time; they are kept no longer.

        On real threads `first` is not known: they come behind those that were taken before.
        """
        driver = self.driver
        if isinstance(driver, ThreadedDriver):
            return dispatched_packets(driver.take_done())
        handled, outcomes = self.take_handled()
        return done_packets(handled, outcomes, driver.packets_handled) if handled else NO_PACKETS

    # --- names -------------------------------------------------------------------------------

    def interface_name(self, sw_if_index: int) -> str:
        """The name of an interface; of a free index, the number."""
        interfaces = self.machine.am.interfaces
        found = interfaces[sw_if_index] if 0 <= sw_if_index < len(interfaces) else None
        return found.name if found is not None else f"sw_if_index {sw_if_index}"

    def list_name(self, list_id: int) -> str:
        """The name of a worker's list, or of a place beside them, as the design has it."""
        return reading.name_of(self.machine.am, list_id)

    @property
    def look(self) -> Look:
        """When the design looks at sessions, and what it does with them, in words."""
        return self.machine.design.look

    def class_name(self, timeout_class: int) -> str:
        """The name of a class of sessions, as the design has it."""
        return self.machine.am.timeout_classes[timeout_class].name

    def interface_index(self, name: str) -> int:
        """The sw_if_index of an interface. CommandError: there is none of that name."""
        interface = self.machine.am.interface_named(name)
        if interface is not None:
            return interface.sw_if_index
        raise CommandError(no_interface(name, self.machine.am))

    # --- captures ----------------------------------------------------------------------------

    def open_captures(
        self, captures: Sequence[Path], steering: Steering, by_time: bool = False
    ) -> None:
        """Have captures arrive from now on, as the clock reaches their packets.

        In order, or merged `by_time`.
        """
        am = self.machine.am
        if self.is_threaded:
            frame_size = self.start.frame_size * self.start.workers  # a worker gets a part of it
        else:
            frame_size = max(self.start.frame_size, PACKETS_AT_ONCE)
        self.feed = Feed(captures, steering, am, self.now, frame_size, by_time)
        self.driver.arrivals.source = self.feed.next_frame

    def decode_again(self) -> None:
        """Read the packets that are decoded but not handled anew, after a change of settings."""
        if self.feed is not None:
            frames = self.driver.arrivals.frames
            from_feed = bool(frames) and frames[-1] is self.feed.latest
            again = self.feed.decode_again(frames.pop() if from_feed else None)
            if again is not None:
                frames.append(again)

    def sent_waiting(self) -> bool:
        """Whether frames that were sent wait to be handled; they stand ahead of the feed's."""
        latest = self.feed.latest if self.feed is not None else None
        return any(len(frame) and frame is not latest for frame in self.driver.arrivals.frames)

    @property
    def captures_end(self) -> int | None:
        """The bench time of the captures' last packet; None where that is not known."""
        feed = self.feed
        return None if feed is None or feed.extent.packets is None else feed.extent.end

    @property
    def captures_ended(self) -> bool:
        """There are captures, and their last packet was handled; not known ahead of that."""
        feed = self.feed
        if feed is None or feed.extent.packets is None or feed.read < feed.extent.packets:
            return False
        return not any(len(frame) for frame in self.driver.arrivals.frames)

    # --- time --------------------------------------------------------------------------------

    @property
    def unhandled(self) -> int:
        """Packets that were handed over to the driver and wait to be handled."""
        return sum(len(frame) for frame in self.driver.arrivals.frames)

    @property
    def next_timed(self) -> int:
        """When the next of the scenario's lines is due; `NEVER` if none is left."""
        done = self.timed_done  # on real threads it may go on meanwhile
        return self.timed[done][0] if done < len(self.timed) else NEVER

    def next_time(self) -> int:
        """When the next thing is due, the scenario's lines among it; `NEVER` if nothing is."""
        return min(self.driver.next_time(), max(self.next_timed, self.now))

    @property
    def clock(self) -> Clock:
        """How its times are written and read; what captures tell is known with the first packet."""
        feed = self.feed
        if feed is None or feed.offset is None:
            return Clock(self.started, self.time_mode)
        first = feed.start - feed.offset
        return Clock(self.started, self.time_mode, feed.start, first, _why_relative(first))

    def first_packet(self) -> None:
        """Read the captures' first packet, unless one was read: it tells their time of day."""
        if self.feed is not None and self.feed.offset is None and not self.is_running:
            self.driver.arrivals.next_frame()

    def awaiting_packets(self) -> Slices[None]:
        """Wait until the next packet has come, if a pipe is to bring it."""
        arrivals = self.driver.arrivals
        while arrivals.next_frame() is None and arrivals.waits:
            yield None

    def finding_time(self, moment: Moment) -> Slices[Instant]:
        """The rig's time of a place in a run. CommandError: no capture's clock could tell.

        A time of day waits for the first packet, which tells the date.
        """
        if moment.of_day and self.feed is not None and self.feed.offset is None:
            yield from self.awaiting_packets()
        found = self.clock.read(moment)
        if found.ns >= NEVER:
            raise CommandError(TOO_LATE)
        return found

    # --- inputs ------------------------------------------------------------------------------

    def performing(self, op: Op, position: Position | None = None) -> Slices[None]:
        """Perform an input of a journal; of a `Run` or `Steps` up to a position, if one is given.

        AclbenchError: the run has no such place; it is not the one that was recorded.
        """
        if isinstance(op, Cli):
            # What was refused when its time came is refused again, as part of the run.
            with suppress(CommandError) if op.timed else nullcontext():
                yield from self.changing(op.line)
            self.timed_done += op.timed
        elif isinstance(op, Inject):
            yield from self.injecting(op)
        else:
            to = op.position if position is None else position
            if isinstance(op, Run):
                yield from self._run_to(to)
            else:
                yield from self._step_to(to, op.actor)
            if position is None:
                self.stepped.run_to(to, op.time)

    def changing(self, line: str) -> Slices[CommandResult]:
        """Run a command that changes the rig, and nothing else. CommandError: it is refused.

        Whoever stops it leaves the rig as it was.
        """
        return self._perform_line(self, line)

    def injecting(self, op: Inject) -> Slices[None]:
        """Hand frames over, to be handled now; whoever stops it has handed over none."""
        rx, size, count = self.interface_index(op.interface), self.start.frame_size, len(op.frames)
        sent: list[Frame] = []
        for begin in range(0, count, size):
            if begin:
                yield Progress(begin, count, "frames")
            sent.append(self._sent(op.frames[begin : begin + size], op.first + begin, rx))
        self.sent = op.first + count - 1
        self.driver.arrivals.frames.extendleft(reversed(sent))

    def _sent(self, frames: Sequence[bytes], first: int, rx: int) -> Frame:
        """Frames that are sent now, as the driver takes them; `first` is the first one's number."""
        am, now, count = self.machine.am, self.now, len(frames)
        parse = am.parse or parse_ethernet
        packets = [parse(frame, am.extension_headers, 0) for frame in frames]
        with_lengths = [
            packet._replace(info=packet.info | len(frame) << INFO_LENGTH_SHIFT)
            for packet, frame in zip(packets, frames, strict=True)
        ]
        return frame_of_packets(
            [now] * count,
            range(first, first + count),
            [rx] * count,
            with_lengths,
            columns=Arriving(
                partial(_rows_sent, frames, first, now, rx, packets), partial(words_of, packets)
            ),
        )

    def _run_to(self, position: Position) -> Slices[None]:
        """Go on in fair order to a position that lies ahead; the clock aside."""
        driver, pace = self.stepped, Pace()
        while driver.position < position and not driver.at_rest():
            driver.step()  # what was begun by hand is finished, in fair order
            yield None
        while (left := position.packets - driver.position.packets) > 0:
            with pace.slice():
                ended = driver.run_packets(min(left, pace.size), pace.size)
            if ended:
                break  # the captures end before that; `run_to` says so
            yield None
        while driver.position.turns + pace.size < position.turns:
            turns = driver.position.turns + pace.size
            with pace.slice():
                driver.run_to(Position(position.packets, turns, 0), 0)
            yield None
        driver.run_to(position, 0)

    def _step_to(self, position: Position, actor: int | None) -> Slices[None]:
        """Go on by steps of one actor, or of whom the order chooses."""
        driver = self.stepped
        while driver.position < position:
            if driver.step(actor) is None:
                raise AclbenchError("the run has no such step: it is not the one recorded")
            yield None

    # --- packed ------------------------------------------------------------------------------

    def can_be_packed(self) -> bool:
        """At rest, and no frames that were sent are waiting, which no capture could bring again."""
        return self.stepped.at_rest() and not self.sent_waiting()

    def packer(self) -> Packer:
        """What packs this rig, piece by piece; it must be at rest, and stand still until then.

        CommandError: on real threads, a clear is under way.
        """
        feed = self.feed.state(self.unhandled) if self.feed is not None else None
        events = self.events_so_far()
        return Packer(
            self.machine,
            _state_of(self.driver),
            feed,
            self.sent,
            self.timed_done,
            self.streams,
            events,
        )

    def unpacked(self, checkpoint: Checkpoint) -> Slices[Rig]:
        """A rig like this one, as it was when a checkpoint was taken; nobody listens to it.

        It is in virtual time, also if this one runs on real threads.
        CaptureError: a capture is not what it was, or a pipe.
        """
        order = self.driver.order if isinstance(self.driver, SteppedDriver) else "fair"
        driver = yield from unpack_in_pieces(checkpoint, order)
        rig = Rig(self.start, self._perform_line, driver)
        rig.scenario, rig.started, rig.timed = self.scenario, self.started, self.timed
        rig.time_mode = self.time_mode
        rig.sent, rig.timed_done = checkpoint.sent, checkpoint.timed_done
        rig.streams = checkpoint.streams
        if checkpoint.feed is not None:
            rig.feed = Feed.resumed(checkpoint.feed, driver.machine.am)
            if not checkpoint.driver.source_ended:
                driver.arrivals.source = rig.feed.next_frame
        return rig

    def close(self) -> None:
        """Free its sessions and packets, at once; also done when nothing refers to it any more.

        A listener that refers to the rig makes a cycle: then it has to be closed, or it stays until
        the garbage collector finds it.
        """
        self.scenario = None
        _give_back(self.driver)

    def closing(self) -> Slices[None]:
        """The same in slices, for a rig that may have very many sessions."""
        self.scenario = None  # which may hold files, and a cycle may hold the rig
        yield from _give_back_in_pieces(self.driver)


def _rows_sent(
    frames: Sequence[bytes], first: int, now: int, rx: int, packets: Sequence[Packet]
) -> Arrived:
    """The rows of packets that are sent."""
    return arrived(
        np.full(len(packets), now),
        np.arange(first, first + len(packets)) | SENT_BIT,
        np.array([len(frame) for frame in frames]),
        np.full(len(packets), rx),
        np.array([packet.info & INFO_KEPT for packet in packets]),
    )


def _why_relative(first_ns: int) -> str:
    """Why a capture that begins at a time (since 1970) tells no time of day; empty: it does."""
    if first_ns < YEAR_NS:
        return "the capture's times begin in 1970, so they tell no time of day"
    if first_ns == GENERATED_NS:
        return "the capture was generated, so its times tell no time of day"
    return ""


def _give_back(driver: AnyDriver) -> None:
    """Empty a machine that nobody needs any more."""
    for _ in _give_back_in_pieces(driver):
        pass


def _give_back_in_pieces(driver: AnyDriver) -> Slices[None]:
    driver.arrivals.frames.clear()
    driver.arrivals.source = None
    driver.machine.am.tell.listener = None
    driver.machine.am.tell.tracer = None
    yield from empty_in_pieces(driver.machine.am)


def _state_of(driver: AnyDriver) -> DriverState:
    """The state of a driver at rest; of one on real threads what corresponds to it."""
    if isinstance(driver, SteppedDriver):
        return driver.state()
    wait = driver.machine.am.cleaner.wait
    if wait.kind == WaitKind.SUSPEND:
        raise CommandError("a clear is under way; ask again when it is done")
    position, chance = Position(driver.packets_handled, 0, 0), random.Random(0).getstate()
    return DriverState(driver.now, position, wait, 0, source_ended=True, chance=chance)
