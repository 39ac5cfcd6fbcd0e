"""What the screen looks like: pictures of a bench that stands still.

After a wanted change: `pytest tests/tui/test_looks.py --snapshot-update`, and look at them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from aclbench.tui.app import AclbenchApp
from aclbench.tui.help.screen import HelpScreen
from aclbench.tui.settings import Settings
from aclbench.workbench.workbench import Workbench
from tui.bench import at_once, busy_bench
from tui.piloting import HUGE, LARGE, SMALL, Bench, Size

Before = Callable[[Pilot[None]], Awaitable[None]]


def app(workers: int = 2, theme: str = "") -> AclbenchApp:
    def make() -> Workbench:
        return busy_bench(workers)

    return AclbenchApp(at_once(make), "Two workers, one connection", settings=Settings(theme=theme))


def after(*keys: str) -> Before:
    """Press keys once the bench stands, and wait until nothing goes on any more."""

    async def before(pilot: Pilot[None]) -> None:
        bench = Bench(pilot)
        await bench.until(lambda: bench.screen.frame is not None)
        await bench.press(*keys)
        await bench.until(lambda: not bench.screen.loop_runs)
        if keys[-1:] == ("question_mark",):
            await bench.until(lambda: isinstance(bench.top, HelpScreen))
        await bench.settle()

    return before


#: Two events on: the cleaner's round, and the first worker's interrupt.
STEPPED = ("e", "e")


@pytest.mark.parametrize(
    ("size", "workers"), [(SMALL, 2), (LARGE, 4), (HUGE, 2)], ids=["80x24", "120x40", "200x60"]
)
def test_the_bench(snap_compare: Any, size: Size, workers: int) -> None:
    assert snap_compare(app(workers), terminal_size=size, run_before=after(*STEPPED, "tab"))


def test_the_bench_in_light(snap_compare: Any) -> None:
    light = app(theme="textual-light")
    assert snap_compare(light, terminal_size=LARGE, run_before=after(*STEPPED, "tab"))


def test_the_bench_without_colours(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plain = app()
    assert plain.no_color
    assert snap_compare(plain, terminal_size=SMALL, run_before=after(*STEPPED, "tab"))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("packets", ("2",)),
        ("sessions", ("3",)),
        ("log", ("4",)),
        ("plot", ("5",)),
        ("branches", ("home", "right_square_bracket", "6")),
        ("story", ("tab", "enter")),
    ],
)
def test_a_place(snap_compare: Any, name: str, keys: tuple[str, ...]) -> None:
    size = LARGE if name == "plot" else SMALL
    assert snap_compare(app(), terminal_size=size, run_before=after(*STEPPED, *keys))


def test_the_help(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=LARGE, run_before=after("3", "question_mark"))
