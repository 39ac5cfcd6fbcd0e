"""How many panels stand beside each other, at any width, and how lines are shared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.layout import (
    LESSON_FROM,
    LESSON_GAP,
    LESSON_LEAST,
    LESSON_MOST,
    PANEL_GAP,
    PANEL_WIDTH,
    lesson_width_of,
    pages_of,
    panels_in,
    share_rows,
)
from tui.bench import busy_bench
from tui.looking import few
from tui.piloting import Bench, Size, benching

NEEDS = st.tuples(*[st.integers(0, 90)] * 3)


@few
@given(width=st.integers(40, 220), wanted=st.sampled_from((1, 2, 3, 16, 256)))
def test_panels_fit_beside_each_other(width: int, wanted: int) -> None:
    count = panels_in(width, wanted)
    assert 1 <= count <= wanted
    assert (PANEL_WIDTH + PANEL_GAP) * count - PANEL_GAP <= max(width, PANEL_WIDTH)
    if count < wanted:  # one more would not fit
        assert (PANEL_WIDTH + PANEL_GAP) * (count + 1) - PANEL_GAP > width


@few
@given(width=st.integers(40, 220), wanted=st.sampled_from((1, 2, 3, 16)))
def test_a_lesson_stands_beside_where_there_is_room(width: int, wanted: int) -> None:
    lesson = lesson_width_of(width, wanted)
    if width < LESSON_FROM:
        assert lesson == 0
        return
    assert LESSON_LEAST <= lesson <= LESSON_MOST
    count = panels_in(width - lesson - LESSON_GAP, wanted)
    assert (PANEL_WIDTH + PANEL_GAP) * count - PANEL_GAP <= width - lesson - LESSON_GAP


def test_a_lesson_gives_way_to_a_second_worker() -> None:
    assert [lesson_width_of(120, n) for n in (1, 2)] == [44, 39]


def heights(bench: Bench) -> dict[str, int]:
    """The heights of the bench's parts, as far as they are there."""
    panels = {name: bench.screen.query_one(f"#{name}") for name in
              ("workers", "log-panel", "packets-panel", "plot-panel")}  # fmt: skip
    return {
        name: panel.region.height
        for name, panel in panels.items()
        if panel.region.height and bench.place.region.contains_region(panel.region)
    }


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((80, 24), {"workers": 16}),
        ((80, 34), {"workers": 16, "log-panel": 8}),
        ((120, 40), {"workers": 20, "log-panel": 10, "packets-panel": 10}),
        ((120, 41), {"workers": 21, "log-panel": 10, "packets-panel": 10}),
        ((200, 60), {"workers": 25, "log-panel": 16, "packets-panel": 16, "plot-panel": 9}),
    ],
)
async def test_the_bench_shares_its_height(size: Size, expected: dict[str, int]) -> None:
    async with benching(size=size) as bench:
        assert heights(bench) == expected


async def test_what_stands_below_the_workers_can_be_chosen() -> None:
    async with benching(size=(120, 40)) as bench:
        log = heights(bench)
        await bench.press("v")
        assert heights(bench) == {"workers": log["workers"], "plot-panel": log["log-panel"]}
        await bench.press("v")
        assert list(heights(bench)) == ["workers"]
        await bench.press("v")
        assert heights(bench) == log


@pytest.mark.parametrize(
    ("height", "workers", "lines"), [(33, 2, 0), (34, 2, 2), (34, 16, 4), (60, 3, 3)]
)
async def test_a_tall_screen_has_brief_lines_above_a_place(
    height: int, workers: int, lines: int
) -> None:
    async with benching(lambda: busy_bench(workers), (80, height)) as bench:
        await bench.press("4")
        brief = bench.screen.query_one("#brief")
        assert (brief.region.height if brief.display else 0) == lines


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
