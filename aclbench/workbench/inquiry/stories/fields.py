"""The story of a field: its value, what it is for, and who wrote it, the last one first.

Flags and the cleaner's wait have trace events, which are cheap to hear; of any other field each
named step is taken again and looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from aclbench.drivers.driver import actor_name
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine import reading
from aclbench.engine.events import FlagSet, TraceEvent, WaitChanged
from aclbench.engine.steps import (
    ALLOW_INTERRUPT,
    CLEAR_DONE,
    MARK_PENDING,
    REPORT_LOAD,
    SET_CLEAR,
    TALLY,
)
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.history.replay import Replay, WalkedStep
from aclbench.workbench.inquiry.diff import shown_value
from aclbench.workbench.inquiry.explain.reading import flag_names
from aclbench.workbench.inquiry.stories.meanings import meaning_of
from aclbench.workbench.inquiry.stories.past import branch_name, hear_stretch
from aclbench.workbench.inquiry.stories.values import FieldStory, PastWriter
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.inquiry.writers import field_reader
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import bitmap_text
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.times import seconds_text

#: Writers that a story names.
MAX_WRITERS: Final = 50
#: The steps that write each flag: as the cleaner, and as the owner.
_FLAG_STEPS: Final = {
    "interrupt_is_pending": (MARK_PENDING.label, ALLOW_INTERRUPT.label),
    "interrupt_is_needed": (MARK_PENDING.label, REPORT_LOAD.label),
    "interrupt_is_unwanted": (TALLY.label, REPORT_LOAD.label),
    "clear_in_process": (SET_CLEAR.label, CLEAR_DONE.label),
}


class _Search(Protocol):
    """Looks through a stretch for writers of the field."""

    def __call__(
        self, stretches: Stretches, stretch: Stretch, found: deque[PastWriter]
    ) -> Slices[None]: ...


def field_story(
    subject: Subject,
    row: str,
    name: str,
    show: Callable[[FieldStory], None] = lambda story: None,
) -> Slices[FieldStory]:
    """The story of a field; row and field as `Workbench.writers` has them.

    `cleaner`, `vpp_wk_0` or `session 1/5`, and VPP's name. `show` is called with what is known so
    far, whenever that is more. CommandError, at once: there is no such field.
    """
    rig = subject.rig
    read = field_reader(rig, row, name)
    value, now = _value_now(rig, row, name)
    meaning = meaning_of(row, name)
    story = FieldStory(
        row=row,
        name=name,
        time=now,
        branch=branch_name(subject.history),
        value=value,
        value_text=value_text(rig, meaning.shown_as, value),
        meaning=meaning.what,
        vpp_name=meaning.vpp,
        written_by=meaning.written_by,
        read_by=meaning.read_by,
    )
    told_by = _told_by_events(rig, row, name)
    if told_by is not None:
        search = _search_by_events(told_by)
    else:
        search = _search_by_steps(meaning.shown_as, read)
    return _told(subject, story, told_by, search, show)


def _told(
    subject: Subject,
    story: FieldStory,
    told_by: _ToldBy | None,
    search: _Search,
    show: Callable[[FieldStory], None],
) -> Slices[FieldStory]:
    kept, history = subject.kept, subject.history
    show(story)
    yield None
    if kept is not None:
        return _told_from_kept(kept.events(), story, told_by)
    if history is None:
        return replace(story, note="this bench keeps no history", complete=True)
    return (yield from _told_from_history(story, Stretches(history), search, show))


# --- now ----------------------------------------------------------------------------------------


def _value_now(rig: Rig, row: str, name: str) -> tuple[Any, int]:
    """The value as its thread has it, and the time there."""
    driver = rig.driver
    if row == "cleaner":
        return getattr(driver.machine.am.cleaner, name), driver.now
    if isinstance(driver, SteppedDriver):
        return field_reader(rig, row, name)(rig), driver.now
    owner, index = _owner_of(rig, row)

    def make(worker: Worker, now: int) -> tuple[Any, int]:
        if worker.thread_index != owner:
            return None, now
        return _value_of(worker, index, name), now

    return driver.at_safe_points(make)[owner]


def _owner_of(rig: Rig, row: str) -> tuple[int, int | None]:
    """The thread of a row, and the session's index if it is one's. CommandError: there is none."""
    threads = range(len(rig.machine.am.workers))
    if row.startswith("session "):
        thread, _, index = row.removeprefix("session ").partition("/")
        if int(thread) not in threads:
            raise CommandError(f"there is no thread {thread}; this bench has 0 to {threads[-1]}")
        return int(thread), int(index)
    return next(n for n in threads if actor_name(n) == row), None


def _value_of(worker: Worker, session_index: int | None, name: str) -> Any:
    """A copy of a field's value, for who is on the worker's own thread."""
    if session_index is None:
        return shown_value(worker, name)
    session = reading.session_at(worker, session_index)
    return None if session is None else getattr(session, name)


def value_text(rig: Rig, shown_as: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "no session"
    shown: dict[str, Callable[[], str]] = {
        "time": lambda: "0" if not value else _time_text(rig, value),
        "times": lambda: ", ".join(_time_text(rig, each) for each in value),
        "length": lambda: seconds_text(value),
        "bitmap": lambda: f"{value:#x} ({bitmap_text(value, rig)})",
        "interface": lambda: f"{value} ({rig.interface_name(value)})",
        "key": lambda: key_text(value),
        "flags": lambda: " ".join(flag_names(value)) or "none",
        "list": lambda: f"{value} ({rig.list_name(value)})",
        "wait": lambda: (
            value.kind.value
            if value.until == NEVER
            else f"{value.kind.value}, until {rig.clock.text(value.until)}"
        ),
        "slots": lambda: f"{len(value):,}",
    }
    return shown[shown_as]() if shown_as else _plain_text(value)


def _time_text(rig: Rig, time: int) -> str:
    return "never" if time == NEVER else rig.clock.text(time)


def _plain_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count:,}" for key, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


# --- who wrote it -------------------------------------------------------------------------------


def _told_from_history(
    story: FieldStory,
    stretches: Stretches,
    search: _Search,
    show: Callable[[FieldStory], None],
) -> Slices[FieldStory]:
    """The story, looked for backwards until there are as many writers as it names."""
    told = story
    for stretch in stretches.backwards():
        found: deque[PastWriter] = deque(maxlen=MAX_WRITERS - len(told.writers))
        yield from search(stretches, stretch, found)
        told = replace(
            told,
            writers=(*told.writers, *reversed(found)),
            looked_back_to=stretch.saved.point.time,
        )
        show(told)
        if len(told.writers) >= MAX_WRITERS:
            break
    note = f"the last {MAX_WRITERS}" if len(told.writers) >= MAX_WRITERS else ""
    return replace(told, note=note, complete=True)


def _told_from_kept(
    kept: Sequence[TraceEvent], story: FieldStory, told_by: _ToldBy | None
) -> FieldStory:
    """The story as far as a bench on real threads keeps its events."""
    if told_by is None:
        note = "on real threads nobody notes who writes this field; run it without --threads"
        return replace(story, note=note, complete=True)
    found = [writer for event in kept if (writer := told_by(event, None)) is not None]
    return replace(
        story,
        writers=tuple(found[: -MAX_WRITERS - 1 : -1]),
        looked_back_to=kept[0].time if kept else story.time,
        note=f"of this run, the last {counted(len(kept), 'event')} are kept",
        complete=True,
    )


# Makes a writer of an event that tells of one, with its place.
_ToldBy = Callable[[TraceEvent, "int | None"], PastWriter | None]


def _told_by_events(rig: Rig, row: str, name: str) -> _ToldBy | None:
    """How events tell of a field's writers; None if they do not."""
    if (row, name) == ("cleaner", "wait_interval"):
        return _wait_writer
    if name not in _FLAG_STEPS or row.startswith("session "):
        return None
    thread_index, _ = _owner_of(rig, row)
    if not thread_index:
        return None  # vpp_main is the cleaner and the owner: an event does not tell which it was
    return lambda event, place: _flag_writer(event, place, thread_index, name)


def _wait_writer(event: TraceEvent, place: int | None) -> PastWriter | None:
    if not isinstance(event, WaitChanged):
        return None
    old, new = seconds_text(event.old), seconds_text(event.new)
    return PastWriter(event.time, "cleaner", TALLY.label, event.old, event.new, old, new, place)


def _flag_writer(
    event: TraceEvent, place: int | None, thread_index: int, flag: str
) -> PastWriter | None:
    if not isinstance(event, FlagSet) or event.flag != flag or event.thread_index != thread_index:
        return None
    by_owner = event.by == thread_index
    who = actor_name(thread_index) if by_owner else "cleaner"
    what = _FLAG_STEPS[flag][by_owner]
    old, new = 1 - event.value, event.value
    return PastWriter(event.time, who, what, old, new, str(old), str(new), place)


def _search_by_events(told_by: _ToldBy) -> _Search:
    """Look for writers by listening."""

    def search(stretches: Stretches, stretch: Stretch, found: deque[PastWriter]) -> Slices[None]:
        def hear(rig: Rig, event: TraceEvent, number: int) -> None:
            writer = told_by(event, number)
            if writer is not None:
                found.append(writer)

        return hear_stretch(stretches, stretch, hear)

    return search


def _step_writer(rig: Rig, shown_as: str, walked: WalkedStep, old: Any, new: Any) -> PastWriter:
    texts = value_text(rig, shown_as, old), value_text(rig, shown_as, new)
    return PastWriter(walked.point.time, walked.who, walked.what, old, new, *texts, walked.point)


def _search_by_steps(shown_as: str, read: Callable[[Rig], Any]) -> _Search:
    """Look for writers by taking every step again."""

    def search(stretches: Stretches, stretch: Stretch, found: deque[PastWriter]) -> Slices[None]:
        old: Any = None

        def begun(there: Replay) -> None:
            nonlocal old
            old = read(there.rig)

        def look(there: Replay, walked: WalkedStep) -> None:
            nonlocal old
            new = read(there.rig)
            if new != old:
                found.append(_step_writer(there.rig, shown_as, walked, old, new))
                old = new

        return stretches.walk(stretch, begun, look)

    return search
