"""The story of a field: its value, what it is for, and who wrote it, the last one first.

Flags and the cleaner's wait have trace events, which are cheap to hear; of any other field each
named step is taken again and looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from aclbench.drivers.driver import actor_name
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine import reading
from aclbench.engine.events import FlagSet, TraceEvent, WaitChanged
from aclbench.engine.steps import ALLOW_INTERRUPT, CLEAR_DONE, MARK_PENDING, SAY, SET_CLEAR, TALLY
from aclbench.engine.timeouts import NEVER, TIMEOUT_NAMES
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.history.history import WalkedStep
from aclbench.workbench.inquiry.excursion import Excursion, Stretch
from aclbench.workbench.inquiry.explain.reading import flag_names
from aclbench.workbench.inquiry.stories.meanings import meaning_of
from aclbench.workbench.inquiry.stories.past import branch_name, hear_stretch
from aclbench.workbench.inquiry.stories.schedule import since_text
from aclbench.workbench.inquiry.stories.values import FieldStory, PastWriter
from aclbench.workbench.views.events import bitmap_text, seconds_text
from aclbench.workbench.views.snapshot import key_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: Writers that a story names.
MAX_WRITERS: Final = 50
#: The steps that write each flag: as the cleaner, and as the owner.
_FLAG_STEPS: Final = {
    "interrupt_is_pending": (MARK_PENDING.label, ALLOW_INTERRUPT.label),
    "interrupt_is_needed": (MARK_PENDING.label, SAY.label),
    "interrupt_is_unwanted": (TALLY.label, SAY.label),
    "clear_in_process": (SET_CLEAR.label, CLEAR_DONE.label),
}


class _Hearing(Protocol):
    """Looks through a stretch for writers of the field; yields between two pieces."""

    def __call__(
        self, excursion: Excursion, stretch: Stretch, found: deque[PastWriter]
    ) -> Iterator[None]: ...


def field_story(bench: Workbench, row: str, name: str) -> Iterator[FieldStory]:
    """The story of a field, ever more complete; row and field as `Workbench.writers` has them.

    `cleaner`, `vpp_wk_0` or `session 1/5`, and VPP's name. CommandError: there is none.
    """
    read = bench.field_reader(row, name)
    value, now = _value_now(bench, row, name)
    meaning = meaning_of(row, name)
    story = FieldStory(
        row=row,
        name=name,
        time=now,
        branch=branch_name(bench),
        value=value,
        value_text=value_text(bench, meaning.shown_as, value),
        meaning=meaning.what,
        vpp_name=meaning.vpp,
        written_by=meaning.written_by,
        read_by=meaning.read_by,
    )
    told_by = _told_by_events(bench, row, name)
    if bench.kept is not None:
        return _told_from_kept(bench, story, told_by)
    if bench.history is None:
        return iter([replace(story, note="this bench keeps no history", complete=True)])
    if told_by is not None:
        search = _search_by_events(told_by)
    else:
        search = _search_by_steps(bench, meaning.shown_as, read)
    return _told_from_history(story, Excursion(bench), search)


# --- now ----------------------------------------------------------------------------------------


def _value_now(bench: Workbench, row: str, name: str) -> tuple[Any, int]:
    """The value as its thread has it, and the time there."""
    driver = bench.driver
    if row == "cleaner":
        return getattr(driver.machine.am.cleaner, name), driver.now
    if isinstance(driver, SteppedDriver):
        return bench.field_reader(row, name)(driver), driver.now
    owner, index = _owner_of(bench, row)

    def make(worker: Worker, now: int) -> tuple[Any, int]:
        if worker.thread_index != owner:
            return None, now
        return _value_of(worker, index, name), now

    return driver.at_safe_points(make)[owner]


def _owner_of(bench: Workbench, row: str) -> tuple[int, int | None]:
    """The thread of a row, and the session's index if it is one's. CommandError: there is none."""
    threads = range(len(bench.machine.am.workers))
    if row.startswith("session "):
        thread, _, index = row.removeprefix("session ").partition("/")
        if int(thread) not in threads:
            raise CommandError(f"there is no thread {thread}; this bench has 0 to {threads[-1]}")
        return int(thread), int(index)
    return next(n for n in threads if actor_name(n) == row), None


def _value_of(worker: Worker, session_index: int | None, name: str) -> Any:
    """A copy of a field's value, for who is on the worker's own thread."""
    if session_index is None:
        value = getattr(worker, name)
        if isinstance(value, dict):
            return dict(value)
        return tuple(value) if isinstance(value, list | deque) else value
    session = reading.session_at(worker, session_index)
    return None if session is None else getattr(session, name)


def value_text(bench: Workbench, shown_as: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "no session"
    shown: dict[str, Callable[[], str]] = {
        "time": lambda: "0" if not value else since_text(value, bench.started),
        "times": lambda: ", ".join(
            "never" if each == NEVER else since_text(each, bench.started) for each in value
        ),
        "length": lambda: seconds_text(value),
        "bitmap": lambda: f"{value:#x} ({bitmap_text(value, bench.interface_name)})",
        "interface": lambda: f"{value} ({bench.interface_name(value)})",
        "key": lambda: key_text(value),
        "flags": lambda: " ".join(flag_names(value)) or "none",
        "list": lambda: f"{value} ({TIMEOUT_NAMES[value]})",
        "wait": lambda: (
            value.kind.value
            if value.until == NEVER
            else f"{value.kind.value}, until {since_text(value.until, bench.started)}"
        ),
        "slots": lambda: f"{len(value):,}",
    }
    return shown[shown_as]() if shown_as else _plain_text(value)


def _plain_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count:,}" for key, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


# --- who wrote it -------------------------------------------------------------------------------


def _told_from_history(
    story: FieldStory, excursion: Excursion, search: _Hearing
) -> Iterator[FieldStory]:
    """The story, looked for backwards until there are as many writers as it names."""
    yield story
    told = story
    for stretch in excursion.stretches_backwards():
        found: deque[PastWriter] = deque(maxlen=MAX_WRITERS - len(told.writers))
        for _ in search(excursion, stretch, found):
            yield told
        told = replace(
            told,
            writers=(*told.writers, *reversed(found)),
            looked_back_to=stretch.saved.point.time,
        )
        if len(told.writers) >= MAX_WRITERS:
            break
        yield told
    note = f"the last {MAX_WRITERS}" if len(told.writers) >= MAX_WRITERS else ""
    yield replace(told, note=note, complete=True)


def _told_from_kept(
    bench: Workbench, story: FieldStory, told_by: _ToldBy | None
) -> Iterator[FieldStory]:
    """The story as far as a bench on real threads keeps its events."""
    assert bench.kept is not None
    if told_by is None:
        note = "on real threads nobody notes who writes this field; run it without --threads"
        yield replace(story, note=note, complete=True)
        return
    kept = bench.kept.events()
    found = [writer for event in kept if (writer := told_by(event, None)) is not None]
    yield replace(
        story,
        writers=tuple(found[: -MAX_WRITERS - 1 : -1]),
        looked_back_to=kept[0].time if kept else story.time,
        note=f"of this run, the last {len(kept):,} events are kept",
        complete=True,
    )


# Makes a writer of an event that tells of one, with its place.
_ToldBy = Callable[[TraceEvent, "int | None"], PastWriter | None]


def _told_by_events(bench: Workbench, row: str, name: str) -> _ToldBy | None:
    """How events tell of a field's writers; None if they do not."""
    if (row, name) == ("cleaner", "wait_interval"):
        return _wait_writer
    if name not in _FLAG_STEPS or row.startswith("session "):
        return None
    thread_index, _ = _owner_of(bench, row)
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


def _search_by_events(told_by: _ToldBy) -> _Hearing:
    """Look for writers by listening."""

    def search(excursion: Excursion, stretch: Stretch, found: deque[PastWriter]) -> Iterator[None]:
        def hear(event: TraceEvent, number: int) -> None:
            writer = told_by(event, number)
            if writer is not None:
                found.append(writer)

        return hear_stretch(excursion, stretch, hear)

    return search


def _step_writer(
    bench: Workbench, shown_as: str, walked: WalkedStep, old: Any, new: Any
) -> PastWriter:
    texts = value_text(bench, shown_as, old), value_text(bench, shown_as, new)
    return PastWriter(walked.point.time, walked.who, walked.what, old, new, *texts, walked.point)


def _search_by_steps(
    bench: Workbench, shown_as: str, read: Callable[[SteppedDriver], Any]
) -> _Hearing:
    """Look for writers by taking every step again."""

    def search(excursion: Excursion, stretch: Stretch, found: deque[PastWriter]) -> Iterator[None]:
        old: Any = None

        def begun() -> None:
            nonlocal old
            old = read(bench.stepped)

        def look(walked: WalkedStep) -> None:
            nonlocal old
            new = read(bench.stepped)
            if new != old:
                found.append(_step_writer(bench, shown_as, walked, old, new))
                old = new

        return excursion.walk(stretch, begun, look)

    return search
