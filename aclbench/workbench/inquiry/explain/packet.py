"""A packet of the run explained: followed step by step on a rig of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from aclbench.capture.craft import describe
from aclbench.engine.events import PacketVerdict
from aclbench.engine.reasons import fate_of
from aclbench.errors import AclbenchError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import before_packet, point_of_packet
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.assembling import explanation_of
from aclbench.workbench.inquiry.explain.causes import Behind
from aclbench.workbench.inquiry.explain.finding import Found, PacketName, find_packet
from aclbench.workbench.inquiry.explain.following import Follower, PacketPath
from aclbench.workbench.inquiry.explain.life import life_of
from aclbench.workbench.inquiry.explain.past import Past, Wanted, first_behind, past_of
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.explain.trial import PASSED, MakeRig
from aclbench.workbench.inquiry.packets import frame_sent, packet_name
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.inputs import Inject, Point, Run
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices, done


def explain_packet(history: History, wanted: PacketName) -> Slices[Explanation]:
    """Explain a packet of the run. CommandError: there is no such packet."""
    stretches = Stretches(history)
    found = yield from find_packet(history.here.rig, stretches, wanted)
    return (yield from explain_found(history, stretches, found))


def explain_found(history: History, stretches: Stretches, found: Found) -> Slices[Explanation]:
    """Explain a packet of the run that is known."""
    there = yield from right_before(history, stretches.branch, found)
    with closing(there.rig):
        explanation = yield from explain_from(history, stretches, found, there)
        yield from there.rig.closing()
    return explanation


def explain_from(
    history: History,
    stretches: Stretches,
    found: Found,
    there: Replay,
    known: Past | None = None,
) -> Slices[Explanation]:
    """Explain a packet that is known, from a rig that stands before it, and then behind it.

    `known`: what came before it, if that is, too.
    """
    branch, event = stretches.branch, found.event
    end = point_of_packet(branch, found.ordinal)
    name = namer(history.here.rig, branch)

    def past(wanted: Wanted) -> Slices[Past]:
        if known is not None:
            return done(known)
        return past_of(stretches, found.ordinal, end, wanted)

    def life(key: bytes, sw_if_index: int) -> Slices[list[PacketVerdict]]:
        return life_of(stretches, found.ordinal, key, sw_if_index)

    def later(key: bytes) -> Slices[PacketVerdict | None]:
        return first_behind(stretches, found.ordinal, key)

    # Where steps were chosen by hand, or two packets are in hand, it is somewhere before.
    is_right_before = there.position.packets == found.ordinal - 1
    again: MakeRig | None = None
    if is_right_before and isinstance(branch.ops[end.op], Run):
        again = yield from _kept(history, branch, found, there.rig)
    path = yield from _follow(there, end, found)
    frame = _frame_text(there.rig, found)
    behind = Behind(name, past, life, again, later)
    return (yield from explanation_of(path, event, found.name, frame, behind))


def _kept(history: History, branch: Branch, found: Found, rig: Rig) -> Slices[MakeRig]:
    """What makes rigs like this one, which stands before the packet."""
    if fate_of(found.event.reason) in PASSED or not rig.can_be_packed():

        def anew() -> Slices[Rig]:
            return (yield from right_before(history, branch, found)).rig

        return anew
    packer = rig.packer()
    while not packer.done:
        packer.work()
        yield None
    checkpoint = packer.checkpoint()
    return lambda: rig.unpacked(checkpoint)


def namer(rig: Rig, branch: Branch) -> Callable[[PacketVerdict], str]:
    """What gives a packet's name."""
    any_sent = any(isinstance(op, Inject) for op in branch.ops)

    def name(event: PacketVerdict) -> str:
        was_sent = any_sent and frame_sent(rig, branch, event) is not None
        return packet_name(rig, event.number, was_sent)

    return name


def _frame_text(rig: Rig, found: Found) -> str:
    """What the frame is, where its bytes are at hand."""
    if found.frame is not None:
        return describe(found.frame)
    if rig.feed is None:
        return ""
    try:
        return describe(rig.feed.record(found.event.number)[1])
    except StopIteration:  # those of another group have been read since
        return ""


def right_before(
    history: History, branch: Branch, found: Found, before: Replay | None = None
) -> Slices[Replay]:
    """A rig before the packet is taken up, as near as can be.

    `before` is one that stands somewhere before, which goes on, or is given up.
    """
    there = yield from before_packet(history, found.ordinal, branch, before)
    if not _is_in_hand(there.rig, found.event):
        return there
    # It was begun before the one that ended before it; at a checkpoint nothing is half done.
    yield from there.rig.closing()
    return (yield from history.near(there.cursor, branch))


def _is_in_hand(rig: Rig, event: PacketVerdict) -> bool:
    """Whether its thread is in the middle of this packet."""
    worker = rig.machine.am.workers[event.thread_index]
    return rig.stepped.in_packet(event.thread_index) and worker.packet_number == event.number


def _follow(there: Replay, end: Point, found: Found) -> Slices[PacketPath]:
    """Walk through the packet by its named steps."""
    follower = Follower(there.rig)
    for walked in there.walk(end):
        if walked is not None:
            follower.took_step(walked.who, walked.events)
            if found.event in walked.events:
                return follower.path(found.event.thread_index)
        yield None
    raise AclbenchError(f"packet {found.name}: it is not in the run again; please report this")
