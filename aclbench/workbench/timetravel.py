"""The part of the workbench that goes back: the public face of the history.

Every way back and forth is a move of the one bench; listeners hear what is new, not what is run
again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.counts import EVENT_KINDS, event_counts
from aclbench.engine.events import PacketVerdict
from aclbench.engine.session import NO_LIST, SESSION_FIELDS
from aclbench.engine.timeouts import NEVER, NS_PER_SEC
from aclbench.errors import AclbenchError, CommandError, RunFileError
from aclbench.workbench.eventlog import EventLog, EventView, event_view, seconds_text
from aclbench.workbench.feed import Feed
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import UNITS, History, Unit
from aclbench.workbench.history.journal import Point
from aclbench.workbench.history.runfile import Recorder, save_run
from aclbench.workbench.history.state import State, differences, state_of
from aclbench.workbench.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aclbench.engine.events import TraceEvent
    from aclbench.workbench.bench import Workbench


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch: its name, the one it left, how far it goes, and whether the bench is on it."""

    name: str
    parent: str
    packets: int
    end_time: int
    inputs: int
    current: bool


class Writer(NamedTuple):
    """A step that changed a field: when, who took it, which it was, and both values."""

    point: Point
    who: str
    what: str
    old: Any
    new: Any


class Standing(NamedTuple):
    """What a bench stands on. Every move makes it anew, so the old one can be taken up again."""

    driver: SteppedDriver | ThreadedDriver
    feed: Feed | None
    sent: int
    timed_done: int
    streams: Streams


class TimeTravel:
    """What `Workbench` can do with its history. Mixed into it."""

    driver: SteppedDriver | ThreadedDriver
    history: History | None
    started: int
    #: How often the bench has moved in its history: whoever keeps what it heard looks at this.
    travels: int = 0
    #: While visiting another place: the branch and the point to come back to.
    _here: tuple[Branch, Point]

    kept: EventLog | None

    @property
    def stepped(self) -> SteppedDriver:
        raise NotImplementedError

    def _hand_on_listeners(self) -> None:
        raise NotImplementedError

    def _standing(self) -> Standing:
        raise NotImplementedError

    def _stand(self, standing: Standing) -> None:
        raise NotImplementedError

    def interface_name(self, sw_if_index: int) -> str:
        raise NotImplementedError

    def _bench(self) -> Workbench:
        raise NotImplementedError

    @property
    def past(self) -> History:
        """The history. AclbenchError: this bench keeps none, or runs on real threads."""
        assert self.stepped  # or it says why not
        if self.history is None:
            raise AclbenchError("this bench keeps no history; make it with history=True")
        return self.history

    # --- moving ------------------------------------------------------------------------------

    def back(self, count: int = 1, unit: Unit = "step") -> int:
        """Go back by named steps, events or packets; returns how many, fewer at the start."""
        with self._moving() as history:
            return history.back(_count(count), _unit(unit))

    def forward(self, count: int = 1, unit: Unit = "step") -> int:
        """Go forward again along the branch; returns how many, fewer at its end."""
        with self._moving() as history:
            return history.forward(_count(count), _unit(unit))

    def goto(self, point: Point) -> None:
        """Go to a point of the current branch."""
        with self._moving() as history:
            history.goto(point)

    def goto_time(self, time_ns: int) -> None:
        """Go to the state at a time (virtual nanoseconds); the clock stands at it."""
        with self._moving() as history:
            history.goto_time(_whole(time_ns))

    def goto_packet(self, number: int) -> None:
        """Go right behind the n-th packet of the run; 0 is the start."""
        with self._moving() as history:
            history.goto_packet(_whole(number))

    def goto_event(self, number: int) -> None:
        """Go right behind the step that made the n-th trace event of the run."""
        with self._moving() as history:
            history.goto_event(_whole(number))

    # --- branches ----------------------------------------------------------------------------

    def branch(self, name: str) -> None:
        """Begin a branch here; the one left behind keeps its future."""
        self.past.open_branch(name)

    def branches(self) -> list[BranchView]:
        """All branches, in order of their making."""
        history = self.past
        return [
            BranchView(
                name=branch.name,
                parent=branch.parent,
                packets=branch.end.position.packets,
                end_time=branch.end.time,
                inputs=len(branch.ops),
                current=branch is history.branch,
            )
            for branch in history.branches.values()
        ]

    def switch(self, name: str) -> None:
        """Go to the end of another branch."""
        with self._moving() as history:
            history.switch(name)

    # --- asking ------------------------------------------------------------------------------

    def diff(self, first: str, second: str) -> list[str]:
        """What differs between two places, field by field, counts first, then rows.

        A place is `now`, `start`, `end`, a branch (its end), `#N` (behind packet N), `+SECONDS`
        (from the start), or one of the last three on a branch: `NAME@#17`, `NAME@+2.5`.
        """
        return differences(self.state_at(first), self.state_at(second))

    def state_at(self, place: str) -> State:
        """The whole state at a place; the bench stays where it is."""
        if place == "now":
            return state_of(self.stepped)
        with self.visiting():
            self._go_to_place(place)
            return state_of(self.stepped)

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

        Made again checkpoint by checkpoint; the bench comes back when the iterator is done with.
        """
        history = self.past
        number, here = sum(event_counts(self.stepped.machine.am)), history.cursor
        between = [saved.point for saved in history.branch.saved if saved.point > here]
        for end in [*between, history.branch.end]:
            with self.visiting():
                heard = history.listen_between(here, end)
            for event in heard:
                number += 1
                yield number, event
            here = end

    def verdicts_backwards(self) -> Iterator[list[PacketVerdict]]:
        """The packets of the run so far, stretch by stretch, the latest first; made again.

        On real threads, those that are kept.
        """
        if self.kept is not None:
            yield [event for event in self.kept.events() if isinstance(event, PacketVerdict)]
            return
        history = self.past
        end = history.cursor
        for saved in reversed([s for s in history.branch.saved if s.point < end]):
            with self.visiting():
                heard = history.listen_between(saved.point, end)
            yield [event for event in heard if isinstance(event, PacketVerdict)]
            end = saved.point

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
            return self.started + _offset_ns(place[1:])
        if place not in ("start", "now", "end"):
            raise CommandError(f"{place}: on real threads a place is start, now or +SECONDS")
        return otherwise

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

    def writers(self, field: str) -> list[Writer]:
        """Every step from the start to now that changed a field, in order.

        `field` is `cleaner NAME`, `vpp_wk_0 NAME` or `session THREAD/INDEX NAME`, by VPP's names.
        """
        read = self._reader(field)
        writers: list[Writer] = []
        with self.visiting() as history:
            begin = history.branch.starts[0]
            history.goto(begin)
            old = read(self.stepped)
            for walked in history.walk(begin, self._here[1]):
                new = read(self.stepped)
                if new != old:
                    writers.append(Writer(walked.point, walked.who, walked.what, old, new))
                    old = new
        return writers

    def marks(self, slices: int) -> list[tuple[int, tuple[int, ...]]]:
        """For so many slices of the run's time: when each begins, its events of each kind.

        The kinds are those of `aclbench.engine.counts.EVENT_KINDS`, in order.
        """
        if type(slices) is not int or slices < 1:
            raise CommandError(f"{slices!r}: at least 1 slice")
        marks = self.past.branch.marks
        start, end = marks[0].time, max(marks[-1].time, marks[0].time + 1)
        width = -(-(end - start + 1) // slices)
        counts = [[0] * len(EVENT_KINDS) for _ in range(slices)]
        before = (0,) * len(EVENT_KINDS)
        for mark in marks:
            column = counts[(mark.time - start) // width]
            for kind, (old, new) in enumerate(zip(before, mark.counts, strict=True)):
                column[kind] += new - old
            before = mark.counts
        return [(start + n * width, tuple(column)) for n, column in enumerate(counts)]

    # --- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], with_captures: bool = False) -> None:
        """Write the run to a file that `Workbench.load` continues anywhere. RunFileError."""
        if "\0" in os.fspath(path):
            raise RunFileError(f"{os.fspath(path)!r}: not the name of a file")
        save_run(self._bench(), Path(path), with_captures)

    def record(self, path: str | os.PathLike[str]) -> Recorder:
        """Keep the run's journal on disk as it goes; close the recorder at the end."""
        recorder = Recorder(self._bench(), Path(path))
        self.past.recorder = recorder
        return recorder

    # --- helpers -----------------------------------------------------------------------------

    @contextmanager
    def _moving(self) -> Iterator[History]:
        """Move the bench; whoever listens hears again once it has arrived."""
        history = self.past
        standing, place = self._standing(), history.place()
        try:
            yield history
        except (AclbenchError, KeyboardInterrupt):
            self._stand(standing)
            history.stand_at(place)
            raise
        finally:
            self.travels += 1
            self._hand_on_listeners()

    @contextmanager
    def visiting(self) -> Iterator[History]:
        """Look somewhere else, and come back."""
        history = self.past
        standing, place = self._standing(), history.place()
        self._here = history.branch, history.cursor
        try:
            yield history
        finally:
            self._stand(standing)
            history.stand_at(place)
            self._hand_on_listeners()

    def _go_to_place(self, place: str, before: bool = False) -> None:
        """Go to a place as `diff` names them; `before` what happens at a time, if it is one."""
        history = self.past
        name, at, where = place.rpartition("@")
        if at:
            history.branch = history.find_branch(name)
        if where == "start":
            history.goto(history.branch.starts[0])
        elif where == "end":
            history.goto(history.branch.end)
        elif where == "now":
            history.branch, here = self._here
            history.goto(here)
        elif where.startswith("#"):
            if not where[1:].isdecimal() or len(where) > 19:
                raise CommandError(f"{place}: a packet is #1, #2 and so on")
            history.goto_packet(int(where[1:]))
        elif where.startswith("+"):
            time = self.started + _offset_ns(where[1:]) - before
            if time < history.branch.starts[0].time == time + before:
                history.goto(history.branch.starts[0])
            else:
                history.goto_time(time)
        else:
            history.branch = history.find_branch(where)
            history.goto(history.branch.end)

    def _reader(self, field: str) -> Callable[[SteppedDriver], Any]:
        """How to read a field that is named as `writers` says."""
        row, _, name = field.rpartition(" ")
        if row.startswith("session "):
            thread, _, index = row.removeprefix("session ").partition("/")
            if not (thread.isdecimal() and index.isdecimal() and len(field) < 100):
                raise CommandError(f"{field}: a session is named by thread and index: session 1/5")
            return lambda driver: _session_field(driver, int(thread), int(index), name)
        here = state_of(self.stepped)
        if name not in here.get(row, {}):
            fields = ", ".join(here[row]) if row in here else "cleaner, vpp_wk_0, session 1/5, ..."
            raise CommandError(f"{field}: not a field; there is {fields}")
        if row == "cleaner":
            return lambda driver: getattr(driver.machine.am.cleaner, name)
        for worker in self.stepped.machine.am.workers:
            if self.stepped.actor_name(worker.thread_index) == row:
                thread_index = worker.thread_index
                return lambda driver: _frozen(
                    getattr(driver.machine.am.workers[thread_index], name)
                )
        raise CommandError(f"{field}: fields are followed of the cleaner, workers and sessions")


def _session_field(driver: SteppedDriver, thread: int, index: int, name: str) -> Any:
    """A field of a session, None while there is no such session."""
    workers = driver.machine.am.workers
    if thread >= len(workers) or index >= len(workers[thread].sessions_pool):
        return None
    session = workers[thread].sessions_pool[index]
    if name not in SESSION_FIELDS:
        known = ", ".join(SESSION_FIELDS)
        raise CommandError(f"a session has no field {name}; it has {known}")
    return None if session.link_list_id == NO_LIST else getattr(session, name)


def _frozen(value: Any) -> Any:
    """A value that does not change under us."""
    return tuple(value) if isinstance(value, list) else value


def session_of(event: TraceEvent) -> tuple[int, int] | None:
    """The session that an event is about, if it is about one."""
    session = getattr(event, "session", None)
    if session is not None:
        return tuple(session)
    index = getattr(event, "session_index", None)
    return None if index is None else (event.thread_index, index)


def _count(count: int) -> int:
    if type(count) is not int or count < 1:
        raise CommandError(f"{count!r}: by at least 1")
    return count


def _whole(number: int) -> int:
    if type(number) is not int:
        raise CommandError(f"{number!r}: a whole number is right")
    return number


def _unit(unit: str) -> Unit:
    for known in UNITS:
        if unit.rstrip("s") == known:
            return known
    raise CommandError(f"{unit}: {', '.join(UNITS)} is right")


def _offset_ns(text: str) -> int:
    """Seconds from the start, exactly."""
    whole, _, fraction = text.partition(".")
    good = (whole + fraction).isdecimal() and len(whole) <= 12 and len(fraction) <= 9
    if not good:
        raise CommandError(f"+{text}: a time is in seconds from the start, such as +12.5")
    return int(whole or "0") * NS_PER_SEC + int(fraction.ljust(9, "0") or "0")
