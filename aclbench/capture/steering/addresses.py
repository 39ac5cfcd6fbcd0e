"""Steering by source address: prefixes lie behind interfaces, the longest decides.

The only kind that knows where a destination lies, too: a packet whose two ends are behind one
interface never came to the firewall, though a capture may show it.
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

#: Behind no interface: the address is in no prefix.
NOWHERE: Final = -1
_BITS: Final[dict[int, int]] = {4: 32, 6: 128}


class ByAddress:
    """Source address to sw_if_index by longest prefix, IPv4 and IPv6; from nowhere to `default`.

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
        self._sides = _Places(networks)
        never = (_never_forwarded(p.address, p.length, p.is_ip6) for p, _ in NEVER_FORWARDED)
        self._ends = _Places(dict.fromkeys([*never, *map(_network, own)], 0))

    def assign(self, batch: RawBatch, columns: Columns) -> list[int]:
        """The interface of each packet, by its source; marks those that stayed on one side."""
        src = self._sides.of(columns.family, columns.src4, columns.src_hi, columns.src_lo)
        dst = self._sides.of(columns.family, columns.dst4, columns.dst_hi, columns.dst_lo)
        rows = np.flatnonzero((src == dst) & (src != NOWHERE))
        if len(rows):
            ends = self._ends.of(
                columns.family[rows],
                columns.dst4[rows],
                columns.dst_hi[rows],
                columns.dst_lo[rows],
            )
            for row in rows[ends == NOWHERE].tolist():
                columns.info[row] |= INFO_SAME_SIDE
        rx: list[int] = np.where(src == NOWHERE, self.default, src).tolist()
        return rx

    def unmet(self) -> list[str]:
        """Nothing: a prefix from which no packet came is nothing to wonder about."""
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


class _Places:
    """Prefixes of both families and where they lead."""

    def __init__(self, networks: Networks) -> None:
        self._table4 = _PrefixTable(networks, 4)
        self._table6 = _PrefixTable(networks, 6)

    def of(
        self,
        family: NDArray[np.uint8],
        v4: NDArray[np.uint32],
        hi: NDArray[np.uint64],
        lo: NDArray[np.uint64],
    ) -> NDArray[np.int64]:
        """Where each address leads, or NOWHERE; the columns are those of `Columns`."""
        is4, is6 = family == 4, family == 6
        if is4.all():
            return self._table4.longest_matches(v4)
        found = np.full(len(family), NOWHERE, dtype=np.int64)
        if is4.any():
            found[is4] = self._table4.longest_matches(v4[is4])
        if is6.any():
            found[is6] = self._table6.longest_matches(_sortable(hi[is6], lo[is6]))
        return found


class _PrefixTable:
    """Longest prefix match in one family.

    Nested prefixes cut the address space into ranges, in each of which one and the same prefix is
    the longest; so many addresses are looked up by one binary search each.
    """

    def __init__(self, networks: Networks, family: int) -> None:
        self._bits = _BITS[family]
        #: Prefix length to network address to where it leads, longest first.
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
        """Where each address leads; they are numbers, or for IPv6 as `_sortable` makes them."""
        return self._values[np.searchsorted(self._starts, addresses, side="right") - 1]


def _sortable(hi: NDArray[np.uint64], lo: NDArray[np.uint64]) -> NDArray[Any]:
    """IPv6 addresses as byte strings in network order.

    NumPy compares byte strings (type S) byte by byte, the shorter one filled up with zeros: for
    addresses in network order that is the order of the numbers, and all 128 bits fit.
    """
    return np.stack((hi, lo), axis=1).astype(">u8").view("S16")[:, 0]
