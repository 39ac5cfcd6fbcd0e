"""Trace events as faces see them: a time, a thread, a kind, and a line of text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from msgspec import Struct

from aclbench.drivers.frame import split_number
from aclbench.engine import events
from aclbench.engine.design import Look
from aclbench.engine.events import TraceEvent
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.keys import key_text
from aclbench.workbench.views.times import seconds_text
from aclbench.workbench.views.verdict import outcome_text


class Names(Protocol):
    """Names what an event has by number. A rig does."""

    @property
    def look(self) -> Look:
        """What the design does with sessions, in words."""

    def interface_name(self, sw_if_index: int, /) -> str:
        """An interface."""

    def list_name(self, list_id: int, /) -> str:
        """A list."""

    def class_name(self, timeout_class: int, /) -> str:
        """A class of sessions."""


class EventView(Struct, frozen=True):
    """One event: when (virtual nanoseconds), on which thread, its kind, and what to read."""

    time: int
    thread_index: int
    kind: str
    text: str


def event_view(event: TraceEvent, names: Names) -> EventView:
    """Put an event into words."""
    return EventView(event.time, event.thread_index, event.kind, event_text(event, names))


def event_text(event: TraceEvent, names: Names) -> str:
    """What an event says, without its time, thread and kind."""
    return _TEXTS[type(event)](event, names)


def event_line(event: TraceEvent, clock: Clock, names: Names) -> str:
    """An event as a line of its own: `+2.5 s thread 1 deleted: ...`."""
    time = clock.text(event.time)
    return f"{time} thread {event.thread_index} {event.kind}: {event_text(event, names)}"


def event_data(event: TraceEvent, started: int, names: Names) -> dict[str, Any]:
    """An event as plain values; `time_ns` is from the start of the run."""
    session = session_of(event)
    return {
        "time_ns": event.time - started,
        "thread_index": event.thread_index,
        "kind": event.kind,
        "session": None if session is None else list(session),
        "text": event_text(event, names),
    }


def bitmap_text(bitmap: int, names: Names) -> str:
    """The interfaces of a bitmap, or `none`."""
    found = [names.interface_name(n) for n in range(bitmap.bit_length()) if bitmap >> n & 1]
    return ", ".join(found) or "none"


def _added(e: events.SessionAdded, names: Names) -> str:
    where = f"{names.list_name(e.list_id)} on {names.interface_name(e.sw_if_index)}"
    return f"session {e.session_index}: {key_text(e.key)}, {where}"


def _class_changed(e: events.ClassChanged, names: Names) -> str:
    change = f"{names.class_name(e.old)} > {names.class_name(e.new)}"
    owner = e.session.thread_index
    if e.relinked:
        how = "relinked at the tail"
    elif owner == e.thread_index:
        how = "not relinked during a sweep"
    else:
        how = f"owned by thread {owner}: {names.look.left_to_owner}"
    return f"session {e.session.session_index} of thread {owner}: {change}, {how}"


def _requeued(e: events.SessionRequeued, names: Names) -> str:
    to_list = names.list_name(e.list_id)
    return f"session {e.session_index}: idle {seconds_text(e.idle)}, to {to_list}"


def _deleted(e: events.SessionDeleted, names: Names) -> str:
    why = f"idle {seconds_text(e.idle)}"
    if e.cleared:
        why = f"{names.interface_name(e.sw_if_index)} is cleared"
    elif e.reclassified:
        why = "its rules have changed: judged anew"
    return f"session {e.session_index}: {key_text(e.key)}, {why}{_then(names)}"


def _recycled(e: events.SessionRecycled, names: Names) -> str:
    idle = seconds_text(e.idle)
    return f"session {e.session_index}: {key_text(e.key)}, idle {idle}{_then(names)}"


def _then(names: Names) -> str:
    then = names.look.when_deleted
    return f", {then}" if then else ""


def _design_did(e: events.DesignDid, names: Names) -> str:
    owner, session_index = e.session
    of = "" if owner == e.thread_index else f" of thread {owner}"
    return f"session {session_index}{of}: {e.what}"


def _interrupt_sent(e: events.InterruptSent, names: Names) -> str:
    return f"to thread {e.thread_index}"


def _interrupt_served(e: events.InterruptServed, names: Names) -> str:
    return f"took {e.taken}: {e.deleted} deleted, {e.requeued} requeued"


def _flag_set(e: events.FlagSet, names: Names) -> str:
    by = "the cleaner" if e.by != e.thread_index or not e.thread_index else "its owner"
    return f"{e.flag} = {e.value} by {by}"


def _clear(e: events.ClearStarted | events.ClearFinished, names: Names) -> str:
    return bitmap_text(e.bitmap, names)


def _sweep_started(e: events.SweepStarted, names: Names) -> str:
    if not e.bitmap:
        return "nothing of this thread's: done at once"
    ahead = e.swipe_end_time - e.time
    until = f"{seconds_text(ahead)} from now" if ahead else "now"
    return f"{bitmap_text(e.bitmap, names)}: all that was linked up to {until}"


def _sweep_finished(e: events.SweepFinished, names: Names) -> str:
    return "done"


def _wait_changed(e: events.WaitChanged, names: Names) -> str:
    return f"{seconds_text(e.old)} > {seconds_text(e.new)}"


def _rules_replaced(e: events.RulesReplaced, names: Names) -> str:
    return f"ACL {e.acl_index}, before rule {e.rule_index}"


def _packet(e: events.PacketVerdict, names: Names) -> str:
    capture, frame = split_number(e.number)
    number = f"{capture + 1}:{frame}" if capture else str(frame)
    to = f" > {names.interface_name(e.tx)}" if e.tx >= 0 else ""
    connection = f" {key_text(e.key)}" if e.key else ""
    return f"{number} {names.interface_name(e.rx)}{to}{connection} {outcome_text(e)}"


_TEXTS: Final[dict[type[TraceEvent], Callable[[Any, Names], str]]] = {
    events.SessionAdded: _added,
    events.ClassChanged: _class_changed,
    events.SessionRequeued: _requeued,
    events.SessionDeleted: _deleted,
    events.SessionRecycled: _recycled,
    events.InterruptSent: _interrupt_sent,
    events.InterruptServed: _interrupt_served,
    events.FlagSet: _flag_set,
    events.ClearStarted: _clear,
    events.ClearFinished: _clear,
    events.SweepStarted: _sweep_started,
    events.SweepFinished: _sweep_finished,
    events.WaitChanged: _wait_changed,
    events.RulesReplaced: _rules_replaced,
    events.DesignDid: _design_did,
    events.PacketVerdict: _packet,
}


def session_of(event: TraceEvent) -> tuple[int, int] | None:
    """The session that an event is about, if it is about one."""
    session = getattr(event, "session", None)
    if session is not None:
        return tuple(session)
    index = getattr(event, "session_index", None)
    return None if index is None else (event.thread_index, index)


class EventLog:
    """The last events, raw. `count` is how many there have been in all."""

    def __init__(self, length: int) -> None:
        self.count: int = 0
        self._events: deque[TraceEvent] = deque(maxlen=length)

    def hear(self, event: TraceEvent) -> None:
        """Keep an event: the listener to hand to a bench."""
        self.count += 1
        self._events.append(event)

    def events(self) -> list[TraceEvent]:
        """Those that are kept, oldest first."""
        return list(self._events)

    def clear(self) -> None:
        """Begin anew."""
        self.count = 0
        self._events.clear()
