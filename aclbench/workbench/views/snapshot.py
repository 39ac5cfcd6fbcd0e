"""Snapshots: frozen views of the bench, the only thing that faces read.

A `View` names the threads, the lists and the part of each list that is wanted; `taking` makes the
snapshot. Times are nanoseconds of virtual time, bitmaps ints with bit n for
sw_if_index n, flags 0 or 1. `to_json` makes plain dicts, lists, strings and numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, NamedTuple

from aclbench.engine.session import SessionId
from aclbench.workbench.views.counts import PacketCounts, SessionCounts
from aclbench.workbench.views.keys import connection_text, connection_texts

#: Positions in a list are exact up to here; beyond, a session's position is None.
EXACT_POSITIONS: Final = 10_000
#: Sessions shown of each end of a list unless a view says otherwise.
DEFAULT_WINDOW: Final = 32


@dataclass(frozen=True, slots=True)
class View:
    """What to show. None means all threads, or all lists.

    `anchor` is where the window of `size` sessions lies in each list: at its head, its tail, both
    ends, or around one session (then only that session's list has a window).
    """

    threads: tuple[int, ...] | None = None
    lists: tuple[int, ...] | None = None
    anchor: Literal["head", "tail", "ends"] | SessionId = "ends"
    size: int = DEFAULT_WINDOW


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session, with VPP's names, and what follows from them.

    `timeout_class` is its class now, `class_name` the name of that; `link_list_id` is the list that
    it is on. `check_due` is when its owner would take it at the earliest, `expires` when it will
    have been idle for its timeout.
    """

    thread_index: int
    session_index: int
    position: int | None
    sw_if_index: int
    src: str
    sport: int
    dst: str
    dport: int
    proto: int
    timeout_class: int
    class_name: str
    link_list_id: int
    link_prev_idx: int
    link_next_idx: int
    link_enqueue_time: int
    last_active_time: int
    tcp_flags_seen_in: int
    tcp_flags_seen_out: int
    idle: int
    check_due: int
    expires: int

    @property
    def id(self) -> SessionId:
        """Where it is."""
        return SessionId(self.thread_index, self.session_index)

    @property
    def ends(self) -> tuple[str, str, str]:
        """Source, destination and protocol, in the direction of ingress."""
        return connection_texts(self.src, self.sport, self.dst, self.dport, self.proto)

    @property
    def connection(self) -> str:
        """The two ends as one line, in the direction of ingress."""
        return connection_text(self.src, self.sport, self.dst, self.dport, self.proto)


@dataclass(frozen=True, slots=True)
class ListView:
    """One FIFO: its ends, its length, and the sessions in the window, head first."""

    list_id: int
    name: str
    length: int
    head: int
    tail: int
    head_expiry_time: int | None
    sessions: tuple[SessionView, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What a worker has in a place beside its lists: see `engine.places`."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class BesideView:
    """What else a design has of a worker: see `engine.places`."""

    name: str
    text: str
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One thread: its lists, bitmaps, flags and counters. `next_step` is empty if it is idle.

    `now` is the time of the thread when it showed this: on real threads, each has its own.
    """

    thread_index: int
    name: str
    now: int
    carries_packets: bool
    next_step: str
    lists: tuple[ListView, ...]
    places: tuple[PlaceView, ...]
    beside: tuple[BesideView, ...]
    taken: tuple[int, ...]
    pool_size: int
    sessions: int
    serviced_sw_if_index_bitmap: int
    pending_clear_sw_if_index_bitmap: int
    swipe_end_time: int
    clear_in_process: int
    interrupt_is_pending: int
    interrupt_is_needed: int
    interrupt_is_unwanted: int
    packets: int
    added: int
    deleted: int
    requeued: int
    recycled: int
    interrupts_served: int
    class_changes: int


@dataclass(frozen=True, slots=True)
class CleanerView:
    """The cleaner: what it waits for and until when (None: an event alone), and its counters."""

    waits_for: str
    wait_until: int | None
    wait_interval: int
    next_step: str
    clearing_bitmap: int
    event_cycles: int
    interrupts_sent: int
    waits_with_timeout: int
    waits_without_timeout: int
    clears: int
    clears_done: int


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """One interface and what is applied on it."""

    sw_if_index: int
    name: str
    admin_up: bool
    deleted: bool
    rx_thread: int
    addresses: tuple[str, ...]
    input_acls: tuple[int, ...]
    output_acls: tuple[int, ...]
    sessions: int


class Outlook(NamedTuple):
    """What is due next (None: nothing), what the cleaner waits for, and how many sessions live."""

    now: int
    next_time: int | None
    wait_until: int | None
    wait_interval: int
    live: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bench at one instant. `next_time` is when the next thing is due; None if nothing is.

    `class_names` and `list_names` are those of the `design`'s classes and lists, by number;
    `class_words` are the classes in commands, `class_abouts` what is in them.
    On real threads (`threaded`) each worker's part has a time of its own, and `next_step` is what
    the thread is at.
    """

    now: int
    next_time: int | None
    workers: tuple[WorkerView, ...]
    cleaner: CleanerView
    interfaces: tuple[InterfaceView, ...]
    sessions: SessionCounts
    packets: PacketCounts
    design: str
    class_names: tuple[str, ...]
    class_words: tuple[str, ...]
    class_abouts: tuple[str, ...]
    list_names: tuple[str, ...]
    place_names: tuple[str, ...]
    session_timeout: tuple[int, ...]
    shortest_timeout: int
    max_entries: int
    threaded: bool

    def interface_names(self, bitmap: int) -> tuple[str, ...]:
        """The interfaces of a bitmap by name; an index that is free shows as a number."""
        names = {i.sw_if_index: i.name for i in self.interfaces}
        bits = range(bitmap.bit_length())
        return tuple(names.get(n, str(n)) for n in bits if bitmap >> n & 1)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        return asdict(self)
