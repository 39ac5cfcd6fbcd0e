"""The events of the log, sorted as they come in into one queue a filter.

A flood of packets must not push the one deletion out that the reader waits for, so each filter has
a queue of its own. Events are put into words only when they are shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from aclbench.workbench.eventlog import EventView, event_view

if TYPE_CHECKING:
    from aclbench.workbench.bench import Workbench

#: The filters in the order in which a key goes through them: name, and the kinds left out.
FILTERS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("all events", frozenset()),
    ("without packets", frozenset({"packet"})),
    (
        "without packets, flags, interrupts",
        frozenset({"packet", "flag set", "interrupt sent", "interrupt served"}),
    ),
)
#: Events kept for each filter.
KEPT: Final = 2000


class EventStore:
    """A listener to a bench, and what it heard."""

    def __init__(self, bench: Workbench) -> None:
        self._name_of = bench.interface_name
        self._queues: list[deque[Any]] = [deque(maxlen=KEPT) for _ in FILTERS]
        self.counts: list[int] = [0] * len(FILTERS)
        bench.listen(self.hear)

    def refill(self, events: Iterable[Any]) -> None:
        """Forget what was heard, and have heard these: after going back."""
        for n, queue in enumerate(self._queues):
            queue.clear()
            self.counts[n] = 0
        for event in events:
            self.hear(event)

    def hear(self, event: Any) -> None:
        """Keep an event in the queue of every filter that lets it through."""
        kind = event.kind
        for n, (_, hidden) in enumerate(FILTERS):
            if kind not in hidden:
                self._queues[n].append(event)
                self.counts[n] += 1

    def last(self, count: int, which: int, skip: int = 0) -> tuple[EventView, ...]:
        """The last `count` events of a filter but for the very last `skip`, oldest first."""
        queue = self._queues[which]
        end = max(len(queue) - skip, 0)
        begin = max(end - count, 0)
        return tuple(event_view(queue[n], self._name_of) for n in range(begin, end))

    def kept(self, which: int) -> int:
        """How many events of a filter can still be shown."""
        return len(self._queues[which])
