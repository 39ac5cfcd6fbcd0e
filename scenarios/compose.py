"""Composes `argument.pcap.gz`: traffic on which designs of aging differ, made for `argument.toml`.

    python3 scenarios/compose.py [FILE]

Times are seconds from the first packet. Clients behind 10.0.0.0/24 open everything; each kind of
traffic has a client and a server of its own.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from struct import pack, unpack
from typing import NamedTuple

FILE = Path(__file__).with_name("argument.pcap.gz")
#: 2026-11-28 00:00:00 UTC.
START_S = 1_795_824_000

QUESTIONS = 10_000
TALKS = 1_000
TALKS_AT_S = (1, 61, 121, 181, 241)
CONNECTIONS = 100
MORE_ATTEMPTS = 40

FIN, SYN, ACK = 0x01, 0x02, 0x10
UDP, TCP = 17, 6


class Packet(NamedTuple):
    """One packet: when, whether it comes from the client, who, and for TCP what it says."""

    us: int
    out: bool
    host: int
    proto: int
    sport: int
    dport: int
    flags: int = 0
    seq: int = 0
    ack: int = 0


def us(seconds: float, number: int = 0, apart_us: int = 100) -> int:
    """When the packet with this number of many comes."""
    return round(seconds * 1_000_000) + number * apart_us


def questions() -> Iterator[Packet]:
    """One packet each, all within one tick of a wheel, never answered."""
    for n in range(QUESTIONS):
        yield Packet(us(0, n, 40), True, 2, UDP, 10_000 + n, 53)


def talks() -> Iterator[Packet]:
    """Conversations over UDP: a packet either way, once a minute."""
    for at in TALKS_AT_S:
        for n in range(TALKS):
            yield Packet(us(at, n), True, 3, UDP, 20_000 + n, 5004)
            yield Packet(us(at + 0.2, n), False, 3, UDP, 20_000 + n, 5004)


def opened(host: int) -> Iterator[Packet]:
    """Connections, which are established after three packets; the client's last word is at 10 s."""
    for n in range(CONNECTIONS):
        who = (host, TCP, 30_000 + n, 80)
        yield Packet(us(2, n), True, *who, SYN, 0, 0)
        yield Packet(us(2.1, n), False, *who, SYN | ACK, 0, 1)
        yield Packet(us(2.2, n), True, *who, ACK, 1, 1)
        yield Packet(us(10, n), True, *who, ACK, 1, 1)


def ended_by_the_server(host: int, is_answered: bool) -> Iterator[Packet]:
    """The server's FIN comes at 100 s, perhaps with the client's ACK; 20 come again at 230 s."""
    yield from opened(host)
    for n in range(CONNECTIONS):
        who = (host, TCP, 30_000 + n, 80)
        yield Packet(us(100, n), False, *who, FIN | ACK, 1, 1)
        if is_answered:
            yield Packet(us(100.6, n), True, *who, ACK, 1, 2)
        elif n < 20:
            yield Packet(us(230, n), False, *who, FIN | ACK, 1, 1)


def left_open(host: int) -> Iterator[Packet]:
    """Nobody says any more, until the server does on 20 of them: at 930 s, and at 1,200 s."""
    yield from opened(host)
    for n in range(40):
        who = (host, TCP, 30_000 + n, 80)
        yield Packet(us(930 if n < 20 else 1200, n), False, *who, ACK, 1, 1)


def more_attempts(host: int) -> Iterator[Packet]:
    """Connections that are never answered; the table has room for half of them."""
    for n in range(MORE_ATTEMPTS):
        yield Packet(us(20, n, 1000), True, host, TCP, 30_000 + n, 81, SYN)


def packets() -> list[Packet]:
    """All of them by time, and one more at the end, when all that is above has aged."""
    found = [
        *questions(),
        *talks(),
        *ended_by_the_server(4, is_answered=False),
        *ended_by_the_server(5, is_answered=True),
        *left_open(6),
        *more_attempts(7),
        Packet(us(2400), True, 8, UDP, 40_000, 53),
    ]
    return sorted(found)


def checksum(data: bytes) -> int:
    """The Internet's, of an even number of bytes."""
    total = sum(unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(packet: Packet, number: int) -> bytes:
    """An Ethernet frame; it carries no data."""
    ends = [
        IPv4Address(f"10.0.0.{packet.host}").packed,
        IPv4Address(f"192.168.0.{packet.host}").packed,
    ]
    ports = [packet.sport, packet.dport]
    macs = [b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02"]
    if not packet.out:
        for both in (ends, ports, macs):
            both.reverse()
    addresses = b"".join(ends)
    if packet.proto == UDP:
        l4 = pack("!HHHH", *ports, 8, 0)  # IPv4 may do without a checksum
    else:
        said = (*ports, packet.seq, packet.ack, 5 << 4, packet.flags, 8192)
        summed = checksum(addresses + pack("!HH", TCP, 20) + pack("!HHIIBBHHH", *said, 0, 0))
        l4 = pack("!HHIIBBHHH", *said, summed, 0)
    head = pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), number & 0xFFFF, 0, 64, packet.proto, 0)
    head = head[:10] + pack("!H", checksum(head + addresses)) + addresses
    return macs[1] + macs[0] + b"\x08\x00" + head + l4


def capture() -> bytes:
    """Classic pcap in microseconds."""
    records = [pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for number, packet in enumerate(packets()):
        seconds, left = divmod(packet.us, 1_000_000)
        data = frame(packet, number)
        records.append(pack("<IIII", START_S + seconds, left, len(data), len(data)) + data)
    return b"".join(records)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    path.write_bytes(gzip.compress(capture(), 9, mtime=0))
