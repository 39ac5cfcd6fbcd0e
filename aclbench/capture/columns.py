"""Decoded packets of a batch as parallel columns of numbers, and what is derived from them.

A session key is a few numbers of 64 bits here, as `aclbench.engine.packet.key_words` has them.
"""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from aclbench.engine.packet import (
    INFO_CUT,
    INFO_CUT_L4,
    INFO_ICMP,
    INFO_IP4_NO_LENGTH,
    INFO_IP6,
    INFO_NO_KEY,
    INFO_NOT_IP4,
    KEY4_SIZE,
    KEY6_SIZE,
)

Ints: TypeAlias = NDArray[np.int64]

#: Of packets with one of these a note tells how many there are.
NOTED: Final = INFO_CUT | INFO_CUT_L4 | INFO_IP4_NO_LENGTH

#: The bits that say what a packet is: TCP flags and whether they are valid, whether L4 is, later
#: fragment, family, ICMP.
INFO_KEPT: Final = 2 * INFO_ICMP - 1

#: Where the upper half of a number of 64 bits is.
_HIGH: Final = 1 if sys.byteorder == "little" else 0


class Addresses(NamedTuple):
    """The ends of the packets of one family, 4 or 6; `rows` says which packets these are.

    `src` and `dst` are numbers of 32 bits for IPv4, not to be written to. For IPv6 they are byte
    strings in network order: NumPy compares those (type S) byte by byte, the shorter one filled up
    with zeros, so they sort as the numbers do, and all 128 bits fit.
    """

    family: int
    rows: Ints | slice
    src: NDArray[Any]
    dst: NDArray[Any]


class Ports(NamedTuple):
    """What keys hold besides addresses; ports are type and code for ICMP."""

    sport: Ints
    dport: Ints
    proto: Ints


class Columns(Struct, frozen=True):
    """Decoded packets as parallel columns, of equal length.

    `k0` to `k4` are the words of the key as it looks on ingress, `m0` and `m1` those of the mirror
    key that cannot be told from them: the mirror key of IPv6 is `m0` (which is `k3`), `m1`, `k4`,
    `k0`, `k2`. Rows without a key are 0, and have one of INFO_NO_KEY. `k2`, `k3` and `k4` are None
    where no packet is IPv6, and 0 in rows that are not. `info` are the info words, as in
    `aclbench.engine.packet`; whoever steers may set bits of them. `flow` are flow hashes, 0 in rows
    without a key. `first_number` is the Wireshark number of the first packet.
    """

    k0: Ints
    k1: Ints
    m0: Ints
    m1: Ints
    info: Ints
    flow: Ints
    first_number: int
    k2: Ints | None = None
    k3: Ints | None = None
    k4: Ints | None = None

    def __len__(self) -> int:
        """Packets."""
        return len(self.info)

    @property
    def has_noted(self) -> bool:
        """Whether a packet has one of `NOTED`."""
        return bool((self.info & NOTED).any())

    @property
    def flags(self) -> NDArray[np.uint16]:
        """What is kept of the info words of all packets."""
        return (self.info & INFO_KEPT).astype(np.uint16)

    @property
    def words(self) -> Ints:
        """`k0` to `k4` and the family, 4 or 6, of each key as a row; zeros where there is none."""
        words = np.zeros((len(self), 6), np.int64)
        for at, column in enumerate((self.k0, self.k1, self.k2, self.k3, self.k4)):
            if column is not None:
                words[:, at] = column
        words[:, 5] = np.where(self.info & INFO_IP6, 6, 4)
        words[self.info & INFO_NO_KEY != 0] = 0
        return words

    @property
    def addresses(self) -> tuple[Addresses, ...]:
        """The ends of the packets, family by family, of each that there is."""
        families = [self._ip4_addresses(), self._ip6_addresses()]
        return tuple(addresses for addresses in families if addresses is not None)

    def _ip4_addresses(self) -> Addresses | None:
        rows = _rows(self.info & INFO_NOT_IP4 == 0)
        k0 = self.k0[rows]
        if not len(k0):
            return None
        halves = k0.view(np.uint32)
        return Addresses(4, rows, halves[_HIGH::2], halves[1 - _HIGH :: 2])

    def _ip6_addresses(self) -> Addresses | None:
        if self.k2 is None or self.k3 is None or self.k4 is None:
            return None
        rows = _rows(self.info & INFO_IP6 != 0)
        src, dst = (self.k0[rows], self.k2[rows]), (self.k3[rows], self.k4[rows])
        return Addresses(6, rows, _byte_strings(*src), _byte_strings(*dst))

    def ports(self, rows: Ints | slice) -> Ports:
        """Ports and protocol of some packets that have keys."""
        k1 = self.k1[rows]
        return Ports(k1 >> 32, k1 >> 16 & 0xFFFF, k1 >> 8 & 0xFF)

    def keys(self) -> list[bytes]:
        """The key of each packet, as in `aclbench.engine.packet`; empty where there is none."""
        return self._as_bytes((self.k0, self.k2, self.k3, self.k4), self.k1)

    def mirror_keys(self) -> list[bytes]:
        """The same of the mirror keys."""
        return self._as_bytes((self.m0, self.k4, self.k0, self.k2), self.m1)

    def _as_bytes(self, addresses: tuple[Ints | None, ...], rest: Ints) -> list[bytes]:
        if self.k2 is None:
            found: list[bytes] = _key_bytes(addresses[:1], rest, KEY4_SIZE).tolist()
            for row in np.flatnonzero(self.info & INFO_NO_KEY).tolist():
                found[row] = b""
            return found
        keys = np.full(len(self), b"", dtype=object)
        for rows, columns, size in (
            (np.flatnonzero(self.info & INFO_NOT_IP4 == 0), addresses[:1], KEY4_SIZE),
            (np.flatnonzero(self.info & INFO_IP6), addresses, KEY6_SIZE),
        ):
            of_rows = [column[rows] for column in columns if column is not None]
            keys[rows] = _key_bytes(of_rows, rest[rows], size).astype(object)
        made: list[bytes] = keys.tolist()
        return made


def _rows(mask: NDArray[np.bool_]) -> Ints | slice:
    """Where it is true; all rows as a slice."""
    return slice(None) if mask.all() else np.flatnonzero(mask)


def _byte_strings(high: Ints, low: Ints) -> NDArray[np.bytes_]:
    """IPv6 addresses as byte strings in network order."""
    halves = np.empty((len(high), 2), dtype=">i8")
    halves[:, 0], halves[:, 1] = high, low
    return halves.view("S16")[:, 0]


def _key_bytes(addresses: Any, rest: Ints, size: int) -> NDArray[np.void]:
    """Keys of one family. Type V keeps zeros at the end, as type S would not."""
    layout = np.dtype([("address", ">i8", (len(addresses),)), ("ports", ">u4"), ("rest", ">u2")])
    keys = np.empty(len(rest), dtype=layout)
    for place, column in enumerate(addresses):
        keys["address"][..., place] = column
    keys["ports"], keys["rest"] = rest >> 16, rest & 0xFFFF
    return keys.view(f"V{size}")
