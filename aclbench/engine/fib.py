"""Forwarding: a longest-prefix table made of interface addresses and added routes.

Deliberately plain: it only says which interface a packet leaves by. Multicast, broadcast and what
is for the bench itself (its own addresses, IPv6 link-local) end here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from aclbench.engine.acl import prefix_mask

#: What `lookup` says when there is no tx interface.
FIB_NO_ROUTE: Final = -1
FIB_FOR_US: Final = -2
FIB_MULTICAST: Final = -3
FIB_BROADCAST: Final = -4

#: Destinations in a cache; a full one is emptied.
CACHE_LIMIT: Final = 65536


class Source(IntEnum):
    """Who put an entry in the table; of several for one prefix the lowest wins, as in VPP."""

    LOCAL = 0
    INTERFACE = 1
    CLI = 2


class Prefix(NamedTuple):
    """A network: its address as an int with no host bits, its length, its family."""

    address: int
    length: int
    is_ip6: bool


class FibEntry(NamedTuple):
    """Where one prefix leads: `sw_if_index` may be a `FIB_` value, `via` says who put it there.

    Two addresses of one subnet put two entries in, and each takes its own out again.
    """

    prefix: Prefix
    source: Source
    sw_if_index: int
    via: str


#: Never forwarded, whatever routes there are: multicast, limited broadcast, link-local.
NEVER_FORWARDED: Final = (
    FibEntry(Prefix(0xE0000000, 4, False), Source.LOCAL, FIB_MULTICAST, "never forwarded"),
    FibEntry(Prefix(0xFFFFFFFF, 32, False), Source.LOCAL, FIB_BROADCAST, "never forwarded"),
    FibEntry(Prefix(0xFF << 120, 8, True), Source.LOCAL, FIB_MULTICAST, "never forwarded"),
    FibEntry(Prefix(0xFE80 << 112, 10, True), Source.LOCAL, FIB_FOR_US, "never forwarded"),
)


class Fib:
    """The table. Changed by the thread that runs commands; read by every worker.

    Each thread has a cache of its own: threads that fill and read one would wait for each other.
    """

    def __init__(self, n_threads: int = 1) -> None:
        #: Used as a set that keeps its order.
        self.entries: dict[FibEntry, None] = {}
        self._routes: dict[Prefix, FibEntry] = {}
        self._lengths: dict[bool, list[tuple[int, dict[int, FibEntry]]]] = {False: [], True: []}
        #: The look-up tables are those of other entries: the next look-up rebuilds them first.
        self._stale = False
        #: By thread index: the cache of what this thread has looked up.
        self._caches: list[dict[bytes, int]] = [{} for _ in range(n_threads)]

    def add(self, entry: FibEntry) -> None:
        """Put an entry in."""
        self.entries[entry] = None
        if entry.source == Source.CLI:
            self._routes[entry.prefix] = entry
        self._changed()

    def remove(self, entry: FibEntry) -> None:
        """Take an entry out, if it is there."""
        self.entries.pop(entry, None)
        if self._routes.get(entry.prefix) == entry:
            del self._routes[entry.prefix]
        self._changed()

    def replace(self, entries: Iterable[FibEntry]) -> None:
        """Have these entries and no others."""
        self.entries = dict.fromkeys(entries)
        self._routes = {e.prefix: e for e in self.entries if e.source == Source.CLI}
        self._changed()

    def route(self, prefix: Prefix) -> FibEntry | None:
        """The route that was added to exactly this prefix."""
        return self._routes.get(prefix)

    def remove_interface(self, sw_if_index: int) -> None:
        """Take out every entry that leads to this interface."""
        self.replace(e for e in self.entries if e.sw_if_index != sw_if_index)

    def lookup(self, address: bytes, thread_index: int = 0) -> int:
        """The tx interface for a destination in network order, or one of the `FIB_` values."""
        # Only ever this cache: one that a change made meanwhile must not get an old answer.
        cache = self._caches[thread_index]
        tx = cache.get(address)
        if tx is None:
            entry = self.entry_for(address)
            tx = entry.sw_if_index if entry is not None else FIB_NO_ROUTE
            if len(cache) >= CACHE_LIMIT:
                cache.clear()
            cache[address] = tx
        return tx

    def entry_for(self, address: bytes) -> FibEntry | None:
        """The entry with the longest prefix of a destination in network order, if there is one."""
        value, bits = int.from_bytes(address, "big"), len(address) * 8
        for entry in NEVER_FORWARDED:
            prefix = entry.prefix
            same_family = prefix.is_ip6 == (bits == 128)
            if same_family and (value ^ prefix.address) >> (bits - prefix.length) == 0:
                return entry
        if self._stale:
            self._rebuild()
        for length, networks in self._lengths[bits == 128]:
            found = networks.get(value >> (bits - length))
            if found is not None:
                return found
        return None

    def _changed(self) -> None:
        """The entries are others. Caches last: who sees the new ones rebuilds the tables."""
        self._stale = True
        self._caches = [{} for _ in self._caches]

    def _rebuild(self) -> None:
        """Rebuild the look-up tables, longest prefix first. New objects: readers keep theirs.

        Once for as many changes as there were. Two threads that both find it due make the same.
        """
        tables: dict[bool, dict[int, dict[int, FibEntry]]] = {False: {}, True: {}}
        for entry in sorted(self.entries, key=_rank, reverse=True):
            bits = 128 if entry.prefix.is_ip6 else 32
            by_length = tables[entry.prefix.is_ip6].setdefault(entry.prefix.length, {})
            by_length[entry.prefix.address >> (bits - entry.prefix.length)] = entry
        self._lengths = {
            family: sorted(by_length.items(), reverse=True) for family, by_length in tables.items()
        }
        self._stale = False


def _rank(entry: FibEntry) -> tuple[Source, bool]:
    """Of several entries for one prefix the lowest wins; an own address is no broadcast."""
    return entry.source, entry.sw_if_index == FIB_BROADCAST


def interface_entries(address: int, length: int, is_ip6: bool, sw_if_index: int) -> list[FibEntry]:
    """What an interface address puts in the table: its subnet, itself, IPv4's two broadcasts."""
    bits = 128 if is_ip6 else 32
    mask = prefix_mask(length, bits)
    subnet = Prefix(address & mask, length, is_ip6)
    via = f"address {address:#x}/{length} on {sw_if_index}"
    entries = [FibEntry(subnet, Source.INTERFACE, sw_if_index, via)]
    ends = [(address, FIB_FOR_US)]
    if not is_ip6 and length <= 30:
        ends += [
            (address & mask, FIB_BROADCAST),
            (address | ~mask & 0xFFFFFFFF, FIB_BROADCAST),
        ]
    for host, end in ends:
        entries.append(FibEntry(Prefix(host, bits, is_ip6), Source.LOCAL, end, via))
    return entries
