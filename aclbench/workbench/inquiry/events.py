"""The trace events of any stretch of a run.

Events are not kept: the stretch is performed again with a listener. On real threads, where that
cannot be, the last events are kept, and there are no others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from aclbench.engine.counts import EVENT_KINDS, event_counts
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.places import at_place, is_time
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.events import EventLog, session_of
from aclbench.workbench.views.times import read_moment

#: So many of the last events are made again at the most.
MAX_RECENT: Final = 16_384
#: Whether an event is the one that is looked for.
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

    @property
    def of_packets(self) -> bool:
        """Whether packets' own events may be among them: those are of no session."""
        return self.session is None and (not self.kinds or PacketVerdict.kind in self.kinds)

    def count_between(self, before: Rig, after: Rig) -> int | None:
        """How many of these there are from one state of a run to a later one, as the counters say.

        None: they do not tell.
        """
        if self.thread is not None or self.session is not None:
            return None
        counts = zip(event_counts(before.machine.am), event_counts(after.machine.am), strict=True)
        of_kind = dict(zip(EVENT_KINDS, (later - sooner for sooner, later in counts), strict=True))
        return sum(of_kind[kind] for kind in self.kinds or EVENT_KINDS)


class EventsFound(NamedTuple):
    """Events of a stretch, and how many more there are; None: more, not known how many."""

    events: list[TraceEvent]
    left_out: int | None


def events_between(
    history: History,
    first: str,
    last: str,
    only: EventFilter = EventFilter(),
    most: int = NEVER,
) -> Slices[EventsFound]:
    """The first so many such events between two places: that stretch is run again, and listened to.

    It ends where it has them. CommandError: there are no such places.
    """
    there = yield from at_place(history, first, before=True)
    end = yield from at_place(history, last)
    if end.branch is not there.branch:
        raise CommandError(f"{first} and {last} are on two branches; events are on one")
    if end.cursor[:2] < there.cursor[:2]:
        raise CommandError(f"{last} lies before {first}; name the earlier place first")
    total = only.count_between(there.rig, end.rig)
    yield from end.rig.closing()
    found: list[TraceEvent] = []
    has_more = False

    def hear(event: TraceEvent) -> None:
        nonlocal has_more
        if only.lets_through(event):
            if len(found) < most:
                found.append(event)
            else:
                has_more = True

    begun = there.position.packets
    packets = end.cursor.position.packets - begun
    wanted = most if total is None else min(total, most)
    if wanted or total is None:
        there.rig.hear(hear, only.of_packets)
        for _ in there.run_to(end.cursor):
            if has_more or (total is not None and len(found) >= wanted):
                break
            yield Progress(there.position.packets - begun, packets, "packets looked at")
    yield from there.rig.closing()
    if total is not None:
        return EventsFound(found, total - len(found))
    return EventsFound(found, None if has_more else 0)


def first_ahead(history: History, is_it: IsIt) -> Slices[tuple[int, TraceEvent] | None]:
    """In the past: the next such event up to the branch's end, with its number in the run."""
    here = history.here.rig.events_so_far()
    stretches = Stretches(history)
    found: tuple[int, TraceEvent] | None = None
    number = 0

    def hear(event: TraceEvent) -> None:
        nonlocal number, found
        number += 1
        if found is None and number > here and is_it(event):
            found = number, event

    for stretch in stretches.forwards():
        number = stretch.events_before
        for _ in stretches.hear(stretch, hear):
            if found is not None:
                break
            yield None
        if found is not None:
            break
    return found


def last_behind(
    history: History, is_it: IsIt, before: int = NEVER
) -> Slices[tuple[int, TraceEvent] | None]:
    """The last such event before now, of those with a number below `before`."""
    stretches = Stretches(history)
    found: tuple[int, TraceEvent] | None = None
    number = 0

    def hear(event: TraceEvent) -> None:
        nonlocal number, found
        number += 1
        if number < before and is_it(event):
            found = number, event

    for stretch in stretches.backwards():
        number = stretch.events_before
        if number < before:
            yield from stretches.hear(stretch, hear)
        if found is not None:
            break
    return found


def recent_events(history: History, count: int) -> Slices[list[TraceEvent]]:
    """The last trace events before now: as many as there are, `count` and more up to a limit."""
    stretches, found = Stretches(history), list[TraceEvent]()
    for stretch in stretches.backwards():
        heard: deque[TraceEvent] = deque(maxlen=MAX_RECENT - len(found))
        yield from stretches.hear(stretch, heard.append)
        found = [*heard, *found]
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
