"""The whole screen in the hands of a test: keys, clicks, and waiting for what they bring about.

Textual's pilot waits after each key until the process does nothing for a while, which it never does
while a bench plays, and sends a message to every widget. Here it waits until the event loop has
nothing left to do: what then begins is begun by a clock, by a thread, or by the next key.

What costs most of a start and of a key is Textual's own: reading style sheets, and making what a
terminal prints. Here the first is done once a process, the second for pictures, and once a process
for each dialog, and for each place and size in which a test ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest.mock import patch

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen

from aclbench.tui.app import AclbenchApp
from aclbench.tui.bench.place import BenchPlace
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.drawing import Spot
from aclbench.tui.player import Player
from aclbench.tui.screen import BenchScreen
from aclbench.tui.targets import Target
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.transport import SPEEDS
from aclbench.workbench.workbench import Workbench
from tui.bench import at_once, busy_bench

Size = tuple[int, int]

SMALL: Size = (80, 24)
LARGE: Size = (120, 40)
HUGE: Size = (200, 60)
#: Turns of the event loop in which messages are answered: most of them, and while the screen has
#: work of its own, when it never rests.
MOST_TURNS, TURNS_WHEN_BUSY = 500, 24
#: The screen is laid out and painted at most so often until it rests.
PAINTINGS = 6
#: Waits of a millisecond, each after the screen has come to rest, until something has come about.
WAITS = 5000


async def _some_turns(*_: object) -> None:
    for _turn in range(3):
        await asyncio.sleep(0)


async def _answered(app: App[Any]) -> None:
    """Have the event loop turn until it has nothing left to do."""
    loop: Any = asyncio.get_running_loop()
    for turn in range(MOST_TURNS):
        await asyncio.sleep(0)
        below = app.screen_stack[0] if app.screen_stack else None
        is_busy = isinstance(below, BenchScreen) and below.loop_runs
        if not loop._ready or (is_busy and turn >= TURNS_WHEN_BUSY):
            return


async def _rest(pilot: Pilot[None], *_: object) -> bool:
    """Wait until messages, and what they brought about, are answered, and the screen is painted.

    False: the app has failed, and will say so as it ends.
    """
    app = pilot.app
    while getattr(app, "_resize_timer", None):  # later Textuals wait for another size to come
        await asyncio.sleep(0.001)
    for _painting in range(PAINTINGS):
        await _answered(app)
        due = [each for each in app.screen_stack if each._update_timer._active.is_set()]
        if not due:
            break
        for screen in due:
            screen._on_timer_update()
    return app._exception is None


_parse_rules = Stylesheet._parse_rules
_rules: dict[Any, list[RuleSet]] = {}


def _rules_once(sheet: Stylesheet, *args: Any, **options: Any) -> list[RuleSet]:
    """The rules of a style sheet, which depend on its text and on the theme."""
    key = (args, *options.items(), *sheet._variables.items())
    if key not in _rules:
        _rules[key] = _parse_rules(sheet, *args, **options)
    return _rules[key]


def _refresh_nothing(screen: Screen[Any]) -> None:
    """All of a refresh but the painting."""
    screen._dirty_widgets.clear()
    screen._compositor._dirty_regions.clear()
    screen.app._update_mouse_over(screen)


#: What was painted already: the screen on top, the place of the bench below it, and their size.
_painted: set[tuple[type[Screen[Any]], str, tuple[int, int]]] = set()


def _paint(app: App[Any]) -> None:
    """Paint all that stands on the screen, if anything does and the like was not painted before.

    What a panel shows is tested as a drawing; this is the way from there to the terminal.
    """
    for screen in app.screen_stack if app.is_running else ():
        place = getattr(app.screen_stack[0], "place", "")
        kind = (type(screen), place, (app.size.width, app.size.height))
        if kind not in _painted:
            _painted.add(kind)
            screen._compositor.render_update(full=True)


@contextmanager
def quick_pilot() -> Iterator[None]:
    """Textual's pilot waits no longer than it must, and nothing is painted meanwhile."""
    with (
        patch.object(Stylesheet, "_parse_rules", _rules_once),
        patch.object(Screen, "_compositor_refresh", _refresh_nothing),
        patch("textual.app.wait_for_idle", _some_turns),
        patch("textual.pilot.wait_for_idle", _some_turns),
        patch.object(Pilot, "_wait_for_screen", _rest),
        patch.object(Pilot, "pause", _rest),
    ):
        yield


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

    @property
    def bench(self) -> Workbench:
        return self.player.bench

    @property
    def top(self) -> Screen[Any]:
        """The screen that has the keys: the bench's, or a dialog."""
        return self.pilot.app.screen

    @property
    def region(self) -> CommandRegion:
        """The command line."""
        return self.screen.query_one(CommandRegion)

    def text(self, selector: str = "") -> str:
        """What a panel of the bench screen shows, the place's own unless said; it must be there."""
        selector = selector or f"#{self.screen.place}"
        panel = self.screen.query(selector).first(TextPanel)
        assert panel.display, selector
        assert panel.region.area, selector
        return str(panel.render())

    @property
    def place(self) -> BenchPlace:
        """The bench as a place of the screen."""
        return self.screen.query_one(BenchPlace)

    def cursor(self) -> Target | None:
        """What the cursor of the bench is on."""
        return self.place.pointed_at() if self.screen.place == "bench" else None

    @property
    def shown(self) -> Any:
        """The place that is shown."""
        return self.screen.places[self.screen.place]

    def pointed_at(self) -> Target | None:
        """What the cursor of the place that is shown is on."""
        found: Target | None = self.shown.pointed_at()
        return found

    def status(self) -> str:
        """The lines at the top and the message, as one."""
        return " ".join(f"{self.text('#status')} {self.text('#message')}".split())

    def offset(self) -> int:
        """Nanoseconds since the start."""
        return self.bench.now - self.player.live.started

    # --- doing -------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Press keys one by one, each when the one before is answered."""
        for key in keys:
            await self.pilot.press(key)

    async def write(self, text: str) -> None:
        """Type a text into what has the focus."""
        for character in text:
            await self.pilot.press(character)

    async def choose(self, key: str, then: str) -> None:
        """Press a key that opens a dialog, and one in the dialog."""
        await self.press(key)
        await self.dialog()
        await self.press(then)
        await self.closed()

    async def go_to(self, where: str) -> None:
        """Go to a place of the run by the dialog."""
        await self.press("g")
        await self.dialog()
        await self.write(where)
        await self.press("enter")
        await self.closed()
        await self.until(lambda: self.player.underway.task is None)

    async def command(self, line: str) -> None:
        """Type a command line, and close what it printed."""
        self.region.open(line)
        await self.press("enter")
        await self.until(lambda: self.player.underway.task is None)
        await self.press("escape")

    async def click(self, panel: str, target: Target, times: int = 1) -> None:
        """Click on something that can be pointed at."""
        spot = self.spot(panel, target)
        widget = self.screen.query(panel).first(TextPanel)
        await self.pilot.click(widget, offset=(spot.start, spot.line), times=times)
        await self.settle()

    async def resize(self, size: Size) -> None:
        """Have the terminal be of another size, and wait until everything is laid out for it."""
        await self.pilot.resize_terminal(*size)
        top = self.screen.query_one("#status")
        await self.until(lambda: self.screen.size == size and top.region.width == size[0])
        await self.settle()

    def spot(self, panel: str, target: Target) -> Spot:
        """Where a target is drawn."""
        for each in self.screen.query(panel).results(TextPanel):
            for spot in each.drawing.spots():
                if spot.target == target:
                    return spot
        raise AssertionError(f"{target} is nowhere in {panel}")

    # --- waiting -----------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until messages, and what they brought about, are answered."""
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, for a bounded number of turns."""
        for _ in range(WAITS):
            if holds():
                return
            if not await self.pilot.pause():
                break
            await asyncio.sleep(0.001)
        raise AssertionError("it never came to that")

    async def dialog(self) -> Screen[Any]:
        """Wait for a dialog to have the keys."""
        await self.until(lambda: self.top is not self.screen and self.top.is_running)
        await self.settle()
        _paint(self.pilot.app)
        return self.top

    async def closed(self) -> None:
        """Wait for the bench to have the keys again."""
        await self.until(lambda: self.top is self.screen)
        await self.settle()

    # --- what must always hold ---------------------------------------------------------------

    def lies_inside(self) -> None:
        """Everything that is shown lies on the screen, and no line is wider than its panel."""
        size = self.pilot.app.size
        for panel in self.screen.query(TextPanel):
            if not (panel.display and panel.region.size and panel.region.area):
                continue
            region = panel.region
            assert region.right <= size.width, (panel, region, size)
            assert region.bottom <= size.height, (panel, region, size)
            for line in panel.drawing.lines:
                assert len(line) <= max(region.width, 1), (panel, line.plain, region)


def app(make: Callable[[], Workbench] = busy_bench, **options: Any) -> AclbenchApp:
    """The screen of a bench; `options` are those of `AclbenchApp`."""
    return AclbenchApp(at_once(make), "A bench for tests", **options)


@asynccontextmanager
async def benching(
    make: Callable[[], Workbench] = busy_bench, size: Size = SMALL, **options: Any
) -> AsyncIterator[Bench]:
    """The screen, when the bench stands on it."""
    async with app(make, **options).run_test(size=size) as pilot:
        bench = Bench(pilot)
        await bench.until(lambda: bench.screen.frame is not None)
        await bench.settle()
        yield bench
        _paint(pilot.app)


def flat_out(bench: Bench) -> None:
    """Have it play as fast as it goes."""
    bench.player.transport.speed_index = len(SPEEDS) - 1
