"""The screen as someone at the keyboard meets it: time, places, sizes, commands, help."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.app import ScreenStackError
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.widgets import Input, Static
from textual.worker import WorkerFailed

from aclbench.errors import ScenarioError
from aclbench.tui.dialogs import OpenDialog
from aclbench.tui.dialogs.picklist import PickList
from aclbench.tui.help.screen import HelpScreen, matching
from aclbench.tui.keys import ONLY_AGAINST, SCREEN, TIME
from aclbench.tui.live import MakeBench
from aclbench.tui.place import OPEN
from aclbench.tui.regions import WEIGHT
from aclbench.tui.settings import Settings, with_keys
from aclbench.tui.textpanel import FramePanel
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.workbench import Workbench
from tui.bench import (
    at_once,
    busy_bench,
    capture_bench,
    make_bench,
    one_opening,
    opening,
    write_pcap,
)
from tui.piloting import HUGE, LARGE, SMALL, Bench, Size, app, benching, flat_out

ALL_SIZES = pytest.mark.parametrize("size", [SMALL, LARGE, HUGE], ids=["80x24", "120x40", "200x60"])
PLACES = ("bench", "packets", "sessions", "log", "plot", "branches", "story")


@ALL_SIZES
async def test_the_first_screen_shows_the_bench(size: Size) -> None:
    async with benching(size=size) as bench:
        assert "paused" in bench.status()
        assert "+1.300 s" in bench.status()
        assert len(bench.screen.query("#workers TextPanel")) == 2
        assert "vpp_wk_0" in bench.text("#workers TextPanel")
        assert "waits for event or clock" in bench.text("#cleaner")
        for name, shown in (
            ("#log-panel", size != SMALL),
            ("#packets-panel", size != SMALL),
            ("#plot-panel", size == HUGE),
            ("#timeline", True),
        ):
            panel = bench.screen.query_one(name, FramePanel)
            assert bool(panel.is_displayed and panel.region.area) == shown, name
        for word in ("Space Play", "s Step", "b Back", "? Help", "q Quit"):
            assert word in bench.text("#footer")
        bench.lies_inside()


@pytest.mark.parametrize(
    ("size", "workers"),
    # The long ones are the same sizes and numbers of workers in other pairs.
    [
        (SMALL, 16),
        (LARGE, 1),
        (HUGE, 0),
        *(
            pytest.param(size, workers, marks=pytest.mark.long)
            for size, workers in ((SMALL, 0), (LARGE, 16), (HUGE, 16))
        ),
    ],
)
async def test_every_place_is_there_and_inside(size: Size, workers: int) -> None:
    async with benching(lambda: busy_bench(workers), size) as bench:
        for key, name in enumerate(PLACES, 1):
            await bench.press(str(key))
            assert bench.screen.place == name
            assert f"[{key} {name}]" in bench.text("#tabs")
            assert "workers 1-0" not in bench.status()
            # It alone has the room.
            assert bench.shown.region.height > size[1] // 3
            assert [each for each in bench.screen.places.values() if each.display] == [bench.shown]
            bench.lies_inside()
        await bench.press("escape", "escape")
        assert bench.screen.place == "bench"
        for _ in range(4):
            await bench.press("v")
            bench.lies_inside()


# --- time ---------------------------------------------------------------------------------------


async def test_play_advances_and_pause_stops() -> None:
    async with benching() as bench:
        start = bench.bench.now
        await bench.press("space")
        assert bench.player.transport.playing
        await bench.until(lambda: bench.bench.now > start and "playing" in bench.status())
        await bench.press("space")
        assert not bench.player.transport.playing
        stopped = bench.bench.now
        await bench.until(lambda: not bench.screen.loop_runs)
        assert bench.bench.now == stopped
        assert "paused" in bench.status()


async def test_a_paused_screen_is_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benching() as bench:
        await bench.press("3")
        await bench.until(lambda: not bench.screen.loop_runs)
        painted: list[str] = []
        monkeypatch.setattr(bench.screen, "paint", lambda: painted.append("paint"))
        for _ in range(50):
            await bench.pilot.pause(0)
        assert not painted


async def test_what_is_notified_is_seen() -> None:
    """A sentence may quote a file."""
    async with benching() as bench:
        bench.pilot.app.notify("config \x9b2J\x1b]0;title\x07", markup=False)
        await bench.settle()
        said = [each.message for each in bench.pilot.app._notifications]
        assert said == [r"config \x9b2J\x1b]0;title\x07"]


async def test_it_plays_at_once_when_asked_to() -> None:
    """The one command that a newcomer types shows something that moves."""
    async with benching(play=True) as bench:
        await bench.until(lambda: bench.player.transport.playing)


async def test_steps_and_what_they_change() -> None:
    async with benching() as bench:
        await bench.press("s")
        assert "step: cleaner, wake up" in bench.status()
        await bench.press("right")
        assert "step: cleaner, tally" in bench.status()
        await bench.press("e")
        assert "turn: cleaner, raise interrupt, done" in bench.status()
        assert "●pending*" in bench.text("#workers TextPanel")
        await bench.press("full_stop")
        assert "jumped" in bench.status()


async def test_back_undoes_and_going_on_finds_the_same_run() -> None:
    async with benching() as bench:
        for key in ("s", "s", "e", "e"):
            await bench.press(key)
        there = bench.bench.snapshot()
        for key in ("b", "left"):
            await bench.press(key)
        assert "back by one step" in bench.status()
        assert "in the past" in bench.status()
        await bench.press("e")
        assert bench.bench.snapshot() == there
        await bench.press("left_square_bracket")
        assert "back 1 s" in bench.status()
        assert bench.bench.now == there.now - NS_PER_S
        await bench.press("home", "b")
        assert "this is the start of the run" in bench.status()
        assert bench.bench.snapshot().packets.read == 0
        await bench.press("right_square_bracket", "E")
        assert "back by one turn" in bench.status()
        await bench.press("end")
        assert bench.bench.snapshot() == there
        assert [branch.name for branch in bench.bench.branches()] == ["main"]


async def test_packet_by_packet(tmp_path: Path) -> None:
    path = one_opening(tmp_path / "one.pcap")
    async with benching(lambda: capture_bench(path)) as bench:
        await bench.press("p", "p")
        assert "behind packet 2" in bench.status()
        await bench.press("P")
        assert "back by one packet" in bench.status()
        assert bench.bench.snapshot().packets.read == 1


async def test_end_goes_to_the_last_packet_played_or_not(tmp_path: Path) -> None:
    path = one_opening(tmp_path / "one.pcap")
    async with benching(lambda: capture_bench(path)) as bench:
        await bench.press("p", "home", "end")
        await bench.until(lambda: bench.player.underway.task is None)
        await bench.settle()
        assert "the end of the captures, behind packet 3" in bench.status()
        end = bench.bench.now
        await bench.press("home", "end")
        await bench.until(lambda: bench.player.underway.task is None)
        assert bench.bench.now == end
        assert bench.bench.snapshot().packets.read == 3


async def test_marks() -> None:
    """m and M, and the kind that k chooses."""
    async with benching(size=LARGE) as bench:
        end = bench.bench.now
        await bench.press("home")
        await bench.choose("k", "d")
        assert bench.player.travel.mark_kind == "denied"
        assert "[d denied 1]" in bench.text("#timeline")
        await bench.press("m")
        await bench.until(lambda: bench.player.underway.task is None)
        assert bench.bench.snapshot().packets.denied == 1
        assert bench.offset() == 400_000_000
        assert "in the past" in bench.status()
        await bench.press("end", "M")
        await bench.until(lambda: bench.player.underway.task is None)
        assert bench.offset() == 400_000_000
        await bench.choose("k", "m")
        assert bench.player.travel.mark_kind == ""
        await bench.press("home", "m")
        await bench.until(lambda: bench.player.underway.task is None)
        assert bench.bench.snapshot().sessions.live == 1
        await bench.press("end")
        assert bench.bench.now == end


async def test_going_places() -> None:
    async with benching() as bench:
        for where, offset, packets in (
            ("+0.25", 0.25, 3),
            ("#4", 0.4, 4),
            ("start", 0, 0),
            ("end", 1.3, 6),
            ("50%", 0.65, 6),
            ("0%", 0, 0),
            ("+2min", 120, 6),
        ):
            await bench.go_to(where)
            assert not bench.player.live.error, bench.status()
            assert bench.offset() == int(offset * NS_PER_S), where
            assert bench.bench.snapshot().packets.read == packets, where


async def test_going_to_an_event_and_to_what_there_is_not() -> None:
    async with benching() as bench:
        for where, error in (
            ("event 5", ""),
            ("event 99999", "this run has 68 events"),
            ("#77", "77"),
        ):
            await bench.go_to(where)
            assert error in bench.status()
            assert bench.player.live.error == bool(error)
        assert bench.bench.rig.events_so_far() in (5, 6, 7)
        await bench.press("g")
        await bench.dialog()
        await bench.write("nowhere")
        await bench.press("enter")
        assert "not a place" in str(bench.top.query_one("#dialog-error", Static).render())
        await bench.press("escape")
        await bench.closed()


async def test_along_the_timeline() -> None:
    async with benching() as bench:
        end = bench.bench.now
        await bench.press("less_than_sign", "comma")
        back = bench.bench.now
        assert back == end - 2 * ((end - bench.player.live.started) // 40)
        await bench.press("greater_than_sign")
        assert back < bench.bench.now < end
        await bench.press("end", "greater_than_sign")
        assert bench.bench.now == end


async def test_faster_and_slower_and_gaps() -> None:
    async with benching() as bench:
        await bench.press("plus", "equals_sign")
        assert " 5x " in bench.status()
        await bench.press("minus", "minus", "minus")
        assert " 0.5x " in bench.status()
        await bench.press("j")
        assert "played out" in bench.status()
        await bench.press("j")
        assert "jumped" in bench.status()


async def test_gaps_are_played_out_as_the_settings_say() -> None:
    async with benching(settings=Settings(gaps="play")) as bench:
        assert bench.player.transport.plays_gaps


async def test_who_steps_is_chosen() -> None:
    """The menu has those who can go now; stepping them by hand opens no branch at the end."""
    async with benching() as bench:
        await bench.press("e")
        await bench.choose("a", "2")
        assert bench.player.transport.chosen == "vpp_wk_1"
        assert "vpp_wk_1 steps" in bench.status()
        await bench.press("e")
        assert "turn: vpp_wk_1, report load, done" in bench.status()
        await bench.press("s")
        assert "vpp_wk_1 has nothing to do now" in bench.status()
        assert len(bench.bench.branches()) == 1
        await bench.choose("a", "0")
        assert not bench.player.transport.chosen
        await bench.press("s")
        assert "step: vpp_wk_0" in bench.status()


async def test_restart_makes_a_new_bench() -> None:
    async with benching(make_bench) as bench:
        await bench.command("set acl-plugin session timeout udp idle 7")
        await bench.press("space", "r")
        assert bench.bench.snapshot().session_timeout[0] == 4 * NS_PER_S
        assert "restarted" in bench.status()
        assert "idle" in bench.status()


async def test_it_plays_a_capture_flat_out_to_its_end(tmp_path: Path) -> None:
    path = one_opening(tmp_path / "one.pcap")
    async with benching(lambda: capture_bench(path)) as bench:
        flat_out(bench)
        await bench.press("space")
        await bench.until(lambda: not bench.player.transport.playing)
        await bench.settle()
        assert "end of capture" in bench.status()
        assert "packets 3" in bench.status()
        await bench.press("space")
        await bench.until(lambda: not bench.player.transport.playing)
        await bench.settle()
        assert "ended" in bench.status()


async def test_a_damaged_capture_is_told(tmp_path: Path) -> None:
    packets = [(1 + n / 100, data) for n, (_, data) in enumerate(opening())]
    path = write_pcap(tmp_path / "cut.pcap", packets, cut=5)
    async with benching(lambda: capture_bench(path)) as bench:
        flat_out(bench)
        await bench.press("space")
        await bench.until(lambda: "cut.pcap" in bench.status())
        assert "error: " in bench.status()
        assert "packets 2" in bench.status()
        bench.lies_inside()


async def test_a_bench_that_cannot_be_made_ends_the_app() -> None:
    def refuse() -> Workbench:
        raise ScenarioError("no such thing")

    async with app(refuse).run_test(size=SMALL) as pilot:
        for _ in range(20):
            await pilot.pause(0)
    assert pilot.app.return_code == 1


# --- sizes ----------------------------------------------------------------------------------------


async def test_resizing_while_playing() -> None:
    """From large to tiny and back, on every place; nothing raises, nothing lies outside."""
    async with benching(lambda: busy_bench(4), HUGE) as bench:
        bench.player.transport.speed_index = 7
        await bench.press("space")
        for key, size in zip(
            "1234567", [(200, 60), (60, 15), (120, 40), (80, 24), (60, 15), (100, 34), (60, 15)],
            strict=True,
        ):  # fmt: skip
            await bench.press(key)
            await bench.resize(size)
            bench.lies_inside()
        for size in ((200, 60), (60, 15), (30, 8), (200, 60)):
            await bench.press("1")
            await bench.resize(size)
            if size != (30, 8):
                bench.lies_inside()
        assert len(bench.screen.query("#workers TextPanel")) == 4


@pytest.mark.parametrize(
    ("size", "workers"),
    [(SMALL, 0), (SMALL, 1), (SMALL, 16), (LARGE, 3), (LARGE, 16), (HUGE, 16)],
)
async def test_pages_of_workers_and_one_alone(size: Size, workers: int) -> None:
    async with benching(lambda: busy_bench(workers), size) as bench:
        seen: set[int] = set()
        pages = -(-max(workers, 1) // bench.place.per_page)
        for page in range(pages):
            frame = bench.screen.frame
            assert frame is not None
            assert bench.place.page == page
            seen |= set(frame.workers)
            if page < pages - 1:
                await bench.press("n")
        assert seen == set(range(1, workers + 1) if workers else {0})
        last = bench.screen.frame
        assert last is not None
        await bench.press("z")
        assert bench.screen.frame is not None
        assert bench.screen.frame.workers == last.workers[:1]
        assert len(bench.screen.query("#workers TextPanel")) == 1
        bench.lies_inside()
        await bench.press("z")
        assert bench.screen.frame.workers == last.workers
        await bench.press("n")  # round to the first
        assert bench.place.page == 0
        await bench.press("N")
        assert bench.place.page == pages - 1


# --- looks ----------------------------------------------------------------------------------------


async def test_light_and_dark() -> None:
    async with benching() as bench:
        panel = bench.screen.query_one("#status", FramePanel)
        dark = panel.palette
        await bench.press("t")
        assert panel.palette != dark
        assert bench.pilot.app.theme == "textual-light"
        await bench.press("t")
        assert panel.palette == dark


async def test_help_lists_every_key_of_the_place() -> None:
    """Its own first; and each key once, with what it does there."""
    async with benching(size=LARGE) as bench:
        for place in PLACES:
            await bench.screen.action_place(place)
            own = with_keys(bench.shown.all_bindings(), {})
            here = {key for binding in own for key in binding.key.split(",")}
            await bench.press("question_mark")
            assert isinstance(bench.top, HelpScreen)
            first, *others = bench.top._parts
            if own:
                assert first[0][0] == f"on this place: {place}"
                assert {about for _, about in first[1:]} == {binding.tooltip for binding in own}
            else:
                others.insert(0, first)
            listed = {about for part in others for _, about in part}
            for key in (*TIME, *SCREEN):
                is_here = key.keys not in here and key.id not in ONLY_AGAINST
                assert (key.about in listed) == is_here, (place, key)
            await bench.press("escape")
            await bench.closed()


async def test_help_on_the_screen() -> None:
    async with benching() as bench:
        await bench.press("3", "question_mark")
        assert isinstance(bench.top, HelpScreen)
        parts = bench.top._parts
        assert parts[0][0][0] == "on this place: sessions"
        words = [right for part in parts for _, right in part]
        assert any("Order by" in word for word in words)
        assert any("on the timeline: cleared" in word for word in words)
        await bench.press("escape")
        await bench.closed()
        assert bench.screen.place == "sessions"


async def test_keys_are_those_of_the_settings() -> None:
    """In force, in the footer, in the help; the old ones do nothing."""
    settings = Settings(keys={"time.step": "x", "place.log": "l"})
    async with benching(settings=settings) as bench:
        assert "x Step" in bench.text("#footer")
        assert "l log" in bench.text("#tabs")
        await bench.press("s")
        assert "step" not in bench.status()
        await bench.press("x")
        assert "step: cleaner, wake up" in bench.status()
        await bench.press("l")
        assert bench.screen.place == "log"
        await bench.press("question_mark")
        assert isinstance(bench.top, HelpScreen)
        rows = [row for part in bench.top._parts for row in part]
        assert ("x", "One named step of the actor whose turn it is, or that a chose") in rows


async def test_what_is_wrong_with_the_settings_is_said() -> None:
    async with benching(says=("config.toml: there is no theme mauve",)) as bench:
        await bench.until(lambda: bench.pilot.app._notifications)
        assert "mauve" in next(iter(bench.pilot.app._notifications)).message


async def test_the_palette_has_every_action_of_the_place() -> None:
    async with benching() as bench:
        commands = list(bench.pilot.app.get_system_commands(bench.screen))
        about = {command.title for command in commands}
        own = {binding.tooltip for binding in with_keys(bench.shown.all_bindings(), {})}
        every = {key.about for key in (*TIME, *SCREEN) if key.id not in ONLY_AGAINST}
        assert about >= every | own
        assert "Order by: expiry, check, idle, newest, connection, worker" not in about
        await bench.press("ctrl+p")
        await bench.until(lambda: isinstance(bench.top, CommandPalette))
        await bench.press("escape")
        await bench.closed()
        step = next(c for c in commands if c.title.startswith("One named step"))
        await step.callback()
        await bench.settle()
        assert "step: cleaner, wake up" in bench.status()


async def test_the_palette_begins_with_what_is_used_most_and_says_keys() -> None:
    async with benching() as bench:
        commands = list(bench.pilot.app.get_system_commands(bench.screen))
        about = {key.id: key.about for key in (*TIME, *SCREEN, OPEN)}
        titles = [command.title for command in commands]
        first = [about[id] for id in WEIGHT if about.get(id) in titles]
        assert titles[: len(first)] == first
        assert [(c.title, c.help) for c in commands[:2]] == [
            ("Play, or pause", "key Space"),
            ("One named step of the actor whose turn it is, or that a chose", "key s"),
        ]
        assert titles[-2:] == ["Theme", "Screenshot"]


async def test_ctrl_o_lists_the_bundled_scenarios_and_captures() -> None:
    opened: list[str] = []

    def open_bench(line: str) -> tuple[MakeBench, str]:
        opened.append(line)
        return at_once(busy_bench), line

    async with benching(open_bench=open_bench) as bench:
        await bench.press("ctrl+o")
        dialog = await bench.dialog()
        names = [row.split()[0] for row in dialog.query_one(PickList).rows]
        scenarios = [path.stem for path in bundled_files("scenarios")]
        captures = [path.name for path in bundled_files("pcaps")]
        assert names == [*scenarios, *captures]
        await bench.press("h", "enter")  # the first that begins with it: half-open.pcap
        await bench.closed()
        await bench.until(lambda: opened)
        assert opened == ["half-open.pcap"]


# --- the command line -----------------------------------------------------------------------------


def printed(bench: Bench) -> str:
    return bench.region._output.text


async def test_the_command_line() -> None:
    async with benching() as bench:
        assert not bench.region.is_open
        await bench.press("colon")
        assert bench.region.is_open
        line = bench.screen.query_one(Input)
        line.value = "show acl-plugin sessions"
        await bench.press("enter")
        await bench.until(lambda: "Sessions total" in printed(bench))
        line.value = "shw"
        await bench.press("enter")
        await bench.until(lambda: "error: " in printed(bench))
        # Letters, spaces and signs are typed, not obeyed.
        await bench.press("s", "space", "plus", "q", "2")
        assert line.value == "s +q2"
        assert not bench.player.transport.playing
        assert bench.screen.place == "bench"
        await bench.press("up")
        assert line.value == "shw"
        await bench.press("escape")
        assert not bench.region.is_open
        await bench.press("s")
        assert "step" in bench.status()


async def test_a_command_shows_at_once() -> None:
    async with benching() as bench:
        await bench.command("set acl-plugin session timeout tcp idle 9")
        assert "7.70s" in bench.text("#workers TextPanel")


async def test_a_command_that_goes_back_takes_the_screen_along() -> None:
    async with benching(size=LARGE) as bench:
        await bench.command("goto start")
        assert "in the past" in bench.status()
        assert "nothing has happened yet" in bench.text("#log-panel")


async def test_quit_leaves() -> None:
    async with benching() as bench:
        bench.region.open("quit")
        await bench.pilot.press("enter")
        for _ in range(20):
            await bench.pilot.pause(0)
        assert bench.pilot.app._exit


async def test_a_key_typed_fast_waits_for_the_dialog_that_it_is_meant_for() -> None:
    async with benching() as bench:
        there, returned = bench.pilot.app, list[str | None]()
        there.push_screen(OpenDialog([("aging", "title", "text")]), returned.append)
        there.post_message(events.Key("enter", "\r"))
        for _ in range(20):
            await bench.pilot.pause(0)
        assert returned == ["aging"]


class _Wrong(OpenDialog):
    """It looks for a widget that there is not, after it is left or not, itself or in a worker."""

    def __init__(self, is_left: bool, in_worker: bool = False) -> None:
        super().__init__([("aging", "title", "text")])
        self._is_left = is_left
        self._in_worker = in_worker

    def on_mount(self) -> None:
        if self._is_left:
            self.dismiss(None)
        if self._in_worker:
            self.run_worker(self._search())
        else:
            self.query_one("#gone")

    async def _search(self) -> None:
        self.query_one("#gone")


async def _go_on_after(dialog: OpenDialog) -> None:
    async with benching() as bench:
        bench.pilot.app.push_screen(dialog)
        for _ in range(20):
            await bench.pilot.pause(0)
        await bench.press("s")
        assert "step" in bench.status()


@pytest.mark.parametrize("in_worker", [False, True])
async def test_what_goes_on_in_a_dialog_that_is_left_ends_nothing(in_worker: bool) -> None:
    await _go_on_after(_Wrong(True, in_worker))


@pytest.mark.parametrize(("in_worker", "error"), [(False, NoMatches), (True, WorkerFailed)])
async def test_the_same_error_in_a_dialog_that_is_there_ends_the_screen(
    in_worker: bool, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await _go_on_after(_Wrong(False, in_worker))


async def test_what_asks_for_the_screen_when_all_are_closed_is_no_error() -> None:
    async with benching() as bench:
        app = bench.pilot.app
    app._handle_exception(ScreenStackError())
    assert app._exception is None


async def test_one_key_changes_times_everywhere(tmp_path: Path) -> None:
    noon = 1_795_780_800  # 2026-11-27 12:00:00 UTC
    packets = [(noon + n / 4, data) for n, (_, data) in enumerate(opening())]
    path = write_pcap(tmp_path / "noon.pcap", packets)
    async with benching(lambda: capture_bench(path), LARGE) as bench:
        assert "starts 2026-11-27 12:00:00 UTC" in bench.status()
        await bench.press("p", "p")
        assert "+0.250 s" in bench.status()
        await bench.press("T")
        assert "12:00:00.250 UTC" in bench.status()
        for place in ("2", "4"):
            await bench.press(place)
            await bench.settle()
            assert "12:00:00.000000" in bench.text()
        await bench.press("T", "T")
        assert "+0.000000" in bench.text()


async def test_the_help_is_searched() -> None:
    async with benching() as bench:
        await bench.press("question_mark")
        assert isinstance(await bench.dialog(), HelpScreen)
        await bench.press("slash")
        await bench.write("wait interval")
        assert matching(bench.top._parts, "wait interval") == matching(
            bench.top._parts, bench.top.query_one("#words", Input).value
        )
        assert matching(bench.top._parts, "step turn")
        assert not matching(bench.top._parts, "no such words anywhere")
        await bench.press("escape")
        await bench.closed()


async def test_the_footer_says_what_space_does_now() -> None:
    async with benching() as bench:
        assert "Space Play" in bench.text("#footer")
        await bench.press("space")
        assert "Space Pause" in bench.text("#footer")
        await bench.press("space")
        assert "Space Play" in bench.text("#footer")
