"""Single packets: from scapy packets to frames, and a frame described in one line.

scapy takes long to import, so it is imported only where it is needed.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from aclbench.engine.packet import (
    ETHERTYPES_VLAN,
    INFO_ICMP,
    INFO_IP4_OPTIONS,
    INFO_L4_VALID,
    INFO_MALFORMED,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_VALID,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    FiveTuple,
    address_text,
    parse_ethernet,
    unpack_key,
)
from aclbench.errors import CaptureError

#: Where scapy would look at this machine's interfaces and neighbours, or ask the network.
SOURCE_MAC: Final = "02:00:00:00:00:01"
DESTINATION_MAC: Final = "02:00:00:00:00:02"

_ACCEPTED: Final = "give bytes of an Ethernet frame, or a scapy packet from Ether, IP or IPv6 on"
_PROTOCOLS: Final[dict[int, str]] = {
    PROTO_ICMP: "ICMP",
    PROTO_TCP: "TCP",
    PROTO_UDP: "UDP",
    PROTO_ICMP6: "ICMPv6",
}
_ICMP4_TYPES: Final[dict[int, str]] = {
    0: "echo reply",
    3: "unreachable",
    5: "redirect",
    8: "echo request",
    11: "time exceeded",
    13: "timestamp request",
    14: "timestamp reply",
}
_ICMP6_TYPES: Final[dict[int, str]] = {
    1: "unreachable",
    2: "packet too big",
    3: "time exceeded",
    128: "echo request",
    129: "echo reply",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbor solicitation",
    136: "neighbor advertisement",
}
_NOTES: Final = (
    (INFO_NONFIRST_FRAGMENT, "(later fragment)"),
    (INFO_IP4_OPTIONS, "(IPv4 options)"),
)
_ETHERTYPE_ARP: Final = 0x0806
#: By bit, lowest first.
_TCP_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


def as_frame(packet: object) -> bytes:
    """The bytes of one Ethernet frame.

    `packet` is bytes, bytearray or memoryview of a frame, or a scapy packet; one that begins above
    Ethernet is given an Ethernet header. MAC addresses that scapy leaves open are set to fixed
    ones. Raises CaptureError for anything else, saying what is accepted.
    """
    if isinstance(packet, bytes | bytearray | memoryview):
        return bytes(packet)
    if not _is_scapy_packet(packet):
        raise CaptureError(f"{type(packet).__name__} is not a packet; {_ACCEPTED}")
    framed = _with_ethernet(packet)
    try:
        return bytes(framed)
    except Exception as error:  # each layer's fields have exceptions of their own
        raise CaptureError(f"scapy cannot build this packet: {error}") from error


def _is_scapy_packet(packet: object) -> bool:
    """Without scapy loaded there are no packets of it, so it is not imported to find out."""
    if "scapy.packet" not in sys.modules:
        return False
    from scapy.packet import Packet

    return isinstance(packet, Packet)


def _with_ethernet(packet: Any) -> Any:
    """A copy of a scapy packet that begins with a complete Ethernet header."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Dot3, Ether

    if isinstance(packet, IP | IPv6 | ARP | Dot1Q | Dot1AD):
        return Ether(src=SOURCE_MAC, dst=DESTINATION_MAC) / packet
    if not isinstance(packet, Ether | Dot3):
        raise CaptureError(f"a scapy packet that begins with {packet.name}; {_ACCEPTED}")
    framed = packet.copy()
    for name, mac in (("src", SOURCE_MAC), ("dst", DESTINATION_MAC)):
        if framed.fields.get(name) is None:
            framed.setfieldval(name, mac)
    return framed


def describe(frame: bytes) -> str:
    """One line on a frame: family, protocol, both ends, TCP flags or ICMP type, its length.

    For example `IPv4 TCP 10.0.0.2:40000 > 192.168.0.2:80 SYN ACK, 60 bytes`. It tells what the
    machine reads from the packet, so the engine's parser is asked, not scapy.
    """
    packet = parse_ethernet(frame)
    if packet.info & INFO_MALFORMED:
        what = "malformed"
    elif packet.info & INFO_NOT_IP:
        what = f"not IP, {_ethertype(frame)}"
    else:
        what = _describe_ip(packet.key, packet.info)
    return f"{what}, {len(frame)} {'byte' if len(frame) == 1 else 'bytes'}"


def _ethertype(frame: bytes) -> str:
    """The ethertype behind the VLAN tags; `frame` is long enough to have one."""
    at = 12
    while (ethertype := int.from_bytes(frame[at : at + 2], "big")) in ETHERTYPES_VLAN:
        at += 4
    return "ARP" if ethertype == _ETHERTYPE_ARP else f"ethertype 0x{ethertype:04x}"


def _describe_ip(key: bytes, info: int) -> str:
    five = unpack_key(key)
    src, dst = address_text(five.src, five.is_ip6), address_text(five.dst, five.is_ip6)
    has_ports = info & INFO_L4_VALID and five.proto in (PROTO_TCP, PROTO_UDP)
    if has_ports:
        src, dst = _with_port(src, five.sport), _with_port(dst, five.dport)
    protocol = _PROTOCOLS.get(five.proto, f"protocol {five.proto}")
    words = ["IPv6" if five.is_ip6 else "IPv4", protocol, src, ">", dst]
    if info & INFO_ICMP:
        words.append(_icmp_type(five))
    if info & INFO_TCP_FLAGS_VALID:
        words += [name for bit, name in enumerate(_TCP_FLAGS) if info >> bit & 1]
    words += [note for bit, note in _NOTES if info & bit]
    return " ".join(words)


def _with_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _icmp_type(five: FiveTuple) -> str:
    """Type and code, which stand in the key as ports."""
    name = (_ICMP6_TYPES if five.is_ip6 else _ICMP4_TYPES).get(five.sport)
    return name if name and not five.dport else f"{name or 'type'} {five.sport}/{five.dport}"
