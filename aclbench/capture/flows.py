"""The flow hash of many packets at once, with NumPy; `engine.packet.flow_hash` is the reference."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.packet import PROTO_TCP, PROTO_UDP

Ints: TypeAlias = NDArray[np.int64]
_Numbers: TypeAlias = NDArray[np.uint64]

_32_BITS: Final = np.uint64(0xFFFF_FFFF)
_GOLDEN: Final = np.uint64(0x9E37_79B1)
_SUM: Final = np.uint64(0x85EB_CA6B)
_DIFFERENCE: Final = np.uint64(0xC2B2_AE35)
_PORTED: Final = np.isin(np.arange(256), (PROTO_TCP, PROTO_UDP))


def flow_hashes4(k0: Ints, k1: Ints) -> Ints:
    """The flow hash of each IPv4 key, of which these are words (`engine.packet.key_words`)."""
    both = k0.view(np.uint64)
    return _hashes(both >> np.uint64(32), both & _32_BITS, k1)


def flow_hashes6(k0: Ints, k1: Ints, k2: Ints, k3: Ints, k4: Ints) -> Ints:
    """The same of IPv6 keys."""
    return _hashes(_fold(k0 ^ k2), _fold(k3 ^ k4), k1)


def _fold(halves: Ints) -> _Numbers:
    """The two words of 32 bits in each, exclusive or."""
    both = halves.view(np.uint64)
    folded: _Numbers = (both ^ both >> np.uint64(32)) & _32_BITS
    return folded


def _hashes(a: _Numbers, b: _Numbers, k1: Ints) -> Ints:
    """Of addresses of 32 bits. No product is above 64 bits: both factors have 32."""
    rest = k1.view(np.uint64)
    proto = rest >> np.uint64(8) & np.uint64(0xFF)
    ported = _PORTED[proto.view(np.int64)]
    a = np.where(ported, (a * _GOLDEN + (rest >> np.uint64(32))) & _32_BITS, a)
    b = np.where(ported, (b * _GOLDEN + (rest >> np.uint64(16) & np.uint64(0xFFFF))) & _32_BITS, b)
    h = (((a + b) & _32_BITS) * _SUM ^ (a ^ b) * _DIFFERENCE ^ proto * _GOLDEN) & _32_BITS
    h ^= h >> np.uint64(16)
    h = (h * _GOLDEN) & _32_BITS
    hashes: Ints = (h ^ h >> np.uint64(15)).view(np.int64)
    return hashes
