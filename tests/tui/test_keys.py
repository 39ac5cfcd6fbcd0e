"""The table of keys: whole, without clashes, each with something that does it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from textual.pilot import Pilot

from aclbench.tui.app import AclbenchApp
from aclbench.tui.keys import (
    BINDINGS,
    FOR_LESSONS,
    NOT_IN_LESSONS,
    NOT_ON_THREADS,
    SECTIONS,
    Key,
    is_offered,
    sections_of,
)
from aclbench.tui.screen import BenchScreen
from aclbench.tui.textpanel import TextPanel
from tui.bench import busy_bench

PLACES = ("bench", "packets", "sessions", "log", "plot", "branches", "story")
KEYS = tuple(key for section in SECTIONS for key in section.keys)
each_place = pytest.mark.parametrize("place", [*PLACES, "lesson"])
in_a_lesson_or_not = pytest.mark.parametrize("lesson", [False, True], ids=["bench", "lesson"])


@each_place
@pytest.mark.parametrize("threaded", [False, True])
def test_no_two_keys_of_a_place_clash(place: str, threaded: bool) -> None:
    found = Counter(
        each
        for key in KEYS
        if not key.places or place in key.places
        for each in key.keys.split(",")
    )
    assert [key for key, count in found.items() if count > 1] == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_does_something_and_says_what(key: Key) -> None:
    name = re.split(r"\(", key.action)[0]
    owner = AclbenchApp if name.startswith("app.") else BenchScreen
    assert hasattr(owner, f"action_{name.removeprefix('app.')}")
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", key.id)
    assert len(key.about) > 3
    assert set(key.places) <= {*PLACES, "lesson"}


def test_ids_are_unique_and_every_binding_has_one_and_a_tooltip() -> None:
    ids = [binding.id for binding in BINDINGS]
    assert len(set(ids)) == len(ids) == len(KEYS)
    assert all(binding.tooltip for binding in BINDINGS)
    assert set(ids) >= NOT_ON_THREADS


def test_what_is_shown_in_the_footer_has_a_word_of_its_own() -> None:
    for place in PLACES:
        words = [k.word for k in KEYS if k.word and (not k.places or place in k.places)]
        assert len(set(words)) == len(words)


@each_place
def test_only_what_is_for_a_place_is_offered_there(place: str) -> None:
    for key in KEYS:
        same = [k for k in KEYS if k.action == key.action]
        for lesson in (False, True):
            left_out = NOT_IN_LESSONS if lesson else FOR_LESSONS
            here = [k for k in same if k.id not in left_out]
            expected = any(not k.places or place in k.places for k in here)
            assert is_offered(key.action, place, False, lesson) == expected
    assert is_offered("something_of_textual", place, threaded=True)


def test_on_threads_nothing_goes_back() -> None:
    for action in ("step", "step_turn", "back('step')", "seek(True)", "to_start", "actor"):
        assert is_offered(action, "bench", threaded=False)
        assert not is_offered(action, "bench", threaded=True)
    for action in ("play_pause", "jump", "faster(1)", "send", "quit", "place('log')"):
        assert is_offered(action, "bench", threaded=True)


@each_place
@in_a_lesson_or_not
@pytest.mark.parametrize("threaded", [False, True])
def test_help_has_every_key_that_is_offered_once(place: str, threaded: bool, lesson: bool) -> None:
    sections = sections_of(place, threaded, lesson)
    left_out = NOT_IN_LESSONS if lesson else FOR_LESSONS
    found = [binding.id for _, bindings in sections for binding in bindings]
    expected = [
        key.id
        for key in KEYS
        if (not key.places or place in key.places)
        and not (threaded and key.id in NOT_ON_THREADS)
        and key.id not in left_out
    ]
    assert sorted(found) == sorted(expected)
    own = [key.id for key in KEYS if place in key.places and key.id in expected]
    title, bindings = sections[0]
    assert title == (f"on this place: {place}" if own else "time")
    if own:
        assert [binding.id for binding in bindings] == own


async def painted(pilot: Pilot[None]) -> BenchScreen:
    """Wait until the bench is made: at most so many turns."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, BenchScreen)
    for _ in range(100):
        await pilot.pause()
        if screen.frame is not None:
            return screen
    raise AssertionError("the bench was never painted")


async def test_the_footer_has_what_one_needs_at_80_columns() -> None:
    words = {key.word for key in KEYS if key.word}
    async with AclbenchApp(busy_bench, "a title").run_test(size=(80, 24)) as pilot:
        screen = await painted(pilot)
        for place in PLACES:
            await screen.show_place(place)
            await pilot.pause()
            drawn = screen.query_one("#footer", TextPanel).drawing
            shown = [drawn.lines[s.line].plain[s.start : s.end] for s in drawn.spots()]
            found = [text.split(" ", 1)[1] for text in shown]
            assert {"Play", "Step", "Back", "Help", "Quit"} <= set(found), place
            assert set(found) <= words, place
            assert len(drawn.lines[0]) <= 80
