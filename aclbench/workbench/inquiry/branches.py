"""Two branches of a run: what became of the packets that both have, and of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.reasons import FATES
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.inquiry.noticing import Notice, Noticing, fate_numbers
from aclbench.workbench.inquiry.packets import packet_name
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.report import Report, make_report

#: Connections that are named.
MOST_NAMED = 10
#: Keys that are numbered in a slice.
_SLICE = 8192


def comparing_branches(history: History, first: str, second: str) -> Slices[list[str]]:
    """Who would notice that the second branch was taken, then the figures of both, a line each.

    Of either the run up to its end. CommandError: there is no such branch.
    """
    branches = history.find_branch(first), history.find_branch(second)
    history.here.note_packets()
    notice = yield from _noticing(branches[0].packets, branches[1].packets)
    base = yield from _report_at_end(history, branches[0])
    other = yield from _report_at_end(history, branches[1])
    lines = [f"{second} instead of {first}: {notice.to_text()}"]
    for noticed in notice.first:
        number = noticed.number
        name = packet_name(history.here.rig, number & ~SENT_BIT, bool(number & SENT_BIT))
        lines.append(f"  {noticed.to_text(name)}")
    if left := notice.connections - len(notice.first):
        lines.append(f"  and {left:,} more")
    return [*lines, *_figures([base, other], (first, second))]


def _noticing(before: PacketRows, after: PacketRows) -> Slices[Notice]:
    """Packets are the same if they have the same number; of one that came twice the first."""
    found = Noticing()
    number = yield from _column(before, "number")
    reasons = (yield from _column(before, "reason")), (yield from _column(after, "reason"))
    times = yield from _column(before, "time")
    after_number = yield from _column(after, "number")
    _, mine, others = np.intersect1d(number, after_number, return_indices=True)
    order = np.argsort(mine)
    mine, others = mine[order], others[order]
    fates = []
    for column, places in zip(reasons, (mine, others), strict=True):
        values, codes = np.unique(column[places], return_inverse=True)
        fates.append(fate_numbers(values.tolist())[codes])
    differ = np.flatnonzero(fates[0] != fates[1]) if len(mine) else np.zeros(0, np.int64)
    mine, others = mine[differ], others[differ]
    for begin in range(0, len(mine), _SLICE):
        here, there = mine[begin : begin + _SLICE], others[begin : begin + _SLICE]
        rows = (before.row(before.first + place) for place in here.tolist())
        keys = [row.key for row in rows]
        found.add(keys, here, number[here], times[here], reasons[0][here], reasons[1][there])
        yield Progress(begin, len(mine), "packets compared")
    return found.result(MOST_NAMED)


def _column(rows: PacketRows, name: str) -> Slices[NDArray[np.int64]]:
    parts = [np.zeros(0, np.int64)]
    for part in rows.parts():
        parts.append(part[name].astype(np.int64))
        yield None
    return np.concatenate(parts)


def _report_at_end(history: History, branch: Branch) -> Slices[Report]:
    there = yield from history.at(branch.end, branch)
    report = make_report(there.rig.driver, there.rig.started, 0.0)
    yield from there.rig.closing()
    return report


def _figures(reports: list[Report], names: tuple[str, str]) -> Iterator[str]:
    """Fates, reasons and sessions, side by side."""
    rows: list[tuple[str, list[Any]]] = []
    for fate in FATES:
        counts = [getattr(report.packets, fate) for report in reports]
        if not any(counts):
            continue
        words = fate.replace("_", " ")
        rows.append((words, counts))
        texts = dict.fromkeys(t for report in reports for of, t, _ in report.reasons if of == fate)
        if list(texts) != [words]:
            rows += [(f"  {text}", [_count(r, fate, text) for r in reports]) for text in texts]
    for name in ("added", "recycled", "live", "peak"):
        rows.append((f"sessions {name}", [getattr(report.sessions, name) for report in reports]))
    cells = [("", names), *((words, [f"{n:,}" for n in counts]) for words, counts in rows)]
    head = max(len(words) for words, _ in cells)
    widths = [max(len(columns[n]) for _, columns in cells) for n in range(2)]
    for words, columns in cells:
        yield f"{words:<{head}}  {columns[0]:>{widths[0]}}  {columns[1]:>{widths[1]}}"


def _count(report: Report, fate: str, text: str) -> int:
    return sum(count for of, words, count in report.reasons if (of, words) == (fate, text))
