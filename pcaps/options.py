"""IPv6 extension headers that a socket sends in all of its packets, as Linux lets it."""

from __future__ import annotations

import socket
import struct

#: Eight bytes of options, all padding: a next header, a length of 0, PadN with four zeros.
PADDING = bytes((0, 0, 1, 4, 0, 0, 0, 0))
SEGMENT_ROUTING = 4


def set_options(
    sock: socket.socket,
    hop_by_hop: bool = False,
    destination: bool = False,
    by_way_of: str | None = None,
) -> None:
    """Have a socket send these headers; `by_way_of` is a host that the routing header names."""
    if hop_by_hop:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, PADDING)
    if destination:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, PADDING)
    if by_way_of is not None:
        # Two segments, the last one first: the kernel puts the destination there.
        segments = bytes(16) + socket.inet_pton(socket.AF_INET6, by_way_of)
        fixed = struct.pack("!BBBBBBH", 0, len(segments) // 8, SEGMENT_ROUTING, 1, 1, 0, 0)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RTHDR, fixed + segments)
