"""Branches: journals that share a past, each with its own checkpoints and marks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from msgspec import Struct, field

from aclbench.drivers.stepping import Position
from aclbench.workbench.history.marks import Marks
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Point, Run, Steps
from aclbench.workbench.rig.packing import Checkpoint


class Saved(NamedTuple):
    """A checkpoint and where it was taken."""

    point: Point
    checkpoint: Checkpoint


class Branch(Struct):
    """One journal. `starts[i]` is where input i begins; the last of them is the branch's end."""

    name: str
    starts: list[Point]
    ops: list[Op] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    parent: str = ""
    packets: PacketRows = field(default_factory=PacketRows)

    @property
    def end(self) -> Point:
        """Behind the last input."""
        return self.starts[-1]

    @property
    def open_end(self) -> Point:
        """The end, as a point that is still the end when the last run has gone on."""
        end = self.end
        if self.ops and isinstance(self.ops[-1], Run):
            return end._replace(op=end.op - 1)
        return end

    def frozen(self) -> Branch:
        """A copy that does not change when the bench goes on; what is kept of it is shared."""
        return Branch(
            self.name,
            [*self.starts],
            [*self.ops],
            [*self.saved],
            self.marks,
            self.parent,
            self.packets,
        )

    def shared_with(self, parent: Branch) -> int:
        """How many of its first inputs are its parent's."""
        return bisect_left(
            range(min(len(self.ops), len(parent.ops))),
            True,
            key=lambda index: self.ops[index] is not parent.ops[index],
        )

    def append(self, op: Op, position: Position, time: int) -> None:
        """Note an input that was just performed, and where the bench stands after it.

        Fair runs that follow one another are one: what matters is how far they go.
        """
        if isinstance(op, Run) and self.ops and isinstance(self.ops[-1], Run):
            self.ops[-1] = op
            self.starts[-1] = Point(len(self.ops), position, time)
            return
        if isinstance(op, Run | Steps) and (position, time) == self.end[1:]:
            return
        self.ops.append(op)
        self.starts.append(Point(len(self.ops), position, time))

    def canonical(self, point: Point) -> Point:
        """The same point, by the input that led there, not by one that only set the clock."""
        op, position = point.op, point.position
        while op and position == self.starts[op].position:
            if not isinstance(self.ops[op - 1], Run | Steps):
                break
            op -= 1
        return Point(op, position, 0)

    def op_at(self, position: Position) -> int:
        """The input in which a position lies that comes after its beginning."""
        before = bisect_right(self.starts, position, key=lambda start: start.position) - 1
        # Of the inputs that begin at the position the first one ends what led to it.
        while before and self.starts[before].position == position:
            before -= 1
        return min(before, len(self.ops) - 1)

    def save(self, point: Point, checkpoint: Checkpoint) -> bool:
        """Keep a checkpoint, once a point; False: there is one."""
        index = bisect_left(self.saved, point, key=lambda saved: saved.point)
        if index < len(self.saved) and self.saved[index].point == point:
            return False
        self.saved.insert(index, Saved(point, checkpoint))
        return True

    def nearest(self, point: Point) -> Saved:
        """The latest checkpoint at or before a point; the start is always kept."""
        index = bisect_right(self.saved, point, key=lambda saved: saved.point) - 1
        return self.saved[max(index, 0)]

    def fork(self, name: str, at: Point, events: int) -> Branch:
        """A branch that has this one's past up to a point, where there were so many events."""
        ops = self.inputs_to(at)
        starts = self.starts[: at.op + 1]
        if len(ops) == len(starts):
            starts.append(Point(at.op + 1, at.position, at.time))
        return Branch(
            name,
            starts,
            ops,
            [saved for saved in self.saved if saved.point <= at],
            self.marks.up_to(at.time, events),
            parent=self.name,
            packets=self.packets.up_to(at.position.packets),
        )

    def inputs_to(self, at: Point) -> list[Op]:
        """The inputs that lead up to a point; of one that the point is inside of, the part."""
        ops, start = self.ops[: at.op], self.starts[at.op]
        if at.op < len(self.ops) and at.position > start.position:
            ops.append(self._partial(at))
        elif at.time > start.time:
            ops.append(Run(at.position, at.time))
        return ops

    def _partial(self, at: Point) -> Op:
        """The part of an input that leads up to a point inside it."""
        op = self.ops[at.op]
        assert not isinstance(op, Cli | Inject), "a point lies before or behind a command"
        if isinstance(op, Run):
            return Run(at.position, at.time)
        return Steps(op.actor, op.count, at.position, at.time)
