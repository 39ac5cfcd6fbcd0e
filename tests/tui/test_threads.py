"""The screen on real threads: it looks at a bench that runs by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from aclbench.tui.help.screen import HelpScreen
from aclbench.tui.keys import NOT_ON_THREADS, SCREEN, TIME
from aclbench.tui.targets import EventTarget, FieldTarget, SessionTarget
from aclbench.tui.threads import ThreadedPlayer
from aclbench.tui.transport import SPEEDS
from aclbench.tui.units import NS_PER_S
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.workbench import Workbench
from tui.bench import player_of
from tui.looking import command
from tui.piloting import LARGE, Bench, benching


def aging() -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")


def only_this_thread() -> bool:
    return threading.enumerate() == [threading.main_thread()]


async def played(bench: Bench) -> None:
    """Three seconds of it were played, and it stands still again, however slow the machine is."""
    await bench.go_to("+3")
    assert not bench.player.transport.playing


async def test_it_plays_and_shows_what_happens() -> None:
    """Interrupts and requeues as they come, in the panels and in the log; then it stands still."""
    async with benching(aging, LARGE, threaded=True) as bench:
        assert "paused" in bench.status()
        await played(bench)  # the first requeue is soon then, and the last packet is not
        await bench.press("plus", "space")
        assert bench.player.transport.playing
        player = bench.player

        def requeued() -> bool:
            return any(worker.requeued for worker in player.bench.snapshot().workers)

        await bench.until(requeued)
        await bench.until(lambda: "playing" in bench.status())
        await bench.press("space")
        kinds = {row.event.kind for row in player.log.last(5000, 0)}
        assert {"packet", "interrupt sent", "interrupt served", "requeued"} <= kinds
        assert "paused" in bench.status()
        assert only_this_thread()
        stood = player.bench.now
        await bench.settle()
        assert player.bench.now == stood
        player.bench.check_invariants()
        assert bench.screen.frame is not None
        timeline = bench.screen.frame.timeline
        assert timeline is not None
        assert sum(column.packets for column in timeline.columns) > 0
        bench.lies_inside()


# --- what cannot be done ----------------------------------------------------------------------


async def test_what_cannot_be_done_is_not_offered() -> None:
    """Not by key, not in the footer, the tabs, the help or the palette."""
    async with benching(aging, LARGE, threaded=True) as bench:
        before = bench.player.live.stamp()
        refused = [key for key in (*TIME, *SCREEN) if key.id in NOT_ON_THREADS]
        assert len(refused) == len(NOT_ON_THREADS)
        for key in refused:
            for each in key.keys.split(","):
                await bench.press(each)
                assert bench.top is bench.screen
                assert bench.screen.place == "bench", key
        assert bench.player.live.stamp() == before
        for word in ("Step", "Turn", "Back"):
            assert f" {word} " not in bench.text("#footer")
        assert "branches" not in bench.text("#tabs")
        offered = {c.title for c in bench.pilot.app.get_system_commands(bench.screen)}
        assert not offered & {key.about for key in refused}
        await bench.press("question_mark")
        assert isinstance(bench.top, HelpScreen)
        helped = {right for part in bench.top._parts for _, right in part}
        assert not helped & {key.about for key in refused}


@pytest.mark.parametrize("line", ["back", "goto start", "step"])
async def test_what_is_typed_all_the_same_is_refused_with_the_reason(line: str) -> None:
    async with benching(aging, threaded=True) as bench:
        bench.region.open(line)
        await bench.press("enter")
        await bench.until(lambda: bench.region._output.text)
        assert "real threads" in bench.region._output.text
        assert bench.player.underway.task is None


@pytest.mark.parametrize(
    "act",
    [
        lambda player: player.travel.step(),
        lambda player: player.travel.step_packet(),
        lambda player: player.travel.back("step"),
        lambda player: player.travel.leap(-1),
        lambda player: player.travel.to_start(),
        lambda player: player.travel.to_event(3),
        lambda player: player.travel.switch("main"),
    ],
)
def test_the_player_refuses_with_the_reason(act: Callable[[ThreadedPlayer], None]) -> None:
    player = player_of(aging, "t", kind=ThreadedPlayer)
    before = player.live.stamp()
    act(player)
    assert player.live.error
    assert "real threads" in player.live.notice
    assert "without --threads" in player.live.notice
    assert player.live.stamp() == before


async def test_going_back_by_the_dialog_is_refused_and_on_is_not() -> None:
    async with benching(aging, threaded=True) as bench:
        await played(bench)
        ahead = bench.offset() // NS_PER_S + 20
        for where, refused in (("+0.5", True), (f"+{ahead}", False), ("#1", True)):
            before = bench.bench.now
            await bench.go_to(where)
            await bench.settle()
            assert bench.player.live.error == refused, (where, bench.status())
            assert (bench.bench.now > before) != refused
        assert bench.offset() == ahead * NS_PER_S


# --- what can be done -------------------------------------------------------------------------


async def test_the_places_work() -> None:
    async with benching(aging, threaded=True) as bench:
        await played(bench)
        for key in "234571":
            await bench.press(key)
            await bench.settle()
            bench.lies_inside()
        await bench.press("3")
        await bench.until(lambda: isinstance(bench.pointed_at(), SessionTarget))
        await bench.press("enter")
        assert bench.screen.place == "story"
        await bench.until(lambda: "session added" in bench.text() or "what comes" in bench.text())
        await bench.press("escape", "escape")
        await bench.press("tab", "enter")
        assert "interrupt_is_pending" in bench.text()
        bench.lies_inside()


async def test_the_cursor_goes_through_the_log_row_by_row() -> None:
    """Each row is one of its own, though none can be gone to; I tells what it is about."""
    async with benching(aging, LARGE, threaded=True) as bench:
        await played(bench)
        await bench.press("4", "slash")
        await bench.dialog()
        await bench.write("session added")
        await bench.press("enter")
        await bench.closed()
        seen = [bench.pointed_at()]
        for _ in range(3):
            await bench.press("up")
            assert isinstance(bench.pointed_at(), EventTarget)
            assert bench.pointed_at() not in seen
            assert bench.text().count("›") == 1
            seen.append(bench.pointed_at())
        before = bench.bench.now
        await bench.press("enter")
        assert bench.bench.now == before
        assert bench.player.live.notice
        await bench.press("I")
        assert bench.screen.place == "story"


async def test_a_flag_is_told_of() -> None:
    async with benching(aging, LARGE, threaded=True) as bench:
        await played(bench)
        await bench.click("#workers TextPanel", FieldTarget("vpp_wk_0", "interrupt_is_needed"), 2)
        assert bench.screen.place == "story"
        await bench.until(lambda: "looking back ..." not in bench.text())
        assert "written by" in bench.text()


async def test_the_way_to_the_end() -> None:
    """As fast as it goes: to the last packet, on to where nothing is due; no thread is left."""
    async with benching(aging, LARGE, threaded=True) as bench:
        await bench.press(*["plus"] * len(SPEEDS), "space")
        await bench.until(lambda: not bench.player.transport.playing)
        await bench.settle()
        assert "end of capture" in bench.status()
        await bench.press("space")
        await bench.until(lambda: not bench.player.transport.playing)
        await bench.settle()
        assert "nothing is due any more" in bench.status()
        assert "ended" in bench.status()
        assert bench.bench.snapshot().sessions.live == 0
        assert only_this_thread()
        await bench.press("r")
        await bench.dialog()
        await bench.press("r")
        await bench.closed()
        await bench.until(lambda: "paused" in bench.status())
        assert bench.bench.snapshot().packets.read == 0


async def test_time_goes_on_by_leaps() -> None:
    """Forward a second, and to the next thing due, paused or not."""
    async with benching(aging, threaded=True) as bench:
        start = bench.bench.now
        await bench.press("right_square_bracket")
        assert bench.bench.now == start + NS_PER_S
        before = bench.bench.now
        await bench.press("full_stop")
        assert bench.bench.now > before
        await bench.press("space")
        leapt = bench.bench.now + NS_PER_S
        await bench.press("right_square_bracket")
        assert bench.bench.now >= leapt
        assert bench.player.transport.playing


async def test_a_command_between_two_runs() -> None:
    """It is run while nothing else does, and the bench plays on."""
    async with benching(aging, LARGE, threaded=True) as bench:
        await bench.press("space")
        player = bench.player
        assert isinstance(player, ThreadedPlayer)
        command(player, "set acl-plugin session timeout udp idle 77")
        assert player.transport.playing
        assert player.bench.snapshot().session_timeout[0] == 77 * NS_PER_S
        assert "Per-worker data" in command(player, "show acl-plugin sessions")


async def test_leaving_ends_the_threads() -> None:
    """Also while they run."""
    async with benching(aging, threaded=True) as bench:
        await bench.press("space")
        assert not only_this_thread()
    assert only_this_thread()


async def test_leaving_ends_a_command_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 0.0)

    def lasting() -> Workbench:
        bench = aging()
        bench.cli("set acl-plugin session timeout udp idle 864000")
        return bench

    async with benching(lasting, threaded=True) as bench:
        bench.region.open("run 100h")
        await bench.press("enter")
        task = bench.player.underway.task
        assert task is not None
    assert task.is_stopped
    assert only_this_thread()
