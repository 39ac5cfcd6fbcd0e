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
#: Up to so many combinations keep all their figures, however narrow the screen is.
_FEW: Final = 3
#: The figures beside these fates matter more where there is little room.
_RANK_OF_FATES: Final = 20


class Row(NamedTuple):
    """A row of figures: what it says before them, and of each.

    `brief` is the same over a column, two words or lines of them; the ones of a lower `rank` are
    shown where there is no room for all.
    """

    head: str
    value: Callable[[Figures], str]
    brief: tuple[str, str] = ("", "")
    rank: int = 0
    #: Whether it says anything if two are equal: not of what differs from one run to the next.
    is_exact: bool = True


class Line(NamedTuple):
    """A row that is written: its cells, and which of them are as in the first column."""

    row: Row
    cells: list[str]
    is_same: list[bool]


def number_text(number: float) -> str:
    """A count, or what is none with three digits."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.3g}"


def seconds_text(seconds: float | None) -> str:
    """A time that need not be exact: `1.5 s`, `12 ms`."""
    if seconds is None:
        return "-"
    if seconds >= 99.95:
        return f"{seconds:,.0f} s"
    is_whole = seconds >= 0.9995 or not seconds
    return f"{seconds:.3g} s" if is_whole else f"{1000 * seconds:.3g} ms"


#: The rows behind those of the packets.
ROWS: Final = (
    Row("sessions added", lambda f: number_text(f.added), ("sessions", "added"), 14),
    Row("  recycled", lambda f: number_text(f.recycled), ("", "recycled"), 13),
    Row("  live at peak", lambda f: number_text(f.peak), ("live at", "peak"), 6),
    Row("  live at the end", lambda f: number_text(f.live)),
    Row("  session-seconds", lambda f: f"{f.session_seconds:,.0f}"),
    Row("overstay, median", lambda f: seconds_text(f.overstay.median_s), ("overstay", "median"), 7),
    Row("  99th percentile", lambda f: seconds_text(f.overstay.p99_s), ("overstay", "99 %"), 11),
    Row("  most", lambda f: seconds_text(f.overstay.most_s), ("overstay", "most"), 1),
    Row("work in the datapath", lambda f: number_text(f.datapath_work)),
    Row("  a packet", lambda f: number_text(f.work_a_packet), ("work a", "packet"), 2),
    Row(
        *("work in interrupts", lambda f: number_text(f.interrupt_work)),
        *(("work in", "interrupts"), 8),
    ),
    Row("  requeued", lambda f: number_text(f.requeued), ("", "requeued"), 4),
    Row(
        *("  most in an interrupt", lambda f: number_text(f.most_in_interrupt)),
        *(("most in an", "interrupt"), 3),
    ),
    Row("most work in a ms", lambda f: number_text(f.most_in_ms), ("most in", "a ms"), 12),
    Row("interrupts", lambda f: number_text(f.interrupts), ("inter-", "rupts"), 9),
    Row("messages of threads", lambda f: number_text(f.messages), ("", "messages"), 5),
    Row("bytes a session in C", lambda f: number_text(f.session_bytes)),
    Row("CPU here", lambda f: seconds_text(f.cpu_s), ("CPU", "here"), 10, is_exact=False),
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
    yield ""
    yield from _figures(found, width)


def notice_lines(found: Sequence[Compared]) -> Iterator[str]:
    """Who would notice each of the combinations instead of the first."""
    yield f"who would notice, instead of {found[0].case.name}:"
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
        rows.append(Row(words, _fate_count(fate), ("", words), _RANK_OF_FATES + len(rows)))
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


def lines_of(found: Sequence[Compared]) -> list[Line]:
    """The figures, row by row."""
    lines: list[Line] = []
    for row in rows_of(found):
        cells = [row.value(each.ran.figures) for each in found]
        same = [row.is_exact and len(found) > 1 and cell == cells[0] for cell in cells]
        lines.append(Line(row, cells, same))
    return lines


def differing(lines: Sequence[Line]) -> list[Line]:
    """Those that are not the same in all columns, and the ones that they stand below."""
    shown: list[Line] = []
    has_below = False
    for line in reversed(lines):
        is_below = line.row.head.startswith(" ")
        if not all(line.is_same) or (has_below and not is_below):
            shown.append(line)
            has_below = is_below
    return shown[::-1]


def _figures(found: Sequence[Compared], width: int) -> Iterator[str]:
    """A column a combination; of many that do not fit side by side a line each instead.

    Where there are many, what is the same for all is left out.
    """
    lines, head = lines_of(found), head_of(found)
    shown = lines if len(found) <= _FEW else differing(lines)
    columns = [[key for key, _ in head] + [line.row.head for line in shown]]
    columns += [
        [cells[n] for _, cells in head] + [_marked(line, n) for line in shown]
        for n in range(len(found))
    ]
    said = ["=: as the first"] if len(found) > 1 else []
    if same := len(lines) - len(shown):
        said.append(f"{same} the same for all")
    if len(found) <= _FEW or _wide(columns) <= width:
        yield from _blocks(columns, width)
    else:
        columns = _turned(found, shown, width)
        yield from _aligned(columns, len(head))
        left_out = len(shown) - (len(columns) - len(head))
        said.append(f"{left_out} more on a wider screen, --csv, --json")
    if said:
        yield "; ".join(said)


def _turned(found: Sequence[Compared], lines: Sequence[Line], width: int) -> list[list[str]]:
    """A column for each axis, and for the figures that matter most and have room."""
    columns = [["", key, *cells] for key, cells in head_of(found)]
    brief = {
        line.row.rank: [*line.row.brief, *(_marked(line, n) for n in range(len(found)))]
        for line in lines
        if line.row.rank
    }
    chosen: list[int] = []
    for rank in sorted(brief):
        if _wide([*columns, *(brief[each] for each in [*chosen, rank])]) <= width:
            chosen.append(rank)
    return [*columns, *(column for rank, column in brief.items() if rank in chosen)]


def _marked(line: Line, n: int) -> str:
    """A cell; where it is as in the first column a sign says so."""
    return "=" if n and line.is_same[n] else line.cells[n]


def _wide(columns: Sequence[Sequence[str]]) -> int:
    """How wide columns are side by side."""
    return sum(max(map(len, column)) + len(_GAP) for column in columns) - len(_GAP)


def _blocks(columns: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """As many columns as fit beside the first; then the others beside it, and so on."""
    head, *rest = columns
    while rest:
        count = 1
        while count < len(rest) and _wide([head, *rest[: count + 1]]) <= width:
            count += 1
        yield from _aligned([head, *rest[:count]], 1)
        rest = rest[count:]
        if rest:
            yield ""


def _aligned(columns: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """The lines of columns: the first so many end at the left, the others at the right."""
    widths = [max(map(len, column)) for column in columns]
    for cells in zip(*columns, strict=True):
        padded = [
            f"{cell:<{width}}" if n < left else f"{cell:>{width}}"
            for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        yield _GAP.join(padded).rstrip()


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
        "lost": each.notice.lost,
        "gained": each.notice.gained,
        "first": [
            noticed.to_json(name_of(each, noticed), each.ran.started)
            for noticed in each.notice.first
        ],
    }


#: Columns of CSV that are fields of `Figures` as they are.
_PLAIN: Final = (
    *("packets", "added", "recycled", "live", "peak", "session_seconds", "datapath_work"),
    *("work_a_packet", "interrupt_work", "requeued", "most_in_interrupt", "most_in_ms"),
    "interrupts",
    *("messages", "session_bytes", "cpu_s"),
)
_NOTICED: Final = ("packets_that_differ", "connections_that_differ", "lost", "gained")
_OVERSTAY: Final = ("sessions", "median_s", "p99_s", "most_s")


def to_csv(found: Sequence[Compared]) -> str:
    """A line a combination, behind one of names; empty where there is no value."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    keys = [key for key, _ in found[0].case.combination.values] if found else []
    names = ["packets_of", *keys, *_NOTICED, *FATES]
    out.writerow([*names, *_PLAIN, *(f"overstay_{name}" for name in _OVERSTAY)])
    for each in found:
        figures, notice = each.ran.figures, each.notice
        out.writerow(
            [
                each.case.packets_of,
                *(value for _, value in each.case.combination.values),
                *(notice[:4] if notice else [""] * 4),
                *(figures.fates[fate] for fate in FATES),
                *(getattr(figures, name) for name in _PLAIN),
                *(getattr(figures.overstay, name) for name in _OVERSTAY),
            ]
        )
    return text.getvalue()
