"""Which checkpoints there are: how far apart they are taken, and which are dropped for memory.

A checkpoint of many sessions takes a while to pack: it is packed in slices, with the rig standing
still. Whoever changes the rig meanwhile abandons it first; then it is due again soon.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from aclbench.drivers.stepping import Position
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.rig.inputs import Cli, Op, Point, Run, Steps
from aclbench.workbench.rig.packing import Packer
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices, Stopped

#: Memory that checkpoints may take, unless set.
DEFAULT_MEMORY_BYTES: Final = 512 << 20
#: Work between checkpoints, at least, in packets ...
CHECKPOINT_WORK: Final = 16_384
#: ... and for each live session, since that is what one costs.
CHECKPOINT_WORK_PER_SESSION: Final = 5
#: What a turn of the cleaner or an interrupt handler counts for, and what a command does.
TURN_WORK: Final = 4
COMMAND_WORK: Final = 64
#: Checkpoints that are kept for no more than moves back near them.
NEAR_CHECKPOINTS: Final = 4


class _Packing(NamedTuple):
    """A checkpoint that is being packed, and for how much work it stands."""

    packer: Packer
    work: int


class Checkpoints:
    """Takes checkpoints of a run as it goes, and keeps those that fit into `memory_bytes`."""

    def __init__(
        self, branches: dict[str, Branch], memory_bytes: int = DEFAULT_MEMORY_BYTES
    ) -> None:
        self.memory_bytes = memory_bytes
        #: About how many bytes those of all branches take.
        self.used_bytes = 0
        self._branches = branches
        #: Work since the last one, and where that was counted last.
        self._work = 0
        self._position = Position(0, 0, 0)
        self._near: list[tuple[Branch, Point]] = []
        self._packing: _Packing | None = None

    # --- as a run goes -------------------------------------------------------------------------

    def moved_to(self, position: Position) -> None:
        """The bench has moved: work counts from there."""
        self._work = 0
        self._position = position

    def note(self, op: Op, position: Position) -> None:
        """An input was performed that led to a position."""
        if isinstance(op, Run | Steps):
            last, self._position = self._position, position
            packets = position.packets - last.packets
            turns = position.turns if packets else position.turns - last.turns
            self._work += packets + TURN_WORK * turns
        else:
            self._work += COMMAND_WORK if isinstance(op, Cli) else len(op.frames)

    def are_due(self, rig: Rig) -> bool:
        """Enough was done since the last one, and the rig can be packed."""
        live = rig.machine.am.live_sessions()
        enough = CHECKPOINT_WORK + CHECKPOINT_WORK_PER_SESSION * live
        return self._work >= enough and rig.can_be_packed()

    # --- packing -------------------------------------------------------------------------------

    def save(self, replay: Replay) -> Slices[bool]:
        """Pack a checkpoint where a rig stands; False, and there is none: it was abandoned."""
        self.abandon()
        branch, point = replay.branch, replay.cursor
        packing = self._packing = _Packing(replay.rig.packer(), self._work)
        self._work = 0
        try:
            while not packing.packer.done:
                packing.packer.work()
                yield None
                if self._packing is not packing:
                    return False
        except (GeneratorExit, Stopped):
            if self._packing is packing:
                self.abandon()
            raise
        self._packing = None
        checkpoint = packing.packer.checkpoint()
        if branch.save(point, checkpoint):
            self.used_bytes += checkpoint.size_bytes
            self._thin()
        return True

    def save_near(self, replay: Replay) -> Slices[None]:
        """Pack a checkpoint that makes moves back near it quick; the last few are kept.

        Each turn that is taken back leaves one. Without a limit they would displace those by which
        the rest of the run is found.
        """
        if not (yield from self.save(replay)):
            return
        self._near.append((replay.branch, replay.cursor))
        if len(self._near) > NEAR_CHECKPOINTS:
            branch, oldest = self._near.pop(0)
            branch.saved[1:] = [saved for saved in branch.saved[1:] if saved.point != oldest]
            self.measure()

    def abandon(self) -> None:
        """Leave the checkpoint that was begun, if one is; to be called before the rig is changed.

        To finish it could take most of a second.
        """
        if self._packing is not None:
            self._work += self._packing.work
            self._packing = None

    # --- memory --------------------------------------------------------------------------------

    def measure(self) -> None:
        """Count again what those of all branches take."""
        saved = _all_saved(self._branches.values())
        self.used_bytes = sum(size_bytes for size_bytes in saved.values())

    def _thin(self) -> None:
        """Drop every second checkpoint, but the start, until the rest fits."""
        while self.used_bytes > self.memory_bytes:
            before = self.used_bytes
            for branch in self._branches.values():
                branch.saved[1:] = branch.saved[2::2]
            self.measure()
            if self.used_bytes == before:
                return


def _all_saved(branches: Iterable[Branch]) -> dict[int, int]:
    """The sizes of all checkpoints, each once: branches share those of their common past."""
    return {id(s.checkpoint): s.checkpoint.size_bytes for b in branches for s in b.saved}
