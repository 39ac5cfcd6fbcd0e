"""What is typed fast goes where it would go if it were typed slowly."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from aclbench.tui.app import AclbenchApp
from aclbench.tui.dialogs import GoToDialog, InterfaceDialog, Menu
from aclbench.tui.typed import MADE_S, Fence
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench
from tui.bench import busy_bench
from tui.piloting import SMALL, Bench, benching

_CHARACTERS = {
    "enter": "\r", "colon": ":", "plus": "+", "space": " ", "full_stop": ".", "escape": "\x1b"
}  # fmt: skip


def type_at_once(bench: Bench, *keys: str) -> None:
    """Keys that come before the first of them is answered."""
    for key in keys:
        bench.pilot.app.post_message(events.Key(key, _CHARACTERS.get(key, key)))


async def test_what_is_typed_behind_a_colon_stands_in_the_command_line() -> None:
    async with benching() as bench:
        type_at_once(bench, "colon", *"redo")
        await bench.settle()
        assert bench.region.query_one(Input).value == "redo"
        assert bench.top is bench.screen


async def test_what_is_typed_behind_the_key_of_a_dialog_is_for_the_dialog() -> None:
    async with benching() as bench:
        type_at_once(bench, "g", "e", "n", "d")
        dialog = await bench.dialog()
        assert isinstance(dialog, GoToDialog)
        assert dialog.query_one(Input).value == "end"


async def test_what_is_typed_behind_a_row_of_a_menu_is_for_what_it_opens() -> None:
    async with benching() as bench:
        type_at_once(bench, "d", "i", "down")
        await bench.until(lambda: isinstance(bench.top, InterfaceDialog))
        await bench.settle()
        assert not bench.player.active
        assert isinstance(bench.top, InterfaceDialog)


async def test_what_is_typed_behind_enter_in_a_dialog_is_for_what_lies_below() -> None:
    async with benching() as bench:
        type_at_once(bench, "g", *"start", "enter", "4", "colon", "q")
        await bench.until(lambda: bench.region.is_open)
        await bench.settle()
        assert bench.screen.place == "log"
        assert bench.region.query_one(Input).value == "q"


async def test_a_menu_gets_one_key_and_what_lies_below_the_next() -> None:
    async with benching() as bench:
        type_at_once(bench, "k", "x", "5")
        await bench.until(lambda: bench.screen.place == "plot")
        assert not isinstance(bench.top, Menu)
        assert bench.player.travel.mark_kind == "expired"


class SlowlyMade:
    """A bench that is made for as long as one likes."""

    def __init__(self) -> None:
        self.is_made = False

    def __call__(self) -> Slices[Workbench]:
        while not self.is_made:
            yield None
        return busy_bench()


async def _opening(pilot_app: AclbenchApp, *keys: str) -> None:
    for key in keys:
        pilot_app.post_message(events.Key(key, _CHARACTERS.get(key, key)))


@pytest.fixture
def _slices_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.tui.underway.FIRST_S", 0.0)
    monkeypatch.setattr("aclbench.tui.opening.SLICE_S", 0.0)


@pytest.mark.usefixtures("_slices_are_short")
async def test_what_is_typed_while_the_bench_is_made_is_for_the_bench() -> None:
    making = SlowlyMade()
    app = AclbenchApp(making, "a title")
    async with app.run_test(size=SMALL) as pilot:
        bench = Bench(pilot)
        await _opening(app, "4", "colon", "s")
        for _ in range(5):
            await pilot.pause()
        assert bench.screen.frame is None
        making.is_made = True
        await bench.until(lambda: bench.screen.frame is not None)
        await bench.settle()
        assert bench.screen.place == "log"
        assert bench.region.query_one(Input).value == "s"


@pytest.mark.usefixtures("_slices_are_short")
async def test_what_is_typed_meanwhile_does_not_keep_escape_from_ending_it() -> None:
    app = AclbenchApp(SlowlyMade(), "a title")
    async with app.run_test(size=SMALL) as pilot:
        await _opening(app, "4", "escape")
        await Bench(pilot).until(lambda: app._exit)


@pytest.mark.usefixtures("_slices_are_short")
async def test_a_fence_that_comes_after_the_screens_are_closed_is_no_error() -> None:
    app = AclbenchApp(SlowlyMade(), "a title")
    async with app.run_test(size=SMALL):
        await _opening(app, "4", "s")
        typed = app._typed
    assert not app.screen_stack
    typed._is_under_way = True
    await typed.passed(Fence(typed._number, 2))
    await typed.take(events.Key("4", "4"))


async def test_a_key_that_is_lost_with_its_widget_holds_the_next_no_longer_than_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with benching() as bench:
        monkeypatch.setattr(Fence, "bubble", False)
        await bench.press("4", "5")
        assert bench.screen.place == "log"
        now = bench.pilot.app._typed._since + MADE_S + 0.1  # type: ignore[attr-defined]
        monkeypatch.setattr("aclbench.tui.typed.time.monotonic", lambda: now)
        await bench.press("6")
        assert bench.screen.place == "plot"
