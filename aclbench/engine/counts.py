"""How many trace events of each kind there have been, from the counters that are kept anyway.

So a run that nobody listened to still knows how many events it had, and of what kind: what a
timeline is drawn from, and what numbers the events of a run.
"""

from __future__ import annotations

from typing import Final

from aclbench.engine.events import EVENT_TYPES
from aclbench.engine.main import AclMain

#: The kinds of events in the order of `event_counts`, by name.
EVENT_KINDS: Final = tuple(event.kind for event in EVENT_TYPES)


def event_counts(am: AclMain) -> tuple[int, ...]:
    """The number of events of each kind since the start, in the order of `EVENT_KINDS`."""
    cleaner = am.cleaner
    added = changed = requeued = deleted = recycled = served = packets = 0
    flags = cleaner.cnt_flag_changes
    sweeps_started = sweeps_finished = replaced = 0
    for worker in am.workers:
        added += sum(worker.session_adds_by_sw_if_index.values())
        changed += worker.cnt_class_changes
        requeued += worker.cnt_session_timer_restarted
        deleted += worker.cnt_deleted_sessions
        recycled += worker.cnt_recycled_sessions
        served += worker.cnt_interrupts_served
        flags += worker.cnt_flag_changes
        sweeps_started += worker.cnt_sweeps_started
        sweeps_finished += worker.cnt_sweeps_finished
        replaced += worker.cnt_rules_replaced
        packets += sum(worker.packet_reasons.values())
    return (
        added,
        changed,
        requeued,
        deleted,
        recycled,
        cleaner.cnt_interrupts_sent,
        served,
        flags,
        cleaner.cnt_clears_started,
        cleaner.cnt_delete_by_sw_index_ok,
        sweeps_started,
        sweeps_finished,
        cleaner.cnt_wait_changes,
        replaced,
        packets,
    )
