"""Who gets how much of the screen, at any size and for any number of threads."""

from __future__ import annotations

import pytest

from aclbench.tui.layout import PANEL_GAP, PANEL_WIDTH, make_layout, pages_of, share_rows


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12), (10, 4)])
@pytest.mark.parametrize("threads", [1, 2, 3, 16, 256])
@pytest.mark.parametrize("log_first", [False, True])
def test_everything_fits(size: tuple[int, int], threads: int, log_first: bool) -> None:
    width, height = size
    layout = make_layout(width, height, log_first, threads)
    assert 1 <= layout.per_page <= threads
    assert layout.workers_height + layout.log_height == max(height - 5, 2)
    if not layout.brief:
        gaps = PANEL_GAP * (layout.per_page - 1)
        assert layout.panel_width * layout.per_page + gaps <= width
        assert layout.per_page == 1 or layout.panel_width >= PANEL_WIDTH


def test_two_workers_at_80_columns() -> None:
    assert make_layout(80, 24, False, 16).per_page == 2
    assert make_layout(80, 24, False, 16).log_height == 0
    assert make_layout(120, 40, False, 2).log_height > 10


def test_pages() -> None:
    assert pages_of((1, 2, 3, 4, 5), 2) == [(1, 2), (3, 4), (5,)]


@pytest.mark.parametrize("room", range(40))
@pytest.mark.parametrize("needs", [(0, 0, 0), (1, 2, 3), (90, 0, 0), (9, 9, 90), (4, 90, 2)])
def test_rows_are_all_shared_out(room: int, needs: tuple[int, ...]) -> None:
    shares = share_rows(room, needs)
    assert sum(shares) == room
    assert all(share >= 0 for share in shares)


def test_rows_are_equal_while_that_is_enough() -> None:
    assert share_rows(10, (3, 0, 2)) == (3, 3, 4)
    assert share_rows(10, (9, 0, 1)) == (9, 0, 1)
