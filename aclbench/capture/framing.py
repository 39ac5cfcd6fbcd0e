"""The rarer link types: where IP begins behind their headers, and what ethertype they mean.

Each is a function of a frame and of where its header begins. It reads no byte that it does not
skip: IndexError where the header was not captured whole. What is no IP packet, encrypted or
compressed, has the ethertype NOT_IP. Frames of these kinds are read one by one.

Sources: the registry of link types of the pcap project, and what it names: RFC 1661, 1662 and 1547
(PPP, Cisco HDLC), RFC 2516 (PPPoE), RFC 2427 (frame relay), IEEE 802.2 and 802.11, radiotap.org.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from aclbench.engine.packet import ETHERTYPE_IP4, ETHERTYPE_IP6

#: Stands for what is not IP: no ethertype has this number.
NOT_IP: Final = 0
#: Address families: AF_INET, and AF_INET6 as Linux, NetBSD, FreeBSD and Darwin number it.
FAMILIES: Final[dict[int, int]] = {
    2: ETHERTYPE_IP4,
    10: ETHERTYPE_IP6,
    24: ETHERTYPE_IP6,
    28: ETHERTYPE_IP6,
    30: ETHERTYPE_IP6,
}
_PPP_PROTOCOLS: Final = {0x21: ETHERTYPE_IP4, 0x57: ETHERTYPE_IP6}
_VERSIONS: Final = {4: ETHERTYPE_IP4, 6: ETHERTYPE_IP6}
#: Both service access points that say it is SNAP, and an unnumbered frame.
_SNAP: Final = b"\xaa\xaa\x03"
_IPNET_FAMILIES: Final = {2: ETHERTYPE_IP4, 26: ETHERTYPE_IP6}


class Framed(NamedTuple):
    """An ethertype, and where what it announces begins."""

    ethertype: int
    at: int


Framing: TypeAlias = Callable[[bytes, int], Framed]


def family_ethertype(head: bytes) -> int:
    """What a number of an address family means, in either byte order: families are small."""
    for order in ("little", "big"):
        ethertype = FAMILIES.get(int.from_bytes(head, order))
        if ethertype is not None:
            return ethertype
    return NOT_IP


def _number(frame: bytes, at: int, size: int = 2) -> int:
    """A number in network order. IndexError: it was not captured whole."""
    return int.from_bytes(_part(frame, at, size), "big")


def _part(frame: bytes, at: int, size: int) -> bytes:
    part = frame[at : at + size]
    if len(part) < size:
        raise IndexError("the link header ends early")
    return part


# --- Ethernet, with a switch's tag ----------------------------------------------------------


def _behind_macs(tag_bytes: int) -> Framing:
    """A tag of a switch between the MAC addresses and the ethertype."""

    def framing(frame: bytes, at: int) -> Framed:
        at += 12 + tag_bytes
        return Framed(_number(frame, at), at + 2)

    return framing


def _ethernet_behind(size: int) -> Framing:
    def framing(frame: bytes, at: int) -> Framed:
        at += size + 12
        return Framed(_number(frame, at), at + 2)

    return framing


# --- what has an 802.2 header ---------------------------------------------------------------


def _llc(frame: bytes, at: int) -> Framed:
    """SNAP, or IP's own service access point."""
    head = _part(frame, at, 3)
    if head == _SNAP:
        organisation, ethertype = _part(frame, at + 3, 3), _number(frame, at + 6)
        bridged = organisation in (b"\0\0\0", b"\0\0\xf8")
        return Framed(ethertype if bridged else NOT_IP, at + 8)
    return Framed(ETHERTYPE_IP4 if head == b"\x06\x06\x03" else NOT_IP, at + 3)


def _llc_behind(size: int) -> Framing:
    return lambda frame, at: _llc(frame, at + size)


def _token_ring(frame: bytes, at: int) -> Framed:
    is_routed = frame[at + 8] & 0x80
    size = 14 + (frame[at + 14] & 0x1F if is_routed else 0)
    return _llc(frame, at + size)


def _classical_ip(frame: bytes, at: int) -> Framed:
    """Linux writes the packets of classical IP over ATM with or without an 802.2 header."""
    return _raw(frame, at) if frame[at] >> 4 in _VERSIONS else _llc(frame, at)


def _wifi(frame: bytes, at: int) -> Framed:
    """A data frame of 802.11 that is not encrypted and carries one packet."""
    control, flags = _part(frame, at, 2)
    is_data, has_no_data, has_qos = control & 0x0C == 0x08, control & 0x40, control & 0x80
    if not is_data or has_no_data or flags & 0x40:
        return Framed(NOT_IP, at + 2)
    size = 30 if flags & 0x03 == 0x03 else 24
    if has_qos:
        is_aggregate = frame[at + size] & 0x80
        size += 2
        if is_aggregate:
            return Framed(NOT_IP, at + size)
        size += 4 if flags & 0x80 else 0
    padded = -(-size // 4) * 4  # some cards fill the header up to whole words
    is_here, is_behind = (frame[at + n : at + n + 3] == _SNAP for n in (size, padded))
    if is_behind and not is_here:
        size = padded
    return _llc(frame, at + size)


def _radiotap(frame: bytes, at: int) -> Framed:
    return _wifi(frame, at + int.from_bytes(_part(frame, at + 2, 2), "little"))


def _avs(frame: bytes, at: int) -> Framed:
    return _wifi(frame, at + _number(frame, at + 4, 4))


def _prism(frame: bytes, at: int) -> Framed:
    """Its length is in the order of the machine that captured; the first word tells AVS from it."""
    if frame[at : at + 3] == b"\x80\x21\x10":
        return _avs(frame, at)
    size = _part(frame, at + 4, 4)
    return _wifi(frame, at + min(int.from_bytes(size, "little"), int.from_bytes(size, "big")))


# --- point to point -------------------------------------------------------------------------


def _cisco_hdlc(frame: bytes, at: int) -> Framed:
    return Framed(_number(frame, at + 2), at + 4)


def _ppp(frame: bytes, at: int) -> Framed:
    """With or without address and control, the protocol in one byte or two; or Cisco's HDLC."""
    if frame[at] in (0x0F, 0x8F):
        return _cisco_hdlc(frame, at)
    if frame[at] == 0xFF and frame[at + 1] == 0x03:
        at += 2
    size = 1 if frame[at] & 1 else 2
    return Framed(_PPP_PROTOCOLS.get(_number(frame, at, size), NOT_IP), at + size)


def _ppp_behind(size: int) -> Framing:
    return lambda frame, at: _ppp(frame, at + size)


def _frame_relay(frame: bytes, at: int) -> Framed:
    """The address' last byte is odd; then RFC 2427, or Cisco's ethertype."""
    while not frame[at] & 1:
        at += 1
    at += 1
    if frame[at] != 0x03:
        return Framed(_number(frame, at), at + 2)
    at += 1
    if frame[at] == 0:
        at += 1
    identifier, at = frame[at], at + 1
    if identifier == 0x80:
        organisation, ethertype = _part(frame, at, 3), _number(frame, at + 3)
        return Framed(NOT_IP if any(organisation) else ethertype, at + 5)
    return Framed({0xCC: ETHERTYPE_IP4, 0x8E: ETHERTYPE_IP6}.get(identifier, NOT_IP), at)


def _raw(frame: bytes, at: int) -> Framed:
    return Framed(_VERSIONS.get(frame[at] >> 4, NOT_IP), at)


def _slip(frame: bytes, at: int) -> Framed:
    is_compressed = frame[at + 1] & 0x80
    return Framed(NOT_IP, at + 2) if is_compressed else _raw(frame, at + 16)


# --- systems' own ---------------------------------------------------------------------------


def _old_pflog(frame: bytes, at: int) -> Framed:
    """OpenBSD before 3.4: the family, the interface's name, rule, reason, action, direction."""
    return Framed(family_ethertype(_part(frame, at, 4)), at + 28)


def _ipnet(frame: bytes, at: int) -> Framed:
    """Solaris: the second byte is its own number of the family."""
    return Framed(_IPNET_FAMILIES.get(frame[at + 1], NOT_IP), at + 24)


def _infiniband(frame: bytes, at: int) -> Framed:
    return Framed(_number(frame, at + 40), at + 44)


#: How each link type is read.
FRAMINGS: Final[dict[int, Framing]] = {
    6: _token_ring,
    8: _slip,
    9: _ppp,
    10: _llc_behind(13),  # FDDI
    17: _old_pflog,
    50: _ppp,
    51: _ppp_behind(6),  # PPPoE
    100: _llc,  # ATM
    104: _cisco_hdlc,
    105: _wifi,
    106: _classical_ip,
    107: _frame_relay,
    119: _prism,
    123: _llc_behind(4),  # SunATM
    127: _radiotap,
    163: _avs,
    166: _ppp_behind(2),  # pppd: the direction stands where the address would
    204: _ppp_behind(1),  # the direction, then PPP
    205: lambda frame, at: _cisco_hdlc(frame, at + 1),
    206: lambda frame, at: _frame_relay(frame, at + 1),
    226: _ipnet,
    242: _infiniband,
    281: _behind_macs(4),  # Broadcom
    282: _ethernet_behind(4),
    284: _behind_macs(4),  # Marvell
    285: _behind_macs(8),
}


def _ppi(frame: bytes) -> tuple[int, int]:
    return int.from_bytes(_part(frame, 4, 4), "little"), int.from_bytes(frame[2:4], "little")


def _pktap(frame: bytes) -> tuple[int, int]:
    """macOS: the length of its header, and at 8 the link type behind it; little-endian."""
    return int.from_bytes(_part(frame, 8, 4), "little"), int.from_bytes(frame[:4], "little")


#: Link types that have a packet of another one in them: which, and where it begins. 149 is what
#: macOS wrote for PKTAP before it had a number.
WRAPPINGS: Final[dict[int, Callable[[bytes], tuple[int, int]]]] = {
    149: _pktap,
    192: _ppi,
    258: _pktap,
}
#: A wrapping's header has no fewer bytes.
_WRAPPING_BYTES: Final = 8


def framed(frame: bytes, link_type: int) -> Framed | None:
    """Where the packet begins in a frame of one of FRAMINGS; None: the header ends early."""
    try:
        found = FRAMINGS[link_type](frame, 0)
    except IndexError:
        return None
    return found if found.at <= len(frame) else None


def unwrapped(frame: bytes, link_type: int) -> tuple[int, bytes] | None:
    """The link type and the frame within one of WRAPPINGS; None: the header ends early."""
    try:
        inner, at = WRAPPINGS[link_type](frame)
    except IndexError:
        return None
    return (inner, frame[at:]) if _WRAPPING_BYTES <= at <= len(frame) else None
