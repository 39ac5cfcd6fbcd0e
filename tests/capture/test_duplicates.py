"""Captures that have their packets twice are noticed, and what ends repeat is not taken for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import pack

import numpy as np
import pytest
from capture.frames import MACS, batch_of, ethernet, icmp, ip6, tcp, udp
from msgspec.structs import replace

from aclbench.capture.duplicates import Duplicates, identities

MS = 1_000_000
#: A time in ns and a frame.
Seen = tuple[int, bytes]


def v4(l4: bytes, proto: int, ident: int, ttl: int = 64, tos: int = 0) -> bytes:
    """An IPv4 packet with an identification of its own; the checksum goes with the TTL."""
    head = pack("!BBHHHBBH", 0x45, tos, 20 + len(l4), ident, 0x4000, ttl, proto, ttl * 7)
    return head + b"\x0a\0\0\2\xc0\xa8\0\2" + l4


def later_hop(frame: bytes) -> bytes:
    """The frame behind a router: other MACs, a VLAN tag, DSCP, TTL less one, another checksum."""
    ip = bytearray(frame[14:])
    if ip[0] >> 4 == 4:
        ip[1], ip[8], ip[10] = 0x28, ip[8] - 1, ip[10] ^ 0xFF
    else:
        ip[0], ip[1], ip[7] = 0x62, ip[1] | 0x80, ip[7] - 1
    return MACS[::-1] + b"\x81\0\0\x0a" + frame[12:14] + bytes(ip)


def seen(packets: Iterable[Seen]) -> Duplicates:
    """What is found in these packets, in the order of their times; without the number sampled."""
    ordered = sorted(packets, key=lambda packet: packet[0])
    batch = batch_of([frame for _, frame in ordered])
    times = np.array([time for time, _ in ordered], dtype=np.int64)
    batch = replace(batch, time_ns=times)
    found = Duplicates().look([batch], None, 0)
    assert found.sampled == len(ordered)
    return found._replace(sampled=0)


def conversation(ident: Callable[[int], int] = lambda n: n + 1) -> list[Seen]:
    """A hundred packets of all kinds, two milliseconds apart."""
    made: list[Seen] = []
    for n in range(25):
        segment = tcp(0x18, sport=4000, payload=b"x" * n)
        segment = segment[:4] + pack("!I", n * 100) + segment[8:16] + pack("!H", n) + segment[18:]
        datagram = udp(payload=bytes([n]))[:6] + pack("!H", n + 5) + bytes([n])
        echo = icmp()[:2] + pack("!HHH", n + 9, 1, n)
        frames = [
            ethernet(v4(segment, 6, ident(n)), 0x0800),
            ethernet(v4(datagram, 17, ident(n)), 0x0800),
            ethernet(ip6(segment, 6), 0x86DD),
            ethernet(ip6(echo, 58), 0x86DD),
        ]
        made += [((8 * n + 2 * i) * MS, frame) for i, frame in enumerate(frames)]
    return made


@pytest.mark.parametrize("ident", [lambda n: n + 1, lambda n: 0], ids=["numbered", "not numbered"])
@pytest.mark.parametrize("gap", [0, 1, MS // 2, MS])
def test_both_sides_of_a_router(ident: Callable[[int], int], gap: int) -> None:
    """Each packet again a little later, changed as a router changes it."""
    once = conversation(ident)
    assert seen(once) == (0, 100, 0)
    duplicates = seen(once + [(time + gap, later_hop(frame)) for time, frame in once])
    assert duplicates == (0, 200, 200)
    assert duplicates.probable


def test_the_same_later_is_no_copy() -> None:
    once = conversation()
    assert not seen(once + [(time + MS + 1, later_hop(frame)) for time, frame in once]).copies


def test_a_share_decides() -> None:
    """A few copies are none of the capture's making."""
    once = conversation()
    for count, probable in ((5, False), (9, False), (30, True)):
        duplicates = seen(once + [(time + 9, later_hop(frame)) for time, frame in once[:count]])
        assert duplicates.copies == 2 * count
        assert duplicates.probable == probable


def test_what_an_end_repeats() -> None:
    """Sent again it has another identification; pings another sequence number; acknowledgements
    that repeat are not looked at where nothing numbers them; nor is what was made to be equal."""
    segment = tcp(0x18, payload=b"data")
    again = [(n * 1000, ethernet(v4(segment, 6, n + 1), 0x0800)) for n in range(50)]
    assert seen(again) == (0, 50, 0)
    echoes = [v4(icmp()[:6] + pack("!H", n), 1, n + 1) for n in range(50)]
    pings = [(n * 1000, ethernet(echo, 0x0800)) for n, echo in enumerate(echoes)]
    assert seen(pings) == (0, 50, 0)
    acks = [(n * 1000, ethernet(ip6(tcp(0x10), 6), 0x86DD)) for n in range(50)]
    assert seen(acks) == (0, 0, 0)
    acks = [(n * 1000, ethernet(v4(tcp(0x10), 6, 0), 0x0800)) for n in range(50)]
    assert seen(acks) == (0, 0, 0)
    made = [(n * 1000, ethernet(v4(udp(), 17, 1), 0x0800)) for n in range(50)]
    assert seen(made) == (0, 50, 0)


def test_across_merged_captures() -> None:
    """Two captures that show both directions have every packet twice."""
    once = conversation()
    parts = []
    for n in range(2):
        batch = batch_of([later_hop(frame) if n else frame for _, frame in once])
        times = np.array([time + n for time, _ in once], dtype=np.int64)
        parts.append(replace(batch, time_ns=times, capture=n))
    order = np.argsort(np.concatenate([part.time_ns for part in parts]), kind="stable")
    assert Duplicates().look(parts, order, 0) == (200, 200, 200)


def test_one_packet_in_sixteen_is_looked_at() -> None:
    """Whether they have an identity or not."""
    part = batch_of([frame for _, frame in conversation()] + [ethernet(bytes(46), 0x0806)] * 100)
    first = Duplicates().look([part], None, 0)
    assert first == (200, 100, 0)
    assert first.look([part], None, 3199) == first
    assert first.look([part], None, 3200) == (400, 200, 0)


def test_frames_cut_anywhere_are_read_within_their_bounds() -> None:
    """An identity never takes in what is not the packet's: padding, or the next record."""
    for frame in (conversation()[0][1], conversation()[2][1], later_hop(conversation()[0][1])):
        for size in range(len(frame) + 1):
            bare = identities(batch_of([frame[:size]]))
            padded = identities(batch_of([frame[:size]], tail=b"\xff" * 80))
            assert [a.tolist() for a in bare] == [a.tolist() for a in padded]
    short = ethernet(v4(udp(), 17, 5), 0x0800)
    assert identities(batch_of([short]))[0] == identities(batch_of([short + bytes(range(18))]))[0]
