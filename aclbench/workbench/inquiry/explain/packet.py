"""A packet of the run explained: followed step by step on a rig of its own."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from aclbench.capture import describe
from aclbench.engine.events import PacketVerdict
from aclbench.errors import AclbenchError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import before_packet, point_of_packet
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.assembling import explanation_of
from aclbench.workbench.inquiry.explain.finding import Found, PacketName, find_packet
from aclbench.workbench.inquiry.explain.following import Follower, PacketPath
from aclbench.workbench.inquiry.explain.removed import find_removed
from aclbench.workbench.inquiry.explain.tree import Explanation, RemovedSession
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices


def explain_packet(history: History, wanted: PacketName) -> Slices[Explanation]:
    """Explain a packet of the run. CommandError: there is no such packet."""
    stretches = Stretches(history)
    found = yield from find_packet(history.here.rig, stretches, wanted)
    event, end = found.event, point_of_packet(stretches.branch, found.ordinal)
    there = yield from _before(history, stretches.branch, found)

    def removed(sw_if_index: int, keys: Collection[bytes]) -> Slices[RemovedSession | None]:
        return find_removed(stretches, end, event.time, event, sw_if_index, keys)

    with closing(there.rig):
        path = yield from _follow(there, end, found)
        frame = _frame_text(there.rig, found)
        explanation = yield from explanation_of(path, event, found.name, frame, removed)
        yield from there.rig.closing()
    return explanation


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


def _before(history: History, branch: Branch, found: Found) -> Slices[Replay]:
    """A rig before the packet is taken up, as near as can be."""
    there = yield from before_packet(history, found.ordinal, branch)
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
        follower.took_step(walked.who, walked.events)
        if found.event in walked.events:
            return follower.path(found.event.thread_index)
        yield None
    raise AclbenchError(f"packet {found.name}: it is not in the run again; please report this")
