"""The whole screen at several sizes: nothing is drawn beyond the part of the screen it has."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from aclbench.tui.app import AclbenchApp
from aclbench.tui.screen import BenchScreen
from aclbench.tui.textpanel import TextPanel
from tui.bench import at_once
from tui.looking import assert_fits, odd_bench
from tui.test_keys import PLACES, painted

SIZES = ((40, 12), (80, 24), (200, 60))


def is_shown(panel: Widget) -> bool:
    return all(isinstance(w, Widget) and w.display for w in [panel, *panel.ancestors][:-1])


def assert_all_fits(screen: BenchScreen, size: tuple[int, int]) -> None:
    panels = [panel for panel in screen.query(TextPanel) if is_shown(panel)]
    assert len(panels) >= 6  # status, tabs, timeline, the place, cleaner, footer
    for panel in panels:
        region = panel.region
        assert region.right <= size[0], panel.id
        assert region.bottom <= size[1], panel.id
        assert_fits(panel.drawing, region.width, region.height)


async def each_place(pilot: Pilot[None], screen: BenchScreen, size: tuple[int, int]) -> None:
    for place in PLACES:
        await screen.action_place(place)
        await pilot.pause()
        assert_all_fits(screen, size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_place_fits(size: tuple[int, int]) -> None:
    async with AclbenchApp(at_once(odd_bench), "a title").run_test(size=size) as pilot:
        screen = await painted(pilot)
        await each_place(pilot, screen, size)


async def test_a_long_message_takes_its_room_from_the_middle() -> None:
    size = (80, 24)
    async with AclbenchApp(at_once(odd_bench), "a title").run_test(size=size) as pilot:
        screen = await painted(pilot)
        assert screen.player is not None
        screen.player.live.say("a long message " * 20, error=True)
        await each_place(pilot, screen, size)
        assert screen.query_one("#footer", TextPanel).region.bottom == size[1]
