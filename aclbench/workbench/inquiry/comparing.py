"""Two places of a run: what became of the packets that both have, and of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.reasons import FATES
from aclbench.workbench.history.history import History
from aclbench.workbench.history.packets import PacketRows
from aclbench.workbench.history.places import at_place
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.noticing import Notice, Noticed, Noticing, fate_numbers
from aclbench.workbench.inquiry.packets import packet_name
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.report import Report, make_report

#: Connections that are named; and ahead of what differs inside.
MOST_NAMED: Final = 10
MOST_AHEAD: Final = 3
#: Packets whose keys are numbered, or that are compared, in a slice.
SLICE_PACKETS: Final = 16_384


class Seen(NamedTuple):
    """A run up to a place: its figures, and the packets of its branch, of which so many count."""

    name: str
    report: Report
    rows: PacketRows
    packets: int


def comparing(history: History, first: str, second: str) -> Slices[list[str]]:
    """Who would notice that the run went to the second place, then the figures of both.

    A line each; places are as `at_place` has them. CommandError: there is no such place.
    """
    seen: list[Seen] = []
    for place in (first, second):
        there = yield from at_place(history, place)
        seen.append(seen_at(there, place))
        yield from there.rig.closing()
    return (yield from compared(history, seen[0], seen[1]))


def seen_at(there: Replay, name: str) -> Seen:
    """The run up to where a rig of one's own stands."""
    driver = there.rig.stepped
    report = make_report(driver, there.rig.started, 0.0)
    return Seen(name, report, there.branch.packets, driver.packets_handled)


def compared(
    history: History, first: Seen, second: Seen, most: int = MOST_NAMED
) -> Slices[list[str]]:
    """The same of places that were visited; the first `most` connections are named."""
    history.here.note_packets()
    notice = yield from _noticing(first, second, most)
    lines = [f"{second.name} instead of {first.name}: {notice.to_text()}"]
    for noticed in notice.first:
        number = noticed.number
        name = packet_name(history.here.rig, number & ~SENT_BIT, bool(number & SENT_BIT))
        lines.append(f"  {noticed.to_text(name)}")
    if left := notice.connections - len(notice.first):
        lines.append(f"  and {left:,} more")
    return [*lines, *_figures([first.report, second.report], (first.name, second.name))]


def _noticing(first: Seen, second: Seen, most: int) -> Slices[Notice]:
    """Packets are the same if they have the same number; of one that came twice the first."""
    rows = first.rows
    if rows is second.rows:  # what both have is the same
        return Notice(0, 0, 0, 0, ())
    while rows.number(SLICE_PACKETS):
        yield None
    connections = np.array(rows.numbers.conns, np.int64).reshape(-1, 1)
    keys = yield from _column(first, "key")
    before = yield from _column(first, "reason")
    after = yield from _column(second, "reason")
    mine, others = yield from _both(first, second)
    found = Noticing()
    for begin in range(0, len(mine), SLICE_PACKETS):
        here, there = (place[begin : begin + SLICE_PACKETS] for place in (mine, others))
        fates = fate_numbers(before[here]), fate_numbers(after[there])
        differ = fates[0] != fates[1]
        here = here[differ]
        if len(here):
            found.note_fates(fates[0][differ], fates[1][differ])
            yield from found.adding(connections[keys[here]], here)
        yield Progress(begin, len(mine), "packets compared")

    def tell(place: int, packets: int) -> Noticed:
        row, became = rows.row(rows.first + place), after[others[np.searchsorted(mine, place)]]
        return Noticed(row.key, packets, place, row.number, row.time, row.reason, int(became))

    return (yield from found.result(most)).told(tell)


def _both(first: Seen, second: Seen) -> Slices[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Where the packets are that both have, in the order of the first."""
    one = yield from _column(first, "number")
    other = yield from _column(second, "number")
    common = min(len(one), len(other))
    if (one[:common] == other[:common]).all():  # they went on with the same packets
        yield None
        places = np.arange(common)
        return places, places
    yield None
    _, mine, others = np.intersect1d(one, other, return_indices=True)
    order = np.argsort(mine)
    return mine[order], others[order]


def _column(seen: Seen, name: str) -> Slices[NDArray[np.int64]]:
    parts = [np.zeros(0, np.int64)]
    for part in seen.rows.parts(min(seen.rows.end, seen.packets)):
        parts.append(part[name].astype(np.int64))
        yield None
    return np.concatenate(parts)


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
