"""Single packets: what is taken for one, and how one is described."""

from __future__ import annotations

import pytest
from capture.frames import FRAMES, ethernet, icmp, ip4, ip6, tcp, udp
from hypothesis import given

from aclbench.capture.craft import as_frame, describe
from aclbench.engine.packet import INFO_L4_VALID, parse_ethernet
from aclbench.errors import CaptureError

scapy_inet = pytest.importorskip("scapy.layers.inet")
scapy_inet6 = pytest.importorskip("scapy.layers.inet6")
scapy_l2 = pytest.importorskip("scapy.layers.l2")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_a_frame_already(kind: type) -> None:
    frame = as_frame(kind(b"any bytes at all"))
    assert frame == b"any bytes at all"
    assert type(frame) is bytes


def test_a_scapy_packet_is_given_an_ethernet_header() -> None:
    ip = scapy_inet.IP(src="10.0.0.2", dst="192.168.0.2") / scapy_inet.TCP(sport=1, dport=2)
    frame = as_frame(ip)
    assert frame == bytes.fromhex("020000000002 020000000001 0800") + bytes(ip)
    assert parse_ethernet(frame).info & INFO_L4_VALID
    ip6_packet = scapy_inet6.IPv6(src="fd00::1", dst="fd00::2") / scapy_inet.UDP()
    assert as_frame(ip6_packet)[12:14] == b"\x86\xdd"
    tagged = scapy_l2.Dot1Q(vlan=5) / ip
    assert as_frame(tagged)[12:14] == b"\x81\0"


def test_open_mac_addresses_are_filled_without_asking_the_network() -> None:
    packet = scapy_l2.Ether(src="02:00:00:00:00:99") / scapy_inet.IP(src="10.0.0.2", dst="10.0.0.3")
    assert as_frame(packet)[:12] == bytes.fromhex("020000000002 020000000099")
    assert "dst" not in packet.fields  # the caller's packet is left alone


def test_what_is_no_packet() -> None:
    with pytest.raises(CaptureError, match=r"str is not a packet; give bytes of an Ethernet frame"):
        as_frame("10.0.0.2 > 192.168.0.2")
    with pytest.raises(CaptureError, match=r"None.* is not a packet"):
        as_frame(None)
    with pytest.raises(CaptureError, match=r"begins with TCP; give bytes"):
        as_frame(scapy_inet.TCP())
    with pytest.raises(CaptureError, match=r"scapy cannot build this packet"):
        as_frame(scapy_inet.IP(src="10.0.0.2", dst="10.0.0.3") / scapy_inet.TCP(sport=70_000))


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (ethernet(ip4(tcp(0x12), 6), 0x0800), "IPv4 TCP 10.0.0.2:40000 > 192.168.0.2:80 SYN ACK"),
        (ethernet(ip6(udp(), 17), 0x86DD), "IPv6 UDP [fd00::2]:40000 > [fd01::3]:53"),
        (ethernet(ip4(icmp(), 1), 0x0800), "IPv4 ICMP 10.0.0.2 > 192.168.0.2 echo request"),
        (
            ethernet(ip4(icmp(3, 1), 1), 0x0800),
            "IPv4 ICMP 10.0.0.2 > 192.168.0.2 unreachable 3/1",
        ),
        (ethernet(ip6(icmp(200, 7), 58), 0x86DD), "IPv6 ICMPv6 fd00::2 > fd01::3 type 200/7"),
        (
            ethernet(ip4(tcp(), 6, fragment=5), 0x0800),
            "IPv4 TCP 10.0.0.2 > 192.168.0.2 (later fragment)",
        ),
        (
            ethernet(ip4(bytes(8), 47, options=b"\1" * 4), 0x0800),
            "IPv4 protocol 47 10.0.0.2 > 192.168.0.2 (IPv4 options)",
        ),
        (ethernet(bytes(4), 0x0806, tags=(0x8100,)), "not IP, ARP"),
        (ethernet(bytes(4), 0x88CC), "not IP, ethertype 0x88cc"),
        (b"?", "malformed"),
    ],
)
def test_one_line(frame: bytes, line: str) -> None:
    assert describe(frame) == f"{line}, {len(frame)} byte{'s' if len(frame) != 1 else ''}"


@given(FRAMES)
def test_any_frame_has_a_line(frame: bytes) -> None:
    line = describe(frame)
    assert line.endswith("bytes" if len(frame) != 1 else "byte")
    assert "\n" not in line
