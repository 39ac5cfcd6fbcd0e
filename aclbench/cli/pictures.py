"""Pictures of the live screen, without a terminal: for handouts."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: The size of the screen, in columns and lines.
SIZE: Final = (120, 36)
#: Iterations of the event loop within which the screen is painted.
_TURNS: Final = 200
#: A web font, removed so that a handout needs no other file.
_FONT: Final = re.compile(r"@font-face\s*\{[^}]*\}")


def picture_of(bench: Workbench) -> str:
    """The live screen on a paused bench, as SVG. Raises AclbenchError if it is not painted."""
    return _FONT.sub("", asyncio.run(_drawn(bench)))


async def _drawn(bench: Workbench) -> str:
    from aclbench.tui.app import AclbenchApp
    from aclbench.tui.screen import BenchScreen
    from aclbench.workbench.tasks import done

    app = AclbenchApp(lambda: done(bench), "")
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(_TURNS):
            await pilot.pause()
            screen = app.screen
            if isinstance(screen, BenchScreen) and screen.frame is not None:
                await pilot.pause()
                return app.export_screenshot()
    raise AclbenchError("the live screen does not paint itself here")
