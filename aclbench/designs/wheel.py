"""The design `wheel`: a timer for each session, on a ring of slots.

What the 2017 document calls "timer wheel or such", and decides against. Each worker has one ring of
2048 slots, a tick of 0.5 s apart, as VPP's `tw_timer_2t_1w_2048sl`; a session's timer hangs in the
slot of the tick in which its timeout ends. A packet on the owner cancels the timer and sets it
anew; a packet on another thread may not touch the ring and writes the time alone. The owner moves
its wheel on in the interrupt, and gets all that fell due since: no quantum bounds that.

The lists of the classes stay, since recycling needs that of transient sessions: the timers do not
say which session has been transient longest. A session moves between them when its class changes.
Nothing is aged by them, and a clear, which lists that are not in the order of looking could not
bound, walks the pool: 100 slots a quantum.

In C a session is that of `fifo-2017`, lists and all, and a timer in it of 16 bytes: its slot, its
turns, its neighbours in the slot, 4 each.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from aclbench.engine.datapath import Datapath
from aclbench.engine.design import FIFO_2017, SESSION_BYTES, Look, own_timeout
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain
from aclbench.engine.matching import Matching
from aclbench.engine.places import Beside, WorkCount
from aclbench.engine.pool import NO_SESSION, Session
from aclbench.engine.reasons import EXISTING_SESSION, node_bits
from aclbench.engine.sessions import ALL_SEEN, Sessions
from aclbench.engine.steps import STEP_TABLE, STEPS, TRACK, WRITE_FLAGS, Step
from aclbench.engine.timeouts import NEVER, NS_PER_SEC
from aclbench.engine.worker import Worker

#: VPP's acl plugin looks about twice a second; the ring is that of `tw_timer_2t_1w_2048sl`.
TICK_NS: Final = NS_PER_SEC // 2
SLOTS: Final = 2048
_WORD_BITS: Final = 32

# --- the ring ------------------------------------------------------------------------------------

#: A worker's numbers: the first timer of each slot, 0 for none; which slots have any, a bit each,
#: and how many timers they have, by 32 slots; the wheel; how far a clear has come. Sessions are
#: named by their slot of the pool plus 1 here.
NUMBERS: Final = ("wheel slots", "occupied slots", "timers by 32 slots", "wheel", "clear")
_HEADS, _OCCUPIED, _TIMERS, _WHEEL, _CLEAR = range(5)
#: The wheel: the tick that it has been moved to, timers that are set, and what was done with them.
TICK, PENDING, SET, CANCELLED, TAKEN, PASSED_OVER = range(6)
#: A clear: the next slot of the pool, and the end of what was there when it began.
_AT, _END = range(2)

#: A session's integers: the slot of the ring plus 1, or 0 without a timer; turns of the wheel still
#: to go; the timers before and behind it in the slot.
COLUMNS: Final = ("timer slot", "timer laps", "timer before", "timer after")
_SLOT, _LAPS, _BEFORE, _AFTER = range(4)

# --- its steps -----------------------------------------------------------------------------------

RESTART_TIMER: Final = Step("restart timer", "the owner's: cancel the session's timer, set it anew")
ADVANCE_WHEEL: Final = Step("advance wheel", "unlink all sessions whose timers have run out")
WALK_POOL: Final = Step("walk pool", "unlink what is to be cleared in the next slots of the pool")


def set_up_wheel(worker: Worker) -> None:
    """An empty ring."""
    worker.numbers[_HEADS] = [0] * SLOTS
    worker.numbers[_OCCUPIED] = [0] * (SLOTS // _WORD_BITS)
    worker.numbers[_TIMERS] = [0] * (SLOTS // _WORD_BITS)
    worker.numbers[_WHEEL] = [0] * 6
    worker.numbers[_CLEAR] = [0, 0]


def has_timer(worker: Worker, session_index: int) -> bool:
    """Whether a session's timer is set: each session on a list has one."""
    return worker.pool.columns[_SLOT][session_index] != 0


def start_timer(worker: Worker, session_index: int, ticks: int, now: int) -> None:
    """Set a timer: it runs out with the tick in which `ticks` whole ones are over, so up to one
    later, and never before.

    VPP's ring keeps an interval modulo its length, so a longer one ends early. Here the turns that
    it must let pass are counted down.
    """
    columns, wheel = worker.pool.columns, worker.numbers[_WHEEL]
    if not wheel[PENDING]:
        wheel[TICK] = max(wheel[TICK], now // TICK_NS)  # nothing has to be looked at meanwhile
    # A packet that was held up has an older time than the wheel.
    end = max(now // TICK_NS + ticks + 1, wheel[TICK] + 1)
    slot = end % SLOTS
    heads = worker.numbers[_HEADS]
    after = heads[slot]
    columns[_SLOT][session_index] = slot + 1
    columns[_LAPS][session_index] = (end - wheel[TICK] - 1) // SLOTS
    columns[_BEFORE][session_index] = 0
    columns[_AFTER][session_index] = after
    if after:
        columns[_BEFORE][after - 1] = session_index + 1
    else:
        worker.numbers[_OCCUPIED][slot // _WORD_BITS] |= 1 << slot % _WORD_BITS
    heads[slot] = session_index + 1
    worker.numbers[_TIMERS][slot // _WORD_BITS] += 1
    wheel[PENDING] += 1


def stop_timer(worker: Worker, session_index: int) -> None:
    """Take a timer off the ring."""
    columns = worker.pool.columns
    slot = columns[_SLOT][session_index] - 1
    before, after = columns[_BEFORE][session_index], columns[_AFTER][session_index]
    columns[_SLOT][session_index] = 0
    if after:
        columns[_BEFORE][after - 1] = before
    if before:
        columns[_AFTER][before - 1] = after
    else:
        worker.numbers[_HEADS][slot] = after
        if not after:
            worker.numbers[_OCCUPIED][slot // _WORD_BITS] &= ~(1 << slot % _WORD_BITS)
    worker.numbers[_TIMERS][slot // _WORD_BITS] -= 1
    worker.numbers[_WHEEL][PENDING] -= 1


def timers_in(worker: Worker, slot: int) -> list[int]:
    """The sessions whose timers hang in a slot of the ring, the latest first."""
    found: list[int] = []
    entry = worker.numbers[_HEADS][slot]
    while entry:
        found.append(entry - 1)
        if len(found) > len(worker.pool):
            raise AssertionError(f"thread {worker.thread_index}: slot {slot} is a circle")
        entry = worker.pool.columns[_AFTER][entry - 1]
    return found


def timer_end(worker: Worker, session_index: int) -> int:
    """When a session's timer runs out, its turns counted (ns)."""
    columns, tick = worker.pool.columns, worker.numbers[_WHEEL][TICK]
    ahead = (columns[_SLOT][session_index] - 1 - tick - 1) % SLOTS + 1
    return (tick + ahead + columns[_LAPS][session_index] * SLOTS) * TICK_NS


def ticks_to_next(worker: Worker) -> int:
    """How many ticks on the next slot is that has a timer, 1 to 2048; 0: there is none."""
    occupied = worker.numbers[_OCCUPIED]
    first = (worker.numbers[_WHEEL][TICK] + 1) % SLOTS
    for nth in range(len(occupied) + 1):
        at = (first // _WORD_BITS + nth) % len(occupied)
        bits = occupied[at]
        if nth == 0:
            bits = bits >> first % _WORD_BITS << first % _WORD_BITS
        if bits:
            slot = at * _WORD_BITS + (bits & -bits).bit_length() - 1
            return (slot - first) % SLOTS + 1
    return 0


def next_look(worker: Worker) -> int:
    """When the next slot that has a timer is looked at (ns); `NEVER`: there is none."""
    ahead = ticks_to_next(worker)
    return (worker.numbers[_WHEEL][TICK] + ahead) * TICK_NS if ahead else NEVER


# --- its parts -----------------------------------------------------------------------------------


class WheelSessions(Sessions):
    """A session on a list has a timer."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        for worker in am.workers:
            set_up_wheel(worker)

    def conn_list_add_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> None:
        """Append a session to the list of its class, and set its timer."""
        self.set_timer(worker, session, list_id, now)
        super().conn_list_add_session(worker, session, list_id, now)
        self.note_head(worker, list_id, now)

    def conn_list_delete_session(self, worker: Worker, session: Session, now: int) -> None:
        """Unlink a session, and cancel its timer."""
        stop_timer(worker, session.session_index)
        worker.numbers[_WHEEL][CANCELLED] += 1
        super().conn_list_delete_session(worker, session, now)

    def take(self, worker: Worker, session: Session, now: int) -> None:
        """Unlink a session that an interrupt found, and hand it to the idle check."""
        stop_timer(worker, session.session_index)
        worker.numbers[_WHEEL][TAKEN] += 1
        super().conn_list_delete_session(worker, session, now)
        worker.expired.append(session.session_index)

    def set_timer(self, worker: Worker, session: Session, list_id: int, now: int) -> None:
        """Set the timer of a session for what is left of its timeout, in whole ticks.

        Where another thread wrote the time meanwhile that is less than all of it.
        """
        left = session.last_active_time + self.am.session_timeout[list_id] - now
        start_timer(worker, session.session_index, max(-(-left // TICK_NS), 1), now)
        worker.numbers[_WHEEL][SET] += 1

    def restart_timer(self, worker: Worker, session: Session, now: int) -> None:
        """A packet on the owner: cancel the timer and set it anew, on the list of its class now."""
        self.am.tell.worked(now)
        list_id = self.am.classes.session_get_timeout_type(session)
        if list_id != session.link_list_id and not worker.swipe_end_time:
            self.conn_list_delete_session(worker, session, now)
            self.conn_list_add_session(worker, session, list_id, now)
        else:
            self.move_timer(worker, session, list_id, now)

    def move_timer(self, worker: Worker, session: Session, class_now: int, now: int) -> None:
        """Cancel a session's timer and set it anew; its place on its list stays."""
        stop_timer(worker, session.session_index)
        worker.numbers[_WHEEL][CANCELLED] += 1
        self.set_timer(worker, session, class_now, now)
        if timer_end(worker, session.session_index) < worker.head_expiry_time[session.link_list_id]:
            self.note_head(worker, session.link_list_id, now)

    def note_head(self, worker: Worker, list_id: int, now: int) -> None:
        """Tell the cleaner when the next slot is due that has a timer."""
        head = worker.conn_list_head[list_id]
        if head == NO_SESSION:
            worker.head_expiry_time[list_id] = NEVER
        else:
            enqueued = worker.pool.session(head).link_enqueue_time
            worker.head_expiry_time[list_id] = max(next_look(worker), enqueued + 1)

    def check_due(self, session: Session) -> int:
        """When its timer runs out."""
        worker = self.am.workers[session.thread_index]
        if not has_timer(worker, session.session_index):
            return session.link_enqueue_time  # in the idle check's hand
        return timer_end(worker, session.session_index)


class WheelDatapath(Datapath):
    """A packet on the owner restarts the timer."""

    def __init__(self, am: AclMain, sessions: Sessions, matching: Matching) -> None:
        super().__init__(am, sessions, matching)
        assert isinstance(sessions, WheelSessions)
        self.wheel_sessions: WheelSessions = sessions

    def hit(self, worker: Worker, session: Session, is_input: bool, info: int, now: int) -> int:
        """Track the packet; then restart the timer, unless a class change has."""
        sessions = self.wheel_sessions
        seen = sessions.track_session(session, is_input, info, now)
        relinked = seen != ALL_SEEN and sessions.write_flags(
            worker, session, is_input, seen, info, now
        )
        if not relinked and session.thread_index == worker.thread_index:
            sessions.restart_timer(worker, session, now)
        return EXISTING_SESSION | node_bits(is_input, info)

    def hit_steps(
        self, worker: Worker, session: Session, is_input: bool, info: int, now: int
    ) -> Generator[Step, None, int]:
        """The same as `hit`, with a yield before each step."""
        sessions = self.wheel_sessions
        yield TRACK
        seen = sessions.track_session(session, is_input, info, now)
        relinked = False
        if seen != ALL_SEEN:
            yield WRITE_FLAGS
            relinked = sessions.write_flags(worker, session, is_input, seen, info, now)
        if not relinked and session.thread_index == worker.thread_index:
            yield RESTART_TIMER
            sessions.restart_timer(worker, session, now)
        return EXISTING_SESSION | node_bits(is_input, info)


class WheelIdleCheck(IdleCheck):
    """An interrupt moves the wheel on."""

    def __init__(self, am: AclMain, sessions: Sessions) -> None:
        super().__init__(am, sessions)
        assert isinstance(sessions, WheelSessions)
        self.wheel_sessions: WheelSessions = sessions

    def take_due(self, worker: Worker, now: int) -> Iterator[Step]:
        """Take what fell due, and in a clear what the next slots of the pool have of it."""
        yield ADVANCE_WHEEL
        self.am.tell.worked(now)
        self.advance_wheel(worker, now)
        if worker.swipe_end_time:
            yield WALK_POOL
            self.walk_pool(worker, now)

    def advance_wheel(self, worker: Worker, now: int) -> None:
        """Take all sessions whose timers have run out; the turns of the others are counted down."""
        wheel, laps = worker.numbers[_WHEEL], worker.pool.columns[_LAPS]
        while wheel[TICK] < now // TICK_NS:
            ahead = ticks_to_next(worker)
            left = now // TICK_NS - wheel[TICK]
            wheel[TICK] += min(ahead or left, left)
            for index in timers_in(worker, wheel[TICK] % SLOTS):
                if laps[index]:
                    laps[index] -= 1
                    wheel[PASSED_OVER] += 1
                else:
                    self.wheel_sessions.take(worker, worker.pool.session(index), now)
        for list_id in range(len(worker.conn_list_head)):
            self.sessions.note_head(worker, list_id, now)

    def walk_pool(self, worker: Worker, now: int) -> None:
        """Take what is to be cleared in as many slots of the pool as one quantum has.

        Sessions that were made since the clear began are not of it.
        """
        clear = worker.numbers[_CLEAR]
        end = min(clear[_AT] + self.am.max_deleted_sessions_per_interval, clear[_END])
        for index in range(clear[_AT], end):
            session = worker.pool.session(index)
            if (
                has_timer(worker, index)
                and worker.pending_clear_sw_if_index_bitmap >> session.sw_if_index & 1
                and session.link_enqueue_time <= worker.swipe_end_time
            ):
                self.wheel_sessions.take(worker, session, now)
        clear[_AT] = end

    def start_sweep(self, worker: Worker, now: int) -> None:
        """The walk begins at the pool's first slot, and ends at its last as of now."""
        super().start_sweep(worker, now)
        worker.numbers[_CLEAR][:] = [0, len(worker.pool)]

    def sweep_has_more(self, worker: Worker) -> bool:
        """Whether the walk is not at its end."""
        clear = worker.numbers[_CLEAR]
        return clear[_AT] < clear[_END]

    def report_load(self, worker: Worker, taken: int, may_be_unwanted: bool, now: int) -> None:
        """However many fell due, all were taken: nobody needs to come sooner."""
        few = self.am.min_deleted_sessions_per_interval
        super().report_load(worker, min(taken, few), may_be_unwanted, now)


# --- what always holds ---------------------------------------------------------------------------


def wheel_problems(am: AclMain, at_rest: bool) -> list[str]:
    """Each listed session has one timer, where it says, and the cleaner knows the next slot."""
    return [problem for worker in am.packet_workers for problem in _problems_of(am, worker)]


def _problems_of(am: AclMain, worker: Worker) -> Iterator[str]:
    name = f"thread {worker.thread_index}"
    columns, wheel = worker.pool.columns, worker.numbers[_WHEEL]
    occupied = worker.numbers[_OCCUPIED]
    hung: set[int] = set()
    for slot, first in enumerate(worker.numbers[_HEADS]):
        if bool(first) != bool(occupied[slot // _WORD_BITS] >> slot % _WORD_BITS & 1):
            yield f"{name}: the bit of slot {slot} is wrong"
        before = 0
        for index in timers_in(worker, slot) if first else ():
            if columns[_SLOT][index] != slot + 1 or columns[_BEFORE][index] != before:
                yield f"{name}: the timer of session {index} in slot {slot} is linked wrongly"
            before = index + 1
            hung.add(index)
    listed = {
        session.session_index
        for list_id in range(len(am.lists))
        for session in worker.list_sessions(list_id)
    }
    if sum(worker.numbers[_TIMERS]) != len(hung):
        yield f"{name}: {len(hung)} timers are set, by slots {sum(worker.numbers[_TIMERS])}"
    if hung != listed:
        yield f"{name}: without list or without timer are {sorted(hung ^ listed)[:10]}"
    if wheel[PENDING] != len(hung) or wheel[SET] - wheel[CANCELLED] - wheel[TAKEN] != len(hung):
        yield f"{name}: {len(hung)} timers are set, and counted are {wheel}"
    heads = [head for head in worker.conn_list_head if head != NO_SESSION]
    if heads:
        latest = max(worker.pool.session(head).link_enqueue_time for head in heads)
        if min(worker.head_expiry_time) > max(next_look(worker), latest + 1):
            yield f"{name}: the cleaner comes after the next slot is due"


# --- the design ----------------------------------------------------------------------------------


def _set_by_packets(worker: Worker) -> int:
    return worker.numbers[_WHEEL][SET] - worker.cnt_session_timer_restarted


def wheel_shown(worker: Worker) -> tuple[Beside, ...]:
    """How many timers there are, and where on the ring from its next slot on, by 32 slots."""
    numbers = worker.numbers
    wheel, timers = numbers[_WHEEL], numbers[_TIMERS]
    slots = sum(bits.bit_count() for bits in numbers[_OCCUPIED])
    text = f"{wheel[PENDING]:,} timers in {slots:,} slots"
    if slots:
        text += f"; next: +{ticks_to_next(worker):,}"
    first = (wheel[TICK] + 1) % SLOTS // _WORD_BITS
    return (Beside("wheel", text, (*timers[first:], *timers[:first])),)


WORK: Final = (
    WorkCount("timers set", "a timer is linked into its slot", False, _set_by_packets),
    WorkCount(
        *("timers cancelled", "a timer is unlinked before it runs out", False),
        lambda worker: worker.numbers[_WHEEL][CANCELLED],
    ),
    WorkCount(
        *("timers taken", "a timer has run out, or its session is cleared", True),
        lambda worker: worker.numbers[_WHEEL][TAKEN],
    ),
    WorkCount(
        *("timers set again", "a timer ran out too soon", True),
        lambda worker: worker.cnt_session_timer_restarted,
    ),
    WorkCount(
        *("timers passed over", "the wheel has turns to go until it ends", True),
        lambda worker: worker.numbers[_WHEEL][PASSED_OVER],
    ),
)

WHEEL: Final = replace(
    FIFO_2017,
    name="wheel",
    about="Each session has a timer on a ring of 2048 slots, 0.5 s apart. A packet on the owner's "
    "thread cancels it and sets it anew; one on another thread writes a timestamp alone. An "
    "interrupt takes all that fell due.",
    source="what the 2017 design document argues against; VPP's vppinfra/tw_timer_2t_1w_2048sl",
    columns=COLUMNS,
    numbers=NUMBERS,
    beside=wheel_shown,
    look=Look(
        period=own_timeout,
        what="the timeout of the class: what a timer is set for",
        when="its timer is set for what is left of {}, and runs out up to a tick of 0.5 s later",
        overstay=lambda am, timeout_class: 2 * TICK_NS,
        why_late="its timer is set for whole ticks, and runs out up to {} late",
        takes_all=True,
    ),
    work=WORK,
    sessions=WheelSessions,
    datapath=WheelDatapath,
    idle_check=WheelIdleCheck,
    invariants=wheel_problems,
    steps=(*STEPS, RESTART_TIMER, ADVANCE_WHEEL, WALK_POOL),
    # Hundreds count changes of its own steps.
    step_table=100 + STEP_TABLE,
    session_bytes=SESSION_BYTES + 4 * len(COLUMNS),
)
