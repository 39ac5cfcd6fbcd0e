"""The compiled form of `pool.py`: a session is a row of numbers, a slot the index of a row.

It is compiled under that file's name, and never imported by its own. VPP's pool is memory in which
a session is a struct. So it is here: eight words of 64 bits a slot in one column, and for IPv6
three more, the rest of the key, in another. `Session` names them.
"""

from __future__ import annotations

from typing import Any, Final, final

from mypy_extensions import i64, mypyc_attr

from aclbench.engine.packet import flow_hash_of_words, key_of_words, key_words
from aclbench.engine.storage import Column, column, extended, zeros

#: No session here: the end of a list (VPP: ~0).
NO_SESSION: Final = -1
#: On no list: a freed slot.
NO_LIST: Final = -1

#: Words of a row. The last five are what a packet on any thread reads and writes. A row of a long
#: column begins 40 bytes into a line of the processor's cache, so that they are in one line.
#: `SEEN_IN` and `SEEN_OUT` are apart, as two threads may write them.
ROW: Final = 8
ENQUEUED: Final = 0
#: Before and after it on its list, each with 1 added.
LINKS: Final = 1
#: List, policy epoch and interface.
OWNED: Final = 2
K0: Final = 3
#: The key's second word, and above it whether it is IPv6.
K1: Final = 4
LAST_ACTIVE: Final = 5
SEEN_IN: Final = 6
SEEN_OUT: Final = 7
#: Words of the other column: the key's third, fourth and fifth.
ROW6: Final = 3

#: Slots that a pool grows by.
_MORE: Final = 64

K1_IS_IP6: Final = 1 << 48
_LIST_MASK: Final = 0xFFFF
EPOCH_SHIFT: Final = 16
EPOCH_MASK: Final = 0xFFFF
_INTERFACE_SHIFT: Final = 32
_AFTER_MASK: Final = 0xFFFFFFFF
_BEFORE_SHIFT: Final = 32


@final
class SessionPool:
    """The slots of one thread. They are handed out again: the last freed first."""

    def __init__(self, thread_index: int, n_columns: int) -> None:
        self.thread_index: i64 = thread_index
        #: Slots that were handed out; behind their rows is room for more.
        self._slots: i64 = 0
        self.rows: Column = column(())
        #: With room for as many slots once the pool has had an IPv6 session.
        self.rows6: Column = column(())
        self.free_indices: list[int] = []
        #: A design's own columns, each with an integer a slot, 0 when the slot is taken.
        self.columns: list[list[int]] = [[] for _ in range(n_columns)]

    def __len__(self) -> int:
        """Slots, the free ones among them."""
        return self._slots

    def session(self, session_index: i64) -> Session:
        """The session in a slot, be it free."""
        return Session(self, session_index)

    def take(self) -> Session:
        """A slot that is free, or a new one; what was in it is for the caller to write over."""
        if self.free_indices:
            session = Session(self, self.free_indices.pop())
            for column in self.columns:
                column[session.session_index] = 0
            return session
        slot: i64 = self._slots
        if slot * ROW == len(self.rows):
            self.rows = extended(self.rows, zeros(_MORE * ROW))
            if len(self.rows6):
                self.rows6 = extended(self.rows6, zeros(_MORE * ROW6))
        self._slots = slot + 1
        for column in self.columns:
            column.append(0)
        return Session(self, slot)

    # --- for the fast path --------------------------------------------------------------------

    def flags_seen(self, session_index: i64, is_input: bool) -> i64:
        """The TCP flags seen on one side."""
        row: i64 = session_index * ROW
        return self.rows[row + SEEN_IN] if is_input else self.rows[row + SEEN_OUT]

    def touch(self, session_index: i64, now: i64) -> None:
        """Write the timestamp."""
        self.rows[session_index * ROW + LAST_ACTIVE] = now

    # --- packed -------------------------------------------------------------------------------

    def pack(self, begin: i64, end: i64) -> tuple[Any, ...]:
        """The slots from `begin` up to `end`, for `unpack`."""
        rows = self.rows[begin * ROW : end * ROW]
        rows6 = self.rows6[begin * ROW6 : end * ROW6]
        return rows, rows6

    def unpack(self, packed: tuple[Any, ...]) -> None:
        """Append slots that `pack` gave."""
        slots: i64 = self._slots
        if len(self.rows) > slots * ROW:
            self.rows, self.rows6 = self.rows[: slots * ROW], self.rows6[: slots * ROW6]
        self.rows = extended(self.rows, packed[0])
        self.rows6 = extended(self.rows6, packed[1])
        self._slots = len(self.rows) // ROW

    def clear(self) -> None:
        """Free all of it."""
        self._slots = 0
        self.rows = column(())
        self.rows6 = column(())
        self.free_indices = []

    def make_room_for_ip6(self) -> None:
        """The first IPv6 session comes: each slot has a place for the rest of a key."""
        if not len(self.rows6):
            self.rows6 = zeros(len(self.rows) // ROW * ROW6)


@final
@mypyc_attr(free_list_len=1, acyclic=True)
class Session:
    """One session: the names of what stands in its row (VPP: `fa_session_t`). Times are ns.

    Written by the owner alone: everything but the three fields that a packet on any thread writes,
    `last_active_time` and the two halves of `tcp_flags_seen`. Slots are handed out again after a
    session is freed. Another thread that still holds a freed session can write its timestamp and
    flags into the slot: the design accepts that, and so does this code.
    """

    __slots__ = ("pool", "session_index")

    def __init__(self, pool: SessionPool, session_index: i64) -> None:
        self.pool: SessionPool = pool
        self.session_index: i64 = session_index

    def is_same(self, other: Session) -> bool:
        """Whether both are in the same slot."""
        return self.pool is other.pool and self.session_index == other.session_index

    @property
    def thread_index(self) -> i64:
        """The owner's thread."""
        return self.pool.thread_index

    # --- what packets write -------------------------------------------------------------------

    @property
    def last_active_time(self) -> i64:
        """When its last packet was handled."""
        return self.pool.rows[self.session_index * ROW + LAST_ACTIVE]

    @last_active_time.setter
    def last_active_time(self, time: i64) -> None:
        self.pool.rows[self.session_index * ROW + LAST_ACTIVE] = time

    @property
    def tcp_flags_seen_in(self) -> i64:
        """The TCP flags seen on its interface's input side."""
        return self.pool.rows[self.session_index * ROW + SEEN_IN]

    @tcp_flags_seen_in.setter
    def tcp_flags_seen_in(self, flags: i64) -> None:
        self.pool.rows[self.session_index * ROW + SEEN_IN] = flags

    @property
    def tcp_flags_seen_out(self) -> i64:
        """The same on the output side."""
        return self.pool.rows[self.session_index * ROW + SEEN_OUT]

    @tcp_flags_seen_out.setter
    def tcp_flags_seen_out(self, flags: i64) -> None:
        self.pool.rows[self.session_index * ROW + SEEN_OUT] = flags

    # --- what it is of ------------------------------------------------------------------------

    def set_owned(self, sw_if_index: i64, intf_policy_epoch: i64) -> None:
        """Note whose session it is; it is on no list."""
        owned: i64 = sw_if_index << _INTERFACE_SHIFT | intf_policy_epoch << EPOCH_SHIFT
        self.pool.rows[self.session_index * ROW + OWNED] = owned

    @property
    def sw_if_index(self) -> i64:
        """The interface whose acl node made it."""
        return self.pool.rows[self.session_index * ROW + OWNED] >> _INTERFACE_SHIFT

    @property
    def intf_policy_epoch(self) -> i64:
        """That of its interface, and of the direction of the packet that made it."""
        return self.pool.rows[self.session_index * ROW + OWNED] >> EPOCH_SHIFT & EPOCH_MASK

    @intf_policy_epoch.setter
    def intf_policy_epoch(self, epoch: i64) -> None:
        at: i64 = self.session_index * ROW + OWNED
        owned: i64 = self.pool.rows[at]
        old: i64 = owned >> EPOCH_SHIFT & EPOCH_MASK
        self.pool.rows[at] = owned + ((epoch - old) << EPOCH_SHIFT)

    # --- the key ------------------------------------------------------------------------------

    @property
    def key(self) -> bytes:
        """The key in its interface's table."""
        k0, k1, k2, k3, k4 = self.words()
        return key_of_words(k0, k1, k2, k3, k4, self.is_ip6)

    @property
    def is_ip6(self) -> bool:
        """The family of its key."""
        return self.pool.rows[self.session_index * ROW + K1] & K1_IS_IP6 != 0

    def set_key(self, key: bytes, is_ip6: bool) -> None:
        """Write the key, and its family."""
        k0, k1, k2, k3, k4 = key_words(key)
        pool, at = self.pool, self.session_index * ROW
        pool.rows[at + K0] = k0
        pool.rows[at + K1] = k1 | K1_IS_IP6 if is_ip6 else k1
        if is_ip6:
            pool.make_room_for_ip6()
            at = self.session_index * ROW6
            pool.rows6[at] = k2
            pool.rows6[at + 1] = k3
            pool.rows6[at + 2] = k4

    def words(self) -> tuple[i64, i64, i64, i64, i64]:
        """The key as `packet.key_words` has it."""
        pool, at = self.pool, self.session_index * ROW
        k0, k1 = pool.rows[at + K0], pool.rows[at + K1]
        if not k1 & K1_IS_IP6:
            return k0, k1, 0, 0, 0
        at = self.session_index * ROW6
        return k0, k1 ^ K1_IS_IP6, pool.rows6[at], pool.rows6[at + 1], pool.rows6[at + 2]

    @property
    def proto(self) -> i64:
        """The protocol, of the key."""
        return self.pool.rows[self.session_index * ROW + K1] >> 8 & 0xFF

    @property
    def flow(self) -> i64:
        """The flow hash of its key."""
        k0, k1, k2, k3, k4 = self.words()
        return flow_hash_of_words(k0, k1, k2, k3, k4, self.is_ip6)

    # --- the list -----------------------------------------------------------------------------

    @property
    def link_list_id(self) -> i64:
        """The list that it is on, or `NO_LIST`."""
        owned: i64 = self.pool.rows[self.session_index * ROW + OWNED]
        return (owned & _LIST_MASK) - 1

    @link_list_id.setter
    def link_list_id(self, list_id: i64) -> None:
        at: i64 = self.session_index * ROW + OWNED
        owned: i64 = self.pool.rows[at]
        old: i64 = (owned & _LIST_MASK) - 1
        self.pool.rows[at] = owned + list_id - old

    @property
    def link_prev_idx(self) -> i64:
        """The session before it on its list, or `NO_SESSION`."""
        return (self.pool.rows[self.session_index * ROW + LINKS] >> _BEFORE_SHIFT) - 1

    @link_prev_idx.setter
    def link_prev_idx(self, session_index: i64) -> None:
        at: i64 = self.session_index * ROW + LINKS
        after: i64 = self.pool.rows[at] & _AFTER_MASK
        self.pool.rows[at] = (session_index + 1) << _BEFORE_SHIFT | after

    @property
    def link_next_idx(self) -> i64:
        """The session behind it, or `NO_SESSION`."""
        return (self.pool.rows[self.session_index * ROW + LINKS] & _AFTER_MASK) - 1

    @link_next_idx.setter
    def link_next_idx(self, session_index: i64) -> None:
        at: i64 = self.session_index * ROW + LINKS
        links: i64 = self.pool.rows[at]
        self.pool.rows[at] = links - (links & _AFTER_MASK) + session_index + 1

    @property
    def link_enqueue_time(self) -> i64:
        """When it was appended to its list."""
        return self.pool.rows[self.session_index * ROW + ENQUEUED]

    @link_enqueue_time.setter
    def link_enqueue_time(self, time: i64) -> None:
        self.pool.rows[self.session_index * ROW + ENQUEUED] = time
