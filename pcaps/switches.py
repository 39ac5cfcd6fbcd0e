"""Two switches with a trunk between them, for `vlans`: the hosts' frames get tags on the way.

Run by `record.py` in the namespace `trunk`, never by hand. `port0` leads to inside, `port1` to the
router; each switch tags what comes in at its port and sends it down the trunk, and takes the tags
off what comes out of it. A line on standard input goes on to the next way of tagging (`TAGS`). The
kernel's own VLAN interfaces would do, where there are any. Standard library alone.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
from collections.abc import Callable

#: Tags by scene, the outer one first: EtherType and VLAN number.
TAGS: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((0x8100, 10),),
    ((0x88A8, 20), (0x8100, 30)),
)
ETH_P_ALL = 3
TAG_TYPES = {ethertype for tags in TAGS for ethertype, _ in tags}


def tagged(frame: bytes, tags: tuple[tuple[int, int], ...]) -> bytes:
    """The frame with the tags put in behind its addresses."""
    return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[12:]


def bare(frame: bytes) -> bytes:
    """The frame without its tags; the kernel has taken off the outer one by itself."""
    while struct.unpack_from("!H", frame, 12)[0] in TAG_TYPES:
        frame = frame[:12] + frame[16:]
    return frame


def port(name: str) -> socket.socket:
    """A socket that hears and sends whole frames on an interface."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((name, ETH_P_ALL))
    return sock


def main() -> None:
    """Carry frames until standard input ends."""
    scene = 0
    ends = {name: port(name) for name in ("port0", "trunk0", "trunk1", "port1")}

    def tag(frame: bytes) -> bytes:
        return tagged(frame, TAGS[scene])

    ways: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("port0", "trunk0", tag),
        ("trunk1", "port1", bare),
        ("port1", "trunk1", tag),
        ("trunk0", "port0", bare),
    )
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        for source, target, change in ways:
            selector.register(ends[source], selectors.EVENT_READ, (ends[target], change))
        print("over", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    if not sys.stdin.readline():
                        return
                    scene += 1
                    print("over", flush=True)
                    continue
                source_socket = key.fileobj
                assert isinstance(source_socket, socket.socket)
                frame, address = source_socket.recvfrom(65536)
                if address[2] != socket.PACKET_OUTGOING:
                    target_socket, change = key.data
                    target_socket.send(change(frame))


if __name__ == "__main__":
    main()
