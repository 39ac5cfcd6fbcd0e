"""What one thread owns: its session pool, its lists, its flags, its counters.

VPP calls it `acl_fa_per_worker_data_t`. Each field below says who writes it; a field that only the
owner writes and only the owner reads needs nothing more.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from aclbench.engine.outcomes import Outcomes
from aclbench.engine.pool import NO_SESSION, Session, SessionPool
from aclbench.engine.reasons import acl_of
from aclbench.engine.timeouts import NEVER

#: The thread that the cleaner runs on.
THREAD_MAIN: Final = 0


class InterfaceCounters:
    """What one thread counted of the packets on one interface; the bytes are those on the wire.

    An object for each interface, not a list for each counter: compiled, an attribute is a machine
    integer, where a list holds Python's, of which each increment makes a new one.
    """

    def __init__(self) -> None:
        self.rx_packets: int = 0
        self.rx_bytes: int = 0
        self.tx_packets: int = 0
        self.tx_bytes: int = 0
        self.drops: int = 0
        self.punts: int = 0
        #: Of those that entered, IPv6 packets, and what is no IP packet.
        self.rx_ip6: int = 0
        self.rx_not_ip: int = 0


class PacketCounters:
    """What one thread counts of its packets: by reason, by rule, by interface."""

    def __init__(self) -> None:
        #: For each packet its last reason (see reasons.py), and how often.
        self.packet_reasons: dict[int, int] = {}
        #: The reasons of acl nodes that were not a packet's last.
        self.passed_checks: dict[int, int] = {}
        #: The class changes by the acl node whose packet made them: `reasons.node_bits`.
        self.class_changes_by_node: dict[int, int] = {}
        #: Sessions deleted since the rules changed, by sw_if_index (VPP: epoch changes).
        self.session_epoch_changes_by_sw_if_index: dict[int, int] = {}
        #: Packets and bytes by the rule that matched them, while that is counted: the reason's
        #: ACL and rule.
        self.rule_matches: dict[int, int] = {}
        self.rule_match_bytes: dict[int, int] = {}
        #: By sw_if_index, of the packets that this thread handled.
        self.interface_counters: list[InterfaceCounters] = [InterfaceCounters()]

    def forget_rule_matches(self, acl_index: int) -> None:
        """An ACL is replaced or deleted: its rules' counters begin at 0."""
        for counts in (self.rule_matches, self.rule_match_bytes):
            for rule in [rule for rule in counts if acl_of(rule) == acl_index]:
                del counts[rule]


class WorkerCounters(PacketCounters):
    """What one thread counts: of packets, and of sessions and interrupts. Readers sum it up."""

    def __init__(self) -> None:
        self.cnt_deleted_sessions: int = 0
        #: Those of them whose interface was being cleared.
        self.cnt_cleared_sessions: int = 0
        #: Those of them whose rules had changed.
        self.cnt_reclassified_sessions: int = 0
        self.cnt_session_timer_restarted: int = 0
        self.cnt_recycled_sessions: int = 0
        self.cnt_interrupts_served: int = 0
        #: Those that it raised itself, on other workers or on its own thread.
        self.cnt_interrupts_sent: int = 0
        self.cnt_class_changes: int = 0
        self.cnt_flag_changes: int = 0
        self.cnt_sweeps_started: int = 0
        self.cnt_sweeps_finished: int = 0
        self.cnt_rules_replaced: int = 0
        #: What its design told of, beside all that.
        self.cnt_design_events: int = 0
        self.session_adds_by_sw_if_index: dict[int, int] = {}
        self.session_dels_by_sw_if_index: dict[int, int] = {}
        self.live_sessions: int = 0
        #: The most live sessions that this thread saw over all threads, as it added one.
        self.peak_sessions: int = 0
        super().__init__()


class Worker(WorkerCounters):
    """Per-thread data. Bitmaps are ints, bit n standing for sw_if_index n; flags are 0 or 1."""

    def __init__(self, thread_index: int, n_lists: int, n_columns: int, n_numbers: int) -> None:
        self.thread_index: int = thread_index
        # The pool and the lists: written by the owner. Others reach a session through an
        # interface's table and write only its timestamp and flags.
        self.pool: SessionPool = SessionPool(thread_index, n_columns)
        self.conn_list_head: list[int] = [NO_SESSION] * n_lists
        self.conn_list_tail: list[int] = [NO_SESSION] * n_lists
        self.conn_list_length: list[int] = [0] * n_lists
        #: When each list's head is due: written by the owner, read by the cleaner.
        self.head_expiry_time: list[int] = [NEVER] * n_lists
        #: Slots that the idle check has taken and not yet judged: the owner's alone.
        self.expired: deque[int] = deque()
        #: What a design keeps of a thread (`Design.numbers`): for each name integers, as many as
        #: it likes. The design says who writes them.
        self.numbers: list[list[int]] = [[] for _ in range(n_numbers)]

        # The mass clear. The owner alone writes the first two.
        self.swipe_end_time: int = 0
        self.serviced_sw_if_index_bitmap: int = 0
        #: Set by the cleaner while clear_in_process is 0, cleared by the owner while it is 1.
        self.pending_clear_sw_if_index_bitmap: int = 0
        #: Set by the cleaner, cleared by the owner, last of all.
        self.clear_in_process: int = 0

        # The interrupt flags.
        #: Set by the cleaner before it raises the interrupt, cleared by the owner as it begins.
        self.interrupt_is_pending: int = 0
        #: Set, or cleared when the rate is right, by the owner; cleared by the cleaner as it sends.
        self.interrupt_is_needed: int = 0
        #: Set (and, when the rate is right, cleared) by the owner; cleared by the cleaner's tally.
        self.interrupt_is_unwanted: int = 0
        #: When this thread interrupts itself, at the latest; an interrupt that comes earlier takes
        #: its place. Written by the owner (`flags.interrupt_self_at`), read by whoever drives it.
        self.interrupt_due: int = NEVER

        #: The session that the last acl node on this thread hit or made: for traces.
        self.session_in_hand: Session | None = None
        #: The number of the packet that this thread is on: for traces.
        self.packet_number: int = 0
        #: While somebody keeps it, what became of each packet that is done. In virtual time all
        #: workers have the same one.
        self.outcomes: Outcomes | None = None
        super().__init__()

    def list_sessions(self, list_id: int) -> list[Session]:
        """The sessions of one list, head first. Walks the list: for checks and small views."""
        found: list[Session] = []
        index = self.conn_list_head[list_id]
        while index != NO_SESSION:
            session = self.pool.session(index)
            found.append(session)
            if len(found) > len(self.pool):
                raise AssertionError(f"thread {self.thread_index}: list {list_id} is a circle")
            index = session.link_next_idx
        return found
