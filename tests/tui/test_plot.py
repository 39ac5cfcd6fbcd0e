"""The plot in bars."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.plot.place import PlotPlace
from aclbench.tui.plot.text import (
    CONSTANT,
    all_series,
    bar_row,
    plot_drawing,
    series_lines,
)
from aclbench.tui.targets import TimeTarget
from aclbench.tui.timeline.text import STRIP_AT, columns_of, end_text
from aclbench.tui.units import BARS, NS_PER_S
from aclbench.workbench.inquiry.timeline import Slice, Timeline
from aclbench.workbench.views.clock import Clock
from tui.looking import (
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    at_any_size,
    few,
    frame_named,
    player_named,
)

LISTS = ("udp_idle", "tcp_idle", "tcp_transient")

VALUES = st.lists(st.one_of(st.just(0.0), st.floats(0.001, 1e9)), min_size=1, max_size=30)
ROWS = st.integers(1, 8)


def eighths(values: list[float], rows: int) -> list[int]:
    """How high each bar is, in eighths of a row, read from its glyphs."""
    highest = max(values)
    parts = [bar_row(values, highest, rows, level) for level in range(rows)]
    heights = []
    for n in range(len(values)):
        stack = [part[n] for part in parts]
        full = [BARS.index(glyph) + 1 if glyph != " " else 0 for glyph in stack]
        # Full below, blank above, at most one in between.
        assert full == sorted(full, reverse=True)
        assert sum(0 < part < len(BARS) for part in full) <= 1
        heights.append(sum(full))
    return heights


@few
@given(values=VALUES, rows=ROWS)
def test_bars_are_as_high_as_their_values(values: list[float], rows: int) -> None:
    heights, highest = eighths(values, rows), max(values)
    for value, height in zip(values, heights, strict=True):
        if value == 0:
            assert height == 0
        else:
            share = value / highest * rows * len(BARS)
            assert height == 1 or abs(height - share) <= 0.5
            assert height >= 1  # nothing that is there is lost
        if value == highest and highest > 0:
            assert height == rows * len(BARS)


@few
@given(values=VALUES, rows=ROWS)
def test_a_higher_value_never_has_a_lower_bar(values: list[float], rows: int) -> None:
    in_order = sorted(values)
    heights = eighths(in_order, rows)
    assert heights == sorted(heights)


def test_where_all_is_nothing_there_is_no_bar() -> None:
    assert bar_row([0.0, 0.0], 0.0, 3, 0) == "  "


@few
@at_any_size
def test_the_plot_fits_and_a_bar_leads_to_its_time(width: int, height: int) -> None:
    player = player_named("busy")
    timeline = player.timeline(columns_of(width))
    assert timeline is not None
    shown = plot_drawing(timeline, frame_named("busy"), width, height, PLAIN)
    assert_fits(shown, width, height)
    times = [TimeTarget(column.time) for column in timeline.columns]
    for line in shown.lines:
        assert [target for _, _, target in line.spots] in ([], times)


@few
@given(width=WIDTHS, height=HEIGHTS, name=st.sampled_from(("nothing", "busy")))
def test_the_place_fits(width: int, height: int, name: str) -> None:
    player, frame = player_named(name), frame_named(name)
    assert_fits(PlotPlace(player).draw(frame, width, height, PLAIN), width, height)


def test_a_plot_without_a_run_says_so() -> None:
    shown = plot_drawing(None, frame_named("nothing"), 80, 10, PLAIN)
    assert "nothing has happened yet" in shown.plain


def test_with_room_for_few_the_classes_come_first() -> None:
    player = player_named("busy")
    timeline = player.timeline(columns_of(80))
    text = plot_drawing(timeline, frame_named("busy"), 80, 8, PLAIN).plain
    assert [name in text for name in ("udp_idle", "tcp_idle", "tcp_transient")] == [True] * 3
    assert "work a second" not in text
    text = plot_drawing(timeline, frame_named("busy"), 80, 20, PLAIN).plain
    assert "packets a second" in text
    assert "wait interval" in text


def timeline_of(sessions: list[int], now: int) -> Timeline:
    """A second a column; as many packets in each as there are sessions."""
    s = 1_000_000_000
    slices = [
        Slice(n * s, (0,) * 7, count, 2 * count, (count, 0, 0), s // 2, s // 4, s // 2)
        for n, count in enumerate(sessions)
    ]
    return Timeline(0, len(sessions) * s, now * s, tuple(slices))


def test_series_are_per_second_and_per_class() -> None:
    series = {each.name: each for each in all_series(timeline_of([0, 4, 8], 1), LISTS, PLAIN)}
    assert series["udp_idle"].values == (0, 4, 8)
    assert series["tcp_idle"].values == (0, 0, 0)
    assert series["packets a second"].values == (0, 4, 8)
    assert series["work a second"].values == (0, 8, 16)
    assert series["wait interval"].values == (250_000_000,) * 3
    assert series["wait interval"].write(250_000_000) == "0.25 s"


def test_a_plot_says_its_value_at_the_cursor_and_its_highest() -> None:
    timeline = timeline_of([0, 4, 8], 1)
    series = all_series(timeline, LISTS, PLAIN)[0]
    for rows in (1, 2, 5):
        name, *bars = series_lines(series, timeline, rows, 1, PLAIN)
        assert name.plain == " udp_idle  4 at ▲, 8 at most"
        assert len(bars) == rows


def test_what_is_constant_is_a_line() -> None:
    timeline = timeline_of([0, 4, 8], 1)
    wait = all_series(timeline, LISTS, PLAIN)[-1]
    name, line = series_lines(wait, timeline, 5, 1, PLAIN)
    assert name.plain == " wait interval  0.25 s all the time"
    assert line.plain == " " * STRIP_AT + CONSTANT * 3


@few
@given(columns=st.integers(1, 190), share=st.floats(0, 1))
def test_the_axis_has_the_cursor_and_whole_times_of_both_ends(columns: int, share: float) -> None:
    here = round(share * (columns - 1))
    frame = replace(frame_named("busy"), clock=Clock(0))
    shown = plot_drawing(timeline_of([1] * columns, here), frame, 220, 8, PLAIN)
    axis = [line.plain for line in shown.lines if line.plain.strip()][-1]
    first = columns_first()
    assert axis[first + here] == "▲"
    said = axis[first:].replace("▲", " ").split("  ")
    end = end_text(Clock(0), columns * NS_PER_S)
    assert [text.strip() for text in said if text.strip()] in ([], ["+0 s", end])
    if columns >= 30:
        assert "+0 s" in axis
        assert end in axis


def columns_first() -> int:
    """The screen's column in which the first bar stands."""
    timeline = timeline_of([1], 0)
    _, line = series_lines(all_series(timeline, LISTS, PLAIN)[0], timeline, 1, 0, PLAIN)
    return line.spots[0][0]
