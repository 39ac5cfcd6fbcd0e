"""The timeline's strip: a rule with the marks and the cursor on it, and a legend.

A column is a share of the run's time. Of several kinds in a column the rarest is shown: by its
letter; where columns of one kind stand side by side, the further ones tell by shade how many. A
letter that stands alone for several marks is on a block.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
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
CURSOR: Final = "▲"
#: Where no mark is: behind the cursor, and ahead of it; where another kind is than is asked for.
DONE: Final = "─"
AHEAD: Final = "┄"
OTHER: Final = "·"
#: The look of a letter that stands alone for several marks.
SEVERAL: Final = Style(reverse=True)
#: How many marks there are in a column, from few to the most of its kind.
SHADES: Final = "░▒▓█"
_LABEL: Final = " run  "
#: The screen's column in which the strip begins; plots begin there, too.
STRIP_AT: Final = len(_LABEL)
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
    """The strip, and below it the legend if there is room."""
    timeline = frame.timeline
    if timeline is None or not timeline.columns:
        return drawing([Line(" run  nothing has happened yet", palette.dim)], height)
    line = Line().add(label_of(frame.mark_kind), palette.dim)
    here = cursor_column(timeline)
    cells = marks_of(timeline, frame.mark_kind, palette)
    for number, (glyph, _) in enumerate(cells):
        if glyph == " ":
            cells[number] = DONE if number < here else AHEAD, palette.dim
    cells[here] = CURSOR, palette.up
    add_columns(line, timeline, cells)
    return drawing([line, legend(frame, timeline, width, palette)][:height], height)


def label_of(mark_kind: str) -> str:
    """What stands before the strip: the glyph of the kind of mark that was chosen, if one was."""
    glyph = GLYPHS.get(mark_kind)
    return _LABEL if glyph is None else f"[{glyph}]".center(len(_LABEL))


def cursor_column(timeline: Timeline) -> int:
    """The column in which now lies."""
    begins = [column.time for column in timeline.columns]
    before = [n for n, begin in enumerate(begins) if begin <= timeline.now]
    return before[-1] if before else 0


def kind_of(column: Slice, wanted: str) -> str:
    """The kind that a column shows, the rarest; of which one is asked for, that. Empty: none."""
    found = [kind for kind in _BY_RANK if column.counts[MARK_KINDS.index(kind)]]
    return wanted if wanted in found else found[0] if found else ""


def marks_of(timeline: Timeline, wanted: str, palette: Palette) -> list[tuple[str, Style]]:
    """A glyph for each column, blank where nothing is; dots for other kinds than is asked for."""
    kinds = [kind_of(column, wanted) for column in timeline.columns]
    counts = [
        column.counts[MARK_KINDS.index(kind)] if kind else 0
        for column, kind in zip(timeline.columns, kinds, strict=True)
    ]
    most: dict[str, int] = {}
    for kind, count in zip(kinds, counts, strict=True):
        most[kind] = max(count, most.get(kind, 0))
    cells: list[tuple[str, Style]] = []
    for before, kind, after, count in zip(
        ["", *kinds], kinds, [*kinds[1:], ""], counts, strict=False
    ):
        style = _style(kind, palette)
        if not kind:
            cells.append((" ", palette.plain))
        elif wanted in MARK_KINDS and kind != wanted:
            cells.append((OTHER, palette.dim))
        elif kind == before and count > 1:
            cells.append((shade(count, most[kind]), style))
        else:
            is_block = count > 1 and kind != after
            cells.append((GLYPHS[kind], style + SEVERAL if is_block else style))
    return cells


def shade(count: int, most: int) -> str:
    """How many, on a logarithmic scale up to the most."""
    share = math.log(max(count, 1)) / math.log(most) if most > 1 else 0.0
    return SHADES[min(int(share * len(SHADES)), len(SHADES) - 1)]


def add_columns(line: Line, timeline: Timeline, cells: Iterable[tuple[str, Style]]) -> None:
    """A glyph for each column, each pointing at its time; what looks alike is written at once."""
    begin = len(line)
    for style, run in groupby(cells, key=itemgetter(1)):
        line.add("".join(glyph for glyph, _ in run), style)
    line.spots += [
        (place, place + 1, TimeTarget(column.time))
        for place, column in enumerate(timeline.columns, begin)
    ]


def _style(kind: str, palette: Palette) -> Style:
    if kind in ("expired", "recycled", "cleared", "denied"):
        return palette.bad
    return palette.good if kind == "added" else palette.plain


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
