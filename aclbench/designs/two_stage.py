"""The design `two-stage`: a deleted session rests in purgatory before its slot is free.

In the 2017 design a slot is free as soon as its session is deleted, and may be another session's in
the next packet, while a thread that found the first one has still to write its timestamp and flags.
VPP 18.05 deletes in two stages. First the session leaves the table, so that nobody finds it any
more, and goes on the purgatory list of its worker; 10 us later its slot is free. A late touch
cannot meet the slot's next session, unless a thread stalls for longer than that.

While anything is in purgatory the worker interrupts itself. VPP does so each time its thread comes
round; here once, when the first of them has rested for long enough. Who rests there still has his
place among `max-entries`: so a packet that finds the table full recycles a session and is denied
all the same, and one that comes later has the room.

In C a session has one byte more than that of `fifo-2017`, whether it is deleted; purgatory has the
links that the lists had.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from aclbench.engine.design import FIFO_2017, SESSION_BYTES, Look
from aclbench.engine.flags import interrupt_self_at
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain, Interface
from aclbench.engine.places import SessionPlace, WorkCount
from aclbench.engine.pool import NO_SESSION, Session, SessionPool
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import STEP_TABLE, STEPS, Step
from aclbench.engine.worker import Worker

#: How long a deleted session rests (VPP: SESSION_PURGATORY_TIMEOUT_USEC), in nanoseconds.
PURGATORY_NS: Final = 10_000
#: The place behind the lists: what `link_list_id` is there.
PURGATORY: Final = len(FIFO_2017.lists)

#: What is told of the two stages.
RESTS: Final = "rests in purgatory"
SLOT_IS_FREE: Final = "it has rested, its slot is free"

FREE_SLOT: Final = Step("free slot", "free the slot of one session that has rested in purgatory")


def resting(worker: Worker) -> list[int]:
    """The slots in a worker's purgatory, in the order in which they are freed: the owner's."""
    return worker.numbers[0]


class TwoStageSessions(Sessions):
    """Leaving the table and freeing the slot are two things, 10 us apart."""

    def check_due(self, session: Session) -> int:
        """When it is looked at, at the earliest; one that rests is freed then."""
        if session.link_list_id == PURGATORY:
            return session.link_enqueue_time + PURGATORY_NS + 1
        return super().check_due(session)

    def delete_session(self, worker: Worker, session: Session, now: int) -> None:
        """The first stage: no packet finds the session any more, and it rests."""
        self.leave_table(session)
        purgatory = resting(worker)
        if purgatory:
            now = max(now, worker.pool.session(purgatory[-1]).link_enqueue_time)
        session.link_list_id = PURGATORY
        session.link_prev_idx = session.link_next_idx = NO_SESSION
        session.link_enqueue_time = now
        purgatory.append(session.session_index)
        if len(purgatory) == 1:
            self.be_interrupted(worker)

    def be_interrupted(self, worker: Worker) -> None:
        """Have the worker interrupt itself when the first that rests can be freed, if any does."""
        purgatory = resting(worker)
        if purgatory:
            interrupt_self_at(self.am, worker, self.check_due(worker.pool.session(purgatory[0])))

    def can_free(self, worker: Worker, now: int) -> bool:
        """Whether the first that rests has rested for long enough."""
        purgatory = resting(worker)
        return bool(purgatory) and self.check_due(worker.pool.session(purgatory[0])) <= now

    def free_first(self, worker: Worker, now: int) -> None:
        """The second stage, of the first that rests."""
        session = worker.pool.session(resting(worker).pop(0))
        self.free_session(worker, session)
        self.am.tell.did(worker, session, SLOT_IS_FREE, now)

    def can_add_session(self, worker: Worker, interface: Interface, key: bytes, now: int) -> bool:
        """Whether the interface has fewer than `max-entries`, with those that rest."""
        am, sw_if_index = self.am, interface.sw_if_index
        sessions = sum(
            each.session_adds_by_sw_if_index.get(sw_if_index, 0)
            - each.session_dels_by_sw_if_index.get(sw_if_index, 0)
            for each in am.packet_workers
        )
        limit = am.conn_table_max_entries
        has_room = sessions < limit or interface.sessions.get(key) is not None
        am.tell.room_sought(worker, sw_if_index, sessions, limit, has_room, now)
        return has_room

    def try_recycle_session(self, worker: Worker, now: int) -> bool:
        """Free what has rested; then the head of the transient list begins to rest."""
        for _ in range(self.am.max_deleted_sessions_per_interval):
            if not self.can_free(worker, now):
                break
            self.free_first(worker, now)
        return super().try_recycle_session(worker, now)


class TwoStageIdleCheck(IdleCheck):
    """An interrupt begins with purgatory, and ends with a look at it."""

    def __init__(self, am: AclMain, sessions: TwoStageSessions) -> None:
        super().__init__(am, sessions)
        self.purgatory = sessions

    def worker_conn_cleaner_process(self, worker: Worker, now: int) -> Iterator[Step]:
        """Serve one interrupt; while anybody rests there will be another."""
        yield from super().worker_conn_cleaner_process(worker, now)
        self.purgatory.be_interrupted(worker)

    def check_idle_sessions(self, worker: Worker, now: int) -> Generator[Step, None, int]:
        """Free what has rested, a quantum of it; then one quantum of the lists as ever."""
        for _ in range(self.am.max_deleted_sessions_per_interval):
            if not self.purgatory.can_free(worker, now):
                break
            yield FREE_SLOT
            self.am.tell.worked(now)
            self.purgatory.free_first(worker, now)
        return (yield from super().check_idle_sessions(worker, now))


def is_in_table(pool: SessionPool, session: Session) -> bool:
    """Who rests has left the table."""
    return session.link_list_id != PURGATORY


def purgatory_problems(am: AclMain, at_rest: bool) -> list[str]:
    """Purgatory is in the order of time; who rests there is not forgotten."""
    problems: list[str] = []
    for worker in am.packet_workers:
        name = f"thread {worker.thread_index}, purgatory"
        times = [worker.pool.session(index).link_enqueue_time for index in resting(worker)]
        if times != sorted(times):
            problems.append(f"{name}: enqueue times fall")
        if at_rest and times and worker.interrupt_due > times[0] + PURGATORY_NS + 1:
            problems.append(f"{name}: {len(times)} sessions rest, and no interrupt is due in time")
    return problems


TWO_STAGE: Final = replace(
    FIFO_2017,
    name="two-stage",
    about="A deleted session leaves the table, rests in purgatory for 10 us, and only then is its "
    "slot free. While anything rests there the worker interrupts itself.",
    source="VPP 18.05, plugins/acl: acl_fa_two_stage_delete_session",
    places=(
        SessionPlace(
            "purgatory",
            "deleted sessions, which rest for 10 us before their slots are free",
            lambda worker: tuple(resting(worker)),
            is_deleted=True,
        ),
    ),
    in_table=is_in_table,
    look=Look(when_deleted=RESTS),
    numbers=("purgatory",),
    work=(
        WorkCount(
            "slots freed",
            "a session taken off the purgatory list",
            in_interrupts=True,
            count=lambda worker: sum(worker.session_dels_by_sw_if_index.values()),
        ),
    ),
    sessions=TwoStageSessions,
    idle_check=TwoStageIdleCheck,
    invariants=purgatory_problems,
    steps=(*STEPS, FREE_SLOT),
    # Hundreds count changes of its own steps.
    step_table=100 + STEP_TABLE,
    session_bytes=SESSION_BYTES + 1,
)
