"""Frames for the tests, made byte by byte, and hypothesis strategies for them."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

import numpy as np
from hypothesis import strategies as st

from aclbench.capture.batch import RawBatch
from aclbench.engine.packet import DEFAULT_EXTENSION_HEADERS

MACS = bytes.fromhex("020000000002020000000001")
#: Ones that the parser knows, some that it does not.
ETHERTYPES = (0x0800, 0x86DD, 0x8100, 0x88A8, 0x9100, 0x0806, 0x0000, 0x88CC)
PROTOCOLS = (0, 1, 6, 17, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 253, 255)


def ethernet(payload: bytes, ethertype: int, tags: Sequence[int] = ()) -> bytes:
    """An Ethernet frame; `tags` are the ethertypes of the VLAN tags, outermost first."""
    vlan = b"".join(pack("!HH", tag, 100 + i) for i, tag in enumerate(tags))
    return MACS + vlan + pack("!H", ethertype) + payload


def ip4(
    l4: bytes, proto: int, src: bytes = b"\x0a\0\0\2", fragment: int = 0, options: bytes = b""
) -> bytes:
    """An IPv4 packet; `fragment` is flags and offset as they stand in the header."""
    words = 5 + len(options) // 4
    total = 4 * words + len(l4)
    head = pack("!BBHHHBBH", 0x40 | words & 0xF, 0, total & 0xFFFF, 7, fragment, 64, proto, 0)
    return head + src + b"\xc0\xa8\0\2" + options + l4


def ip6(l4: bytes, proto: int, src: bytes = b"\xfd" + bytes(14) + b"\2") -> bytes:
    """An IPv6 packet; `proto` is its next-header field."""
    dst = b"\xfd\1" + bytes(13) + b"\3"
    return pack("!IHBB", 6 << 28, len(l4) & 0xFFFF, proto, 64) + src + dst + l4


def tcp(flags: int = 0x02, sport: int = 40000, dport: int = 80, payload: bytes = b"") -> bytes:
    """A TCP segment without options."""
    return pack("!HHIIBBHHH", sport, dport, 1, 2, 0x50, flags, 1000, 0, 0) + payload


def udp(sport: int = 40000, dport: int = 53, payload: bytes = b"") -> bytes:
    """A UDP datagram."""
    return pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def icmp(icmp_type: int = 8, code: int = 0) -> bytes:
    """An ICMP or ICMPv6 echo-like message."""
    return pack("!BBHHH", icmp_type, code, 0, 1, 1)


def batch_of(frames: Sequence[bytes], gap: bytes = bytes(16), tail: bytes = b"") -> RawBatch:
    """The frames as a batch, `gap` before each as a record header would be, `tail` behind all."""
    data = b"".join(gap + frame for frame in frames) + tail
    sizes = np.array([len(frame) for frame in frames], dtype=np.int64)
    ends = np.cumsum(sizes + len(gap))
    times = np.arange(len(frames), dtype=np.int64) * 1000 + 10**18
    return RawBatch(data, ends - sizes, sizes, sizes, times, first_number=1)


_L4 = st.one_of(
    st.binary(max_size=24),
    st.builds(tcp, flags=st.integers(0, 255), sport=st.integers(0, 65535)),
    st.builds(udp, sport=st.integers(0, 65535), payload=st.binary(max_size=8)),
    st.builds(icmp, st.integers(0, 255), st.integers(0, 3)),
)
_PROTO = st.sampled_from(PROTOCOLS) | st.integers(0, 255)


@st.composite
def _extension_chains(draw: st.DrawFn) -> tuple[bytes, int]:
    """What follows an IPv6 header, with 0 to 4 extension headers, and its first next-header."""
    l4, proto = draw(_L4), draw(_PROTO)
    for _ in range(draw(st.integers(0, 4))):
        header = draw(st.sampled_from(sorted(DEFAULT_EXTENSION_HEADERS)))
        if header == 44:
            offset = draw(st.sampled_from((0, 1, 6, 7, 8, 9, 0x1000, 0xFFF8, 0xFFFF)))
            l4 = pack("!BBHI", proto, 0, offset, 9) + l4
        else:
            eights = draw(st.sampled_from((0, 0, 0, 1, 2, 255)))
            body = bytes(6 + 8 * (eights if eights < 3 else 0))
            l4 = pack("!BB", proto, eights) + body + l4
        proto = header
    return l4, proto


_IP4 = st.builds(
    ip4,
    _L4,
    _PROTO,
    src=st.binary(min_size=4, max_size=4),
    fragment=st.sampled_from((0, 0, 0, 0x2000, 0x4000, 0x8000, 1, 0x1000, 0x1FFF, 0x3001, 0xFFFF)),
    options=st.sampled_from((b"", b"", b"", b"\1" * 4, b"\1" * 40)),
)
_IP6 = st.builds(
    lambda chain, src: ip6(*chain, src=src),
    _extension_chains(),
    st.binary(min_size=16, max_size=16),
)
_WELL_FORMED = st.one_of(
    st.builds(ethernet, _IP4, st.just(0x0800)),
    st.builds(ethernet, _IP6, st.just(0x86DD)),
    st.builds(
        ethernet,
        _IP4 | _IP6,
        st.sampled_from(ETHERTYPES),
        st.lists(st.sampled_from((0x8100, 0x88A8, 0x9100)), max_size=7),
    ),
)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """A frame cut anywhere, with a few bytes changed, most of them where headers are."""
    frame = bytearray(draw(_WELL_FORMED))
    frame = frame[: draw(st.integers(0, len(frame)))]
    for _ in range(draw(st.integers(0, 3))):
        if frame:
            frame[draw(st.integers(0, min(len(frame), 60) - 1))] = draw(st.integers(0, 255))
    return bytes(frame)


#: Any frame at all: sound, damaged, or noise.
FRAMES = st.one_of(_WELL_FORMED, _damaged(), st.binary(max_size=90))
