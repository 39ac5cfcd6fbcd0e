"""Reads the frames of a batch that are of a common shape, packet by packet: it is to be compiled.

`shapes.read_at_once` does the same with NumPy, which is the faster way where this is interpreted.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

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
    IP4_HEADER_BYTES,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    L4_VALID_BYTES,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_FLAGS_BYTES,
    flow_hash_of_words,
)
from aclbench.engine.storage import Column, be16, be32, be64, column, zeros

_IP6_HEADER_BYTES: Final = 40
_VLAN_TAG_BYTES: Final = 4
#: Version 4 and a header of five words: no options.
_IP4_PLAIN: Final = 0x45
_IP4_FRAGMENT_OFFSET_MASK: Final = 0x1FFF
_IP4_GROUP_MASK: Final = 0xF000_0000
_IP4_GROUP: Final = 0xE000_0000


class Starts:
    """Where the network headers begin, behind VLAN tags, and their ethertypes.

    Either link headers are `link_bytes` long and end with the ethertype, or, where that is 0, there
    are columns of both; what begins behind the captured bytes is not known then.
    """

    def __init__(self, link_bytes: i64, at: Any, ethertype: Any) -> None:
        self.link_bytes: i64 = link_bytes
        # Made here: handed over by interpreted code, a compiled column would never be freed.
        self.at: Column = column(at)
        self.ethertype: Column = column(ethertype)


class FramesRead:
    """Columns as `shapes.Words` has them, and the rows that are not read yet.

    `k2`, `k3` and `k4` are empty without IPv6.
    """

    def __init__(self, n: i64) -> None:
        self.k0: Column = zeros(n)
        self.k1: Column = zeros(n)
        self.m0: Column = zeros(n)
        self.m1: Column = zeros(n)
        self.info: Column = zeros(n)
        self.flow: Column = zeros(n)
        self.k2: Column = zeros(0)
        self.k3: Column = zeros(0)
        self.k4: Column = zeros(0)
        self.rest: list[int] = []


def read_frames(
    data: bytes,
    offsets: Any,
    lengths: Any,
    wire_lengths: Any,
    starts: Starts,
    skipped: bytes,
) -> FramesRead:
    """Read what is of a common shape. `skipped` has a 1 for each IPv6 extension header."""
    offset, captured, wire_bytes = column(offsets), column(lengths), column(wire_lengths)
    n: i64 = len(offset)
    read = FramesRead(n)
    link_bytes: i64 = starts.link_bytes
    for i in range(n):
        end: i64 = offset[i] + captured[i]
        uncaptured: i64 = wire_bytes[i] - captured[i]
        at: i64
        ethertype: i64 = 0
        if link_bytes:
            at = _behind_tags(data, offset[i] + link_bytes, end)
            if at <= end:
                ethertype = be16(data, at - 2)
        else:
            at, ethertype = starts.at[i], starts.ethertype[i]
        left: i64 = end - at
        if ethertype == ETHERTYPE_IP4:
            is_read = left >= IP4_HEADER_BYTES and _read_ip4(read, i, data, at, left, uncaptured)
        elif ethertype == ETHERTYPE_IP6:
            is_read = left >= _IP6_HEADER_BYTES and not skipped[be16(data, at + 6) >> 8]
            is_read = is_read and _read_ip6(read, i, data, at, left, uncaptured)
        else:
            is_read = left >= 0
            read.info[i] = INFO_NOT_IP
        if not is_read:
            read.rest.append(i)
    return read


def _behind_tags(data: bytes, at: i64, end: i64) -> i64:
    """Where a header begins behind VLAN tags, of which the first would end at `at`."""
    while at <= end:
        ethertype: i64 = be16(data, at - 2)
        if ethertype not in (0x8100, 0x88A8, 0x9100):  # ETHERTYPES_VLAN
            break
        at += _VLAN_TAG_BYTES
    return at


def _read_ip4(read: FramesRead, i: i64, data: bytes, at: i64, left: i64, uncaptured: i64) -> bool:
    """Read a packet with a whole header of IPv4; False: it has options, or is none."""
    head: i64 = be64(data, at)
    if head >> 56 & 0xFF != _IP4_PLAIN:
        return False
    info: i64 = 0
    total: i64 = head >> 32 & 0xFFFF
    if total < IP4_HEADER_BYTES:
        info = INFO_IP4_TOO_SHORT if total else INFO_IP4_TOO_SHORT | INFO_IP4_NO_LENGTH
    elif total > left + uncaptured:
        info = INFO_IP4_BAD_LENGTH
    k0: i64 = be64(data, at + 12)
    if k0 & _IP4_GROUP_MASK == _IP4_GROUP:
        info |= INFO_MULTICAST
    proto: i64 = be16(data, at + 8) & 0xFF
    if head & _IP4_FRAGMENT_OFFSET_MASK:
        read.info[i] = info | INFO_NONFIRST_FRAGMENT
        read.k1[i] = read.m1[i] = proto << 8
    else:
        l4_bytes: i64 = left - IP4_HEADER_BYTES
        info |= _read_l4(read, i, data, at + IP4_HEADER_BYTES, l4_bytes, proto, PROTO_ICMP)
        if uncaptured and _lacks_l4(proto, l4_bytes):
            info |= INFO_CUT_L4
        read.info[i] = info
    read.k0[i] = k0
    # The lower half with its own sign: nothing is shifted out.
    read.m0[i] = ((k0 & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000) << 32 | (k0 >> 32 & 0xFFFF_FFFF)
    read.flow[i] = flow_hash_of_words(k0, read.k1[i], 0, 0, 0, False)
    return True


def _read_ip6(read: FramesRead, i: i64, data: bytes, at: i64, left: i64, uncaptured: i64) -> bool:
    """Read a packet with a whole header of IPv6 and no extension header; False: it is none."""
    if be16(data, at) >> 12 != 6:
        return False
    if not len(read.k2):
        n: i64 = len(read.k0)
        read.k2, read.k3, read.k4 = zeros(n), zeros(n), zeros(n)
    k0, k2 = be64(data, at + 8), be64(data, at + 16)
    k3, k4 = be64(data, at + 24), be64(data, at + 32)
    proto: i64 = be16(data, at + 6) >> 8
    l4_bytes: i64 = left - _IP6_HEADER_BYTES
    info: i64 = INFO_IP6
    info |= _read_l4(read, i, data, at + _IP6_HEADER_BYTES, l4_bytes, proto, PROTO_ICMP6)
    if k3 >> 56 & 0xFF == 0xFF:
        info |= INFO_MULTICAST
    if uncaptured and _lacks_l4(proto, l4_bytes):
        info |= INFO_CUT_L4
    read.k0[i], read.k2[i], read.k3[i], read.k4[i] = k0, k2, k3, k4
    read.m0[i] = k3
    read.info[i] = info
    read.flow[i] = flow_hash_of_words(k0, read.k1[i], k2, k3, k4, True)
    return True


def _read_l4(
    read: FramesRead, i: i64, data: bytes, at: i64, left: i64, proto: i64, icmp_proto: i64
) -> i64:
    """Write the words with the ports; returns what belongs into the info word."""
    k1: i64 = proto << 8
    m1: i64 = k1
    info: i64 = 0
    if left >= L4_VALID_BYTES:
        info = INFO_L4_VALID
        if proto in (PROTO_TCP, PROTO_UDP):
            ports: i64 = be32(data, at)
            k1 |= ports << 16
            m1 |= (ports & 0xFFFF) << 32 | ports >> 16 << 16
            if proto == PROTO_TCP and left >= TCP_FLAGS_BYTES:
                info |= INFO_TCP_FLAGS_VALID | (be16(data, at + TCP_FLAGS_BYTES - 2) & 0xFF)
        elif proto == icmp_proto:  # type and code are not swapped
            kind: i64 = be16(data, at)
            m1 |= kind >> 8 << 32 | (kind & 0xFF) << 16 | KEY_SLOWPATH
            k1 = m1 | KEY_IS_INPUT
            info |= INFO_ICMP
        else:
            k1 |= KEY_SLOWPATH
            m1 = k1
    read.k1[i], read.m1[i] = k1, m1
    return info


def _lacks_l4(proto: i64, left: i64) -> bool:
    """Whether ports or TCP flags that an acl node looks at are not there."""
    return left < TCP_FLAGS_BYTES if proto == PROTO_TCP else left < L4_VALID_BYTES
