"""The state of a bench as a question is asked, kept: rigs of one's own run on from it."""

from __future__ import annotations

from aclbench.errors import AclbenchError
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.packing import Packer
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices


class Present:
    """How a bench stands when a question is asked.

    With a history it is a point of the run. Without one, and on real threads, it is packed at
    once. AclbenchError: that cannot be done just now.
    """

    def __init__(self, subject: Subject) -> None:
        self._rig, self._history = subject.rig, subject.history
        if self._history is not None:
            self._branch, self._point = self._history.branch.frozen(), self._history.cursor
        else:
            self._checkpoint = self._rig.driver.on_main(lambda: _packed(self._rig).checkpoint())

    def rig(self) -> Slices[Rig]:
        """A rig of one's own in that state, in virtual time; it may be changed and thrown away."""
        if self._history is None:
            return (yield from self._rig.unpacked(self._checkpoint))
        return (yield from self._history.at(self._point, self._branch)).rig


def _packed(rig: Rig) -> Packer:
    """Packs a rig that has no history."""
    if not rig.is_threaded and not rig.can_be_packed():
        raise AclbenchError(
            "this bench keeps no history, and is in the middle of a turn; let it run on first"
        )
    packer = rig.packer()
    while not packer.done:
        packer.work()
    return packer
