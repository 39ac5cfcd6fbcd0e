"""The flow hash of many packets at once, with NumPy; `engine.packet.flow_hash` is the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.packet import KEY4_SIZE, KEY6_SIZE, PROTO_TCP, PROTO_UDP

_Numbers = NDArray[np.uint64]

_KEY4: Final = np.dtype(
    [("src", ">u4"), ("dst", ">u4"), ("sport", ">u2"), ("dport", ">u2"), ("rest", "u1", 2)]
)
_KEY6: Final = np.dtype(
    [("src", ">u4", 4), ("dst", ">u4", 4), ("sport", ">u2"), ("dport", ">u2"), ("rest", "u1", 2)]
)
assert _KEY4.itemsize == KEY4_SIZE
assert _KEY6.itemsize == KEY6_SIZE
_32_BITS: Final = np.uint64(0xFFFFFFFF)


def flow_hashes(keys: Sequence[bytes]) -> list[int]:
    """The flow hash of each key; 0 for an empty one, of a packet that is not IP."""
    hashes = np.zeros(len(keys), dtype=np.uint64)
    lengths = np.fromiter(map(len, keys), dtype=np.uint8, count=len(keys))
    for layout in (_KEY4, _KEY6):
        of_family = lengths == layout.itemsize
        if of_family.all():
            hashes = _hashes(np.frombuffer(b"".join(keys), dtype=layout))
        elif of_family.any():
            rows = np.flatnonzero(of_family)
            joined = b"".join([keys[row] for row in rows.tolist()])
            hashes[rows] = _hashes(np.frombuffer(joined, dtype=layout))
    found: list[int] = hashes.tolist()
    return found


def _hashes(keys: NDArray[Any]) -> _Numbers:
    """Of keys of one family, as records."""
    a, b = _fold(keys["src"]), _fold(keys["dst"])
    proto = keys["rest"][:, 0].astype(np.uint64)
    ported = (proto == PROTO_TCP) | (proto == PROTO_UDP)
    a = np.where(ported, (a * np.uint64(0x9E3779B1) + keys["sport"]) & _32_BITS, a)
    b = np.where(ported, (b * np.uint64(0x9E3779B1) + keys["dport"]) & _32_BITS, b)
    # The reference's products can exceed 64 bits, but only the low 32 are kept.
    h = (
        ((a + b) * np.uint64(0x85EBCA6B))
        ^ ((a ^ b) * np.uint64(0xC2B2AE35))
        ^ (proto * np.uint64(0x9E3779B1))
    ) & _32_BITS
    h ^= h >> np.uint64(16)
    h = (h * np.uint64(0x9E3779B1)) & _32_BITS
    hashes: _Numbers = h ^ (h >> np.uint64(15))
    return hashes


def _fold(addresses: NDArray[Any]) -> _Numbers:
    """IPv4 addresses as they are; the four words of IPv6 ones, exclusive or."""
    if addresses.ndim == 1:
        return addresses.astype(np.uint64)
    folded: _Numbers = np.bitwise_xor.reduce(addresses.astype(np.uint64), axis=1)
    return folded
