"""What the machine reads from a packet, and the session key made of it.

As in VPP a packet becomes a 5-tuple once, and everything after looks at the 5-tuple alone.
`fa_5tuple_t` there is a key of fixed layout plus a word of packet data; so it is here:

* a **key** is `bytes`: source, destination, two ports, protocol, key flags, all in network order,
  14 bytes for IPv4 (`KEY4`) and 38 for IPv6 (`KEY6`). The length tells the family.
* **info** is an `int`: the TCP flags in the low byte, then the bits below, then, where the frame is
  one that enters an interface, its length.

A packet carries its key twice: `key`, as it looks on ingress, and `mirror_key`, source and
destination swapped, under which an egress node looks it up. So one table entry serves both ways.

Source: `acl_fill_5tuple` in VPP's `src/plugins/acl/public_inlines.h`; see FIDELITY.md.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final, NamedTuple

from mypy_extensions import i64, mypyc_attr

from aclbench.engine.storage import be16, be32, be64, bytes14, bytes38, numbers14

# --- protocols ------------------------------------------------------------------------------

PROTO_ICMP: Final = 1
PROTO_TCP: Final = 6
PROTO_UDP: Final = 17
PROTO_ICMP6: Final = 58

EH_FRAGMENT: Final = 44
#: IPv6 extension headers that are skipped on the way to L4, unless configured otherwise.
DEFAULT_EXTENSION_HEADERS: Final[frozenset[int]] = frozenset(
    {0, 43, EH_FRAGMENT, 60, 135, 139, 140, 253, 254}
)

# --- the key --------------------------------------------------------------------------------

KEY4: Final = Struct("!4s4sHHBB")
KEY6: Final = Struct("!16s16sHHBB")
KEY4_SIZE: Final = KEY4.size
KEY6_SIZE: Final = KEY6.size

#: Key flag: the packet that made this ICMP key was on the input path (VPP: `is_input`).
KEY_IS_INPUT: Final = 0x01
#: Key flag: L4 was valid in a protocol other than TCP and UDP (VPP: `is_slowpath`).
KEY_SLOWPATH: Final = 0x02

# --- packet info ----------------------------------------------------------------------------

INFO_TCP_FLAGS_MASK: Final = 0xFF
INFO_TCP_FLAGS_VALID: Final = 1 << 8
INFO_L4_VALID: Final = 1 << 9
INFO_NONFIRST_FRAGMENT: Final = 1 << 10
INFO_IP6: Final = 1 << 11
#: ICMP (ICMPv6 over IPv6) with valid L4: its key has a direction, and replies pair with requests.
INFO_ICMP: Final = 1 << 12
#: Why a packet never reaches the acl nodes: read from the packet, but for `INFO_CUT` and
#: `INFO_SAME_SIDE`, which who read the capture says.
INFO_NOT_IP: Final = 1 << 13
INFO_MALFORMED: Final = 1 << 14
INFO_IP4_OPTIONS: Final = 1 << 15
#: The capture ends before the IP header does; the packet itself went on.
INFO_CUT: Final = 1 << 16
#: Source and destination lie behind one interface: it never came to the firewall.
INFO_SAME_SIDE: Final = 1 << 17
#: The total length of IPv4 is less than a header, or more than was on the wire.
INFO_IP4_TOO_SHORT: Final = 1 << 18
INFO_IP4_BAD_LENGTH: Final = 1 << 20
#: To a group: the acl nodes are on the way of unicast packets alone.
INFO_MULTICAST: Final = 1 << 19
INFO_NOT_FOR_ACL: Final = (
    INFO_NOT_IP
    | INFO_MALFORMED
    | INFO_IP4_OPTIONS
    | INFO_CUT
    | INFO_SAME_SIDE
    | INFO_IP4_TOO_SHORT
    | INFO_IP4_BAD_LENGTH
    | INFO_MULTICAST
)
#: The total length of IPv4 is 0: too short, as who leaves segmentation to the network card has it.
INFO_IP4_NO_LENGTH: Final = 1 << 21
#: The capture ends before the ports or the TCP flags do; the packet itself went on.
INFO_CUT_L4: Final = 1 << 22
#: Of a packet that is not, or not known to be, IPv4.
INFO_NOT_IP4: Final = INFO_IP6 | INFO_NOT_IP | INFO_MALFORMED | INFO_CUT
#: Above all those: the bytes of the frame as it was on the wire, 0 where nobody said.
INFO_LENGTH_SHIFT: Final = 24

TCP_FIN: Final = 0x01
TCP_SYN: Final = 0x02
TCP_RST: Final = 0x04
TCP_ACK: Final = 0x10

ETHERTYPE_IP4: Final = 0x0800
ETHERTYPE_IP6: Final = 0x86DD
ETHERTYPES_VLAN: Final[frozenset[int]] = frozenset({0x8100, 0x88A8, 0x9100})

#: An IPv4 header without options.
IP4_HEADER_BYTES: Final = 20
#: L4 counts as valid when this many bytes of it were captured.
L4_VALID_BYTES: Final = 8
#: TCP flags count as valid when this many bytes of TCP were captured.
TCP_FLAGS_BYTES: Final = 14


class Packet(NamedTuple):
    """One parsed packet: two keys and the info word. Keys are empty where there is no IP."""

    key: bytes
    mirror_key: bytes
    info: int


#: Reads an Ethernet frame as `parse_ethernet` does, given the extension headers that are skipped,
#: and how many bytes of the frame were not captured.
Parse = Callable[[bytes, Set[int], int], Packet]

NOT_IP: Final = Packet(b"", b"", INFO_NOT_IP)
MALFORMED: Final = Packet(b"", b"", INFO_MALFORMED)


def parse_ethernet(
    frame: bytes,
    extension_headers: Set[int] = DEFAULT_EXTENSION_HEADERS,
    uncaptured: int = 0,
) -> Packet:
    """Read one Ethernet frame, skipping VLAN tags.

    `frame` is what was captured; `uncaptured` more bytes were sent. A header that is cut off or
    contradicts itself makes the packet malformed; it never raises.
    """
    at = 12
    while True:
        if len(frame) < at + 2:
            return MALFORMED
        ethertype = int.from_bytes(frame[at : at + 2], "big")
        at += 2
        if ethertype not in ETHERTYPES_VLAN:
            break
        at += 2
    if ethertype == ETHERTYPE_IP4:
        return parse_ip4(frame[at:], uncaptured)
    if ethertype == ETHERTYPE_IP6:
        return parse_ip6(frame[at:], extension_headers)
    return NOT_IP


def parse_ip4(data: bytes, uncaptured: int) -> Packet:
    """Read an IPv4 packet from its first header byte on.

    Whatever its total length says, what was captured is read: VPP looks no further than the buffer.
    """
    if len(data) < IP4_HEADER_BYTES or data[0] >> 4 != 4:
        return MALFORMED
    header_bytes = (data[0] & 0x0F) * 4
    if header_bytes < IP4_HEADER_BYTES:
        return MALFORMED
    info = INFO_IP4_OPTIONS if header_bytes > IP4_HEADER_BYTES else 0
    total_bytes = int.from_bytes(data[2:4], "big")
    if total_bytes < IP4_HEADER_BYTES:
        info |= INFO_IP4_TOO_SHORT if total_bytes else INFO_IP4_TOO_SHORT | INFO_IP4_NO_LENGTH
    elif total_bytes > len(data) + uncaptured:
        info |= INFO_IP4_BAD_LENGTH
    fragment_offset = int.from_bytes(data[6:8], "big") & 0x1FFF
    if fragment_offset:
        return _five_tuple(data[12:16], data[16:20], data[9], info | INFO_NONFIRST_FRAGMENT, b"")
    return _five_tuple(data[12:16], data[16:20], data[9], info, data[header_bytes:])


def parse_ip6(data: bytes, extension_headers: Set[int]) -> Packet:
    """Read an IPv6 packet from its first header byte on, skipping `extension_headers`.

    Where fewer than 8 bytes remain in the chain, the protocol is the number of the header that
    could not be read, and L4 is not valid. The loop is bounded by the packet: each header takes at
    least 8 bytes.
    """
    if len(data) < 40 or data[0] >> 4 != 6:
        return MALFORMED
    src, dst = data[8:24], data[24:40]
    proto, at = data[6], 40
    while proto in extension_headers and len(data) - at >= L4_VALID_BYTES:
        if proto == EH_FRAGMENT:
            proto = data[at]
            if int.from_bytes(data[at + 2 : at + 4], "big") >> 3:
                return _five_tuple(src, dst, proto, INFO_IP6 | INFO_NONFIRST_FRAGMENT, b"")
            at += 8
        else:
            proto, at = data[at], at + 8 * (1 + data[at + 1])
    if proto in extension_headers:
        return _five_tuple(src, dst, proto, INFO_IP6, b"")
    return _five_tuple(src, dst, proto, INFO_IP6, data[at:])


def _five_tuple(src: bytes, dst: bytes, proto: int, info: int, l4: bytes) -> Packet:
    """Add what L4 says; `l4` is what was captured of it, nothing where it must not be looked at."""
    sport = dport = key_flags = mirror_flags = 0
    mirror_sport = mirror_dport = 0
    if dst[0] == 0xFF if info & INFO_IP6 else dst[0] >> 4 == 0xE:
        info |= INFO_MULTICAST
    if len(l4) >= L4_VALID_BYTES:
        info |= INFO_L4_VALID
        if proto in (PROTO_TCP, PROTO_UDP):
            sport, dport = int.from_bytes(l4[0:2], "big"), int.from_bytes(l4[2:4], "big")
            mirror_sport, mirror_dport = dport, sport
            if proto == PROTO_TCP and len(l4) >= TCP_FLAGS_BYTES:
                info |= INFO_TCP_FLAGS_VALID | l4[13]
        elif proto == (PROTO_ICMP6 if info & INFO_IP6 else PROTO_ICMP):
            info |= INFO_ICMP
            sport, dport = mirror_sport, mirror_dport = l4[0], l4[1]  # type and code, not swapped
            key_flags, mirror_flags = KEY_SLOWPATH | KEY_IS_INPUT, KEY_SLOWPATH
        else:
            key_flags = mirror_flags = KEY_SLOWPATH
    layout = KEY6 if info & INFO_IP6 else KEY4
    return Packet(
        layout.pack(src, dst, sport, dport, proto, key_flags),
        layout.pack(dst, src, mirror_sport, mirror_dport, proto, mirror_flags),
        info,
    )


# --- reading a key back ---------------------------------------------------------------------


@mypyc_attr(free_list_len=1, acyclic=True)
class FiveTuple:
    """A key, unpacked. Addresses are ints; ports are type and code for ICMP."""

    __slots__ = ("dport", "dst", "is_ip6", "key_flags", "proto", "sport", "src")

    def __init__(
        self, src: int, dst: int, sport: int, dport: int, proto: int, is_ip6: bool, key_flags: int
    ) -> None:
        self.src: int = src
        self.dst: int = dst
        self.sport: int = sport
        self.dport: int = dport
        self.proto: int = proto
        self.is_ip6: bool = is_ip6
        self.key_flags: int = key_flags


def unpack_key(key: bytes) -> FiveTuple:
    """Unpack a key as matching sees it: as the packet looks when the key is its `key`."""
    src: int  # compiled, no machine word: an address of IPv6 has 128 bits
    dst: int
    if len(key) == KEY4_SIZE:
        src, dst, sport, dport, proto, key_flags = numbers14(key)
        return FiveTuple(src, dst, sport, dport, proto, False, key_flags)
    src = int.from_bytes(key[0:16], "big")
    dst = int.from_bytes(key[16:32], "big")
    return FiveTuple(src, dst, be16(key, 32), be16(key, 34), key[36], True, key[37])


def destination(key: bytes) -> bytes:
    """The destination address of a packet whose ingress key this is, in network order."""
    return key[4:8] if len(key) == KEY4_SIZE else key[16:32]


def address_text(address: int, is_ip6: bool) -> str:
    """An address as people write it."""
    return str(IPv6Address(address) if is_ip6 else IPv4Address(address))


# --- ICMP replies ---------------------------------------------------------------------------

#: For each reply type its request type; identifiers are not in the key.
ICMP4_REQUEST_OF: Final[dict[int, int]] = {0: 8, 14: 13, 16: 15, 18: 17}
ICMP6_REQUEST_OF: Final[dict[int, int]] = {129: 128, 140: 139}


def request_key(key: bytes) -> bytes | None:
    """The key of the request that this ICMP key would answer, in the opposite direction.

    None if the type is not a reply. `key` must be of a packet with `INFO_ICMP`.
    """
    if len(key) == KEY4_SIZE:
        src, dst, icmp_type, code, proto, flags = KEY4.unpack(key)
        request = ICMP4_REQUEST_OF.get(icmp_type)
        if request is None:
            return None
        return KEY4.pack(src, dst, request, code, proto, flags ^ KEY_IS_INPUT)
    src, dst, icmp_type, code, proto, flags = KEY6.unpack(key)
    request = ICMP6_REQUEST_OF.get(icmp_type)
    if request is None:
        return None
    return KEY6.pack(src, dst, request, code, proto, flags ^ KEY_IS_INPUT)


# --- a key as words -------------------------------------------------------------------------

#: No key: not IP, or cut or damaged ahead of the end of its header. All words are 0.
INFO_NO_KEY: Final = INFO_NOT_IP | INFO_MALFORMED | INFO_CUT
_LOW_32: Final = 0xFFFFFFFF


def key_words(key: bytes) -> tuple[i64, i64, i64, i64, i64]:
    """A key as five numbers of 64 bits, signed: as columns have them.

    IPv4: the two addresses; ports, protocol and flags; and zeros. IPv6: the upper half of the
    source; ports, protocol and flags; the lower half; the upper and the lower half of the
    destination. Five zeros for an empty key.
    """
    if len(key) == KEY4_SIZE:
        return be64(key, 0), be16(key, 8) << 32 | be32(key, 10), 0, 0, 0
    if not key:
        return 0, 0, 0, 0, 0
    ports = be16(key, 32) << 32 | be32(key, 34)
    return be64(key, 0), ports, be64(key, 8), be64(key, 16), be64(key, 24)


def key_of_words(k0: i64, k1: i64, k2: i64, k3: i64, k4: i64, is_ip6: bool) -> bytes:
    """The key of these words; there must be one."""
    return bytes38(k0, k2, k3, k4, k1) if is_ip6 else bytes14(k0, k1)


# --- flow hash ------------------------------------------------------------------------------


def flow_hash(key: bytes) -> int:
    """A fixed symmetric function of protocol and the unordered pair of (address, port).

    Of addresses and protocol alone where there are no ports. 32 bits. Both words below are
    symmetric in the two ends, so a packet and its answer get the same value. The constants are
    odd numbers with well spread bits (2**32 divided by the golden ratio, and two primes).
    """
    k0, k1, k2, k3, k4 = key_words(key)
    return flow_hash_of_words(k0, k1, k2, k3, k4, len(key) != KEY4_SIZE)


def flow_hash_of_words(k0: i64, k1: i64, k2: i64, k3: i64, k4: i64, is_ip6: bool) -> i64:
    """The same, of the words of a key."""
    a: i64 = (k0 >> 32) & _LOW_32
    b: i64 = k0 & _LOW_32
    if is_ip6:
        a = (k0 ^ k0 >> 32 ^ k2 ^ k2 >> 32) & _LOW_32
        b = (k3 ^ k3 >> 32 ^ k4 ^ k4 >> 32) & _LOW_32
    proto: i64 = k1 >> 8 & 0xFF
    if proto in (PROTO_TCP, PROTO_UDP):
        a = (_times(a, 0x9E3779B1) + (k1 >> 32)) & _LOW_32
        b = (_times(b, 0x9E3779B1) + (k1 >> 16 & 0xFFFF)) & _LOW_32
    h: i64 = _times(a + b & _LOW_32, 0x85EBCA6B) ^ _times(a ^ b, 0xC2B2AE35)
    h ^= _times(proto, 0x9E3779B1)
    h ^= h >> 16
    h = _times(h, 0x9E3779B1)
    return h ^ h >> 15


def _times(a: i64, b: i64) -> i64:
    """The product of two numbers of 32 bits, its lower 32 bits: nothing exceeds 63 on the way."""
    return (((a >> 16) * b & 0xFFFF) << 16) + (a & 0xFFFF) * b & _LOW_32
