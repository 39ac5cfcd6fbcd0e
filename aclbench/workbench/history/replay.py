"""A rig on a branch, on which the inputs of the branch are performed again, up to any point.

The bench goes on in its past in this way, and so does every rig that `history.at` gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aclbench.drivers.driver import COMMAND, actor_name
from aclbench.drivers.stepping import Position, StepTaken
from aclbench.engine.events import TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.words import counted
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Point, Run, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Slices


class WalkedStep(NamedTuple):
    """One named step or command of a walk: what it was, where it led, the events it made."""

    point: Point
    who: str
    what: str
    events: tuple[TraceEvent, ...]


class Replay:
    """A rig, the branch it is on, and the `cursor`: where it stands there."""

    def __init__(self, rig: Rig, branch: Branch, cursor: Point) -> None:
        self.rig = rig
        self.branch = branch
        self.cursor = cursor

    @property
    def position(self) -> Position:
        """How far the rig has run."""
        return self.rig.stepped.position

    def at_end(self) -> bool:
        """Nothing lies ahead on this branch."""
        end = self.branch.end
        here = self.branch.canonical(self.cursor)[:2]
        return here == self.branch.canonical(end)[:2] and self.rig.now == end.time

    def note_packets(self) -> None:
        """Keep the packets that were done since the last time, if the rig keeps them."""
        self.branch.packets.add(self.rig.take_packets())

    # --- going on ------------------------------------------------------------------------------

    def run_to(self, point: Point) -> Slices[None]:
        """Perform the inputs from here up to a point that lies ahead, and stand there."""
        ops, driver = self.branch.ops, self.rig.stepped
        for index in range(self.cursor.op, point.op):
            yield from self.rig.performing(ops[index])
        if point.op < len(ops) and isinstance(ops[point.op], Run | Steps):
            yield from self.rig.performing(ops[point.op], point.position)
        driver.now = max(driver.now, point.time)
        here = point._replace(time=driver.now)
        self.cursor = here if point < self.branch.end else self.branch.open_end

    def run_to_time(self, time: int) -> Slices[None]:
        """Go on to the latest state at or before a time of this branch; the clock stands there."""
        branch = self.branch
        op = max(n for n, start in enumerate(branch.starts) if start.time <= time)
        if op == len(branch.ops):
            return (yield from self.run_to(branch.end))
        if self.cursor.op < op:
            yield from self.run_to(branch.starts[op])
        inside = branch.ops[op]
        assert isinstance(inside, Run | Steps), "a command takes no time"
        yield from self._run_into(inside, time, NEVER)
        self.cursor = Point(op, self.position, self.rig.now)
        return None

    def run_until(self, until: int, max_packets: int | None) -> Slices[bool]:
        """Go on along the branch, up to a time and by so many packets at the most.

        Commands and hand-made steps are done again, too. True: it arrived at `until`, or at the
        branch's end.
        """
        if max_packets is not None and max_packets <= 0:
            return False
        last_packet = NEVER if max_packets is None else self.position.packets + max_packets
        while (index := self._next_op()) is not None:
            op, now = self.branch.ops[index], self.branch.starts[index].time
            if not isinstance(op, Run | Steps):
                if now > until:
                    return True
                yield from self.rig.performing(op)
                self.cursor = self.branch.starts[index + 1]
                yield None
            elif op.time > until:
                arrived = yield from self._run_into(op, until, last_packet, index)
                self.cursor = Point(index, self.position, self.rig.now)
                return arrived
            else:
                to = max(min(op.position, Position(last_packet, 0, 0)), self.position)
                yield from self._run_inside(op, index, to)
                if op.position.packets > last_packet:
                    return False
                self.rig.stepped.run_to(op.position, op.time)
                self.cursor = self.branch.starts[index + 1]
        self.cursor = self.branch.open_end
        return True

    def _run_inside(self, op: Run | Steps, index: int, to: Position) -> Slices[None]:
        """Go on to a position inside an input; the cursor goes along."""
        for _ in self.rig.performing(op, to):
            self.cursor = Point(index, self.position, self.rig.now)
            yield None
        self.cursor = Point(index, self.position, self.rig.now)

    def _run_into(
        self, op: Run | Steps, until: int, last_packet: int, index: int | None = None
    ) -> Slices[bool]:
        """Go on inside an input that ends later than `until`; False: stopped after a packet."""
        driver, pace = self.rig.stepped, Pace()
        if isinstance(op, Run):
            arrived = False
            while not arrived:
                left = min(pace.size, last_packet - driver.position.packets)
                if left <= 0:
                    return False
                with pace.slice():
                    arrived = driver.run_until(until, left, pace.size)
                if index is not None:
                    self.cursor = Point(index, self.position, self.rig.now)
                yield None
            return True
        while driver.next_time() <= until:
            if driver.position.packets >= last_packet:
                return False
            driver.step(op.actor)
            yield None
        driver.now = max(driver.now, until)
        return True

    def stepping(self, whole_turn: bool = False) -> Slices[StepTaken | None]:
        """Take the next named step of the branch, or turn, or command; None at its end."""
        driver, branch = self.rig.stepped, self.branch
        index = self._next_op()
        while index is not None and self._only_sets_the_clock(branch.ops[index]):
            self.cursor = branch.starts[index + 1]
            driver.now = max(driver.now, self.cursor.time)
            index = self._next_op()
        if index is None:
            self.cursor = branch.open_end
            return None
        op = branch.ops[index]
        if not isinstance(op, Run | Steps):
            yield from self.rig.performing(op)
            self.cursor = branch.starts[index + 1]
            return StepTaken(driver.now, COMMAND, input_text(op), finished=True)
        actor = op.actor if isinstance(op, Steps) else None
        taken = driver.step(actor)
        while whole_turn and taken and not taken.finished and driver.position < op.position:
            taken = driver.step(actor)
        self.cursor = Point(index, driver.position, driver.now)
        return taken

    def _only_sets_the_clock(self, op: Op) -> bool:
        """Nothing happens any more in an input, from where the rig stands."""
        return isinstance(op, Run | Steps) and self.position >= op.position

    def _next_op(self) -> int | None:
        """The input that goes on from where the rig stands; None at the branch's end."""
        driver, index = self.rig.stepped, self.cursor.op
        while index < len(self.branch.ops):
            op = self.branch.ops[index]
            if not isinstance(op, Run | Steps):
                return index
            if driver.position < op.position or driver.now < op.time:
                return index
            index += 1
        return None

    def next_time(self) -> int:
        """When the next command or packet by hand comes, or the branch ends; `NEVER` at its end."""
        if self.at_end():
            return NEVER
        branch = self.branch
        for index in range(self.cursor.op, len(branch.ops)):
            if not isinstance(branch.ops[index], Run | Steps):
                return max(branch.starts[index].time, self.rig.now)
        return branch.end.time

    # --- looking at what happens -----------------------------------------------------------------

    def walk(self, end: Point) -> Iterator[WalkedStep | None]:
        """Take each named step from here to a point; the rig is left where the walk ended.

        None: a slice of a command that takes long.
        """
        heard: list[TraceEvent] = []
        rig, driver, ops = self.rig, self.rig.stepped, self.branch.ops
        rig.hear(heard.append)
        for index in range(self.cursor.op, min(end.op + 1, len(ops))):
            op = ops[index]
            if not isinstance(op, Run | Steps):
                if index == end.op:
                    break
                for _ in rig.performing(op):
                    yield None
                self.cursor = Point(index + 1, driver.position, driver.now)
                yield WalkedStep(self.cursor, "command", input_text(op), tuple(heard))
                heard.clear()
                continue
            last = end.position if index == end.op else op.position
            while driver.position < last:
                taken = driver.step(op.actor if isinstance(op, Steps) else None)
                assert taken is not None
                self.cursor = Point(index, driver.position, driver.now)
                who = actor_name(taken.actor)
                yield WalkedStep(self.cursor, who, taken.step, tuple(heard))
                heard.clear()
            driver.now = max(driver.now, op.time if index != end.op else end.time)
        rig.hear(None)

    def heard_to(self, end: Point) -> Slices[list[TraceEvent]]:
        """Go on to a point; returns the trace events made on the way."""
        heard: list[TraceEvent] = []
        self.rig.hear(heard.append)
        yield from self.run_to(end)
        self.rig.hear(None)
        return heard


def input_text(op: Cli | Inject) -> str:
    """A command, or frames that were sent, in words."""
    return (
        op.line if isinstance(op, Cli) else f"{counted(len(op.frames), 'frame')} to {op.interface}"
    )
