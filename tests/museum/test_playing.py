"""The game of the scheduler; in an interpreted process, as a search is."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

BEGIN = """
from aclbench.designs.exhibits import exhibit_named
from aclbench.lab.explore.bundled import find_explored
from aclbench.lab.explore.scenario import load_explored
from aclbench.museum.games import game_of_exhibit, game_of_scenario
from aclbench.tui.palette import Palette
from aclbench.tui.play.drawing import draw
from aclbench.workbench.tasks import finish

def begun(play, searched=True):
    if searched:
        finish(play.searching())
    finish(play.beginning())
    return play

def game(name, fixed=False):
    return begun(finish(game_of_exhibit(exhibit_named(name), fixed)))

def game_of(scenario, searched):
    return begun(finish(game_of_scenario(load_explored(find_explored(scenario)))), searched)

def take(play, words):
    play.take(next(o for o in play.options if words in f"{o.actor} {o.step}"))

def as_found(play):
    for choice in play.best.found.broken.choices:
        play.take(next(o for o in play.options if o.choice == choice))
"""


def in_a_game(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + dedent(program)],
        env={**os.environ, "ACLBENCH_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_won_by_what_a_search_found_and_a_step_can_be_taken_back() -> None:
    in_a_game(
        """
        play = game("vpp-912b")
        assert not play.is_over and [o.actor for o in play.options] == ["vpp_wk_0"]
        as_found(play)
        assert play.is_won and play.told.preemptions == 1 and play.options == ()
        assert "You switched in the middle of a turn once; once suffices" in play.outcome()
        steps = len(play.told.steps)
        play.undo()
        assert not play.is_over and len(play.told.steps) == steps - 1
        take(play, "cleaner mark pending")
        assert play.is_won
        play.restart()
        assert play.told.steps == [] and not play.is_over
        """
    )


def test_a_hint_is_what_the_search_did() -> None:
    in_a_game(
        """
        play = game("one-key")
        begin = play.hint()
        assert begin.startswith("let vpp_wk_")
        first = play.best.found.broken.choices[0]
        play.take(next(o for o in play.options if o.choice != first))
        assert play.hint() == "the search went another way: take 1 step back"
        assert play.hint() in draw(play, True, 80, 24, Palette()).plain
        play.undo()
        assert play.hint() == begin
        as_found(play)
        assert play.is_won and play.hint() == ""
        """
    )


def test_a_clear_that_hangs_is_won_where_nobody_can_go() -> None:
    in_a_game(
        """
        play = game("vpp-912c")
        as_found(play)
        assert play.is_won and "waits for vpp_wk_0 for ever" in play.outcome()
        """
    )


def test_without_the_fault_the_same_steps_win_nothing() -> None:
    in_a_game(
        """
        play = game("vpp-912b", fixed=True)
        take(play, "parse")
        while not play.is_over and len(play.told.steps) < 60:
            play.take(play.options[-1])
        assert not play.is_won and play.best.found is None and play.best.whole
        """
    )


def test_a_packet_that_both_rule_sets_permit_is_denied() -> None:
    """A scenario to explore; won without a search, too, but nobody knows what suffices."""
    in_a_game(
        """
        for searched in (True, False):
            play = game_of("replace-under-match", searched)
            assert "no order of whole packets and commands" in play.goal
            for _ in range(4):
                take(play, "vpp_wk_0")
            take(play, "vpp_main set acl-plugin acl index 0")
            take(play, "vpp_wk_0")
            while not play.is_over:
                take(play, "vpp_wk_0")
            assert play.is_won and "denied, no rule matched" in play.outcome()
            assert ("suffices" in play.outcome(), bool(play.hint())) == (searched, False)
        """
    )


def test_the_screen_has_the_goal_the_keys_and_the_steps() -> None:
    in_a_game(
        """
        play = game("one-key")
        before = draw(play, False, 80, 24, Palette()).plain.splitlines()
        assert len(before) == 24 and max(map(len, before)) <= 80
        assert "two workers make a session each" in before[1]
        assert "Believed: A packet finds no session" in before[4]
        assert any("At the bottom is whoever can go" in line for line in before)
        assert any(line.startswith(" 1 vpp_wk_0") for line in before)
        take(play, "vpp_wk_0 parse")
        take(play, "vpp_wk_1 parse")
        after = draw(play, False, 80, 24, Palette()).plain
        assert "switches in the middle of a turn: 1" in after and "a switch" in after
        as_found(play) if not play.restart() else None
        assert "Won: " in draw(play, False, 80, 24, Palette()).plain
        """
    )


def test_a_fault_that_any_order_shows_is_no_game() -> None:
    in_a_game(
        """
        from aclbench.errors import AclbenchError
        try:
            game("vpp-932")
        except AclbenchError as error:
            assert "aclbench museum vpp-932" in str(error)
        else:
            raise AssertionError
        """
    )


def test_keys_choose_take_back_and_leave() -> None:
    in_a_game(
        """
        import asyncio
        from aclbench.tui.play.app import PlayApp
        from aclbench.tui.textpanel import TextPanel

        async def press():
            app = PlayApp(game("reused-slot"))
            async with app.run_test(size=(80, 24)) as pilot:
                await pilot.press("1", "1", "9", "x")
                assert len(app.play.told.steps) == 2
                assert "vpp_wk_0" in app.query_one(TextPanel).drawing.plain
                await pilot.press("u")
                assert len(app.play.told.steps) == 1
                await pilot.press("1", "r")
                assert app.play.told.steps == []
                await pilot.press("q")

        asyncio.run(press())
        """
    )
