"""Decodes a batch of frames into columns, with NumPy.

The result is, frame by frame, that of `aclbench.capture.links.parse_frame`: that function is the
reference, and tests compare the two on arbitrary bytes. Common shapes are vectorised: any number of
captured bytes, a few VLAN tags, IPv4 without options (fragments too), IPv6 without extension
headers. All other frames go through the reference, one by one.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch, gather
from aclbench.capture.links import (
    ETHERNET_BYTES,
    IP4_BYTES,
    IP6_BYTES,
    LINK_NONE,
    LINKS_READ,
    link_types_of,
    parse_frame,
    refusal,
    untagged_starts,
)
from aclbench.engine.packet import (
    DEFAULT_EXTENSION_HEADERS,
    ETHERTYPE_IP4,
    ETHERTYPE_IP6,
    INFO_CUT,
    INFO_CUT_L4,
    INFO_ICMP,
    INFO_IP4_BAD_LENGTH,
    INFO_IP4_NO_LENGTH,
    INFO_IP4_TOO_SHORT,
    INFO_IP6,
    INFO_L4_VALID,
    INFO_LENGTH_SHIFT,
    INFO_MULTICAST,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY4_SIZE,
    KEY6_SIZE,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    L4_VALID_BYTES,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_FLAGS_BYTES,
    Parse,
    parse_ethernet,
)
from aclbench.errors import CaptureError

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

#: All that is read from the IP header on: the longer header, and TCP up to its flags.
WINDOW_BYTES: Final = IP6_BYTES + TCP_FLAGS_BYTES
#: Version 4 and a header of five words: no options.
_IP4_PLAIN: Final = 0x45
_IP4_FRAGMENT_OFFSET_MASK: Final = 0x1FFF


#: Of packets with one of these a note tells how many there are.
NOTED: Final = INFO_CUT | INFO_CUT_L4 | INFO_IP4_NO_LENGTH


class Addresses(NamedTuple):
    """The ends of the packets of one family, 4 or 6; `rows` says which packets these are.

    `src` and `dst` are numbers for IPv4. For IPv6 they are byte strings in network order: NumPy
    compares those (type S) byte by byte, the shorter one filled up with zeros, so they sort as the
    numbers do, and all 128 bits fit.
    """

    family: int
    rows: Ints | slice
    src: NDArray[Any]
    dst: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """Decoded packets as parallel columns, of equal length.

    `key`, `mirror_key` and `info` are as in `aclbench.engine.packet`; keys are empty where there is
    no IP. `flags` has the TCP flags of the info words, with the bit that says that they are valid.
    `addresses` has those of each family that there is. `has_noted`: a packet has one of `NOTED`.
    `first_number` is the Wireshark
    number of the first packet.
    """

    key: list[bytes]
    mirror_key: list[bytes]
    info: list[int]
    flags: NDArray[np.uint16]
    addresses: tuple[Addresses, ...]
    first_number: int
    has_noted: bool

    def __len__(self) -> int:
        """Packets."""
        return len(self.info)


def decode(
    batch: RawBatch,
    extension_headers: Set[int] = DEFAULT_EXTENSION_HEADERS,
    parse: Parse | None = None,
    with_lengths: bool = False,
) -> Columns:
    """Decode every frame of a batch, as `parse_frame` does one.

    With `parse`, which a design may bring, frames are read by it, one by one. `with_lengths`: the
    info words have the length of each frame on the wire.
    Raises CaptureError for a link type that is not read; nothing in a frame raises.
    """
    for link_type in link_types_of(batch):
        if link_type not in LINKS_READ and link_type != LINK_NONE:
            raise CaptureError(refusal(link_type))
    lengths = batch.originals() << INFO_LENGTH_SHIFT if with_lengths else 0
    if parse is not None:
        return _mixed(batch, _no_shapes(len(batch)), extension_headers, parse, lengths)
    shapes = _sort_by_shape(batch, frozenset(extension_headers))
    if shapes.ip4.all():
        decoded = _decode_ip4(shapes.l3, shapes.l3_bytes, shapes.wire_bytes)
        return _one_family(batch, decoded, lengths)
    if shapes.ip6.all():
        decoded = _decode_ip6(shapes.l3, shapes.l3_bytes, shapes.wire_bytes)
        return _one_family(batch, decoded, lengths)
    return _mixed(batch, shapes, extension_headers, parse_ethernet, lengths)


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


def _sort_by_shape(batch: RawBatch, extension_headers: frozenset[int]) -> _Shapes:
    """Skip link headers and VLAN tags, and see what follows."""
    offset, captured = batch.offset, batch.captured
    # A window may not reach past the data, so the last few frames of a chunk can be too near its
    # end. Their windows are read elsewhere in the data and ignored; they are parsed singly.
    last = len(batch.data) - WINDOW_BYTES
    if last < ETHERNET_BYTES:
        return _no_shapes(len(offset))
    (at, ethertype), tagged = untagged_starts(batch, last)
    l3 = gather(batch.data, WINDOW_BYTES, np.minimum(at, last))
    l3_bytes = captured - (at - offset)
    roomy = (at <= last) & (l3_bytes >= 0) & ~tagged
    ip4, ip6 = ethertype == ETHERTYPE_IP4, ethertype == ETHERTYPE_IP6
    return _Shapes(
        l3,
        l3_bytes,
        l3_bytes + batch.originals() - captured,
        roomy & ip4 & (l3[:, 0] == _IP4_PLAIN) & (l3_bytes >= IP4_BYTES),
        roomy
        & ip6
        & (l3[:, 0] >> 4 == 6)
        & (l3_bytes >= IP6_BYTES)
        & ~_is_extension_header(extension_headers)[l3[:, 6]],
        roomy & ~ip4 & ~ip6,
    )


def _no_shapes(n: int) -> _Shapes:
    """Too few data for a single window: every frame is parsed singly."""
    none = np.zeros(n, dtype=np.bool_)
    l3 = np.empty((n, WINDOW_BYTES), dtype=np.uint8)
    size = np.zeros(n, dtype=np.int64)
    return _Shapes(l3, size, size, none, none, none)


@lru_cache(maxsize=8)
def _is_extension_header(extension_headers: frozenset[int]) -> Bools:
    """A table over the 256 next-header values."""
    return np.isin(np.arange(256), sorted(extension_headers))


def _be16(pairs: Bytes) -> NDArray[np.uint16]:
    """Two bytes a row, shape (n, 2), as numbers in network order."""
    return pairs.view(">u2")[:, 0].astype(np.uint16)


# --- keys -----------------------------------------------------------------------------------


def _key_layout(address_bytes: int) -> np.dtype[np.void]:
    """A key as in `aclbench.engine.packet`, as a NumPy record."""
    address = f"V{address_bytes}"
    return np.dtype(
        [
            ("src", address),
            ("dst", address),
            ("sport", ">u2"),
            ("dport", ">u2"),
            ("proto", "u1"),
            ("flags", "u1"),
        ]
    )


_KEY4: Final = _key_layout(4)
_KEY6: Final = _key_layout(16)
assert _KEY4.itemsize == KEY4_SIZE
assert _KEY6.itemsize == KEY6_SIZE


class _Decoded(NamedTuple):
    """Packets of one family. Keys are of type V14 or V38: `tolist` makes `bytes` of those, with
    zeros at the end kept (type S would drop them)."""

    family: int
    key: NDArray[np.void]
    mirror_key: NDArray[np.void]
    info: Ints


def _decode_ip4(l3: Bytes, l3_bytes: Ints, wire_bytes: Ints) -> _Decoded:
    """IPv4 without options, from its header on."""
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
    return _make_keys(4, _KEY4, l3[:, 12:16], l3[:, 16:20], l4, info)


def _decode_ip6(l3: Bytes, l3_bytes: Ints, wire_bytes: Ints) -> _Decoded:
    """IPv6 without extension headers, from its header on; its length is not looked at."""
    l4 = _read_l4(l3[:, IP6_BYTES:], l3_bytes - IP6_BYTES, l3[:, 6], PROTO_ICMP6)
    info = np.full(len(l3), INFO_IP6)
    info[(wire_bytes > l3_bytes) & l4.lacking] |= INFO_CUT_L4
    return _make_keys(6, _KEY6, l3[:, 8:24], l3[:, 24:40], l4, info)


class _L4(NamedTuple):
    """What L4 says. `ported`: its ports are swapped in the mirror key, as type and code are not.

    `lacking`: ports or TCP flags that an acl node looks at are not there.
    """

    proto: Bytes
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    ported: Bools
    key_flags: Bytes
    info: Ints
    lacking: Bools


def _read_l4(l4: Bytes, l4_bytes: Ints, proto: Bytes, icmp_proto: int) -> _L4:
    """Read L4; only the first `l4_bytes` of a row belong to the packet."""
    valid = l4_bytes >= L4_VALID_BYTES
    tcp = proto == PROTO_TCP
    ported = valid & (tcp | (proto == PROTO_UDP))
    icmp = valid & (proto == icmp_proto)
    flagged = tcp & (l4_bytes >= TCP_FLAGS_BYTES)
    return _L4(
        proto,
        np.where(ported, _be16(l4[:, 0:2]), np.where(icmp, l4[:, 0], np.uint16(0))),
        np.where(ported, _be16(l4[:, 2:4]), np.where(icmp, l4[:, 1], np.uint16(0))),
        ported,
        KEY_SLOWPATH * (valid & ~ported).astype(np.uint8) | KEY_IS_INPUT * icmp.astype(np.uint8),
        INFO_L4_VALID * valid
        | INFO_ICMP * icmp
        | np.where(flagged, l4[:, TCP_FLAGS_BYTES - 1] | np.int64(INFO_TCP_FLAGS_VALID), 0),
        np.where(tcp, ~flagged, ~valid),
    )


def _make_keys(
    family: int, layout: np.dtype[np.void], src: Bytes, dst: Bytes, l4: _L4, info: Ints
) -> _Decoded:
    """Put the two keys of each packet together."""
    n = len(src)
    address = layout["src"]
    key, mirror = np.empty(n, layout), np.empty(n, layout)
    key["src"] = mirror["dst"] = src.view(address)[:, 0]
    key["dst"] = mirror["src"] = dst.view(address)[:, 0]
    key["sport"], key["dport"] = l4.sport, l4.dport
    mirror["sport"] = np.where(l4.ported, l4.dport, l4.sport)
    mirror["dport"] = np.where(l4.ported, l4.sport, l4.dport)
    key["proto"] = mirror["proto"] = l4.proto
    key["flags"] = l4.key_flags
    mirror["flags"] = l4.key_flags & ~np.uint8(KEY_IS_INPUT)
    whole = f"V{layout.itemsize}"
    multicast = dst[:, 0] == 0xFF if family == 6 else dst[:, 0] >> 4 == 0xE
    info = info | l4.info | INFO_MULTICAST * multicast.astype(np.int64)
    return _Decoded(family, key.view(whole), mirror.view(whole), info)


# --- the columns, in capture order ----------------------------------------------------------


def _one_family(batch: RawBatch, decoded: _Decoded, lengths: Ints | int) -> Columns:
    """All packets are of one family, in order: nothing to merge."""
    return Columns(
        key=decoded.key.tolist(),
        mirror_key=decoded.mirror_key.tolist(),
        info=(decoded.info | lengths).tolist(),
        flags=_flags_of(decoded.info),
        addresses=(_addresses_of(decoded.family, slice(None), decoded.key),),
        first_number=batch.first_number,
        has_noted=bool((decoded.info & NOTED).any()),
    )


def _mixed(
    batch: RawBatch,
    shapes: _Shapes,
    extension_headers: Set[int],
    parse: Parse,
    lengths: Ints | int,
) -> Columns:
    """Decode shape by shape, and put each packet in its place."""
    n = len(batch)
    addresses: list[Addresses] = []
    key, mirror_key = np.full(n, b"", dtype=object), np.full(n, b"", dtype=object)
    info = np.where(shapes.not_ip, INFO_NOT_IP, 0)
    for mask, decode_rows in ((shapes.ip4, _decode_ip4), (shapes.ip6, _decode_ip6)):
        rows = np.flatnonzero(mask)
        if len(rows):
            decoded = decode_rows(shapes.l3[rows], shapes.l3_bytes[rows], shapes.wire_bytes[rows])
            key[rows] = decoded.key.astype(object)
            mirror_key[rows] = decoded.mirror_key.astype(object)
            info[rows] = decoded.info
            addresses.append(_addresses_of(decoded.family, rows, decoded.key))
    singly = np.flatnonzero(~(shapes.ip4 | shapes.ip6 | shapes.not_ip))
    for row in singly.tolist():
        key[row], mirror_key[row], info[row] = parse_frame(
            batch.frame(row), batch.link_of(row), extension_headers, batch.uncaptured(row), parse
        )
    for family, size in ((4, KEY4_SIZE), (6, KEY6_SIZE)):
        rows = singly[[len(key[row]) == size for row in singly.tolist()]]
        if len(rows):
            addresses.append(_addresses_of(family, rows, key[rows].astype(f"V{size}")))
    return Columns(
        key=key.tolist(),
        mirror_key=mirror_key.tolist(),
        info=(info | lengths).tolist(),
        flags=_flags_of(info),
        addresses=tuple(addresses),
        first_number=batch.first_number,
        has_noted=bool((info & NOTED).any()),
    )


def _flags_of(info: Ints) -> NDArray[np.uint16]:
    return (info & (INFO_TCP_FLAGS_VALID | INFO_TCP_FLAGS_MASK)).astype(np.uint16)


def _addresses_of(family: int, rows: Ints | slice, key: NDArray[np.void]) -> Addresses:
    """The ends of packets of one family: a key begins with its addresses."""
    ends = key.view(_KEY4 if family == 4 else _KEY6)
    src, dst = np.ascontiguousarray(ends["src"]), np.ascontiguousarray(ends["dst"])
    if family == 4:
        return Addresses(4, rows, src.view(">u4").astype("u4"), dst.view(">u4").astype("u4"))
    return Addresses(6, rows, src.view("S16"), dst.view("S16"))


# --- from the columns -----------------------------------------------------------------------


class Ports(NamedTuple):
    """What keys hold besides addresses; ports are type and code for ICMP."""

    sport: Ints
    dport: Ints
    proto: Ints


def key_columns(columns: Columns, addresses: Addresses) -> Ports:
    """Ports and protocol of the packets of one family."""
    keys = columns.key
    if not isinstance(addresses.rows, slice):
        keys = [keys[row] for row in addresses.rows.tolist()]
    ends = np.frombuffer(b"".join(keys), dtype=_KEY4 if addresses.family == 4 else _KEY6)
    return Ports(*(ends[field].astype(np.int64) for field in Ports._fields))
