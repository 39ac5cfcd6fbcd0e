"""Session keys for people: ends and protocol as text, and what a connection has in common."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.packet import (
    KEY4_SIZE,
    KEY_SLOWPATH,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    address_text,
    unpack_key,
)

_PROTO_NAMES: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp", PROTO_ICMP6: "icmp6"}


def connection_text(src: str, sport: int, dst: str, dport: int, proto: int) -> str:
    """`10.0.0.2:1234 > 192.168.0.2:80 tcp`; ICMP shows type and code, others no ports."""
    return "{} > {} {}".format(*connection_texts(src, sport, dst, dport, proto))


def connection_texts(
    src: str, sport: int, dst: str, dport: int, proto: int
) -> tuple[str, str, str]:
    """The same as both ends and the protocol."""
    name = _PROTO_NAMES.get(proto, f"proto {proto}")
    if proto in (PROTO_TCP, PROTO_UDP):
        src = f"[{src}]:{sport}" if ":" in src else f"{src}:{sport}"
        dst = f"[{dst}]:{dport}" if ":" in dst else f"{dst}:{dport}"
    elif proto in (PROTO_ICMP, PROTO_ICMP6):
        name = f"{name} type {sport} code {dport}"
    return src, dst, name


def key_text(key: bytes) -> str:
    """A session key as a connection; empty for a packet that is not IP."""
    return "{} > {} {}".format(*key_texts(key)) if key else ""


def key_texts(key: bytes) -> tuple[str, str, str]:
    """A session key as both ends and the protocol; all empty for a packet that is not IP."""
    if not key:
        return "", "", ""
    five = unpack_key(key)
    return connection_texts(
        address_text(five.src, five.is_ip6),
        five.sport,
        address_text(five.dst, five.is_ip6),
        five.dport,
        five.proto,
    )


def connection_of(key: bytes) -> bytes:
    """What all packets of a connection have in common: both ends in one order, and the protocol.

    Type and code of ICMP are no part of it, so that a reply belongs to its request; empty where
    there is no IP.
    """
    if not key:
        return b""
    size = 4 if len(key) == KEY4_SIZE else 16
    src, dst, proto = key[:size], key[size : 2 * size], key[-2:-1]
    if key[-1] & KEY_SLOWPATH:
        return min(src, dst) + max(src, dst) + bytes(4) + proto
    one, other = (src, key[-6:-4]), (dst, key[-4:-2])
    low, high = min(one, other), max(one, other)
    return low[0] + high[0] + low[1] + high[1] + proto


def connections_of(words: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The same of many keys, as `capture.columns.Columns.words` has them: a row of numbers each.

    Once for each length of such rows that there is: which keys these are, and their rows. They are
    equal where what `connection_of` gives is equal.
    """
    is_ip6 = words[:, 5] == 6
    found = []
    for of, connections in ((~is_ip6, _connections4), (is_ip6, _connections6)):
        rows = np.flatnonzero(of)
        if len(rows):
            found.append((rows, connections(words if len(rows) == len(words) else words[rows])))
    return found


def _connections4(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of IPv4, and of what is no IP."""
    k0, k1, family = words[:, 0], words[:, 1], words[:, 5]
    sport, dport = _ports(k1)
    one, other = (k0 >> 32 & 0xFFFF_FFFF) << 16 | sport, (k0 & 0xFFFF_FFFF) << 16 | dport
    found = np.empty((len(words), 2), np.int64)
    found[:, 0] = np.minimum(one, other) << 8 | k1 >> 8 & 0xFF
    found[:, 1] = np.maximum(one, other) << 8 | family
    return found


def _connections6(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of IPv6."""
    k0, k1, k2, k3, k4, _ = words.T
    sport, dport = _ports(k1)
    swaps = (k0 > k3) | (k0 == k3) & ((k2 > k4) | (k2 == k4) & (sport > dport))
    found = np.empty((len(words), 5), np.int64)
    for at, (one, other) in enumerate(((k0, k3), (k2, k4))):
        found[:, 2 * at] = np.where(swaps, other, one)
        found[:, 2 * at + 1] = np.where(swaps, one, other)
    low, high = np.where(swaps, dport, sport), np.where(swaps, sport, dport)
    found[:, 4] = low << 24 | high << 8 | k1 >> 8 & 0xFF
    return found


def _ports(k1: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those that tell a connection from another: not the type and code of ICMP."""
    count = k1 & KEY_SLOWPATH == 0
    return (k1 >> 32) * count, (k1 >> 16 & 0xFFFF) * count
