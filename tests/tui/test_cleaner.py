"""The cleaner's lines: what it waits for, its counters, the clear, the way of its interval."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.cleaner.text import (
    bar,
    cleaner_drawing,
    clear_text,
    history_line,
    wait_text,
)
from aclbench.tui.targets import FieldTarget
from aclbench.tui.units import BARS
from tui.bench import busy_bench, player_of
from tui.looking import (
    COUNTS,
    FRAME_NAMES,
    HEIGHTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_named,
    frame_of,
    with_cleaner,
    with_workers,
)

MS = 1_000_000
#: The interval of a cleaner that has too much to do, and then too little.
HALVING = (500, 250, 125, 62.5, 31.25, 15.625, 7.8125)
CLIMBING = (107.8125, 207.8125, 307.8125, 407.8125, 500)
INTERVALS = st.lists(st.integers(1, 500).map(lambda ms: ms * MS), max_size=200)


@few
@given(width=WIDTHS, height=HEIGHTS, name=FRAME_NAMES, count=COUNTS, values=INTERVALS)
def test_it_fits(width: int, height: int, name: str, count: int, values: list[int]) -> None:
    frame = replace(frame_named(name), intervals=tuple(values))
    assert_fits(cleaner_drawing(frame, width, height, PLAIN), width, height)
    frame = with_cleaner(frame, event_cycles=count, interrupts_sent=count)
    assert_fits(cleaner_drawing(frame, width, height, PLAIN), width, height)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_says_what_it_waits_for(width: int) -> None:
    shown = cleaner_drawing(frame_named("busy"), width, 2, PLAIN)
    first, second = (line.plain for line in shown.lines)
    assert "waits for event or clock" in first
    assert "interval 0.5 s" in second
    assert "rounds" in second
    assert "interrupts sent" in second


def test_an_idle_cleaner_waits_for_an_event() -> None:
    assert wait_text(frame_named("nothing"), 80) == "waits for event, for as long as it takes"


def test_the_wait_is_as_long_as_fits() -> None:
    frame = frame_named("busy")
    assert " until +" in wait_text(frame, 80)
    assert wait_text(frame, 40).startswith("waits for event or clock, in ")
    over = with_cleaner(frame, wait_until=frame.snapshot.now)
    assert wait_text(over, 80).endswith(", now")


def test_its_fields_can_be_asked_about() -> None:
    shown = cleaner_drawing(frame_named("busy"), 80, 3, PLAIN)
    spots = {spot.target: shown.lines[spot.line].plain[spot.start : spot.end]
             for spot in shown.spots()}  # fmt: skip
    assert spots == {
        FieldTarget("cleaner", "wait_interval"): "interval 0.5 s",
        FieldTarget("cleaner", "clearing_bitmap"): "no clear",
    }


def test_a_step_and_what_it_changed_have_a_mark() -> None:
    player = player_of(busy_bench, "")
    frame_of(player)
    player.travel.step()
    first = cleaner_drawing(frame_of(player), 80, 2, PLAIN).lines[0].plain
    assert "next: " in first
    assert first.endswith("*")
    player.travel.step(whole_turn=True)
    text = cleaner_drawing(frame_of(player), 80, 2, PLAIN).plain
    before = cleaner_drawing(frame_named("busy"), 80, 2, PLAIN).plain
    assert "interrupts sent" in before
    assert "*" not in before
    assert any(f"{count}*" in text for count in range(1, 9))


def test_the_clear_under_way_names_interfaces_and_workers() -> None:
    assert clear_text(frame_named("busy")) == "no clear"
    frame = frame_named("clearing")
    assert clear_text(frame) == "clearing local0 pg0 pg1"
    busy = with_workers(frame, clear_in_process=1)
    assert clear_text(busy) == "clearing local0 pg0 pg1 on vpp_wk_0 vpp_wk_1"
    assert wait_text(frame, 80).startswith("suspended while workers clear until")
    done = with_cleaner(frame, clearing_bitmap=0, clears_done=1)
    assert clear_text(done) == "clears done 1"


def test_an_interval_that_never_changed_says_so() -> None:
    frame = replace(frame_named("busy"), intervals=(500 * MS,))
    assert "has not changed yet" in history_line(frame, 80, PLAIN).plain


def test_the_interval_is_seen_halving_and_climbing() -> None:
    values = HALVING + CLIMBING
    frame = replace(frame_named("busy"), intervals=tuple(int(value * MS) for value in values))
    text = history_line(frame, 160, PLAIN).plain
    written = text[: text.rindex(" ms")].rsplit("  ", 1)[1].split(" › ")
    assert [float(value) for value in written] == pytest.approx(values, rel=1e-3)
    heights = [BARS.index(glyph) for glyph in text if glyph in BARS]
    assert len(heights) == len(values)
    down, up = heights[: len(HALVING)], heights[len(HALVING) - 1 :]
    assert down == sorted(down, reverse=True)
    assert len(set(down)) >= 5  # each halving is a step of its own, about
    assert up == sorted(up)
    assert heights[0] == heights[-1] == len(BARS) - 1


@few
@given(width=WIDTHS, values=INTERVALS.filter(lambda values: len(values) > 1))
def test_of_a_long_way_the_latest_is_shown_in_order(width: int, values: list[int]) -> None:
    frame = replace(frame_named("busy"), intervals=tuple(values))
    line = history_line(frame, width, PLAIN)
    assert_line_fits(line, width)
    bars = [glyph for glyph in line.plain if glyph in BARS]
    assert bars == [bar(value, max(values)) for value in values[-len(bars) :]]
    if " ms" in line.plain:
        tail = line.plain[: line.plain.rindex(" ms")]
        written = [float(word) for word in tail.split() if word[0].isdigit()]
        assert written == [value / MS for value in values[-len(written) :]]


@few
@given(values=st.lists(st.integers(0, 10**9), min_size=2, max_size=9))
def test_a_longer_interval_never_has_a_lower_bar(values: list[int]) -> None:
    glyphs = [bar(value, max(values)) for value in sorted(values)]
    assert glyphs == sorted(glyphs, key=BARS.index)
