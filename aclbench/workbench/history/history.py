"""History: every run can be taken back.

A past point is the nearest earlier checkpoint run forward, on a rig of one's own: `at` and its
like give one to whoever asks. So no question moves the bench, and nothing has to be put back. The
journal grows as the bench is used; acting in the past opens a branch and keeps the old future.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final, Protocol

from msgspec import Struct

from aclbench.drivers.stepping import Position
from aclbench.errors import AclbenchError, CommandError
from aclbench.workbench.history.branch import Branch, Saved
from aclbench.workbench.history.checkpoints import DEFAULT_MEMORY_BYTES, Checkpoints
from aclbench.workbench.history.marks import MarkSpacing, mark_of
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.rig.inputs import Op, Point, Run, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

#: Words that name a position of a run, so that no branch can have them.
PLACE_NAMES: Final = ("now", "start", "end")


class Recording(Protocol):
    """Who writes the journal down as it grows: see `recorder.Recorder`."""

    #: Why the record ends early, if it does.
    failed: OSError | AclbenchError | None

    def beginning(self, history: History) -> Slices[None]:
        """Another history is recorded once this is done; it stands still until then."""

    def op(self, op: Op) -> None:
        """An input was noted on the current branch."""

    def branch(self, branch: Branch, shared: int) -> None:
        """A branch was opened; it shares so many inputs with its parent, and is the current one."""

    def switch(self, name: str) -> None:
        """Another branch is the current one."""


class BranchView(Struct, frozen=True):
    """A branch: its name, the one it left, how far it goes, and whether the bench is on it."""

    name: str
    parent: str
    packets: int
    end_time: int
    inputs: int
    current: bool


class History:
    """The branches of a run, and `here`: the live rig, and where it stands in them."""

    def __init__(self, rig: Rig, memory_bytes: int) -> None:
        """See `beginning`, which takes the first checkpoint."""
        rig.keep_packets()
        start = Point(0, rig.stepped.position, rig.now)
        self.here = Replay(rig, Branch("main", [start]), start)
        self.branches: dict[str, Branch] = {"main": self.here.branch}
        self.checkpoints = Checkpoints(self.branches, memory_bytes)
        self.spacing = MarkSpacing()
        #: Hears of inputs and branches as they come.
        self.recorder: Recording | None = None
        self.checkpoints.moved_to(rig.stepped.position)
        self._mark()

    @staticmethod
    def beginning(rig: Rig, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> Slices[History]:
        """The history of a run that starts where a rig stands, at rest."""
        history = History(rig, memory_bytes)
        yield from history.checkpoints.save(history.here)
        return history

    @property
    def branch(self) -> Branch:
        """The branch that the live rig is on."""
        return self.here.branch

    @property
    def cursor(self) -> Point:
        """Where the live rig stands on it."""
        return self.here.cursor

    @property
    def packets(self) -> PacketRows:
        """All packets of the branch that are done, those ahead of the live rig among them."""
        self.here.note_packets()
        return self.branch.packets

    def at_end(self) -> bool:
        """Nothing lies ahead of the live rig on its branch."""
        return self.here.at_end()

    # --- rigs of one's own -----------------------------------------------------------------------

    def at(self, point: Point, branch: Branch | None = None) -> Slices[Replay]:
        """A rig of one's own at a point of a branch (of the current one, if none is named)."""
        there = yield from self.near(point, branch)
        yield from there.run_to(point)
        return there

    def near(self, point: Point, branch: Branch | None = None) -> Slices[Replay]:
        """A rig of one's own at the nearest checkpoint at or before a point."""
        branch = self.branch if branch is None else branch
        return (yield from self.at_checkpoint(branch.nearest(point), branch))

    def at_checkpoint(self, saved: Saved, branch: Branch | None = None) -> Slices[Replay]:
        """A rig of one's own where a checkpoint of a branch was taken."""
        rig = yield from self.here.rig.unpacked(saved.checkpoint)
        return Replay(rig, self.branch if branch is None else branch, saved.point)

    def at_time(self, time: int, branch: Branch | None = None) -> Slices[Replay]:
        """A rig of one's own at a time of a branch, in the latest state there."""
        branch = self.branch if branch is None else branch
        if not branch.starts[0].time <= time <= branch.end.time:
            raise CommandError("that time is outside of this run; it goes " + span_text(branch))
        before = [s for s in branch.saved if s.point.time <= time]
        there = yield from self.at_checkpoint(before[-1] if before else branch.saved[0], branch)
        yield from there.run_to_time(time)
        return there

    # --- going on ------------------------------------------------------------------------------

    def take(self, there: Replay) -> Rig:
        """The live rig is another from now on; returns the one that it was."""
        self.checkpoints.abandon()
        there.rig.keep_packets()
        left, self.here = self.here.rig, there
        self.checkpoints.moved_to(there.position)
        return left

    def inheriting_recorder(self, before: History) -> Slices[None]:
        """Take over the recorder of the history that this one replaces; it begins again."""
        if before.recorder is not None:
            yield from before.recorder.beginning(self)
        self.recorder, before.recorder = before.recorder, None

    def before_acting(self) -> None:
        """Acting in the past opens a branch; the old future stays where it was."""
        self.checkpoints.abandon()
        if not self.at_end():
            self.open_branch(self._new_name())

    def note(self, op: Op) -> None:
        """Note an input that the live rig has just performed."""
        here = self.here
        here.branch.append(op, here.position, here.rig.now)
        if self.recorder is not None:
            self.recorder.op(op)
        here.cursor = here.branch.open_end
        here.note_packets()
        self.checkpoints.note(op, here.position)
        if isinstance(op, Run | Steps) and not here.position.steps:
            self._mark()  # once a turn, however it is taken

    def run_in_chunks(self, here: Replay, op: Run) -> Iterator[None]:
        """Run the most of a run again, pausing wherever it is to be marked."""
        driver, start, spacing = here.rig.stepped, here.branch.starts[0], self.spacing
        spacing.begin(op.time - driver.now, driver.now - start.time)
        packets, turns, _ = op.position
        while True:
            before, position = driver.now, driver.position
            if position.packets + spacing.packets < packets:
                if driver.run_packets(spacing.packets, spacing.turns):
                    return  # the captures end before that; performing the input says so
            else:
                taken = position.turns if position.packets == packets else 0
                if taken + spacing.turns >= turns:
                    return
                driver.run_to(Position(packets, taken + spacing.turns, 0), 0)
            done = driver.position.packets - start.position.packets
            spacing.note(driver.now - before, driver.now - start.time, done)
            yield

    def save_if_due(self) -> Slices[None]:
        """Take a checkpoint of the live rig, if enough was done since the last one."""
        if self.checkpoints.are_due(self.here.rig):
            yield from self.checkpoints.save(self.here)

    def elapsed(self) -> int:
        """How long the branch is by now, in virtual time."""
        return self.here.rig.now - self.branch.starts[0].time

    # --- branches ------------------------------------------------------------------------------

    def open_branch(self, name: str) -> Branch:
        """A new branch that begins where the live rig stands; it is the current one from now on."""
        check_name(name, self.branches)
        self.checkpoints.abandon()
        here = self.here
        here.note_packets()
        forked_at = here.cursor.op
        here.branch = here.branch.fork(name, here.cursor, here.rig.events_so_far())
        self.branches[name] = here.branch
        self._mark()
        if self.recorder is not None:
            self.recorder.branch(here.branch, forked_at)
        here.cursor = here.branch.open_end
        return here.branch

    def branch_views(self) -> list[BranchView]:
        """All branches, in order of their making."""
        return [
            BranchView(
                name=branch.name,
                parent=branch.parent,
                packets=branch.end.position.packets,
                end_time=branch.end.time,
                inputs=len(branch.ops),
                current=branch is self.branch,
            )
            for branch in self.branches.values()
        ]

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

    def _mark(self) -> None:
        rig = self.here.rig
        self.branch.marks.add(mark_of(rig.machine.am, rig.now))


def span_text(branch: Branch) -> str:
    """From when to when a branch goes, for a message."""
    start, end = branch.starts[0].time, branch.end.time
    return f"from +0 s to +{(end - start) / 1e9:.9f}".rstrip("0").rstrip(".") + " s"


def check_name(name: str, known: Container[str]) -> None:
    """CommandError: this is no name for a branch, or there is one of that name."""
    if name in known:
        raise CommandError(f"there is a branch {name} already")
    if name in PLACE_NAMES or not re.fullmatch(r"[A-Za-z][\w.-]{0,63}", name):
        raise CommandError(f"{name[:64]!r} is no name for a branch; what-if or try.2 is")
