"""A comparison as text for a person, as JSON, and as CSV: who would notice, then the figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from aclbench.engine.reasons import FATES
from aclbench.lab.comparing import Compared
from aclbench.lab.figures import Figures
from aclbench.words import counted
from aclbench.workbench.inquiry.noticing import Noticed
from aclbench.workbench.inquiry.packets import SENT
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.rig.feed import packet_name
from aclbench.workbench.rig.scenario import Scenario

#: Between two columns.
_GAP: Final = "  "


class Row(NamedTuple):
    """A row of figures: what it says before them, and of each."""

    head: str
    value: Callable[[Figures], str]


def number_text(number: float) -> str:
    """A count, or what is none with three digits."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.3g}"


def seconds_text(seconds: float | None) -> str:
    """A time that need not be exact: `1.5 s`, `12 ms`."""
    if seconds is None:
        return "-"
    if seconds >= 100:
        return f"{seconds:,.0f} s"
    return f"{seconds:.3g} s" if seconds >= 1 or not seconds else f"{1000 * seconds:.3g} ms"


#: The rows behind those of the packets.
ROWS: Final = (
    Row("sessions added", lambda f: number_text(f.added)),
    Row("  recycled", lambda f: number_text(f.recycled)),
    Row("  live at peak", lambda f: number_text(f.peak)),
    Row("  live at the end", lambda f: number_text(f.live)),
    Row("  session-seconds", lambda f: f"{f.session_seconds:,.0f}"),
    Row("overstay, median", lambda f: seconds_text(f.overstay.median_s)),
    Row("  99th percentile", lambda f: seconds_text(f.overstay.p99_s)),
    Row("  most", lambda f: seconds_text(f.overstay.most_s)),
    Row("work in the datapath", lambda f: number_text(f.datapath_work)),
    Row("  a packet", lambda f: number_text(f.work_a_packet)),
    Row("  in interrupts", lambda f: number_text(f.interrupt_work)),
    Row("  most in an interrupt", lambda f: number_text(f.most_in_interrupt)),
    Row("  most in a ms", lambda f: number_text(f.most_in_ms)),
    Row("interrupts", lambda f: number_text(f.interrupts)),
    Row("messages of threads", lambda f: number_text(f.messages)),
    Row("bytes a session in C", lambda f: number_text(f.session_bytes)),
    Row("CPU here", lambda f: seconds_text(f.cpu_s)),
)


def to_text(found: Sequence[Compared], width: int) -> str:
    """The comparison for a terminal so many columns wide."""
    lines: list[str] = []
    for _, group in groupby(found, key=lambda each: each.case.base):
        lines += [*_lines_of(list(group), width), ""]
    return "\n".join(lines).rstrip()


def _lines_of(found: list[Compared], width: int) -> Iterator[str]:
    """Of the cases on one scenario's packets."""
    first = found[0]
    packets = counted(first.ran.figures.packets, "packet")
    yield f"{first.case.packets_of}: {packets}, {counted(len(found), 'combination')}"
    for note in dict.fromkeys(note for each in found for note in each.ran.notes):
        yield f"note: {note}"
    for error in dict.fromkeys(each.ran.error for each in found if each.ran.error):
        yield f"it ends early: {error}"
    if len(found) > 1:
        yield ""
        yield from notice_lines(found)
    for begin, end in _blocks(found, width):
        yield ""
        yield from _table(found, begin, end)


def notice_lines(found: Sequence[Compared]) -> Iterator[str]:
    """Who would notice each of the combinations instead of the first."""
    yield f"instead of {found[0].case.name}:"
    for each in found[1:]:
        notice = each.notice
        if notice is None:
            yield f"  {each.case.name}: the first one was not run to its end"
            continue
        yield f"  {each.case.name}: {notice.to_text()}"
        for noticed in notice.first:
            yield f"    {noticed.to_text(name_of(each, noticed))}"
        left = notice.connections - len(notice.first)
        if left and notice.first:
            yield f"    and {counted(left, 'connection')} more; --most N shows N"


def name_of(each: Compared, noticed: Noticed) -> str:
    """A packet as people find it."""
    return packet_name_in(each.case.combination.scenario, noticed.number)


def packet_name_in(scenario: Scenario, number: int) -> str:
    """The same of a packet by its number."""
    sent = f"{number & ~SENT_BIT}"
    if number & SENT_BIT:
        return f"{SENT}:{sent}" if scenario.captures else sent
    return packet_name(scenario.captures, number)


# --- the table --------------------------------------------------------------------------------


def rows_of(found: Sequence[Compared]) -> list[Row]:
    """The rows of a table: for packets those fates and reasons that any of the runs has."""
    runs = [each.ran.figures for each in found]
    rows: list[Row] = []
    for fate in FATES:
        if not any(run.fates[fate] for run in runs):
            continue
        words = fate.replace("_", " ")
        rows.append(Row(words, _fate_count(fate)))
        texts = dict.fromkeys(text for run in runs for of, text, _ in run.reasons if of == fate)
        if list(texts) != [words]:
            rows += [Row(f"  {text}", _reason_count(fate, text)) for text in texts]
    return [*rows, *ROWS]


def _fate_count(fate: str) -> Callable[[Figures], str]:
    return lambda figures: number_text(figures.fates[fate])


def _reason_count(fate: str, text: str) -> Callable[[Figures], str]:
    def count(figures: Figures) -> str:
        return number_text(sum(n for of, t, n in figures.reasons if (of, t) == (fate, text)))

    return count


def head_of(found: Sequence[Compared]) -> list[tuple[str, list[str]]]:
    """The lines above the figures: each axis, and its value in each column."""
    axes = found[0].case.combination.values
    return [
        (key, [each.case.combination.values[n][1] for each in found])
        for n, (key, _) in enumerate(axes)
    ]


def cells_of(found: Sequence[Compared]) -> list[tuple[str, list[str]]]:
    """The figures: what each row says before them, and in each column."""
    return [(row.head, [row.value(each.ran.figures) for each in found]) for row in rows_of(found)]


def _blocks(found: Sequence[Compared], width: int) -> Iterator[tuple[int, int]]:
    """The columns that fit side by side, block by block: from where, up to where."""
    lines = [*head_of(found), *cells_of(found)]
    head = max(len(words) for words, _ in lines)
    widths = [max(len(cells[n]) for _, cells in lines) for n in range(len(found))]
    begin = 0
    while begin < len(found):
        end, used = begin, head
        while end < len(found) and (used := used + len(_GAP) + widths[end]) <= width:
            end += 1
        end = max(end, begin + 1)
        yield begin, end
        begin = end


def _table(found: Sequence[Compared], begin: int, end: int) -> Iterator[str]:
    lines = [*head_of(found), *cells_of(found)]
    head = max(len(words) for words, _ in lines)
    widths = [max(len(cells[n]) for _, cells in lines) for n in range(begin, end)]
    for words, cells in lines:
        columns = [f"{cell:>{width}}" for cell, width in zip(cells[begin:end], widths, strict=True)]
        yield _GAP.join([f"{words:<{head}}", *columns])


# --- for programs -----------------------------------------------------------------------------


def to_json(found: Sequence[Compared]) -> list[dict[str, Any]]:
    """Plain values: an object a combination, in order."""
    return [
        {
            "packets_of": each.case.packets_of,
            "combination": dict(each.case.combination.values),
            "notes": list(each.ran.notes),
            "error": each.ran.error or None,
            "would_notice": _notice_json(each),
            "figures": each.ran.figures.to_json(),
        }
        for each in found
    ]


def _notice_json(each: Compared) -> dict[str, Any] | None:
    if each.notice is None:
        return None
    return {
        "packets": each.notice.packets,
        "connections": each.notice.connections,
        "first": [
            noticed.to_json(name_of(each, noticed), each.ran.started)
            for noticed in each.notice.first
        ],
    }


#: Columns of CSV that are fields of `Figures` as they are.
_PLAIN: Final = (
    *("packets", "added", "recycled", "live", "peak", "session_seconds", "datapath_work"),
    *("work_a_packet", "interrupt_work", "most_in_interrupt", "most_in_ms", "interrupts"),
    *("messages", "session_bytes", "cpu_s"),
)
_OVERSTAY: Final = ("sessions", "median_s", "p99_s", "most_s")


def to_csv(found: Sequence[Compared]) -> str:
    """A line a combination, behind one of names; empty where there is no value."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    keys = [key for key, _ in found[0].case.combination.values] if found else []
    names = ["packets_of", *keys, "packets_that_differ", "connections_that_differ", *FATES]
    out.writerow([*names, *_PLAIN, *(f"overstay_{name}" for name in _OVERSTAY)])
    for each in found:
        figures, notice = each.ran.figures, each.notice
        out.writerow(
            [
                each.case.packets_of,
                *(value for _, value in each.case.combination.values),
                *((notice.packets, notice.connections) if notice else ("", "")),
                *(figures.fates[fate] for fate in FATES),
                *(getattr(figures, name) for name in _PLAIN),
                *(getattr(figures.overstay, name) for name in _OVERSTAY),
            ]
        )
    return text.getvalue()
