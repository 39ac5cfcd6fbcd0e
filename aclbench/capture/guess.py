"""Guesses the inside of a capture that comes without a scenario: the side that opens connections.

Sources are grouped by /24 and /64. A network is inside if it opened more connections than
were opened to it.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Final, TypeAlias

from aclbench.capture.columns import Columns, decode
from aclbench.capture.reader import open_capture
from aclbench.capture.stream import awaiting_writer
from aclbench.engine.packet import (
    ICMP4_REQUEST_OF,
    ICMP6_REQUEST_OF,
    INFO_ICMP,
    INFO_TCP_FLAGS_VALID,
    KEY4_SIZE,
    TCP_ACK,
    TCP_SYN,
    unpack_key,
)
from aclbench.errors import CaptureError
from aclbench.files import at_once
from aclbench.words import counted

#: Packets examined, from the start of the capture.
GUESS_PACKETS: Final = 100_000
#: ... and in one slice.
SLICE_PACKETS: Final = 4096
#: More prefixes than this in a family are merged into wider ones.
FEW_PREFIXES: Final = 8

#: Address bits by family, and the prefix length of a network.
_BITS: Final[dict[int, int]] = {4: 32, 6: 128}
_NETWORK_BITS: Final[dict[int, int]] = {4: 24, 6: 64}
_ICMP_REQUESTS: Final[dict[int, frozenset[int]]] = {
    4: frozenset(ICMP4_REQUEST_OF.values()),
    6: frozenset(ICMP6_REQUEST_OF.values()),
}

#: Source and destination of what was opened.
Opening: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GuessedSides:
    """The prefixes of the inside, sorted, IPv4 first, and a sentence on how that was found.

    No prefixes where the capture gives no reason to choose any.
    """

    prefixes: tuple[str, ...]
    sentence: str


def guess_inside(path: str | os.PathLike[str], max_packets: int = GUESS_PACKETS) -> GuessedSides:
    """The same as `guessing_inside`, at once."""
    return at_once(guessing_inside(path, max_packets))


def guessing_inside(
    path: str | os.PathLike[str], max_packets: int = GUESS_PACKETS
) -> Generator[int, None, GuessedSides]:
    """Examine the first packets of a capture and choose the side that opens most connections.

    A connection is opened by a TCP SYN; in a family without any, a flow is opened by its first
    packet. Raises CaptureError if the file cannot be opened; of a damaged one the
    readable part is examined. In slices: yields how many packets were examined.
    """
    for _ in awaiting_writer(path):
        yield 0
    seen = {4: _Seen(), 6: _Seen()}
    packets = 0
    for columns in _start_of(path, max_packets):
        packets += len(columns)
        _note_openings(columns, seen)
        yield packets
    sides = [_choose(family, seen[family]) for family in (4, 6)]
    return _put_into_words([side for side in sides if side.prefixes], seen, packets)


def _start_of(path: str | os.PathLike[str], max_packets: int) -> Iterator[Columns]:
    """The first packets, in whole batches; ends early where the file is damaged."""
    with open_capture(path, look_ahead=True) as reader:
        batches = reader.batches(min(max_packets, SLICE_PACKETS))
        while reader.packets_read < max_packets:
            try:
                batch = next(batches, None)
            except CaptureError:
                return
            if batch is None:
                return
            yield decode(batch)


# --- what was opened --------------------------------------------------------------------------


@dataclass(slots=True)
class _Seen:
    """Per family: connections by the key of their SYN, flows by the lesser of their two keys."""

    packets: int = 0
    connections: dict[bytes, Opening] = field(default_factory=dict)
    flows: dict[bytes, Opening] = field(default_factory=dict)

    def openings(self) -> list[Opening]:
        return list((self.connections or self.flows).values())


def _note_openings(columns: Columns, seen: dict[int, _Seen]) -> None:
    """Note each connection and flow once: a retransmitted SYN opens nothing new."""
    for key, mirror, info in zip(columns.key, columns.mirror_key, columns.info, strict=True):
        if not key:
            continue
        family = 4 if len(key) == KEY4_SIZE else 6
        side = seen[family]
        side.packets += 1
        is_syn = info & INFO_TCP_FLAGS_VALID and info & (TCP_SYN | TCP_ACK) == TCP_SYN
        flow = min(key, mirror)
        if flow in side.flows and not (is_syn and key not in side.connections):
            continue
        five = unpack_key(key)
        if info & INFO_ICMP and five.sport not in _ICMP_REQUESTS[family]:
            continue  # an answer, an error, or neighbour discovery
        if _is_local(five.src, family) or _is_local(five.dst, family):
            continue
        side.flows.setdefault(flow, (five.src, five.dst))
        if is_syn:
            side.connections[key] = (five.src, five.dst)


def _is_local(address: int, family: int) -> bool:
    """Multicast, broadcast, link-local or unspecified: never forwarded, so on no side."""
    if family == 4:
        return address >> 28 == 0xE or address in (0, 0xFFFF_FFFF) or address >> 16 == 0xA9FE
    return address >> 120 == 0xFF or address == 0 or address >> 118 == 0x3FA


# --- the choice -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """The inside of one family, and how many of all openings came from it."""

    prefixes: tuple[str, ...] = ()
    opened: int = 0
    of: int = 0


def _choose(family: int, seen: _Seen) -> _Side:
    """Choose by networks; where all is within one network, by hosts."""
    openings = seen.openings()
    bits = _BITS[family]
    for prefix_bits in (_NETWORK_BITS[family], bits):
        host_bits = bits - prefix_bits
        between = [
            (src, dst)
            for src, dst in ((s >> host_bits, d >> host_bits) for s, d in openings)
            if src != dst
        ]
        if between:
            inside, outside = _split(between)
            opened = sum(src in inside and dst not in inside for src, dst in between)
            networks = _describe(family, inside, outside, prefix_bits)
            return _Side(networks, opened, len(openings))
    return _Side()


def _split(openings: list[Opening]) -> tuple[set[int], set[int]]:
    """The networks that opened more than was opened to them, and the others.

    Where none did, the one with the best balance; of several such, the lowest address.
    """
    balance: Counter[int] = Counter()
    for src, dst in openings:
        balance[src] += 1
        balance[dst] -= 1
    inside = {network for network, more in balance.items() if more > 0}
    if not inside:
        inside = {min(balance, key=lambda network: (-balance[network], network))}
    return inside, set(balance) - inside


def _describe(
    family: int, inside: set[int], outside: set[int], prefix_bits: int
) -> tuple[str, ...]:
    """The networks as prefixes, as few as describe them."""
    whole = [_network(family, number, prefix_bits) for number in sorted(inside)]
    collapsed = list(collapse_addresses(whole))  # type: ignore[type-var]
    if len(collapsed) > FEW_PREFIXES:
        covers = _cover(sorted(inside), sorted(outside))
        collapsed = [
            _network(family, number >> spare, prefix_bits - spare) for number, spare in covers
        ]
    return tuple(str(network) for network in collapsed)


def _network(family: int, number: int, prefix_bits: int) -> IPv4Network | IPv6Network:
    """The prefix of `prefix_bits` whose leading bits are `number`."""
    address = number << (_BITS[family] - prefix_bits)
    return (
        IPv4Network((address, prefix_bits)) if family == 4 else IPv6Network((address, prefix_bits))
    )


def _cover(inside: list[int], outside: list[int]) -> Iterable[tuple[int, int]]:
    """Cover sorted numbers by the fewest prefixes that take in none of the sorted others.

    Yields a number and how many of its low bits the prefix leaves open. Each step settles at
    least one more bit, so it goes no deeper than the numbers are long.
    """
    spare = (inside[0] ^ inside[-1]).bit_length()
    low = inside[0] >> spare << spare
    if bisect_left(outside, low) == bisect_left(outside, low + (1 << spare)):
        yield inside[0], spare
        return
    half = bisect_left(inside, low + (1 << (spare - 1)))
    yield from _cover(inside[:half], outside)
    yield from _cover(inside[half:], outside)


# --- the sentence -----------------------------------------------------------------------------


def _put_into_words(sides: list[_Side], seen: dict[int, _Seen], packets: int) -> GuessedSides:
    prefixes = tuple(prefix for side in sides for prefix in side.prefixes)
    if not prefixes:
        return GuessedSides((), f"no inside assumed: {_why_none(seen, packets)}")
    named = ", ".join(prefixes[: 2 * FEW_PREFIXES])
    if len(prefixes) > 2 * FEW_PREFIXES:
        named += f" and {len(prefixes) - 2 * FEW_PREFIXES} more"
    opened, of = sum(side.opened for side in sides), sum(side.of for side in sides)
    by_syn = all(part.connections for part in seen.values() if part.flows)
    what = "connection" if by_syn else "flow"
    return GuessedSides(
        prefixes, f"assumed inside: {named}, which opened {opened} of {counted(of, what)}"
    )


def _why_none(seen: dict[int, _Seen], packets: int) -> str:
    if not packets:
        return "the capture holds no packets"
    if not any(side.packets for side in seen.values()):
        return f"no IP addresses in the first {counted(packets, 'packet')}"
    return f"nothing is opened between two hosts in the first {counted(packets, 'packet')}"
