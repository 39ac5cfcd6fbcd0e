"""The mask of the fragment offset lacks its highest bit."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.packet import Packet, parse_ethernet


def parse_with_short_mask(frame: bytes, extension_headers: Set[int], uncaptured: int) -> Packet:
    """Of the 13 bits of IPv4's fragment offset the lower 12 are read."""
    if frame[12:14] == b"\x08\x00" and len(frame) > 20:
        frame = frame[:20] + bytes((frame[20] & 0x0F,)) + frame[21:]
    return parse_ethernet(frame, extension_headers, uncaptured)


EXHIBIT = Exhibit(
    name="fragment-mask",
    title="a fragment in the middle of a datagram is taken for its first",
    believed="The fragment offset is the lower part of a field of 16 bits: 0x0fff.",
    happened="It has 13 bits. A fragment that begins at byte 32,768 had offset 0, and what "
    "happened to stand in it was taken for ports: rules on ports were held against data, and "
    "sessions were made of them.",
    found="Mended by upstream commit 87ee947d0b0 on 25 October 2018, with header lengths over 20 "
    "bytes, which were not looked at either.",
    design=replace(FIFO_2017, name="fragment-mask", parse=parse_with_short_mask),
    fixed=FIFO_2017,
    scenario="""
cli = '''
set acl-plugin acl permit+reflect src 10.0.0.0/24 proto 17 dport 53
set acl-plugin interface pg0 input acl 0
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53 frag 0+
            send pg0 udp 10.0.0.2 > 192.168.0.2 frag 32768+
        """,
        shows=(
            "of UDP to port 53 the fragment at byte 32,768 is {latest(packet).fate}: "
            "{latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
