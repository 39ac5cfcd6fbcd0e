"""The lines at the top, the tabs, and the footer."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from aclbench.tui.frame import State, Wanted
from aclbench.tui.status.text import (
    STATE_GLYPHS,
    counts_line,
    footer_line,
    message_drawing,
    state_words,
    status_drawing,
    tabs_line,
)
from aclbench.tui.targets import KeyTarget, TabTarget
from tui.looking import (
    COUNTS,
    FRAME_NAMES,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    few,
    frame_named,
    player_named,
    with_snapshot,
)

TABS = [(str(n + 1), name, name) for n, name in enumerate(
    ("bench", "packets", "sessions", "log", "plot", "branches", "story"))]  # fmt: skip
STATES = st.sampled_from(get_args(State))
NOTICES = st.sampled_from(
    ("", "jumped 85 s", "a long message " * 9, "x " * 600, "y" * 300, "one\ntwo")
)
DAY = 86_400 * 10**9


@few
@given(width=WIDTHS, name=FRAME_NAMES, notice=NOTICES, error=st.booleans(), busy=st.booleans())
def test_it_fits_whatever_is_said(
    width: int, name: str, notice: str, error: bool, busy: bool
) -> None:
    under_way = "run 10h" if busy else ""
    frame = replace(frame_named(name), notice=notice, error=error, busy=under_way)
    assert len(status_drawing(frame, width, PLAIN).lines) == 2
    shown = message_drawing(frame, width, PLAIN)
    assert_fits(shown, width, 3)
    assert shown.lines
    said = " ".join(shown.plain.split())
    for word in notice.split()[:3]:
        assert word[:20] in said


@few
@given(width=WIDTHS, state=STATES, past=st.booleans(), chosen=st.booleans(), branch=st.booleans(),
       late=st.booleans(), title=st.text(st.sampled_from("ab 壁"), max_size=90))  # fmt: skip
def test_the_title_line_fits_and_tells_the_state(
    width: int, state: State, past: bool, chosen: bool, branch: bool, late: bool, title: str
) -> None:
    frame = replace(
        frame_named("busy"),
        title=title,
        state=state,
        past=past,
        chosen="vpp_wk_15" if chosen else "",
        branch="what-if-it-were-壁壁壁壁" if branch else "main",
        speed="100,000x",
        page="workers 15-16 of 256",
    )
    if late:
        frame = with_snapshot(frame, now=frame.clock.started + 300 * DAY)
    first = status_drawing(frame, width, PLAIN).lines[0]
    assert_line_fits(first, width)
    if width >= 60 or not late:
        assert f"{STATE_GLYPHS[state]} {state}" in first.plain


def test_every_state_has_a_glyph_of_its_own() -> None:
    assert set(STATE_GLYPHS) == set(get_args(State))
    assert len(set(STATE_GLYPHS.values())) == len(STATE_GLYPHS)


def test_a_state_is_told_in_words() -> None:
    frame = replace(frame_named("busy"), state="paused", branch="main")
    assert state_words(frame) == "paused"
    assert state_words(replace(frame, past=True)) == "paused in the past"
    words = state_words(replace(frame, past=True, branch="branch-1", chosen="vpp_wk_0"))
    assert words == "paused in the past on branch-1, vpp_wk_0 steps"
    assert "paused in the past" in status_drawing(frame_named("past"), 80, PLAIN).plain


def test_time_speed_and_counts_are_there() -> None:
    text = status_drawing(frame_named("busy"), 80, PLAIN).plain
    assert " a title " in text
    assert "+1.300 s   1x  ‖ paused" in text
    assert " packets 6 " in text
    assert " denied 1 " in text
    assert " permitted 5 " in text


@pytest.mark.parametrize(
    ("width", "delivered", "said"),
    [
        (120, 0, "starts 2026-11-27 12:00:00 UTC"),
        (80, 0, "starts 12:00:00 UTC"),
        (76, 0, "starts 12:00:00 "),
        (80, 888_888, "since 12:00:00  +1.300 s"),
    ],
)
def test_when_the_capture_starts_is_there_at_every_width(
    width: int, delivered: int, said: str
) -> None:
    """With its date where there is room; the counts are not cut for it."""
    frame = frame_named("busy")
    clock = structs.replace(frame.clock, first=1_795_780_800 * 10**9)
    packets = replace(frame.snapshot.packets, delivered=delivered, unchecked=delivered)
    shown = status_drawing(
        with_snapshot(replace(frame, clock=clock), packets=packets), width, PLAIN
    )
    assert said in shown.plain
    assert "dropped" in shown.plain
    for line in shown.lines:
        assert_line_fits(line, width)


def test_a_design_that_is_not_the_documents_stands_behind_the_title() -> None:
    frame = frame_named("busy")
    assert "design" not in status_drawing(frame, 120, PLAIN).lines[0].plain
    frame = with_snapshot(frame, design="wheel")
    assert "  design wheel " in status_drawing(frame, 120, PLAIN).lines[0].plain


def test_a_message_has_a_line_whether_there_is_one_or_not() -> None:
    frame = frame_named("busy")
    assert message_drawing(replace(frame, notice=""), 80, PLAIN).plain == " "
    assert message_drawing(replace(frame, notice="jumped 85 s"), 80, PLAIN).plain == " jumped 85 s"


def test_an_error_says_that_it_is_one() -> None:
    frame = replace(frame_named("busy"), notice="no such thing", error=True)
    assert "error: no such thing" in message_drawing(frame, 80, PLAIN).plain


def test_a_command_under_way_is_named() -> None:
    frame = replace(frame_named("busy"), notice="", busy="run 10h", state="busy")
    assert "run 10h goes on; Esc stops it" in message_drawing(frame, 100, PLAIN).plain


@few
@given(width=WIDTHS, count=COUNTS, name=FRAME_NAMES)
def test_counts_fit_and_are_not_cut(width: int, count: int, name: str) -> None:
    frame = frame_named(name)
    packets = replace(frame.snapshot.packets, read=count, permitted=count, malformed=count)
    line = counts_line(with_snapshot(frame, packets=packets), width, PLAIN)
    assert_line_fits(line, width)
    assert "…" not in line.plain
    assert line.plain.startswith(" packets ")


def test_a_count_that_changed_has_a_star() -> None:
    now = frame_named("busy")
    packets = replace(now.snapshot.packets, read=9, denied=4)
    frame = with_snapshot(replace(now, before=now.snapshot), packets=packets)
    text = counts_line(frame, 120, PLAIN).plain
    assert " packets 9* " in text
    assert " denied 4* " in text
    assert text.count("*") == 2
    assert "*" not in counts_line(now, 120, PLAIN).plain


@few
@given(width=WIDTHS, here=st.sampled_from([name for _, name, _ in TABS]))
def test_tabs_fit_and_the_one_shown_is_in_brackets(width: int, here: str) -> None:
    line = tabs_line(TABS, here, width, PLAIN)
    assert_line_fits(line, width)
    spots = {target: line.plain[start:end] for start, end, target in line.spots}
    assert spots == {
        TabTarget(name): f"{key} {name}" for key, name, _ in TABS if TabTarget(name) in spots
    }
    if width >= 80:
        assert len(spots) == len(TABS)
        key = next(key for key, name, _ in TABS if name == here)
        assert f"[{key} {here}]" in line.plain
    assert line.plain.count("[") <= 1


@few
@given(
    width=WIDTHS,
    words=st.lists(st.text(st.sampled_from("abc"), min_size=1, max_size=9), max_size=20),
)
def test_the_footer_cuts_no_word(width: int, words: list[str]) -> None:
    keys = [("x", word, f"action({n})") for n, word in enumerate(words)]
    line = footer_line(keys, width, PLAIN)
    assert_line_fits(line, width)
    shown = [(line.plain[start:end], target) for start, end, target in line.spots]
    assert shown == [(f"x {word}", KeyTarget(action)) for _, word, action in keys][: len(shown)]
    if sum(len(word) + 4 for word in words) <= width:
        assert len(shown) == len(words)


@pytest.mark.parametrize("name", ["busy", "nothing"])
def test_all_is_told_without_styles(name: str) -> None:
    shown = status_drawing(frame_named(name), 80, PLAIN).plain
    assert ("‖ paused" in shown) != ("□ idle" in shown)


def test_the_page_of_workers_is_told_where_there_are_some() -> None:
    player = player_named("busy")

    def page(*threads: int) -> str:
        return player.frame(Wanted(threads)).page

    assert page(2) == "worker 2 of 2"
    assert page(1, 2) == ""
    assert page() == ""
    frame = replace(frame_named("busy"), page=page(1))
    assert "worker 1 of 2" in status_drawing(frame, 100, PLAIN).plain
