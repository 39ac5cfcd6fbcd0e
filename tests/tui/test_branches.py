"""The place of the branches."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.branches.place import BranchesPlace, branch_line
from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame
from aclbench.tui.player import Player
from aclbench.tui.targets import BranchTarget
from aclbench.workbench.history.history import BranchView
from aclbench.workbench.views.clock import Clock
from tui.bench import busy_bench, player_of
from tui.looking import (
    COUNTS,
    PLAIN,
    WIDTHS,
    assert_fits,
    assert_line_fits,
    at_any_size,
    command,
    few,
    frame_named,
    frame_of,
    player_named,
)

NAMES = ("main", "what-if", "another")


@cache
def branched() -> Player:
    """A run that was left twice; one is on the last branch."""
    player = player_of(busy_bench, "")
    for name in NAMES[1:]:
        player.travel.back("event")
        command(player, f"branch {name}")
        player.bench.advance(1)
    return player


@cache
def frame_branched() -> Frame:
    return frame_of(branched())


def draw(place: BranchesPlace, width: int, height: int) -> Drawing:
    return place.draw(frame_branched(), width, height, PLAIN)


@few
@at_any_size
def test_the_place_fits_and_the_cursor_is_in_sight(width: int, height: int) -> None:
    place = BranchesPlace(branched())
    for last in (False, True):
        shown = draw(place, width, height)
        assert_fits(shown, width, height)
        if height > 2:
            assert place.pointed_at() in [spot.target for spot in shown.spots()]
        place.action_list_end(last)


def test_each_branch_has_a_row_and_the_one_that_one_is_on_a_star() -> None:
    shown = draw(BranchesPlace(branched()), 100, 20)
    rows = {spot.target: shown.lines[spot.line].plain for spot in shown.spots()}
    assert list(rows) == [BranchTarget(name) for name in NAMES]
    assert [rows[BranchTarget(name)][1] for name in NAMES] == [" ", " ", "*"]
    assert rows[BranchTarget("another")].split()[:3] == ["*", "another", "what-if"]
    assert "3 " in shown.lines[0].plain


@pytest.mark.parametrize("width", [80, 120])
def test_what_branches_are_is_told_in_full(width: int) -> None:
    shown = draw(BranchesPlace(branched()), width, 17)
    said = " ".join(shown.plain.split())
    assert "A run is a branch." in said
    assert said.endswith("c compares it with where you are, w any two points.")


def test_a_run_is_a_branch() -> None:
    shown = BranchesPlace(player_named("busy")).draw(frame_named("busy"), 80, 17, PLAIN)
    assert [spot.target for spot in shown.spots()] == [BranchTarget("main")]


def test_the_cursor_goes_to_any() -> None:
    place = BranchesPlace(branched())
    draw(place, 80, 17)
    place.action_cursor(1)
    assert place.pointed_at() == BranchTarget("what-if")
    place.action_page(1)
    assert place.pointed_at() == BranchTarget("another")
    place.action_list_end(False)
    assert place.pointed_at() == BranchTarget("main")
    place.pick(BranchTarget("what-if"))
    assert place.pointed_at() == BranchTarget("what-if")


@few
@given(width=WIDTHS, count=COUNTS, name=st.sampled_from(("main", "n" * 64)))
def test_a_row_fits(width: int, count: int, name: str) -> None:
    branch = BranchView(name, name, count, count * 10**6, count, True)
    assert_line_fits(branch_line(branch, Clock(0), width, PLAIN), width)
