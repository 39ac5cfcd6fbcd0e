"""The kinds of trace events, in one table, with the counter that counts each.

So the number of events of each kind is known even where nobody listens. Timelines are drawn from
these numbers, and they number the events of a run.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Final

from aclbench.engine import events
from aclbench.engine.events import TraceEvent
from aclbench.engine.main import AclMain

#: Every kind of event, in the order in which they are counted and listed: the counter of every
#: worker and one of the cleaner; empty: it has none of the kind.
EVENTS: Final[dict[type[TraceEvent], tuple[str, str]]] = {
    events.SessionAdded: ("session_adds_by_sw_if_index", ""),
    events.ClassChanged: ("cnt_class_changes", ""),
    events.SessionRequeued: ("cnt_session_timer_restarted", ""),
    events.SessionDeleted: ("cnt_deleted_sessions", ""),
    events.SessionRecycled: ("cnt_recycled_sessions", ""),
    events.InterruptSent: ("cnt_interrupts_sent", "cnt_interrupts_sent"),
    events.InterruptServed: ("cnt_interrupts_served", ""),
    events.FlagSet: ("cnt_flag_changes", "cnt_flag_changes"),
    events.ClearStarted: ("", "cnt_clears_started"),
    events.ClearFinished: ("", "cnt_delete_by_sw_index_ok"),
    events.SweepStarted: ("cnt_sweeps_started", ""),
    events.SweepFinished: ("cnt_sweeps_finished", ""),
    events.WaitChanged: ("", "cnt_wait_changes"),
    events.RulesReplaced: ("cnt_rules_replaced", ""),
    events.DesignDid: ("cnt_design_events", ""),
    events.PacketVerdict: ("packet_reasons", ""),
}
#: The kinds by name, in the order of `event_counts`.
EVENT_KINDS: Final = tuple(event.kind for event in EVENTS)


#: Counters that have a number for each interface, or for each reason.
_DIVIDED: Final = ("session_adds_by_sw_if_index", "packet_reasons")
#: The counters of either sort, read in one call, and the place of the kind of each.
_OF_WORKERS: Final = [name for name, _ in EVENTS.values() if name and name not in _DIVIDED]
_OF_CLEANER: Final = [name for _, name in EVENTS.values() if name]
_read_worker: Final = attrgetter(*_OF_WORKERS)
_read_divided: Final = attrgetter(*_DIVIDED)
_read_cleaner: Final = attrgetter(*_OF_CLEANER)


def event_counts(am: AclMain) -> tuple[int, ...]:
    """The number of events of each kind since the start, in the order of `EVENT_KINDS`."""
    of_workers = Counter[str]()
    of_cleaner = dict(zip(_OF_CLEANER, _read_cleaner(am.cleaner), strict=True))
    for worker in am.workers:
        of_workers.update(dict(zip(_OF_WORKERS, _read_worker(worker), strict=True)))
        for name, divided in zip(_DIVIDED, _read_divided(worker), strict=True):
            of_workers[name] += sum(divided.values())
    return tuple(of_workers[name] + of_cleaner.get(at, 0) for name, at in EVENTS.values())


def event_total(am: AclMain) -> int:
    """All of them. Asked after every step by hand, and every chunk of a run."""
    total: int = sum(_read_cleaner(am.cleaner))
    for worker in am.workers:
        total += sum(_read_worker(worker))
        for divided in _read_divided(worker):
            total += sum(divided.values())
    return total
