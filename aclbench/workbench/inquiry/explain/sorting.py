"""Sorts the packets of a run that did not pass into classes, by what is cheap to see of each.

They are found in the history's columns, many at a time. A rig runs along, which does not hear of
packets: it has the rules and routes as they were, and tells of the sessions that may matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine import reading
from aclbench.engine.events import SessionRecycled, TraceEvent
from aclbench.engine.outcomes import INPUT_BITS, INPUT_SHIFT, TX_BITS
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_VALID,
    KEY_IS_INPUT,
    PROTO_ICMP,
    PROTO_ICMP6,
    TCP_ACK,
    TCP_SYN,
    destination,
)
from aclbench.engine.reasons import (
    EXISTING_SESSION,
    FATES,
    KIND_MASK,
    KINDS,
    LAST_CHECK,
    LAST_DENY,
    NEW_SESSION,
    NODE_INPUT,
    SAME_SIDE,
    Fate,
    passed_action,
)
from aclbench.workbench.history.packets import Rows
from aclbench.workbench.inquiry.explain.keys import Crafted, mirror, session_keys
from aclbench.workbench.inquiry.explain.keytable import (
    KEYS_AT_ONCE,
    NO_KEY,
    KeyTable,
    Numbers,
)
from aclbench.workbench.inquiry.explain.latest import Latest
from aclbench.workbench.inquiry.explain.openers import WHAT_IT_MET, met_by
from aclbench.workbench.inquiry.explain.rules import near_rules
from aclbench.workbench.inquiry.explain.scene import Place, interface_of
from aclbench.workbench.inquiry.explain.sessionstold import Removed, SessionsTold
from aclbench.workbench.inquiry.explain.sides import is_to_itself
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.inputs import Run, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices

#: Fates of the packets that are sorted.
NOT_PASSED: Final[tuple[Fate, ...]] = ("denied", "dropped", "malformed")
#: Packets that are sorted in a slice, about.
PACKETS_AT_ONCE: Final = 8192
#: Rules are held against so many packets, to tell classes apart; beyond it they are not.
_MAX_RULE_CHECKS: Final = 20_000
#: By the kind of a reason: whether the packet did not pass, and which fate it had.
_IS_NOT_PASSED: Final = np.array([KINDS[kind][0] in NOT_PASSED for kind in range(len(KINDS))])
_FATES: Final = np.array([FATES.index(KINDS[kind][0]) for kind in range(len(KINDS))])
#: From this action of a node on a session is there.
_MADE: Final = passed_action(NEW_SESSION)
_TX_MASK: Final = (1 << TX_BITS) - 1
_INPUT_MASK: Final = (1 << INPUT_BITS) - 1
#: No packet, no interface, no rule.
_NONE: Final = -1
#: What tells packets with one key apart: of the TCP flags two.
_BOTH: Final = TCP_SYN | TCP_ACK

NearRule = tuple[int, int, str]


@dataclass(slots=True, eq=False)
class DeniedAt:
    """Where a node denied a packet, and the session that was removed before, if one was."""

    place: Place
    removed: Removed | None


@dataclass(slots=True, eq=False)
class PacketClass:
    """Packets that look alike: how many, and the first of them, its place in the run from 1.

    `denied` None: it was no acl node. `nearly` is what classes have in common that mostly have one
    cause.
    """

    ordinal: int
    reason: int
    denied: DeniedAt | None
    nearly: tuple[Any, ...]
    packets: int = 0


def not_passed(part: Rows) -> NDArray[np.bool_]:
    """Which of these packets did not pass."""
    found: NDArray[np.bool_] = _IS_NOT_PASSED[part["reason"] & KIND_MASK]
    return found


class Sorter:
    """Sorts the packets from `begin` up to `end`, whose keys are numbered."""

    def __init__(self, stretches: Stretches, begin: int, end: int) -> None:
        self.classes: dict[tuple[Any, ...], PacketClass] = {}
        self._stretches, self._rows = stretches, stretches.branch.packets
        self._at = self._begin = begin
        self._end = end
        self._keys = self._rows.numbers.keys
        count = len(self._keys)
        self._table = KeyTable(self._rows.numbers)
        self._first = np.full(count, end, np.int64)
        #: By key the latest packet; and by hosts that a fragment is between.
        self._latest, self._latest_whole = Latest(count), Latest(0)
        #: By key, whether a session may have been made for it; by key, whether packets were denied.
        self._may_have_session = np.zeros(count, np.bool_)
        self._is_denied = np.zeros(count, np.bool_)
        self._sessions = SessionsTold(set(), is_all=False)
        #: The keys that sessions of a packet, and of those the other way, may have: half and half.
        self._session_keys: dict[int, tuple[bytes, ...]] = {}
        #: Under the rules as they are: the nearest rules, and by key its number, 0 for none; by
        #: key and by destination the interface that it leads to.
        self._near: list[NearRule | None] = [None]
        self._near_of = np.zeros(count, np.int64)
        self._leads = np.full(count, _NONE - 1, np.int64)
        self._leads_to: dict[bytes, int] = {}
        self._rule_checks = 0
        #: Of rows of the part in hand: the session that was removed.
        self._removed_of: dict[int, Removed] = {}
        #: How many packets the rig had done when it was told to keep them anew.
        self._kept_from = 0

    def sort(self) -> Slices[None]:
        """Sort them all."""
        yield from self._look_through()
        yield from self._table.fill(np.flatnonzero(self._is_denied))
        self._latest_whole = Latest(len(self._table.hosts))
        yield from self._sort()
        self._at = self._end
        yield self._progress()

    def _progress(self) -> Progress:
        return Progress(self._at - self._begin, self._end - self._begin, "packets looked at")

    def _look_through(self) -> Slices[None]:
        """See which keys have denied packets, and which made sessions."""
        begin = self._begin
        while begin < self._end:
            part = self._rows.block(begin, self._end)
            key, kind = part["key"], part["reason"] & KIND_MASK
            self._first[key[::-1]] = np.minimum(
                self._first[key[::-1]], np.arange(begin + len(part) - 1, begin - 1, -1)
            )
            self._is_denied[key[kind <= LAST_DENY]] = True
            has_made = (kind == NEW_SESSION) | (kind == EXISTING_SESSION)
            has_made |= (part["way"] >> INPUT_SHIFT & _INPUT_MASK) >= _MADE
            self._may_have_session[key[has_made]] = True
            begin += len(part)
            yield None

    def _sort(self) -> Slices[None]:
        """Run along, from one change of the rules to the next."""
        branch, first = self._stretches.branch, self._stretches.branch.saved[0]
        there = yield from self._stretches.begin(Stretch(first, self._stretches.begun_at))
        with closing(there.rig):
            yield from self._begin_sessions(there.rig, first.checkpoint.events)
            end = self._stretches.begun_at
            commands = [
                branch.starts[index]
                for index in range(end.op)
                if not isinstance(branch.ops[index], Run | Steps)
            ]
            for point in (*commands, end):
                for _ in there.run_to(point):
                    if there.rig.driver.packets_handled - self._at >= PACKETS_AT_ONCE:
                        self._take(there.rig)
                    yield self._progress()
                self._take(there.rig)
                self._forget_rules()
            yield from there.rig.closing()

    def _begin_sessions(self, rig: Rig, events: int) -> Slices[None]:
        """Listen for the sessions that may matter, if there are any."""
        table, denied = self._table, np.flatnonzero(self._is_denied)
        is_all = rig.machine.am.live_sessions() > 0
        opener = table.opener[denied]
        may = self._may_have_session[denied] | is_all
        may |= (opener != NO_KEY) & self._may_have_session[opener]
        is_icmp = np.zeros(len(denied), np.bool_)
        if self._may_have_session.any():
            is_icmp = np.isin(table.proto[denied], (PROTO_ICMP, PROTO_ICMP6))
        self._may_have_session[:] = False
        self._may_have_session[denied[may | is_icmp]] = True
        keys: set[bytes] = set()
        numbers = np.flatnonzero(self._may_have_session)
        for begin in range(0, len(numbers), KEYS_AT_ONCE):
            for number in numbers[begin : begin + KEYS_AT_ONCE].tolist():
                self._session_keys[number] = wanted = _keys_of(self._keys[number])
                keys.update(wanted)
            yield None
        self._sessions = SessionsTold(keys, is_all)
        for worker in rig.machine.am.workers if is_all else ():
            for row in reading.sessions_in(worker):
                self._sessions.add(row.sw_if_index, row.key)
            yield None
        self._keep_anew(rig)
        number, begun = events, rig.driver.packets_handled

        def hear(event: TraceEvent) -> None:
            nonlocal number
            number += 1
            packets = self._kept_from + rig.packets_kept
            self._sessions.hear(rig, event, number + packets - begun, packets)

        if keys or is_all:
            rig.hear(hear, of_packets=False)

    def _forget_rules(self) -> None:
        """A command comes, which may change rules and routes."""
        self._near, self._near_of[:] = [None], 0
        self._leads[:] = _NONE - 1
        self._leads_to.clear()

    def _take(self, rig: Rig) -> None:
        """Sort the packets that a rig has done since the last time."""
        end = min(rig.driver.packets_handled, self._end)
        while self._at < end:
            part = self._rows.block(self._at, end)
            reason = part["reason"]
            kind = reason & KIND_MASK
            bad = not_passed(part)
            if bad.any():
                self._sort_ended(part, np.flatnonzero(bad & (kind > LAST_DENY)))
                self._sort_denied(rig, part, np.flatnonzero(bad & (kind <= LAST_DENY)))
            keys = part["key"].astype(np.int64)
            self._latest.note(self._at, part, keys)
            if self._table.hosts:
                self._latest_whole.note(self._at, part, self._table.whole_of[keys])
            self._at += len(part)
        self._sessions.go_to(rig.driver.packets_handled - 1)
        self._sessions.forget_told()
        self._keep_anew(rig)

    def _keep_anew(self, rig: Rig) -> None:
        self._kept_from = rig.driver.packets_handled
        rig.keep_packets()

    def _sort_ended(self, part: Rows, row: Numbers) -> None:
        """Packets that no acl node denied: by reason and interface alone."""
        if not len(row):
            return
        itself = np.zeros(len(row), np.int64)
        for index in np.flatnonzero(part["reason"][row] & KIND_MASK == SAME_SIDE).tolist():
            itself[index] = is_to_itself(self._keys[part["key"][row[index]]])
        looks = np.column_stack((part["reason"][row], part["rx"][row], itself))
        for at, count in _distinct(looks):
            reason, rx, to_itself = looks[at].tolist()
            is_one_side = reason & KIND_MASK == SAME_SIDE
            which = (reason, rx, to_itself) if is_one_side else (reason, rx)
            found = self._class(which, int(row[at]), reason, None, (reason & KIND_MASK,))
            found.packets += count

    def _sort_denied(self, rig: Rig, part: Rows, row: Numbers) -> None:
        """By what tells causes apart, as far as it is cheap."""
        if not len(row):
            return
        begin, table, latest = self._at, self._table, self._latest
        keys = part["key"].astype(np.int64)
        key, reason = keys[row], part["reason"][row]
        rx, flags = part["rx"][row].astype(np.int64), part["flags"][row].astype(np.int64)
        is_input = (reason & NODE_INPUT) != 0
        place = np.where(is_input, rx, self._leads_of(rig, key))
        opener = table.opener[key]
        opener_at = latest.before(begin, keys, opener, row)
        opener_reason, what = self._met(rig, part, is_input, place, opener, opener_at)
        own_at = latest.before(begin, keys, key, row)
        own_fate = _fates(latest.field("reason", begin, part, key, own_at), own_at)
        is_fragment = (flags & INFO_NONFIRST_FRAGMENT) != 0
        is_tcp = (flags & INFO_TCP_FLAGS_VALID) != 0
        looks = np.column_stack(
            (
                reason,
                rx,
                place,
                is_fragment,
                is_tcp & (flags & _BOTH == TCP_SYN),
                is_tcp & (flags & _BOTH == _BOTH),
                table.proto[key],
                self._nearest_rules(rig, key, rx, flags, place, is_input),
                what,
                opener_reason,
                own_fate,
                np.where(is_fragment, self._whole_fate(part, keys, key, row), _NONE),
                (opener_at == _NONE) & self._came(table.from_target[key], begin + row),
                *self._sessions_of(key, flags, place, is_input, opener_at, begin + row),
            )
        )
        for at, count in _distinct(looks):
            found = self._class_of_denied(looks[at].tolist(), int(row[at]))
            found.packets += count

    def _class_of_denied(self, looks: list[int], row: int) -> PacketClass:
        reason, _, place, is_fragment, *_, near = looks[:8]
        what, (gone, _, is_elsewhere) = looks[8], looks[-3:]
        nearest = self._near[near]
        which = (*looks[:7], nearest, *looks[8:])
        removed = self._removed_of.get(row) if gone else None
        denied = DeniedAt(Place(place, bool(reason & NODE_INPUT)), removed)
        nearly = (reason & KIND_MASK, is_fragment, nearest, what, gone, is_elsewhere)
        return self._class(which, row, reason, denied, nearly)

    def _class(
        self,
        which: tuple[Any, ...],
        row: int,
        reason: int,
        denied: DeniedAt | None,
        nearly: tuple[Any, ...],
    ) -> PacketClass:
        found = self.classes.get(which)
        if found is None:
            ordinal = self._at + row + 1
            found = self.classes[which] = PacketClass(ordinal, reason, denied, nearly)
        return found

    def _whole_fate(self, part: Rows, keys: Numbers, key: Numbers, row: Numbers) -> Numbers:
        """The fate of the last packet with ports between the same hosts, the same way."""
        table, latest, begin = self._table, self._latest_whole, self._at
        if not table.hosts:
            return np.full(len(key), _NONE)
        host = table.whole[key]
        at = latest.before(begin, table.whole_of[keys], host, row)
        return _fates(latest.field("reason", begin, part, host, at), at)

    def _came(self, key: Numbers, row: Numbers) -> NDArray[np.bool_]:
        """Whether a packet with each key came ahead of each row of the run."""
        came: NDArray[np.bool_] = (key != NO_KEY) & (self._first[key] < row)
        return came

    def _leads_of(self, rig: Rig, key: Numbers) -> Numbers:
        """The interfaces that the destinations of keys lead to, by the routes as they are."""
        for number in np.unique(key[self._leads[key] < _NONE]).tolist():
            address = destination(self._keys[number])
            leads = self._leads_to.get(address)
            if leads is None:
                leads = self._leads_to[address] = interface_of(rig, address)
            self._leads[number] = leads
        return self._leads[key]

    def _met(
        self,
        rig: Rig,
        part: Rows,
        is_input: NDArray[np.bool_],
        place: Numbers,
        opener: Numbers,
        opener_at: Numbers,
    ) -> tuple[Numbers, Numbers]:
        """The reason of the last packet the other way, and what became of it where it would have
        opened a session, as a number; none: 0 and `_NONE`."""
        reasons, what = np.zeros(len(place), np.int64), np.full(len(place), _NONE, np.int64)
        there = np.flatnonzero(opener_at != _NONE)
        if not len(there):
            return reasons, what
        of, at = opener[there], opener_at[there]
        fields = (self._latest.field(n, self._at, part, of, at) for n in ("reason", "rx", "way"))
        reason, rx, way = fields
        reasons[there] = reason
        leads = (way & _TX_MASK) - 1
        lost = leads == _NONE
        leads[lost] = self._leads_of(rig, of[lost])
        at_output = is_input[there]  # the other side of the interface
        kind, action = reason & KIND_MASK, way >> INPUT_SHIFT & _INPUT_MASK
        by_input = (reason & NODE_INPUT) != 0
        on_input = np.where(action > 0, action + LAST_DENY, _NONE)
        on_input = np.where(by_input & (kind <= LAST_DENY), kind, on_input)
        on_output = np.where(~by_input & (kind <= LAST_CHECK), kind, _NONE)
        said = np.where(at_output, on_output, on_input)
        looks = np.column_stack((reason, rx, said, leads, place[there], at_output))
        distinct, which = np.unique(looks, axis=0, return_inverse=True)
        found = [
            WHAT_IT_MET.index(met_by(r, x, k if k >= 0 else None, to, on, not is_output))
            for r, x, k, to, on, is_output in distinct.tolist()
        ]
        what[there] = np.array(found)[which.ravel()]
        return reasons, what

    def _nearest_rules(
        self,
        rig: Rig,
        key: Numbers,
        rx: Numbers,
        flags: Numbers,
        place: Numbers,
        is_input: NDArray[np.bool_],
    ) -> Numbers:
        """For each packet the number of the rule that is nearest to letting it pass; 0: unknown."""
        if self._rule_checks < _MAX_RULE_CHECKS:
            new = np.flatnonzero((self._near_of[key] == 0) & (place >= 0))
            _, firsts = np.unique(key[new], return_index=True)
            for at in new[np.sort(firsts)].tolist():
                if self._rule_checks >= _MAX_RULE_CHECKS:
                    break
                packet = Crafted(int(rx[at]), self._keys[key[at]], int(flags[at]))
                near = self._nearest_rule(rig, packet, Place(int(place[at]), bool(is_input[at])))
                if near not in self._near:
                    self._near.append(near)
                self._near_of[key[at]] = self._near.index(near)
        return self._near_of[key]

    def _nearest_rule(self, rig: Rig, packet: Crafted, place: Place) -> NearRule:
        am = rig.machine.am
        interface = am.interface(place.sw_if_index)
        acls = interface.input_acls if place.is_input else interface.output_acls
        self._rule_checks += sum(len(am.acls[n].rules) for n in acls if n in am.acls)
        rules = near_rules(rig, acls, packet)
        if not rules:
            return _NONE, _NONE, ""
        return rules[0].acl_index, rules[0].rule_index, rules[0].field

    def _sessions_of(
        self,
        key: Numbers,
        flags: Numbers,
        place: Numbers,
        is_input: NDArray[np.bool_],
        opener_at: Numbers,
        row: Numbers,
    ) -> NDArray[np.int64]:
        """Of each packet three numbers: how its session was removed (0: it was not) and of which
        class it was, and whether one is on another interface."""
        found = np.zeros((3, len(key)), np.int64)
        found[1] = _NONE
        sessions = self._sessions
        self._removed_of.clear()
        for at in np.flatnonzero(self._may_have_session[key]).tolist():
            number, on = int(key[at]), int(place[at])
            wanted = self._session_keys[number]
            sessions.go_to(int(row[at]))
            looked_up = wanted[: len(wanted) // 2] if is_input[at] else wanted[len(wanted) // 2 :]
            removed = sessions.removed(on, looked_up, int(opener_at[at]))
            if removed is not None:
                self._removed_of[int(row[at]) - self._at] = removed
                found[0, at] = 1 + isinstance(removed.gone.event, SessionRecycled)
                found[1, at] = removed.gone.timeout_class
            found[2, at] = sessions.is_elsewhere(on, wanted)
        return found


def _keys_of(key: bytes) -> tuple[bytes, ...]:
    """The keys that sessions of a packet, and of those the other way, may have."""
    info = INFO_ICMP if key[-1] & KEY_IS_INPUT else 0
    return session_keys(key, info) + session_keys(mirror(key, info), info)


def _fates(reason: Numbers, at: Numbers) -> Numbers:
    """The fates of packets with these reasons; `_NONE` where there is no packet."""
    return np.where(at == _NONE, _NONE, _FATES[reason & KIND_MASK])


def _distinct(looks: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Of rows that are alike: the first one's place, and how many there are; in order."""
    _, first, counts = np.unique(looks, axis=0, return_index=True, return_counts=True)
    for at in np.argsort(first).tolist():
        yield int(first[at]), int(counts[at])
