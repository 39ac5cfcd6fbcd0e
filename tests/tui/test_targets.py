"""What can be pointed at: the cursor is on one thing, never on two that look alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given

from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.cleaner.text import cleaner_drawing
from aclbench.tui.drawing import POINTER, Drawing, Line, drawing
from aclbench.tui.log.place import LogPlace
from aclbench.tui.log.text import log_drawing
from aclbench.tui.packets.place import PacketsPlace
from aclbench.tui.packets.text import packets_drawing
from aclbench.tui.place import RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.story.tellers import SessionTeller
from aclbench.tui.targets import (
    BranchTarget,
    EventTarget,
    FieldTarget,
    KeyTarget,
    ListTarget,
    MarkKindTarget,
    PacketTarget,
    PastTarget,
    RowTarget,
    SessionTarget,
    TabTarget,
    TimeTarget,
)
from aclbench.tui.workers.panel import brief_line, panel_drawing
from tui.looking import FRAME_NAMES, PLAIN, WIDTHS, few, frame_named, player_named

#: Targets of each kind, whose values are the same as far as they can be.
ALIKE = (
    SessionTarget(1, 0), ListTarget(1, 0), FieldTarget("1", "0"), PacketTarget("1", 0),
    EventTarget(1), PastTarget(1), TimeTarget(1), BranchTarget("1"), MarkKindTarget("1"),
    RowTarget("1"), TabTarget("1"), KeyTarget("1"),
)  # fmt: skip


def test_no_two_kinds_are_equal() -> None:
    assert len(set(ALIKE)) == len(ALIKE)
    assert all(one != other for one, other in combinations(ALIKE, 2))


def test_what_is_alike_is_not_selected_with_it() -> None:
    shown = drawing([Line("  ").add("a list", target=ListTarget(1, 0)),
                     Line("  ").add("a session", target=SessionTarget(1, 0))])  # fmt: skip
    text = shown.render(SessionTarget(1, 0), PLAIN).plain
    assert text == "  a list\n ›a session"


def assert_pointer_at_each(shown: Drawing) -> None:
    """Whatever the cursor is on, a pointer stands before it: without colours it alone tells."""
    for spot in shown.spots():
        lines = shown.render(spot.target, PLAIN).plain.split("\n")
        before, found = shown.lines[spot.line].plain, lines[spot.line]
        assert found == f"{before[: spot.start - 1]}{POINTER}{before[spot.start :]}"
        others = [line for number, line in enumerate(lines) if number != spot.line]
        assert not any(POINTER in line for line in others)


@few
@given(width=WIDTHS, name=FRAME_NAMES)
def test_the_cursor_is_told_without_a_style_in_each_part(width: int, name: str) -> None:
    frame = frame_named(name)
    assert_pointer_at_each(cleaner_drawing(frame, width, 2, PLAIN))
    assert_pointer_at_each(log_drawing(frame, width, 12, PLAIN))
    assert_pointer_at_each(packets_drawing(frame, width, 12, PLAIN))
    for worker in frame.shown_workers():
        assert_pointer_at_each(panel_drawing(frame, worker, width, 40, PLAIN))
        assert_pointer_at_each(drawing([brief_line(frame, worker, width, PLAIN)]))


@pytest.mark.parametrize("kind", [BranchesPlace, LogPlace, PacketsPlace, SessionsPlace, StoryPlace])
@pytest.mark.parametrize("width", [40, 80, 130])
def test_the_cursor_is_told_without_a_style_in_each_place(
    kind: Callable[[Player], RowsPlace[Any]], width: int
) -> None:
    place = kind(player_named("busy"))
    if isinstance(place, StoryPlace):
        place.tell(SessionTeller(SessionTarget(1, 0)))
    for _ in range(50):
        if not place.work(1.0):
            break
    shown = place.draw(frame_named("busy"), width, 40, PLAIN)
    assert shown.spots()
    assert_pointer_at_each(shown)
