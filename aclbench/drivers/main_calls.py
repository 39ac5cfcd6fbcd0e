"""Calls from other threads that vpp_main makes for them, as VPP runs its commands."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

#: A call's error, if there was one, and what it returned.
_Outcome = tuple[BaseException | None, Any]


class MainCall:
    """A call and what became of it; whoever asked for it waits with `result`."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._outcome: SimpleQueue[_Outcome] = SimpleQueue()

    def make(self) -> None:
        """Make it, on vpp_main. What it raises is raised where it was asked for."""
        try:
            self._outcome.put((None, self._call()))
        except BaseException as error:
            self._outcome.put((error, None))

    def result(self, seconds: float) -> Any:
        """What it returned, or its error raised; `queue.Empty`: it was not made in that time."""
        error, result = self._outcome.get(timeout=seconds)
        if error is not None:
            raise error
        return result


class MainCalls:
    """The calls that wait for vpp_main."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[MainCall] = SimpleQueue()

    def add(self, call: Callable[[], Any]) -> MainCall:
        """Ask for a call, from any thread."""
        asked = MainCall(call)
        self._waiting.put(asked)
        return asked

    def __bool__(self) -> bool:
        return not self._waiting.empty()

    def make_all(self) -> None:
        """Make all that wait; by vpp_main."""
        while not self._waiting.empty():
            self._waiting.get().make()
