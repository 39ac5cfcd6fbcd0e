"""A datapath that looks a packet's session up before it handles the packet ahead in the frame.

So VPP's acl nodes do since 2018, to have the look-up's memory at hand in time. What the packet
ahead then does comes too late for that answer, but for one correction: a packet that is alike in
all of the 5-tuple finds the session that was just added. *All* includes TCP flags and the index of
the lookup context, which is written only as rules are matched, so not yet for the second packet.

Here packets are handled start to end, one after the other; a frame is those that follow each other
on one interface at one time, up to 256. What the packet ahead did at each acl node is kept until
the next one's look-up there, which is so answered as if it had been made earlier.
Source: `acl_fa_inner_node_fn` in VPP's `src/plugins/acl/dataplane_node.c`.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.datapath import Datapath
from aclbench.engine.main import Interface
from aclbench.engine.packet import INFO_ICMP, INFO_IP6, request_key
from aclbench.engine.pool import Session
from aclbench.engine.worker import Worker

#: Packets of a frame (VPP: VLIB_FRAME_SIZE).
FRAME_PACKETS: Final = 256
#: The rx interface of no frame.
NO_INTERFACE: Final = -1

#: The first of a worker's numbers, by name: the frame in hand, and what the packet ahead did at
#: each acl node.
LOOK_AHEAD_NUMBERS: Final = ("frame", "ahead")
_FRAME, _AHEAD = range(2)
#: The frame in hand: its time and rx interface, how many packets of it, the acl node in hand.
_TIME, _RX, _PACKETS, _NODE = range(4)
#: What the packet ahead did at a node: the slot that it added; the thread and slot whose entry that
#: took; the slot that it deleted; and its 5-tuple. `_NONE` where there is none of it.
_ADDED, _DISPLACED_THREAD, _DISPLACED, _DELETED, _FIVE_TUPLE = range(5)
_FIELDS: Final = 5
_NODES: Final = 4
_NONE: Final = -1
#: Of a 5-tuple's word beside the key: flags and what is valid, as they stand in the info word.
_TUPLE_INFO: Final = (1 << 12) - 1


def begin_frame(worker: Worker, now: int, rx: int) -> None:
    """A frame begins: no packet is ahead at any node."""
    worker.numbers[_FRAME] = [now, rx, 0, 0]
    worker.numbers[_AHEAD] = [_NONE] * (_NODES * _FIELDS)


def note_added(worker: Worker, session: Session, displaced: Session | None) -> None:
    """The packet in hand added a session, and took the entry of another."""
    ahead, at = _ahead(worker)
    ahead[at + _ADDED] = session.session_index
    if displaced is not None:
        ahead[at + _DISPLACED_THREAD] = displaced.thread_index
        ahead[at + _DISPLACED] = displaced.session_index


def note_deleted(worker: Worker, session_index: int) -> None:
    """The packet in hand deleted a session of this thread's."""
    ahead, at = _ahead(worker)
    ahead[at + _DELETED] = session_index


class LookAhead(Datapath):
    """The session of a packet is looked up before the packet ahead of it is handled."""

    def parse(self, worker: Worker, rx: int, info: int, now: int) -> Interface | None:
        """A frame begins with another time or interface, or when it is full."""
        frame = worker.numbers[_FRAME]
        if (frame[_TIME], frame[_RX]) != (now, rx) or frame[_PACKETS] == FRAME_PACKETS:
            begin_frame(worker, now, rx)
        worker.numbers[_FRAME][_PACKETS] += 1
        return super().parse(worker, rx, info, now)

    def look_up(
        self,
        worker: Worker,
        interface: Interface,
        is_input: bool,
        key: bytes,
        info: int,
        now: int,
    ) -> Session | None:
        """What was found before the packet ahead in the frame was handled at this node."""
        side = interface.sw_if_index, is_input
        request = request_key(key) if info & INFO_ICMP else None
        found = None if request is None else interface.sessions.get(request)
        if found is None:
            found = interface.sessions.get(key)
        worker.numbers[_FRAME][_NODE] = 2 * is_input + bool(info & INFO_IP6)
        session = self._before(worker, side, key, info, found)
        is_request = session is not None and session.key == request
        under = session.key if session is not None else key
        self.am.tell.looked_up(worker, interface.sw_if_index, under, is_request, session, now)
        ahead, at = _ahead(worker)
        contexts = self.am.shown.lookup_contexts
        # None where the ACLs were taken off since the packet began.
        context = contexts.index(side) if side in contexts else _NONE
        tuple_now = _five_tuple(side, key, info, context)
        ahead[at : at + _FIELDS] = [_NONE, _NONE, _NONE, _NONE, tuple_now]
        worker.session_in_hand = session
        return session

    def _before(
        self,
        worker: Worker,
        side: tuple[int, bool],
        key: bytes,
        info: int,
        found: Session | None,
    ) -> Session | None:
        """What a look-up would have found ahead of what the last packet at this node did.

        It added `found`: what had that entry then; nothing, unless the two packets are alike in
        all: then VPP corrects the earlier answer. It deleted a session: that.
        """
        ahead, at = _ahead(worker)
        added, thread, displaced, deleted, tuple_ahead = ahead[at : at + _FIELDS]
        if found is not None:
            if (found.thread_index, found.session_index) != (worker.thread_index, added):
                return found
            if displaced != _NONE:
                return self.am.pools[thread].session(displaced)
            return found if tuple_ahead == _five_tuple(side, key, info, 0) else None
        if deleted != _NONE:
            session = worker.pool.session(deleted)
            keys = [key, request_key(key) if info & INFO_ICMP else None]
            if session.sw_if_index == side[0] and session.key in keys:
                return session
        return None


def _ahead(worker: Worker) -> tuple[list[int], int]:
    """What packets ahead did, and where of that the acl node in hand begins."""
    return worker.numbers[_AHEAD], worker.numbers[_FRAME][_NODE] * _FIELDS


def _five_tuple(side: tuple[int, bool], key: bytes, info: int, context: int) -> int:
    """All that VPP compares of two packets, as one number."""
    sw_if_index, is_input = side
    rest = (context << 32 | sw_if_index << 1 | is_input) << 12 | info & _TUPLE_INFO
    return int.from_bytes(key) << 80 | rest
