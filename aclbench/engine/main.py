"""The state that all threads share, and the protocol through which the machine calls its driver.

VPP calls it `acl_main_t`; with it here are the interfaces and the forwarding table, which in VPP
belong to vnet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aclbench.engine.acl import Acl
from aclbench.engine.fib import Fib
from aclbench.engine.packet import DEFAULT_EXTENSION_HEADERS, Parse, flow_hash
from aclbench.engine.places import Beside, SessionPlace
from aclbench.engine.pool import Session, SessionPool
from aclbench.engine.session import POLICY_EPOCH_IS_INPUT, Classes
from aclbench.engine.steps import WAIT_FOR_EVENT, CleanerEvent, Wait
from aclbench.engine.table import InTable, SessionTable
from aclbench.engine.telling import Tell
from aclbench.engine.timeouts import (
    DEFAULT_MAX_DELETED_SESSIONS_PER_INTERVAL,
    DEFAULT_MAX_ENTRIES,
    DEFAULT_MIN_DELETED_SESSIONS_PER_INTERVAL,
    NS_PER_SEC,
    WAIT_INTERVAL_MAX_NS,
    WAIT_INTERVAL_MIN_NS,
    TimeoutClass,
)
from aclbench.engine.worker import Worker


class Host(Protocol):
    """What the machine asks of whoever drives it. Each may be called from any step."""

    def raise_interrupt(self, thread_index: int) -> None:
        """Have the thread run its interrupt handler, soon."""

    def interrupt_is_due_at(self, time: int) -> None:
        """A worker has set its `interrupt_due`: it is to be interrupted at that time."""

    def signal_cleaner(self, event: CleanerEvent) -> None:
        """Hand the cleaner an event; if it waits for one, it wakes."""

    def memory_barrier(self) -> None:
        """What this thread wrote is seen before what it reads next is read.

        VPP: `CLIB_MEMORY_BARRIER`. Of two threads that each write one field, pass the barrier and
        read the other's, at least one sees what the other wrote.
        """


class Interface:
    """One interface. Written by the thread that runs commands, but for the table's content."""

    def __init__(self, sw_if_index: int, name: str, pools: list[SessionPool]) -> None:
        self.sw_if_index: int = sw_if_index
        self.name: str = name
        self.admin_up: bool = False
        self.mac: str = ""
        #: (address, prefix length, is_ip6)
        self.addresses: list[tuple[int, int, bool]] = []
        #: ACL indices in order; replaced as a whole, so that a match under way keeps its own.
        self.input_acls: tuple[int, ...] = ()
        self.output_acls: tuple[int, ...] = ()
        #: The lookup table.
        self.sessions: SessionTable = SessionTable(pools)
        #: The thread that polls it, with interface placement.
        self.rx_thread: int = 0
        #: Counted up at each change of that direction's rules or list: sessions keep that of their
        #: making (VPP's policy epoch; the highest bit says which direction).
        self.input_policy_epoch: int = POLICY_EPOCH_IS_INPUT
        self.output_policy_epoch: int = 0
        #: Deleted, its sessions being cleared; the index is not free yet.
        self.deleted: bool = False


class CleanerData:
    """The cleaner's own data: written by the cleaner alone."""

    def __init__(self) -> None:
        self.wait: Wait = WAIT_FOR_EVENT
        self.wait_interval: int = WAIT_INTERVAL_MAX_NS
        #: The interfaces of the clear under way.
        self.clearing_bitmap: int = 0
        # VPP's foreach_fa_cleaner_counter, but for two that nothing here would count.
        self.cnt_delete_by_sw_index: int = 0
        self.cnt_delete_by_sw_index_ok: int = 0
        self.cnt_wait_with_timeout: int = 0
        self.cnt_wait_without_timeout: int = 0
        self.cnt_event_cycles: int = 0
        self.cnt_interrupts_sent: int = 0
        self.cnt_flag_changes: int = 0
        self.cnt_clears_started: int = 0
        self.cnt_wait_changes: int = 0


class ShownData:
    """What VPP's `show` prints and the machine never looks at: written by vpp_main."""

    def __init__(self) -> None:
        #: One for each side of an interface that has ACLs, (sw_if_index, is_input).
        self.lookup_contexts: list[tuple[int, bool] | None] = []
        self.free_lookup_contexts: list[int] = []
        #: The contexts that each ACL is used in, as VPP lists them.
        self.contexts_of_acl: dict[int, tuple[int, ...]] = {}
        #: One more than the highest ACL index ever applied, on output and on input.
        self.acl_vec_len: list[int] = [0, 0]
        #: One more than the highest sw_if_index that ever had an ACL.
        self.acl_interface_vec_len: int = 0
        #: What was counted at `clear errors`, by node and reason; at `clear interfaces`, by
        #: sw_if_index and counter; at `clear runtime`, by thread and node, and when that was (ns).
        self.errors_cleared: dict[tuple[str, str], int] = {}
        self.interfaces_cleared: dict[tuple[int, str], int] = {}
        self.runtime_cleared: dict[tuple[int, str], int] = {}
        self.runtime_cleared_at: int = 0

    def forget_interface(self, sw_if_index: int, name: str) -> None:
        """A new interface is there, whose counters begin at 0."""
        counters = self.interfaces_cleared
        self.interfaces_cleared = {row: n for row, n in counters.items() if row[0] != sw_if_index}
        nodes = (f"{name}-output", f"{name}-tx")
        calls = self.runtime_cleared
        self.runtime_cleared = {row: n for row, n in calls.items() if row[1] not in nodes}


class Settings:
    """What commands set of aging, matching and placement, with what it is unless set."""

    def __init__(self, timeout_classes: tuple[TimeoutClass, ...]) -> None:
        #: Idle timeout of each class, and the shortest of them, in nanoseconds.
        self.session_timeout: list[int] = [c.idle_s * NS_PER_SEC for c in timeout_classes]
        self.shortest_timeout: int = min(self.session_timeout)
        self.conn_table_max_entries: int = DEFAULT_MAX_ENTRIES
        #: At least 1, or a clear would never end.
        self.max_deleted_sessions_per_interval: int = DEFAULT_MAX_DELETED_SESSIONS_PER_INTERVAL
        self.min_deleted_sessions_per_interval: int = DEFAULT_MIN_DELETED_SESSIONS_PER_INTERVAL
        #: Bounds of the cleaner's wait interval, in nanoseconds: 0 < min <= max.
        self.wait_interval_min: int = WAIT_INTERVAL_MIN_NS
        self.wait_interval_max: int = WAIT_INTERVAL_MAX_NS
        self.l4_match_nonfirst_fragment: bool = True
        #: Whether packets of a session whose rules have changed are judged anew.
        self.reclassify_sessions: bool = False
        self.interface_acl_counters_enabled: bool = False
        self.extension_headers: frozenset[int] = DEFAULT_EXTENSION_HEADERS
        #: True: a packet's thread is chosen by flow hash, not by its rx interface.
        self.flow_placement: bool = False


class AclMain(Settings):
    """Everything there is. `n_workers` 0 means that vpp_main carries the packets."""

    def __init__(
        self,
        n_workers: int,
        host: Host,
        timeout_classes: tuple[TimeoutClass, ...],
        lists: tuple[str, ...],
        workers: list[Worker],
    ) -> None:
        self.n_workers: int = n_workers
        self.host: Host = host
        #: The design's classes and lists, by number; and where sessions are beside those.
        self.timeout_classes: tuple[TimeoutClass, ...] = timeout_classes
        self.lists: tuple[str, ...] = lists
        self.places: tuple[SessionPlace, ...] = ()
        self.beside: Callable[[Worker], tuple[Beside, ...]] | None = None
        self.in_table: InTable | None = None  # None: a table has each live session
        #: Reads frames; None: `packet.parse_ethernet`, and what is faster and gives the same.
        self.parse: Parse | None = None
        #: What always holds beside the engine's own: given whether all is at rest, the problems.
        self.invariants: Callable[[AclMain, bool], list[str]] | None = None
        #: Tells who listens (`tell.listener` hears trace events); chooses a session's class.
        self.tell: Tell = Tell()
        self.classes: Classes = Classes()
        #: When a listed session is looked at, at the earliest: `Sessions.check_due`.
        self.check_due: Callable[[Session], int] | None = None
        #: One a thread, thread 0 among them; and their pools.
        self.workers: list[Worker] = workers
        self.pools: list[SessionPool] = [worker.pool for worker in self.workers]
        #: The workers whose threads carry packets.
        self.packet_workers: list[Worker] = self.workers[1:] if n_workers else self.workers
        self.cleaner: CleanerData = CleanerData()
        self.shown: ShownData = ShownData()

        #: By sw_if_index; None where an index is free.
        self.interfaces: list[Interface | None] = [Interface(0, "local0", self.pools)]
        #: The indexes of deleted interfaces, the last deleted last; some may not be cleared yet.
        self.free_sw_if_indices: list[int] = []
        #: The sw_if_index of each name, without those that are being deleted.
        self.interface_indexes: dict[str, int] = {"local0": 0}
        self.interfaces_created: int = 0
        self.fib: Fib = Fib()
        #: By ACL index; and the indexes that are free, the last deleted last.
        self.acls: dict[int, Acl] = {}
        self.free_acl_indices: list[int] = []
        super().__init__(timeout_classes)

    def interface(self, sw_if_index: int) -> Interface:
        """The interface at an index that is in use."""
        interface = self.interfaces[sw_if_index]
        assert interface is not None, f"sw_if_index {sw_if_index} is free"
        return interface

    def interface_named(self, name: str) -> Interface | None:
        """The interface of a name, unless it is being deleted."""
        sw_if_index = self.interface_indexes.get(name)
        return None if sw_if_index is None else self.interfaces[sw_if_index]

    def thread_of(self, rx: int, key: bytes) -> int:
        """Which thread handles a packet, by its rx interface or, with flow placement, its flow."""
        if not self.n_workers:
            return 0
        if self.flow_placement:
            return 1 + flow_hash(key) % self.n_workers if key else 1
        interface = self.interfaces[rx]
        return interface.rx_thread if interface is not None else 1

    def live_sessions(self) -> int:
        """Sessions alive over all threads."""
        live = 0
        for worker in self.workers:
            live += worker.live_sessions
        return live
