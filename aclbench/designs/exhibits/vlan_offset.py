"""The IP header is read 14 bytes into the frame, tags or not."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.packet import ETHERTYPES_VLAN, Packet, parse_ethernet


def parse_behind_14_bytes(frame: bytes, extension_headers: Set[int], uncaptured: int) -> Packet:
    """Read a frame as if it had no tag: the node knows that it is IPv4, and does not look."""
    if int.from_bytes(frame[12:14], "big") not in ETHERTYPES_VLAN:
        return parse_ethernet(frame, extension_headers, uncaptured)
    header = b"\x45" + frame[15:16] + len(frame[14:]).to_bytes(2, "big") + frame[18:]
    return parse_ethernet(frame[:12] + b"\x08\x00" + header, extension_headers, uncaptured)


EXHIBIT = Exhibit(
    name="vlan-offset",
    title="of a packet with a VLAN tag the wrong bytes are read",
    believed="Behind an Ethernet header of 14 bytes comes the IP header.",
    happened="With a tag it comes four bytes later. What was taken for the source address was "
    "time to live, protocol and checksum, and the source was taken for the destination, so rules "
    "were held against addresses that no packet had.",
    found="Mended by upstream commits a2b4ac1c135 and 9385aa096ca, in June and November 2017.",
    design=replace(FIFO_2017, name="vlan-offset", parse=parse_behind_14_bytes),
    fixed=FIFO_2017,
    scenario="""
cli = '''
set acl-plugin acl permit+reflect src 10.0.0.0/24
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
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
            send pg0 vlan 10 udp 10.0.0.2:1001 > 192.168.0.2:53
        """,
        shows=(
            "src 10.0.0.0/24 is permitted; the packet with a tag is {latest(packet).fate}: "
            "{latest(packet).reason}",
        ),
        holds='latest(packet).fate == "permitted"',
    ),
)
