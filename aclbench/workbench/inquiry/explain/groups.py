"""All packets that did not pass, grouped by cause, with an example of each.

The run is heard once. What is cheap to see of a packet and of what came before it sorts it into a
class; one packet of each class is explained, and classes with the same cause are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import KIND_MASK, SAME_SIDE, Fate, fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.history.history import History
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.causes import KINDS
from aclbench.workbench.inquiry.explain.finding import Found
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
from aclbench.workbench.inquiry.explain.past import Gatherer, Past
from aclbench.workbench.inquiry.explain.rules import near_rules
from aclbench.workbench.inquiry.explain.scene import Place, denied_at, wanted_of
from aclbench.workbench.inquiry.explain.sides import is_to_itself
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.packets import frame_sent
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices

#: So many classes are explained; others go with one that looks nearly the same.
MAX_EXAMPLES: Final = 48
#: Rules are held against so many packets, to tell classes apart; beyond it they are not.
_MAX_RULE_CHECKS: Final = 200_000
#: Kinds of causes that are another one with another rule.
_BY_RULE: Final = ("near rule", "late", "port rule", "rule", "changed", "request denied")
_NOT_PASSED: Final = ("denied", "dropped", "malformed")


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


@dataclass(slots=True)
class _Class:
    """Packets that look alike: how many, and the first of them with what came before it.

    `nearly` is what classes have in common that mostly have one cause.
    """

    ordinal: int
    event: PacketVerdict
    past: Past | None
    nearly: tuple[Any, ...]
    packets: int = 0


@dataclass(slots=True)
class _Sorter:
    """Hears a run, and sorts the packets that did not pass."""

    gatherer: Gatherer
    ordinal: int
    classes: dict[tuple[Any, ...], _Class] = field(default_factory=dict)
    rig: Rig | None = None
    rule_checks: int = 0
    nearest: dict[bytes, tuple[int, int, str]] = field(default_factory=dict)

    def begin(self, there: Replay) -> Iterator[None]:
        self.rig = there.rig
        self.gatherer.begin(there, 0)
        yield

    def hear(self, event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            self.ordinal += 1
            if fate_of(event.reason) in _NOT_PASSED:
                self._sort(event)
        self.gatherer.hear(event)

    def _sort(self, event: PacketVerdict) -> None:
        assert self.rig is not None
        place = denied_at(self.rig, event)
        past = None
        kind = event.reason & KIND_MASK
        looks: tuple[Any, ...] = (event.reason, event.rx)
        nearly: tuple[Any, ...] = (kind,)
        if kind == SAME_SIDE:
            looks = (*looks, is_to_itself(event))
        if place is not None:
            wanted = wanted_of(place, event.key, event.info)
            past = self.gatherer.past(wanted, is_whole=True)
            seen = self._looks(self.rig, event, place, past)
            looks = (*looks, place, *seen, *_finer(event, past))
            nearly = (kind, *seen)
        found = self.classes.get(looks)
        if found is None:
            found = self.classes[looks] = _Class(self.ordinal, event, past, nearly)
        found.packets += 1

    def _looks(self, rig: Rig, event: PacketVerdict, place: Place, past: Past) -> tuple[Any, ...]:
        """What tells causes apart, as far as it is cheap."""
        last, gone, (index, is_input) = past.opener_last, past.gone, place
        return (
            met(rig, last, index, not is_input) if last is not None else "",
            type(gone.event) if gone is not None else None,
            is_fragment(event.info),
            self._is_elsewhere(rig, event, index),
            self._nearest_rule(rig, event, place),
        )

    def _is_elsewhere(self, rig: Rig, event: PacketVerdict, index: int) -> bool:
        keys = session_keys(event.key, event.info)
        keys += session_keys(mirror(event.key, event.info), event.info)
        return any(
            reading.find(interface, key) is not None
            for interface in rig.machine.am.interfaces
            if interface is not None and interface.sw_if_index != index
            for key in keys
        )

    def _nearest_rule(
        self, rig: Rig, event: PacketVerdict, place: Place
    ) -> tuple[int, int, str] | None:
        found = self.nearest.get(event.key)
        if found is not None or self.rule_checks >= _MAX_RULE_CHECKS or place.sw_if_index < 0:
            return found
        interface = rig.machine.am.interface(place.sw_if_index)
        acls = interface.input_acls if place.is_input else interface.output_acls
        am = rig.machine.am
        self.rule_checks += sum(len(am.acls[n].rules) for n in acls if n in am.acls)
        rules = near_rules(rig, acls, Crafted(event.rx, event.key, event.info))
        nearest = rules[0] if rules else None
        found = (-1, -1, "")
        if nearest is not None:
            found = (nearest.acl_index, nearest.rule_index, nearest.field)
        self.nearest[event.key] = found
        return found


def _finer(event: PacketVerdict, past: Past) -> tuple[Any, ...]:
    """What may tell causes apart as well."""
    last, gone, own = past.opener_last, past.gone, past.own_last
    return (
        last.reason if last is not None else 0,
        gone.timeout_class if gone is not None else -1,
        fate_of(own.reason) if own is not None else "",
        (opens(event.info), answers(event.info), event.key[-2]),
        (past.whole is not None, past.other is not None),
    )


def explain_all(history: History) -> Slices[Groups]:
    """Group the packets of the run so far that did not pass by cause; explain one of each."""
    stretches = Stretches(history)
    branch, end = stretches.branch, stretches.begun_at
    first = branch.saved[0]
    begun = first.point.position.packets
    total = max(end.position.packets - begun, 0)
    sorter = _Sorter(Gatherer(None), begun)
    for _ in stretches.hear(Stretch(first, end), sorter.hear, sorter.begin):
        yield Progress(sorter.ordinal - begun, total, "packets looked at")
    classes = _to_explain(sorter.classes.values())
    name = namer(history.here.rig, branch)
    groups: dict[int, Group] = {}
    alike: dict[tuple[Any, ...], Explanation] = {}
    for number, each in enumerate(classes):
        yield Progress(number, len(classes), "causes explained")
        example = alike.get(each.nearly)
        if number < MAX_EXAMPLES:
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
