"""Builds one frame from the fields that a person names: real headers, with checksums.

Without scapy, whose import takes a second. MAC addresses are those that `craft` fills in.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import pack
from typing import Final

from aclbench.capture.craft import DESTINATION_MAC, SOURCE_MAC
from aclbench.engine.packet import (
    EH_FRAGMENT,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
)

_TTL: Final = 64
_WINDOW: Final = 64240
_IDENT: Final = 1
_MORE_FRAGMENTS_IP4: Final = 0x2000
_MORE_FRAGMENTS_IP6: Final = 1


@dataclass(frozen=True, slots=True)
class PacketFields:
    """What a packet is to be made of; both addresses are of one family.

    `sport` and `dport` are TCP's and UDP's ports, `icmp_type` and `icmp_code` ICMP's.
    `fragment` is the offset in bytes, a multiple of 8, None for a whole packet.
    """

    protocol: int
    src: str
    dst: str
    sport: int = 0
    dport: int = 0
    tcp_flags: int = 0
    icmp_type: int = 0
    icmp_code: int = 0
    fragment: int | None = None
    more_fragments: bool = False
    vlan: int | None = None


def make_frame(fields: PacketFields) -> bytes:
    """The Ethernet frame. A fragment behind the first carries 8 bytes and no L4 header."""
    src, dst = ip_address(fields.src), ip_address(fields.dst)
    l4 = bytes(8) if fields.fragment else _l4(fields, src, dst)
    packet = _ip4(fields, src, dst, l4) if src.version == 4 else _ip6(fields, src, dst, l4)
    macs = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in (DESTINATION_MAC, SOURCE_MAC))
    tag = pack("!HH", 0x8100, fields.vlan) if fields.vlan is not None else b""
    return macs + tag + pack("!H", 0x0800 if src.version == 4 else 0x86DD) + packet


def _ip4(fields: PacketFields, src: IPv4Address | IPv6Address, dst: object, l4: bytes) -> bytes:
    assert isinstance(src, IPv4Address)
    assert isinstance(dst, IPv4Address), "both ends are of one family"
    fragment = (fields.fragment or 0) // 8 | (_MORE_FRAGMENTS_IP4 if fields.more_fragments else 0)
    header = (0x45, 0, 20 + len(l4), _IDENT, fragment, _TTL, fields.protocol)
    ends = src.packed + dst.packed
    checksum = _checksum(pack("!BBHHHBBH", *header, 0) + ends)
    return pack("!BBHHHBBH", *header, checksum) + ends + l4


def _ip6(fields: PacketFields, src: IPv4Address | IPv6Address, dst: object, l4: bytes) -> bytes:
    assert isinstance(dst, IPv6Address), "both ends are of one family"
    protocol = fields.protocol
    if fields.fragment is not None:
        where = fields.fragment | (_MORE_FRAGMENTS_IP6 if fields.more_fragments else 0)
        l4 = pack("!BBHI", protocol, 0, where, _IDENT) + l4
        protocol = EH_FRAGMENT
    return pack("!IHBB", 6 << 28, len(l4), protocol, _TTL) + src.packed + dst.packed + l4


def _l4(
    fields: PacketFields, src: IPv4Address | IPv6Address, dst: IPv4Address | IPv6Address
) -> bytes:
    """The header behind IP, or 8 bytes of a protocol that is not known."""
    if fields.protocol == PROTO_TCP:
        ports = fields.sport, fields.dport
        header = pack("!HHIIBBHHH", *ports, 0, 0, 0x50, fields.tcp_flags, _WINDOW, 0, 0)
        at = 16
    elif fields.protocol == PROTO_UDP:
        header, at = pack("!HHHH", fields.sport, fields.dport, 8, 0), 6
    elif fields.protocol in (PROTO_ICMP, PROTO_ICMP6):
        header, at = pack("!BBHHH", fields.icmp_type, fields.icmp_code, 0, _IDENT, 1), 2
    else:
        return bytes(8)
    pseudo = src.packed + dst.packed + pack("!II", len(header), fields.protocol)
    checksum = _checksum(header if fields.protocol == PROTO_ICMP else pseudo + header)
    if fields.protocol == PROTO_UDP and not checksum:
        checksum = 0xFFFF  # zero would mean that there is no checksum
    return header[:at] + pack("!H", checksum) + header[at + 2 :]


def _checksum(data: bytes) -> int:
    """The Internet checksum of an even number of bytes."""
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
