"""The events of the log, sorted as they come in into one queue a filter.

A flood of packets must not push the one deletion out that the reader waits for, so each filter has
a queue of its own. Events are put into words only when they are shown. They are numbered as the
run's events are, so that one can be gone to; what the bench did while nobody listened leaves a gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aclbench.tui.frame import LogRow
from aclbench.tui.targets import SessionTarget
from aclbench.words import counted
from aclbench.workbench.inquiry.packets import event_packet_name
from aclbench.workbench.views.events import EventView, event_view, session_of

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

_MACHINERY: Final = frozenset({"packet", "flag set", "interrupt sent", "interrupt served"})
#: The filters in the order in which a key goes through them: name, and the kinds left out.
FILTERS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("all events", frozenset()),
    ("without packets", frozenset({"packet"})),
    ("without packets, flags, interrupts", _MACHINERY),
    (
        "sessions alone",
        _MACHINERY
        | {"clear started", "clear finished", "sweep started", "sweep finished", "wait changed"},
    ),
)
#: What one begins with: packets are shown beside the log.
WITHOUT_PACKETS: Final = 1
#: Events kept for each filter; packets; values of the cleaner's interval.
KEPT: Final = 5000
INTERVALS: Final = 200
#: The kind of a row that says what is missing.
GAP: Final = "gap"


class Heard(NamedTuple):
    """An event and its number in the run; or, with a text, a gap, whose number is below 0."""

    number: int
    event: Any
    text: str = ""


class EventStore:
    """A listener to a bench, and what it heard."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._queues: list[deque[Heard]] = [deque(maxlen=KEPT) for _ in FILTERS]
        self.counts: list[int] = [0] * len(FILTERS)
        self.intervals: deque[int] = deque(maxlen=INTERVALS)
        self._number = bench.rig.events_so_far()
        self._notes = 0
        self.listening = False
        #: Something went by unheard since the log was filled.
        self.has_gaps = False
        self.listen(True)

    # --- hearing -----------------------------------------------------------------------------

    def listen(self, wanted: bool) -> None:
        """Hear what happens from now on, or not: an event that is made costs time."""
        if wanted == self.listening:
            return
        self.listening = wanted
        if not wanted:
            self._bench.listeners.remove(self.hear)
            return
        self.catch_up()
        self._bench.listeners.add(self.hear)

    def catch_up(self) -> None:
        """Note how much went by unheard."""
        missed = self._bench.rig.events_so_far() - self._number
        if missed > 0 and not self._bench.is_threaded:
            self.note(f"{counted(missed, 'event')} not listened to, for speed")
            self._number += missed
            self.has_gaps = True
            self.intervals.clear()  # it went up and down meanwhile

    def note(self, text: str) -> None:
        """A row of the log that is no event: something was jumped, or is missing."""
        self._notes += 1
        heard = Heard(-self._notes, self._bench.now, text)
        for n, queue in enumerate(self._queues):
            queue.append(heard)
            self.counts[n] += 1

    def refill(self, events: Iterable[Any]) -> None:
        """Forget what was heard, and have heard these, the run's latest: after going back."""
        for n, queue in enumerate(self._queues):
            queue.clear()
            self.counts[n] = 0
        self.intervals.clear()
        self.has_gaps = False
        found = list(events)
        self._number = self._bench.rig.events_so_far() - len(found)
        for event in found:
            self.hear(event)

    def hear(self, event: Any) -> None:
        """Keep an event in the queue of every filter that lets it through."""
        self._number += 1
        heard = Heard(self._number, event)
        kind = event.kind
        for n, (_, hidden) in enumerate(FILTERS):
            if kind not in hidden:
                self._queues[n].append(heard)
                self.counts[n] += 1
        if kind == "wait changed":
            self.note_interval(event.old)
            self.note_interval(event.new)

    def note_interval(self, value: int) -> None:
        """The cleaner's interval is this now."""
        if not self.intervals or self.intervals[-1] != value:
            self.intervals.append(value)

    # --- showing -----------------------------------------------------------------------------

    def last(self, count: int, which: int, skip: int = 0) -> tuple[LogRow, ...]:
        """The last `count` events of a filter but for the very last `skip`, oldest first."""
        queue = self._queues[which]
        end = max(len(queue) - skip, 0)
        begin = max(end - count, 0)
        return tuple(self._row(queue[n]) for n in range(begin, end))

    def matching(self, which: int, words: str, limit: int) -> list[LogRow]:
        """The latest events of a filter with all the words in their text, oldest first."""
        wanted = words.lower().split()
        found: list[LogRow] = []
        for heard in reversed(self._queues[which]):
            row = self._row(heard)
            said = f"{row.event.kind} {row.event.text}".lower()
            if all(word in said for word in wanted):
                found.append(row)
                if len(found) >= limit:
                    break
        return found[::-1]

    def kept(self, which: int) -> int:
        """How many events of a filter can still be shown."""
        return len(self._queues[which])

    def _known(self, heard: Heard) -> int:
        """An event's number, where the run can be gone back in."""
        return 0 if self._bench.is_threaded else heard.number

    def _row(self, heard: Heard) -> LogRow:
        if heard.text:
            gap = EventView(heard.event, 0, GAP, heard.text)
            return LogRow(0, gap, serial=heard.number)
        event = heard.event
        session = session_of(event)
        return LogRow(
            self._known(heard),
            event_view(event, self._bench.rig),
            None if session is None else SessionTarget(*session),
            event_packet_name(self._bench, event) if event.kind == "packet" else "",
            heard.number,
        )
