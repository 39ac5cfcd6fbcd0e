"""The named steps that the machine is made of, and the waits of its cleaner.

A generator of the engine yields the step that it is about to take; the driver decides when it
goes on. So the same code runs straight through, in virtual time, or one step at a time with other
threads in between. The cleaner's waits are VPP's: `vlib_process_wait_for_event`,
`..._wait_for_event_or_clock` and `vlib_process_suspend`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from aclbench.engine.timeouts import NEVER

#: The version of this table. A recorded position counts steps, so it is valid with one version
#: alone.
STEP_TABLE: Final = 2


#: What threads share, and a step reads or writes, by kind. Of flags and lists each worker has its
#: own, tables are by interface, slots by worker.
#: What a worker alone touches: lists, links, the pool's free slots, `expired`, `swipe_end_time`,
#: the serviced bitmap.
OWN: Final = "own"
#: Interfaces, ACLs, routes, settings: commands write them, and the cleaner an index that is free.
CONFIG: Final = "config"
TABLE: Final = "table"
#: A session's key, interface and epoch, its timestamp and its flags: what others reach.
SLOT: Final = "slot"
HEADS: Final = "head_expiry_time"
PENDING: Final = "interrupt_is_pending"
NEEDED: Final = "interrupt_is_needed"
UNWANTED: Final = "interrupt_is_unwanted"
CLEARING: Final = "clear_in_process"
BITMAP: Final = "pending_clear_sw_if_index_bitmap"
#: An interrupt was raised on a worker; a signal waits for the cleaner; packets wait for a worker.
RAISED: Final = "raised"
SIGNALS: Final = "signals"
INBOX: Final = "inbox"
KINDS: Final = (
    *(OWN, CONFIG, TABLE, SLOT, HEADS, PENDING, NEEDED, UNWANTED, CLEARING, BITMAP),
    *(RAISED, SIGNALS, INBOX),
)


class Step:
    """What an actor is about to do: its name, and what the step writes, in words.

    `reads` and `changes` are kinds of what threads share; of both, `chosen_by` is what was read, in
    the step before, to choose this one. None: nobody has said it, and it may be anything.
    Statistics are left out.
    """

    __slots__ = ("changes", "chosen_by", "label", "reads", "writes")

    def __init__(
        self,
        label: str,
        writes: str,
        reads: tuple[str, ...] | None = None,
        changes: tuple[str, ...] | None = None,
        chosen_by: tuple[str, ...] = (),
    ) -> None:
        self.label: str = label
        self.writes: str = writes
        self.reads: tuple[str, ...] | None = reads
        self.changes: tuple[str, ...] | None = changes
        self.chosen_by: tuple[str, ...] = chosen_by

    def __repr__(self) -> str:
        return f"<{self.label}>"


#: What is read to end a turn: of a packet, of an interrupt, of the cleaner.
ENDS_PACKET: Final = ()
ENDS_INTERRUPT: Final = (CLEARING, OWN)
ENDS_ROUND: Final = (HEADS, PENDING, CLEARING, NEEDED)

# The datapath, on the packet's thread.
PARSE: Final = Step(
    "parse", "read addresses, protocol, ports and flags", (CONFIG, INBOX), (INBOX,), ()
)
LOOK_UP: Final = Step(
    "look up",
    "find the session in the interface's table",
    (TABLE, CONFIG, SLOT),
    (),
    (CONFIG,),
)
RECLASSIFY: Final = Step(
    "reclassify",
    "its rules have changed: delete the session, judge anew",
    (OWN, CONFIG, SLOT, TABLE),
    (OWN, TABLE, SLOT, HEADS),
    (SLOT, CONFIG),
)
TRACK: Final = Step(
    "track",
    "write last_active_time; read the flags seen on the packet's side",
    (SLOT,),
    (SLOT,),
    (SLOT, CONFIG),
)
WRITE_FLAGS: Final = Step(
    "write flags",
    "write the flags seen; relink on a class change",
    (SLOT, OWN, CONFIG),
    (SLOT, OWN, HEADS, SIGNALS),
    (SLOT,),
)
MATCH_RULE: Final = Step("match rule", "hold one rule against the packet", (CONFIG,), (), (CONFIG,))
LOOK_FOR_ROOM: Final = Step(
    "look for room", "has the interface fewer sessions than max-entries?", (TABLE, CONFIG), ()
)
RECYCLE: Final = Step(
    "recycle",
    "the table is full: delete this thread's oldest transient session",
    (OWN, SLOT, TABLE, CONFIG),
    (OWN, TABLE, SLOT, HEADS),
)
ADD: Final = Step(
    "add",
    "take a session from the pool, enter it in the table, list it",
    (OWN, TABLE, SLOT, CONFIG),
    (OWN, TABLE, SLOT, HEADS, SIGNALS),
)
FORWARD: Final = Step("forward", "find the tx interface", (CONFIG,), (), (CONFIG,))
# The interrupt handler, on a worker.
ALLOW_INTERRUPT: Final = Step(
    "allow interrupt", "interrupt_is_pending = 0", (CLEARING, OWN), (PENDING, RAISED, OWN)
)
START_SWEEP: Final = Step(
    "start sweep",
    "AND the bitmap with the serviced one; set swipe_end_time",
    (OWN, BITMAP),
    (OWN, BITMAP),
    (CLEARING, OWN),
)
TAKE_HEADS: Final = Step(
    "take heads",
    "unlink the sessions of one list that are to be judged",
    (OWN, CONFIG),
    (OWN, HEADS),
    (OWN, CONFIG),
)
JUDGE: Final = Step(
    "judge",
    "delete one taken session, or append it again",
    (OWN, SLOT, BITMAP, CONFIG, TABLE),
    (OWN, TABLE, SLOT, HEADS, SIGNALS),
    (OWN,),
)
END_SWEEP: Final = Step(
    "end sweep", "swipe_end_time and the pending bitmap become 0", (), (OWN, BITMAP), (OWN,)
)
CLEAR_DONE: Final = Step("clear done", "clear_in_process = 0", (), (CLEARING,), (OWN,))
REPORT_LOAD: Final = Step(
    "report load",
    "set interrupt_is_needed or interrupt_is_unwanted",
    (CONFIG,),
    (NEEDED, UNWANTED),
    (OWN, CLEARING),
)
# The cleaner process, on vpp_main.
HANDLE_EVENT: Final = Step("handle event", "reschedule, or begin a clear", (CONFIG, CLEARING), ())
COPY_BITMAP: Final = Step(
    "copy bitmap", "write one worker's pending_clear_sw_if_index_bitmap", (), (BITMAP,), (CLEARING,)
)
SET_CLEAR: Final = Step("set clear", "one worker's clear_in_process = 1", (), (CLEARING,))
LOOK_AT_CLEARS: Final = Step(
    "look at clears", "which workers are done, which ask for an interrupt", (CLEARING, NEEDED), ()
)
END_CLEAR: Final = Step(
    "end clear",
    "the clear is over; indices of deleted interfaces are free",
    (CONFIG,),
    (CONFIG,),
    (CLEARING,),
)
TALLY: Final = Step(
    "tally",
    "adapt the wait interval to what the workers said",
    (NEEDED, UNWANTED, CONFIG),
    (UNWANTED,),
)
MARK_PENDING: Final = Step(
    "mark pending",
    "interrupt_is_pending = 1, interrupt_is_needed = 0",
    (),
    (PENDING, NEEDED),
    (PENDING, CLEARING, NEEDED),
)
RAISE_INTERRUPT: Final = Step("raise interrupt", "wake the worker", (), (RAISED,))
#: All of them: the step table of the engine's own design.
STEPS: Final[tuple[Step, ...]] = (
    PARSE,
    LOOK_UP,
    RECLASSIFY,
    TRACK,
    WRITE_FLAGS,
    MATCH_RULE,
    LOOK_FOR_ROOM,
    RECYCLE,
    ADD,
    FORWARD,
    ALLOW_INTERRUPT,
    START_SWEEP,
    TAKE_HEADS,
    JUDGE,
    END_SWEEP,
    CLEAR_DONE,
    REPORT_LOAD,
    HANDLE_EVENT,
    COPY_BITMAP,
    SET_CLEAR,
    LOOK_AT_CLEARS,
    END_CLEAR,
    TALLY,
    MARK_PENDING,
    RAISE_INTERRUPT,
)


class WaitKind(Enum):
    """The three ways in which the cleaner gives up its thread."""

    EVENT = "wait for event"
    EVENT_OR_CLOCK = "wait for event or clock"
    SUSPEND = "suspend"


class Wait(NamedTuple):
    """The cleaner waits: how, and until when at the latest (nanoseconds; `NEVER` for an event)."""

    kind: WaitKind
    until: int


WAIT_FOR_EVENT: Final = Wait(WaitKind.EVENT, NEVER)


class CleanerEvent(NamedTuple):
    """A signal to the cleaner. `sw_if_index` is the interface to clear, or one of the below.

    `deleted`: the interface was deleted, and its index is free once this clear is done.
    """

    sw_if_index: int
    deleted: bool = False


#: A list was empty and is not any more: look again when to wake up.
RESCHEDULE: Final = CleanerEvent(-2)
#: The operator clears every interface.
CLEAR_ALL: Final = CleanerEvent(-1)


class Wake(NamedTuple):
    """What a driver hands an actor when it goes on: the time, and the signals since the wait."""

    now: int
    events: tuple[CleanerEvent, ...]
