"""What one painting of the screen shows: frozen, made by the player, read by every region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aclbench.tui.targets import SessionTarget
from aclbench.workbench.inquiry.differing import Alone
from aclbench.workbench.inquiry.timeline import Timeline
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.events import EventView
from aclbench.workbench.views.packets import PacketView
from aclbench.workbench.views.snapshot import Snapshot, WorkerView

State = Literal["playing", "paused", "ended", "idle", "busy"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a painting has room for: threads, sessions of each list, events, packets, columns."""

    threads: tuple[int, ...]
    rows: int = 0
    events: int = 0
    packets: int = 0
    columns: int = 0


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line of the log: the event's number in the run (0: not known), and what it is about.

    That is a session, or a packet by its name.

    `serial` is another for each line.
    """

    number: int
    event: EventView
    about: SessionTarget | None = None
    packet: str = ""
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A snapshot, the one that it is compared with, and the player's own state.

    `before` is what stood on the screen a moment ago, or before the last step: what differs from it
    stands out. `new_events` and `new_packets` count the last of `events` and `packets` that
    happened since. `clock` writes times. `error` says that `notice` is one.
    `busy` is a command that is under way. `past` says that there is a future already. `intervals`
    are the latest values of the cleaner's wait interval. Where two benches are compared `label`
    is what this one is called, `alone` are those of its sessions in sight that the other one has
    not, and `against` has the rest.
    """

    title: str
    clock: Clock
    snapshot: Snapshot
    before: Snapshot | None
    state: State
    speed: str
    notice: str
    error: bool
    events: tuple[LogRow, ...]
    new_events: int
    filter_name: str
    packets: tuple[PacketView, ...]
    new_packets: int
    workers: tuple[int, ...]
    page: str
    timeline: Timeline | None
    intervals: tuple[int, ...]
    mark_kind: str
    branch: str
    past: bool
    busy: str
    chosen: str
    label: str = ""
    alone: frozenset[tuple[int, int]] = frozenset()
    against: Against | None = None

    def of_bench(self, number: int | None) -> Frame:
        """The frame of one of two benches, 0 or 1; None: of the one in hand, which this is."""
        against = self.against
        if against is None or number is None or number == against.in_hand:
            return self
        return against.other

    def shown_workers(self) -> tuple[WorkerView, ...]:
        """The workers of the page, in order."""
        return tuple(w for w in self.snapshot.workers if w.thread_index in self.workers)

    def worker_before(self, thread_index: int) -> WorkerView | None:
        """A worker as it was before, if it was looked at then."""
        if self.before is None:
            return None
        found = (w for w in self.before.workers if w.thread_index == thread_index)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is counted, on the bench in hand and on the other; None: not there."""

    label: str
    own: int | None
    other: int | None


@dataclass(frozen=True, slots=True)
class Against:
    """What a bench is compared with: the frame of the other one.

    `in_hand` is the number of the one in hand. `alone` are all sessions that only this one has, and
    that only the other has; None: they are not known now. `in_step`: both stand at one time.
    `noticed` counts the packets that meet another fate there; None: it is not known now.
    """

    other: Frame
    in_hand: int
    figures: tuple[Figure, ...]
    alone: tuple[Alone, Alone] | None
    in_step: bool
    noticed: int | None
