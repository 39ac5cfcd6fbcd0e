"""The kinds of trace events, in one table, with the counter that counts each.

So the number of events of each kind is known even where nobody listens. Timelines are drawn from
these numbers, and they number the events of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.engine import events
from aclbench.engine.events import TraceEvent
from aclbench.engine.main import AclMain, CleanerData
from aclbench.engine.worker import Worker

#: A counter of every worker, summed, and one of the cleaner; None: it has none of the kind.
WorkerCounter = Callable[[Worker], int]
CleanerCounter = Callable[[CleanerData], int]

#: Every kind of event, in the order in which they are counted and listed.
EVENTS: Final[dict[type[TraceEvent], tuple[WorkerCounter | None, CleanerCounter | None]]] = {
    events.SessionAdded: (lambda w: sum(w.session_adds_by_sw_if_index.values()), None),
    events.ClassChanged: (lambda w: w.cnt_class_changes, None),
    events.SessionRequeued: (lambda w: w.cnt_session_timer_restarted, None),
    events.SessionDeleted: (lambda w: w.cnt_deleted_sessions, None),
    events.SessionRecycled: (lambda w: w.cnt_recycled_sessions, None),
    events.InterruptSent: (None, lambda c: c.cnt_interrupts_sent),
    events.InterruptServed: (lambda w: w.cnt_interrupts_served, None),
    events.FlagSet: (lambda w: w.cnt_flag_changes, lambda c: c.cnt_flag_changes),
    events.ClearStarted: (None, lambda c: c.cnt_clears_started),
    events.ClearFinished: (None, lambda c: c.cnt_delete_by_sw_index_ok),
    events.SweepStarted: (lambda w: w.cnt_sweeps_started, None),
    events.SweepFinished: (lambda w: w.cnt_sweeps_finished, None),
    events.WaitChanged: (None, lambda c: c.cnt_wait_changes),
    events.RulesReplaced: (lambda w: w.cnt_rules_replaced, None),
    events.PacketVerdict: (lambda w: sum(w.packet_reasons.values()), None),
}
#: The kinds by name, in the order of `event_counts`.
EVENT_KINDS: Final = tuple(event.kind for event in EVENTS)


#: The counters of either sort, each with the place of its kind.
_OF_WORKERS: Final = [(n, each[0]) for n, each in enumerate(EVENTS.values()) if each[0] is not None]
_OF_CLEANER: Final = [(n, each[1]) for n, each in enumerate(EVENTS.values()) if each[1] is not None]


def event_counts(am: AclMain) -> tuple[int, ...]:
    """The number of events of each kind since the start, in the order of `EVENT_KINDS`.

    Asked after every step by hand: plain loops, over the counters that there are.
    """
    counts = [0] * len(EVENTS)
    for worker in am.workers:
        for place, of_worker in _OF_WORKERS:
            counts[place] += of_worker(worker)
    for place, of_cleaner in _OF_CLEANER:
        counts[place] += of_cleaner(am.cleaner)
    return tuple(counts)
