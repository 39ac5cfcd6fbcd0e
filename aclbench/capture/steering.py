"""Which interface a packet enters, told by its source address.

A capture does not say on which side of the machine a packet was seen. A scenario says which
prefixes lie behind which interface; for a capture that comes alone `guess` finds the inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.columns import Columns
from aclbench.engine.packet import KEY4_SIZE
from aclbench.errors import ScenarioError

_BITS: Final[dict[int, int]] = {4: 32, 6: 128}


class Steering:
    """Source address to sw_if_index by longest prefix, IPv4 and IPv6; all else to `default`.

    `prefixes` are pairs of prefix text and sw_if_index. Raises ScenarioError for a text that is no
    prefix, and for one prefix behind two interfaces.
    """

    def __init__(self, prefixes: Sequence[tuple[str, int]], default: int) -> None:
        self.default = default
        networks: dict[IPv4Network | IPv6Network, int] = {}
        for text, sw_if_index in prefixes:
            network = _network(text)
            if networks.setdefault(network, sw_if_index) != sw_if_index:
                raise ScenarioError(
                    f"{network} is behind interfaces {networks[network]} and {sw_if_index}; "
                    "give it to one of them"
                )
        self._table4 = _PrefixTable(networks, 4, default)
        self._table6 = _PrefixTable(networks, 6, default)

    def of(self, packet_key: bytes) -> int:
        """The interface of one packet by its key; the default one for an empty key."""
        if not packet_key:
            return self.default
        if len(packet_key) == KEY4_SIZE:
            return self._table4.longest_match(int.from_bytes(packet_key[:4], "big"))
        return self._table6.longest_match(int.from_bytes(packet_key[:16], "big"))

    def assign(self, columns: Columns) -> list[int]:
        """The interface of each packet of a batch, as `of` says of each key."""
        rx = np.full(len(columns), self.default, dtype=np.int64)
        is4, is6 = columns.family == 4, columns.family == 6
        if is4.any():
            rx[is4] = self._table4.longest_matches(_sortable4(columns.src4[is4]))
        if is6.any():
            addresses = _sortable6(columns.src_hi[is6], columns.src_lo[is6])
            rx[is6] = self._table6.longest_matches(addresses)
        assigned: list[int] = rx.tolist()
        return assigned


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ScenarioError(
            f"{text!r} is not a prefix ({error}); write 10.0.0.0/24 or fd00::/64"
        ) from None


class _PrefixTable:
    """Longest prefix match in one family.

    Nested prefixes cut the address space into ranges, in each of which one and the same prefix is
    the longest; so many addresses are looked up by one binary search each.
    """

    def __init__(
        self, networks: dict[IPv4Network | IPv6Network, int], family: int, default: int
    ) -> None:
        self._default = default
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
        self._values = np.array([self.longest_match(start) for start in starts], dtype=np.int64)
        packed = b"".join(start.to_bytes(self._bits // 8, "big") for start in starts)
        self._starts = np.frombuffer(packed, dtype=f"S{self._bits // 8}")

    def longest_match(self, address: int) -> int:
        """The sw_if_index of one address."""
        for length, networks in self._by_length.items():
            host_bits = self._bits - length
            sw_if_index = networks.get(address >> host_bits << host_bits)
            if sw_if_index is not None:
                return sw_if_index
        return self._default

    def longest_matches(self, addresses: NDArray[Any]) -> NDArray[np.int64]:
        """The sw_if_index of each address; they are given as byte strings in network order."""
        return self._values[np.searchsorted(self._starts, addresses, side="right") - 1]


# NumPy compares byte strings (type S) byte by byte, the shorter one filled up with zeros: for
# addresses in network order that is the order of the numbers, and 128 bits fit as well as 32.


def _sortable4(src4: NDArray[np.uint32]) -> NDArray[Any]:
    return src4.astype(">u4").view("S4")


def _sortable6(src_hi: NDArray[np.uint64], src_lo: NDArray[np.uint64]) -> NDArray[Any]:
    halves = np.stack((src_hi, src_lo), axis=1).astype(">u8")
    return halves.view("S16")[:, 0]
