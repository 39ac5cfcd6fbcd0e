"""The screen as someone at the keyboard meets it, at two sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from aclbench.errors import ScenarioError
from aclbench.tui.app import AclbenchApp
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.help.screen import HelpScreen, key_lines, key_name
from aclbench.tui.keys import BINDINGS
from aclbench.tui.player import SPEEDS, Player
from aclbench.tui.screen import BenchScreen
from aclbench.tui.textpanel import TextPanel
from aclbench.workbench.bench import Workbench
from tui.bench import busy_bench, capture_bench, make_bench, one_opening

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


class Bench:
    """What a test looks at: the screen, its player, and what stands on it."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        screen = pilot.app.screen_stack[0]
        assert isinstance(screen, BenchScreen)
        self.screen = screen

    @property
    def player(self) -> Player:
        assert self.screen.player is not None
        return self.screen.player

    def text(self, selector: str) -> str:
        return str(self.screen.query(selector).first(TextPanel).render())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


async def begin(pilot: Pilot[None]) -> Bench:
    """Wait until the bench is made: at most so many turns."""
    bench = Bench(pilot)
    for _ in range(100):
        await pilot.pause()
        if bench.screen.frame is not None:
            return bench
    raise AssertionError("the bench was never painted")


def app(make: Callable[[], Workbench] = busy_bench) -> AclbenchApp:
    return AclbenchApp(make, "A bench for tests")


@SIZES
async def test_the_first_screen_shows_the_bench(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        assert "paused" in bench.text("#status")
        assert "+1.300 s" in bench.text("#status")
        panels = bench.screen.query("#panels TextPanel")
        assert len(panels) == 2
        assert "vpp_wk_0" in bench.text("#panels TextPanel")
        assert "waits for event or clock" in bench.text("#cleaner")
        assert bench.screen.query_one("#log").display == (size[1] == 40)
        # Nothing lies outside of the screen or over something else.
        regions = [w.region for w in bench.screen.query("TextPanel") if w.display and w.size]
        assert all(r.right <= size[0] and r.bottom <= size[1] for r in regions)


@SIZES
async def test_play_advances_and_pause_stops(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        start = bench.player.bench.now
        await bench.press("space")
        assert bench.player.playing
        for _ in range(200):
            await pilot.pause(0.02)
            if bench.player.bench.now > start:
                break
        assert bench.player.bench.now > start
        await bench.press("space")
        assert not bench.player.playing
        stopped = bench.player.bench.now
        await pilot.pause(0.25)
        assert bench.player.bench.now == stopped
        assert "paused" in bench.text("#status")


async def test_a_paused_screen_is_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        painted: list[str] = []
        monkeypatch.setattr(bench.screen, "paint", lambda: painted.append("paint"))
        await pilot.pause(0.35)
        assert not painted


@SIZES
async def test_steps(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        await bench.press("s")
        assert "step: cleaner, wake up" in bench.text("#status")
        await bench.press("right")
        assert "step: cleaner, tally" in bench.text("#status")
        await bench.press("e")
        assert "event: cleaner, raise interrupt, done" in bench.text("#status")
        assert "●pending*" in bench.text("#panels TextPanel")
        await bench.press("g")
        assert "jumped" in bench.text("#status")


@SIZES
async def test_back_undoes_and_going_on_finds_the_same_run(size: tuple[int, int]) -> None:
    """Steps and events are taken back one by one, a second at a time, and to the start."""
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        bench_ = bench.player.bench
        seen = [bench_.snapshot()]
        for key in ("s", "s", "e", "e"):
            await bench.press(key)
            seen.append(bench_.snapshot())
        for key in ("b", "left"):
            await bench.press(key)
        assert "back by one step" in bench.text("#status")
        await bench.press("e")
        assert bench_.snapshot() == seen[-1]
        await bench.press("left_square_bracket")
        assert "back 1 s" in bench.text("#status")
        assert bench_.now == seen[-1].now - 1_000_000_000
        await bench.press("home", "b")
        assert "this is the start of the run" in bench.text("#status")
        assert bench_.snapshot().packets.read == 0
        await bench.press("right_square_bracket", "B")
        assert "back by one event" in bench.text("#status")
        assert [branch.name for branch in bench_.branches()] == ["main"]


async def test_the_log_is_that_of_the_place_one_went_back_to() -> None:
    """It neither keeps what has not happened nor forgets what has."""
    async with app().run_test(size=(120, 40)) as pilot:
        bench = await begin(pilot)
        before = bench.player.log.last(50, 0)
        for _ in range(6):
            await bench.press("e")
        assert bench.player.log.last(50, 0) != before
        for _ in range(40):
            await bench.press("b")
        assert len(bench.player.log.last(50, 0)) <= len(before) + 1


async def test_a_command_that_goes_back_takes_the_log_along() -> None:
    """`goto` typed below is the same as going there by key."""
    async with app().run_test(size=(120, 40)) as pilot:
        bench = await begin(pilot)
        await bench.press("space")
        for _ in range(20):
            await bench.press("e")
        kept = bench.player.log.kept(0)
        bench.player.command("goto start")
        assert bench.player.log.kept(0) < kept
        assert bench.player.bench.snapshot().packets.read == 0


async def test_it_plays_at_once_when_asked_to() -> None:
    """The one command that a newcomer types shows something that moves."""
    async with AclbenchApp(busy_bench, "A bench", play=True).run_test() as pilot:
        bench = await begin(pilot)
        assert bench.player.playing


async def test_restart_makes_a_new_bench() -> None:
    async with app(make_bench).run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        bench.player.command("set acl-plugin session timeout udp idle 7")
        await bench.press("space", "r")
        assert bench.player.bench.snapshot().session_timeout[0] == 4_000_000_000
        assert "restarted" in bench.text("#status")
        assert "idle" in bench.text("#status")


async def test_faster_and_slower() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await bench.press("plus", "equals_sign")
        assert " 5x " in bench.text("#status")
        await bench.press("minus", "minus", "minus")
        assert " 0.5x " in bench.text("#status")


@SIZES
async def test_the_command_line(size: tuple[int, int]) -> None:
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        region = bench.screen.query_one(CommandRegion)
        assert not region.is_open
        await bench.press("colon")
        assert region.is_open
        line = bench.screen.query_one(Input)
        line.value = "show acl-plugin sessions"
        await bench.press("enter")
        await pilot.pause()
        assert "Sessions total" in str(region.query_one("#command-text").render())
        line.value = "shw"
        await bench.press("enter")
        await pilot.pause()
        assert str(region.query_one("#command-text").render()).startswith("error: ")
        # Letters, spaces and signs are typed, not obeyed.
        await bench.press("s", "space", "plus", "q", "question_mark")
        assert line.value == "s +q?"
        assert not bench.player.playing
        await bench.press("up")
        assert line.value == "shw"
        await bench.press("escape")
        assert not region.is_open
        await bench.press("s")
        assert "step" in bench.text("#status")


async def test_a_command_shows_at_once() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await bench.press("colon")
        bench.screen.query_one(Input).value = "set acl-plugin session timeout tcp idle 9"
        await bench.press("enter")
        await pilot.pause()
        assert "7.70s" in bench.text("#panels TextPanel")


async def test_help_lists_every_key() -> None:
    async with app().run_test(size=(120, 40)) as pilot:
        await begin(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, BenchScreen)


def test_every_binding_has_an_id_and_a_tooltip() -> None:
    assert len({binding.id for binding in BINDINGS}) == len(BINDINGS)
    assert all(binding.tooltip for binding in BINDINGS)
    lines = key_lines(BINDINGS)
    shown = {key for keys, _ in lines for key in keys.split()}
    assert {key_name(k) for b in BINDINGS for k in b.key.split(",")} == shown
    assert {"[", "]", "Left", "Shift+Left"} <= shown
    assert not [key for key in shown if "_" in key]


@pytest.mark.parametrize("workers", [0, 1, 3, 16])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_pages_of_workers(size: tuple[int, int], workers: int) -> None:
    async with app(lambda: busy_bench(workers)).run_test(size=size) as pilot:
        bench = await begin(pilot)
        seen: set[int] = set()
        assert bench.screen._layout_now is not None
        for _ in range(workers // bench.screen._layout_now.per_page + 1):
            assert bench.screen.frame is not None
            seen |= set(bench.screen.frame.workers)
            await bench.press("n")
        assert seen == set(range(1, workers + 1) if workers else {0})
        await bench.press("p", "tab")
        assert bench.screen.query_one("#log").display
        await bench.press("n", "tab")


async def test_resizing() -> None:
    async with app(lambda: busy_bench(4)).run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert len(bench.screen.query("#panels TextPanel")) == 4
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        assert len(bench.screen.query("#panels TextPanel")) == 1


async def test_the_log_is_filtered_and_scrolled() -> None:
    def make() -> Workbench:
        return make_bench()

    async with app(make).run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await bench.press("tab")
        assert "all events" in bench.text("#log")
        await bench.press("f")
        assert "without packets" in bench.text("#log")
        bench.player.command("clear acl-plugin sessions")
        bench.player.bench.advance(5)
        await bench.press("pageup")
        newer = bench.text("#log")
        await bench.press("end")
        assert bench.text("#log") != newer or "newer below" not in newer


async def test_light_and_dark() -> None:
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        dark = bench.screen._palette
        await bench.press("t")
        assert bench.screen._palette != dark


async def test_it_plays_a_capture_to_its_end(tmp_path: Path) -> None:
    path = one_opening(tmp_path / "one.pcap")
    async with app(lambda: capture_bench(path)).run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        bench.player.speed_index = len(SPEEDS) - 1
        await bench.press("space")
        for _ in range(200):
            await pilot.pause(0.02)
            if not bench.player.playing:
                break
        assert "ended" in bench.text("#status")
        assert "packets 3" in bench.text("#status")


async def test_a_bench_that_cannot_be_made_ends_the_app() -> None:
    def refuse() -> Workbench:
        raise ScenarioError("no such thing")

    async with app(refuse).run_test(size=(80, 24)) as pilot:
        for _ in range(20):
            await pilot.pause()
    assert pilot.app.return_code == 1
