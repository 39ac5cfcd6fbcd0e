"""What one painting of the screen shows: frozen, made by the player, read by every widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aclbench.workbench.eventlog import EventView
from aclbench.workbench.snapshot import Snapshot, WorkerView

State = Literal["playing", "paused", "ended", "idle"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A snapshot, the one that it is compared with, and the player's own state.

    `before` is what stood on the screen a moment ago, or before the last step: what differs from it
    stands out. `new_events` counts the last of `events` that happened since. `started` is the
    virtual time at the start. `error` says that `notice` is one.
    """

    title: str
    started: int
    snapshot: Snapshot
    before: Snapshot | None
    state: State
    speed: str
    notice: str
    error: bool
    events: tuple[EventView, ...]
    new_events: int
    filter_name: str
    workers: tuple[int, ...]
    page: str

    def shown_workers(self) -> tuple[WorkerView, ...]:
        """The workers of the page, in order."""
        return tuple(w for w in self.snapshot.workers if w.thread_index in self.workers)

    def worker_before(self, thread_index: int) -> WorkerView | None:
        """A worker as it was before, if it was looked at then."""
        if self.before is None:
            return None
        found = (w for w in self.before.workers if w.thread_index == thread_index)
        return next(found, None)
