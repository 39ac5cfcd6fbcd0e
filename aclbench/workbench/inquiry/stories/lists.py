"""The story of a list: its ends, what the owner's next interrupt takes of it, what happened."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import (
    ClassChanged,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SessionRequeued,
    TraceEvent,
)
from aclbench.engine.pool import NO_LIST, NO_SESSION
from aclbench.engine.timeouts import (
    NEVER,
    TIMEOUT_TCP_TRANSIENT,
)
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.inquiry.present import present_of
from aclbench.workbench.inquiry.stories.past import branch_name, hear_stretch, past_event
from aclbench.workbench.inquiry.stories.quantum import next_interrupt
from aclbench.workbench.inquiry.stories.values import FieldLine, ListStory, PastEvent
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import session_of
from aclbench.workbench.views.times import seconds_text

#: Events that a story shows.
MAX_EVENTS: Final = 50
#: Sessions whose list is noted at once.
_NOTED_AT_ONCE: Final = 4096


def list_story(
    subject: Subject,
    thread_index: int,
    list_id: int,
    show: Callable[[ListStory], None] = lambda story: None,
) -> Slices[ListStory]:
    """The story of one of a worker's lists.

    `show` is called with what is known so far, whenever that is more. CommandError, at once: there
    is no such list.
    """
    am = subject.rig.machine.am
    now, fields = _look(subject.rig, thread_index, list_id)
    story = ListStory(
        thread_index=thread_index,
        list_id=list_id,
        time=now,
        branch=branch_name(subject.history),
        title=(
            f"{am.lists[list_id]} of {actor_name(thread_index)} (thread {thread_index}): "
            f"{am.timeout_classes[list_id].what}"
        ),
        fields=fields,
    )
    return _told(subject, story, show)


def _told(
    subject: Subject, story: ListStory, show: Callable[[ListStory], None]
) -> Slices[ListStory]:
    rig, kept, history = subject.rig, subject.kept, subject.history
    stretches = Stretches(history) if history is not None else None
    show(story)
    present = yield from present_of(subject)
    ahead = yield from next_interrupt(present, story.thread_index, story.list_id)
    story = replace(story, **ahead._asdict())
    show(story)
    if kept is not None:
        return _told_from_kept(rig, kept.events(), story)
    if stretches is None:
        return replace(story, note="this bench keeps no history", complete=True)
    return (yield from _told_from_history(story, stretches, show))


# --- now ----------------------------------------------------------------------------------------


def _look(rig: Rig, thread_index: int, list_id: int) -> tuple[int, tuple[FieldLine, ...]]:
    """The list's fields as its owner has them, and the time there."""
    lists, threads = rig.machine.am.lists, len(rig.machine.am.workers)
    if not 0 <= thread_index < threads:
        raise CommandError(f"there is no thread {thread_index}; this bench has 0 to {threads - 1}")
    if not 0 <= list_id < len(lists):
        raise CommandError(f"there is no list {list_id}; lists are {', '.join(lists)}")

    def make(worker: Worker, now: int) -> tuple[int, tuple[FieldLine, ...]]:
        return now, _fields(rig, worker, list_id) if worker.thread_index == thread_index else ()

    return rig.driver.at_safe_points(make)[thread_index]


def _fields(rig: Rig, worker: Worker, list_id: int) -> tuple[FieldLine, ...]:
    am, expiry = rig.machine.am, worker.head_expiry_time[list_id]
    look = rig.machine.design.look
    head, tail = worker.conn_list_head[list_id], worker.conn_list_tail[list_id]
    due = "never: it is empty" if expiry == NEVER else rig.clock.text(expiry)
    rows = (
        ("conn_list_head", _end(head), "the session linked longest ago: looked at first"),
        ("conn_list_tail", _end(tail), "the one linked last; new ones come behind it"),
        ("length", f"{worker.conn_list_length[list_id]:,}", "sessions on the list"),
        ("head_expiry_time", due, "when the head is due: all that the cleaner reads of the list"),
        ("timeout", seconds_text(am.session_timeout[list_id]), "what its class may be idle"),
        ("recheck period", seconds_text(look.period(am, list_id)), look.what),
    )
    return tuple(FieldLine(*row) for row in rows)


def _end(index: int) -> str:
    return "none" if index == NO_SESSION else str(index)


# --- what happened ------------------------------------------------------------------------------


class _Links:
    """On which list each session of a worker is, followed through the events of a stretch."""

    def __init__(self, thread_index: int, list_id: int) -> None:
        self._thread = thread_index
        self._list_id = list_id
        self._at_begin = array("b")
        self._since: dict[int, int] = {}

    def begin(self, worker: Worker) -> Iterator[None]:
        """Note where all are at the beginning of the stretch, in parts."""
        self._since.clear()
        self._at_begin = array("b")
        for start in range(0, reading.pool_size(worker), _NOTED_AT_ONCE):
            self._at_begin.extend(reading.list_ids_in(worker, start, start + _NOTED_AT_ONCE))
            yield None

    def concerns(self, event: TraceEvent) -> bool:
        """Whether an event put a session on the list, or took one off it."""
        session = session_of(event)
        if session is None or session[0] != self._thread:
            return False
        to = _list_after(event)
        if to is None:
            return False
        index = session[1]
        begin = self._at_begin[index] if index < len(self._at_begin) else NO_LIST
        old = self._since.get(index, begin)
        if isinstance(event, SessionRecycled):
            old = TIMEOUT_TCP_TRANSIENT  # what is recycled is the head of that list
        self._since[index] = to
        return self._list_id in (old, to)


def _list_after(event: TraceEvent) -> int | None:
    """The list on which an event leaves its session; None: it relinks none."""
    if isinstance(event, SessionAdded | SessionRequeued):
        return event.list_id
    if isinstance(event, SessionDeleted | SessionRecycled):
        return NO_LIST
    if isinstance(event, ClassChanged) and event.relinked:
        return event.new
    return None


def _told_from_history(
    story: ListStory, stretches: Stretches, show: Callable[[ListStory], None]
) -> Slices[ListStory]:
    """The story, looked for backwards until there are as many events as it shows."""
    told, links = story, _Links(story.thread_index, story.list_id)

    def begun(rig: Rig) -> Iterator[None]:
        return links.begin(rig.machine.am.workers[story.thread_index])

    for stretch in stretches.backwards():
        found: deque[PastEvent] = deque(maxlen=MAX_EVENTS - len(told.events))

        def hear(rig: Rig, event: TraceEvent, number: int, found: deque[PastEvent] = found) -> None:
            if links.concerns(event):
                found.append(past_event(rig, event, number))

        yield from hear_stretch(stretches, stretch, hear, begun)
        told = replace(told, events=(*found, *told.events), looked_back_to=stretch.saved.point.time)
        show(told)
        if len(told.events) >= MAX_EVENTS:
            break
    note = f"the last {MAX_EVENTS}" if len(told.events) >= MAX_EVENTS else ""
    return replace(told, note=note, complete=True)


def _told_from_kept(rig: Rig, kept: Sequence[TraceEvent], story: ListStory) -> ListStory:
    """The story as far as a bench on real threads keeps its events.

    Of a session linked before those, it is not known which list it left.
    """
    links = _Links(story.thread_index, story.list_id)
    found: deque[PastEvent] = deque(maxlen=MAX_EVENTS)
    for event in kept:
        if links.concerns(event):
            found.append(past_event(rig, event, None))
    return replace(
        story,
        events=tuple(found),
        looked_back_to=kept[0].time if kept else story.time,
        note=f"of this run, the last {counted(len(kept), 'event')} are kept",
        complete=True,
    )
