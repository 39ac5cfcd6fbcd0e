"""The state of a bench as a question is asked, kept: rigs of one's own run on from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.drivers.background import BackgroundRun
from aclbench.errors import AclbenchError
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.packing import Checkpoint, Packer
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

#: How long is waited for a thread that packs between two slices, in seconds.
LOOK_S: Final = 0.002


class Present:
    """How a bench stood when a question was asked: see `present_of`."""

    def __init__(self, make_rig: Callable[[], Slices[Rig]]) -> None:
        self._make_rig = make_rig

    def rig(self) -> Slices[Rig]:
        """A rig of one's own in that state, in virtual time; it may be changed and thrown away."""
        return self._make_rig()


def present_of(subject: Subject) -> Slices[Present]:
    """How a bench stands now.

    With a history it is a point of the run. Without one, and on real threads, it is packed.
    AclbenchError: that cannot be done just now.
    """
    rig, history = subject.rig, subject.history
    if history is None:
        checkpoint = yield from _packed(rig)
        return Present(lambda: rig.unpacked(checkpoint))
    kept, branch, point = history, history.branch.frozen(), history.cursor

    def make_rig() -> Slices[Rig]:
        return (yield from kept.at(point, branch)).rig

    return Present(make_rig)


def _packed(rig: Rig) -> Slices[Checkpoint]:
    """A rig that has no history: in slices, as long as it stands still."""
    if not rig.is_threaded and not rig.can_be_packed():
        raise AclbenchError(
            "this bench keeps no history, and is in the middle of a turn; let it run on first"
        )
    packer, begun = rig.driver.on_main(lambda: (rig.packer(), _state(rig)))
    checkpoint: Checkpoint | None = None

    def work() -> bool:
        nonlocal checkpoint
        if _state(rig) != begun:
            return False
        if _work(packer):
            checkpoint = packer.checkpoint()
        return True

    while checkpoint is None:
        if not rig.driver.on_main(work):
            return (yield from _packed_at_once(rig))
        yield None
    return checkpoint


def _state(rig: Rig) -> tuple[int, int]:
    """Another one says that the rig has gone on."""
    return rig.now, rig.events_so_far()


def _work(packer: Packer) -> bool:
    """Pack a piece; True: that was the last."""
    if not packer.done:
        packer.work()
    return packer.done


def _packed_at_once(rig: Rig) -> Slices[Checkpoint]:
    """A rig that goes on: the workers wait until all is packed, whoever asked looks on."""
    checkpoint: Checkpoint | None = None
    stopped = False

    def pack() -> None:
        nonlocal checkpoint
        packer = rig.packer()
        while not stopped:
            if _work(packer):
                checkpoint = packer.checkpoint()
                return

    def run() -> bool:
        rig.driver.on_main(pack)
        return True

    def stop() -> None:
        nonlocal stopped
        stopped = True

    background = BackgroundRun(run, stop, lambda: None, name="packing")
    try:
        while not background.poll(LOOK_S):
            yield None
    finally:
        background.stop()
    assert checkpoint is not None
    return checkpoint
