"""Divides the hosts of a capture into an inside and an outside.

What is wanted: packets that cross, opened from inside, and few prefixes. Each candidate begins with
who opened more than was opened to them; then each host or network goes where that serves better,
until none moves. Networks come before hosts, and flows count alike; a candidate that under half
of the flows, or of the packets, would cross gives way to the next.
"""

from __future__ import annotations

from collections.abc import Generator
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.covering import Prefix, cover
from aclbench.capture.openers import Pairs
from aclbench.capture.ranking import Bools, Ints, begins, in_order

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
    opened to the other. Pair after pair, and behind them all the other directions of these pairs;
    `a_first` as in `Pairs`.
    """

    length: int
    numbers: list[int]
    source: Ints
    destination: Ints
    amount: Ints
    a_first: Bools


def divide(pairs: Pairs, family: int, limit: int) -> Slices[list[Division]]:
    """The best division of these hosts into at most `limit` prefixes, and then the runner-up.

    Empty where there are no two hosts.
    """
    if not len(pairs.hosts):
        return []
    bits = BITS[family]
    tried: list[tuple[Division, _Groups, Bools]] = []
    for length, by_packets in ((_NETWORK_BITS[family], False), (bits, False), (bits, True)):
        groups = _grouped(pairs, family, length, by_packets)
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


def _grouped(pairs: Pairs, family: int, length: int, by_packets: bool) -> _Groups:
    """Who opened how much to whom, by the `length` leading bits of addresses.

    With `by_packets` all packets of two hosts count as sent in flows of who opened more.
    """
    numbers, group = _leading(pairs.hosts, family, length)
    ahead, back = pairs.a_opened, pairs.b_opened
    if by_packets:
        first_opens = ahead >= back
        ahead = np.where(first_opens, pairs.packets, 0)
        back = np.where(first_opens, 0, pairs.packets)
    a, b = group[pairs.a], group[pairs.b]
    apart = a != b
    a, b, ahead, back = a[apart], b[apart], ahead[apart], back[apart]
    return _Groups(
        length,
        numbers,
        np.concatenate((a, b)),
        np.concatenate((b, a)),
        np.concatenate((ahead, back)),
        pairs.a_first[apart],
    )


def _leading(hosts: NDArray[Any], family: int, length: int) -> tuple[list[int], Ints]:
    """The different leading bits of sorted addresses, sorted, and which of them each has."""
    if family == 4:
        heads = hosts >> (BITS[family] - length)
    elif length == 64:
        heads = hosts.view(">u8")[::2]
    else:
        heads = hosts
    is_new = begins(heads)
    numbers: list[Any] = heads[is_new].tolist()
    if heads.dtype.kind == "S":
        numbers = [int.from_bytes(address.ljust(16, b"\0"), "big") for address in numbers]
    return numbers, np.cumsum(is_new) - 1


def _split(groups: _Groups, family: int) -> Slices[Bools]:
    """Which groups are inside: who opened more than was opened to them, and then what is better.

    A move is better where more crosses that was opened from inside. What was opened from outside
    counts for nothing.
    """
    source, destination, amount = groups.source, groups.destination, groups.amount
    size = len(groups.numbers)
    balance = np.bincount(source, amount, size) - np.bincount(destination, amount, size)
    is_inside = balance > 0
    if not is_inside.any():
        is_inside[_seed(groups, family)] = True
    #: Of what groups opened, and of what was opened to them; made where a group moves.
    rows_of: list[tuple[Ints, Ints]] = []
    for _ in range(_ROUNDS):
        yield
        gain = np.bincount(source, amount * ~is_inside[destination], size) - np.bincount(
            destination, amount * is_inside[source], size
        )
        moves = np.flatnonzero(np.where(is_inside, gain < 0, gain > 0))
        if not len(moves):
            break
        if not rows_of:
            rows_of = [_rows_by_group(column, size) for column in (source, destination)]
        for group in moves[np.argsort(-np.abs(gain[moves]), kind="stable")][:_MOVES].tolist():
            ours, theirs = (rows[ends[group] : ends[group + 1]] for rows, ends in rows_of)
            # Others have moved since.
            now = (amount[ours] * ~is_inside[destination[ours]]).sum() - (
                amount[theirs] * is_inside[source[theirs]]
            ).sum()
            if now:
                is_inside[group] = now > 0
    return is_inside


def _rows_by_group(column: Ints, size: int) -> tuple[Ints, Ints]:
    """Rows, sorted by group, and where those of each group begin; one more at the end."""
    ordered, rows = in_order(column)
    return rows, np.searchsorted(ordered, np.arange(size + 1))


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
    # Of each pair the direction of its first flow, and then the other.
    ahead, back = np.arange(len(groups.source)).reshape(2, -1)
    first = groups.a_first
    rows = np.stack((np.where(first, ahead, back), np.where(first, back, ahead)), 1).reshape(-1)
    source = groups.source[rows]
    leaves = private[source] & ~private[groups.destination[rows]]
    opened = groups.amount[rows] > 0
    for wanted in (leaves, opened):
        if wanted.any():
            return int(source[np.argmax(wanted)])
    return int(source[0])


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
    for prefix in prefixes:
        inside[_hosts_in(prefix, pairs.hosts, family)] = True
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


def _hosts_in(prefix: Prefix, hosts: NDArray[Any], family: int) -> slice:
    """The rows of sorted addresses that a prefix has."""
    ends: list[Any] = [prefix.start, prefix.start + (1 << prefix.spare) - 1]
    if family == 6:
        ends = [end.to_bytes(16, "big") for end in ends]
    low, high = np.array(ends, dtype=hosts.dtype)
    return slice(np.searchsorted(hosts, low), np.searchsorted(hosts, high, side="right"))
