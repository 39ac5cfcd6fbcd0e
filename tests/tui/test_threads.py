"""The screen on real threads: it looks at a bench that runs by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from aclbench.tui.app import AclbenchApp
from aclbench.tui.player import SPEEDS
from aclbench.tui.threads import ThreadedPlayer
from aclbench.workbench.bench import Workbench
from aclbench.workbench.bundled import find_input
from aclbench.workbench.scenario import load_scenario
from tui.test_app import SIZES, Bench, begin


def aging() -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")


def app() -> AclbenchApp:
    return AclbenchApp(aging, "Aging on threads", threaded=True)


async def until(bench: Bench, holds: Callable[[], bool]) -> None:
    """Wait until something holds, at most for some seconds."""
    for _ in range(600):
        await bench.pilot.pause(0.02)
        if holds():
            return
    raise AssertionError("it never came to that")


def only_this_thread() -> bool:
    return threading.enumerate() == [threading.main_thread()]


@SIZES
async def test_it_plays_and_shows_what_happens(size: tuple[int, int]) -> None:
    """Interrupts and requeues as they come, in the panels and in the log; then it stands still."""
    async with app().run_test(size=size) as pilot:
        bench = await begin(pilot)
        assert "paused" in bench.text("#status")
        await bench.press(*["plus"] * 4, "space")
        assert bench.player.playing
        player = bench.player

        def requeued() -> bool:
            workers = player.bench.snapshot().workers
            return any(worker.requeued for worker in workers)

        await until(bench, requeued)
        kinds = {event.kind for event in player.log.last(2000, 0)}
        assert {"packet", "interrupt sent", "interrupt served", "requeued"} <= kinds
        assert "playing" in bench.text("#status")
        await bench.press("space")
        assert "paused" in bench.text("#status")
        assert only_this_thread()
        stood = player.bench.now
        await pilot.pause(0.1)
        assert player.bench.now == stood
        player.bench.check_invariants()


@pytest.mark.parametrize("key", ["s", "e", "b", "B", "left_square_bracket", "home"])
async def test_what_threads_cannot_do_is_said(key: str) -> None:
    """With the reason and the way out, and the bench plays on."""
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await bench.press("space", key)
        shown = " ".join(bench.text("#status").split())
        assert "real threads" in shown
        assert "without --threads" in shown
        assert 'driver="stepped") can' in shown  # not cut
        assert bench.player.playing


async def test_the_way_to_the_end() -> None:
    """As fast as it goes; then nothing is due, and no thread is left."""
    async with app().run_test(size=(120, 40)) as pilot:
        bench = await begin(pilot)
        await bench.press(*["plus"] * len(SPEEDS), "space")
        await until(bench, lambda: not bench.player.playing)
        assert "nothing is due any more" in bench.text("#status")
        assert "ended" in bench.text("#status")
        assert bench.player.bench.snapshot().sessions.live == 0
        assert only_this_thread()
        await bench.press("r")
        assert "paused" in bench.text("#status")
        assert bench.player.bench.snapshot().packets.read == 0


async def test_time_goes_on_by_leaps() -> None:
    """Forward a second, and to the next thing due, paused or not."""
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        start = bench.player.bench.now
        await bench.press("right_square_bracket")
        assert bench.player.bench.now == start + 1_000_000_000
        before = bench.player.bench.now
        await bench.press("g")
        assert bench.player.bench.now > before
        await bench.press("space")
        leapt = bench.player.bench.now + 1_000_000_000
        await bench.press("right_square_bracket")
        assert bench.player.bench.now >= leapt
        assert bench.player.playing


async def test_a_command_between_two_runs() -> None:
    """It is run while nothing else does, and the bench plays on."""
    async with app().run_test(size=(120, 40)) as pilot:
        bench = await begin(pilot)
        await bench.press("space")
        player = bench.player
        assert isinstance(player, ThreadedPlayer)
        player.command("set acl-plugin session timeout udp idle 77")
        assert player.playing
        assert player.bench.snapshot().session_timeout[0] == 77_000_000_000
        assert "Per-worker data" in player.command("show acl-plugin sessions")


async def test_leaving_ends_the_threads() -> None:
    """Also while they run."""
    async with app().run_test(size=(80, 24)) as pilot:
        bench = await begin(pilot)
        await bench.press("space")
        assert not only_this_thread()
    assert only_this_thread()
