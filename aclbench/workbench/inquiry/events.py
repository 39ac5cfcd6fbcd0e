"""The trace events of any stretch of a run.

Events are not kept: the stretch is performed again with a listener. On real threads, where that
cannot be, the last events are kept, and there are no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aclbench.engine.counts import EVENT_KINDS
from aclbench.engine.events import TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.places import at_place, is_time
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.events import EventLog, session_of
from aclbench.workbench.views.times import read_moment

#: Whether an event, whose number in the run comes with it, is the one that is looked for.
IsIt = Callable[[TraceEvent], bool]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: of some kinds (empty: all), of a thread, of a session (thread, index)."""

    kinds: tuple[str, ...] = ()
    thread: int | None = None
    session: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in EVENT_KINDS:
                raise CommandError(f"there is no kind of event {kind}; {', '.join(EVENT_KINDS)}")

    def lets_through(self, event: TraceEvent) -> bool:
        """Whether an event is one of these."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and (self.thread is None or event.thread_index == self.thread)
            and (self.session is None or session_of(event) == self.session)
        )


def events_between(history: History, first: str, last: str) -> Slices[list[TraceEvent]]:
    """The events between two places, by running that stretch again with someone listening."""
    there = yield from at_place(history, first, before=True)
    end = yield from at_place(history, last)
    end.rig.close()
    if end.branch is not there.branch:
        raise CommandError(f"{first} and {last} are on two branches; events are on one")
    if end.cursor[:2] < there.cursor[:2]:
        raise CommandError(f"{last} lies before {first}; name the earlier place first")
    return (yield from there.heard_to(end.cursor))


def first_ahead(history: History, is_it: IsIt) -> Slices[tuple[int, TraceEvent] | None]:
    """In the past: the next such event up to the branch's end, with its number in the run."""
    here = history.here.rig.events_so_far()
    stretches = Stretches(history)
    for stretch in stretches.forwards():
        heard = yield from stretches.events(stretch)
        for number, event in enumerate(heard, stretch.events_before + 1):
            if number > here and is_it(event):
                return number, event
    return None


def last_behind(
    history: History, is_it: IsIt, before: int = NEVER
) -> Slices[tuple[int, TraceEvent] | None]:
    """The last such event before now, of those with a number below `before`."""
    stretches = Stretches(history)
    for stretch in stretches.backwards():
        if stretch.events_before >= before:
            continue
        heard = yield from stretches.events(stretch)
        for number in range(len(heard), 0, -1):
            if stretch.events_before + number < before and is_it(heard[number - 1]):
                return stretch.events_before + number, heard[number - 1]
    return None


def recent_events(history: History, count: int) -> Slices[list[TraceEvent]]:
    """The last trace events before now: as many as there are, `count` and more."""
    stretches, found = Stretches(history), list[TraceEvent]()
    for stretch in stretches.backwards():
        found = (yield from stretches.events(stretch)) + found
        if len(found) >= count:
            break
    return found


def events_kept(kept: EventLog, clock: Clock, first: str, last: str) -> list[TraceEvent]:
    """The events between two times of a run on real threads, of those that are kept."""
    begin, end = _time_kept(clock, first, clock.started), _time_kept(clock, last, NEVER)
    if end < begin:
        raise CommandError(f"{last} lies before {first}; name the earlier place first")
    events = kept.events()
    if kept.count > len(events) and begin < events[0].time:
        since = clock.text(events[0].time).removesuffix(" s")
        raise CommandError(
            f"a run on real threads cannot be repeated, and of this one the last "
            f"{len(events):,} of {kept.count:,} events are kept; ask for `events from "
            f"{since}`, or run it without --threads"
        )
    return [event for event in events if begin <= event.time <= end]


def _time_kept(clock: Clock, place: str, otherwise: int) -> int:
    """The time of a place in a run on real threads, which has no other places than times."""
    if is_time(place):
        return clock.read(read_moment(place)).ns
    if place not in ("start", "now", "end"):
        raise CommandError(f"{place}: on real threads a place is start, now or a time, +SECONDS")
    return otherwise
