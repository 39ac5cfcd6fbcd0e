"""The story of a list: its ends, what the owner's next interrupt takes of it, what happened."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

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
from aclbench.engine.reading import SessionRow
from aclbench.engine.session import NO_LIST, NO_SESSION, SessionId
from aclbench.engine.timeouts import (
    N_TIMEOUTS,
    NEVER,
    TIMEOUT_CLASSES,
    TIMEOUT_NAMES,
    TIMEOUT_TCP_TRANSIENT,
)
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.inquiry.stories.ahead import judged
from aclbench.workbench.inquiry.stories.past import branch_name, hear_stretch, past_event
from aclbench.workbench.inquiry.stories.schedule import (
    due_in_list,
    is_due,
    next_interrupt,
    since_text,
    sweep_of,
    taken_by_list,
)
from aclbench.workbench.inquiry.stories.values import FieldLine, ListStory, NextInList, PastEvent
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import seconds_text, session_of
from aclbench.workbench.views.snapshot import key_text

#: Events that a story shows, and sessions at the head whose fate it tells.
MAX_EVENTS: Final = 50
FIRST_SESSIONS: Final = 5
#: Sessions whose list is noted at once.
_NOTED_AT_ONCE: Final = 4096


class _Standing(NamedTuple):
    """A list as its owner shows it: at its own time."""

    now: int
    fields: tuple[FieldLine, ...]
    interrupt: int | None
    due: int
    taken: int
    sentences: tuple[str, ...]
    first: tuple[NextInList, ...]


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
    here = _look(subject.rig, thread_index, list_id)
    story = ListStory(
        thread_index=thread_index,
        list_id=list_id,
        time=here.now,
        branch=branch_name(subject.history),
        title=(
            f"{TIMEOUT_NAMES[list_id]} of {actor_name(thread_index)} (thread {thread_index}): "
            f"{TIMEOUT_CLASSES[list_id][1]}"
        ),
        fields=here.fields,
        interrupt=here.interrupt,
        due=here.due,
        taken=here.taken,
        sentences=here.sentences,
        first=here.first,
    )
    return _told(subject, story, show)


def _told(
    subject: Subject, story: ListStory, show: Callable[[ListStory], None]
) -> Slices[ListStory]:
    rig, kept, history = subject.rig, subject.kept, subject.history
    show(story)
    yield None
    if kept is not None:
        return _told_from_kept(rig, kept.events(), story)
    if history is None:
        return replace(story, note="this bench keeps no history", complete=True)
    return (yield from _told_from_history(story, Stretches(history), show))


# --- now ----------------------------------------------------------------------------------------


def _look(rig: Rig, thread_index: int, list_id: int) -> _Standing:
    threads = len(rig.machine.am.workers)
    if not 0 <= thread_index < threads:
        raise CommandError(f"there is no thread {thread_index}; this bench has 0 to {threads - 1}")
    if not 0 <= list_id < N_TIMEOUTS:
        raise CommandError(f"there is no list {list_id}; lists are {', '.join(TIMEOUT_NAMES)}")

    def make(worker: Worker, now: int) -> _Standing | None:
        return _standing(rig, worker, list_id, now) if worker.thread_index == thread_index else None

    here = rig.driver.at_safe_points(make)[thread_index]
    assert here is not None
    return here


def _standing(rig: Rig, worker: Worker, list_id: int, now: int) -> _Standing:
    am = rig.machine.am
    interrupt = next_interrupt(rig.driver, worker, now)
    at = now if interrupt is None else interrupt
    due = len(due_in_list(am, worker, list_id, at))
    taken = taken_by_list(am, worker, at)
    return _Standing(
        now,
        _fields(rig, worker, list_id),
        interrupt,
        due,
        taken[list_id],
        tuple(_sentences(rig, worker, list_id, interrupt, due, taken)),
        tuple(_first(rig, worker, list_id, at, taken[list_id])),
    )


def _fields(rig: Rig, worker: Worker, list_id: int) -> tuple[FieldLine, ...]:
    am, expiry = rig.machine.am, worker.head_expiry_time[list_id]
    head, tail = worker.conn_list_head[list_id], worker.conn_list_tail[list_id]
    due = "never: it is empty" if expiry == NEVER else since_text(expiry, rig.started)
    rows = (
        ("conn_list_head", _end(head), "the session linked longest ago: looked at first"),
        ("conn_list_tail", _end(tail), "the one linked last; new ones come behind it"),
        ("length", f"{worker.conn_list_length[list_id]:,}", "sessions on the list"),
        ("head_expiry_time", due, "when the head is due: all that the cleaner reads of the list"),
        ("timeout", seconds_text(am.session_timeout[list_id]), "what its class may be idle"),
        (
            "recheck period",
            seconds_text(am.shortest_timeout),
            "the shortest of the three timeouts: what lies between linking and looking",
        ),
    )
    return tuple(FieldLine(*row) for row in rows)


def _end(index: int) -> str:
    return "none" if index == NO_SESSION else str(index)


def _sentences(
    rig: Rig,
    worker: Worker,
    list_id: int,
    interrupt: int | None,
    due: int,
    taken: tuple[int, ...],
) -> Iterator[str]:
    """What the owner's next interrupt takes."""
    am = rig.machine.am
    quantum = am.max_deleted_sessions_per_interval
    if worker not in am.packet_workers:
        yield "This thread carries no packets: it owns no sessions and gets no interrupts."
        return
    if interrupt is None:
        yield "Nothing tells when its owner is interrupted next; counted as of now:"
    else:
        yield f"Its owner's next interrupt comes at {since_text(interrupt, rig.started)}."
    if sweep_of(worker) is not None:
        yield "A clear is on: due is what was linked when its sweep began."
    least = "at least " if due == quantum else ""
    yield f"Of its first {quantum}, {least}{due} are due then."
    before = sum(taken[:list_id])
    if due:
        yield (
            f"One interrupt takes {quantum} over all lists, udp_idle first, then tcp_idle, then "
            f"tcp_transient: {before} of lists before this one, {taken[list_id]} of this one."
        )


def _first(rig: Rig, worker: Worker, list_id: int, at: int, taken: int) -> Iterator[NextInList]:
    """What becomes of the first few."""
    am, sweep = rig.machine.am, sweep_of(worker)
    first = islice(reading.walk(worker, worker.conn_list_head[list_id]), FIRST_SESSIONS)
    for position, session in enumerate(first):
        where = SessionId(session.thread_index, session.session_index)
        connection = key_text(session.key)
        if position < taken:
            name = rig.interface_name(session.sw_if_index)
            fate = judged(am, session, sweep, at, name)
            to = "" if fate.to_list < 0 else f" to the tail of {TIMEOUT_NAMES[fate.to_list]}"
            yield NextInList(where, connection, fate.fate, f"{fate.fate}{to}: {fate.why}")
        else:
            yield NextInList(where, connection, "left", _why_left(rig, session, at))


def _why_left(rig: Rig, session: SessionRow, at: int) -> str:
    am = rig.machine.am
    worker = am.workers[session.thread_index]
    if is_due(am, session, sweep_of(worker), at):
        return "left: due, but the interrupt has taken all it may"
    due = since_text(session.link_enqueue_time + am.shortest_timeout + 1, rig.started)
    return f"left: due at {due}"


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
        note=f"of this run, the last {len(kept):,} events are kept",
        complete=True,
    )
