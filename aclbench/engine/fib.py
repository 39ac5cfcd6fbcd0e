"""Forwarding: a longest-prefix table made of interface addresses and added routes.

Deliberately plain: it only says which interface a packet leaves by. Multicast, broadcast and what
is for the bench itself (its own addresses, IPv6 link-local) end here.

Prefixes lie apart or in one another. So they cut the addresses into ranges, each with one longest
prefix, and an address is looked up by a binary search among the ranges' first addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from mypy_extensions import i64

from aclbench.engine.acl import prefix_mask
from aclbench.engine.packet import KEY4_SIZE
from aclbench.engine.storage import Column, be64, column, last_at_most, last_at_most_be32

#: What `lookup` says when there is no tx interface.
FIB_NO_ROUTE: Final = -1
FIB_FOR_US: Final = -2
FIB_MULTICAST: Final = -3
FIB_BROADCAST: Final = -4


_TOP_BIT: Final = 1 << 63
_LOW_64: Final = (1 << 64) - 1


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


class Ranges:
    """Where all addresses lead. Never changed: routes that are others make others."""

    def __init__(self, entries: Iterable[FibEntry]) -> None:
        best: dict[Prefix, FibEntry] = {}
        for entry in sorted(entries, key=_rank, reverse=True):
            if not any(_holds(never.prefix, entry.prefix) for never in NEVER_FORWARDED):
                best[entry.prefix] = entry
        best.update((never.prefix, never) for never in NEVER_FORWARDED)
        ranges4 = _ranges(best.values(), False)
        #: IPv4, range by range: the first address, unsigned, the tx interface, and the entry.
        self.starts4 = column(start for start, _ in ranges4)
        self.tx4 = column(_tx(entry) for _, entry in ranges4)
        self.entries4 = [entry for _, entry in ranges4]
        ranges6 = _ranges(best.values(), True)
        highs = [(start >> 64) - _TOP_BIT for start, _ in ranges6]
        firsts = [i for i, high in enumerate(highs) if not i or high != highs[i - 1]]
        #: IPv6, the same with the lower halves of the first addresses. The upper ones are there
        #: once each, with the first range of each, and behind these how many ranges there are.
        self.highs6 = column(highs[first] for first in firsts)
        self.firsts6 = column([*firsts, len(ranges6)])
        self.lows6 = column((start & _LOW_64) - _TOP_BIT for start, _ in ranges6)
        self.tx6 = column(_tx(entry) for _, entry in ranges6)
        self.entries6 = [entry for _, entry in ranges6]

    def find_ip4(self, address: i64) -> i64:
        """The range that an address is in."""
        starts: Column = self.starts4
        return last_at_most(starts, address, 0, len(starts))

    def find_ip6(self, high: i64, low: i64) -> i64:
        """The range that an address is in; its halves are signed."""
        highs: Column = self.highs6
        at: i64 = last_at_most(highs, high, 0, len(highs))
        first, end = self.firsts6[at], self.firsts6[at + 1]
        return last_at_most(self.lows6, low, first, end) if highs[at] == high else end - 1


class Fib:
    """The table. Changed by the thread that runs commands; read by every worker."""

    def __init__(self) -> None:
        #: Used as a set that keeps its order.
        self.entries: dict[FibEntry, None] = {}
        self._routes: dict[Prefix, FibEntry] = {}
        #: None once the entries are others: the next look-up makes them anew.
        self._ranges: Ranges | None = None

    def add(self, entry: FibEntry) -> None:
        """Put an entry in."""
        self.entries[entry] = None
        if entry.source == Source.CLI:
            self._routes[entry.prefix] = entry
        self._ranges = None

    def remove(self, entry: FibEntry) -> None:
        """Take an entry out, if it is there."""
        self.entries.pop(entry, None)
        if self._routes.get(entry.prefix) == entry:
            del self._routes[entry.prefix]
        self._ranges = None

    def replace(self, entries: Iterable[FibEntry]) -> None:
        """Have these entries and no others."""
        self.entries = dict.fromkeys(entries)
        self._routes = {e.prefix: e for e in self.entries if e.source == Source.CLI}
        self._ranges = None

    def route(self, prefix: Prefix) -> FibEntry | None:
        """The route that was added to exactly this prefix."""
        return self._routes.get(prefix)

    def remove_interface(self, sw_if_index: int) -> None:
        """Take out every entry that leads to this interface."""
        self.replace(e for e in self.entries if e.sw_if_index != sw_if_index)

    def lookup(self, key: bytes) -> int:
        """The tx interface of a packet with this ingress key, or one of the `FIB_` values."""
        if len(key) != KEY4_SIZE:
            return self.lookup_ip6(be64(key, 16), be64(key, 24))
        ranges = self._ranges or self._current()
        return ranges.tx4[last_at_most_be32(ranges.starts4, key, 4)]

    def lookup_ip4(self, address: i64) -> i64:
        """The same for an IPv4 destination as an unsigned number."""
        ranges = self._current()
        return ranges.tx4[ranges.find_ip4(address)]

    def lookup_ip6(self, high: i64, low: i64) -> i64:
        """The same for an IPv6 destination as two signed numbers of 64 bits."""
        ranges = self._current()
        return ranges.tx6[ranges.find_ip6(high, low)]

    def entry_for(self, address: bytes) -> FibEntry | None:
        """The entry with the longest prefix of a destination in network order, if there is one."""
        ranges = self._current()
        if len(address) == 4:
            return ranges.entries4[last_at_most_be32(ranges.starts4, address, 0)]
        return ranges.entries6[ranges.find_ip6(be64(address, 0), be64(address, 8))]

    def _current(self) -> Ranges:
        """The ranges; made once for as many changes as there were.

        Two threads that both find it due make the same. Who holds old ones goes on with these.
        """
        ranges = self._ranges
        if ranges is None:
            ranges = self._ranges = Ranges(self.entries)
        return ranges


def _rank(entry: FibEntry) -> tuple[Source, bool]:
    """Of several entries for one prefix the lowest wins; an own address is no broadcast."""
    return entry.source, entry.sw_if_index == FIB_BROADCAST


def _tx(entry: FibEntry | None) -> int:
    return FIB_NO_ROUTE if entry is None else entry.sw_if_index


def _holds(outer: Prefix, inner: Prefix) -> bool:
    """Whether one prefix is the other, or has it inside."""
    if outer.is_ip6 != inner.is_ip6 or outer.length > inner.length:
        return False
    spare = (128 if outer.is_ip6 else 32) - outer.length
    return (outer.address ^ inner.address) >> spare == 0


def _ranges(entries: Iterable[FibEntry], is_ip6: bool) -> list[tuple[int, FibEntry | None]]:
    """All ranges of a family in order: the first address, and the entry with the longest prefix.

    No two entries have the same prefix. In IPv6 the order is that of an address's two halves as
    signed numbers, and the first addresses are counted in that order, from 0.
    """
    # Signed numbers are in the order of unsigned ones whose top bit is the other.
    bits, turned = (128, _TOP_BIT << 64 | _TOP_BIT) if is_ip6 else (32, 0)
    begins = sorted(
        (prefix_mask(prefix.length, bits) & (prefix.address ^ turned), prefix.length, entry)
        for entry in entries
        if (prefix := entry.prefix).is_ip6 == is_ip6
    )
    found: dict[int, FibEntry | None] = {0: None}
    #: Prefixes that the place is within, the shortest first: where each ends.
    within: list[tuple[int, FibEntry | None]] = [(1 << bits, None)]
    for start, length, entry in begins:
        _leave(within, start, found)
        found[start] = entry
        within.append((start + (1 << (bits - length)), entry))
    _leave(within, (1 << bits) - 1, found)
    return list(found.items())


def _leave(
    within: list[tuple[int, FibEntry | None]], place: int, found: dict[int, FibEntry | None]
) -> None:
    """Begin a range behind each prefix that ends at or before a place."""
    while within[-1][0] <= place:
        end, _ = within.pop()
        found[end] = within[-1][1]


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
