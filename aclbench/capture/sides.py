"""Divides the hosts of a capture into an inside and an outside.

What is wanted: packets that cross, opened from inside, and few prefixes. Each candidate begins with
who opened more than was opened to them; then each host or network goes where that serves better,
until none moves. Networks come before hosts, and flows count alike; a candidate that under half
of the flows, or of the packets, would cross gives way to the next.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple, TypeVar

import numpy as np

from aclbench.capture.covering import Prefix, cover
from aclbench.capture.openers import Bools, Ints, Pairs

T = TypeVar("T")
#: Work that may be left for a while where it yields.
Slices = Generator[None, None, T]

#: Address bits by family, and the prefix length of a network.
BITS: Final[dict[int, int]] = {4: 32, 6: 128}
_NETWORK_BITS: Final[dict[int, int]] = {4: 24, 6: 64}
#: Not routed on the Internet: of equals these are inside. RFC 1918, 6598, 4193.
_PRIVATE: Final[dict[int, tuple[Prefix, ...]]] = {
    4: (
        Prefix(0x0A000000, 24),
        Prefix(0xAC100000, 20),
        Prefix(0xC0A80000, 16),
        Prefix(0x64400000, 22),
    ),
    6: (Prefix(0xFC << 120, 121),),
}
#: Rounds of moves, and moves of one: two or three rounds of few moves are usual.
_ROUNDS: Final = 8
_MOVES: Final = 1024


class Figures(NamedTuple):
    """What a division does to the flows and packets between two hosts."""

    flows: int = 0
    packets: int = 0
    crossing_flows: int = 0
    crossing_packets: int = 0
    #: Of the crossing flows those opened from inside, and those of which it is told who did.
    opened: int = 0
    told: int = 0

    def plus(self, other: Figures) -> Figures:
        """Those of both."""
        return Figures(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def is_good(self) -> bool:
        """Whether at least half of the flows, and most packets, cross."""
        return 2 * self.crossing_flows >= self.flows and 2 * self.crossing_packets > self.packets

    @property
    def merit(self) -> float:
        """What a runner-up is worth: its shares of flows opened from inside, and of packets."""
        return self.opened / max(self.flows, 1) + self.crossing_packets / max(self.packets, 1)


#: Of no packets.
NO_FIGURES: Final = Figures()


class Division(NamedTuple):
    """Prefixes of one family that are inside, sorted, and what they do."""

    prefixes: tuple[IPv4Network | IPv6Network, ...]
    figures: Figures


class _Groups(NamedTuple):
    """Hosts or networks: leading bits of addresses, `length` of them, sorted; what they opened.

    `source` and `destination` are rows of `numbers`, `amount` how many flows (or packets) the one
    opened to the other.
    """

    length: int
    numbers: list[int]
    source: Ints
    destination: Ints
    amount: Ints


def divide(pairs: Pairs, family: int, limit: int) -> Slices[list[Division]]:
    """The best division of these hosts into at most `limit` prefixes, and then the runner-up.

    Empty where there are no two hosts.
    """
    bits = BITS[family]
    tried: list[tuple[Division, _Groups, Bools]] = []
    for length, by_packets in ((_NETWORK_BITS[family], False), (bits, False), (bits, True)):
        groups = _grouped(pairs, bits, length, by_packets)
        yield
        if not len(groups.source):
            continue
        is_inside = yield from _split(groups, family)
        division = _described(pairs, groups, is_inside, family, limit)
        yield
        tried.append((division, groups, is_inside))
        if division.figures.is_good:
            break
    if not tried:
        return []
    best, groups, is_inside = max(tried, key=lambda one: _rank(one[0].figures))
    others = [division for division, _, _ in tried if division.prefixes != best.prefixes]
    has_peers = np.bincount(groups.source, minlength=len(is_inside)) > 0
    others.append(_described(pairs, groups, has_peers & ~is_inside, family, limit))
    return [best, max(others, key=lambda one: one.figures.merit)]


def _rank(figures: Figures) -> tuple[bool, int]:
    return figures.is_good, figures.crossing_packets


def _grouped(pairs: Pairs, bits: int, length: int, by_packets: bool) -> _Groups:
    """Who opened how much to whom, by the `length` leading bits of addresses.

    With `by_packets` all packets of two hosts count as sent in flows of who opened more.
    """
    numbers, group = pairs.hosts, np.arange(len(pairs.hosts))
    if length < bits:
        found, rows = np.unique(
            np.array([host >> (bits - length) for host in numbers], dtype=np.uint64),
            return_inverse=True,
        )
        numbers, group = found.tolist(), rows.reshape(-1)
    ahead, back = pairs.a_opened, pairs.b_opened
    if by_packets:
        first_opens = ahead >= back
        ahead = np.where(first_opens, pairs.packets, 0)
        back = np.where(first_opens, 0, pairs.packets)
    a, b = group[pairs.a], group[pairs.b]
    apart = np.repeat(a != b, 2)
    # A pair's two directions stand side by side, that of its first flow first.
    columns = ((a, b), (b, a), (ahead, back))
    both = [
        np.stack((np.where(pairs.a_first, x, y), np.where(pairs.a_first, y, x)), 1)
        for x, y in columns
    ]
    return _Groups(length, numbers, *(column.reshape(-1)[apart] for column in both))


def _split(groups: _Groups, family: int) -> Slices[Bools]:
    """Which groups are inside: who opened more than was opened to them, and then what is better.

    A move is better where more crosses that was opened from inside. What was opened from outside
    counts for nothing.
    """
    _, numbers, source, destination, amount = groups
    size = len(numbers)
    balance = np.bincount(source, amount, size) - np.bincount(destination, amount, size)
    is_inside = balance > 0
    if not is_inside.any():
        is_inside[_seed(groups, family)] = True
    by_source, by_destination = np.argsort(source), np.argsort(destination)
    ends = np.arange(size + 1)
    sent = np.searchsorted(source[by_source], ends)
    got = np.searchsorted(destination[by_destination], ends)
    for _ in range(_ROUNDS):
        yield
        gain = np.bincount(source, amount * ~is_inside[destination], size) - np.bincount(
            destination, amount * is_inside[source], size
        )
        moves = np.flatnonzero(np.where(is_inside, gain < 0, gain > 0))
        if not len(moves):
            break
        for group in moves[np.argsort(-np.abs(gain[moves]), kind="stable")][:_MOVES].tolist():
            ours = by_source[sent[group] : sent[group + 1]]
            theirs = by_destination[got[group] : got[group + 1]]
            # Others have moved since.
            now = (amount[ours] * ~is_inside[destination[ours]]).sum() - (
                amount[theirs] * is_inside[source[theirs]]
            ).sum()
            if now:
                is_inside[group] = now > 0
    return is_inside


def _seed(groups: _Groups, family: int) -> int:
    """The group to begin with where none opened more than was opened to it.

    It is private, and has to do with what is not; else it opened the first flow.
    """
    spare = BITS[family] - groups.length
    private = np.array(
        [
            any(
                number << spare >> its_spare == start >> its_spare
                for start, its_spare in _PRIVATE[family]
            )
            for number in groups.numbers
        ]
    )
    leaves = private[groups.source] & ~private[groups.destination]
    opened = groups.amount > 0
    for wanted in (leaves, opened):
        if wanted.any():
            return int(groups.source[np.argmax(wanted)])
    return int(groups.source[0])


def _described(
    pairs: Pairs, groups: _Groups, is_inside: Bools, family: int, limit: int
) -> Division:
    """The prefixes of a split, and what these, which may be fewer than it has, do."""
    spare = BITS[family] - groups.length
    size = len(groups.numbers)
    weights = (
        1
        + np.bincount(groups.source, groups.amount, size)
        + np.bincount(groups.destination, groups.amount, size)
    ).astype(np.int64)
    prefixes = [
        Prefix(start << spare, below + spare)
        for start, below in cover(groups.numbers, is_inside, weights, limit)
    ]
    inside = np.zeros(len(pairs.hosts), dtype=np.bool_)
    for start, its_spare in prefixes:
        end = start + (1 << its_spare)
        inside[bisect_left(pairs.hosts, start) : bisect_left(pairs.hosts, end)] = True
    a_inside, b_inside = inside[pairs.a], inside[pairs.b]
    crosses = a_inside != b_inside
    flows = pairs.a_opened + pairs.b_opened
    figures = (
        flows,
        pairs.packets,
        flows[crosses],
        pairs.packets[crosses],
        np.where(a_inside, pairs.a_opened, pairs.b_opened)[crosses],
        pairs.told[crosses],
    )
    network = IPv4Network if family == 4 else IPv6Network
    return Division(
        tuple(network((start, BITS[family] - its_spare)) for start, its_spare in prefixes),
        Figures(*(int(column.sum()) for column in figures)),
    )
