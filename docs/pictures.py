"""The documents' pictures: the real screen, brought to where there is something to see, as SVG.

    make pictures

Each picture is a bundled scenario, a size, and what is typed and pressed; virtual time makes them
the same every time.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace
from textual.pilot import Pilot

from aclbench.tui.against.player import Pair
from aclbench.tui.app import AclbenchApp
from aclbench.tui.screen import BenchScreen
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import done
from aclbench.workbench.workbench import Workbench

FOLDER = Path(__file__).parent


class Picture(NamedTuple):
    """A scenario, command lines run before anything is painted, then keys, at a size.

    `against`: the design of a second bench beside it.
    """

    name: str
    scenario: str
    lines: tuple[str, ...]
    keys: tuple[str, ...]
    size: tuple[int, int] = (120, 40)
    against: str = ""


PICTURES = (
    Picture("bench", "aging", ("run 4.2s", "run until requeued"), ("s", "s", "s")),
    Picture("clear", "clear-by-interface", ("run until cleared",), ("e", "e", "e", "e")),
    Picture(
        "story", "two-workers", ("run 3s", "run until class-change"), ("3", "down", "down", "enter")
    ),
    Picture("plot", "backlog", ("run 12s",), ("5",)),
    Picture("against", "wheel-spike", ("run 2s",), ("X", "m", "e", "e", "X"), against="fifo-2017"),
    Picture("small", "full-table", ("run until recycled",), ("e",), (80, 24)),
)


async def ready(pilot: Pilot[None]) -> BenchScreen:
    """The screen, once it stands and has nothing more to do."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, BenchScreen)
    for _ in range(500):
        await pilot.pause()
        if screen.frame is not None and not screen.loop_runs:
            return screen
    raise SystemExit("the screen never came to rest")


async def draw(picture: Picture) -> None:
    """One picture."""
    scenario = load_scenario(find_input(picture.scenario))
    bench = Workbench.from_scenario(scenario)
    second = Workbench.from_scenario(replace(scenario, design=picture.against or scenario.design))
    for line in picture.lines:
        for each in (bench, second):
            each.cli(line)
    pair = Pair(lambda: done((bench, second)), picture.against)
    if picture.against:
        app = AclbenchApp(pair.making, scenario.title, pair=pair)
    else:
        app = AclbenchApp(lambda: done(bench), scenario.title)
    async with app.run_test(size=picture.size) as pilot:
        await ready(pilot)
        for key in picture.keys:
            await pilot.press(key)
            await ready(pilot)
        path = FOLDER / f"{picture.name}.svg"
        against = f"--against {picture.against} " if picture.against else ""
        title = f"aclbench tui {against}{picture.scenario}"
        path.write_text(app.export_screenshot(title=title))
        print(path)


def main() -> None:
    """All pictures, or those that are named."""
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                asyncio.run(draw(picture))


if __name__ == "__main__":
    main()
