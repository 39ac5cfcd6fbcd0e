"""History: every run can be taken back.

A past point is the nearest earlier checkpoint run forward. The journal grows as the bench is used;
acting in the past opens a branch and keeps the old future. Checkpoints are thinned to a memory
limit.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from aclbench.drivers.driver import COMMAND, actor_name
from aclbench.drivers.stepping import Position, StepTaken
from aclbench.engine.counts import event_counts
from aclbench.engine.events import (
    ClassChanged,
    PacketVerdict,
    RulesReplaced,
    SessionAdded,
    SessionRecycled,
    TraceEvent,
)
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError, CommandError
from aclbench.workbench.history.branch import Branch, Saved
from aclbench.workbench.history.marks import Pace, mark_of
from aclbench.workbench.rig.inputs import Cli, Op, Point, Run, Steps
from aclbench.workbench.rig.packing import Checkpoint, Packer

if TYPE_CHECKING:
    from aclbench.drivers.stepped import SteppedDriver
    from aclbench.workbench.history.runfile import Recorder
    from aclbench.workbench.workbench import Workbench

Unit = Literal["step", "turn", "event", "packet"]
UNITS: Final[tuple[Unit, ...]] = ("step", "turn", "event", "packet")

#: Memory that checkpoints may take, unless set.
DEFAULT_MEMORY_BYTES: Final = 512 << 20
#: Work (packets, and turns, which cost more) between checkpoints, at least ...
CHECKPOINT_WORK: Final = 16_384
#: ... and for each live session, since that is what one costs.
CHECKPOINT_WORK_PER_SESSION: Final = 5


#: Checkpoints that are kept for no more than steps back near them.
NEAR_CHECKPOINTS: Final = 4
#: Events that a packet's steps make; the rest is of turns: the cleaner's and interrupts'.
_OF_PACKETS: Final = (SessionAdded, ClassChanged, SessionRecycled, RulesReplaced, PacketVerdict)


class WalkedStep(NamedTuple):
    """One named step or command of a walk: what it was, where it led, the events it made."""

    point: Point
    who: str
    what: str
    events: tuple[TraceEvent, ...]


class Saving(NamedTuple):
    """A checkpoint that is being made, and where it belongs."""

    branch: Branch
    point: Point
    packer: Packer


class Place(NamedTuple):
    """Where a history stands: its branch, the point, and the work done since a checkpoint."""

    branch: Branch
    cursor: Point
    last_position: Position
    work: int


class _HeardEnough(Exception):
    """An event was reached; the machine that was listened to is not used any more."""


class _Counting:
    """Counts events up to one of them, and notes where the packet or turn before it began."""

    def __init__(self, saved: Saved, number: int) -> None:
        self.count = self.before = saved.checkpoint.events
        self.near = saved.point.position
        self._number = number
        self._packets = saved.point.position.packets

    def hear(self, event: TraceEvent, driver: SteppedDriver) -> None:
        """Hear the next event; raises `_HeardEnough` at the one that is meant."""
        if isinstance(event, _OF_PACKETS):
            # The turns since the packet before are taken again, too.
            if self.near.packets != self._packets:
                self.near, self.before = Position(self._packets, 0, 0), self.count
        else:
            here = Position(self._packets, driver.position.turns, 0)
            if here != self.near:
                self.near, self.before = here, self.count
        self.count += 1
        if self.count >= self._number:
            raise _HeardEnough
        self._packets += isinstance(event, PacketVerdict)


class History:
    """The branches of a bench, and where it stands in them."""

    def __init__(self, bench: Workbench, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> None:
        self.memory_bytes = memory_bytes
        self._bench = bench
        self._work = 0
        self._last_position = Position(0, 0, 0)
        self._near: list[tuple[Branch, Point]] = []
        self._pace = Pace()
        #: The checkpoint that is being made piece by piece, by whoever calls `save_on`.
        self._saving: Saving | None = None
        #: What the checkpoints take, see `memory_used`.
        self._checkpoint_bytes = 0
        self.branches: dict[str, Branch] = {}
        #: Hears of inputs and branches as they come, see `runfile.Recorder`.
        self.recorder: Recorder | None = None
        self.begin()

    def begin(self) -> None:
        """Forget everything: the run starts where the bench stands, at rest."""
        self._saving = None
        start = Point(0, self._bench.stepped.position, self._bench.now)
        self.branch = Branch("main", [start])
        self.branches = {"main": self.branch}
        self.cursor = start
        self._save(start)
        self._measure_checkpoints()
        self._mark()

    def belong_to(self, bench: Workbench) -> None:
        """Be the history of another bench, which has become the one this was of."""
        self._bench = bench

    # --- going on ------------------------------------------------------------------------------

    def at_end(self) -> bool:
        """Nothing lies ahead on this branch."""
        end = self.branch.end
        here = self.branch.canonical(self.cursor)[:2]
        return here == self.branch.canonical(end)[:2] and self._bench.now == end.time

    def replay(self, op: Op) -> None:
        """Perform an input that a run file has, and note it: for `load`."""
        if isinstance(op, Run):
            self._replay_run(op)
        elif isinstance(op, Steps):
            self._finish_steps(op, op.position, op.time)
            self.note(op)
        else:
            self._bench.perform(op)
            self.note(op)

    def _replay_run(self, op: Run) -> None:
        """In chunks, so that there are checkpoints and marks again."""
        driver, pace = self._bench.stepped, self._pace
        pace.begin(op.time - driver.now, self._elapsed())
        while driver.position.packets + pace.packets < op.position.packets:
            before = driver.now
            if driver.run_packets(pace.packets, pace.turns):
                break  # the captures end before that; `run_to` says so
            self._went(before, Run(driver.position, driver.now))
        while (turns := driver.position.turns + pace.turns) < op.position.turns:
            before = driver.now
            driver.run_to(Position(op.position.packets, turns, 0), 0)
            self._went(before, Run(driver.position, driver.now))
        driver.run_to(op.position, op.time)
        self.note(Run(driver.position, driver.now))

    def before_acting(self) -> None:
        """Acting in the past opens a branch; the old future stays where it was."""
        if not self.at_end():
            self.open_branch(self._new_name())

    def note(self, op: Op) -> None:
        """Note an input that was just performed."""
        driver = self._bench.stepped
        self.branch.append(op, driver.position, driver.now)
        if self.recorder is not None:
            self.recorder.op(op)
        self.cursor = self.branch.lasting_end
        if not isinstance(op, Run | Steps):
            return
        position, last = driver.position, self._last_position
        self._last_position = position
        packets = position.packets - last.packets
        self._work += packets + 4 * (position.turns if packets else position.turns - last.turns)
        live = self._bench.machine.am.live_sessions()
        enough = CHECKPOINT_WORK + CHECKPOINT_WORK_PER_SESSION * live
        if self._work >= enough and self._can_save():
            self._work = 0
            self._begin_saving()
        self._mark()

    def run_along(self, until: int, max_packets: int | None) -> bool:
        """In the past: go on along the branch, up to a time and by so many packets at the most.

        Nothing new is done, so no branch is opened; what was done here is done again, commands and
        hand-made steps among it. True: it arrived at `until`, or at the branch's end.
        """
        driver = self._bench.stepped
        if max_packets is not None and max_packets <= 0:
            return False
        last_packet = NEVER if max_packets is None else driver.position.packets + max_packets
        while (index := self._next_op()) is not None:
            if self._bench.stop_asked:
                return False
            op, now = self.branch.ops[index], self.branch.starts[index].time
            if not isinstance(op, Run | Steps):
                if now > until:
                    return True
                self._bench.perform(op)
                self.cursor = self.branch.starts[index + 1]
                continue
            if op.time > until:
                arrived = self._run_into(op, until, last_packet)
                self.cursor = Point(index, driver.position, driver.now)
                return arrived
            if op.position.packets > last_packet:
                self._go_to_in(op, Position(last_packet, 0, 0))
                self.cursor = Point(index, driver.position, driver.now)
                return False
            self._go_to_in(op, op.position)
            driver.now = max(driver.now, op.time)
            self.cursor = self.branch.starts[index + 1]
        self.cursor = self.branch.lasting_end
        return True

    def step_along(self, whole_turn: bool) -> StepTaken | None:
        """In the past: the next named step of the branch, or turn, or command; None at its end."""
        driver = self._bench.stepped
        index = self._next_op()
        while index is not None and self._only_sets_the_clock(self.branch.ops[index]):
            self.cursor = self.branch.starts[index + 1]
            driver.now = max(driver.now, self.cursor.time)
            index = self._next_op()
        if index is None:
            self.cursor = self.branch.lasting_end
            return None
        op = self.branch.ops[index]
        if not isinstance(op, Run | Steps):
            self._bench.perform(op)
            self.cursor = self.branch.starts[index + 1]
            what = op.line if isinstance(op, Cli) else f"{len(op.frames)} frames to {op.interface}"
            return StepTaken(driver.now, COMMAND, what, finished=True)
        actor = op.actor if isinstance(op, Steps) else None
        taken = driver.step(actor)
        while whole_turn and taken and not taken.finished and driver.position < op.position:
            taken = driver.step(actor)
        self.cursor = Point(index, driver.position, driver.now)
        return taken

    def _only_sets_the_clock(self, op: Op) -> bool:
        """Nothing happens any more in an input, from where the bench stands."""
        return isinstance(op, Run | Steps) and self._bench.stepped.position >= op.position

    def _next_op(self) -> int | None:
        """The input that goes on from where the bench stands; None at the branch's end."""
        driver, index = self._bench.stepped, self.cursor.op
        while index < len(self.branch.ops):
            op = self.branch.ops[index]
            if not isinstance(op, Run | Steps):
                return index
            if driver.position < op.position or driver.now < op.time:
                return index
            index += 1
        return None

    def _run_into(self, op: Run | Steps, until: int, last_packet: int) -> bool:
        """Go on inside an input that ends later than `until`; False: stopped after a packet."""
        driver = self._bench.stepped
        if isinstance(op, Run):
            return driver.run_until(until, last_packet - driver.position.packets)
        self._step_while(
            op,
            lambda: driver.next_time() <= until and driver.position.packets < last_packet,
        )
        if driver.next_time() <= until:
            return False
        driver.now = max(driver.now, until)
        return True

    def _go_to_in(self, op: Run | Steps, position: Position) -> None:
        """Go on to a position inside an input, the clock aside."""
        driver = self._bench.stepped
        if isinstance(op, Run):
            driver.run_to(position, 0)
        else:
            self._step_while(op, lambda: driver.position < position)

    def run(self, go: Callable[[int, int], bool], until: int, max_packets: int | None) -> bool:
        """Run forward in chunks, each noted. `go(max_packets, max_turns)` says if it arrived.

        False as well where a checkpoint was begun that is made piece by piece.
        """
        driver, pace = self._bench.stepped, self._pace
        left = max_packets
        pace.begin(until - driver.now, self._elapsed())
        while True:
            chunk = pace.packets if left is None else min(pace.packets, left)
            before, steps, packets = driver.now, driver.steps_taken, driver.position.packets
            arrived = go(chunk, pace.turns)
            op: Run | Steps = Run(driver.position, driver.now)
            if driver.order == "random":
                op = Steps(None, driver.steps_taken - steps, driver.position, driver.now)
            self._went(before, op)
            if arrived:
                return True
            if driver.stopped or self._bench.stop_asked or self.is_saving:
                return False
            if left is not None:
                left -= driver.position.packets - packets
                if left <= 0:
                    return False

    def _went(self, before: int, op: Run | Steps) -> None:
        """Note a chunk of a run that began at a time; the next is longer or shorter by it."""
        self.note(op)
        packets = op.position.packets - self.branch.starts[0].position.packets
        self._pace.went(self._bench.now - before, self._elapsed(), packets)

    def _elapsed(self) -> int:
        """How long the branch is by now, in virtual time."""
        return self._bench.now - self.branch.starts[0].time

    # --- branches ------------------------------------------------------------------------------

    def open_branch(self, name: str) -> Branch:
        """A new branch that begins where the bench stands; it is the current one from now on."""
        if name in self.branches:
            raise CommandError(f"there is a branch {name} already")
        if name in ("now", "start", "end") or not re.fullmatch(r"[A-Za-z][\w.-]{0,63}", name):
            raise CommandError(f"{name[:64]!r} is no name for a branch; what-if or try.2 is")
        self.finish_saving()
        events = sum(event_counts(self._bench.machine.am))
        self.branch = self.branch.fork(name, self.cursor, events)
        self.branches[name] = self.branch
        self._mark()
        if self.recorder is not None:
            self.recorder.branch(self.branch, self.cursor.op)
        self.cursor = self.branch.lasting_end
        return self.branch

    def switch(self, name: str) -> None:
        """Go to the end of another branch."""
        self.branch = self.find_branch(name)
        self.goto(self.branch.end)
        if self.recorder is not None:
            self.recorder.switch(name)

    def find_branch(self, name: str) -> Branch:
        """A branch by its name."""
        if name not in self.branches:
            raise CommandError(f"there is no branch {name}; there is {', '.join(self.branches)}")
        return self.branches[name]

    def _new_name(self) -> str:
        number = len(self.branches)
        while f"branch-{number}" in self.branches:
            number += 1
        return f"branch-{number}"

    def place(self) -> Place:
        """Where the bench stands, for `stand_at`."""
        return Place(self.branch, self.cursor, self._last_position, self._work)

    def stand_at(self, place: Place) -> None:
        """The bench stands where it stood before: it has its old driver again."""
        self.branch, self.cursor, self._last_position, self._work = place

    # --- going anywhere ------------------------------------------------------------------------

    def goto(self, point: Point) -> None:
        """Bring the bench to a point of the current branch."""
        self._restore(point)
        self._perform_to(point)
        self._arrive(point)

    def _arrive(self, point: Point) -> None:
        """The bench has been brought to a point."""
        here = point._replace(time=self._bench.now)
        self.cursor = here if point < self.branch.end else self.branch.lasting_end
        self._last_position = point.position
        self._work = 0

    def goto_time(self, time: int) -> None:
        """To the latest state at or before a time; the clock stands at that time."""
        branch = self.branch
        if not branch.starts[0].time <= time <= branch.end.time:
            raise CommandError("that time is outside of this run; it goes " + self.span_text())
        op = max(n for n, start in enumerate(branch.starts) if start.time <= time)
        if op == len(branch.ops):
            return self.goto(branch.end)
        start = branch.starts[op]
        inside = [s.point for s in branch.saved if start <= s.point and s.point.op == op]
        near = max((p for p in inside if p.time <= time), default=start)
        self._restore(near)
        self._perform_to(near)
        input_ = branch.ops[op]
        if isinstance(input_, Run):
            self._bench.stepped.run_until(time)
        elif isinstance(input_, Steps):
            driver = self._bench.stepped
            self._step_while(input_, lambda: driver.next_time() <= time)
            driver.now = max(driver.now, time)
        self._arrive(Point(op, self._bench.stepped.position, self._bench.now))
        return None

    def next_input(self) -> int:
        """In the past, when the next command or packet by hand comes, or the branch ends."""
        if self.at_end():
            return NEVER
        branch = self.branch
        for index in range(self.cursor.op, len(branch.ops)):
            if not isinstance(branch.ops[index], Run | Steps):
                return max(branch.starts[index].time, self._bench.now)
        return branch.end.time

    def goto_packet(self, number: int) -> None:
        """To right behind the n-th packet of the run."""
        end = self.branch.end.position.packets
        if not 0 <= number <= end:
            raise CommandError(f"packet {number}: this run has packets 1 to {end}; 0 is the start")
        if number == self.branch.starts[0].position.packets:
            return self.goto(self.branch.starts[0])
        position = Position(number, 0, 0)
        return self.goto(Point(self.branch.op_at(position), position, 0))

    def goto_event(self, number: int) -> None:
        """To right behind the step that made the n-th trace event of the run."""
        self._arrive(self.point_of_event(number))

    def point_of_event(self, number: int) -> Point:
        """Where the n-th trace event of the run is made; the bench is left there."""
        if number < 1:
            raise CommandError("events are numbered from 1")
        begin, count = self._shortly_before_event(number)
        for walked in self.walk(begin, self.branch.end):
            count += len(walked.events)
            if count >= number:
                return walked.point
        raise CommandError(f"event {number}: this run has {count} events so far")

    def _shortly_before_event(self, number: int) -> tuple[Point, int]:
        """A point from which an event is a few turns or a packet away; the events up to there.

        Found by listening, since taking every step from a checkpoint on takes far longer.
        """
        before = [s for s in self.branch.saved if s.checkpoint.events < number]
        saved = before[-1] if before else self.branch.saved[0]
        if any(isinstance(op, Steps) for op in self.branch.ops[saved.point.op :]):
            return saved.point, saved.checkpoint.events  # what is done by hand is in no fair order
        counting = _Counting(saved, number)
        try:
            self.hear_between(
                saved.point, self.branch.end, lambda e: counting.hear(e, self._bench.stepped)
            )
        except _HeardEnough:
            if counting.near > saved.point.position:
                op = max(self.branch.op_at(counting.near), saved.point.op)
                return Point(op, counting.near, 0), counting.before
            return saved.point, saved.checkpoint.events
        return self.branch.end, counting.count

    def span_text(self) -> str:
        """From when to when the run goes, for a message."""
        start, end = self.branch.starts[0].time, self.branch.end.time
        return f"from +0 s to +{(end - start) / 1e9:.9f}".rstrip("0").rstrip(".") + " s"

    # --- one by one ----------------------------------------------------------------------------

    def back(self, count: int, unit: Unit) -> int:
        """Go back by so many; returns by how many it was, fewer at the start of the run."""
        done = 0
        while done < count:
            before = self._before(self.cursor, unit, count - done)
            if not before:
                break
            done += len(before)
            self.goto(before[-1])
        return done

    def forward(self, count: int, unit: Unit) -> int:
        """Go forward again along the branch; returns by how many it was, fewer at its end."""
        if unit == "packet":
            packets = self.cursor.position.packets
            number = min(packets + count, self.branch.end.position.packets)
            if number > packets:
                self.goto_packet(number)
            return number - packets
        done = 0
        last = self.cursor
        for walked in self.walk(self.cursor, self.branch.end):
            if _ends(unit, walked):
                done, last = done + 1, walked.point
            if done == count:
                break
        self.goto(last if done == count else self.branch.end)
        return done

    def _before(self, point: Point, unit: Unit, count: int) -> list[Point]:
        """Up to `count` points before one, the nearest first; none at the start of the run."""
        branch = self.branch
        here = branch.canonical(point)
        if unit == "packet":
            packets = here.position.packets - (here.position[1:] == (0, 0))
            if packets < 0 or here.position.packets <= branch.starts[0].position.packets:
                return []
            position = Position(packets, 0, 0)
            if packets == branch.starts[0].position.packets:
                return [branch.starts[0]]
            return [Point(branch.op_at(position), position, 0)]
        if unit == "step" and count == 1:
            return self._last_before(self._shortly_before(here), here)
        # From ever earlier checkpoints, until there are enough.
        begins = [s.point for s in branch.saved if branch.canonical(s.point)[:2] < here[:2]]
        for begin in reversed(begins):
            found = [begin] if begin == branch.starts[0] else []
            for walked in self.walk(begin, here):
                if branch.canonical(walked.point)[:2] >= here[:2]:
                    break
                if _ends(unit, walked):
                    found.append(walked.point)
            if len(found) >= count or begin == begins[0]:
                return found[::-1][:count]
        return []

    def _last_before(self, begin: Point, here: Point) -> list[Point]:
        """The last point that walking from `begin` to `here` passes on the way."""
        if begin[:2] == here[:2]:
            return []
        last = begin
        for walked in self.walk(begin, here):
            if self.branch.canonical(walked.point)[:2] >= here[:2]:
                break
            last = walked.point
        return [last]

    def _shortly_before(self, here: Point) -> Point:
        """A point from which `here` is at most a turn away; a checkpoint is left there."""
        branch = self.branch
        start = branch.starts[here.op]
        if here.position <= start.position:
            return branch.starts[here.op - 1] if here.op else here
        if not isinstance(branch.ops[here.op], Run):
            saved = branch.nearest(Point(here.op, here.position, -1)).point
            return max(saved, start)
        packets, turns, steps = here.position
        if steps:
            near = Position(packets, turns, 0)
        elif turns:
            near = Position(packets, turns - 1, 0)
        else:
            near = Position(packets - 1, 0, 0)
        point = Point(here.op, max(near, start.position), 0)
        saved = branch.nearest(Point(here.op, here.position, -1)).point
        if saved > point and self.branch.canonical(saved)[:2] < here[:2]:
            point = saved
        self._restore(point)
        self._perform_to(point)
        driver = self._bench.stepped
        if not turns and not steps:
            driver.run_to_next_packet()
        point = Point(here.op, driver.position, driver.now)
        if self._can_save():
            self._save(point)
            self._keep_few_near(point)
        return point

    def _keep_few_near(self, point: Point) -> None:
        """Of the checkpoints that only make steps back quick, keep the last ones alone.

        There would be one for every turn that is taken back, and they would push out those that
        the rest of the run is found by.
        """
        self._near.append((self.branch, point))
        if len(self._near) > NEAR_CHECKPOINTS:
            branch, oldest = self._near.pop(0)
            branch.saved[1:] = [saved for saved in branch.saved[1:] if saved.point != oldest]
            self._measure_checkpoints()

    # --- walking -------------------------------------------------------------------------------

    def walk(self, begin: Point, end: Point) -> Iterator[WalkedStep]:
        """Take each named step from one point to another; the bench is left where it ended."""
        self._restore(begin)
        self._perform_to(begin)
        yield from self.walk_on(begin, end)

    def walk_on(self, begin: Point, end: Point) -> Iterator[WalkedStep]:
        """The same for a bench that stands at `begin` already."""
        heard: list[TraceEvent] = []
        bench = self._bench
        driver = bench.stepped
        for index in range(begin.op, min(end.op + 1, len(self.branch.ops))):
            op = self.branch.ops[index]
            driver.machine.am.tell.listener = heard.append
            if not isinstance(op, Run | Steps):
                if index == end.op:
                    return
                bench.perform(op)
                what = op.line if isinstance(op, Cli) else f"{len(op.frames)} frames"
                yield WalkedStep(
                    Point(index + 1, driver.position, driver.now), "command", what, tuple(heard)
                )
                heard.clear()
                continue
            last = end.position if index == end.op else op.position
            while driver.position < last:
                taken = driver.step(op.actor if isinstance(op, Steps) else None)
                assert taken is not None
                point = Point(index, driver.position, driver.now)
                yield WalkedStep(point, actor_name(taken.actor), taken.step, tuple(heard))
                heard.clear()
            driver.now = max(driver.now, op.time if index != end.op else end.time)

    def listen_between(self, begin: Point, end: Point) -> list[TraceEvent]:
        """The trace events of a stretch, made again; the bench is left at its end."""
        heard: list[TraceEvent] = []
        self.hear_between(begin, end, heard.append)
        return heard

    def hear_between(self, begin: Point, end: Point, hear: Callable[[TraceEvent], None]) -> None:
        """The same for a stretch of any length: each event is told as it is made."""
        self._restore(begin)
        self._perform_to(begin)
        self._bench.machine.am.tell.listener = hear
        self._perform_to(end, begin)

    def point_of_packet(self, number: int) -> Point:
        """Right behind the n-th packet of the run."""
        position = Position(number, 0, 0)
        return Point(self.branch.op_at(position), position, 0)

    def before_packet(self, number: int) -> Point:
        """A point from which the n-th packet of the run is at most a turn away."""
        return self._shortly_before(self.branch.canonical(self.point_of_packet(number)))

    # --- performing ----------------------------------------------------------------------------

    def _restore(self, point: Point) -> None:
        """Set the bench to the nearest checkpoint at or before a point; nobody listens to it."""
        saved = self.branch.nearest(point)
        self._bench.restore(saved.checkpoint)
        self._at = saved.point

    def _perform_to(self, point: Point, begin: Point | None = None) -> None:
        """Perform the inputs from where the bench was set to (or `begin`) up to a point."""
        at = begin if begin is not None else self._at
        driver = self._bench.stepped
        for index in range(at.op, point.op):
            op = self.branch.ops[index]
            if isinstance(op, Run):
                driver.run_to(op.position, op.time)
            elif isinstance(op, Steps):
                self._finish_steps(op, op.position, op.time)
            else:
                self._bench.perform(op)
        if point.op == len(self.branch.ops):
            driver.now = max(driver.now, point.time)
            return
        op = self.branch.ops[point.op]
        if isinstance(op, Run):
            driver.run_to(point.position, point.time)
        elif isinstance(op, Steps):
            self._finish_steps(op, point.position, point.time)

    def _finish_steps(self, op: Steps, position: Position, time: int) -> None:
        driver = self._bench.stepped
        self._step_while(op, lambda: driver.position < position)
        driver.now = max(driver.now, time)

    def _step_while(self, op: Steps, going_on: Callable[[], bool]) -> None:
        driver = self._bench.stepped
        while driver.position < op.position and going_on():
            if driver.step(op.actor) is None:
                raise AclbenchError("the run has no such step: it is not the one recorded")

    # --- checkpoints and marks -------------------------------------------------------------------

    def _can_save(self) -> bool:
        """At rest, and no frames of an `Inject` are waiting, which no capture could bring again."""
        return self._bench.stepped.at_rest() and not self._bench.injected_waiting()

    @property
    def is_saving(self) -> bool:
        """A checkpoint was begun and is not finished: the machine must stand still meanwhile."""
        return self._saving is not None

    def save_on(self, until: float) -> bool:
        """Go on with the checkpoint that was begun, up to a time of the wall; True: it is done."""
        saving = self._saving
        if saving is None:
            return True
        while not saving.packer.done:
            if time.perf_counter() >= until:
                return False
            saving.packer.work()
        self._saving = None
        self._keep(saving.branch, saving.point, saving.packer.checkpoint())
        return True

    def finish_saving(self) -> None:
        """Whoever is about to do something else finishes the checkpoint that was begun."""
        self.save_on(NEVER)

    def _begin_saving(self) -> None:
        """Make a checkpoint here, at once or piece by piece."""
        self.finish_saving()
        self._saving = Saving(self.branch, self.cursor, self._packer())
        if not self._bench.patient:
            self.finish_saving()

    def _save(self, point: Point) -> None:
        """Make a checkpoint at once."""
        packer = self._packer()
        while not packer.done:
            packer.work()
        self._keep(self.branch, point, packer.checkpoint())

    def _packer(self) -> Packer:
        bench = self._bench
        events = sum(event_counts(bench.machine.am))
        unhandled = sum(len(frame) for frame in bench.stepped.arrivals.frames)
        feed = bench.feed.state(unhandled) if bench.feed is not None else None
        return Packer(bench.stepped, feed, bench.sent, bench.timed_done, bench.streams, events)

    def _keep(self, branch: Branch, point: Point, checkpoint: Checkpoint) -> None:
        if branch.save(point, checkpoint):
            self._checkpoint_bytes += checkpoint.size_bytes
            self._thin()

    def memory_used(self) -> int:
        """About how many bytes the checkpoints of all branches take."""
        return self._checkpoint_bytes

    def _measure_checkpoints(self) -> None:
        kept = {id(s.checkpoint): s.checkpoint for b in self.branches.values() for s in b.saved}
        self._checkpoint_bytes = sum(checkpoint.size_bytes for checkpoint in kept.values())

    def _thin(self) -> None:
        """Drop every second checkpoint, but the start, until the rest fits."""
        while self._checkpoint_bytes > self.memory_bytes:
            before = sum(len(branch.saved) for branch in self.branches.values())
            for branch in self.branches.values():
                branch.saved[1:] = branch.saved[2::2]
            self._measure_checkpoints()
            if sum(len(branch.saved) for branch in self.branches.values()) == before:
                return

    def _mark(self) -> None:
        self.branch.marks.add(mark_of(self._bench.machine.am, self._bench.now))


def _ends(unit: Unit, walked: WalkedStep) -> bool:
    """A step is the end of a unit: of itself, of its actor's turn, or of what made an event."""
    if unit == "turn":
        return walked.point.position.steps == 0
    return unit == "step" or bool(walked.events)
