"""Marks: bounded in number, and no part of a run is lost with those that are left out."""

from __future__ import annotations

from itertools import pairwise

import pytest

from aclbench.workbench.history import marks as module
from aclbench.workbench.history.marks import (
    COLUMN,
    MARKS_A_RUN,
    Mark,
    Marks,
    MarkSpacing,
    make_mark,
)


def mark(time: int, added: int = 0, wait: int = 500) -> Mark:
    return make_mark(time, added, [(added, *[0] * 10)], wait)


def column(marks: Marks, name: str) -> list[int]:
    return [int(n) for n in marks.table()[:, COLUMN[name]]]


def test_thinned_marks_keep_both_ends_and_lie_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often they are thinned: early ones do not become fewer than late ones."""
    monkeypatch.setattr(module, "MARKS_LIMIT", 64)
    marks = Marks()
    for n in range(5000):
        marks.add(mark(1000 * n, added=n))
        assert len(marks) <= 64
    times = column(marks, "time")
    assert (times[0], times[-1]) == (0, 4_999_000)
    assert times == sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) <= 5_000_000 / 31 * 4
    assert column(marks, "added") == [time // 1000 for time in times]


def test_the_bounds_of_the_interval_outlive_the_mark_that_had_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A short burst of work is seen on a long run."""
    monkeypatch.setattr(module, "MARKS_LIMIT", 16)
    marks = Marks()
    for n in range(200):
        marks.add(mark(n, wait=1 if n == 100 else 500))
    assert min(column(marks, "wait_min")) == 1
    assert set(column(marks, "wait_max")) == {500}
    assert marks.last.wait_min == 500


def test_a_later_mark_of_the_same_instant_takes_the_place_of_the_first() -> None:
    """But for the very first, from which all others count."""
    marks = Marks()
    for added, wait in ((0, 500), (1, 500), (2, 250), (3, 500)):
        marks.add(mark(7, added, wait))
    assert column(marks, "added") == [0, 3]
    assert (marks.last.wait_interval, marks.last.wait_min, marks.last.wait_max) == (500, 250, 500)


def test_marks_up_to_a_place_are_those_before_it() -> None:
    """By events, where the clock stood still."""
    marks = Marks()
    for time, added in ((0, 0), (5, 1), (9, 2)):
        marks.add(mark(time, added))
    assert column(marks.up_to(9, 1), "time") == [0, 5]
    assert column(marks.up_to(4, 2), "time") == [0]


@pytest.mark.parametrize("gap", [1, 1000])
def test_the_pace_follows_the_length_of_the_run(gap: int) -> None:
    """At an even rate each part is about its share of what there is; at last, the largest."""
    pace, packets, parts = MarkSpacing(), 0, 0
    pace.begin(10**18, 0)
    while packets < 1_000_000:
        step = pace.packets
        packets += step
        parts += 1
        pace.note(step * gap, packets * gap, packets)
        if module.FEWEST_PACKETS < pace.packets < module.MOST_PACKETS:
            assert packets / MARKS_A_RUN / 2 <= pace.packets <= packets / MARKS_A_RUN * 2
    assert pace.packets == module.MOST_PACKETS
    assert parts < 1500


def test_a_short_way_on_a_long_run_is_gone_in_one_part() -> None:
    """So what a screen does between two paintings costs one mark."""
    pace = MarkSpacing()
    pace.begin(1_000, 1_000_000)
    assert (pace.packets, pace.turns) == (module.MOST_PACKETS, module.MOST_TURNS)
    pace.begin(1_000_000, 1_000_000)
    assert pace.turns == module.FEWEST_TURNS


def test_a_design_may_have_any_number_of_lists() -> None:
    """A column for each behind the others, also when marks were thinned or taken over."""
    for lists in (1, 2, 5):
        marks = Marks()
        for time in range(1, 20):
            marks.add(make_mark(time, time, [(*[0] * 8, *range(lists))], 7))
        assert marks.last.sessions == tuple(range(lists))
        assert len(marks.up_to(10, 10)) == 10
        assert marks.up_to(10, 10).last.sessions == tuple(range(lists))
