"""All packets that did not pass, grouped by cause, with an example of each.

What is cheap to see of a packet and of what came before it sorts it into a class (`sorting`); one
packet of each class is explained, and classes with the same cause are put together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from aclbench.engine.reasons import Fate, fate_of, reason_text
from aclbench.words import counted
from aclbench.workbench.history.history import History
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.causes import KINDS
from aclbench.workbench.inquiry.explain.finding import Found
from aclbench.workbench.inquiry.explain.packet import explain_from, namer, right_before
from aclbench.workbench.inquiry.explain.past import (
    Places,
    is_whole,
    last_that_met,
    number_keys,
    places_of,
)
from aclbench.workbench.inquiry.explain.scene import wanted_of
from aclbench.workbench.inquiry.explain.sorting import (
    NOT_PASSED,
    DeniedAt,
    PacketClass,
    Sorter,
    not_passed,
)
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.packets import frame_sent
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.tasks import Progress, Slices

#: So many classes are explained; others go with one that looks nearly the same. In a long run an
#: example takes long, since what came before it has to be run again.
MAX_EXAMPLES: Final = 48
LONG_RUN: Final = 200_000
MAX_EXAMPLES_OF_LONG_RUN: Final = 16
#: Kinds of causes that are another one with another rule.
_BY_RULE: Final = ("near rule", "late", "port rule", "rule", "changed", "request denied")


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


def reasons_so_far(history: History) -> list[tuple[int, int]]:
    """The reasons of the packets of the run so far that did not pass, with how many each has."""
    found: dict[int, int] = {}
    for rows in history.branch.packets.parts(history.cursor.position.packets):
        reasons, counts = np.unique(rows["reason"], return_counts=True)
        for reason, count in zip(reasons.tolist(), counts.tolist(), strict=True):
            if fate_of(reason) in NOT_PASSED:
                found[reason] = found.get(reason, 0) + count
    return sorted(found.items(), key=lambda each: -each[1])


def explain_all(history: History) -> Slices[Groups]:
    """Group the packets of the run so far that did not pass by cause; explain one of each."""
    rows, end = history.packets, history.cursor.position.packets
    stretches = Stretches(history)
    begin = max(stretches.first_packet, rows.first)
    handled = max(end - begin, 0)
    yield Progress(0, handled, "packets looked at")
    if (yield from _all_passed(rows, end)):
        return Groups(handled, ())
    yield from number_keys(rows, end)
    sorter = Sorter(stretches, begin, end)
    yield from sorter.sort()
    classes = _to_explain(sorter.classes.values())
    most = MAX_EXAMPLES if handled < LONG_RUN else MAX_EXAMPLES_OF_LONG_RUN
    examples = yield from _examples(history, stretches, classes[:most])
    groups: dict[int, Group] = {}
    alike: dict[tuple[Any, ...], Explanation] = {}
    for each in classes:
        example = examples.get(each.ordinal, alike.get(each.nearly))
        if example is not None:
            alike.setdefault(each.nearly, example)
        groups[each.ordinal] = _group(each, example)
    in_order = [groups[ordinal] for ordinal in sorted(groups)]
    return Groups(handled, tuple(_by_cause(in_order)))


def _all_passed(rows: PacketRows, end: int) -> Slices[bool]:
    for part in rows.parts(end):
        if not_passed(part).any():
            return False
        yield None
    return True


def _examples(
    history: History, stretches: Stretches, classes: list[PacketClass]
) -> Slices[dict[int, Explanation]]:
    """The first packet of each class explained, by its place: one rig goes from one to the next."""
    rig, branch = history.here.rig, stretches.branch
    known: dict[int, tuple[Places, int | None]] = {}
    for number, each in enumerate(classes):
        yield Progress(number, len(classes), "causes looked for")
        if each.denied is not None:
            known[each.ordinal] = yield from _before(branch.packets, each, each.denied)
    numbers = {each.ordinal for each in classes}
    for places, last in known.values():
        numbers |= places.numbers | ({last} if last is not None else set())
    verdicts = yield from stretches.verdicts(numbers)
    name = namer(rig, branch)
    found: dict[int, Explanation] = {}
    there: Replay | None = None
    for number, each in enumerate(sorted(classes, key=lambda each: each.ordinal)):
        yield Progress(number, len(classes), "causes explained")
        event, past = verdicts[each.ordinal], None
        if each.denied is not None:
            places, last = known[each.ordinal]
            gone = each.denied.removed.gone if each.denied.removed is not None else None
            if gone is not None and last is not None:
                gone = gone._replace(last=verdicts[last])
            past = places.past(verdicts, gone, is_whole(stretches))
        packet = Found(each.ordinal, event, name(event), frame_sent(rig, branch, event))
        there = yield from right_before(history, branch, packet, there)
        found[each.ordinal] = yield from explain_from(history, stretches, packet, there, past)
    if there is not None:
        yield from there.rig.closing()
    return found


def _before(
    rows: PacketRows, each: PacketClass, denied: DeniedAt
) -> Slices[tuple[Places, int | None]]:
    """Where the packets are that came before one, and the last one of the session that went."""
    row = rows.row(each.ordinal - 1)
    wanted = wanted_of(denied.place, row.key, row.flags)
    places = yield from places_of(rows, each.ordinal, wanted)
    last = None
    if denied.removed is not None:
        last = last_that_met(rows, places.flows, denied.removed.packets, wanted)
    return places, last


def _to_explain(classes: Iterable[PacketClass]) -> list[PacketClass]:
    """One of each that look nearly the same, then the others; of each those with most packets."""
    ahead: dict[tuple[Any, ...], PacketClass] = {}
    by_count = sorted(classes, key=lambda each: -each.packets)
    behind = [each for each in by_count if ahead.setdefault(each.nearly, each) is not each]
    return [*ahead.values(), *behind]


def _group(each: PacketClass, example: Explanation | None) -> Group:
    reason = each.reason
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
