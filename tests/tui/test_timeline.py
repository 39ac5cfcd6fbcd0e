"""The timeline's strip: marks, the cursor, what lies ahead, and the legend."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.frame import Frame
from aclbench.tui.targets import MarkKindTarget, TimeTarget
from aclbench.tui.timeline.text import (
    AHEAD,
    CURSOR,
    DONE,
    GLYPHS,
    OTHER,
    SHADES,
    columns_of,
    cursor_column,
    kind_of,
    legend,
    marks_of,
    timeline_drawing,
)
from aclbench.tui.units import short_count
from aclbench.workbench.inquiry.timeline import MARK_KINDS, Slice, Timeline
from aclbench.workbench.views.clock import Clock
from tui.looking import (
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_in_columns,
    frame_named,
)

#: The kinds from the rarest to the one that happens all the time.
RANKS = ("cleared", "recycled", "denied", "expired", "class changed", "requeued", "added")
KINDS = st.sampled_from(("", *MARK_KINDS))
COUNTS = st.tuples(*[st.sampled_from((0, 0, 1, 12_345, 10**9)) for _ in MARK_KINDS])


def slice_of(time: int, counts: tuple[int, ...] = (0,) * 7) -> Slice:
    return Slice(time, counts, 0, 0, (0, 0, 0), 0, 0, 0)


def counts_of(*kinds: str) -> tuple[int, ...]:
    return tuple(int(kind in kinds) for kind in MARK_KINDS)


def timeline_of(columns: list[tuple[int, ...]], now: int = 0) -> Timeline:
    """A timeline from 0 on, whose columns are 10 ns each."""
    slices = tuple(slice_of(10 * n, counts) for n, counts in enumerate(columns))
    return Timeline(0, 10 * len(columns) - 1, now, slices)


def strip(timeline: Timeline, height: int, kind: str = "") -> list[str]:
    frame = replace(frame_named("busy"), timeline=timeline, mark_kind=kind, clock=Clock(0))
    return timeline_drawing(frame, 200, height, PLAIN).plain.split("\n")


@few
@given(width=WIDTHS, height=HEIGHTS, kind=KINDS)
def test_it_fits_and_every_column_is_a_time_to_go_to(width: int, height: int, kind: str) -> None:
    frame = replace(frame_in_columns(width), mark_kind=kind)
    shown = timeline_drawing(frame, width, height, PLAIN)
    assert_fits(shown, width, height)
    assert frame.timeline is not None
    times = [column.time for column in frame.timeline.columns]
    found = [spot.target for spot in shown.spots() if spot.line == 0]
    assert found == [TimeTarget(time) for time in times]


@few
@given(width=WIDTHS, counts=COUNTS, kind=KINDS)
def test_the_legend_fits_with_any_counts(width: int, counts: tuple[int, ...], kind: str) -> None:
    timeline = timeline_of([counts, counts])
    frame = replace(frame_named("busy"), timeline=timeline, mark_kind=kind)
    assert_line_fits(legend(frame, timeline, width, PLAIN), width)


@few
@given(width=st.integers(80, 220), counts=COUNTS)
def test_the_legend_has_the_total_of_each_kind(width: int, counts: tuple[int, ...]) -> None:
    timeline = timeline_of([counts, (0,) * 7, counts])
    frame = replace(frame_named("busy"), timeline=timeline)
    line = legend(frame, timeline, width, PLAIN)
    text = {target.kind: line.plain[start:end] for start, end, target in line.spots}
    assert list(text) == ["", *MARK_KINDS]
    for kind, count in zip(MARK_KINDS, counts, strict=True):
        assert text[kind].startswith(GLYPHS[kind])
        assert text[kind].endswith(f" {short_count(2 * count)}")


@pytest.mark.parametrize("kind", ["", *MARK_KINDS])
def test_the_kind_that_m_goes_to_stands_in_brackets(kind: str) -> None:
    frame = replace(frame_named("busy"), mark_kind=kind)
    assert frame.timeline is not None
    line = legend(frame, frame.timeline, 160, PLAIN)
    (inside,) = re.findall(r"\[(.*?)\]", line.plain)
    assert inside.startswith(GLYPHS[kind] if kind else "m any")
    spots = {target: (start, end) for start, end, target in line.spots}
    start, end = spots[MarkKindTarget(kind)]
    assert line.plain[start:end] == inside


@few
@given(kinds=st.sets(st.sampled_from(MARK_KINDS), min_size=1))
def test_a_column_shows_the_rarest_kind(kinds: set[str]) -> None:
    column = slice_of(0, counts_of(*kinds))
    assert kind_of(column, "") == next(kind for kind in RANKS if kind in kinds)


def glyphs(timeline: Timeline, wanted: str = "") -> str:
    return "".join(glyph for glyph, _ in marks_of(timeline, wanted, PLAIN))


@few
@given(kinds=st.sets(st.sampled_from(MARK_KINDS)), wanted=st.sampled_from(MARK_KINDS))
def test_where_one_kind_is_asked_for_others_are_dots(kinds: set[str], wanted: str) -> None:
    expected = GLYPHS[wanted] if wanted in kinds else OTHER if kinds else " "
    assert glyphs(timeline_of([counts_of(*kinds)]), wanted) == expected


def denied(*counts: int) -> Timeline:
    """Columns with so many denied packets."""
    at = MARK_KINDS.index("denied")
    return timeline_of([(0,) * at + (count,) + (0,) * (6 - at) for count in counts])


def test_columns_of_one_kind_tell_by_shade_how_many_there_are() -> None:
    assert glyphs(denied(1000, 2, 10, 100, 1000)) == "d░▒▓█"
    assert glyphs(denied(0, 3, 3, 0, 3)) == " d█ d"
    assert glyphs(denied(1, 1, 50)) == "dd█"  # where there is one it is shown as one


def test_a_letter_that_is_several_marks_by_itself_stands_on_a_block() -> None:
    cells = marks_of(denied(1, 0, 7, 0, 2, 7), "", PLAIN)
    assert [glyph for glyph, _ in cells] == list("d d d█")
    assert [number for number, (_, style) in enumerate(cells) if style.reverse] == [2]


def test_each_kind_has_a_letter_of_its_own() -> None:
    assert set(GLYPHS) == set(MARK_KINDS) == set(RANKS)
    assert len(set(GLYPHS.values())) == len(GLYPHS)
    assert not {CURSOR, OTHER, DONE, AHEAD, *SHADES} & set(GLYPHS.values())


@few
@given(columns=st.integers(1, 60), at=st.floats(0, 1), height=st.sampled_from((1, 2)))
def test_the_cursor_is_in_the_column_of_now(columns: int, at: float, height: int) -> None:
    now = int(at * (10 * columns - 1))
    timeline = timeline_of([(0,) * 7] * columns, now)
    assert cursor_column(timeline) == now // 10
    lines = strip(timeline, height)
    assert len(lines) == height
    done, ahead = lines[0].removeprefix(" run  ").split(CURSOR)
    assert done == DONE * (now // 10)
    assert ahead == AHEAD * (columns - 1 - now // 10)


def test_in_the_past_the_future_is_dotted() -> None:
    def axis(frame: Frame) -> str:
        return timeline_drawing(frame, 80, 2, PLAIN).lines[0].plain

    assert "┄" in axis(frame_named("past"))
    assert "┄" not in axis(frame_named("busy"))


def test_a_bench_without_a_run_says_so() -> None:
    frame = replace(frame_named("nothing"), timeline=None)
    shown = timeline_drawing(frame, 80, 4, PLAIN)
    assert_fits(shown, 80, 4)
    assert "nothing has happened yet" in shown.plain


@few
@given(width=WIDTHS)
def test_the_columns_leave_room_for_the_name(width: int) -> None:
    assert 1 <= columns_of(width) <= width - len(" run  ")
