"""A packet that was only asked about: what would happen to it now. Nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from aclbench.drivers.driver import actor_name
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.workbench.inquiry.explain.assembling import explanation_of
from aclbench.workbench.inquiry.explain.following import Follower
from aclbench.workbench.inquiry.explain.removed import find_removed
from aclbench.workbench.inquiry.explain.tree import Explanation, RemovedSession
from aclbench.workbench.inquiry.present import present_of
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices


def explain_frame(subject: Subject, interface: str, frame: bytes) -> Slices[Explanation]:
    """Explain what would happen now to a frame on an interface; it happens on a rig of its own."""
    history, now = subject.history, subject.rig.now
    stretches = Stretches(history) if history is not None else None
    rig = yield from (yield from present_of(subject)).rig()

    def removed(sw_if_index: int, keys: Collection[bytes]) -> Slices[RemovedSession | None]:
        assert stretches is not None
        return find_removed(stretches, stretches.begun_at, now, None, sw_if_index, keys)

    find = removed if stretches is not None else None
    with closing(rig):
        follower = Follower(rig)
        event = _handled(rig, follower, interface, frame)
        path = follower.path(event.thread_index)
        explanation = yield from explanation_of(path, event, "", "", find)
        yield from rig.closing()
    return explanation


def _handled(rig: Rig, follower: Follower, interface: str, frame: bytes) -> PacketVerdict:
    """Have a rig handle a frame, behind all that is due by now; returns the verdict."""
    driver, heard = rig.stepped, list[TraceEvent]()
    driver.settle()
    number = rig.sent + 1
    rig.inject(Inject(interface, number, (frame,)))
    rig.hear(heard.append)
    while True:
        taken = driver.step()
        assert taken is not None, "the frame was not handled"
        follower.took_step(actor_name(taken.actor), heard)
        for event in heard:
            if isinstance(event, PacketVerdict) and event.number == number:
                return event
        heard.clear()
