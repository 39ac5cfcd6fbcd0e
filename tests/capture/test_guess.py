"""Guessing the inside: who opens connections."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from capture.frames import ethernet, icmp, ip4, ip6, tcp, udp

from aclbench.capture.guess import GuessedSides, guess_inside
from aclbench.capture.writer import write_pcap
from aclbench.errors import CaptureError

SYN, SYN_ACK = 0x02, 0x12
CASES = Path(__file__).parents[1] / "cases"


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
    found = guess(path, frames)
    assert found.prefixes == ("10.0.0.0/24", "fd00:1::/64")
    assert found.sentence == (
        "guessed inside (sure): --inside 10.0.0.0/24 --inside fd00:1::/64, which opened 12 of 13 "
        "connections across it, with 100 % of the packets; runner-up: --inside 192.168.0.0/24 "
        "--inside fd00:1::/64, 8 of 13 connections across it, with 100 % of the packets"
    )
    assert found.confidence == "sure"
    assert found.runner_up == ("192.168.0.0/24", "fd00:1::/64")
    assert found.figures[2:] == (13, 39, 12, 13)


@pytest.mark.parametrize(
    ("case", "prefixes", "crossing_packets"),
    [
        ("a01-one-syn-hides-udp", ("198.51.100.0/24",), 40),
        ("a01b-without-the-syn", ("198.51.100.0/24",), 40),
        ("a09-link-local-server", ("198.51.100.0/24",), 10),
        ("a10-mostly-within-one-net", ("198.51.100.10/32",), 100),
        ("a15-loopback-syn", ("198.51.100.0/24",), 20),
        ("a15b-without-it", ("198.51.100.0/24",), 20),
    ],
)
def test_cases_that_operators_report(
    case: str, prefixes: tuple[str, ...], crossing_packets: int
) -> None:
    found = guess_inside(CASES / f"{case}.pcap")
    assert found.prefixes == prefixes
    assert found.figures.crossing_packets == crossing_packets
    assert found.confidence == "sure"


def test_link_local_addresses_count_as_any_other(path: Path) -> None:
    frames = opened("fe80::1", "fe80::2", 1) + opened("169.254.0.1", "169.254.0.2", 1)
    assert guess(path, frames).prefixes == ("169.254.0.1/32", "fe80::1/128")


def test_how_sure_it_is(path: Path) -> None:
    one = opened("10.0.0.2", "192.168.0.2")
    assert guess(path, one).confidence == "sure"
    first = packet("10.0.0.2", "192.168.0.2", udp(15001, 15002), 17)  # its order alone tells
    assert guess(path, [first]).confidence == "likely"
    assert guess(path, one + opened("192.168.0.2", "10.0.0.2", 2)).confidence == "uncertain"


def test_of_equals_the_private_side_is_inside(path: Path) -> None:
    frames = opened("8.8.8.8", "192.168.0.2", 1) + opened("192.168.0.2", "8.8.8.8", 2)
    found = guess(path, frames)
    assert found.prefixes == ("192.168.0.0/24",)
    assert found.runner_up == ("8.8.8.0/24",)


def test_of_equals_in_all_who_opened_first_is_inside(path: Path) -> None:
    frames = opened("192.168.0.2", "10.0.0.2", 1) + opened("10.0.0.2", "192.168.0.2", 2)
    assert guess(path, frames).prefixes == ("192.168.0.0/24",)


def test_few_prefixes_over_both_families(path: Path) -> None:
    frames = [f for i in range(6) for f in opened(f"10.{2 * i}.0.2", "10.1.0.2", i)]
    frames += [f for i in range(6) for f in opened(f"fd00:{2 * i}::2", "fd00:1::2", i)]
    found = guess(path, frames)
    assert len(found.prefixes) <= 8
    assert found.figures.opened >= 9
    more = [f for i in range(30) for f in opened(f"10.{2 * i}.0.2", f"10.{2 * i + 1}.0.2")]
    assert len(guess(path, more).prefixes) <= 8


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "the capture holds no packets"),
        ([ethernet(bytes(46), 0x0806)] * 3, "no IP addresses in the first 3 packets"),
        (
            [packet("fe80::1", "ff02::1", icmp(135), 58)],
            "all IP packets of the first 1 packet are multicast or broadcast",
        ),
        (
            [packet("127.0.0.1", "127.0.0.1", udp(), 17)] * 2,
            "in the first 2 packets hosts talk to themselves alone, each by one address",
        ),
        (
            [
                packet("127.0.0.1", "127.0.0.1", udp(), 17),
                packet("0.0.0.0", "255.255.255.255", udp(68, 67), 17),
                packet("10.0.0.1", "224.0.0.1", udp(), 17),
            ],
            "no two hosts talk in the first 3 packets: 2 are multicast or broadcast, 1 of a host "
            "to itself",
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


def test_exactly_so_many_packets_are_examined(path: Path) -> None:
    """However they come out of the file."""
    frames = [packet("10.0.0.1", "192.168.0.1", udp(1000 + n, 53), 17) for n in range(50)]
    for limit in (1, 7, 49, 50, 51):
        assert guess(path, frames, limit).figures.packets == min(limit, 50)
