"""Guessing the inside: who opens connections."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from capture.frames import ethernet, icmp, ip4, ip6, tcp, udp
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import GuessedSides, guess_inside, write_pcap
from aclbench.errors import CaptureError

SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10


def packet(src: str, dst: str, l4: bytes, proto: int) -> bytes:
    """A frame between any two addresses of one family."""
    a, b = ip_address(src), ip_address(dst)
    if a.version == 4:
        payload = ip4(l4, proto, src=a.packed)
        return ethernet(payload[:16] + b.packed + payload[20:], 0x0800)
    payload = ip6(l4, proto, src=a.packed)
    return ethernet(payload[:24] + b.packed + payload[40:], 0x86DD)


def opened(src: str, dst: str, sport: int = 40000) -> list[bytes]:
    """A connection: a SYN sent twice, and its answer."""
    syn = packet(src, dst, tcp(SYN, sport, 80), 6)
    return [syn, syn, packet(dst, src, tcp(SYN_ACK, 80, sport), 6)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcap"


def guess(path: Path, frames: list[bytes], max_packets: int = 1000) -> GuessedSides:
    """What is guessed of a capture of these frames."""
    write_pcap(path, enumerate(frames))
    return guess_inside(path, max_packets)


def test_the_side_that_opens_most(path: Path) -> None:
    frames = [f for i in range(5) for f in opened(f"10.0.0.{i + 2}", "192.168.0.2")]
    frames += [f for i in range(7) for f in opened("fd00:1::2", "fd00:2::2", 1000 + i)]
    frames += opened("192.168.0.9", "10.0.0.2")
    assert guess(path, frames) == GuessedSides(
        ("10.0.0.0/24", "fd00:1::/64"),
        "assumed inside: 10.0.0.0/24, fd00:1::/64, which opened 12 of 13 connections",
    )


def test_an_answer_seen_first_opens_nothing(path: Path) -> None:
    frames = [packet("192.168.0.2", "10.0.0.2", tcp(SYN_ACK, 80, 40000), 6)]
    frames += opened("10.0.0.2", "192.168.0.2")
    found = guess(path, frames)
    assert found.prefixes == ("10.0.0.0/24",)
    assert found.sentence.endswith("which opened 1 of 1 connection")


def test_without_syns_the_first_packet_of_a_flow_counts(path: Path) -> None:
    frames = [
        packet("10.0.0.2", "192.168.0.2", udp(1000, 53), 17),
        packet("192.168.0.2", "10.0.0.2", udp(53, 1000), 17),
        packet("192.168.0.2", "10.0.0.2", icmp(3), 1),  # errors and answers open nothing
        packet("192.168.0.2", "10.0.0.2", icmp(0), 1),
        packet("10.0.0.3", "192.168.0.2", icmp(8), 1),
        packet("10.0.0.3", "192.168.0.2", tcp(ACK), 6),
        packet("10.0.0.3", "224.0.0.251", udp(5353, 5353), 17),  # forwarded to no side
    ]
    assert guess(path, frames) == GuessedSides(
        ("10.0.0.0/24",), "assumed inside: 10.0.0.0/24, which opened 3 of 3 flows"
    )


def test_a_network_of_its_own_is_told_by_hosts(path: Path) -> None:
    frames = opened("192.168.1.10", "192.168.1.1") + opened("192.168.1.11", "192.168.1.1")
    assert guess(path, frames).prefixes == ("192.168.1.10/31",)


def test_a_tie_goes_to_the_lowest_address(path: Path) -> None:
    frames = opened("192.168.0.2", "10.0.0.2", 1) + opened("10.0.0.2", "192.168.0.2", 2)
    assert guess(path, frames) == GuessedSides(
        ("10.0.0.0/24",), "assumed inside: 10.0.0.0/24, which opened 1 of 2 connections"
    )


@given(
    inside=st.sets(st.integers(0, 0xFFFF), min_size=1, max_size=40),
    outside=st.sets(st.integers(0, 0xFFFF), min_size=1, max_size=40),
)
def test_few_prefixes_and_never_one_of_the_outside(
    tmp_path_factory: pytest.TempPathFactory, inside: set[int], outside: set[int]
) -> None:
    inside -= outside
    frames = [
        packet(f"10.{i >> 8}.{i & 255}.1", f"10.{o >> 8}.{o & 255}.1", tcp(SYN), 6)
        for i in sorted(inside)
        for o in sorted(outside)
    ]
    found = guess(tmp_path_factory.getbasetemp() / "few.pcap", frames, 10_000)
    networks = [ip_network(prefix) for prefix in found.prefixes]

    def held(number: int) -> int:
        address = ip_address(f"10.{number >> 8}.{number & 255}.1")
        return sum(address in network for network in networks)

    assert all(held(number) == 1 for number in inside)
    assert not any(held(number) for number in outside if inside)
    assert list(networks) == sorted(networks)  # type: ignore[type-var]
    assert len(networks) <= 8 or len(networks) <= len(outside) * 8 + 8


def test_a_long_list_is_cut_in_the_sentence_alone(path: Path) -> None:
    frames = [
        frame for i in range(40) for frame in opened(f"10.{2 * i}.0.1", f"10.{2 * i + 1}.0.1")
    ]
    found = guess(path, frames)
    assert len(found.prefixes) == 40
    assert "10.30.0.0/24 and 24 more, which opened 40 of 40 connections" in found.sentence


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "the capture holds no packets"),
        ([ethernet(bytes(46), 0x0806)] * 3, "no IP addresses in the first 3 packets"),
        (
            [packet("fe80::1", "ff02::1", icmp(135), 58)],
            "nothing is opened between two hosts in the first 1 packet",
        ),
    ],
)
def test_nothing_to_go_by(path: Path, frames: list[bytes], why: str) -> None:
    assert guess(path, frames) == GuessedSides((), f"no inside assumed: {why}")


def test_of_a_damaged_capture_what_can_be_read(path: Path) -> None:
    write_pcap(path, enumerate(opened("10.0.0.2", "192.168.0.2")))
    path.write_bytes(path.read_bytes()[:-1])
    assert guess_inside(path).prefixes == ("10.0.0.0/24",)
    with pytest.raises(CaptureError, match="no such file"):
        guess_inside(path.with_name("none.pcap"))


def test_only_the_start_is_read(path: Path) -> None:
    frames = opened("10.0.0.2", "192.168.0.2") * 2000 + opened("172.16.0.1", "192.168.0.2") * 3000
    assert guess(path, frames, max_packets=10).prefixes == ("10.0.0.0/24",)
