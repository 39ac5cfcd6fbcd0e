"""The part of the workbench that tells again what happened: the trace events of any stretch.

Nothing is kept of them but what made them: a stretch is run again with someone listening. On real
threads, where that cannot be, the last ones are kept, and are all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aclbench.engine.counts import EVENT_KINDS, event_counts
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.workbench.inquiry.excursion import Excursion, Stretch
from aclbench.workbench.timetravel import TimeTravel, offset_ns
from aclbench.workbench.views.events import (
    EventLog,
    EventView,
    event_view,
    seconds_text,
    session_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Retelling(TimeTravel):
    """What `Workbench` can tell of its past. Mixed into it."""

    kept: EventLog | None
    breathe: Callable[[], None] | None

    def events_so_far(self) -> int:
        """How many trace events there have been, heard or not: the number of the latest."""
        return sum(event_counts(self.driver.machine.am))

    def events(
        self,
        first: str = "start",
        last: str = "now",
        kinds: tuple[str, ...] = (),
        thread: int | None = None,
        session: tuple[int, int] | None = None,
    ) -> list[EventView]:
        """The trace events between two places, made again; filtered by kind, thread, session.

        `session` is (thread index, session index).
        """
        for kind in kinds:
            if kind not in EVENT_KINDS:
                raise CommandError(f"there is no kind of event {kind}; {', '.join(EVENT_KINDS)}")
        heard = self._events_kept(first, last) if self.kept else self._events_again(first, last)
        return [
            event_view(event, self.interface_name)
            for event in heard
            if (not kinds or event.kind in kinds)
            and (thread is None or event.thread_index == thread)
            and (session is None or session_of(event) == session)
        ]

    def _events_again(self, first: str, last: str) -> list[TraceEvent]:
        """The events between two places, by running that stretch again with someone listening."""
        with self.visiting() as history:
            self._go_to_place(first, before=True)
            begin, branch = history.cursor, history.branch
            self._go_to_place(last)
            end = history.cursor
            if history.branch is not branch:
                raise CommandError(f"{first} and {last} are on two branches; events are on one")
            if end[:2] < begin[:2]:
                raise CommandError(f"{last} lies before {first}; name the earlier place first")
            return history.listen_between(begin, end)

    def events_ahead(self) -> Iterator[tuple[int, TraceEvent]]:
        """In the past, the events up to the branch's end, each with its number in the run.

        Made again piece by piece, from checkpoint to checkpoint: the bench stands here meanwhile,
        and may be moved.
        """
        here = self.events_so_far()
        excursion = Excursion(self._bench())
        for stretch in excursion.stretches_forwards():
            for number, event in enumerate(self._hear_stretch(excursion, stretch), 1):
                if stretch.events_before + number > here:
                    yield stretch.events_before + number, event

    def events_behind(self) -> Iterator[tuple[int, TraceEvent]]:
        """The events before now, the latest first, each with its number in the run; as above."""
        excursion = Excursion(self._bench())
        for stretch in excursion.stretches_backwards():
            heard = self._hear_stretch(excursion, stretch)
            for number in range(len(heard), 0, -1):
                yield stretch.events_before + number, heard[number - 1]

    def verdicts_backwards(self) -> Iterator[list[PacketVerdict]]:
        """The packets of the run so far, stretch by stretch, the latest first; made again.

        On real threads, those that are kept.
        """
        if self.kept is not None:
            yield [event for event in self.kept.events() if isinstance(event, PacketVerdict)]
            return
        excursion = Excursion(self._bench())
        for stretch in excursion.stretches_backwards():
            heard = self._hear_stretch(excursion, stretch)
            yield [event for event in heard if isinstance(event, PacketVerdict)]

    def _hear_stretch(self, excursion: Excursion, stretch: Stretch) -> list[TraceEvent]:
        """The events of a stretch; between two pieces others may have something to do."""
        heard: list[TraceEvent] = []
        for _ in excursion.hear(stretch, heard.append):
            if self.breathe is not None:
                self.breathe()
        return heard

    def recent_events(self, count: int) -> list[TraceEvent]:
        """The last trace events before now, made again: as many as there are, up to `count`."""
        if self.kept is not None:
            return self.kept.events()[-count:]
        found: list[TraceEvent] = []
        with self.visiting() as history:
            here = history.cursor
            for saved in reversed([s for s in history.branch.saved if s.point < here]):
                found = history.listen_between(saved.point, here)
                if len(found) >= count:
                    break
        return found[-count:]

    def _events_kept(self, first: str, last: str) -> list[TraceEvent]:
        """The events between two times of a run on real threads, of those that are kept."""
        assert self.kept is not None
        begin, end = self._time_kept(first, self.started), self._time_kept(last, NEVER)
        if end < begin:
            raise CommandError(f"{last} lies before {first}; name the earlier place first")
        events = self.kept.events()
        if self.kept.count > len(events) and begin < events[0].time:
            since = seconds_text(events[0].time - self.started).removesuffix(" s")
            raise CommandError(
                f"a run on real threads cannot be repeated, and of this one the last "
                f"{len(events):,} of {self.kept.count:,} events are kept; ask for `events from "
                f"+{since}`, or run it without --threads"
            )
        return [event for event in events if begin <= event.time <= end]

    def _time_kept(self, place: str, otherwise: int) -> int:
        """The time of a place in a run on real threads, which has no other places than times."""
        if place.startswith("+"):
            return self.started + offset_ns(place[1:])
        if place not in ("start", "now", "end"):
            raise CommandError(f"{place}: on real threads a place is start, now or +SECONDS")
        return otherwise
