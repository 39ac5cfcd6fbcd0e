"""What came before a packet: of its connection, of its neighbours, and which session went.

It is found in the history's columns of packets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.engine.outcomes import read_way
from aclbench.engine.packet import KEY_SLOWPATH
from aclbench.engine.reasons import (
    KIND_MASK,
    LAST_DENY,
    NEW_SESSION,
    NODE_INPUT,
    fate_of,
    passed_action,
)
from aclbench.engine.session import SessionId
from aclbench.workbench.history.branch import Saved
from aclbench.workbench.history.moving import point_of_packet
from aclbench.workbench.history.packets import PacketRow, PacketRows
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.keys import End, hosts, source
from aclbench.workbench.inquiry.packets import NUMBERED_AT_ONCE
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices

#: Flows that are looked at in a slice.
KEYS_AT_ONCE: Final = 16_384


class Wanted(NamedTuple):
    """What is looked for in the past of a packet.

    `sessions` are the keys under which it was looked up on a side of an interface; `opener` is the
    key, on ingress, of the packet the other way that would open a session there (empty: there is no
    such packet), `own` its own. `near` is the end of its own side.
    """

    sw_if_index: int
    is_input: bool
    sessions: tuple[bytes, ...]
    opener: bytes
    own: bytes
    near: End | None


class Gone(NamedTuple):
    """A session that was removed, as it stood then; `at` is the number of the event."""

    at: int
    event: SessionDeleted | SessionRecycled
    timeout_class: int
    timeout: int
    tcp_flags: tuple[int, int]
    last: PacketVerdict | None


@dataclass(frozen=True, slots=True)
class Past:
    """What came before a packet.

    Packets the other way (`opener_...`) and its own way (`own_...`), the first and the last before
    it; `whole`: the last between the same hosts, the same way, that has ports; `other`: the last
    from its own side's end to another far end; `gone`: the session that was removed behind the last
    packet the other way. `is_whole`: it was looked through to the run's beginning.
    """

    opener_first: PacketVerdict | None
    opener_last: PacketVerdict | None
    own_first: PacketVerdict | None
    own_last: PacketVerdict | None
    whole: PacketVerdict | None
    other: PacketVerdict | None
    gone: Gone | None
    is_whole: bool

    def first_with(self, event: PacketVerdict) -> PacketVerdict:
        """The first packet of the connection of a packet, which may be that."""
        found = [each for each in (self.own_first, self.opener_first) if each is not None]
        return min(found, key=lambda each: (each.time, each.number), default=event)

    @property
    def is_silent(self) -> bool:
        """Nothing came the other way in the whole run, and no session was there."""
        return self.is_whole and self.opener_last is None and self.gone is None


class Flows(NamedTuple):
    """Which keys' packets are looked for, as numbers of the columns' keys."""

    opener: NDArray[np.uint32]
    own: NDArray[np.uint32]
    whole: NDArray[np.uint32]
    other: NDArray[np.uint32]


class Places(NamedTuple):
    """Where the packets of a `Past` are among all of the run, from 1; None: there is none.

    `flows` are those that were looked for.
    """

    flows: Flows
    opener_first: int | None
    opener_last: int | None
    own_first: int | None
    own_last: int | None
    whole: int | None
    other: int | None

    @property
    def numbers(self) -> set[int]:
        """All of them."""
        return {number for number in self[1:] if isinstance(number, int)}

    def past(
        self, verdicts: Mapping[int, PacketVerdict], gone: Gone | None, is_whole: bool
    ) -> Past:
        """What came before, given the verdicts on these packets by their numbers."""
        found = self._asdict()
        del found["flows"]
        events = {name: number and verdicts[number] for name, number in found.items()}
        return Past(**events, gone=gone, is_whole=is_whole)


def past_of(stretches: Stretches, number: int, end: Point, wanted: Wanted) -> Slices[Past]:
    """What came before a packet, the one of the run with this number, from 1, which is at `end`.

    Packets are found in the history's columns, and those alone are handled again; so is the part
    of the run in which a session was removed.
    """
    places = yield from places_of(stretches.branch.packets, number, wanted)
    verdicts = yield from stretches.verdicts(places.numbers)
    gone = yield from _removed(stretches, places.flows, number, end, wanted)
    return places.past(verdicts, gone, is_whole(stretches))


def is_whole(stretches: Stretches) -> bool:
    """All packets of the run are kept."""
    return stretches.branch.packets.first <= stretches.first_packet


def places_of(rows: PacketRows, number: int, wanted: Wanted) -> Slices[Places]:
    """Where the packets are that came before one of the run, and are of its past."""
    before = min(number - 1, rows.end)
    yield from number_keys(rows, before)
    flows = yield from _flows(rows, wanted)
    found = (
        rows.first_of(flows.opener, before),
        rows.last_of(flows.opener, before),
        rows.first_of(flows.own, before),
        rows.last_of(flows.own, before),
        rows.last_of(flows.whole, before),
        rows.last_of(flows.other, before),
    )
    return Places(flows, *(index if index is None else index + 1 for index in found))


def number_keys(rows: PacketRows, before: int) -> Slices[None]:
    """Have the keys of the packets up to one numbered."""
    while rows.numbered < before and rows.number_keys(NUMBERED_AT_ONCE):
        yield Progress(rows.numbered - rows.first, before - rows.first, "packets looked at")


def _flows(rows: PacketRows, wanted: Wanted) -> Slices[Flows]:
    """The numbers of the keys that are looked for."""
    numbers = rows.numbers
    opener = numbers.number_of(wanted.opener) if wanted.opener else None
    own = numbers.number_of(wanted.own)
    whole: list[int] = []
    other: list[int] = []
    size, near = len(wanted.own), wanted.near
    has_ports = any(wanted.own[-6:-2])
    both = hosts(wanted.own)
    keys = numbers.keys if near is not None or not has_ports else []
    for begin in range(0, len(keys), KEYS_AT_ONCE):
        for index, key in enumerate(keys[begin : begin + KEYS_AT_ONCE], begin):
            if len(key) != size:
                continue
            if (
                not has_ports
                and key.startswith(both[:-1])
                and (any(key[-6:-2]) or key[-1] & KEY_SLOWPATH)
            ):
                whole += [index] if hosts(key) == both else []
            if near is not None and key.startswith(near.address) and source(key) == near:
                other += [index] if index != opener else []
        yield Progress(begin, len(keys), "flows looked at")
    found = ([opener] if opener is not None else [], [own] if own is not None else [], whole, other)
    return Flows(*(np.array(each, np.uint32) for each in found))


def _removed(
    stretches: Stretches, flows: Flows, number: int, end: Point, wanted: Wanted
) -> Slices[Gone | None]:
    """The session that was removed behind the last packet the other way.

    Behind the last packet that can have made it, it is there until it goes: so the part of the run
    in which it went is found by looking at checkpoints.
    """
    rows = stretches.branch.packets
    before = min(number - 1, rows.end)
    entering, leaving = (flows.own, flows.opener)[:: 1 if wanted.is_input else -1]
    made = [
        rows.last_of(entering, before, lambda reason: _may_have_met(reason, enters=True)),
        rows.last_of(leaving, before, lambda reason: _may_have_met(reason, enters=False)),
    ]
    made_at = max((index for index in made if index is not None), default=None)
    if made_at is None:
        return None
    branch = stretches.branch
    last = [s for s in branch.saved if made_at < s.point.position.packets < number]
    first = branch.nearest(point_of_packet(branch, made_at + 1)._replace(time=-1))
    low, high = 0, len(last)
    while low < high:
        middle = (low + high) // 2
        if (yield from _is_there(stretches, last[middle], wanted)):
            low = middle + 1
        else:
            high = middle
    begin = last[low - 1] if low else first
    end = last[low].point if low < len(last) else end
    removals = Removals(wanted, begin, number)
    yield from stretches.hear(Stretch(begin, end), removals.hear, removals.begin)
    opener_last = rows.last_of(flows.opener, before)
    if removals.gone is None or (opener_last is not None and opener_last >= removals.packets):
        return None
    return removals.gone


def last_that_met(rows: PacketRows, flows: Flows, packets: int, wanted: Wanted) -> int | None:
    """The last packet of a session at a side of an interface, from 1: among the first `packets`.

    It hit the session there, or made it.
    """
    found: list[int] = []
    for keys, enters in ((flows.own, wanted.is_input), (flows.opener, not wanted.is_input)):
        end = packets
        while (index := rows.last_of(keys, end)) is not None:
            if has_met(rows.row(index), wanted.sw_if_index, enters):
                found.append(index + 1)
                break
            end = index
    return max(found, default=None)


def has_met(row: PacketRow, sw_if_index: int, enters: bool) -> bool:
    """A packet made a session, or hit one, at the input or the output node of an interface."""
    where = read_way(row.way)
    if enters:
        return row.rx == sw_if_index and where.input_action >= passed_action(NEW_SESSION)
    is_output = not row.reason & NODE_INPUT and passed_action(row.reason) >= passed_action(
        NEW_SESSION
    )
    return is_output and where.tx == sw_if_index


def has_made(row: PacketRow, enters: bool) -> bool:
    """A packet made the session that it met there."""
    made = passed_action(NEW_SESSION)
    return (read_way(row.way).input_action if enters else passed_action(row.reason)) == made


def _may_have_met(reason: int, enters: bool) -> bool:
    """A packet with this last reason may have met the session's node, entering or leaving there."""
    if reason & KIND_MASK <= LAST_DENY:
        return enters and not reason & NODE_INPUT
    return enters or fate_of(reason) not in ("dropped", "malformed")


def _is_there(stretches: Stretches, saved: Saved, wanted: Wanted) -> Slices[bool]:
    """Whether a session was there at a checkpoint."""
    there = yield from stretches.begin(Stretch(saved, saved.point))
    with closing(there.rig):
        interfaces = there.rig.machine.am.interfaces
        index = wanted.sw_if_index
        interface = interfaces[index] if 0 <= index < len(interfaces) else None
        found = interface is not None and any(
            reading.find(interface, key) is not None for key in wanted.sessions
        )
        yield from there.rig.closing()
    return found


class Removals:
    """Hears a stretch, and keeps the last removal of a session ahead of a packet.

    `packets`: how many packets had been done by then.
    """

    def __init__(self, wanted: Wanted, saved: Saved, number: int) -> None:
        self.gone: Gone | None = None
        self.packets = 0
        self._wanted, self._stop = wanted, number
        self._at = saved.checkpoint.events
        self._handled = saved.point.position.packets
        self._rig: Rig | None = None
        self._last: dict[SessionId, PacketVerdict] = {}

    def begin(self, there: Replay) -> Iterator[None]:
        """The stretch begins, on this rig."""
        self._rig = there.rig
        yield

    def hear(self, event: TraceEvent) -> None:
        """Keep what belongs to it."""
        self._at += 1
        if isinstance(event, PacketVerdict):
            self._handled += 1
            if event.key in (self._wanted.own, self._wanted.opener):
                self._last |= {c.session: event for c in event.checks if c.session is not None}
        elif isinstance(event, SessionDeleted | SessionRecycled) and self._handled < self._stop:
            wanted = self._wanted
            if event.sw_if_index == wanted.sw_if_index and event.key in wanted.sessions:
                assert self._rig is not None
                last = self._last.get(SessionId(event.thread_index, event.session_index))
                self.gone = as_it_stood(self._rig, event, self._at, last)
                self.packets = self._handled


def as_it_stood(
    rig: Rig, event: SessionDeleted | SessionRecycled, at: int, last: PacketVerdict | None
) -> Gone:
    """A session that was freed this very moment, so that its slot still has its flags."""
    am = rig.machine.am
    session = reading.slot_at(am.workers[event.thread_index], event.session_index)
    timeout_class = reading.timeout_class(am, session)
    flags = session.tcp_flags_seen_in, session.tcp_flags_seen_out
    return Gone(at, event, timeout_class, am.session_timeout[timeout_class], flags, last)


def first_behind(stretches: Stretches, number: int, key: bytes) -> Slices[PacketVerdict | None]:
    """The first packet with this key behind the one of the run with this number, from 1."""
    rows = stretches.branch.packets
    while rows.number_keys(NUMBERED_AT_ONCE):
        yield Progress(rows.numbered - rows.first, len(rows), "packets looked at")
    known = rows.numbers.number_of(key)
    if known is None:
        return None
    index = rows.first_of(np.array([known], np.uint32), rows.end, number)
    if index is None:
        return None
    return (yield from stretches.verdicts({index + 1}))[index + 1]
