"""What is read from a packet."""

from __future__ import annotations

from struct import pack

import pytest
from engine.bench import (
    ACK,
    INSIDE,
    INSIDE6,
    OUTSIDE,
    OUTSIDE6,
    SYN,
    address,
    ether,
    frame4,
    frame6,
    icmp,
    ip4,
    ip6,
    tcp,
    udp,
)
from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine.packet import (
    DEFAULT_EXTENSION_HEADERS,
    INFO_ICMP,
    INFO_IP4_BAD_LENGTH,
    INFO_IP4_OPTIONS,
    INFO_IP4_TOO_SHORT,
    INFO_IP6,
    INFO_L4_VALID,
    INFO_MALFORMED,
    INFO_MULTICAST,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_FOR_ACL,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_MASK,
    INFO_TCP_FLAGS_VALID,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    flow_hash,
    parse_ethernet,
    request_key,
    unpack_key,
)


def fields(key: bytes) -> tuple[int, ...]:
    """What a key says, in the order of `FiveTuple`."""
    five = unpack_key(key)
    return (
        *(five.src, five.dst, five.sport, five.dport),
        *(five.proto, five.is_ip6, five.key_flags),
    )


def five(data: bytes) -> tuple[int, ...]:
    """What the key of an Ethernet frame says."""
    return fields(parse_ethernet(data).key)


def info(data: bytes) -> int:
    return parse_ethernet(data).info


def ext(next_header: int, size: int = 8) -> bytes:
    """An IPv6 extension header of `size` bytes (a multiple of 8)."""
    return bytes([next_header, size // 8 - 1]) + bytes(size - 2)


def fragment_header(next_header: int, offset: int, more: bool = False) -> bytes:
    """An IPv6 fragment header; `offset` is in units of 8 bytes."""
    return pack("!BBHI", next_header, 0, offset << 3 | more, 9)


# --- the plain cases -------------------------------------------------------------------------


def test_udp4_is_read_field_by_field():
    """Every rule and every session looks at these fields."""
    data = frame4(udp(1000, 53), 17)
    assert five(data) == (address(INSIDE), address(OUTSIDE), 1000, 53, 17, False, 0)
    assert info(data) == INFO_L4_VALID


def test_tcp6_is_read_field_by_field():
    """The same over IPv6, with the TCP flags."""
    data = frame6(tcp(40000, 443, SYN | ACK), 6)
    assert five(data) == (address(INSIDE6), address(OUTSIDE6), 40000, 443, 6, True, 0)
    assert info(data) == INFO_IP6 | INFO_L4_VALID | INFO_TCP_FLAGS_VALID | SYN | ACK


def test_the_mirror_key_swaps_both_ends():
    """An egress node finds the session that the other direction made."""
    out = parse_ethernet(frame4(udp(1000, 53), 17))
    back = parse_ethernet(frame4(udp(53, 1000), 17, OUTSIDE, INSIDE))
    assert out.mirror_key == back.key
    assert out.key == back.mirror_key


@pytest.mark.parametrize("tags", [(0x8100,), (0x88A8, 0x8100), (0x9100,), (0x8100,) * 3])
def test_vlan_tags_are_skipped(tags):
    """A capture from a trunk is read as one from an access port."""
    assert parse_ethernet(ether(ip4(udp(1, 2), 17), 0x0800, tags)) == parse_ethernet(
        frame4(udp(1, 2), 17)
    )


@pytest.mark.parametrize("ethertype", [0x0806, 0x88CC, 0x0026, 0x8847])
def test_what_is_not_ip_is_counted_as_such(ethertype):
    """ARP, LLDP and 802.3 pass; they are no damaged packets."""
    assert parse_ethernet(ether(bytes(60), ethertype)) == (b"", b"", INFO_NOT_IP)


# --- cut off, and in contradiction -----------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(13),
        bytes(12) + b"\x81\x00\x00\x07\x08",
        ether(ip4(b"", 17)[:19], 0x0800),
        ether(ip6(b"", 17)[:39], 0x86DD),
        ether(ip6(b"", 17), 0x0800),
        ether(ip4(udp(1, 2), 17) + bytes(20), 0x86DD),
        ether(ip4(udp(1, 2), 17, words=4), 0x0800),
        ether(ip4(udp(1, 2), 17, words=0), 0x0800),
    ],
    ids=["empty", "13", "tag", "ip4", "ip6", "6 as 4", "4 as 6", "ihl 4", "ihl 0"],
)
def test_a_header_that_is_cut_off_or_contradicts_itself_is_malformed(data):
    """Such a packet is counted, and never reaches an acl node."""
    assert info(data) == INFO_MALFORMED


@pytest.mark.parametrize(("captured", "valid"), [(0, 0), (7, 0), (8, INFO_L4_VALID)])
def test_l4_is_valid_from_eight_captured_bytes_on(captured, valid):
    """With fewer there are no ports to match."""
    data = frame4(tcp(1000, 80, SYN)[:captured], 6)
    assert info(data) == valid
    assert five(data)[2:4] == ((1000, 80) if valid else (0, 0))


@pytest.mark.parametrize(("captured", "flags"), [(13, 0), (14, INFO_TCP_FLAGS_VALID | SYN)])
def test_tcp_flags_are_valid_from_fourteen_captured_bytes_on(captured, flags):
    """With fewer, no flags are seen, and a rule's flag test is skipped."""
    assert info(frame4(tcp(1, 2, SYN)[:captured], 6)) == INFO_L4_VALID | flags


def test_only_tcp_has_flags():
    """The 14th byte of a UDP packet is payload."""
    assert info(frame4(udp(1, 2) + b"\xff" * 20, 17)) == INFO_L4_VALID


def test_other_protocols_have_no_ports():
    """GRE's first bytes are not ports; that its L4 was there is in the key."""
    data = frame4(b"\x12\x34\x56\x78" * 4, 47)
    assert five(data)[2:] == (0, 0, 47, False, KEY_SLOWPATH)
    short = frame4(b"\x12\x34\x56\x78", 47)
    assert five(short)[2:] == (0, 0, 47, False, 0)


# --- the IPv4 header -------------------------------------------------------------------------


@pytest.mark.parametrize("words", range(6, 16))
def test_the_ip4_header_length_counts(words):
    """Ports are read behind the options, and the packet is marked as having some."""
    data = ether(ip4(udp(1000, 53), 17, words=words), 0x0800)
    assert five(data)[2:4] == (1000, 53)
    assert info(data) == INFO_L4_VALID | INFO_IP4_OPTIONS


@pytest.mark.parametrize("bit", range(13))
def test_every_bit_of_the_ip4_fragment_offset_counts(bit):
    """The last fragments of a long packet have only a high bit set."""
    data = frame4(udp(1000, 53), 17, fragment=1 << bit)
    assert info(data) == INFO_NONFIRST_FRAGMENT
    assert five(data)[2:] == (0, 0, 17, False, 0)


@pytest.mark.parametrize("flags", [0x2000, 0x4000, 0x8000])
def test_the_ip4_fragment_flags_make_no_later_fragment(flags):
    """A first fragment has its ports."""
    data = frame4(udp(1000, 53), 17, fragment=flags)
    assert info(data) == INFO_L4_VALID
    assert five(data)[2:4] == (1000, 53)


def test_a_later_fragment_of_icmp_has_no_type():
    """It shares one two-way session for its addresses and protocol, as other fragments do."""
    packet = parse_ethernet(frame4(icmp(8), 1, fragment=185))
    back = parse_ethernet(frame4(icmp(0), 1, OUTSIDE, INSIDE, fragment=185))
    assert packet.info == INFO_NONFIRST_FRAGMENT
    assert packet.mirror_key == back.key


# --- IPv6 extension headers ------------------------------------------------------------------


@pytest.mark.parametrize("header", sorted(DEFAULT_EXTENSION_HEADERS - {44}))
@pytest.mark.parametrize("size", [8, 16, 2048])
def test_extension_headers_are_skipped(header, size):
    """A rule on UDP port 53 matches behind any of them, whatever its length."""
    data = frame6(ext(17, size) + udp(1000, 53), header)
    assert five(data)[2:] == (1000, 53, 17, True, 0)
    assert info(data) == INFO_IP6 | INFO_L4_VALID


def test_a_chain_of_extension_headers_is_skipped():
    """Hop-by-hop, routing, first fragment, destination options: then TCP."""
    chain = ext(43) + ext(44, 24) + fragment_header(60, 0, more=True) + ext(6, 16)
    data = frame6(chain + tcp(1, 80, SYN), 0)
    assert five(data)[2:5] == (1, 80, 6)
    assert info(data) == INFO_IP6 | INFO_L4_VALID | INFO_TCP_FLAGS_VALID | SYN


def test_which_extension_headers_are_skipped_is_configurable():
    """Without header 60 in the set, it is the protocol itself."""
    packet = parse_ethernet(frame6(ext(17) + udp(1, 2), 60), frozenset({0}))
    assert fields(packet.key)[2:] == (0, 0, 60, True, KEY_SLOWPATH)


def test_ah_is_not_skipped():
    """Header 51 counts its length otherwise; it is a protocol here."""
    assert five(frame6(ext(17) + udp(1, 2), 51))[4] == 51


@pytest.mark.parametrize("offset", [1, 0x1000, 0x1FFF])
def test_a_later_ip6_fragment_has_the_protocol_that_its_header_names(offset):
    """Behind it there is no L4 to look at."""
    data = frame6(fragment_header(17, offset) + udp(1000, 53), 44)
    assert five(data)[2:] == (0, 0, 17, True, 0)
    assert info(data) == INFO_IP6 | INFO_NONFIRST_FRAGMENT


def test_a_later_ip6_fragment_of_a_further_header_is_not_followed():
    """The next header of a later fragment is the protocol, even if it is an extension header."""
    assert five(frame6(fragment_header(60, 3) + ext(17) + udp(1, 2), 44))[4] == 60


@pytest.mark.parametrize("left", range(8))
@pytest.mark.parametrize("header", [0, 44, 60])
def test_where_the_chain_is_cut_the_protocol_is_that_header(header, left):
    """Fewer than 8 bytes of a header cannot be followed; L4 is not valid."""
    data = frame6(ext(header) + bytes(left), 43)
    assert five(data)[2:] == (0, 0, header, True, 0)
    assert info(data) == INFO_IP6


def test_an_extension_header_longer_than_the_packet_leaves_no_l4():
    """Its next header is still known."""
    data = frame6(ext(17, 64)[:8] + udp(1, 2), 60)
    assert five(data)[2:] == (0, 0, 17, True, 0)
    assert info(data) == INFO_IP6


# --- ICMP ------------------------------------------------------------------------------------

REQUESTS4 = {0: 8, 14: 13, 16: 15, 18: 17}
REQUESTS6 = {129: 128, 140: 139}


def test_icmp_type_and_code_stand_for_ports_and_are_not_swapped():
    """A rule's source port is the type in both directions."""
    packet = parse_ethernet(frame4(icmp(3, 1), 1))
    assert fields(packet.key)[2:] == (3, 1, 1, False, KEY_SLOWPATH | KEY_IS_INPUT)
    assert fields(packet.mirror_key)[2:] == (3, 1, 1, False, KEY_SLOWPATH)
    assert packet.info == INFO_ICMP | INFO_L4_VALID


def test_icmp_of_the_other_family_is_a_protocol_like_any_other():
    """ICMPv6 over IPv4 has no type to pair."""
    for data in (frame4(icmp(8), 58), frame6(icmp(128), 1)):
        assert five(data)[2:4] == (0, 0)
        assert not info(data) & INFO_ICMP


@pytest.mark.parametrize(
    ("frame", "proto", "ends", "requests"),
    [(frame4, 1, (OUTSIDE, INSIDE), REQUESTS4), (frame6, 58, (OUTSIDE6, INSIDE6), REQUESTS6)],
)
def test_icmp_replies_pair_with_their_requests(frame, proto, ends, requests):
    """Of all types: a reply is found under its request's key, in the opposite direction."""
    for icmp_type in range(256):
        reply = parse_ethernet(frame(icmp(icmp_type), proto, *ends))
        if icmp_type not in requests:
            assert request_key(reply.key) is None, icmp_type
            continue
        sent = parse_ethernet(frame(icmp(requests[icmp_type]), proto, *reversed(ends)))
        assert request_key(reply.key) == sent.mirror_key, icmp_type
        assert request_key(reply.mirror_key) == sent.key, icmp_type


# --- for any bytes ---------------------------------------------------------------------------

ETHERTYPES = st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x81\x00", b"\x08\x06"])
#: What an IP header may say, several at once, for which no acl node sees the packet.
BY_HEADER = INFO_IP4_OPTIONS | INFO_IP4_TOO_SHORT | INFO_IP4_BAD_LENGTH | INFO_MULTICAST
#: Bytes that often get past the first checks.
FRAMES = st.one_of(
    st.binary(max_size=80),
    st.builds(lambda e, d: bytes(12) + e + d, ETHERTYPES, st.binary(max_size=120)),
    st.builds(
        lambda e, v, d: bytes(12) + e + bytes([v]) + d,
        ETHERTYPES,
        st.sampled_from([0x45, 0x46, 0x44, 0x60]),
        st.binary(min_size=10, max_size=140),
    ),
    st.builds(
        lambda p, d: frame6(d, p), st.sampled_from([0, 43, 44, 60, 6, 58]), st.binary(max_size=64)
    ),
)


@given(FRAMES)
def test_any_bytes_are_read_without_an_error(data):
    """A damaged capture never ends in a traceback, and both keys agree with each other."""
    packet = parse_ethernet(data)
    reasons = packet.info & INFO_NOT_FOR_ACL
    if reasons in (INFO_NOT_IP, INFO_MALFORMED):
        assert packet == (b"", b"", reasons)
        return
    assert not reasons & ~BY_HEADER
    here, there = unpack_key(packet.key), unpack_key(packet.mirror_key)
    assert (here.src, here.dst, here.proto) == (there.dst, there.src, there.proto)
    assert here.is_ip6 == there.is_ip6 == bool(packet.info & INFO_IP6)
    if not packet.info & INFO_L4_VALID:
        assert (here.sport, here.dport) == (0, 0)
    if not packet.info & INFO_TCP_FLAGS_VALID:
        assert packet.info & INFO_TCP_FLAGS_MASK == 0


@given(FRAMES)
def test_the_flow_hash_is_the_same_both_ways(data):
    """With flow placement the two legs of a connection meet the same worker."""
    packet = parse_ethernet(data)
    if packet.key:
        assert flow_hash(packet.key) == flow_hash(packet.mirror_key)
        assert 0 <= flow_hash(packet.key) < 1 << 32


def test_the_flow_hash_of_an_echo_is_that_of_its_reply():
    """Types are not ports: a ping and its answer meet the same worker."""
    request = parse_ethernet(frame4(icmp(8), 1))
    reply = parse_ethernet(frame4(icmp(0), 1, OUTSIDE, INSIDE))
    assert flow_hash(request.key) == flow_hash(reply.key)


@pytest.mark.parametrize("frame", [frame4, frame6])
@pytest.mark.parametrize("workers", [2, 3, 4])
def test_the_flow_hash_spreads_connections(frame, workers):
    """No worker is left idle, or given nearly everything, by connections of two hosts."""
    counts = [0] * workers
    for sport in range(1024, 1324):
        counts[flow_hash(parse_ethernet(frame(tcp(sport, 80, SYN), 6)).key) % workers] += 1
    assert min(counts) > 300 // workers // 2
