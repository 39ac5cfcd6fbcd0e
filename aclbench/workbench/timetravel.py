"""The part of the workbench that goes back: the public face of the history.

Every way back and forth is a move of the one bench; listeners hear what is new, not what is run
again.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine import reading
from aclbench.engine.reading import SESSION_FIELDS
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import AclbenchError, CommandError, RunFileError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import UNITS, History, Place, Unit
from aclbench.workbench.history.marks import Marks, make_mark, worker_marks
from aclbench.workbench.history.runfile import Recorder, save_run
from aclbench.workbench.inquiry.diff import State, differences, followed_fields, state_of
from aclbench.workbench.inquiry.timeline import Timeline, make_timeline
from aclbench.workbench.rig.feed import Feed
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.packing import empty
from aclbench.workbench.rig.streams import Streams
from aclbench.workbench.views.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aclbench.workbench.workbench import Workbench


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


@dataclass(slots=True)
class Elsewhere:
    """Where somebody stands who works apart from the bench: see `excursion.Excursion`."""

    history: History
    standing: Standing
    place: Place


#: A past moment: a point of the branch, or the number of the trace event that was made there.
PastPlace = Point | int


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
    #: Without a history, what `timeline` is made of.
    samples: Marks
    #: A run ends early where a checkpoint is begun, and whoever runs the bench has it made piece by
    #: piece with `save_on`; until that is done no run goes on. Anything else finishes it first.
    patient: bool = False

    def __init__(self) -> None:
        super().__init__()
        #: Machines that the bench comes back to.
        self._held: list[SteppedDriver | ThreadedDriver] = []

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
        """Go back by steps, turns, events or packets; returns how many, fewer at the start."""
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

    def goto_past(self, place: PastPlace) -> None:
        """Go to a place that a story names: right behind the step that made what it tells."""
        if isinstance(place, Point):
            self.goto(place)
        else:
            self.goto_event(place)

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

    def writers(self, field: str) -> list[Writer]:
        """Every step from the start to now that changed a field, in order.

        `field` is `cleaner NAME`, `vpp_wk_0 NAME` or `session THREAD/INDEX NAME`, by VPP's names.
        """
        row, _, name = field.rpartition(" ")
        read = self.field_reader(row, name)
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

    def timeline(self, columns: int) -> Timeline:
        """The whole branch in so many slices of time, also what lies ahead; nothing is run again.

        On a bench without history it is made of `sample`s, of which one is taken here.
        """
        if self.history is None:
            self.sample()
            return make_timeline(self.samples, self.driver.now, self.driver.now, columns)
        branch = self.history.branch
        return make_timeline(branch.marks, branch.end.time, self.driver.now, columns)

    def sample(self) -> None:
        """Note how things stand, for a `timeline`; a history does so itself as it goes.

        On real threads each of them is asked as soon as it is between two pieces of work.
        """
        if self.history is not None:
            return
        driver = self.driver
        wait = driver.machine.am.cleaner.wait_interval
        if not len(self.samples):
            nothing = [(0,) * len(worker_marks(worker)) for worker in driver.machine.am.workers]
            self.samples.add(make_mark(self.started, 0, nothing, wait))
        parts = driver.at_safe_points(lambda worker, now: worker_marks(worker))
        now = max(driver.now, self.samples.last.time)
        self.samples.add(make_mark(now, 0, parts, wait))

    def save_on(self, budget_s: float) -> bool:
        """Go on for so long with the checkpoint that a run of a `patient` bench has begun.

        True: it is done, or there was none.
        """
        return self.history is None or self.history.save_on(time.perf_counter() + budget_s)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Finish a checkpoint that was begun, and be not patient for the time of a `with` block."""
        patient, self.patient = self.patient, False
        try:
            if self.history is not None:
                self.history.finish_saving()
            yield
        finally:
            self.patient = patient

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
        history.finish_saving()
        standing, place = self._standing(), history.place()
        self._held.append(standing.driver)
        try:
            yield history
        except (AclbenchError, KeyboardInterrupt):
            went_to = self.driver
            self._stand(standing)
            self.give_up(went_to)
            history.stand_at(place)
            raise
        finally:
            self._held.pop()
            self.give_up(standing.driver)
            self.travels += 1
            self._hand_on_listeners()

    @contextmanager
    def visiting(self) -> Iterator[History]:
        """Look somewhere else, and come back."""
        history = self.past
        history.finish_saving()
        standing, place = self._standing(), history.place()
        self._here = history.branch, history.cursor
        self._held.append(standing.driver)
        try:
            yield history
        finally:
            visited = self.driver
            self._stand(standing)
            self.give_up(visited)
            self._held.pop()
            history.stand_at(place)
            self._hand_on_listeners()

    def give_up(self, driver: SteppedDriver | ThreadedDriver) -> None:
        """Empty a machine that the bench does not stand on any more, unless it comes back to it.

        A machine refers to itself: left alone it would stay until the garbage collector looks
        through everything, and one of a million sessions is half a gigabyte.
        """
        needed = driver is self.driver or any(driver is held for held in self._held)
        if isinstance(driver, SteppedDriver) and not needed:
            empty(driver)

    def begin_elsewhere(self, branch: Branch) -> Elsewhere:
        """A place apart, for `elsewhere`: for now where the bench stands, on a branch of its own.

        Nothing there may be changed before another machine was made with `stand_on`.
        """
        history = self.past
        return Elsewhere(history, self._standing(), history.place()._replace(branch=branch))

    @contextmanager
    def elsewhere(self, there: Elsewhere) -> Iterator[None]:
        """Stand elsewhere for a moment, and go on there the next time.

        Nobody notices: the machine that the bench has, its listener among it, is not touched.
        """
        home, home_place = self._standing(), there.history.place()
        self._stand(there.standing)
        there.history.stand_at(there.place)
        try:
            yield
        finally:
            there.standing, there.place = self._standing(), there.history.place()
            self._stand(home)
            there.history.stand_at(home_place)

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
            time = self.started + offset_ns(where[1:]) - before
            if time < history.branch.starts[0].time == time + before:
                history.goto(history.branch.starts[0])
            else:
                history.goto_time(time)
        else:
            history.branch = history.find_branch(where)
            history.goto(history.branch.end)

    def field_reader(self, row: str, name: str) -> Callable[[SteppedDriver], Any]:
        """How to read a field that is named as `writers` says. CommandError: there is none."""
        if row.startswith("session "):
            thread, _, index = row.removeprefix("session ").partition("/")
            if not (thread.isdecimal() and index.isdecimal() and len(row + name) < 100):
                raise CommandError(
                    f"{row} {name}: a session is named by thread and index: session 1/5"
                )
            if name not in SESSION_FIELDS:
                known = ", ".join(SESSION_FIELDS)
                raise CommandError(f"a session has no field {name}; it has {known}")
            return lambda driver: _session_field(driver, int(thread), int(index), name)
        am = self.driver.machine.am
        rows = {actor_name(worker.thread_index): worker for worker in am.workers}
        thing = am.cleaner if row == "cleaner" else rows.get(row)
        if thing is None:
            known = ", ".join(["cleaner", *rows])
            raise CommandError(
                f"{row} {name}: fields are followed of {known} and sessions, such as session 1/5"
            )
        if name not in followed_fields(thing):
            fields = ", ".join(followed_fields(thing))
            raise CommandError(f"{row} {name}: not a field; there is {fields}")
        if row == "cleaner":
            return lambda driver: getattr(driver.machine.am.cleaner, name)
        thread_index = rows[row].thread_index
        return lambda driver: _frozen(getattr(driver.machine.am.workers[thread_index], name))


def _session_field(driver: SteppedDriver, thread: int, index: int, name: str) -> Any:
    """A field of a session, None while there is no such session."""
    workers = driver.machine.am.workers
    session = reading.session_at(workers[thread], index) if thread < len(workers) else None
    return None if session is None else getattr(session, name)


def _frozen(value: Any) -> Any:
    """A value that does not change under us."""
    if isinstance(value, Mapping):
        return dict(value)
    return tuple(value) if isinstance(value, list | deque) else value


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


def offset_ns(text: str) -> int:
    """Seconds from the start, exactly."""
    whole, _, fraction = text.partition(".")
    good = (whole + fraction).isdecimal() and len(whole) <= 12 and len(fraction) <= 9
    if not good:
        raise CommandError(f"+{text}: a time is in seconds from the start, such as +12.5")
    return int(whole or "0") * NS_PER_SEC + int(fraction.ljust(9, "0") or "0")
