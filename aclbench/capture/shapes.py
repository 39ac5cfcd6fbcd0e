"""Reads the frames of a batch that are of a common shape, all at once, with NumPy."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch, gather
from aclbench.capture.flows import flow_hashes4, flow_hashes6
from aclbench.capture.links import ETHERNET_BYTES, IP4_BYTES, IP6_BYTES, untagged_starts
from aclbench.engine.packet import (
    ETHERTYPE_IP4,
    ETHERTYPE_IP6,
    INFO_CUT_L4,
    INFO_ICMP,
    INFO_IP4_BAD_LENGTH,
    INFO_IP4_NO_LENGTH,
    INFO_IP4_TOO_SHORT,
    INFO_IP6,
    INFO_L4_VALID,
    INFO_MULTICAST,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_VALID,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    L4_VALID_BYTES,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_FLAGS_BYTES,
)

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

#: All that is read from the IP header on: the longer header, and TCP up to its flags.
WINDOW_BYTES: Final = IP6_BYTES + TCP_FLAGS_BYTES
#: Version 4 and a header of five words: no options.
_IP4_PLAIN: Final = 0x45
_IP4_FRAGMENT_OFFSET_MASK: Final = 0x1FFF


class Words(NamedTuple):
    """The columns of `aclbench.capture.columns.Columns`, and the rows that are not read yet."""

    k0: Ints
    k1: Ints
    m0: Ints
    m1: Ints
    info: Ints
    flow: Ints
    k2: Ints | None
    k3: Ints | None
    k4: Ints | None
    rest: list[int]


def no_words(n: int) -> Words:
    """No frame of so many is read yet."""
    k0, k1, m0, m1, info, flow = np.zeros((6, n), dtype=np.int64)
    return Words(k0, k1, m0, m1, info, flow, None, None, None, list(range(n)))


def read_at_once(batch: RawBatch, extension_headers: frozenset[int]) -> Words:
    """Read what is of a common shape; the columns can be written to."""
    # A window may not reach past the data, so the last few frames of a chunk can be too near its
    # end. Their windows are read elsewhere in the data and ignored; they are read singly.
    last = len(batch.data) - WINDOW_BYTES
    if last < ETHERNET_BYTES:
        return no_words(len(batch))
    shapes = _sort_by_shape(batch, last, extension_headers)
    if shapes.ip4.all():
        decoded = _decode_ip4(shapes.l3, shapes.l3_bytes, shapes.wire_bytes)
        return Words(*decoded, None, None, None, [])
    if shapes.ip6.all():
        return Words(*_decode_ip6(shapes.l3, shapes.l3_bytes, shapes.wire_bytes), [])
    words = no_words(len(batch))._replace(
        rest=np.flatnonzero(~(shapes.ip4 | shapes.ip6 | shapes.not_ip)).tolist()
    )
    words.info[shapes.not_ip] = INFO_NOT_IP
    rows = np.flatnonzero(shapes.ip4)
    decoded = _decode_ip4(shapes.l3[rows], shapes.l3_bytes[rows], shapes.wire_bytes[rows])
    for column, found in zip(words[:6], decoded, strict=True):
        column[rows] = found
    rows = np.flatnonzero(shapes.ip6)
    if len(rows):
        k2, k3, k4 = np.zeros((3, len(batch)), dtype=np.int64)
        words = words._replace(k2=k2, k3=k3, k4=k4)
        decoded6 = _decode_ip6(shapes.l3[rows], shapes.l3_bytes[rows], shapes.wire_bytes[rows])
        for column, found in zip((*words[:6], k2, k3, k4), decoded6, strict=True):
            column[rows] = found
    return words


class _Shapes(NamedTuple):
    """Which frames can be decoded together, and their bytes from the IP header on.

    `l3` has shape (n, WINDOW_BYTES); only the first `l3_bytes` of a row belong to the packet, of
    which `wire_bytes` were sent. At most one of the masks is true for a frame; one with none is
    parsed singly.
    """

    l3: Bytes
    l3_bytes: Ints
    wire_bytes: Ints
    ip4: Bools
    ip6: Bools
    not_ip: Bools


def _sort_by_shape(batch: RawBatch, last: int, extension_headers: frozenset[int]) -> _Shapes:
    """Skip link headers and VLAN tags, and see what follows; `last` is where a window may begin."""
    (at, ethertype), tagged = untagged_starts(batch, last)
    l3 = gather(batch.data, WINDOW_BYTES, np.minimum(at, last))
    skipped = at - batch.offset
    l3_bytes = batch.captured - skipped
    roomy = (at <= last) & (l3_bytes >= 0) & ~tagged
    ip4, ip6 = ethertype == ETHERTYPE_IP4, ethertype == ETHERTYPE_IP6
    return _Shapes(
        l3,
        l3_bytes,
        batch.wire_bytes - skipped,
        roomy & ip4 & (l3[:, 0] == _IP4_PLAIN) & (l3_bytes >= IP4_BYTES),
        roomy
        & ip6
        & (l3[:, 0] >> 4 == 6)
        & (l3_bytes >= IP6_BYTES)
        & ~is_extension_header(extension_headers)[l3[:, 6]],
        roomy & ~ip4 & ~ip6,
    )


@lru_cache(maxsize=8)
def is_extension_header(extension_headers: frozenset[int]) -> Bools:
    """A table over the 256 next-header values."""
    return np.isin(np.arange(256), sorted(extension_headers))


def _be16(pairs: Bytes) -> NDArray[np.uint16]:
    """Two bytes a row, shape (n, 2), as numbers in network order."""
    return pairs.view(">u2")[:, 0].astype(np.uint16)


def _be64(eights: Bytes) -> Ints:
    """Eight bytes a row, shape (n, 8), as numbers in network order, with a sign."""
    return eights.view(">i8")[:, 0].astype(np.int64)


def _decode_ip4(
    l3: Bytes, l3_bytes: Ints, wire_bytes: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """IPv4 without options, from its header on: the first six of `Words`."""
    later = (_be16(l3[:, 6:8]) & _IP4_FRAGMENT_OFFSET_MASK) != 0
    info = np.where(later, INFO_NONFIRST_FRAGMENT, 0)
    total_bytes = _be16(l3[:, 2:4])
    wrong = np.flatnonzero((total_bytes < IP4_BYTES) | (total_bytes > wire_bytes))
    if len(wrong):  # hardly ever
        total_bytes = total_bytes[wrong]
        info[wrong] |= np.where(
            total_bytes < IP4_BYTES, INFO_IP4_TOO_SHORT, INFO_IP4_BAD_LENGTH
        ) | np.where(total_bytes == 0, INFO_IP4_NO_LENGTH, 0)
    l4_bytes = np.where(later, 0, l3_bytes - IP4_BYTES)
    l4 = _read_l4(l3[:, IP4_BYTES:], l4_bytes, l3[:, 9], PROTO_ICMP)
    info[(wire_bytes > l3_bytes) & ~later & l4.lacking] |= INFO_CUT_L4
    info |= l4.info | np.where(l3[:, 16] >> 4 == 0xE, INFO_MULTICAST, 0)
    k0 = _be64(l3[:, 12:20])
    m0 = k0 << 32 | (k0 >> 32 & 0xFFFF_FFFF)
    return k0, l4.k1, m0, l4.m1, info, flow_hashes4(k0, l4.k1)


def _decode_ip6(
    l3: Bytes, l3_bytes: Ints, wire_bytes: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """IPv6 without extension headers, from its header on; its length is not looked at."""
    l4 = _read_l4(l3[:, IP6_BYTES:], l3_bytes - IP6_BYTES, l3[:, 6], PROTO_ICMP6)
    info = l4.info | np.where(l3[:, 24] == 0xFF, INFO_IP6 | INFO_MULTICAST, INFO_IP6)
    info[(wire_bytes > l3_bytes) & l4.lacking] |= INFO_CUT_L4
    k0, k2, k3, k4 = (_be64(l3[:, at : at + 8]) for at in range(8, IP6_BYTES, 8))
    flow = flow_hashes6(k0, l4.k1, k2, k3, k4)
    return k0, l4.k1, k3.copy(), l4.m1, info, flow, k2, k3, k4


class _L4(NamedTuple):
    """What L4 says: the words of the two keys that have the ports, and bits of the info word.

    `lacking`: ports or TCP flags that an acl node looks at are not there.
    """

    k1: Ints
    m1: Ints
    info: Ints
    lacking: Bools


def _read_l4(l4: Bytes, l4_bytes: Ints, proto: Bytes, icmp_proto: int) -> _L4:
    """Read L4; only the first `l4_bytes` of a row belong to the packet."""
    valid = l4_bytes >= L4_VALID_BYTES
    tcp = proto == PROTO_TCP
    ported = valid & (tcp | (proto == PROTO_UDP))
    icmp = valid & (proto == icmp_proto)
    flagged = tcp & (l4_bytes >= TCP_FLAGS_BYTES)
    ports = np.where(ported, l4[:, 0:4].view(">u4")[:, 0].astype(np.int64), 0)
    mirrored = (ports & 0xFFFF) << 16 | ports >> 16
    if icmp.any():  # type and code are not swapped
        ports[icmp] = mirrored[icmp] = l4[icmp, 0].astype(np.int64) << 16 | l4[icmp, 1]
    rest = proto.astype(np.int64) << 8 | np.where(valid & ~ported, KEY_SLOWPATH, 0)
    info = INFO_L4_VALID * valid.astype(np.int64) | INFO_ICMP * icmp.astype(np.int64)
    flags = l4[:, TCP_FLAGS_BYTES - 1].astype(np.int64) | INFO_TCP_FLAGS_VALID
    return _L4(
        ports << 16 | rest | np.where(icmp, KEY_IS_INPUT, 0),
        mirrored << 16 | rest,
        info | np.where(flagged, flags, 0),
        np.where(tcp, ~flagged, ~valid),
    )
