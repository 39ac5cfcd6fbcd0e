"""Steering by source address: prefixes are behind interfaces, the longest match decides.

The only kind that knows the destination's interface, too: a packet whose two ends are behind one
interface never reached the firewall, though a capture may show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.engine.fib import NEVER_FORWARDED
from aclbench.engine.packet import INFO_SAME_SIDE
from aclbench.errors import ScenarioError

Networks = Mapping[IPv4Network | IPv6Network, int]

#: The address is in no prefix, so behind no interface.
NOWHERE: Final = -1
_BITS: Final[dict[int, int]] = {4: 32, 6: 128}
#: In so many ranges of IPv4 a place is found sooner by a comparison with each than by a search.
_FEW_RANGES: Final = 8


class ByAddress:
    """Source address to sw_if_index by longest prefix, IPv4 and IPv6; `default` for no match.

    `prefixes` are pairs of prefix text and sw_if_index. A packet whose source and destination lie
    behind the same interface gets INFO_SAME_SIDE, unless its destination is never forwarded
    (multicast, broadcast) or one of `own`, the addresses at which packets end. Raises ScenarioError
    for a text that is no prefix, and for one prefix behind two interfaces.
    """

    def __init__(
        self, prefixes: Sequence[tuple[str, int]], default: int, own: Iterable[str] = ()
    ) -> None:
        self.default = default
        networks: dict[IPv4Network | IPv6Network, int] = {}
        for text, sw_if_index in prefixes:
            network = _network(text)
            if networks.setdefault(network, sw_if_index) != sw_if_index:
                raise ScenarioError(
                    f"{network} is behind interfaces {networks[network]} and {sw_if_index}; "
                    "give it to one of them"
                )
        self._sides = {family: _PrefixTable(networks, family) for family in _BITS}
        prefixes_never = (entry.prefix for entry in NEVER_FORWARDED)
        never = (_never_forwarded(p.address, p.length, p.is_ip6) for p in prefixes_never)
        ends: Networks = dict.fromkeys([*never, *map(_network, own)], 0)
        self._ends = {family: _PrefixTable(ends, family) for family in _BITS}

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """The interface of each packet, by its source; flags those that stayed on one side."""
        rx: NDArray[np.int64] | None = None
        for family, rows, sources, destinations in columns.addresses:
            sides = self._sides[family]
            src = sides.longest_matches(sources)
            same = np.flatnonzero(src == sides.longest_matches(destinations))
            if len(same):
                same = same[src[same] != NOWHERE]
                ends = self._ends[family].longest_matches(destinations[same])
                stayed = np.arange(len(columns))[rows][same[ends == NOWHERE]]
                columns.info[stayed] |= INFO_SAME_SIDE
            if not sides.has_all:
                src[src == NOWHERE] = self.default
            if len(src) == len(columns):
                return src
            if rx is None:
                rx = np.full(len(columns), self.default, dtype=np.int64)
            rx[rows] = src
        return np.full(len(columns), self.default, dtype=np.int64) if rx is None else rx

    def unmatched(self) -> list[str]:
        """Nothing: a prefix without packets is ordinary."""
        return []


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ScenarioError(
            f"{text!r} is not a prefix ({error}); write 10.0.0.0/24 or fd00::/64"
        ) from None


def _never_forwarded(address: int, length: int, is_ip6: bool) -> IPv4Network | IPv6Network:
    return IPv6Network((address, length)) if is_ip6 else IPv4Network((address, length))


class _PrefixTable:
    """Longest prefix match in one family.

    Nested prefixes divide the address space into ranges with one longest prefix each, so an address
    is looked up by one binary search.
    """

    def __init__(self, networks: Networks, family: int) -> None:
        self._bits = _BITS[family]
        #: Prefix length to network address to sw_if_index, longest first.
        self._by_length: dict[int, dict[int, int]] = {}
        edges = {0}
        for network in sorted(networks, key=lambda network: -network.prefixlen):
            if network.version == family:
                start = int(network.network_address)
                self._by_length.setdefault(network.prefixlen, {})[start] = networks[network]
                edges |= {start, start + network.num_addresses}
        edges.discard(1 << self._bits)
        starts = sorted(edges)
        self._values = np.array([self._longest_match(start) for start in starts], dtype=np.int64)
        #: Whether each address is in a prefix.
        self.has_all = NOWHERE not in self._values
        self._starts: NDArray[Any]
        if family == 4:
            self._starts = np.array(starts, dtype=np.uint32)
        else:
            packed = b"".join(start.to_bytes(16, "big") for start in starts)
            self._starts = np.frombuffer(packed, dtype="S16")

    def _longest_match(self, address: int) -> int:
        for length, networks in self._by_length.items():
            host_bits = self._bits - length
            found = networks.get(address >> host_bits << host_bits)
            if found is not None:
                return found
        return NOWHERE

    def longest_matches(self, addresses: NDArray[Any]) -> NDArray[np.int64]:
        """The sw_if_index of each address, or NOWHERE; they are as in `Addresses`."""
        if len(self._starts) > _FEW_RANGES or self._bits != 32:
            return self._values.take(np.searchsorted(self._starts, addresses, side="right") - 1)
        places = np.zeros(len(addresses), np.int8)
        for start in self._starts[1:]:
            places += addresses >= start
        return self._values.take(places)
