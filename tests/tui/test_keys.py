"""The keys: without clashes, each with an id, a tooltip, and something that does it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from aclbench.tui.app import AclbenchApp
from aclbench.tui.bench.place import BenchPlace
from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.keys import (
    NOT_AGAINST,
    NOT_IN_LESSONS,
    NOT_ON_THREADS,
    ONLY_AGAINST,
    SCREEN,
    TIME,
    Key,
    is_offered,
    left_out,
)
from aclbench.tui.lesson.area import KEYS as LESSON_KEYS
from aclbench.tui.lesson.area import LessonArea
from aclbench.tui.lesson.panel import LessonPlace
from aclbench.tui.log.place import LogPlace
from aclbench.tui.packets.place import PacketsPlace
from aclbench.tui.place import Place
from aclbench.tui.plot.place import PlotPlace
from aclbench.tui.runarea import RunArea
from aclbench.tui.screen import BenchScreen
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.settings import with_keys
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.textpanel import TextPanel
from tui.bench import at_once, busy_bench
from tui.piloting import Bench

PLACES = ("bench", "packets", "sessions", "log", "plot", "branches", "story")
KINDS: tuple[type[Place], ...] = (
    BenchPlace, PacketsPlace, SessionsPlace, LogPlace, PlotPlace, BranchesPlace, StoryPlace,
    LessonPlace,
)  # fmt: skip
EVERYWHERE = (*TIME, *SCREEN, *LESSON_KEYS)
each_kind = pytest.mark.parametrize("kind", KINDS)


def test_no_two_keys_of_all_places_clash() -> None:
    found = Counter(each for key in EVERYWHERE for each in key.keys.split(","))
    assert [key for key, count in found.items() if count > 1] == []
    ids = [key.id for key in EVERYWHERE]
    assert len(set(ids)) == len(ids)
    assert set(ids) >= NOT_ON_THREADS | NOT_IN_LESSONS | NOT_AGAINST | ONLY_AGAINST


@each_kind
def test_the_keys_of_a_place_clash_with_none(kind: type[Place]) -> None:
    own = Counter(key for b in with_keys(kind.all_bindings(), {}) for key in b.key.split(","))
    assert [key for key, count in own.items() if count > 1] == []
    everywhere = {each for key in EVERYWHERE for each in key.keys.split(",")}
    # `/` searches a place that can be searched, and elsewhere the packets.
    assert set(own) & everywhere <= {"slash"}


@pytest.mark.parametrize(
    ("owner", "keys"), [(RunArea, TIME), (BenchScreen, SCREEN), (LessonArea, LESSON_KEYS)]
)
def test_every_key_does_something_and_says_what(owner: type[Widget], keys: tuple[Key, ...]) -> None:
    owners = {"app": AclbenchApp, "screen": BenchScreen}
    for key in keys:
        namespace, _, name = re.split(r"\(", key.action)[0].rpartition(".")
        assert hasattr(owners.get(namespace, owner), f"action_{name}"), key
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", key.id)
        assert len(key.about) > 3


@each_kind
def test_every_key_of_a_place_does_something_and_says_what(kind: type[Place]) -> None:
    for binding in with_keys(kind.all_bindings(), {}):
        assert hasattr(kind, f"action_{binding.action.split('(')[0]}")
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", binding.id or "")
        assert len(binding.tooltip) > 3


def test_on_threads_nothing_goes_back_and_a_lesson_keeps_its_bench() -> None:
    def offered(action: str, *parameters: object, threaded: bool, lesson: bool = False) -> bool:
        return is_offered((*TIME, *SCREEN), action, parameters, left_out(threaded, lesson, False))

    for action in (("step",), ("step_turn",), ("back", "step"), ("seek", True), ("to_start",)):
        assert offered(*action, threaded=False)
        assert not offered(*action, threaded=True)
    for action in (("play_pause",), ("jump",), ("faster", 1), ("send",), ("place", "log")):
        assert offered(*action, threaded=True)
    for name in ("restart", "open_another"):
        assert offered(name, threaded=True)
        assert not offered(name, threaded=False, lesson=True)
    assert offered("something_of_textual", threaded=True, lesson=True)


def test_the_other_bench_is_offered_where_there_is_one() -> None:
    alone, against = (left_out(False, False, two) for two in (False, True))
    assert not is_offered(SCREEN, "exchange", (), alone)
    assert is_offered(SCREEN, "exchange", (), against)
    assert is_offered(SCREEN, "open_another", (), alone)
    assert not is_offered(SCREEN, "open_another", (), against)


async def painted(pilot: Pilot[None]) -> BenchScreen:
    """Wait until the bench is made."""
    bench = Bench(pilot)
    await bench.until(lambda: bench.screen.frame is not None)
    return bench.screen


async def test_the_footer_has_what_one_needs_at_80_columns() -> None:
    async with AclbenchApp(at_once(busy_bench), "a title").run_test(size=(80, 24)) as pilot:
        screen = await painted(pilot)
        for place in PLACES:
            await screen.action_place(place)
            await pilot.pause()
            drawn = screen.query_one("#footer", TextPanel).drawing
            shown = [drawn.lines[s.line].plain[s.start : s.end] for s in drawn.spots()]
            found = [text.split(" ", 1)[1] for text in shown]
            assert {"Play", "Step", "Back", "Help", "Quit"} <= set(found), place
            assert len(set(found)) == len(found)
            assert len(drawn.lines[0]) <= 80
