"""What the fields of the cleaner, a worker and a session are for, who writes and who reads them.

VPP's names are those of `acl_fa_per_worker_data_t`, `acl_main_t` and `fa_session_t` in
`src/plugins/acl/fa_node.h` and `acl.h` as of 2017; empty where VPP has no such field.
"""

from __future__ import annotations

from typing import Final, NamedTuple

OWNER: Final = "the owner"
CLEANER: Final = "the cleaner"
ANY_PACKET: Final = "a packet on any thread"
SHOWN: Final = "nobody: it is shown"


class Meaning(NamedTuple):
    """What a field is for, VPP's name, who writes it, who reads it, and how a value is shown."""

    what: str
    vpp: str
    written_by: str
    read_by: str
    shown_as: str = ""


CLEANER_FIELDS: Final[dict[str, Meaning]] = {
    "wait": Meaning(
        "what the cleaner waits for, and until when at the latest",
        "",
        CLEANER,
        "the main loop of vpp_main",
        "wait",
    ),
    "wait_interval": Meaning(
        "how long it waits at the most between two rounds: halved when a worker said needed, "
        "0.1 s more when one said unwanted",
        "fa_current_cleaner_timer_wait_interval",
        CLEANER,
        CLEANER,
        "length",
    ),
    "clearing_bitmap": Meaning(
        "the interfaces of the clear under way",
        "clear_sw_if_index_bitmap",
        CLEANER,
        CLEANER,
        "bitmap",
    ),
    "cnt_delete_by_sw_index": Meaning(
        "clears that were asked for", "fa_cleaner_cnt_delete_by_sw_index", CLEANER, SHOWN
    ),
    "cnt_delete_by_sw_index_ok": Meaning(
        "clears that are done", "fa_cleaner_cnt_delete_by_sw_index_ok", CLEANER, SHOWN
    ),
    "cnt_wait_with_timeout": Meaning(
        "waits for an event or the clock", "fa_cleaner_cnt_wait_with_timeout", CLEANER, SHOWN
    ),
    "cnt_wait_without_timeout": Meaning(
        "waits for an event alone: no session was linked anywhere",
        "fa_cleaner_cnt_wait_without_timeout",
        CLEANER,
        SHOWN,
    ),
    "cnt_event_cycles": Meaning("its rounds", "fa_cleaner_cnt_event_cycles", CLEANER, SHOWN),
    "cnt_interrupts_sent": Meaning("interrupts that it raised", "", CLEANER, SHOWN),
    "cnt_flag_changes": Meaning("flags of workers that it changed", "", CLEANER, SHOWN),
    "cnt_clears_started": Meaning("clears that it began", "", CLEANER, SHOWN),
    "cnt_wait_changes": Meaning("changes of its wait interval", "", CLEANER, SHOWN),
}

WORKER_FIELDS: Final[dict[str, Meaning]] = {
    "thread_index": Meaning("the thread", "", "nobody", "all", ""),
    "free_indices": Meaning(
        "slots of the pool that are free, the last to be used next",
        "fa_sessions_pool",
        OWNER,
        OWNER,
        "slots",
    ),
    "conn_list_head": Meaning(
        "the first session of each list, by the list's number; -1: empty",
        "fa_conn_list_head",
        OWNER,
        OWNER,
    ),
    "conn_list_tail": Meaning(
        "the last session of each list; -1: empty", "fa_conn_list_tail", OWNER, OWNER
    ),
    "conn_list_length": Meaning("sessions on each list", "", OWNER, SHOWN),
    "head_expiry_time": Meaning(
        "when the head of each list is due for its check; the owner publishes it, for the cleaner "
        "must follow no list",
        "fa_conn_list_head_expiry_time",
        OWNER,
        CLEANER,
        "times",
    ),
    "expired": Meaning(
        "sessions taken off their lists and not judged yet", "expired", OWNER, OWNER, "slots"
    ),
    "swipe_end_time": Meaning(
        "a sweep takes what was linked up to then; 0: none is on",
        "swipe_end_time",
        OWNER,
        OWNER,
        "time",
    ),
    "serviced_sw_if_index_bitmap": Meaning(
        "the interfaces of which it ever linked a session: a clear of no others need wait for it",
        "serviced_sw_if_index_bitmap",
        OWNER,
        OWNER,
        "bitmap",
    ),
    "pending_clear_sw_if_index_bitmap": Meaning(
        "the interfaces to clear",
        "pending_clear_sw_if_index_bitmap",
        "the cleaner while clear_in_process is 0, the owner while it is 1",
        OWNER,
        "bitmap",
    ),
    "clear_in_process": Meaning(
        "a clear waits for this worker, or it is sweeping",
        "clear_in_process",
        "the cleaner sets it, the owner clears it, last of all",
        "both",
    ),
    "interrupt_is_pending": Meaning(
        "an interrupt is on its way: no other is sent",
        "interrupt_is_pending",
        "the cleaner sets it before it raises, the owner clears it first of all",
        CLEANER,
    ),
    "interrupt_is_needed": Meaning(
        "it took all an interrupt may take and wants the next one sooner",
        "interrupt_is_needed",
        "the owner; the cleaner clears it as it sends",
        CLEANER,
    ),
    "interrupt_is_unwanted": Meaning(
        "an interrupt found next to nothing to take: fewer would do",
        "interrupt_is_unwanted",
        "the owner; the cleaner clears it in its tally",
        CLEANER,
    ),
    "interrupt_due": Meaning(
        "when it interrupts itself, if none comes earlier", "", OWNER, "its thread", "time"
    ),
    "cnt_deleted_sessions": Meaning(
        "sessions that the idle check deleted", "cnt_deleted_sessions", OWNER, SHOWN
    ),
    "cnt_cleared_sessions": Meaning(
        "those of them whose interface was being cleared", "", OWNER, SHOWN
    ),
    "cnt_reclassified_sessions": Meaning(
        "those of them that a packet deleted, since their rules had changed", "", OWNER, SHOWN
    ),
    "cnt_session_timer_restarted": Meaning(
        "sessions that the idle check put back", "cnt_session_timer_restarted", OWNER, SHOWN
    ),
    "cnt_recycled_sessions": Meaning("sessions that made room in a full table", "", OWNER, SHOWN),
    "cnt_interrupts_served": Meaning("interrupts that it served", "", OWNER, SHOWN),
    "cnt_interrupts_sent": Meaning("interrupts that it raised itself", "", OWNER, SHOWN),
    "cnt_class_changes": Meaning(
        "class changes that its packets made", "restart session timer", OWNER, SHOWN
    ),
    "cnt_flag_changes": Meaning("flags of its own that it changed", "", OWNER, SHOWN),
    "cnt_sweeps_started": Meaning("sweeps that it began", "", OWNER, SHOWN),
    "cnt_sweeps_finished": Meaning("sweeps that it finished", "", OWNER, SHOWN),
    "cnt_rules_replaced": Meaning(
        "packets under whose match an ACL's rules were replaced", "", OWNER, SHOWN
    ),
    "cnt_design_events": Meaning("what its design told of beside that", "", OWNER, SHOWN),
    "session_adds_by_sw_if_index": Meaning(
        "sessions added, by interface", "fa_session_adds_by_sw_if_index", OWNER, SHOWN
    ),
    "session_dels_by_sw_if_index": Meaning(
        "sessions deleted, by interface", "fa_session_dels_by_sw_if_index", OWNER, SHOWN
    ),
    "live_sessions": Meaning("sessions that it owns", "", OWNER, "whoever adds one"),
    "peak_sessions": Meaning(
        "the most live sessions over all threads that it saw as it added one", "", OWNER, SHOWN
    ),
    "packet_reasons": Meaning("its packets by their last reason", "", OWNER, SHOWN),
    "passed_checks": Meaning("what acl nodes said of packets that went on", "", OWNER, SHOWN),
    "class_changes_by_node": Meaning(
        "class changes by the acl node whose packet made them", "", OWNER, SHOWN
    ),
    "session_epoch_changes_by_sw_if_index": Meaning(
        "packets of sessions whose rules had changed, by interface",
        "fa_session_epoch_change_by_sw_if_index",
        OWNER,
        SHOWN,
    ),
    "rule_matches": Meaning("packets by the rule that matched", "", OWNER, SHOWN),
    "rule_match_bytes": Meaning("their bytes", "", OWNER, SHOWN),
    "rx_packets": Meaning("packets that entered, by interface", "", OWNER, SHOWN),
    "rx_bytes": Meaning("their bytes", "", OWNER, SHOWN),
    "tx_packets": Meaning("packets that left, by interface", "", OWNER, SHOWN),
    "tx_bytes": Meaning("their bytes", "", OWNER, SHOWN),
    "drops": Meaning("packets dropped, by the interface that they entered", "", OWNER, SHOWN),
    "punts": Meaning("packets that are not IP, by interface", "", OWNER, SHOWN),
    "rx_ip6": Meaning("IPv6 packets among those that entered", "", OWNER, SHOWN),
    "rx_not_ip": Meaning("what is not IP among them", "", OWNER, SHOWN),
}

SESSION_MEANINGS: Final[dict[str, Meaning]] = {
    "thread_index": Meaning("the owner's thread", "thread_index", "nobody", "all"),
    "session_index": Meaning("the slot in the owner's pool", "", "nobody", "all"),
    "sw_if_index": Meaning(
        "the interface whose table has it", "sw_if_index", OWNER, "the owner, packets", "interface"
    ),
    "key": Meaning(
        "what packets look it up by", "info.kv.key", OWNER, "packets on any thread", "key"
    ),
    "proto": Meaning("its protocol", "info.l4.proto", OWNER, "packets, the owner"),
    "last_active_time": Meaning(
        "when its last packet came", "last_active_time", ANY_PACKET, OWNER, "time"
    ),
    "tcp_flags_seen_in": Meaning(
        "TCP flags seen on the interface's input",
        "tcp_flags_seen.as_u8[1]",
        ANY_PACKET,
        "packets, the owner",
        "flags",
    ),
    "tcp_flags_seen_out": Meaning(
        "TCP flags seen on its output",
        "tcp_flags_seen.as_u8[0]",
        ANY_PACKET,
        "packets, the owner",
        "flags",
    ),
    "link_list_id": Meaning("the list it is on", "link_list_id", OWNER, OWNER, "list"),
    "link_prev_idx": Meaning(
        "the session before it on the list; -1: it is the head", "link_prev_idx", OWNER, OWNER
    ),
    "link_next_idx": Meaning(
        "the session behind it; -1: it is the tail", "link_next_idx", OWNER, OWNER
    ),
    "link_enqueue_time": Meaning(
        "when it was linked",
        "link_enqueue_time",
        OWNER,
        OWNER,
        "time",
    ),
    "intf_policy_epoch": Meaning(
        "the policy epoch of its interface and direction as it was made",
        "intf_policy_epoch",
        OWNER,
        "packets, where sessions are reclassified",
    ),
}


def meaning_of(row: str, name: str) -> Meaning:
    """The meaning of a field that is named as `Workbench.writers` says."""
    table = WORKER_FIELDS
    if row == "cleaner":
        table = CLEANER_FIELDS
    elif row.startswith("session "):
        table = SESSION_MEANINGS
    return table[name]
