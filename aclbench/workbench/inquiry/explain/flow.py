"""A packet that was only asked about: what would happen to it now. Nothing is changed."""

from __future__ import annotations

from contextlib import closing

from aclbench.drivers.driver import actor_name
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.workbench.inquiry.explain.assembling import explanation_of
from aclbench.workbench.inquiry.explain.causes import Behind
from aclbench.workbench.inquiry.explain.following import Follower
from aclbench.workbench.inquiry.explain.life import life_of
from aclbench.workbench.inquiry.explain.packet import namer
from aclbench.workbench.inquiry.explain.past import Past, Wanted, past_of
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.explain.trial import MakeRig
from aclbench.workbench.inquiry.present import present_of
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices, finish


def explain_frame(subject: Subject, interface: str, frame: bytes) -> Slices[Explanation]:
    """Explain what would happen now to a frame on an interface; it happens on a rig of its own."""
    history = subject.history
    stretches = Stretches(history) if history is not None else None
    present = yield from present_of(subject)
    rig = yield from present.rig()
    behind = Behind(str, rig=present.rig)
    if stretches is not None:
        behind = _behind(subject.rig, stretches, present.rig)
    with closing(rig):
        follower = Follower(rig)
        event = _handled(rig, follower, interface, frame)
        path = follower.path(event.thread_index)
        explanation = yield from explanation_of(path, event, "", "", behind)
        yield from rig.closing()
    return explanation


def _behind(rig: Rig, stretches: Stretches, make_rig: MakeRig) -> Behind:
    begun_at = stretches.begun_at

    def past(wanted: Wanted) -> Slices[Past]:
        return past_of(stretches, begun_at.position.packets + 1, begun_at, wanted)

    def life(key: bytes, sw_if_index: int) -> Slices[list[PacketVerdict]]:
        return life_of(stretches, begun_at.position.packets, key, sw_if_index)

    return Behind(namer(rig, stretches.branch), past, life, make_rig)


def _handled(rig: Rig, follower: Follower, interface: str, frame: bytes) -> PacketVerdict:
    """Have a rig handle a frame, behind all that is due by now; returns the verdict."""
    driver, heard = rig.stepped, list[TraceEvent]()
    driver.settle()
    number = rig.sent + 1
    finish(rig.injecting(Inject(interface, number, (frame,))))
    rig.hear(heard.append)
    while True:
        taken = driver.step()
        assert taken is not None, "the frame was not handled"
        follower.took_step(actor_name(taken.actor), heard)
        for event in heard:
            if isinstance(event, PacketVerdict) and event.number == number:
                return event
        heard.clear()
