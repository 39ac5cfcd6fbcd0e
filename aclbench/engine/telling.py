"""Tells listeners what the machine does: a method for each kind of trace event.

Where nobody listens a call costs one test, and no event is made. Arguments are what the machine has
in hand, so its own text stays free of events; `now` is the time in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable

from aclbench.engine import events
from aclbench.engine.acl import AclRule
from aclbench.engine.events import TraceEvent
from aclbench.engine.fib import FibEntry
from aclbench.engine.measuring import Measures
from aclbench.engine.pool import Session
from aclbench.engine.session import SessionId
from aclbench.engine.tracing import (
    Forwarded,
    KeyLookedUp,
    PacketParsed,
    RoomSought,
    RuleTried,
    TraceRecord,
)
from aclbench.engine.worker import THREAD_MAIN, Worker


class Tell:
    """Makes the trace events and hands them to the listener."""

    def __init__(self) -> None:
        #: Who hears trace events; None: nobody. Not to be set while a worker is running on a
        #: thread of its own: it is tested, then called.
        self.listener: Callable[[TraceEvent], None] | None = None
        #: Whether it hears of each packet too. Where it does not, packets keep their fast path.
        self.of_packets: bool = True
        #: Who hears what packets meet on their way; as above.
        self.tracer: Callable[[TraceRecord], None] | None = None
        #: Counts what the run costs; None: nobody asks. In virtual time alone.
        self.measures: Measures | None = None

    def hears_packets(self) -> bool:
        """Whether somebody hears of each packet."""
        return self.listener is not None and self.of_packets

    # --- sessions ----------------------------------------------------------------------------

    def session_added(self, worker: Worker, session: Session, list_id: int, now: int) -> None:
        """A packet made a session."""
        if self.measures is not None:
            self.measures.added(session, now)
        if self.listener is not None:
            self.listener(
                events.SessionAdded(
                    now,
                    worker.thread_index,
                    session.session_index,
                    session.sw_if_index,
                    session.key,
                    list_id,
                )
            )

    def class_changed(
        self, worker: Worker, session: Session, old: int, new: int, relinked: bool, now: int
    ) -> None:
        """A packet that `worker` handles changed a session's class."""
        if self.measures is not None:
            self.measures.class_changed(old, new, relinked, now)
        if self.listener is not None:
            where = SessionId(session.thread_index, session.session_index)
            self.listener(events.ClassChanged(now, worker.thread_index, where, old, new, relinked))

    def requeued(self, worker: Worker, session: Session, list_id: int, now: int) -> None:
        """The idle check appended a session to a list again."""
        if self.listener is not None:
            idle = now - session.last_active_time
            self.listener(
                events.SessionRequeued(
                    now, worker.thread_index, session.session_index, list_id, idle
                )
            )

    def deleted(
        self,
        worker: Worker,
        session: Session,
        now: int,
        cleared: bool = False,
        reclassified: bool = False,
    ) -> None:
        """A session was deleted by the idle check; `cleared`: its interface is being cleared.

        `reclassified`: by a packet of it, since its rules have changed.
        """
        if self.measures is not None:
            self.measures.deleted(session, now, not (cleared or reclassified), reclassified)
        if self.listener is not None:
            self.listener(
                events.SessionDeleted(
                    now,
                    worker.thread_index,
                    session.session_index,
                    session.sw_if_index,
                    session.key,
                    now - session.last_active_time,
                    cleared,
                    reclassified,
                )
            )

    def recycled(self, worker: Worker, session: Session, now: int) -> None:
        """A session made room for a packet."""
        if self.measures is not None:
            self.measures.deleted(session, now, by_time=False, by_packet=True)
        if self.listener is not None:
            self.listener(
                events.SessionRecycled(
                    now,
                    worker.thread_index,
                    session.session_index,
                    session.sw_if_index,
                    session.key,
                    now - session.last_active_time,
                )
            )

    # --- interrupts and flags ----------------------------------------------------------------

    def interrupt_sent(self, worker: Worker, now: int) -> None:
        """An interrupt is about to be raised on a worker."""
        if self.listener is not None:
            self.listener(events.InterruptSent(now, worker.thread_index))

    def interrupt_served(self, worker: Worker, taken: int, deleted: int, now: int) -> None:
        """The idle check is done: how many sessions it took, and deleted of them."""
        if self.measures is not None:
            self.measures.interrupt_served(taken, deleted, now)
        if self.listener is not None:
            self.listener(
                events.InterruptServed(now, worker.thread_index, taken, deleted, taken - deleted)
            )

    def flag_set(self, worker: Worker, flag: str, value: int, by: int, now: int) -> None:
        """A worker's flag has another value; `by` is the thread that wrote it."""
        if self.listener is not None:
            self.listener(events.FlagSet(now, worker.thread_index, flag, value, by))

    # --- what a design does beside all this --------------------------------------------------

    def worked(self, now: int) -> None:
        """The design is about to do what it counts (`Design.work`) and no other method tells of,
        for a packet or in an interrupt: so it is known when that was.
        """
        if self.measures is not None:
            self.measures.worked(now)

    def did(self, worker: Worker, session: Session, what: str, now: int) -> None:
        """A design did something of its own with a session, on the worker's thread."""
        worker.cnt_design_events += 1
        if self.listener is not None:
            about = SessionId(session.thread_index, session.session_index)
            self.listener(events.DesignDid(now, worker.thread_index, about, what))

    def messaged(self) -> None:
        """One thread has something for another: an interrupt, a signal, an entry in a ring."""
        if self.measures is not None:
            self.measures.messages += 1

    # --- the mass clear and the cleaner ------------------------------------------------------

    def clear_started(self, bitmap: int, now: int) -> None:
        """The cleaner begins to clear these interfaces."""
        if self.listener is not None:
            self.listener(events.ClearStarted(now, THREAD_MAIN, bitmap))

    def clear_finished(self, bitmap: int, now: int) -> None:
        """Every thread is done with the clear."""
        if self.listener is not None:
            self.listener(events.ClearFinished(now, THREAD_MAIN, bitmap))

    def sweep_started(self, worker: Worker, now: int) -> None:
        """A worker has seen the clear."""
        if self.listener is not None:
            self.listener(
                events.SweepStarted(
                    now,
                    worker.thread_index,
                    worker.pending_clear_sw_if_index_bitmap,
                    worker.swipe_end_time,
                )
            )

    def sweep_finished(self, worker: Worker, now: int) -> None:
        """A worker is done with its part of the clear."""
        if self.listener is not None:
            self.listener(events.SweepFinished(now, worker.thread_index))

    def wait_changed(self, old: int, new: int, now: int) -> None:
        """The cleaner's wait interval is another, in nanoseconds."""
        if self.listener is not None:
            self.listener(events.WaitChanged(now, THREAD_MAIN, old, new))

    # --- packets -----------------------------------------------------------------------------

    def rules_replaced(self, worker: Worker, acl_index: int, rule_index: int, now: int) -> None:
        """An ACL's rules were replaced under a match, before this rule."""
        if self.listener is not None:
            self.listener(events.RulesReplaced(now, worker.thread_index, acl_index, rule_index))

    def packet(
        self,
        worker: Worker,
        rx: int,
        tx: int,
        key: bytes,
        info: int,
        reason: int,
        checks: list[events.Check],
        now: int,
    ) -> None:
        """A packet is done."""
        if self.listener is not None and self.of_packets:
            self.listener(
                events.PacketVerdict(
                    now,
                    worker.thread_index,
                    worker.packet_number,
                    rx,
                    tx,
                    key,
                    info,
                    reason,
                    tuple(checks),
                )
            )

    # --- what a packet meets -----------------------------------------------------------------

    def parsed(self, worker: Worker, rx: int, reason: int | None, now: int) -> None:
        """A packet begins; `reason` is why no acl node will see it."""
        if self.tracer is not None:
            self.tracer(PacketParsed(now, worker.thread_index, rx, reason))

    def looked_up(
        self,
        worker: Worker,
        sw_if_index: int,
        key: bytes,
        is_request: bool,
        session: Session | None,
        now: int,
    ) -> None:
        """A key was looked for in an interface's table."""
        if self.tracer is not None:
            where = None
            if session is not None:
                where = SessionId(session.thread_index, session.session_index)
            self.tracer(KeyLookedUp(now, worker.thread_index, sw_if_index, key, is_request, where))

    def rule_tried(
        self,
        worker: Worker,
        acl_index: int,
        rule_index: int,
        rule: AclRule,
        field: str | None,
        now: int,
    ) -> None:
        """A rule was held against the packet; `field` is the first that did not match."""
        if self.tracer is not None:
            self.tracer(RuleTried(now, worker.thread_index, acl_index, rule_index, rule, field))

    def room_sought(
        self,
        worker: Worker,
        sw_if_index: int,
        sessions: int,
        max_entries: int,
        has_room: bool,
        now: int,
    ) -> None:
        """A session is to be added on an interface."""
        if self.tracer is not None:
            self.tracer(
                RoomSought(now, worker.thread_index, sw_if_index, sessions, max_entries, has_room)
            )

    def forwarded(
        self,
        worker: Worker,
        address: bytes,
        entry: FibEntry | None,
        reason: int | None,
        now: int,
    ) -> None:
        """A destination was looked up; `reason` is why the packet has no tx interface."""
        if self.tracer is not None:
            self.tracer(Forwarded(now, worker.thread_index, address, entry, reason))
