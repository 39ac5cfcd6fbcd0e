"""The one place where all that takes long goes on: a slice at each tick, until it is done.

There is one piece of work at a time: a command, a move in the history, what a lesson does to its
bench. Between two slices the screen has the bench to itself. What a place of the screen looks for
on its own account (a search, a story) is that place's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aclbench.tui.live import SLICE_S, Live
from aclbench.tui.transport import Transport
from aclbench.workbench.tasks import Task

#: What the first slice may take: nobody minds waiting for so short a time.
FIRST_S: Final = 0.1

Then = Callable[[Task[Any]], None]


def far_of(task: Task[Any]) -> str:
    """How far a task is, behind what it is; empty: it does not tell."""
    return "" if task.progress is None else f", {task.progress}"


class Underway:
    """What is under way, if anything is."""

    def __init__(self, live: Live, transport: Transport) -> None:
        self.task: Task[Any] | None = None
        self._live = live
        self._transport = transport
        self._then: Then | None = None
        self._played = False
        self._began = 0.0

    @property
    def what(self) -> str:
        """What is under way, as the screen says it; empty: nothing is."""
        if self.task is None:
            return ""
        return f"putting back {self.task.what}" if self.task.is_ending else self.task.what

    @property
    def how_far(self) -> str:
        """How far it is, if it tells."""
        return "" if self.task is None else far_of(self.task)

    def begin(self, task: Task[Any], then: Then | None = None) -> None:
        """Begin, with a slice: what is short is done at once. `then` is told when it is over.

        Nothing else may be under way.
        """
        assert self.task is None, f"{self.what} is under way"
        live = self._live
        live.hold_still()
        self._played = self._transport.hold()
        live.log.listen(True)
        self.task, self._then = task, then
        self._began = live.wall()
        self._work(FIRST_S)
        if self.task is task:
            live.say("")  # how far it is stands there now, and not what was said before
            self._transport.playing = False
            live.log.listen(live.bench.is_threaded)

    def go_on(self) -> None:
        """A slice of it."""
        self._work(SLICE_S)

    def _work(self, seconds: float) -> None:
        task = self.task
        if task is not None and task.work(seconds):
            self._end(task)

    def stop(self) -> None:
        """End it where it is; what has to be put back first goes on with each tick."""
        if self.task is not None:
            self.task.end()
            if self.task.is_over:
                self._end(self.task)

    def close(self) -> None:
        """End it, and tell nobody: the screen goes away, or another bench comes."""
        if self.task is not None:
            self.task.stop()
        self.task = self._then = None

    def _end(self, task: Task[Any]) -> None:
        live = self._live
        then, self.task, self._then = self._then, None, None
        live.say("" if task.error is None else str(task.error), error=task.error is not None)
        if live.has_moved:
            self._transport.pause()
            live.look_at_threads()
            live.hear_back(live.wall() - self._began)
        else:
            live.hear_again()
        live.look_for_trouble()
        self._transport.resume(self._played)
        if then is not None:
            then(task)
