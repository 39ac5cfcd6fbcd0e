"""All packets that did not pass, grouped by cause, with an example of each.

The run is heard once. What is cheap to see of a packet and of what came before it sorts it into a
class; one packet of each class is explained, and classes with the same cause are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.packet import INFO_LENGTH_SHIFT, INFO_TCP_FLAGS_MASK, TCP_ACK, TCP_SYN
from aclbench.engine.reasons import KIND_MASK, SAME_SIDE, Fate, fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.history.history import History
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.causes import KINDS
from aclbench.workbench.inquiry.explain.finding import Found
from aclbench.workbench.inquiry.explain.gathering import Gatherer, Recent
from aclbench.workbench.inquiry.explain.keys import (
    Crafted,
    answers,
    is_fragment,
    mirror,
    opens,
    session_keys,
)
from aclbench.workbench.inquiry.explain.openers import met
from aclbench.workbench.inquiry.explain.packet import explain_found, namer
from aclbench.workbench.inquiry.explain.past import Past, Wanted
from aclbench.workbench.inquiry.explain.rules import near_rules
from aclbench.workbench.inquiry.explain.scene import Place, denied_at, wanted_of
from aclbench.workbench.inquiry.explain.sides import is_to_itself
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.packets import frame_sent
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices

#: So many classes are explained; others go with one that looks nearly the same. In a long run an
#: example takes long, since what came before it has to be run again.
MAX_EXAMPLES: Final = 48
LONG_RUN: Final = 200_000
MAX_EXAMPLES_OF_LONG_RUN: Final = 16
#: Rules are held against so many packets, to tell classes apart; beyond it they are not.
_MAX_RULE_CHECKS: Final = 20_000
#: Kinds of causes that are another one with another rule.
_BY_RULE: Final = ("near rule", "late", "port rule", "rule", "changed", "request denied")
#: What is kept of denied flows takes more room than what is kept of all, and can be made again.
_DENIALS_SHARE: Final = 2
_NOT_PASSED: Final = ("denied", "dropped", "malformed")
#: What tells packets of a flow apart in the info word: no length, and of the TCP flags two.
_SHAPE: Final = ((1 << INFO_LENGTH_SHIFT) - 1) & ~INFO_TCP_FLAGS_MASK | TCP_SYN | TCP_ACK


@dataclass(frozen=True, slots=True)
class Group:
    """Packets that did not pass for one cause: what it is, how many, and one of them explained.

    `reasons` are those of the verdicts; `first` is the place of the first packet, which is the
    example, among all of the run. `example` None: there were too many kinds to explain each.
    """

    kind: str
    title: str
    fate: Fate
    reasons: tuple[str, ...]
    packets: int
    first: int
    example: Explanation | None


@dataclass(frozen=True, slots=True)
class Groups:
    """All of them, those with the most packets first; `handled` packets were looked at."""

    handled: int
    groups: tuple[Group, ...]

    @property
    def packets(self) -> int:
        """How many did not pass."""
        return sum(group.packets for group in self.groups)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        rows = []
        for group in self.groups:
            example = group.example.to_json() if group.example is not None else None
            row = {
                name: getattr(group, name)
                for name in ("kind", "title", "fate", "reasons", "packets")
            }
            rows.append({**row, "example": example})
        return {"handled": self.handled, "packets": self.packets, "groups": rows}


@dataclass(slots=True, eq=False)
class _Class:
    """Packets that look alike: how many, and the first of them with what came before it.

    `past` None: that has to be found. `nearly` is what classes have in common that mostly have one
    cause.
    """

    ordinal: int
    event: PacketVerdict
    past: Past | None
    nearly: tuple[Any, ...]
    packets: int = 0


@dataclass(slots=True, eq=False)
class _Denials:
    """Packets with one key that one node denied for one reason: what stays the same for them.

    `met`: what became of `opener`, the last packet the other way. `classes`: by what changes.
    """

    wanted: Wanted
    is_fragment: bool
    fixed: tuple[Any, ...]
    nearest: tuple[int, int, str] | None
    elsewhere: tuple[bytes, ...]
    opener: PacketVerdict | None = None
    met: str = ""
    classes: dict[tuple[Any, ...], _Class] = field(default_factory=dict)


class _Sorter:
    """Hears a run, and sorts the packets that did not pass."""

    def __init__(self, ordinal: int) -> None:
        self.ordinal = ordinal
        self.classes: dict[tuple[Any, ...], _Class] = {}
        self._gatherer = Gatherer()
        self._denials: Recent[tuple[Any, ...], _Denials] = Recent(_DENIALS_SHARE)
        self._nearest: Recent[bytes, tuple[int, int, str]] = Recent()
        self._rule_checks = 0

    def begin(self, there: Replay) -> Iterator[None]:
        """The run begins, on this rig."""
        self._gatherer.rig = there.rig
        yield

    def hear(self, event: TraceEvent) -> None:
        """Sort a packet that did not pass; keep what may tell of a later one."""
        if isinstance(event, PacketVerdict):
            self.ordinal += 1
            if fate_of(event.reason) in _NOT_PASSED:
                self._class_of(event).packets += 1
        self._gatherer.hear(event)

    def _class_of(self, event: PacketVerdict) -> _Class:
        rig = self._gatherer.rig
        assert rig is not None
        which = event.key, event.reason, event.rx, event.info & _SHAPE
        denials = self._denials.get(which)
        if denials is None and (place := denied_at(rig, event)) is not None:
            denials = self._denials[which] = self._meet(rig, event, place)
        if denials is not None:
            return self._class_of_denied(rig, event, denials)
        kind = event.reason & KIND_MASK
        looks: tuple[Any, ...] = (event.reason, event.rx)
        if kind == SAME_SIDE:
            looks = (*looks, is_to_itself(event))
        found = self.classes.get(looks)
        if found is None:
            found = self.classes[looks] = _Class(self.ordinal, event, None, (kind,))
        return found

    def _class_of_denied(self, rig: Rig, event: PacketVerdict, denials: _Denials) -> _Class:
        """By what tells causes apart, as far as it is cheap."""
        wanted, gatherer = denials.wanted, self._gatherer
        opener, own = gatherer.flows.get(wanted.opener), gatherer.flows.get(wanted.own)
        last = None if opener is None else opener.last
        if last is not None and last is not denials.opener:
            denials.opener = last
            denials.met = met(rig, last, wanted.sw_if_index, not wanted.is_input)
        gone = gatherer.gone(wanted)
        seen = (
            denials.met,
            type(gone.event) if gone is not None else None,
            _is_elsewhere(rig, denials),
        )
        finer = (
            last.reason if last is not None else 0,
            gone.timeout_class if gone is not None else -1,
            fate_of(own.last.reason) if own is not None else "",
            denials.is_fragment and gatherer.whole(wanted) is not None,
            wanted.near is not None and gatherer.other(wanted) is not None,
        )
        found = denials.classes.get((seen, finer))
        if found is None:
            looks = (*denials.fixed, denials.nearest, *seen, *finer)
            found = self.classes.get(looks)
            if found is None:
                past = gatherer.past(wanted) if gatherer.is_whole else None
                nearly = (event.reason & KIND_MASK, denials.is_fragment, denials.nearest, *seen)
                found = self.classes[looks] = _Class(self.ordinal, event, past, nearly)
            denials.classes[seen, finer] = found
        return found

    def _meet(self, rig: Rig, event: PacketVerdict, place: Place) -> _Denials:
        info = event.info
        looks = opens(info), answers(info), event.key[-2]
        keys = session_keys(event.key, info) + session_keys(mirror(event.key, info), info)
        return _Denials(
            wanted_of(place, event.key, info),
            is_fragment(info),
            (event.reason, event.rx, place, is_fragment(info), *looks),
            self._nearest_rule(rig, event, place),
            keys,
        )

    def _nearest_rule(
        self, rig: Rig, event: PacketVerdict, place: Place
    ) -> tuple[int, int, str] | None:
        found = self._nearest.get(event.key)
        if found is not None or self._rule_checks >= _MAX_RULE_CHECKS or place.sw_if_index < 0:
            return found
        am = rig.machine.am
        interface = am.interface(place.sw_if_index)
        acls = interface.input_acls if place.is_input else interface.output_acls
        self._rule_checks += sum(len(am.acls[n].rules) for n in acls if n in am.acls)
        rules = near_rules(rig, acls, Crafted(event.rx, event.key, event.info))
        found = (-1, -1, "")
        if rules:
            found = (rules[0].acl_index, rules[0].rule_index, rules[0].field)
        self._nearest[event.key] = found
        return found


def _is_elsewhere(rig: Rig, denials: _Denials) -> bool:
    """A session of the packet, or of those the other way, is on another interface."""
    for interface in rig.machine.am.interfaces:
        if interface is not None and interface.sw_if_index != denials.wanted.sw_if_index:
            for key in denials.elsewhere:
                if reading.find(interface, key) is not None:
                    return True
    return False


def reasons_so_far(history: History) -> list[tuple[int, int]]:
    """The reasons of the packets of the run so far that did not pass, with how many each has."""
    found: dict[int, int] = {}
    for rows in history.branch.packets.parts(history.cursor.position.packets):
        reasons, counts = np.unique(rows["reason"], return_counts=True)
        for reason, count in zip(reasons.tolist(), counts.tolist(), strict=True):
            if fate_of(reason) in _NOT_PASSED:
                found[reason] = found.get(reason, 0) + count
    return sorted(found.items(), key=lambda each: -each[1])


def explain_all(history: History) -> Slices[Groups]:
    """Group the packets of the run so far that did not pass by cause; explain one of each."""
    stretches = Stretches(history)
    branch, end = stretches.branch, stretches.begun_at
    first = branch.saved[0]
    begun = first.point.position.packets
    total = max(end.position.packets - begun, 0)
    sorter = _Sorter(begun)
    for _ in stretches.hear(Stretch(first, end), sorter.hear, sorter.begin):
        yield Progress(sorter.ordinal - begun, total, "packets looked at")
    classes = _to_explain(sorter.classes.values())
    most = MAX_EXAMPLES if sorter.ordinal - begun < LONG_RUN else MAX_EXAMPLES_OF_LONG_RUN
    name = namer(history.here.rig, branch)
    groups: dict[int, Group] = {}
    alike: dict[tuple[Any, ...], Explanation] = {}
    for number, each in enumerate(classes):
        yield Progress(number, len(classes), "causes explained")
        example = alike.get(each.nearly)
        if number < most:
            frame = frame_sent(history.here.rig, branch, each.event)
            packet = Found(each.ordinal, each.event, name(each.event), frame)
            example = yield from explain_found(history, stretches, packet, each.past)
            alike.setdefault(each.nearly, example)
        groups[each.ordinal] = _group(each, example)
    in_order = [groups[ordinal] for ordinal in sorted(groups)]
    return Groups(sorter.ordinal - begun, tuple(_by_cause(in_order)))


def _to_explain(classes: Iterable[_Class]) -> list[_Class]:
    """One of each that look nearly the same, then the others; of each those with most packets."""
    ahead: dict[tuple[Any, ...], _Class] = {}
    by_count = sorted(classes, key=lambda each: -each.packets)
    behind = [each for each in by_count if ahead.setdefault(each.nearly, each) is not each]
    return [*ahead.values(), *behind]


def _group(each: _Class, example: Explanation | None) -> Group:
    reason = each.event.reason
    kind = example.causes[0].kind if example is not None and example.causes else ""
    title = KINDS[kind] if kind else "not looked into: there are too many kinds"
    if kind == "not forwarded":
        title = reason_text(reason)
    reasons = (reason_text(reason),)
    return Group(kind, title, fate_of(reason), reasons, each.packets, each.ordinal, example)


def _by_cause(groups: list[Group]) -> list[Group]:
    """Classes with one cause put together, the most packets first; the example is the earliest."""
    found: dict[tuple[Any, ...], Group] = {}
    for group in groups:
        cause = group.example.causes[0] if group.example is not None else None
        key: tuple[Any, ...] = (group.kind, group.title, group.fate)
        if cause is not None and group.kind in _BY_RULE:
            rule = cause.rule
            key += group.reasons if rule is None else (rule.acl_index, rule.rule_index, rule.field)
        before = found.get(key)
        if before is not None:
            reasons = tuple(dict.fromkeys((*before.reasons, *group.reasons)))
            packets = before.packets + group.packets
            group = replace(before, reasons=reasons, packets=packets)
        found[key] = group
    return sorted(found.values(), key=lambda group: -group.packets)


def summary(found: Groups) -> str:
    """How many did not pass, in a line."""
    if not found.groups:
        return f"all of {counted(found.handled, 'packet')} passed"
    return (
        f"{found.packets:,} of {counted(found.handled, 'packet')} did not pass, for "
        f"{counted(len(found.groups), 'cause')}"
    )
