"""Link types: what precedes the IP header, and where IP begins.

Every link type is converted to an equivalent Ethernet frame: `as_ethernet` is the reference, for
one packet; `network_starts` does the same for many at once.

Source: the registry of link types of the pcap project.
"""

from __future__ import annotations

from collections.abc import Set
from struct import unpack_from
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from aclbench.capture.batch import LINK_ETHERNET, RawBatch, gather
from aclbench.capture.framing import (
    FAMILIES,
    FRAMINGS,
    NOT_IP,
    WRAPPINGS,
    family_ethertype,
    framed,
    unwrapped,
)
from aclbench.engine.packet import (
    DEFAULT_EXTENSION_HEADERS,
    ETHERTYPE_IP4,
    ETHERTYPE_IP6,
    ETHERTYPES_VLAN,
    INFO_CUT,
    INFO_CUT_L4,
    INFO_L4_VALID,
    INFO_MALFORMED,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_VALID,
    PROTO_TCP,
    Packet,
    Parse,
    parse_ethernet,
    unpack_key,
)

Ints: TypeAlias = NDArray[np.int64]

LINK_COOKED: Final = 113
LINK_COOKED2: Final = 276
LINK_RAW_IP4: Final = 228
LINK_RAW_IP6: Final = 229
#: Raw IP of either family; 12 and 14 are what some systems wrote for it.
LINKS_RAW: Final = frozenset({12, 14, 101, LINK_RAW_IP4, LINK_RAW_IP6})
#: For a record that is no packet but has a Wireshark number; no file has this link type.
LINK_NONE: Final = -1
#: Firewall logs: of OpenBSD's pf, and of Linux' netfilter.
LINK_PFLOG: Final = 117
LINK_NFLOG: Final = 239
#: BSD loopback: a family of four bytes, in the order of the machine that captured, or in network
#: order (108, and 0 too on some systems).
LINKS_LOOPBACK: Final = frozenset({0, 108})

ETHERNET_BYTES: Final = 14
IP4_BYTES: Final = 20
IP6_BYTES: Final = 40
VLAN_TAG_BYTES: Final = 4
#: VLAN tags that are skipped for all frames at once; frames with more are parsed singly.
VLAN_TAGS: Final = 4
#: Whether each of the 65536 EtherTypes is that of a VLAN tag.
_IS_VLAN: Final = np.isin(np.arange(1 << 16), sorted(ETHERTYPES_VLAN))
#: The VLAN of a packet without that tag, and the MAC address of one that carries none.
UNTAGGED: Final = -1
NO_MAC: Final = -1
_MAC_BYTES: Final = 6
COOKED_BYTES: Final = 16
_COOKED2_BYTES: Final = 20
_LOOPBACK_BYTES: Final = 4
#: A pflog header has no fewer.
_PFLOG_BYTES: Final = 48
_NFLOG_BYTES: Final = 4
#: The attribute of a NFLOG record that has the packet, and how much of it may be missing: the
#: record does not say.
_NFLOG_PAYLOAD: Final = 9
_NFLOG_UNCAPTURED: Final = 0xFFFF

LINKS_READ: Final = (
    frozenset({LINK_ETHERNET, LINK_COOKED, LINK_COOKED2, LINK_PFLOG, LINK_NFLOG})
    | LINKS_RAW
    | LINKS_LOOPBACK
    | FRAMINGS.keys()
    | WRAPPINGS.keys()
)
#: Where IP begins differs from packet to packet: they are read one by one.
_LINKS_SINGLE: Final = frozenset({LINK_NFLOG, *FRAMINGS, *WRAPPINGS})

#: Link types that people meet and that are not read, by name.
_OTHER_NAMES: Final[dict[int, str]] = {
    3: "AX.25",
    7: "ARCNET",
    11: "ATM",
    19: "ATM",
    114: "LocalTalk",
    122: "Fibre Channel",
    129: "ARCNET",
    138: "FireWire",
    139: "SS7",
    140: "SS7",
    141: "SS7",
    142: "SS7",
    143: "DOCSIS",
    144: "IrDA",
    177: "LAPD",
    187: "Bluetooth",
    189: "USB",
    195: "802.15.4",
    197: "ERF",
    201: "Bluetooth",
    203: "LAPD",
    215: "802.15.4",
    220: "USB",
    224: "Fibre Channel",
    225: "Fibre Channel",
    227: "CAN",
    230: "802.15.4",
    231: "D-Bus",
    235: "DVB-CI",
    240: "netANALYZER",
    241: "netANALYZER",
    243: "MPEG-2 transport stream",
    247: "InfiniBand",
    248: "SCTP",
    249: "USB",
    251: "Bluetooth",
    252: "Wireshark's upper PDU",
    253: "netlink",
    254: "Bluetooth",
    255: "Bluetooth",
    256: "Bluetooth",
    266: "USB",
    271: "vsock",
    272: "Bluetooth",
    280: "VPP graph dispatch",
    283: "802.15.4",
    288: "USB",
    **dict.fromkeys((*range(130, 138), *range(178, 184), 194, 200, 233, 238), "Juniper"),
    **dict.fromkeys((147, 148, *range(150, 163)), "private use"),
}


def refusal(link_type: int) -> str:
    """Why packets of a link type are not read, and what to do instead."""
    name = _OTHER_NAMES.get(link_type, "unknown to aclbench")
    return (
        f"link type {link_type} ({name}); aclbench reads Ethernet (1), Linux cooked (113, 276), "
        "raw IP (101), loopback (0, 108), pflog (117), NFLOG (239), PPP (9), Wi-Fi (105, 127) and "
        "others: capture on such an interface"
    )


# --- one packet -----------------------------------------------------------------------------


def as_ethernet(frame: bytes, link_type: int) -> bytes:
    """The Ethernet frame equivalent to a packet of a supported link type, with zero MAC addresses.

    Empty where the link header was not captured whole.
    """
    if link_type in (LINK_ETHERNET, LINK_NONE):
        return frame
    if link_type == LINK_COOKED:
        return bytes(12) + frame[14:] if len(frame) >= COOKED_BYTES else b""
    if link_type == LINK_COOKED2:
        if len(frame) < _COOKED2_BYTES:
            return b""
        return bytes(12) + frame[:2] + frame[_COOKED2_BYTES:]
    if link_type in LINKS_RAW:
        return bytes(12) + _raw_ethertype(frame, link_type).to_bytes(2, "big") + frame
    if link_type == LINK_PFLOG:
        at = _pflog_bytes(frame)
        return bytes(12) + _ethertype_of(frame[1]) + frame[at:] if len(frame) >= at else b""
    if link_type == LINK_NFLOG:
        ip = _nflog_payload(frame)
        return bytes(12) + _ethertype_of(frame[0]) + ip if ip else b""
    if link_type in FRAMINGS:
        found = framed(frame, link_type)
        if found is None:
            return b""
        return bytes(12) + found.ethertype.to_bytes(2, "big") + frame[found.at :]
    if link_type in WRAPPINGS:
        return _inner_ethernet(frame, link_type)
    if len(frame) < _LOOPBACK_BYTES:
        return b""
    ethertype = family_ethertype(frame[:_LOOPBACK_BYTES])
    return bytes(12) + ethertype.to_bytes(2, "big") + frame[_LOOPBACK_BYTES:]


def _inner_ethernet(frame: bytes, link_type: int) -> bytes:
    """The same of the packet that a wrapping has in it; of a wrapping in it nothing is read."""
    found = unwrapped(frame, link_type)
    if found is None:
        return b""
    inner, packet = found
    if inner in WRAPPINGS or inner not in LINKS_READ:
        return bytes(12) + NOT_IP.to_bytes(2, "big") + packet
    return as_ethernet(packet, inner)


def parse_frame(
    frame: bytes,
    link_type: int,
    extension_headers: Set[int] = DEFAULT_EXTENSION_HEADERS,
    uncaptured: int = 0,
    parse: Parse = parse_ethernet,
) -> Packet:
    """Parse one packet of a supported link type, as `parse_ethernet` does an Ethernet frame.

    A link header that is cut off makes the packet malformed, and so does a raw packet of neither
    IP version; it never raises. Where `uncaptured` more bytes were sent, a packet that ends ahead
    of the end of its IP header is no malformed one, and has INFO_CUT; one without what an acl node
    reads of L4 has INFO_CUT_L4.
    """
    if link_type == LINK_NONE:
        return Packet(b"", b"", INFO_NOT_IP)
    ethernet = as_ethernet(frame, link_type)
    if link_type == LINK_NFLOG and ethernet:
        uncaptured += _NFLOG_UNCAPTURED
    packet = parse(ethernet, extension_headers, uncaptured)
    if uncaptured and packet.info & INFO_MALFORMED and _ends_in_headers(ethernet):
        return Packet(b"", b"", INFO_CUT)
    if uncaptured and packet.key and _lacks_l4(packet):
        return packet._replace(info=packet.info | INFO_CUT_L4)
    return packet


def _lacks_l4(packet: Packet) -> bool:
    """Whether ports or TCP flags that an acl node looks at are not there."""
    if packet.info & INFO_NONFIRST_FRAGMENT:
        return False
    is_tcp = unpack_key(packet.key).proto == PROTO_TCP
    return not packet.info & (INFO_TCP_FLAGS_VALID if is_tcp else INFO_L4_VALID)


def _ends_in_headers(frame: bytes) -> bool:
    """Whether a malformed Ethernet frame is valid as far as it goes, and only too short."""
    at = ETHERNET_BYTES
    while int.from_bytes(frame[at - 2 : at], "big") in ETHERTYPES_VLAN:
        at += VLAN_TAG_BYTES
    ip = frame[at:]
    if not ip:
        return True
    is_ip6 = int.from_bytes(frame[at - 2 : at], "big") == ETHERTYPE_IP6
    version, header_bytes = (6, IP6_BYTES) if is_ip6 else (4, IP4_BYTES)
    return ip[0] >> 4 == version and len(ip) < header_bytes


def _ethertype_of(family: int) -> bytes:
    return FAMILIES.get(family, NOT_IP).to_bytes(2, "big")


def _pflog_bytes(frame: bytes) -> int:
    """The length of a pflog header: its first byte says it, and it is filled up to whole words."""
    return max((frame[0] + 3) & ~3, _PFLOG_BYTES) if frame else _PFLOG_BYTES


def _nflog_payload(frame: bytes) -> bytes:
    """The packet of a NFLOG record, empty where there is none.

    Behind the header are attributes of length, type and value, filled up to whole words; the first
    two in the order of the machine that captured.
    """
    for order in ("<HH", ">HH"):
        at = _NFLOG_BYTES
        while at + _NFLOG_BYTES <= len(frame):
            size, kind = unpack_from(order, frame, at)
            if size < _NFLOG_BYTES:
                break
            if kind == _NFLOG_PAYLOAD:
                return frame[at + _NFLOG_BYTES : at + size]
            at += (size + 3) & ~3
    return b""


def _raw_ethertype(frame: bytes, link_type: int) -> int:
    if link_type == LINK_RAW_IP4:
        return ETHERTYPE_IP4
    is_ip6 = link_type == LINK_RAW_IP6 or (frame[:1] and frame[0] >> 4 == 6)
    return ETHERTYPE_IP6 if is_ip6 else ETHERTYPE_IP4


# --- many packets ---------------------------------------------------------------------------


class NetworkStarts(NamedTuple):
    """Where the network header of each packet begins in the data, and its ethertype.

    Either may be wrong for a packet whose link header was not captured whole, and that then begins
    behind what was captured of it.
    """

    at: Ints
    ethertype: NDArray[np.uint16]


def link_types_of(batch: RawBatch) -> list[int]:
    """The link types that there are in a batch."""
    if batch.link_types is None:
        return [batch.link_type]
    found: list[int] = np.unique(batch.link_types).tolist()
    return found


def batch_starts(batch: RawBatch, last: int) -> NetworkStarts:
    """Skip the link headers of a batch; link type by link type where there are several.

    A VLAN tag counts as the network header here. For `last` see `network_starts`.
    """
    if batch.link_types is None:
        return network_starts(batch.data, batch.offset, batch.link_type, last)
    at = np.empty(len(batch), dtype=np.int64)
    ethertype = np.empty(len(batch), dtype=np.uint16)
    for link_type in link_types_of(batch):
        rows = batch.link_types == link_type
        starts = network_starts(batch.data, batch.offset[rows], link_type, last)
        at[rows], ethertype[rows] = starts.at, starts.ethertype
    return NetworkStarts(at, ethertype)


def untagged_starts(batch: RawBatch, last: int) -> tuple[NetworkStarts, NDArray[np.bool_]]:
    """Skip the link headers of a batch and up to VLAN_TAGS tags; also which packets have more."""
    at, ethertype = batch_starts(batch, last)
    for _ in range(VLAN_TAGS + 1):
        tagged = _IS_VLAN[ethertype] & (at - batch.offset <= batch.captured)
        if not tagged.any():
            break
        at = at + VLAN_TAG_BYTES * tagged
        inner = read_be16(batch.data, np.minimum(at, last) - 2)
        ethertype = np.where(tagged, inner, ethertype)
    return NetworkStarts(at, ethertype), tagged


def network_starts(data: bytes, offset: Ints, link_type: int, last: int) -> NetworkStarts:
    """Skip the link headers of packets of one link type.

    `offset` is where each packet begins. Nothing is read from `last` + ETHERNET_BYTES on, where
    the data may end; `last` is at least ETHERNET_BYTES.
    """
    if link_type in (LINK_ETHERNET, LINK_COOKED):
        at = offset + (ETHERNET_BYTES if link_type == LINK_ETHERNET else COOKED_BYTES)
        return NetworkStarts(at, read_be16(data, np.minimum(at, last) - 2))
    if link_type == LINK_COOKED2:
        return NetworkStarts(offset + _COOKED2_BYTES, read_be16(data, np.minimum(offset, last)))
    if link_type in LINKS_RAW:
        version = gather(data, 1, np.minimum(offset, last))[:, 0] >> 4
        is_ip6 = (version == 6) & (link_type != LINK_RAW_IP4) | (link_type == LINK_RAW_IP6)
        return NetworkStarts(
            offset, np.where(is_ip6, np.uint16(ETHERTYPE_IP6), np.uint16(ETHERTYPE_IP4))
        )
    ethertype = np.full(len(offset), NOT_IP, dtype=np.uint16)
    if link_type == LINK_NONE:
        return NetworkStarts(offset, ethertype)
    if link_type in _LINKS_SINGLE:  # what begins behind all data is read singly
        return NetworkStarts(np.full(len(offset), last + 1), ethertype)
    if link_type == LINK_PFLOG:
        head = gather(data, 2, np.minimum(offset, last))
        for number, meaning in FAMILIES.items():
            ethertype[head[:, 1] == number] = meaning
        header_bytes = np.maximum((head[:, 0].astype(np.int64) + 3) & ~3, _PFLOG_BYTES)
        return NetworkStarts(offset + header_bytes, ethertype)
    head = gather(data, _LOOPBACK_BYTES, np.minimum(offset, last))
    for order in ("<u4", ">u4"):
        family = head.view(order)[:, 0]
        for number, meaning in FAMILIES.items():
            ethertype[family == number] = meaning
    return NetworkStarts(offset + _LOOPBACK_BYTES, ethertype)


def read_be16(data: bytes, at: Ints) -> NDArray[np.uint16]:
    """The two bytes from each position on, as a number in network order."""
    return gather(data, 2, at).view(">u2")[:, 0].astype(np.uint16)


# --- what the decoder skips -----------------------------------------------------------------

#: Behind the data of a batch, so that what is read at its end lies within.
_PADDING: Final = bytes(64)
_VLAN_MASK: Final = 0x0FFF


def vlan_tags(batch: RawBatch) -> tuple[Ints, Ints]:
    """The VLANs that the outermost and the next tag of each packet name, UNTAGGED without one.

    A tag counts where it and the type behind it were captured.
    """
    padded = replace(batch, data=batch.data + _PADDING)
    at, ethertype = batch_starts(padded, len(padded.data) - ETHERNET_BYTES)
    left = batch.captured - (at - batch.offset)
    tags: list[Ints] = []
    tagged = np.ones(len(batch), dtype=np.bool_)
    for _ in range(2):
        tagged &= _IS_VLAN[ethertype] & (left >= VLAN_TAG_BYTES)
        here = np.where(tagged, at, 0)
        vlan = (read_be16(padded.data, here) & _VLAN_MASK).astype(np.int64)
        tags.append(np.where(tagged, vlan, UNTAGGED))
        ethertype = read_be16(padded.data, here + 2)
        at, left = at + VLAN_TAG_BYTES, left - VLAN_TAG_BYTES
    return tags[0], tags[1]


def source_macs(batch: RawBatch) -> Ints:
    """The source MAC address of each packet as a number, NO_MAC where it carries none."""
    macs = np.full(len(batch), NO_MAC, dtype=np.int64)
    data = batch.data + _PADDING
    for link_type in link_types_of(batch):
        mac_at = _MAC_AT.get(link_type)
        if mac_at is None:
            continue
        whole = batch.captured >= mac_at + _MAC_BYTES
        if batch.link_types is not None:
            whole &= batch.link_types == link_type
        rows = np.flatnonzero(whole)
        length_at = _MAC_LENGTH_AT.get(link_type)
        if length_at is not None:  # what stands there may be no MAC address
            lengths = gather(data, 1, batch.offset[rows] + length_at)[:, 0]
            rows = rows[lengths == _MAC_BYTES]
        wide = gather(data, 8, batch.offset[rows] + mac_at).view(">u8")[:, 0]
        macs[rows] = (wide >> np.uint64(16)).astype(np.int64)
    return macs


#: Where the source address stands; and where, in the cooked kinds, (the end of) its length does.
_MAC_AT: Final[dict[int, int]] = {LINK_ETHERNET: 6, LINK_COOKED: 6, LINK_COOKED2: 12}
_MAC_LENGTH_AT: Final[dict[int, int]] = {LINK_COOKED: 5, LINK_COOKED2: 11}
