"""What the screen looks like: pictures of a bench that stands still.

After a wanted change: `pytest tests/tui/test_looks.py --snapshot-update`, and look at them.
"""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from aclbench.tui.app import AclbenchApp
from aclbench.tui.screen import BenchScreen
from aclbench.workbench.bench import Workbench
from tui.bench import busy_bench


async def ready(pilot: Pilot[None]) -> None:
    """Wait until the bench is painted."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, BenchScreen)
    for _ in range(100):
        await pilot.pause()
        if screen.frame is not None:
            return
    raise AssertionError("the bench was never painted")


def app(workers: int = 2) -> AclbenchApp:
    def make() -> Workbench:
        return busy_bench(workers)

    return AclbenchApp(make, "Two workers, one connection")


async def stepped(pilot: Pilot[None]) -> None:
    """Two events on: the cleaner's round, and the first worker's interrupt."""
    await ready(pilot)
    await pilot.press("e", "e")
    await pilot.pause()


async def log_in_light(pilot: Pilot[None]) -> None:
    """The log, in the light theme."""
    await ready(pilot)
    await pilot.press("t", "tab", "e")
    await pilot.pause()


def test_80x24(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=(80, 24), run_before=stepped)


def test_120x40(snap_compare: Any) -> None:
    assert snap_compare(app(4), terminal_size=(120, 40), run_before=stepped)


def test_log_80x24_light(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=(80, 24), run_before=log_in_light)
