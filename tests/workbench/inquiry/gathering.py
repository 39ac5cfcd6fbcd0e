"""What came before each packet of a run that is heard, forwards: the plain way to find it.

The package finds it in columns, which has to come to the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.engine.packet import INFO_L4_VALID, PROTO_UDP
from aclbench.engine.session import SessionId
from aclbench.workbench.inquiry.explain.keys import End, hosts, source
from aclbench.workbench.inquiry.explain.past import Gone, Past, Wanted, as_it_stood
from aclbench.workbench.rig.rig import Rig


@dataclass(slots=True, eq=False)
class _Hosts:
    """Two hosts and a protocol: the last packet with ports."""

    whole: PacketVerdict | None = None


@dataclass(slots=True, eq=False)
class Flow:
    """Packets with one key: the first, the last, and the number of the last one's event.

    `same_end` has the last packets of the end they come from, to two different far ends; of UDP
    alone.
    """

    first: PacketVerdict
    last: PacketVerdict
    at: int
    hosts: _Hosts
    same_end: list[PacketVerdict] | None


class Gatherer:
    """Hears a run, and keeps what `Past` is made of."""

    def __init__(self) -> None:
        #: How many events there were.
        self.at = 0
        self.rig: Rig | None = None
        self.flows: dict[bytes, Flow] = {}
        self._hosts: dict[bytes, _Hosts] = {}
        self._ends: dict[End, list[PacketVerdict]] = {}
        self._gone: dict[tuple[int, bytes], Gone] = {}
        self._last_packets: dict[SessionId, PacketVerdict] = {}

    def hear(self, event: TraceEvent) -> None:
        """Keep what belongs to it."""
        self.at += 1
        if isinstance(event, PacketVerdict):
            if event.key:
                self._packet(event)
        elif isinstance(event, SessionDeleted | SessionRecycled):
            assert self.rig is not None
            last = self._last_packets.get(SessionId(event.thread_index, event.session_index))
            where = event.sw_if_index, event.key
            self._gone[where] = as_it_stood(self.rig, event, self.at, last)

    def _packet(self, event: PacketVerdict) -> None:
        for check in event.checks:
            if check.session is not None:
                self._last_packets[check.session] = event
        flow = self.flows.get(event.key)
        if flow is None:
            flow = self.flows[event.key] = self._flow(event)
        flow.last, flow.at = event, self.at
        if event.info & INFO_L4_VALID:
            flow.hosts.whole = event
        kept = flow.same_end
        if kept is not None and (not kept or kept[-1].key != event.key):
            kept.append(event)
            del kept[:-2]

    def _flow(self, event: PacketVerdict) -> Flow:
        key = event.key
        both = hosts(key)
        between = self._hosts.get(both)
        if between is None:
            between = self._hosts[both] = _Hosts()
        end, same_end = source(key), None
        if end.proto == PROTO_UDP:
            same_end = self._ends.get(end)
            if same_end is None:
                same_end = self._ends[end] = []
        return Flow(event, event, self.at, between, same_end)

    def gone(self, wanted: Wanted) -> Gone | None:
        """The session that was removed behind the last packet the other way."""
        gone: Gone | None = None
        for key in wanted.sessions:
            found = self._gone.get((wanted.sw_if_index, key))
            if found is not None and (gone is None or found.at > gone.at):
                gone = found
        opener = self.flows.get(wanted.opener)
        return gone if gone is None or opener is None or gone.at > opener.at else None

    def whole(self, wanted: Wanted) -> PacketVerdict | None:
        """The last packet with ports between the same hosts, the same way."""
        between = self._hosts.get(hosts(wanted.own))
        return None if between is None else between.whole

    def other(self, wanted: Wanted) -> PacketVerdict | None:
        """The last packet from the end of its own side to another far end."""
        same_end = None if wanted.near is None else self._ends.get(wanted.near)
        if same_end is None:
            return None
        return next((each for each in reversed(same_end) if each.key != wanted.opener), None)

    def past(self, wanted: Wanted) -> Past:
        """What is known now of what came before a packet."""
        opener, own = self.flows.get(wanted.opener), self.flows.get(wanted.own)
        return Past(
            opener_first=opener.first if opener is not None else None,
            opener_last=opener.last if opener is not None else None,
            own_first=own.first if own is not None else None,
            own_last=own.last if own is not None else None,
            whole=self.whole(wanted),
            other=self.other(wanted),
            gone=self.gone(wanted),
            is_whole=True,
        )
