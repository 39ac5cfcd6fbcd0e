"""The design `rings`: a thread posts to a session's owner that its class has changed.

The 2017 document has two ways to deal with a packet that changes the class of another thread's
session. It takes the simpler one, to look at each list after the shortest timeout. This is the
other: N x N rings, one from each worker to each. Who changes a class and may not relink the session
posts its slot and key in the ring (poster, owner), and interrupts the owner; the owner empties its
rings in that interrupt and relinks what is still the session that was posted. So each list is
looked at after its own class's timeout.

A ring has one writer and one reader, so there is no lock: the poster writes the entry and then
counts it as posted, the owner reads it and then counts it as taken. The interrupt is not lost
either: the owner clears `interrupt_is_pending` before it reads its rings, and a poster looks at
that flag after it has posted. A ring that is full is counted, and the session left to the recheck.
While a sweep is on the owner relinks nothing; it posts its own changes to itself, and empties its
rings behind the sweep.
VPP 18.09 has the like, its "owner signals": one vector an owner, with a lock and without a bound.

In C a session is that of `fifo-2017`: what the rings take goes by the threads, not by the sessions.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from aclbench.engine.design import FIFO_2017, Look, own_timeout
from aclbench.engine.flags import interrupt_worker
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain
from aclbench.engine.packet import key_words
from aclbench.engine.places import Beside, WorkCount
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import STEP_TABLE, STEPS, Step
from aclbench.engine.worker import Worker

TAKE_POST: Final = Step("take post", "relink one session whose class another thread changed")

#: Entries of a ring: the packets of a frame, each of which may change a class.
RING_ENTRIES: Final = 256
#: Words of an entry: the session's slot, and its key as `packet.key_words` has it.
_WORDS: Final = 6

#: An owner's numbers: the entries of its rings; for each poster, by its thread, how many it has
#: posted, how many the owner has taken, and how many found the ring full. Posters write the
#: entries, `posted` and `full`, the owner `taken`. And of those that it took, how many it relinked
#: and how many named a session that had gone.
NUMBERS: Final = ("ring entries", "posted", "taken", "ring full", "posts relinked, gone")
_ENTRIES, _POSTED, _TAKEN, _FULL, _FOUND = range(len(NUMBERS))
_RELINKED, _GONE = range(2)


def ring_lengths(owner: Worker) -> list[int]:
    """For each thread, how many of its posts wait for this owner."""
    posted, taken = owner.numbers[_POSTED], owner.numbers[_TAKEN]
    return [posted[thread] - taken[thread] for thread in range(len(posted))]


class RingSessions(Sessions):
    """Lists with a period of their own; who may not relink a session posts it to its owner."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        n_threads = len(am.workers)
        for owner in am.packet_workers:
            owner.numbers[_ENTRIES] = [0] * (n_threads * RING_ENTRIES * _WORDS)
            for counts in (_POSTED, _TAKEN, _FULL):
                owner.numbers[counts] = [0] * n_threads
            owner.numbers[_FOUND] = [0, 0]

    def check_due(self, session: Session) -> int:
        """A listed session is looked at after the timeout of its list's class."""
        return session.link_enqueue_time + self.am.session_timeout[session.link_list_id] + 1

    def restart_timer_for_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> bool:
        """Move a session to the tail of its new list; who may not, posts it to who may."""
        if super().restart_timer_for_session(worker, session, list_id, now):
            return True
        owner = self.am.workers[session.thread_index]
        self.am.tell.worked(now)
        if not self.post(owner, worker.thread_index, session):
            self.am.tell.did(worker, session, "the ring is full: left for its recheck", now)
        elif owner is not worker:
            self.am.tell.messaged()
            interrupt_worker(self.am, owner, worker.thread_index, now)
        return False

    def post(self, owner: Worker, poster: int, session: Session) -> bool:
        """Put a session into the ring from the thread `poster` to its owner; False: it is full."""
        posted = owner.numbers[_POSTED][poster]
        if posted - owner.numbers[_TAKEN][poster] >= RING_ENTRIES:
            owner.numbers[_FULL][poster] += 1
            return False
        at = _place(poster, posted)
        entry = [session.session_index, *key_words(session.key)]
        owner.numbers[_ENTRIES][at : at + _WORDS] = entry
        owner.numbers[_POSTED][poster] = posted + 1
        return True

    def take_post(self, owner: Worker, poster: int, now: int) -> None:
        """Take the oldest entry of a ring, and relink its session if it is there and still posted.

        Its list is that of its class now; it was linked no earlier than its last packet, which may
        be later than `now`.
        """
        at = _place(poster, owner.numbers[_TAKEN][poster])
        session_index, *words = owner.numbers[_ENTRIES][at : at + _WORDS]
        owner.numbers[_TAKEN][poster] += 1
        session = owner.pool.session(session_index)
        listed = session.link_list_id
        if not 0 <= listed < len(self.am.lists) or key_words(session.key) != tuple(words):
            owner.numbers[_FOUND][_GONE] += 1
            self.am.tell.did(owner, session, "post taken: the one that was posted had gone", now)
            return
        list_id = self.am.classes.session_get_timeout_type(session)
        name = self.am.lists[list_id]
        if list_id == listed:
            self.am.tell.did(owner, session, f"post taken: it is on {name} already", now)
            return
        owner.numbers[_FOUND][_RELINKED] += 1
        self.conn_list_delete_session(owner, session, now)
        self.conn_list_add_session(owner, session, list_id, max(now, session.last_active_time))
        self.am.tell.did(owner, session, f"post taken: put at the tail of {name}", now)


def _place(poster: int, count: int) -> int:
    """Where the entry of a ring is that was posted after `count` others."""
    return (poster * RING_ENTRIES + count % RING_ENTRIES) * _WORDS


class RingIdleCheck(IdleCheck):
    """An interrupt begins with the rings."""

    def __init__(self, am: AclMain, sessions: RingSessions) -> None:
        super().__init__(am, sessions)
        self.rings = sessions

    def worker_conn_cleaner_process(self, worker: Worker, now: int) -> Iterator[Step]:
        """Serve one interrupt; what a sweep has left in the rings wants one of its own."""
        yield from super().worker_conn_cleaner_process(worker, now)
        if not worker.swipe_end_time and any(ring_lengths(worker)):
            interrupt_worker(self.am, worker, worker.thread_index, now)

    def check_idle_sessions(self, worker: Worker, now: int) -> Generator[Step, None, int]:
        """Empty the rings, unless a sweep is on; then one quantum as ever."""
        if not worker.swipe_end_time:
            for poster, length in enumerate(ring_lengths(worker)):
                for _ in range(length):
                    yield TAKE_POST
                    self.am.tell.worked(now)
                    self.rings.take_post(worker, poster, now)
        return (yield from super().check_idle_sessions(worker, now))


def ring_problems(am: AclMain, at_rest: bool) -> list[str]:
    """No ring holds more than it can; at rest all are empty."""
    problems: list[str] = []
    for owner in am.packet_workers:
        for poster, length in enumerate(ring_lengths(owner)):
            ring = f"ring {poster} to {owner.thread_index}"
            if not 0 <= length <= RING_ENTRIES:
                problems.append(f"{ring}: {length} entries of {RING_ENTRIES}")
            if at_rest and length:
                problems.append(f"{ring}: at rest with {length} entries")
    return problems


def rings_shown(owner: Worker) -> tuple[Beside, ...]:
    """What waits for a worker in its rings, one bar a poster, and what became of the rest."""
    waiting = ring_lengths(owner)
    if not waiting:
        return ()
    relinked, gone = owner.numbers[_FOUND]
    text = (
        f"{sum(waiting):,} wait, {relinked:,} relinked, {gone:,} gone, "
        f"{sum(owner.numbers[_FULL]):,} found it full"
    )
    return (Beside("rings", text, tuple(waiting)),)


#: Each list is looked at after the timeout of its class.
LOOK: Final = Look(
    period=own_timeout,
    what="the timeout of its class: what lies between linking and looking",
    when="the timeout of its list, {}, after it was linked, and a nanosecond",
    left_to_owner="posted to it",
    overstay=own_timeout,
)

RINGS: Final = replace(
    FIFO_2017,
    name="rings",
    about="Each list is looked at after its own class's timeout. A thread that changes the class "
    "of another's session posts it in a ring to the owner, who relinks it in the interrupt that "
    "comes with it.",
    source="the 2017 design document's other solution; VPP 18.09's owner signals",
    numbers=NUMBERS,
    beside=rings_shown,
    look=LOOK,
    work=(
        WorkCount(
            "posts",
            "a session put into a ring",
            in_interrupts=False,
            count=lambda worker: sum(worker.numbers[_POSTED]),
        ),
        WorkCount(
            "posts relinked",
            "a posted session taken off its list, or put on another",
            in_interrupts=True,
            count=lambda worker: 2 * sum(worker.numbers[_FOUND][:1]),
        ),
    ),
    sessions=RingSessions,
    idle_check=RingIdleCheck,
    invariants=ring_problems,
    steps=(*STEPS, TAKE_POST),
    # Hundreds count changes of its own steps.
    step_table=100 + STEP_TABLE,
)
