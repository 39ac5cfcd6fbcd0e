"""Detects a capture that has its packets twice: taken on all interfaces, or on both sides.

The two copies of a packet may differ in all that a router or a switch changes on the way: MAC
addresses, VLAN tags, DSCP, TTL and the IP checksum. The rest is hashed, and two packets with one
hash within a millisecond are copies. A retransmission by a host is no copy: in IPv4 it has another
identification. Where that is 0, and in IPv6, the L4 checksum must agree too, and pure
acknowledgements, which may well be repeated, are left out. Packets with more than a few copies were
sent so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch, gather
from aclbench.capture.links import ETHERNET_BYTES, IP4_BYTES, IP6_BYTES, untagged_starts
from aclbench.engine.packet import (
    ETHERTYPE_IP4,
    ETHERTYPE_IP6,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_ACK,
)

#: Packets that are sampled of a group, from its beginning ...
SAMPLE_PACKETS: Final = 2000
#: ... and of all packets, one in so many; once enough were examined, in so many more.
ONE_IN: Final = 16
ENOUGH: Final = 20_000
ONE_IN_LATER: Final = 256
#: The longest time between copies of a packet, in nanoseconds.
APART_NS: Final = 1_000_000
#: A packet with more copies was not duplicated on the way.
MOST_COPIES: Final = 4
#: A capture is duplicated from this share of packets with a copy on, and this number.
SHARE: Final = 0.2
FEWEST: Final = 10

#: Bytes of L4 that are compared.
_L4_BYTES: Final = 20
_TCP_FLAGS_AT: Final = 13
_TCP_CHECKSUM: Final = slice(16, 18)
_UDP_CHECKSUM: Final = slice(6, 8)
_PADDING: Final = bytes(IP6_BYTES + _L4_BYTES)
#: L4 up to the end of its checksum, by protocol.
_CHECKSUM_END: Final[dict[int, int]] = {PROTO_TCP: 18, PROTO_UDP: 8, PROTO_ICMP6: 4, 1: 4}

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Duplicates(NamedTuple):
    """How many packets were examined, and how many of them have a copy.

    `sampled` were chosen for it; not all of those can be compared.
    """

    sampled: int = 0
    looked_at: int = 0
    copies: int = 0

    @property
    def probable(self) -> bool:
        """Whether the capture probably has its packets twice."""
        return self.copies >= FEWEST and self.copies > SHARE * self.looked_at

    def look(self, parts: Sequence[RawBatch], order: Ints | None, packets_read: int) -> Duplicates:
        """Examine the beginning of a group, unless enough was examined for `packets_read`.

        `parts` and `order` are those of a `Group`.
        """
        one_in = ONE_IN if self.sampled < ENOUGH else ONE_IN_LATER
        if self.sampled * one_in > packets_read:
            return self
        hashes, times = [], []
        counts = _counts(parts, order)
        for part, count in zip(parts, counts, strict=True):
            sample = part.part(0, count)
            found, is_known = identities(sample)
            hashes.append(found[is_known])
            times.append(sample.time_ns[is_known])
        identity, time_ns = np.concatenate(hashes), np.concatenate(times)
        copies = _count_copies(identity, time_ns)
        return Duplicates(
            self.sampled + sum(counts), self.looked_at + len(identity), self.copies + copies
        )


def _counts(parts: Sequence[RawBatch], order: Ints | None) -> list[int]:
    """How many packets of each part are among the first of a group."""
    if order is None:
        return [min(SAMPLE_PACKETS, len(parts[0]))]
    ends = np.cumsum([len(part) for part in parts])
    part_of = np.searchsorted(ends, order[:SAMPLE_PACKETS], side="right")
    counts: list[int] = np.bincount(part_of, minlength=len(parts)).tolist()
    return counts


def _count_copies(identity: NDArray[np.uint64], time_ns: Ints) -> int:
    """The number of packets that have another with the same hash nearby."""
    in_order = np.sort(identity)
    if not (in_order[1:] == in_order[:-1]).any():  # which is known sooner than where they are
        return 0
    order = np.lexsort((time_ns, identity))
    identity, time_ns = identity[order], time_ns[order]
    same = identity[1:] == identity[:-1]
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    lengths = np.diff(np.append(begins, len(identity)))
    is_few = np.repeat(lengths <= MOST_COPIES, lengths)
    near = same & is_few[1:] & (time_ns[1:] - time_ns[:-1] <= APART_NS)
    has_copy = np.zeros(len(identity), dtype=np.bool_)
    has_copy[1:] |= near
    has_copy[:-1] |= near
    return int(np.count_nonzero(has_copy))


def identities(batch: RawBatch) -> tuple[NDArray[np.uint64], Bools]:
    """A hash of what routers leave unchanged of each packet, and for which packets there is one.

    Those are IPv4 without options and IPv6 without extension headers, captured far enough.
    """
    padded = _padded(batch)
    (at, ethertype), _ = untagged_starts(padded, len(padded.data) - ETHERNET_BYTES)
    captured = batch.captured - (at - padded.offset)
    at = np.minimum(at, len(padded.data) - len(_PADDING))
    identity = np.zeros(len(batch), dtype=np.uint64)
    is_known = np.zeros(len(batch), dtype=np.bool_)
    for family_type, header_bytes, read in (
        (ETHERTYPE_IP4, IP4_BYTES, _read_ip4),
        (ETHERTYPE_IP6, IP6_BYTES, _read_ip6),
    ):
        rows = np.flatnonzero((ethertype == family_type) & (captured >= header_bytes))
        if len(rows):
            window = gather(padded.data, header_bytes + _L4_BYTES, at[rows])
            is_known[rows] = read(window, captured[rows])
            identity[rows] = _hash(window)
    return identity, is_known


def _padded(batch: RawBatch) -> RawBatch:
    """The batch with data in which every window lies: padded, where they end too soon."""
    if not len(batch):
        return batch
    begin, end = int(batch.offset[0]), int(batch.offset[-1] + batch.captured[-1])
    if end + len(_PADDING) <= len(batch.data):
        return batch
    return replace(batch, data=batch.data[begin:end] + _PADDING, offset=batch.offset - begin)


def _read_ip4(window: Bytes, captured: Ints) -> Bools:
    """Blank in each IPv4 packet what may change on its way; which packets can be compared?"""
    total = _be16(window, 2)
    l4, proto = window[:, IP4_BYTES:], window[:, 9]
    is_plain = window[:, 0] == 0x45
    numbered = _be16(window, 4) != 0
    pure_ack = _is_pure_ack(l4, proto, total - IP4_BYTES)
    whole = _has_checksum(proto, np.minimum(captured, total) - IP4_BYTES)
    _blank_behind(window, np.minimum(captured, total))
    window[:, 1] = window[:, 8] = 0
    window[:, 10:12] = 0
    # With checksum offload some are not computed yet, so they count only where needed.
    for number, checksum in ((PROTO_TCP, _TCP_CHECKSUM), (PROTO_UDP, _UDP_CHECKSUM)):
        rows = numbered & (proto == number)
        l4[rows, checksum] = 0
    found: Bools = is_plain & (numbered | (whole & ~pure_ack))
    return found


def _read_ip6(window: Bytes, captured: Ints) -> Bools:
    """The same of IPv6, which has no identification."""
    payload = _be16(window, 4)
    l4, proto = window[:, IP6_BYTES:], window[:, 6]
    pure_ack = _is_pure_ack(l4, proto, payload)
    length = np.minimum(captured, payload + IP6_BYTES)
    whole = _has_checksum(proto, length - IP6_BYTES)
    is_ip6 = window[:, 0] >> 4 == 6
    _blank_behind(window, length)
    window[:, 0], window[:, 7] = 0x60, 0
    window[:, 1] &= 0x0F
    found: Bools = is_ip6 & whole & ~pure_ack
    return found


def _is_pure_ack(l4: Bytes, proto: Bytes, l4_bytes: Ints) -> Bools:
    """A TCP segment that carries nothing but an acknowledgement."""
    header_bytes = (l4[:, 12] >> 4).astype(np.int64) * 4
    is_ack = (proto == PROTO_TCP) & (l4[:, _TCP_FLAGS_AT] == TCP_ACK)
    found: Bools = is_ack & (l4_bytes <= header_bytes)
    return found


def _has_checksum(proto: Bytes, l4_bytes: Ints) -> Bools:
    """Whether L4 was captured up to the end of its checksum."""
    found = np.zeros(len(proto), dtype=np.bool_)
    for number, end in _CHECKSUM_END.items():
        found |= (proto == number) & (l4_bytes >= end)
    return found


def _blank_behind(window: Bytes, length: Ints) -> None:
    """Blank what was not captured, and the padding of a short frame."""
    rows = np.flatnonzero(length < window.shape[1])
    behind = np.arange(window.shape[1]) >= length[rows, None]
    window[rows] = np.where(behind, np.uint8(0), window[rows])


def _be16(window: Bytes, at: int) -> Ints:
    return window[:, at].astype(np.int64) << 8 | window[:, at + 1]


#: Odd multipliers with well mixed bits, one for each word of the longer window.
_ODD: Final = np.array(
    [(n * 0x9E3779B97F4A7C15 * 0xD1B54A32D192ED03) % (1 << 64) | 1 for n in range(1, 9)],
    dtype=np.uint64,
)


def _hash(window: Bytes) -> NDArray[np.uint64]:
    """A 64-bit hash of each row."""
    rows, size = window.shape
    padded = np.zeros((rows, size + -size % 8), dtype=np.uint8)
    padded[:, :size] = window
    words = padded.view(np.uint64)
    hashed: NDArray[np.uint64] = (words * _ODD[: words.shape[1]]).sum(axis=1, dtype=np.uint64)
    return hashed
