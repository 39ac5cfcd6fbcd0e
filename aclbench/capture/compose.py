"""Frames in bulk: the headers of many packets of one family and protocol, with their checksums.

Headers are matrices of 16-bit words in network order, one row a packet. The payload is zeros, which
do not change a checksum: so frames of any length are headers in a buffer of zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP

Words = NDArray[Any]

ETHERNET_BYTES: Final = 14
IP_BYTES: Final = {4: 20, 6: 40}
L4_BYTES: Final = {PROTO_TCP: 20, PROTO_UDP: 8, PROTO_ICMP: 8, PROTO_ICMP6: 8}
_ETHERTYPES: Final = {4: 0x0800, 6: 0x86DD}
_MAC_INSIDE: Final = (0x0200, 0x0000, 0x0001)
_MAC_OUTSIDE: Final = (0x0200, 0x0000, 0x0002)
_TTL: Final = 64
_WINDOW: Final = 64240
#: ICMP and ICMPv6: the types of echo request and reply.
_ECHO: Final = {PROTO_ICMP: (8, 0), PROTO_ICMP6: (128, 129)}


def header_bytes(family: int, protocol: int) -> int:
    """The length of all headers of a frame."""
    return ETHERNET_BYTES + IP_BYTES[family] + L4_BYTES[protocol]


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets of one family and protocol, in columns of equal length.

    `src` and `dst` are addresses, a row of words each. `outward` is whether a packet goes from
    inside to outside, `frame_bytes` the length of the whole frame. `seq`, `ack` and `flags` are
    TCP's; ICMP has its identifier in `sport` and its sequence number in `seq`.
    """

    family: int
    protocol: int
    outward: NDArray[np.bool_]
    src: Words
    dst: Words
    sport: Words
    dport: Words
    seq: Words
    ack: Words
    flags: Words
    ident: Words
    frame_bytes: Words


def headers(packets: Packets) -> NDArray[np.uint8]:
    """All headers, a row a packet."""
    size = header_bytes(packets.family, packets.protocol)
    # Words are 64 bits wide until the end, so that sums of them cannot overflow.
    words = np.zeros((len(packets.sport), size // 2), dtype=np.int64)
    out = packets.outward[:, None]
    words[:, 0:3] = np.where(out, _MAC_OUTSIDE, _MAC_INSIDE)
    words[:, 3:6] = np.where(out, _MAC_INSIDE, _MAC_OUTSIDE)
    words[:, 6] = _ETHERTYPES[packets.family]
    at = ETHERNET_BYTES // 2
    l4 = at + IP_BYTES[packets.family] // 2
    length = packets.frame_bytes - ETHERNET_BYTES
    if packets.family == 4:
        _fill_ip4(words[:, at:l4], packets, length)
    else:
        _fill_ip6(words[:, at:l4], packets, length)
    _fill_l4(words[:, l4:], packets, length - IP_BYTES[packets.family])
    return words.astype(">u2").view(np.uint8)


def _fill_ip4(words: Words, packets: Packets, length: Words) -> None:
    words[:, 0] = 0x4500
    words[:, 1] = length
    words[:, 2] = packets.ident & 0xFFFF
    words[:, 3] = 0x4000
    words[:, 4] = _TTL << 8 | packets.protocol
    words[:, 6:8], words[:, 8:10] = packets.src, packets.dst
    words[:, 5] = _checksum(words.sum(axis=1))


def _fill_ip6(words: Words, packets: Packets, length: Words) -> None:
    words[:, 0] = 0x6000
    words[:, 2] = length - IP_BYTES[6]
    words[:, 3] = packets.protocol << 8 | _TTL
    words[:, 4:12], words[:, 12:20] = packets.src, packets.dst


def _fill_l4(words: Words, packets: Packets, length: Words) -> None:
    """The header behind IP; its checksum takes in the pseudo header, but not in ICMP for IPv4."""
    protocol = packets.protocol
    checksum_at = {PROTO_TCP: 8, PROTO_UDP: 3}.get(protocol, 1)
    if protocol in (PROTO_TCP, PROTO_UDP):
        words[:, 0], words[:, 1] = packets.sport, packets.dport
    if protocol == PROTO_TCP:
        words[:, 2], words[:, 3] = packets.seq >> 16 & 0xFFFF, packets.seq & 0xFFFF
        words[:, 4], words[:, 5] = packets.ack >> 16 & 0xFFFF, packets.ack & 0xFFFF
        words[:, 6] = 0x5000 | packets.flags
        words[:, 7] = _WINDOW
    elif protocol == PROTO_UDP:
        words[:, 2] = length
    else:
        request, reply = _ECHO[protocol]
        words[:, 0] = np.where(packets.outward, request, reply) << 8
        words[:, 2], words[:, 3] = packets.sport, packets.seq & 0xFFFF
    total = words.sum(axis=1)
    if protocol != PROTO_ICMP:
        total += packets.src.sum(axis=1) + packets.dst.sum(axis=1) + length + protocol
    checksum = _checksum(total)
    if protocol == PROTO_UDP:
        checksum[checksum == 0] = 0xFFFF  # zero would mean that there is no checksum
    words[:, checksum_at] = checksum


def _checksum(total: Words) -> Words:
    """The Internet checksum of words with this sum."""
    for _ in range(3):
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
