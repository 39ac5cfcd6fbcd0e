"""What stands on the screen until the first bench is made."""

from __future__ import annotations

import asyncio
from typing import Final

from textual.message import Message

from aclbench.tui import underway
from aclbench.tui.live import SLICE_S, MakeBench
from aclbench.tui.words import Words
from aclbench.workbench.tasks import Task
from aclbench.workbench.workbench import Workbench

#: Turns that the event loop gets between two slices: as many as a key needs.
_TURNS: Final = 12


class Stands(Message):
    """The first bench is there, and can be worked with."""


class Opening(Words):
    """Has the first bench made, a slice at a time, and says how far it is.

    The empty screen is painted first; what is short is then done at once, and what is long beside
    the messages, so that keys are heard.
    """

    class Over(Message):
        """The bench is there, cannot be made, or is not wanted any more."""

        def __init__(self, task: Task[Workbench]) -> None:
            super().__init__()
            self.task = task

    def __init__(self, make_bench: MakeBench, title: str) -> None:
        super().__init__(id="opening")
        self._making = Task(make_bench(), f"opening {title}")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        self._making.stop()

    def stop(self) -> None:
        """Have it end: the bench is not wanted any more."""
        self._making.stop()

    def _begin(self) -> None:
        if self._making.work(underway.FIRST_S):
            self.post_message(self.Over(self._making))
        else:
            self.run_worker(self._go_on(), exit_on_error=True)

    async def _go_on(self) -> None:
        task = self._making
        while not task.work(SLICE_S):
            far = "" if task.progress is None else f": {task.progress}"
            self.say(f"{task.what}{far}\nEsc stops it")
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        self.post_message(self.Over(task))
