"""The timeline's strip: marks by kind in rows, the cursor below them, and a legend.

A column is a share of the run's time. Of several kinds in a column, a row shows the rarest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from rich.style import Style

from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import MarkKindTarget, TimeTarget
from aclbench.tui.units import NS_PER_S, short_count, span_text
from aclbench.workbench.inquiry.timeline import MARK_KINDS, Slice, Timeline
from aclbench.workbench.views.clock import Clock

#: A glyph for each kind of mark, in the order of `MARK_KINDS`; letters, so that no colour matters.
GLYPHS: Final = {
    "added": "+",
    "class changed": "c",
    "requeued": "q",
    "expired": "x",
    "recycled": "r",
    "cleared": "C",
    "denied": "d",
}
#: The kinds from what stands out most to what happens all the time.
_BY_RANK: Final = ("cleared", "recycled", "denied", "expired", "class changed", "requeued", "added")
#: The rows of a strip that has two, and of one that has one.
_TWO_ROWS: Final = (_BY_RANK[:4], _BY_RANK[4:])
_ONE_ROW: Final = (_BY_RANK,)
CURSOR: Final = "▲"
_LABEL: Final = " run "
#: Words of the legend, where room is short; where it is shorter still there are glyphs alone.
_SHORT: Final = {"class changed": "class", "requeued": "requeue", "recycled": "recycle"}
_WORDS: Final = (
    {kind: f" {kind}" for kind in MARK_KINDS},
    {kind: f" {_SHORT.get(kind, kind)}" for kind in MARK_KINDS},
    dict.fromkeys(MARK_KINDS, ""),
)


def columns_of(width: int) -> int:
    """How many columns the strip of a screen has."""
    return max(width - len(_LABEL) - 1, 1)


def timeline_drawing(frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
    """The strip: of one line, or of rows, an axis with the cursor, and a legend."""
    timeline = frame.timeline
    if timeline is None or not timeline.columns:
        return drawing([Line(" run  nothing has happened yet", palette.dim)], height)
    here = cursor_column(timeline)
    if height < 3:
        line = Line().add(label_of(frame.mark_kind), palette.dim)
        _add_row(line, timeline, _ONE_ROW[0], frame.mark_kind, here, palette)
        return drawing([line], height)
    lines: list[Line] = []
    rows = _TWO_ROWS if height >= 4 else _ONE_ROW
    for number, kinds in enumerate(rows):
        label = label_of(frame.mark_kind) if not number else " " * len(_LABEL)
        line = Line().add(label, palette.dim)
        _add_row(line, timeline, kinds, frame.mark_kind, None, palette)
        lines.append(line)
    lines.append(_axis(frame, timeline, here, palette))
    lines.append(legend(frame, timeline, width, palette))
    return drawing(lines, height)


def label_of(mark_kind: str) -> str:
    """What stands before the strip: the glyph of the kind of mark that was chosen, if one was."""
    glyph = GLYPHS.get(mark_kind)
    return _LABEL if glyph is None else f"[{glyph}]".center(len(_LABEL))


def cursor_column(timeline: Timeline) -> int:
    """The column in which now lies."""
    begins = [column.time for column in timeline.columns]
    before = [n for n, begin in enumerate(begins) if begin <= timeline.now]
    return before[-1] if before else 0


def glyph_of(column: Slice, kinds: Sequence[str], wanted: str) -> str:
    """The rarest kind of a column; where one kind is asked for, that or a dot for others."""
    found = [kind for kind in kinds if column.counts[MARK_KINDS.index(kind)]]
    if not found:
        return " "
    if wanted in MARK_KINDS:
        return GLYPHS[wanted] if wanted in found else "·"
    return GLYPHS[found[0]]


def _add_row(
    line: Line,
    timeline: Timeline,
    kinds: Sequence[str],
    wanted: str,
    here: int | None,
    palette: Palette,
) -> None:
    glyphs = [glyph_of(column, kinds, wanted) for column in timeline.columns]
    cells = [(glyph, _style(glyph, palette)) for glyph in glyphs]
    if here is not None:
        cells[here] = CURSOR, palette.up
    add_columns(line, timeline, cells)


def add_columns(line: Line, timeline: Timeline, cells: Iterable[tuple[str, Style]]) -> None:
    """A glyph for each column, each pointing at its time; what looks alike is written at once."""
    begin = len(line)
    for style, run in groupby(cells, key=itemgetter(1)):
        line.add("".join(glyph for glyph, _ in run), style)
    line.spots += [
        (place, place + 1, TimeTarget(column.time))
        for place, column in enumerate(timeline.columns, begin)
    ]


def _style(glyph: str, palette: Palette) -> Style:
    if glyph in "xrCd":
        return palette.bad
    return palette.good if glyph == "+" else palette.plain


def _axis(frame: Frame, timeline: Timeline, here: int, palette: Palette) -> Line:
    """A rule with the cursor on it; what lies ahead is dotted."""
    ahead = len(timeline.columns) - here - 1
    rule = f"{'─' * here}{CURSOR}{'┄' * ahead}"
    line = Line(" " * len(_LABEL))
    styles = (palette.up if number == here else palette.dim for number in range(len(rule)))
    add_columns(line, timeline, zip(rule, styles, strict=True))
    return line


def legend(frame: Frame, timeline: Timeline, width: int, palette: Palette) -> Line:
    """The kinds with their counts, the one that `m` goes to in brackets; how long the run is."""
    totals = [sum(column.counts[n] for column in timeline.columns) for n in range(len(MARK_KINDS))]
    long = end_text(frame.clock, timeline.end)
    each = span_text((timeline.end - timeline.start) // max(len(timeline.columns), 1))
    tails = [f"  {long} in all, {each} a column ", f"  {long} ", ""]
    for words in _WORDS:
        line = Line(" " * len(_LABEL))
        _add_kind(line, "", "m any", frame.mark_kind, palette)
        for kind, total in zip(MARK_KINDS, totals, strict=True):
            text = f"{GLYPHS[kind]}{words[kind]} {short_count(total)}"
            _add_kind(line, kind, text, frame.mark_kind, palette)
        if len(line) <= width:
            break
    tail = next(tail for tail in tails if len(line) + len(tail) <= width or not tail)
    return line.pad(width - len(tail)).add(tail, palette.dim).fit(width)


def end_text(clock: Clock, time_ns: int) -> str:
    """When a run ends, as short as that can be said: short runs to a tenth of a second."""
    return clock.display(time_ns, 1 if time_ns - clock.started < 100 * NS_PER_S else 0)


def _add_kind(line: Line, kind: str, text: str, wanted: str, palette: Palette) -> None:
    chosen = kind == wanted
    line.add("[" if chosen else " ", palette.up)
    line.add(text, palette.strong if chosen else palette.dim, MarkKindTarget(kind))
    line.add("]" if chosen else " ", palette.up)
