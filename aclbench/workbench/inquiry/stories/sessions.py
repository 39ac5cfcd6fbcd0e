"""The story of a session: all its fields, what comes next, and all that happened to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, SessionAdded, TraceEvent
from aclbench.engine.main import AclMain
from aclbench.engine.packet import PROTO_TCP
from aclbench.engine.places import SessionPlace
from aclbench.engine.pool import NO_SESSION
from aclbench.engine.reading import SessionRow
from aclbench.engine.session import SessionId
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.inquiry.explain.reading import flag_names, protocol_name
from aclbench.workbench.inquiry.explain.sessions import position_of
from aclbench.workbench.inquiry.present import present_of
from aclbench.workbench.inquiry.stories.check import next_check
from aclbench.workbench.inquiry.stories.past import branch_name, hear_stretch, past_event
from aclbench.workbench.inquiry.stories.values import (
    FieldLine,
    NextCheck,
    PastEvent,
    Rest,
    SessionStory,
)
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import session_of
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.taking import session_view
from aclbench.workbench.views.times import seconds_text

#: Events that a story shows besides the first; of more, the newest.
MAX_EVENTS: Final = 2000


class _Slot(NamedTuple):
    """A slot as its owner shows it: at its own time, with what is in it if it lives."""

    now: int
    pool_size: int
    session: SessionView | None = None
    interface: str = ""
    fields: tuple[FieldLine, ...] = ()
    #: Of one that was deleted and is not free yet.
    rests: Rest | None = None


def session_story(
    subject: Subject,
    thread_index: int,
    session_index: int,
    show: Callable[[SessionStory], None] = lambda story: None,
) -> Slices[SessionStory]:
    """The story of a session; of a free slot, that of the last session in it.

    `show` is called with what is known so far, whenever that is more. CommandError, at once: there
    is no such slot.
    """
    rig = subject.rig
    here = _look(rig, thread_index, session_index)
    session_id = SessionId(thread_index, session_index)
    owner = actor_name(thread_index)
    title = f"session {session_index} of {owner} (thread {thread_index})"
    if here.session is None:
        title += ": the slot is free"
    else:
        title += f": {here.session.connection} on {here.interface}"
    story = SessionStory(
        id=session_id,
        time=here.now,
        branch=branch_name(subject.history),
        title=title,
        lives=here.session is not None,
        fields=here.fields,
    )
    return _told(subject, story, here, show)


def _told(
    subject: Subject, story: SessionStory, here: _Slot, show: Callable[[SessionStory], None]
) -> Slices[SessionStory]:
    rig, kept, history = subject.rig, subject.kept, subject.history
    stretches = Stretches(history) if history is not None else None
    show(story)
    if here.session is not None:
        check: NextCheck | Rest | None = here.rests
        if check is None:
            present = yield from present_of(subject)
            check = yield from next_check(present, here.session, here.interface)
        story = replace(story, next=check)
        show(story)
    if kept is not None:
        return _told_from_kept(rig, kept.events(), story)
    if stretches is None:
        return replace(story, note="this bench keeps no history", complete=True)
    return (yield from _told_from_history(story, stretches, show))


# --- now ----------------------------------------------------------------------------------------


def _look(rig: Rig, thread_index: int, session_index: int) -> _Slot:
    """What the owner says of a slot, at its safe point."""
    threads = len(rig.machine.am.workers)
    if not 0 <= thread_index < threads:
        raise CommandError(
            f"there is no thread {thread_index}; this bench has 0 to {threads - 1}, and a session "
            "is named by thread and index: 1/5"
        )

    def make(worker: Worker, now: int) -> _Slot | None:
        if worker.thread_index != thread_index:
            return None
        return _slot(rig, worker, session_index, now)

    here = rig.driver.at_safe_points(make)[thread_index]
    assert here is not None
    if not 0 <= session_index < here.pool_size:
        there = f"0 to {here.pool_size - 1}" if here.pool_size else "none yet"
        raise CommandError(
            f"there is no session {thread_index}/{session_index}; "
            f"{actor_name(thread_index)} has had {there}"
        )
    return here


def _slot(rig: Rig, worker: Worker, session_index: int, now: int) -> _Slot:
    am, pool_size = rig.machine.am, reading.pool_size(worker)
    session = reading.session_at(worker, session_index)
    if session is None:
        return _Slot(now, pool_size)
    name = rig.interface_name(session.sw_if_index)
    view = session_view(am, session, position_of(worker, session), now)
    fields = _fields(rig, worker, session, view)
    place = _resting_place(am, view)
    if place is None:
        return _Slot(now, pool_size, view, name, fields)
    told = _AT_REST | {"link_list_id": f"where it is: {place.what}"}
    fields = tuple(replace(row, meaning=told.get(row.name, row.meaning)) for row in fields)
    free_at = rig.clock.text(view.check_due)
    sentences = (
        f"It was deleted: no packet finds it, and it rests in {place.name}.",
        f"Its slot is free at {free_at}, or with the first interrupt behind that.",
    )
    return _Slot(now, pool_size, view, name, fields, Rest(view.check_due, sentences))


#: What is to be said of the fields of a session that was deleted and rests.
_AT_REST: Final = {
    "key": "what it was looked up by",
    "sw_if_index": "the interface whose table had it",
    "link_prev_idx": "it is on no list",
    "link_next_idx": "it is on no list",
    "link_enqueue_time": "when it was deleted",
    "timeout class": "what its flags made it",
    "position": "how many are freed ahead of it",
}


def _resting_place(am: AclMain, view: SessionView) -> SessionPlace | None:
    """Where a deleted session is that is not free yet; None: it is a live one."""
    at = view.link_list_id - len(am.lists)
    return am.places[at] if at >= 0 and am.places[at].is_deleted else None


def _fields(
    rig: Rig, worker: Worker, session: SessionRow, view: SessionView
) -> tuple[FieldLine, ...]:
    """Every field by VPP's name, then what follows from them."""
    am, clock, name = rig.machine.am, rig.clock, rig.interface_name(session.sw_if_index)
    list_name = reading.name_of(am, view.link_list_id)
    class_name = am.timeout_classes[view.timeout_class].name
    timeout = seconds_text(am.session_timeout[view.timeout_class])
    rows = [
        ("key", key_text(session.key), "what a packet is looked up by; as one that enters has it"),
        ("sw_if_index", f"{session.sw_if_index} ({name})", "the interface whose table has it"),
        ("proto", f"{session.proto} ({protocol_name(session.proto)})", "decides its class"),
        (
            "last_active_time",
            clock.text(session.last_active_time),
            "when the last packet of it came; a packet on any thread writes it",
        ),
        (
            "tcp_flags_seen[0]",
            _flags_text(session, session.tcp_flags_seen_out),
            "the TCP flags seen on the interface's output",
        ),
        (
            "tcp_flags_seen[1]",
            _flags_text(session, session.tcp_flags_seen_in),
            "the TCP flags seen on its input",
        ),
        ("link_list_id", f"{session.link_list_id} ({list_name})", "the list it is on"),
        (
            "link_prev_idx",
            _link(am, session, session.link_prev_idx, "the head"),
            "the one before it there",
        ),
        (
            "link_next_idx",
            _link(am, session, session.link_next_idx, "the tail"),
            "the one behind it there",
        ),
        (
            "link_enqueue_time",
            clock.text(session.link_enqueue_time),
            "when it was put there; the list is in this order",
        ),
        ("thread_index", str(session.thread_index), "its owner, who alone relinks and deletes it"),
        ("session_index", str(session.session_index), "its slot in the owner's pool"),
        ("timeout class", f"{class_name}, {timeout}", _class_meaning(view)),
        ("idle", seconds_text(max(view.idle, 0)), "time since its last packet"),
        (
            "position",
            _position_text(am, worker, view),
            "how many are ahead in the list",
        ),
    ]
    return tuple(FieldLine(*row) for row in rows)


def _flags_text(session: SessionRow, flags: int) -> str:
    if session.proto != PROTO_TCP:
        return "none (not TCP)"
    return " ".join(flag_names(flags)) or "none"


def _link(am: AclMain, session: SessionRow, index: int, end: str) -> str:
    if index != NO_SESSION:
        return str(index)
    return f"none: it is {end}" if session.link_list_id < len(am.lists) else "none"


def _class_meaning(view: SessionView) -> str:
    if view.link_list_id == view.timeout_class:
        return "what its protocol and the flags seen make it now"
    return "what its flags make it now; it is still on the list of another class"


def _position_text(am: AclMain, worker: Worker, view: SessionView) -> str:
    if view.session_index in reading.taken(worker):
        return "taken off the list, to be judged"
    where = "10,000 or more" if view.position is None else f"{view.position:,}"
    return f"{where} of {reading.length_of(am, worker, view.link_list_id):,}"


# --- what happened ------------------------------------------------------------------------------


def concerns(event: TraceEvent, session: SessionId) -> bool:
    """Whether an event is about a session: one of its own, or a packet that made or hit it."""
    if isinstance(event, PacketVerdict):
        return any(check.session == session for check in event.checks)
    return session_of(event) == session


class _Life:
    """The events of a slot's latest life, gathered backwards, a stretch at a time."""

    def __init__(self, session: SessionId) -> None:
        self.is_whole = False
        self.added_key = b""
        self._session = session
        self._first: PastEvent | None = None
        self._last: deque[PastEvent] = deque(maxlen=MAX_EVENTS)
        self._count = 0
        #: What was heard of the stretch under way; it comes before the rest.
        self._heard: deque[PastEvent] = deque(maxlen=MAX_EVENTS)
        self._heard_count = 0

    def hear(self, rig: Rig, event: TraceEvent, place: int | None) -> None:
        """Hear an event of the stretch under way."""
        if not concerns(event, self._session):
            return
        past = past_event(rig, event, place)
        if isinstance(event, SessionAdded):
            self._heard.clear()
            self._heard_count = 0
            self._first, self.added_key, self.is_whole = past, event.key, True
        else:
            self._heard.append(past)
            self._heard_count += 1

    def end_stretch(self) -> None:
        """All of the stretch was heard."""
        room = MAX_EVENTS - len(self._last)
        self._last.extendleft(list(self._heard)[::-1][:room])
        self._count += self._heard_count
        self._heard.clear()
        self._heard_count = 0

    def tell(self, story: SessionStory, looked_back_to: int) -> SessionStory:
        """The story with what is known so far."""
        first = [self._first] if self._first is not None else []
        title = story.title
        if self.is_whole and not story.lives:
            title = f"{story.title}; the last was {key_text(self.added_key)}"
        return replace(
            story,
            title=title,
            events=(*first, *self._last),
            left_out=self._count - len(self._last),
            looked_back_to=looked_back_to,
            complete=self.is_whole,
        )


def _told_from_history(
    story: SessionStory, stretches: Stretches, show: Callable[[SessionStory], None]
) -> Slices[SessionStory]:
    """The story, looked for backwards up to where the session was added."""
    life, told = _Life(story.id), story
    for stretch in stretches.backwards():
        yield from hear_stretch(stretches, stretch, life.hear)
        life.end_stretch()
        told = life.tell(story, stretch.saved.point.time)
        show(told)
        if life.is_whole:
            break
    note = "" if life.is_whole else _why_not_whole(story)
    return replace(told, note=note, complete=True)


def _told_from_kept(rig: Rig, kept: Sequence[TraceEvent], story: SessionStory) -> SessionStory:
    """The story as far as a bench on real threads keeps its events."""
    life = _Life(story.id)
    for event in kept:
        life.hear(rig, event, None)
    life.end_stretch()
    told = life.tell(story, kept[0].time if kept else story.time)
    note = "" if life.is_whole else f"of this run, the last {counted(len(kept), 'event')} are kept"
    return replace(told, note=note, complete=True)


def _why_not_whole(story: SessionStory) -> str:
    if story.lives:
        return "it was there before the history begins"
    return "no session has had it since the history began"
