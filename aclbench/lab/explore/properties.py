"""What must never be, and what may be looked for, by name.

A property watches a run: it hears the machine's trace events, is asked before and after each step
of a thread, and in each state that is new. What it remembers is part of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aclbench.engine.events import (
    ClearFinished,
    ClearStarted,
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SweepStarted,
    TraceEvent,
)
from aclbench.engine.invariants import InvariantError, check_invariants
from aclbench.engine.pool import NO_LIST, Session
from aclbench.engine.reasons import fate_of, reason_text
from aclbench.engine.steps import Wait, WaitKind
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError, did_you_mean
from aclbench.lab.explore.actors import Actors
from aclbench.lab.explore.rows import digest_of, interface_row, worker_row
from aclbench.workbench.views.times import seconds_text


class Property:
    """Something that must never be, or that is looked for. `broken` says what was found."""

    name: str = ""
    #: What it is, in a line.
    about: str = ""

    def __init__(self, actors: Actors) -> None:
        self.actors = actors
        self.am = actors.am
        self.broken: str | None = None

    def begin(self) -> None:
        """A run begins."""
        self.broken = None

    def event(self, event: TraceEvent) -> None:
        """The machine tells of something."""

    def before(self, thread: int, step: str) -> None:
        """A thread is about to take a step."""

    def after(self, thread: int, step: str) -> None:
        """It has taken it."""

    def look(self) -> None:
        """Look at a state."""

    def end(self) -> None:
        """Look at a run's end: nobody can go, and the clock goes no further."""

    def remembered(self) -> tuple[Any, ...]:
        """What its answers depend on beside the machine's state."""
        return ()

    def recall(self, remembered: tuple[Any, ...]) -> None:
        """Go on from what `remembered` gave, in the same state of the machine."""


class Invariant(Property):
    """The engine's own invariants, and the design's."""

    name = "invariant"
    about = "what always holds of lists, tables and flags does not"

    def __init__(self, actors: Actors) -> None:
        super().__init__(actors)
        #: The states in which they hold. To make one's digest costs a fifth of looking at it.
        self._hold: set[bytes] = set()

    def look(self) -> None:
        """All of them; those at rest where everybody is."""
        am, at_rest = self.am, self.actors.is_settled()
        state = (
            at_rest,
            self.actors.commands,
            am.cleaner.clearing_bitmap,
            tuple(am.cleaner.wait)[1],
            am.cleaner.wait.kind.value.encode(),
            [worker_row(worker, with_free=False) for worker in am.workers],
            [_counted(worker) for worker in am.workers],
            [interface_row(interface) for interface in am.interfaces],
        )
        digest = digest_of(state)
        if digest in self._hold:
            return
        try:
            check_invariants(am, at_rest=at_rest)
        except InvariantError as error:
            self.broken = str(error).partition("\n")[0]
        else:
            self._hold.add(digest)


def _counted(worker: Worker) -> tuple[Any, ...]:
    """What a worker has counted of its sessions: that agrees with what there is."""
    return (
        worker.live_sessions,
        worker.cnt_deleted_sessions,
        worker.cnt_cleared_sessions,
        worker.cnt_recycled_sessions,
        tuple(worker.session_adds_by_sw_if_index.items()),
        tuple(worker.session_dels_by_sw_if_index.items()),
    )


class LostWakeUp(Property):
    """At rest, something is due or asked for, and nobody will be woken."""

    name = "lost-wake-up"
    about = "at rest, something is due or asked for, and nobody will be woken"

    def look(self) -> None:
        """Where everybody is at rest: the flags say who will be woken."""
        if not self.actors.is_settled():
            return
        for worker in self.am.packet_workers:
            if worker.interrupt_is_pending:
                self.broken = (
                    f"{self._name(worker.thread_index)} has interrupt_is_pending set and no "
                    "interrupt raised: the cleaner will never send it another"
                )
                return
        wait = self.actors.upcoming
        assert isinstance(wait, Wait)
        if wait.kind is not WaitKind.EVENT or self.actors.clock_due() != NEVER:
            return
        for worker in self.am.packet_workers:
            if any(worker.conn_list_length):
                name = self._name(worker.thread_index)
                self.broken = f"{name} has sessions, and the cleaner waits for an event alone"
                return

    def _name(self, thread: int) -> str:
        return self.actors.name_of(thread)


class HungClear(Property):
    """Only the cleaner's poll can go, and a poll changes nothing."""

    name = "hung-clear"
    about = "a clear never ends: only the cleaner's poll can go, and a poll changes nothing"

    def end(self) -> None:
        """Poll once more, whatever the bounds say, and see whether that has woken anybody."""
        actors = self.actors
        upcoming = actors.upcoming
        if not (isinstance(upcoming, Wait) and upcoming.kind is WaitKind.SUSPEND):
            return
        if actors.able() or any(w.interrupt_due != NEVER for w in self.am.packet_workers):
            return
        actors.now = max(actors.now, upcoming.until)
        before = self._flags()
        actors.poll()
        after = actors.upcoming
        suspended = isinstance(after, Wait) and after.kind is WaitKind.SUSPEND
        if suspended and not actors.raised and self._flags() == before:
            waits = [w.thread_index for w in self.am.workers if w.clear_in_process]
            names = " and ".join(map(actors.name_of, waits)) or "nobody"
            self.broken = f"the cleaner waits for {names} for ever: its poll wakes nobody"

    def _flags(self) -> list[tuple[int, ...]]:
        return [
            (w.interrupt_is_pending, w.interrupt_is_needed, w.clear_in_process)
            for w in self.am.workers
        ]


class LeftByClear(Property):
    """A session that was on a cleared interface when the worker saw the clear is alive after it."""

    name = "left-by-clear"
    about = "a session that a clear should have taken is alive after it"

    def begin(self) -> None:
        """A run begins."""
        super().begin()
        #: Sessions that are to go, as (thread, slot).
        self._to_go: set[tuple[int, int]] = set()

    def event(self, event: TraceEvent) -> None:
        """Those there at the start of a clear, and when a worker sees it, are to go."""
        if isinstance(event, ClearStarted):
            self._to_go.clear()
            for worker in self.am.packet_workers:
                self._note(worker.thread_index)
        elif isinstance(event, SweepStarted):
            self._note(event.thread_index)
        elif isinstance(event, SessionDeleted | SessionRecycled):
            self._to_go.discard((event.thread_index, event.session_index))
        elif isinstance(event, ClearFinished):
            if self._to_go:
                thread, slot = min(self._to_go)
                name = self.actors.name_of(thread)
                self.broken = f"session {slot} of {name} was there when the clear was seen, and is"
            self._to_go.clear()

    def _note(self, thread: int) -> None:
        bitmap, pool = self.am.cleaner.clearing_bitmap, self.am.workers[thread].pool
        for slot in range(len(pool)):
            session = pool.session(slot)
            if is_live(self.am, session) and bitmap >> session.sw_if_index & 1:
                self._to_go.add((thread, slot))

    def remembered(self) -> tuple[Any, ...]:
        """Which are to go."""
        return tuple(sorted(self._to_go))

    def recall(self, remembered: tuple[Any, ...]) -> None:
        """Those were to go."""
        self._to_go = set(remembered)


class WrongDeletion(Property):
    """A session was judged idle, and was not, by what the judge read."""

    name = "wrong-deletion"
    about = "a session is deleted before its timeout, and no clear is on"

    def event(self, event: TraceEvent) -> None:
        """A deletion by time is held against the timeout of the session's class."""
        if isinstance(event, SessionDeleted) and not (event.cleared or event.reclassified):
            session = self.am.pools[event.thread_index].session(event.session_index)
            timeout = self.am.session_timeout[self.am.classes.session_get_timeout_type(session)]
            if event.idle < timeout:
                self.broken = (
                    f"session {event.session_index} of {self.actors.name_of(event.thread_index)} "
                    f"was deleted after {seconds_text(max(event.idle, 0))}; "
                    f"its timeout is {seconds_text(timeout)}"
                )


class Overrun(Property):
    """An interface has more sessions than `max-entries`."""

    name = "overrun"
    about = "an interface has more sessions than max-entries"

    def event(self, event: TraceEvent) -> None:
        """Look as a session is added."""
        if isinstance(event, SessionAdded):
            interface = self.am.interface(event.sw_if_index)
            sessions, most = len(interface.sessions), self.am.conn_table_max_entries
            if sessions > most + self.allowed():
                self.broken = f"{interface.name} has {sessions} sessions; max-entries is {most}"

    def allowed(self) -> int:
        """How many more are none."""
        return 0


class OverrunBeyondWorkers(Overrun):
    """The limit may be exceeded by the number of workers less one."""

    name = "overrun-beyond-workers"
    about = "an interface has more sessions than max-entries and the workers less one"

    def allowed(self) -> int:
        """Each of the others may add one that it had found room for."""
        return max(len(self.am.packet_workers) - 1, 0)


_FOUND, _FREED, _REUSED = range(3)


class LateTouch(Property):
    """A packet writes into the slot of a session that was freed since it found it."""

    name = "late-touch"
    about = "a packet writes into the slot of a session that was freed since it found it"
    least: int = _FREED

    def begin(self) -> None:
        """A run begins."""
        super().begin()
        #: By the thread of a packet: the slot in its hand, and what has become of it.
        self._in_hand: dict[int, tuple[int, int, int]] = {}

    def event(self, event: TraceEvent) -> None:
        """A slot is freed, or taken again."""
        if isinstance(event, SessionDeleted | SessionRecycled):
            self._note(event.thread_index, event.session_index, _FREED)
        elif isinstance(event, SessionAdded):
            self._note(event.thread_index, event.session_index, _REUSED)
        elif isinstance(event, PacketVerdict):
            self._in_hand.pop(event.thread_index, None)

    def _note(self, thread: int, slot: int, what: int) -> None:
        for packet, (owner, index, now) in self._in_hand.items():
            if (owner, index) == (thread, slot) and now == what - 1:
                self._in_hand[packet] = owner, index, what

    def before(self, thread: int, step: str) -> None:
        """A packet is about to write."""
        if step in TOUCHES and thread in self._in_hand:
            owner, index, what = self._in_hand[thread]
            if what >= self.least:
                of = "that was freed" if what == _FREED else "that is another session's by now"
                self.broken = (
                    f"{self.actors.name_of(thread)} writes into slot {index} of "
                    f"{self.actors.name_of(owner)}, {of}"
                )

    def after(self, thread: int, step: str) -> None:
        """A packet has found a session, or made one."""
        if step in FINDS:
            session = self.am.workers[thread].session_in_hand
            if session is None:
                self._in_hand.pop(thread, None)
            else:
                self._in_hand[thread] = session.thread_index, session.session_index, _FOUND

    def remembered(self) -> tuple[Any, ...]:
        """The slots in hand."""
        return tuple(sorted(self._in_hand.items()))

    def recall(self, remembered: tuple[Any, ...]) -> None:
        """Those were in hand."""
        self._in_hand = dict(remembered)


class LateTouchReused(LateTouch):
    """The same, of a slot that is another session's by now."""

    name = "late-touch-reused"
    about = "a packet writes into a slot that has become another session's since it found it"
    least = _REUSED


class Written(Property):
    """What a packet's step makes of the session in its hand."""

    steps: frozenset[str] = frozenset()

    def before(self, thread: int, step: str) -> None:
        """Note what stands there."""
        session = self.am.workers[thread].session_in_hand
        if step in self.steps and session is not None:
            self._before = self.read(session)

    def after(self, thread: int, step: str) -> None:
        """Hold what stands there now against it."""
        session = self.am.workers[thread].session_in_hand
        if step in self.steps and session is not None:
            problem = self.problem(self._before, self.read(session))
            if problem is not None:
                where = f"session {session.session_index} of "
                where += self.actors.name_of(session.thread_index)
                self.broken = f"{self.actors.name_of(thread)} writes {problem} into {where}"

    def read(self, session: Session) -> tuple[int, int]:
        """What is looked at."""
        raise NotImplementedError

    def problem(self, before: tuple[int, int], now: tuple[int, int]) -> str | None:
        """What is wrong with the change."""
        raise NotImplementedError


class LostFlag(Written):
    """A flag that another thread has written since is overwritten."""

    name = "lost-flag"
    about = "TCP flags that another thread has noted are overwritten"
    steps = frozenset({"write flags"})

    def read(self, session: Session) -> tuple[int, int]:
        """The flags of both sides."""
        return session.tcp_flags_seen_in, session.tcp_flags_seen_out

    def problem(self, before: tuple[int, int], now: tuple[int, int]) -> str | None:
        """A flag that stood there is gone."""
        lost = before[0] & ~now[0] | before[1] & ~now[1]
        return f"flags without {lost:#04x}, which stood there," if lost else None


class OlderTime(Written):
    """A stalled packet's older time takes the place of a later one."""

    name = "older-time"
    about = "a stalled packet writes an older time than stands there"
    steps = frozenset({"track"})

    def read(self, session: Session) -> tuple[int, int]:
        """The time of the last packet."""
        return session.last_active_time, 0

    def problem(self, before: tuple[int, int], now: tuple[int, int]) -> str | None:
        """The time goes back."""
        return "an older time" if now[0] < before[0] else None


class MixedVerdict(Property):
    """A verdict that no order of whole packets and whole commands gives.

    `allowed` has the verdicts that those give, by packet, each with its tx interface.
    """

    name = "mixed-verdict"
    about = "a packet gets a verdict that no order of whole packets and commands gives"

    def __init__(self, actors: Actors) -> None:
        super().__init__(actors)
        #: While it is filled nothing is found.
        self.allowed: dict[int, set[tuple[int, int]]] = {}
        self.fills: bool = True

    def event(self, event: TraceEvent) -> None:
        """A packet is done."""
        if isinstance(event, PacketVerdict):
            verdict = event.tx, event.reason
            given = self.allowed.setdefault(event.number, set())
            if self.fills:
                given.add(verdict)
            elif verdict not in given:
                said = " or ".join(sorted({_verdict(self, reason) for _, reason in given}))
                self.broken = (
                    f"the packet of {self.actors.name_of(event.thread_index)}: "
                    f"{_verdict(self, event.reason)}; whole packets and commands give: {said}"
                )


def _verdict(prop: Property, reason: int) -> str:
    return f"{fate_of(reason).replace('_', ' ')}, {reason_text(reason)}"


def is_live(am: Any, session: Session) -> bool:
    """Whether a slot holds a session that is not deleted."""
    place = session.link_list_id - len(am.lists)
    if place >= 0:
        return not am.places[place].is_deleted
    return session.link_list_id != NO_LIST


#: The steps in which a packet finds a session, or makes one; and those in which it writes into it.
FINDS: Final = frozenset({"look up", "add"})
TOUCHES: Final = frozenset({"track", "write flags"})
#: What must never be. An invariant may be what another says in better words, so it is asked later.
ALWAYS: Final = (
    LostWakeUp,
    Invariant,
    HungClear,
    LeftByClear,
    WrongDeletion,
    OverrunBeyondWorkers,
)
#: What is looked for on request.
ON_REQUEST: Final = (LateTouch, LateTouchReused, Overrun, LostFlag, MixedVerdict, OlderTime)
PROPERTIES: Final[Mapping[str, type[Property]]] = {
    kind.name: kind for kind in (*ALWAYS, *ON_REQUEST)
}


def property_named(name: str) -> Callable[[Actors], Property]:
    """The property of a name. AclbenchError: there is none."""
    if name not in PROPERTIES:
        raise AclbenchError(f"{name[:64]!r} is no property; {did_you_mean(name, PROPERTIES)}")
    return PROPERTIES[name]
