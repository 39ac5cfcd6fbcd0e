"""The compiled form of `table.py`: open addressing, with linear probing, in a column.

It is compiled under that file's name, and never imported by its own. Two threads do not come in
between each other, since compiled code does not give the interpreter's lock away.

An entry is a number: the lower 26 bits of the flow hash, 9 bits of the thread, 27 of the slot; all
that plus 2. By these bits of the hash most others of a chain need no look at their rows, and a
larger table is filled without one. A key and its mirror have one hash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from mypy_extensions import i64

from aclbench.engine.packet import KEY4_SIZE, flow_hash_of_words, key_words
from aclbench.engine.pool import K0, K1, K1_IS_IP6, NO_LIST, ROW, ROW6, Session, SessionPool
from aclbench.engine.storage import Column, zeros

NOT_FOUND: Final = -1
IS_FAST: Final = True
#: Whether the table of its interface has the live session of a slot.
InTable = Callable[[SessionPool, Session], bool]
#: In what is found: the thread above the slot.
_THREAD_SHIFT: Final = 32
_INDEX_MASK: Final = (1 << _THREAD_SHIFT) - 1

_EMPTY: Final = 0
#: There was one: the chain goes on.
_GONE: Final = 1
_FIRST: Final = 2
#: In an entry: the slot, the thread above it, and the bits of the hash.
_SLOT_BITS: Final = 27
_SLOT_MASK: Final = (1 << _SLOT_BITS) - 1
_PLACE_BITS: Final = _SLOT_BITS + 9
_PLACE_MASK: Final = (1 << _PLACE_BITS) - 1
_HASH_MASK: Final = (1 << 26) - 1
_SMALLEST: Final = 16


@final
class SessionTable:
    """Keys of one interface. `pools` are those of all threads, by thread index."""

    def __init__(self, pools: list[SessionPool]) -> None:
        self.pools: list[SessionPool] = pools
        self._slots: Column = zeros(_SMALLEST)
        self._mask: i64 = _SMALLEST - 1
        self._live: i64 = 0
        #: What `warm_up` read, so that it does read.
        self._seen: i64 = 0
        #: Entries that are not empty.
        self._used: i64 = 0

    def __len__(self) -> int:
        """How many sessions there are."""
        return self._live

    def get(self, key: bytes) -> Session | None:
        """The session of a key, if there is one."""
        is_ip6 = len(key) != KEY4_SIZE
        k0, k1, k2, k3, k4 = key_words(key)
        flow = flow_hash_of_words(k0, k1, k2, k3, k4, is_ip6)
        found = self.find6(k0, k1, k2, k3, k4, flow) if is_ip6 else self.find4(k0, k1, flow)
        return None if found == NOT_FOUND else self.session(found)

    def find4(self, k0: i64, k1: i64, flow: i64) -> i64:
        """Where the session of an IPv4 key is, by its words and its flow hash; `NOT_FOUND`."""
        slots, mask = self._slots, self._mask
        low: i64 = flow & _HASH_MASK
        at: i64 = flow & mask
        while True:
            entry = slots[at]
            if entry == _EMPTY:
                return NOT_FOUND
            entry -= _FIRST
            if entry >> _PLACE_BITS == low:
                found: i64 = _found(entry)
                rows = self.pools[found >> _THREAD_SHIFT].rows
                row: i64 = (found & _INDEX_MASK) * ROW
                if rows[row + K0] == k0 and rows[row + K1] == k1:
                    return found
            at = at + 1 & mask

    def find6(self, k0: i64, k1: i64, k2: i64, k3: i64, k4: i64, flow: i64) -> i64:
        """The same for IPv6."""
        slots, mask = self._slots, self._mask
        low: i64 = flow & _HASH_MASK
        at: i64 = flow & mask
        while True:
            entry = slots[at]
            if entry == _EMPTY:
                return NOT_FOUND
            entry -= _FIRST
            if entry >> _PLACE_BITS == low:
                found: i64 = _found(entry)
                pool = self.pools[found >> _THREAD_SHIFT]
                slot: i64 = found & _INDEX_MASK
                row: i64 = slot * ROW
                rows = pool.rows
                if rows[row + K0] == k0 and rows[row + K1] == k1 | K1_IS_IP6:
                    rest: i64 = slot * ROW6
                    rows = pool.rows6
                    if rows[rest] == k2 and rows[rest + 1] == k3 and rows[rest + 2] == k4:
                        return found
            at = at + 1 & mask

    def warm_up(self, flow: Column, begin: i64, end: i64) -> None:
        """Read what the look-ups of packets to come will read, so that it is in the caches.

        Each of these reads waits for memory, but they wait at the same time, as look-ups one after
        the other do not. VPP prefetches for the same reason.
        """
        slots, mask = self._slots, self._mask
        seen: i64 = 0
        for i in range(begin, end):
            seen ^= slots[flow[i] & mask]
        for i in range(begin, end):
            low: i64 = flow[i] & _HASH_MASK
            at: i64 = flow[i] & mask
            entry = slots[at]
            while entry != _EMPTY and entry - _FIRST >> _PLACE_BITS != low:
                at = at + 1 & mask
                entry = slots[at]
            if entry != _EMPTY:
                found: i64 = _found(entry - _FIRST)
                rows = self.pools[found >> _THREAD_SHIFT].rows
                row: i64 = (found & _INDEX_MASK) * ROW
                seen ^= rows[row + K0]
        self._seen = seen

    def session(self, found: i64) -> Session:
        """The session at a number that was found."""
        return Session(self.pools[found >> _THREAD_SHIFT], found & _INDEX_MASK)

    def enter(self, session: Session) -> Session:
        """Enter a session under its key. The one that is in the table then, this or another's."""
        k0, k1, k2, k3, k4 = session.words()
        is_ip6 = session.is_ip6
        flow = flow_hash_of_words(k0, k1, k2, k3, k4, is_ip6)
        found = self.find6(k0, k1, k2, k3, k4, flow) if is_ip6 else self.find4(k0, k1, flow)
        if found != NOT_FOUND:
            return self.session(found)
        self._add(flow, session)
        return session

    def put(self, session: Session) -> Session | None:
        """Enter a session under its key in the place of another, which is returned."""
        other = self.take(session.key)
        self._add(session.flow, session)
        return other

    def take(self, key: bytes) -> Session | None:
        """Take out whichever session has this key, if one has."""
        session = self.get(key)
        if session is not None:
            self.remove(session)
        return session

    def enter_new(self, session: Session) -> None:
        """Enter a session whose key is not there."""
        self._add(session.flow, session)

    def remove(self, session: Session) -> None:
        """Take a session out; it is there."""
        flow = session.flow
        wanted: i64 = self._entry(flow, session)
        at: i64 = flow & self._mask
        while self._slots[at] != wanted:
            at = at + 1 & self._mask
        self._slots[at] = _GONE
        self._live -= 1
        if self._slots[at + 1 & self._mask] == _EMPTY:  # a chain ends here, with what is gone
            while self._slots[at] == _GONE:
                self._slots[at] = _EMPTY
                self._used -= 1
                at = at - 1 & self._mask

    def sessions(self) -> list[Session]:
        """All of them: for checks."""
        found: list[Session] = []
        for at in range(self._mask + 1):
            entry = self._slots[at]
            if entry >= _FIRST:
                found.append(self.session(_found(entry - _FIRST)))
        return found

    def clear(self) -> None:
        """Take all out."""
        self._slots = zeros(_SMALLEST)
        self._mask = _SMALLEST - 1
        self._live = self._used = 0

    def reserve(self, sessions: i64) -> None:
        """Make room for so many more at once."""
        wanted: i64 = (self._live + sessions + 1) * 4 // 3
        if wanted > self._mask + 1:
            self._rebuild(wanted)

    def _add(self, flow: i64, session: Session) -> None:
        if (self._used + 1) * 4 > (self._mask + 1) * 3:
            self._rebuild((self._live + 1) * 2)
        self._put(flow, self._entry(flow, session))
        self._live += 1

    def _entry(self, flow: i64, session: Session) -> i64:
        slot: i64 = session.session_index
        assert slot <= _SLOT_MASK, "a thread has more sessions than a table can name"
        place: i64 = session.thread_index << _SLOT_BITS | slot
        return ((flow & _HASH_MASK) << _PLACE_BITS | place) + _FIRST

    def _put(self, flow: i64, entry: i64) -> None:
        """Write an entry where there is room; there is."""
        at: i64 = flow & self._mask
        while self._slots[at] >= _FIRST:
            at = at + 1 & self._mask
        if self._slots[at] == _EMPTY:
            self._used += 1
        self._slots[at] = entry

    def _rebuild(self, least: i64) -> None:
        """Have at least so many places, and none that is gone."""
        old, size = self._slots, self._mask + 1
        wanted: i64 = _SMALLEST
        while wanted < least:
            wanted *= 2
        self._slots = zeros(wanted)
        self._mask = wanted - 1
        self._used = 0
        knows_hash = self._mask <= _HASH_MASK
        for at in range(size):
            entry = old[at]
            if entry >= _FIRST:
                flow: i64 = entry - _FIRST >> _PLACE_BITS
                if not knows_hash:
                    flow = self.session(_found(entry - _FIRST)).flow
                self._put(flow, entry)


def _found(entry: i64) -> i64:
    """What an entry less `_FIRST` names, as the look-ups say it."""
    thread: i64 = (entry & _PLACE_MASK) >> _SLOT_BITS
    return thread << _THREAD_SHIFT | entry & _SLOT_MASK


def enter_listed(
    pool: SessionPool, tables: list[SessionTable | None], begin: int, in_table: InTable | None
) -> None:
    """Enter the sessions in the slots of a pool from `begin` on, which are in no table yet.

    `in_table` says which of them; None: all.
    """
    listed: Column = zeros(len(tables))
    for session_index in range(begin, len(pool)):
        session = pool.session(session_index)
        if session.link_list_id != NO_LIST:
            listed[session.sw_if_index] += 1
    for sw_if_index, table in enumerate(tables):
        if table is not None:
            table.reserve(listed[sw_if_index])
    for session_index in range(begin, len(pool)):
        session = pool.session(session_index)
        if session.link_list_id != NO_LIST and (in_table is None or in_table(pool, session)):
            table = tables[session.sw_if_index]
            assert table is not None
            table.enter_new(session)
