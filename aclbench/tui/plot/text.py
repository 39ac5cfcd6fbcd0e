"""The plot in bars: a small plot for each thing, below each other, on the strip's columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rich.style import Style

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.timeline.text import CURSOR, STRIP_AT, add_columns, cursor_column, end_text
from aclbench.tui.units import BARS, NS_PER_S, short_count, span_text
from aclbench.workbench.inquiry.timeline import Slice, Timeline

#: A value that does not change is a line.
CONSTANT: Final = "─"


class Series(NamedTuple):
    """One thing over time: its name, its value in each column, how a value is written, a style."""

    name: str
    values: tuple[float, ...]
    write: Callable[[float], str]
    style: Style


def plot_drawing(
    timeline: Timeline | None, frame: Frame, width: int, height: int, palette: Palette
) -> Drawing:
    """As many of the plots as there is room for, each as high as that allows."""
    about = "the highest of each fills its rows "
    lines = [heading(" plot  over the whole run", about, width, palette)]
    if timeline is None or not timeline.columns:
        return drawing([*lines, Line(" nothing has happened yet", palette.dim)], height)
    wanted = all_series(timeline, frame.snapshot.list_names, palette)
    room = height - 2
    shown = wanted[: max(min(len(wanted), room // 2), 1)]
    rising = sum(not is_constant(series) for series in shown)
    rows = max((room - 2 * (len(shown) - rising)) // max(rising, 1) - 1, 1)
    here = cursor_column(timeline)
    for series in shown:
        lines += series_lines(series, timeline, rows, here, palette)
    lines.append(_axis(frame, timeline, here, palette))
    return drawing(lines, height)


def _colour(palette: Palette, list_id: int) -> Style:
    """A design may have more lists than there are colours for."""
    return palette.classes[list_id % len(palette.classes)]


def all_series(timeline: Timeline, lists: tuple[str, ...], palette: Palette) -> list[Series]:
    """Everything that is plotted, the most telling first; `lists` by name."""
    columns = timeline.columns
    lengths = _lengths(timeline)

    def rate(count: Callable[[Slice], int]) -> tuple[float, ...]:
        return tuple(
            count(column) * NS_PER_S / length
            for column, length in zip(columns, lengths, strict=True)
        )

    found = [
        Series(name, tuple(float(c.sessions[n]) for c in columns), _count, _colour(palette, n))
        for n, name in enumerate(lists)
    ]
    found.append(Series("work a second", rate(lambda c: c.work), _rate, palette.plain))
    found.append(Series("packets a second", rate(lambda c: c.packets), _rate, palette.plain))
    waits = tuple(float(column.wait_min) for column in columns)
    found.append(Series("wait interval", waits, lambda v: span_text(int(v)), palette.plain))
    return found


def _lengths(timeline: Timeline) -> list[int]:
    begins = [column.time for column in timeline.columns] + [timeline.end]
    return [max(end - begin, 1) for begin, end in pairwise(begins)]


def is_constant(series: Series) -> bool:
    """It has one value all the time."""
    return len(set(series.values)) <= 1


def series_lines(
    series: Series, timeline: Timeline, rows: int, here: int, palette: Palette
) -> list[Line]:
    """A plot: its name with its value at the cursor; so many rows of bars, with its highest.

    What is constant is a line.
    """
    name = Line(" ").add(series.name, palette.strong)
    highest = max(series.values, default=0.0)
    if is_constant(series):
        name.add(f"  {series.write(highest)} all the time", palette.dim)
        line = Line(" " * STRIP_AT)
        add_columns(line, timeline, ((CONSTANT, series.style) for _ in series.values))
        return [name, line]
    said = f"  {series.write(series.values[here])} at {CURSOR}, {series.write(highest)} at most"
    lines = [name.add(said, palette.dim)]
    for row in range(rows):
        line = Line(" " * STRIP_AT)
        bars = bar_row(series.values, highest, rows, rows - 1 - row)
        add_columns(line, timeline, ((glyph, series.style) for glyph in bars))
        lines.append(line)
    return lines


def bar_row(values: Sequence[float], highest: float, rows: int, level: int) -> str:
    """The bars' part in the row `level` from below; what is not 0 has at least the lowest bar."""
    if highest <= 0:
        return " " * len(values)
    steps = len(BARS)
    parts: list[str] = []
    for value in values:
        eighths = round(value / highest * rows * steps)
        if value > 0:
            eighths = max(eighths, 1)
        here = min(max(eighths - level * steps, 0), steps)
        parts.append(BARS[here - 1] if here else " ")
    return "".join(parts)


def _count(value: float) -> str:
    return short_count(int(value))


def _rate(value: float) -> str:
    return f"{value:.2g}" if 0 < value < 10 else short_count(int(value))


def _axis(frame: Frame, timeline: Timeline, here: int, palette: Palette) -> Line:
    """The cursor, with the times of both ends, which give way to it."""
    count = len(timeline.columns)
    start = frame.clock.display(timeline.start, 0)
    end = end_text(frame.clock, timeline.end)
    cells = [" "] * count
    at_start = 0 if here >= len(start) else here + 2
    at_end = count - len(end) if here < count - len(end) else here - 1 - len(end)
    if at_start + len(start) + 2 <= at_end:
        cells[at_start : at_start + len(start)] = start
        cells[at_end : at_end + len(end)] = end
    cells[here] = CURSOR
    return Line(" " * STRIP_AT).add("".join(cells), palette.dim)
