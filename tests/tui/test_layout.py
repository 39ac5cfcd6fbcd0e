"""Who gets how much of the screen, at any size and for any number of threads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.layout import (
    FOOTER_HEIGHT,
    LESSON_FROM,
    LESSON_GAP,
    LESSON_LEAST,
    LESSON_MOST,
    LOWER_PARTS,
    MIN_LOWER,
    MOST_BRIEF,
    PANEL_GAP,
    PANEL_WIDTH,
    STATUS_HEIGHT,
    TABS_HEIGHT,
    TALL,
    make_layout,
    pages_of,
    share_rows,
)
from tui.looking import few

NEEDS = st.tuples(*[st.integers(0, 90)] * 3)


@few
@given(width=st.integers(40, 220), height=st.integers(12, 90), on_bench=st.booleans(),
       threads=st.sampled_from((1, 2, 3, 16, 256)), zoomed=st.booleans(),
       lower=st.sampled_from(range(len(LOWER_PARTS))))  # fmt: skip
def test_the_heights_are_just_those_of_the_screen(
    width: int, height: int, on_bench: bool, threads: int, zoomed: bool, lower: int
) -> None:
    layout = make_layout(width, height, on_bench, threads, zoomed, lower)
    outer = STATUS_HEIGHT + TABS_HEIGHT + FOOTER_HEIGHT
    outer += layout.timeline_height + layout.cleaner_height
    if on_bench:
        inner = layout.workers_height + layout.lower_height + layout.plot_height
        assert layout.brief_height == 0
        assert layout.workers_height >= 1
    else:
        inner = layout.place_height + layout.brief_height
        assert layout.lower_height == layout.plot_height == 0
        assert layout.brief_height <= min(threads, MOST_BRIEF)
    assert inner + outer == height


@few
@given(width=st.integers(40, 220), height=st.integers(4, 90),
       threads=st.sampled_from((1, 2, 3, 16, 256)), zoomed=st.booleans())  # fmt: skip
def test_panels_fit_beside_each_other(width: int, height: int, threads: int, zoomed: bool) -> None:
    layout = make_layout(width, height, True, threads, zoomed)
    assert 1 <= layout.per_page <= threads
    assert layout.panel_width >= PANEL_WIDTH
    gaps = PANEL_GAP * (layout.per_page - 1)
    assert layout.panel_width * layout.per_page + gaps <= width
    if zoomed:
        assert (layout.per_page, layout.panel_width) == (1, width)
    elif layout.per_page < threads:  # one more would not fit
        assert (PANEL_WIDTH + PANEL_GAP) * (layout.per_page + 1) - PANEL_GAP > width


@few
@given(width=st.integers(40, 220), height=st.integers(12, 90))
def test_log_and_packets_share_the_width(width: int, height: int) -> None:
    layout = make_layout(width, height, True, 2)
    if not layout.lower_height:
        assert not layout.tall
        assert layout.log_width == layout.packets_width == 0
        return
    assert layout.lower_height >= MIN_LOWER
    between = 1 if layout.packets_width else 0
    assert layout.log_width + between + layout.packets_width == width


@few
@given(width=st.integers(40, 220), height=st.integers(12, 90), on_bench=st.booleans(),
       threads=st.sampled_from((1, 2, 3, 16)), zoomed=st.booleans())  # fmt: skip
def test_a_lesson_stands_beside_where_there_is_room(
    width: int, height: int, on_bench: bool, threads: int, zoomed: bool
) -> None:
    layout = make_layout(width, height, on_bench, threads, zoomed, lesson="beside")
    if width < LESSON_FROM:
        assert layout == make_layout(width, height, on_bench, threads, zoomed)
        return
    assert LESSON_LEAST <= layout.lesson_width <= LESSON_MOST
    assert layout.inner_width + LESSON_GAP + layout.lesson_width == width
    assert layout.panel_width >= PANEL_WIDTH
    gaps = PANEL_GAP * (layout.per_page - 1)
    assert layout.panel_width * layout.per_page + gaps <= layout.inner_width
    assert layout.room == layout.place_height + layout.brief_height


def test_a_lesson_gives_way_to_a_second_worker() -> None:
    one, two = (make_layout(120, 40, True, n, lesson="beside") for n in (1, 2))
    assert (one.per_page, one.lesson_width) == (1, 44)
    assert (two.per_page, two.lesson_width) == (2, 39)


def test_a_lesson_with_the_room_has_the_workers_in_brief_on_any_screen() -> None:
    layout = make_layout(80, 24, False, 3, lesson="itself")
    assert (layout.lesson_width, layout.brief_height, layout.inner_width) == (0, 2, 80)


def test_two_workers_at_80_columns() -> None:
    layout = make_layout(80, 24, True, 16)
    assert layout.per_page == 2
    assert not layout.tall
    assert layout.lower_height == 0


def test_what_stands_below_the_workers_can_be_chosen() -> None:
    log, plot, nothing = (make_layout(120, 40, True, 2, lower=n) for n in range(3))
    assert log.lower_height > 0
    assert (plot.lower_height, plot.plot_height) == (0, log.lower_height)
    assert (nothing.lower_height, nothing.plot_height) == (0, 0)
    assert nothing.workers_height > log.workers_height
    very_tall = make_layout(120, 60, True, 2)
    assert very_tall.lower_height
    assert very_tall.plot_height


def test_a_tall_screen_has_brief_lines_above_a_place() -> None:
    assert make_layout(80, TALL, False, 2).brief_height == 2
    assert make_layout(80, TALL, False, 99).brief_height == MOST_BRIEF
    assert make_layout(80, TALL - 1, False, 2).brief_height == 0


@few
@given(threads=st.integers(1, 40), per_page=st.integers(1, 9))
def test_pages_have_every_thread_once(threads: int, per_page: int) -> None:
    everyone = tuple(range(1, threads + 1))
    pages = pages_of(everyone, per_page)
    assert tuple(thread for page in pages for thread in page) == everyone
    assert all(len(page) == per_page for page in pages[:-1])


@few
@given(room=st.integers(-5, 60), needs=NEEDS)
def test_rows_are_all_shared_out(room: int, needs: tuple[int, ...]) -> None:
    shares = share_rows(room, needs)
    assert sum(shares) == max(room, 0)
    assert all(share >= 0 for share in shares)
    if sum(needs) <= room:
        assert all(share >= need for share, need in zip(shares, needs, strict=True))
    # Nobody goes short of an equal share for the sake of one who has more.
    equal = max(room, 0) // 3
    assert all(share >= min(need, equal) for share, need in zip(shares, needs, strict=True))


@pytest.mark.parametrize(
    ("needs", "shares"), [((3, 0, 2), (3, 3, 4)), ((9, 0, 1), (9, 0, 1)), ((9, 9, 9), (3, 3, 4))]
)
def test_rows_are_equal_while_that_is_enough(
    needs: tuple[int, ...], shares: tuple[int, ...]
) -> None:
    assert share_rows(10, needs) == shares
