"""Who hears of a bench's trace events, and when.

On one thread a listener is called as the event happens. On real threads no listener runs on a
worker's: events are gathered, and handed on in order of their time by whoever runs the bench or
asks for them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter

from aclbench.engine.events import TraceEvent
from aclbench.workbench.rig.rig import Rig

Listener = Callable[[TraceEvent], None]


class Listeners:
    """The listeners of a bench, whichever rig it has."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._listeners: list[Listener] = []
        self._muted = False
        #: Events of real threads that nobody has been told of yet.
        self._gathered: deque[TraceEvent] = deque()
        #: Those of them that are being told, in order of time.
        self._untold: deque[TraceEvent] = deque()
        self._telling = threading.RLock()  # a listener may run commands, which tell

    def attach(self, rig: Rig) -> None:
        """The bench has another rig: from now on its events are heard."""
        self._rig = rig
        self._connect()

    def add(self, listener: Listener) -> None:
        """Have a function called with every trace event from now on."""
        self._listeners.append(listener)
        self._connect()

    def remove(self, listener: Listener) -> None:
        """Stop calling it."""
        self._listeners.remove(listener)
        self._connect()

    @contextmanager
    def with_listener(self, listener: Listener) -> Iterator[None]:
        """Listen for the time of a `with` block."""
        self.add(listener)
        try:
            yield
        finally:
            self.remove(listener)

    def mute(self, muted: bool) -> None:
        """Have no events made for a while, whoever listens: each one that is made costs time."""
        if muted != self._muted:
            self._muted = muted
            self._connect()

    def tell(self) -> None:
        """Tell the listeners of what has happened on real threads since the last time.

        If one of them raises, the others hear what comes after it the next time.
        """
        with self._telling:
            gathered = [self._gathered.popleft() for _ in range(len(self._gathered))]
            self._untold.extend(sorted(gathered, key=attrgetter("time")))
            while self._untold:
                self._tell_each(self._untold.popleft())

    def _tell_each(self, event: TraceEvent) -> None:
        for listener in self._listeners:
            listener(event)

    def _connect(self) -> None:
        """Have the machine call the listeners, or gather for them."""
        rig, listeners = self._rig, self._listeners
        hears: Listener | None = None
        if listeners and not self._muted:
            if rig.is_threaded:
                hears = self._gathered.append
            else:
                hears = self._tell_each if len(listeners) > 1 else listeners[0]
        rig.driver.on_main(lambda: rig.hear(hears))
