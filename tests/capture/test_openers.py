"""Who opened a flow, by each kind of packet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from capture.frames import batch_of, icmp, tcp, udp
from capture.test_guess import packet

from aclbench.capture.decoding import decode
from aclbench.capture.openers import PacketsSeen, Pairs, source_opened
from aclbench.engine.packet import parse_ethernet

#: A is the lesser address.
A, B = {4: "10.0.0.1", 6: "fd00::1"}, {4: "10.0.1.1", 6: "fd00:1::1"}
SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04


def pairs(frames: Sequence[bytes], family: int) -> Pairs:
    """The pairs of hosts of one batch."""
    seen = PacketsSeen()
    seen.note(decode(batch_of(frames)))
    return seen.pairs(family)


def opened(frames: Sequence[bytes], family: int) -> tuple[int, int, int, int]:
    """Of the one pair: flows that A opened, that B opened, those told, packets."""
    found = pairs(frames, family)
    columns = (found.a_opened, found.b_opened, found.told, found.packets)
    a, b, told, packets = (int(column[0]) for column in columns)
    assert len(found.a) == 1
    return a, b, told, packets


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
@pytest.mark.parametrize(
    ("l4", "proto", "is_source", "told"),
    [
        pytest.param(tcp(SYN, 40000, 80), 6, True, 1, id="syn"),
        pytest.param(tcp(SYN, 80, 40000), 6, True, 1, id="a syn from a low port"),
        pytest.param(tcp(SYN_ACK, 80, 40000), 6, False, 1, id="syn-ack"),
        pytest.param(tcp(ACK, 40000, 443), 6, True, 1, id="to the better-known port"),
        pytest.param(tcp(ACK, 443, 40000), 6, False, 1, id="from the better-known port"),
        pytest.param(tcp(ACK, 40000, 40001), 6, False, 1, id="from the lower port"),
        pytest.param(udp(53, 40000), 17, False, 1, id="a DNS response"),
        pytest.param(udp(5060, 1024), 17, False, 1, id="from a known port above 1023"),
        pytest.param(udp(53, 53), 17, True, 0, id="both ports alike"),
        pytest.param(udp(40000, 40001), 17, True, 0, id="UDP between clients' ports"),
        pytest.param(bytes(8), 47, True, 0, id="no ports"),
    ],
)
def test_one_packet(
    family: int, down: bool, l4: bytes, proto: int, is_source: bool, told: int
) -> None:
    src, dst = (B, A) if down else (A, B)
    frame = packet(src[family], dst[family], l4, proto)
    a_opened = is_source != down
    assert source_opened(*parse_ethernet(frame)[::2]) == is_source
    assert opened([frame], family) == (a_opened, not a_opened, told, 1)


@pytest.mark.parametrize(
    ("family", "proto", "asking", "reply", "error"), [(4, 1, 8, 0, 3), (6, 58, 128, 129, 1)]
)
def test_icmp(family: int, proto: int, asking: int, reply: int, error: int) -> None:
    a, b = A[family], B[family]
    asks, answers = (packet(a, b, icmp(asking), proto), packet(b, a, icmp(reply), proto))
    assert opened([asks], family) == (1, 0, 1, 1)
    assert opened([answers], family) == (1, 0, 1, 1)
    assert opened([answers, asks], family) == (1, 0, 1, 2)  # one flow
    back = packet(b, a, icmp(asking), proto)
    assert opened([asks, back], family) == (1, 1, 2, 2)
    of_a = packet(b, a, icmp(error), proto)
    assert opened([asks, of_a], family) == (1, 0, 1, 2)  # an error opens nothing
    assert opened([of_a], family) == (1, 0, 0, 1)  # alone, it goes to who sent something


def test_the_best_sign_of_a_flow_decides_and_of_equals_the_first() -> None:
    a, b = A[4], B[4]
    data = packet(b, a, tcp(ACK, 40000, 40001), 6)  # by its ports A opened it
    syn = packet(b, a, tcp(SYN, 40000, 40001), 6)
    answer = packet(a, b, tcp(SYN_ACK, 40001, 40000), 6)
    assert opened([data], 4)[:2] == (1, 0)
    there, back = packet(a, b, udp(40001, 40000), 17), packet(b, a, udp(40000, 40001), 17)
    assert opened([there, back], 4) == (1, 0, 0, 2)
    assert opened([answer, data, syn], 4) == (0, 1, 1, 3)
    reset = packet(a, b, tcp(SYN, 40001, 40000), 6)  # the other side's SYN came later
    assert opened([syn, reset], 4)[:2] == (0, 1)


def test_later_fragments_are_packets_and_open_nothing() -> None:
    a, b = A[4], B[4]
    answer = packet(b, a, udp(53, 40000), 17)
    later = bytearray(packet(b, a, bytes(16), 17))
    later[20:22] = b"\0\x10"
    assert opened([answer, bytes(later)], 4) == (1, 0, 1, 2)
    assert opened([bytes(later)], 4) == (0, 1, 0, 1)  # where there is nothing else


def test_flows_are_counted_alike_and_pairs_stand_in_order() -> None:
    frames = [packet("10.0.9.9", "10.0.0.1", udp(40000 + i % 3, 53), 17) for i in range(9)]
    frames += [packet("10.0.0.1", "10.0.0.2", udp(40000, 53), 17)]
    found = pairs(frames, 4)
    assert [found.hosts[row] & 0xFFFF for row in found.a.tolist()] == [1, 1]
    assert [found.hosts[row] & 0xFFFF for row in found.b.tolist()] == [0x0909, 2]
    assert found.a_opened.tolist() == [0, 1]
    assert found.b_opened.tolist() == [3, 0]
    assert found.packets.tolist() == [9, 1]


def test_what_is_not_between_two_hosts() -> None:
    seen = PacketsSeen()
    frames = [
        packet("10.0.0.1", "224.0.0.1", udp(), 17),
        packet("10.0.0.1", "255.255.255.255", udp(), 17),
        packet("0.0.0.0", "10.0.0.1", udp(), 17),
        packet("::", "fd00::1", udp(), 17),
        packet("fd00::1", "ff02::1", udp(), 17),
        packet("10.0.0.1", "10.0.0.1", udp(), 17),
        packet("fd00::", "fd00::", udp(), 17),
        b"\0" * 60,
    ]
    seen.note(decode(batch_of(frames)))
    assert (seen.total, seen.to_many, seen.to_itself, seen.not_ip) == (8, 5, 2, 1)
    assert not len(seen.pairs(4).hosts)
    assert not len(seen.pairs(6).hosts)
