"""A packet of the run explained: the run is gone back to, and the packet followed step by step.

Before each of its steps the tables are looked at, as they stand then, whoever came in between. The
verdict found so must be the one recorded; the bench stands where it stood afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.explain.unread import why_unread
from aclbench.workbench.inquiry.explain.way import (
    Way,
    is_hit,
    is_new_session,
    mirror_of,
    verdict_part,
)
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.views.verdict import verdict_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench


def explain_packet(bench: Workbench, wanted: PacketName) -> Explanation:
    """Explain a packet of the run.

    CommandError: there is no such packet. AclbenchError: the bench keeps no history.
    """
    with bench.visiting() as history:
        found = find_packet(bench, history, wanted)
        begin = _begin_of(bench, history, found)
        way = _follow(bench, history, begin, found)
        event = found.event
        explained = way.verdict(event.time, event.number)
        if explained != event:
            raise AclbenchError(
                f"packet {found.name}: explained as {verdict_text(explained)}, but recorded as "
                f"{verdict_text(event)}; please report this"
            )
        unread = why_unread(bench, event.reason, event.rx)
        tx = bench.interface_name(event.tx) if event.tx >= 0 else None
        rx, read = (
            bench.interface_name(event.rx),
            packet_read(event.key, event.info, unread, _frame_text(bench, found)),
        )
        stop = history.point_of_packet(found.ordinal), event
        nearest = nearest_things(
            bench, way, event.time, lambda i, keys: find_lost(bench, history, begin, stop, i, keys)
        )
    return Explanation(
        packet=found.name,
        would=False,
        time=event.time,
        at=event.time - bench.started,
        started=bench.started,
        rx=rx,
        worker=actor_name(event.thread_index),
        thread_index=event.thread_index,
        read=read,
        way=tuple(way.parts),
        verdict=verdict_part(event, tx),
        nearest=nearest,
    )


def _frame_text(bench: Workbench, found: Found) -> str:
    """What the frame is, where its bytes are at hand."""
    if found.frame is not None:
        return describe(found.frame)
    if bench.feed is None:
        return ""
    try:
        return describe(bench.feed.record(found.event.number)[1])
    except StopIteration:  # those of another group have been read since
        return ""


def _begin_of(bench: Workbench, history: History, found: Found) -> Point:
    """A point before the packet is taken up, as near as can be."""
    begin = history.before_packet(found.ordinal)
    history.goto(begin)
    if not _is_in_hand(bench, found.event):
        return begin
    # It was begun before the one that ended before it; at a checkpoint nothing is half done.
    return history.branch.nearest(begin).point


def _is_in_hand(bench: Workbench, event: PacketVerdict) -> bool:
    """Whether its thread is in the middle of this packet."""
    driver = bench.stepped
    worker = driver.machine.am.workers[event.thread_index]
    return driver.in_packet(event.thread_index) and worker.packet_number == event.number


def _follow(bench: Workbench, history: History, begin: Point, found: Found) -> Way:
    """Walk through the packet by its named steps."""
    event = found.event
    end = history.point_of_packet(found.ordinal)
    follower: _Follower | None = None
    mine = actor_name(event.thread_index)
    for walked in history.walk(begin, end):
        driver = bench.stepped
        if follower is None and (_is_in_hand(bench, event) or event in walked.events):
            worker = driver.machine.am.workers[event.thread_index]
            mirror = mirror_of(event.key, event.info)
            follower = _Follower(
                Way(driver.machine, worker, event.rx, event.key, mirror, event.info)
            )
        elif follower is not None and walked.who == mine:
            follower.has_done(driver.now)
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
