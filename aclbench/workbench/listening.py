"""The part of the workbench that hears: who is told of trace events, and when.

On one thread a listener is called as the event happens. On real threads no listener runs on a
worker's: events are gathered, and handed on in order of their time by whoever runs the bench or
asks for them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.events import TraceEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

Listener = Callable[[TraceEvent], None]


class Listening:
    """What `Workbench` tells of its trace events. Mixed into it."""

    driver: SteppedDriver | ThreadedDriver

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Listener] = []
        self._deaf = False
        #: Events of real threads that nobody has been told of yet.
        self._heard: deque[TraceEvent] = deque()
        #: Those of them that are being told, in order of time.
        self._untold: deque[TraceEvent] = deque()
        #: Somebody tells of them at times of its own, with `tell`, so runs do not.
        self.told_by_hand = False
        self._telling = threading.RLock()  # a listener may run commands, which tell

    def turn_deaf(self, deaf: bool) -> None:
        """Have no events made for a while, whoever listens: each one that is made costs time."""
        if deaf != self._deaf:
            self._deaf = deaf
            self._hand_on_listeners()

    def listen(self, listener: Listener) -> None:
        """Have a function called with every trace event from now on."""
        self._listeners.append(listener)
        self._hand_on_listeners()

    def unlisten(self, listener: Listener) -> None:
        """Stop calling it."""
        self._listeners.remove(listener)
        self._hand_on_listeners()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Listen for the time of a `with` block."""
        self.listen(listener)
        try:
            yield
        finally:
            self.unlisten(listener)

    def tell(self) -> None:
        """Tell the listeners of what has happened on real threads since the last time.

        If one of them raises, the others hear what comes after it the next time.
        """
        with self._telling:
            heard = [self._heard.popleft() for _ in range(len(self._heard))]
            self._untold.extend(sorted(heard, key=attrgetter("time")))
            while self._untold:
                event = self._untold.popleft()
                for listener in self._listeners:
                    listener(event)

    def _hand_on_listeners(self) -> None:
        """Have the machine call the listeners, or gather for them."""
        am, listeners = self.driver.machine.am, self._listeners

        def tell_each(event: TraceEvent) -> None:
            for listener in listeners:
                listener(event)

        hears: Listener | None
        if self._deaf:
            hears = None
        elif isinstance(self.driver, ThreadedDriver):
            hears = self._heard.append if listeners else None
        elif len(listeners) > 1:
            hears = tell_each
        else:
            hears = listeners[0] if listeners else None

        def hand_on() -> None:
            am.tell.listener = hears

        self.driver.on_main(hand_on)
