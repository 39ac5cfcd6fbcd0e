"""A packet of the run explained: followed step by step on a rig of its own.

Before each of its steps the tables are looked at, as they stand then, whoever came in between. The
verdict found so must be the one recorded.
"""

from __future__ import annotations

from collections.abc import Collection

from aclbench.capture import describe
from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict
from aclbench.engine.steps import (
    ADD,
    FORWARD,
    LOOK_FOR_ROOM,
    LOOK_UP,
    MATCH_RULE,
    RECYCLE,
    TRACK,
    WRITE_FLAGS,
)
from aclbench.errors import AclbenchError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import before_packet, point_of_packet
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.finding import Found, PacketName, find_packet
from aclbench.workbench.inquiry.explain.lost import find_lost
from aclbench.workbench.inquiry.explain.nearest import nearest_things
from aclbench.workbench.inquiry.explain.node import (
    NodeState,
    add,
    look_for_room,
    look_up,
    match_rule,
    recycle,
)
from aclbench.workbench.inquiry.explain.reading import packet_read
from aclbench.workbench.inquiry.explain.tree import Explanation, LostSession
from aclbench.workbench.inquiry.explain.unread import why_unread
from aclbench.workbench.inquiry.explain.way import (
    Way,
    is_hit,
    is_new_session,
    mirror_of,
    verdict_part,
)
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.verdict import verdict_text


def explain_packet(history: History, wanted: PacketName) -> Slices[Explanation]:
    """Explain a packet of the run. CommandError: there is no such packet."""
    found = yield from find_packet(history, wanted)
    event = found.event
    stretches = Stretches(history, point_of_packet(history.branch, found.ordinal))
    there = yield from _before(history, found)
    way = yield from _follow(there, found)
    rig = there.rig
    explained = way.verdict(event.time, event.number)
    if explained != event:
        raise AclbenchError(
            f"packet {found.name}: explained as {verdict_text(explained)}, but recorded as "
            f"{verdict_text(event)}; please report this"
        )
    unread = why_unread(rig, event.reason, event.rx)
    read = packet_read(event.key, event.info, unread, _frame_text(rig, found))

    def lost(sw_if_index: int, keys: Collection[bytes]) -> Slices[LostSession | None]:
        return find_lost(stretches, event.time, event, sw_if_index, keys)

    nearest = yield from nearest_things(way, rig.started, lost)
    explanation = Explanation(
        packet=found.name,
        would=False,
        time=event.time,
        at=event.time - rig.started,
        started=rig.started,
        rx=rig.interface_name(event.rx),
        worker=actor_name(event.thread_index),
        thread_index=event.thread_index,
        read=read,
        way=tuple(way.parts),
        verdict=verdict_part(event, rig.interface_name(event.tx) if event.tx >= 0 else None),
        nearest=nearest,
    )
    yield from rig.closing()
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


def _before(history: History, found: Found) -> Slices[Replay]:
    """A rig before the packet is taken up, as near as can be."""
    there = yield from before_packet(history, found.ordinal)
    if not _is_in_hand(there.rig, found.event):
        return there
    # It was begun before the one that ended before it; at a checkpoint nothing is half done.
    return (yield from history.near(there.cursor))


def _is_in_hand(rig: Rig, event: PacketVerdict) -> bool:
    """Whether its thread is in the middle of this packet."""
    worker = rig.machine.am.workers[event.thread_index]
    return rig.stepped.in_packet(event.thread_index) and worker.packet_number == event.number


def _follow(there: Replay, found: Found) -> Slices[Way]:
    """Walk through the packet by its named steps."""
    event, rig = found.event, there.rig
    driver = rig.stepped
    follower: _Follower | None = None
    mine = actor_name(event.thread_index)
    for walked in there.walk(point_of_packet(there.branch, found.ordinal)):
        if follower is None and (_is_in_hand(rig, event) or event in walked.events):
            worker = driver.machine.am.workers[event.thread_index]
            mirror = mirror_of(event.key, event.info)
            follower = _Follower(
                Way(driver.machine, worker, event.rx, event.key, mirror, event.info)
            )
        elif follower is not None and walked.who == mine:
            follower.has_done(driver.now)
        yield None
        if follower is None:
            continue
        if event in walked.events:
            follower.end_hit(driver.now)
            follower.way.finish()
            return follower.way
        follower.look(driver.upcoming(event.thread_index), driver.now)
    raise AclbenchError(f"packet {found.name}: it is not in the run again; please report this")


class _Follower:
    """Follows one packet: looks before each step, and notes what it saw once it is done."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self._label = ""
        self._node: NodeState | None = None
        #: A hit whose flags may still be to be written.
        self._tracked = False

    def look(self, label: str, now: int) -> None:
        """What the next step will find. Called anew whenever somebody else came in between."""
        am, node = self.way.machine.am, self._node
        self._label = label
        if self._tracked and label != WRITE_FLAGS.label:
            self.end_hit(now)
        if label == LOOK_UP.label:
            self._next = look_up(am, self.way.begin_node(), now)
        elif label == FORWARD.label:
            pass
        elif node is not None and label == MATCH_RULE.label:
            self._next = match_rule(am, node)
        elif node is not None and label == LOOK_FOR_ROOM.label:
            self._next = look_for_room(am, node)
        elif node is not None and label == RECYCLE.label:
            self._next = recycle(am, node)
        elif node is not None and label == ADD.label:
            self._next = add(am, node, now)

    def has_done(self, now: int) -> None:
        """The step that was looked at has been taken."""
        label, way = self._label, self.way
        if label == FORWARD.label:
            way.forward()
            return
        if label == TRACK.label:
            self._tracked = True
            return
        if label == WRITE_FLAGS.label:
            self.end_hit(now)
            return
        self._node = node = self._next
        assert node is not None
        if label == ADD.label and is_new_session(node):
            way.end_node(node, reading.in_hand(way.worker), now)
        elif node.reason is not None and not is_new_session(node) and not is_hit(node):
            way.end_node(node, None, now)

    def end_hit(self, now: int) -> None:
        """A hit is accounted for, if there is one."""
        if self._tracked:
            assert self._node is not None
            self.way.end_node(self._node, self._node.session, now)
            self._tracked = False
