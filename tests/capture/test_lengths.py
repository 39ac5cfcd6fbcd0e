"""The total length of IPv4, against what was on the wire; and what notes say of it and of cuts."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest
from capture.containers import pcap, relink
from capture.frames import ethernet, icmp, ip4, ip6, tcp, udp
from capture.test_cut import cut_pcap, info_of

from aclbench import Workbench
from aclbench.engine.packet import (
    INFO_CUT_L4,
    INFO_IP4_BAD_LENGTH,
    INFO_IP4_NO_LENGTH,
    INFO_IP4_OPTIONS,
    INFO_IP4_TOO_SHORT,
    parse_ethernet,
)
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture

LENGTHS = INFO_IP4_BAD_LENGTH | INFO_IP4_TOO_SHORT | INFO_IP4_NO_LENGTH
NO_LENGTH = INFO_IP4_TOO_SHORT | INFO_IP4_NO_LENGTH
CASE = Path(__file__).parents[1] / "cases" / "a06-ip-total-length.pcap"


def with_length(total: int, options: bytes = b"", trailer: bytes = b"") -> bytes:
    """A frame of 28 bytes of IPv4 (and options) that says it has so many."""
    packet = ip4(udp(), 17, options=options)
    return ethernet(packet[:2] + pack("!H", total) + packet[4:] + trailer, 0x0800)


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (with_length(0), NO_LENGTH),
        (with_length(1), INFO_IP4_TOO_SHORT),
        (with_length(19), INFO_IP4_TOO_SHORT),
        (with_length(20), 0),
        (with_length(28), 0),
        (with_length(29), INFO_IP4_BAD_LENGTH),
        (with_length(29, trailer=b"\0"), 0),
        (with_length(65535), INFO_IP4_BAD_LENGTH),
        (with_length(0, options=bytes(4)), NO_LENGTH),
        (with_length(33, options=bytes(4)), INFO_IP4_BAD_LENGTH),
        (with_length(32, options=bytes(4)), 0),
    ],
)
def test_what_the_length_says(tmp_path: Path, frame: bytes, found: int) -> None:
    """Alone, and in a batch, where those without options are read together."""
    assert parse_ethernet(frame).info & LENGTHS == found
    info = info_of(tmp_path / "x.pcap", pcap([(1, frame)] * 3))
    assert [word & LENGTHS for word in info] == [found] * 3


@pytest.mark.parametrize("options", [b"", bytes(4)], ids=["plain", "options"])
def test_a_cut_by_the_snap_length_is_none(tmp_path: Path, options: bytes) -> None:
    """What counts is how long the frame was, not what was captured of it."""
    frames = [with_length(28 + len(options), options), with_length(29 + len(options), options)]
    info = info_of(tmp_path / "x.pcap", cut_pcap(frames, 38 + len(options)))
    assert [word & LENGTHS for word in info] == [0, INFO_IP4_BAD_LENGTH]


def test_nflog_does_not_say_how_long_the_packet_was(tmp_path: Path) -> None:
    frames = [relink(with_length(total), 239) for total in (29, 10)]
    info = info_of(tmp_path / "x.pcap", pcap(list(enumerate(frames)), 239))
    assert [word & LENGTHS for word in info] == [0, INFO_IP4_TOO_SHORT]


def replayed(path: Path) -> Workbench:
    """A bench behind a capture whose inside is 10/8 and fd00::/16."""
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/8", "fd00::/16", "198.51.100.0/24"))
    bench = Workbench.from_scenario(scenario_for_capture([path], inside, "", 1, "interface"))
    bench.play()
    return bench


def notes(bench: Workbench) -> list[str]:
    """What is said besides how the inside was found."""
    return [note for note in bench.report().notes if "snap length" in note or "length of 0" in note]


def test_the_case() -> None:
    bench = replayed(CASE)
    report = bench.report()
    assert {text: count for _, text, count in report.reasons} == {
        "acl 0 rule 0: permit+reflect": 1,
        "ip4 length < 20 bytes": 2,
        "ip4 length > l2 length": 1,
    }
    assert (report.packets.checked, report.packets.dropped) == (1, 3)
    [note] = notes(bench)
    assert note.startswith("1 packet has an IPv4 total length of 0: segmentation")
    errors = bench.cli("show errors")
    for words in ("ip4-input", "ip4 length < 20 bytes", "ip4 length > l2 length"):
        assert words in errors


def test_options_are_not_what_is_said_of_a_bad_length() -> None:
    """ip4-input looks at the length last, and its last word counts."""
    frame = with_length(99, options=bytes(4))
    assert parse_ethernet(frame).info & INFO_IP4_OPTIONS
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    bench.cli("set interface state pg0 up")
    [verdict] = bench.send("pg0", frame)
    assert (verdict.fate, verdict.reason) == ("dropped", "ip4 length > l2 length")


FRAMES = (
    ethernet(ip4(tcp(), 6), 0x0800),
    ethernet(ip4(udp(payload=bytes(40)), 17), 0x0800),
    ethernet(ip4(bytes(40), 17, fragment=100), 0x0800),
    ethernet(ip4(icmp(), 1), 0x0800),
    ethernet(ip6(tcp(), 6), 0x86DD),
    ethernet(bytes(60), 0x0806),
)


@pytest.mark.parametrize(
    ("snaplen", "lacking"),
    [
        (40, (True, True, False, True, False, False)),  # IPv6: even the header is cut
        (46, (True, False, False, False, False, False)),
        (54, (False, False, False, False, True, False)),
        (72, (False,) * 6),
    ],
)
def test_what_a_cut_took_from_the_acl_nodes(
    tmp_path: Path, snaplen: int, lacking: tuple[bool, ...]
) -> None:
    """Ports and TCP flags; of a later fragment nothing is read, and nothing of what is not IP."""
    path = tmp_path / "x.pcap"
    info = info_of(path, cut_pcap(list(FRAMES), snaplen))
    assert tuple(bool(word & INFO_CUT_L4) for word in info) == lacking
    count = sum(lacking) + (snaplen < 54)
    found = notes(replayed(path))
    if not count:
        assert not found
        return
    packets = f"{count} packet{'s were' if count > 1 else ' was'}"
    assert found[0].startswith(f"{packets} cut by the snap length ahead of what the acl nodes read")


def test_notes_are_about_what_was_played(tmp_path: Path) -> None:
    """Of the packets ahead nothing is said; back in time neither; a checkpoint keeps the count."""
    path = tmp_path / "x.pcap"
    path.write_bytes(cut_pcap([FRAMES[0], FRAMES[2]] * 5, 40))
    bench = replayed(path)
    assert notes(bench)[0].startswith("5 packets were cut")
    bench.back(5, "packet")
    assert notes(bench)[0].startswith("3 packets were cut")
    bench.back(4, "packet")
    assert notes(bench)[0].startswith("1 packet was cut")
    bench.play()
    assert notes(bench)[0].startswith("5 packets were cut")


def test_what_is_delivered_to_the_bench_is_not_dropped() -> None:
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    bench.cli("set interface state pg0 up")
    bench.cli("set interface ip address pg0 10.0.0.1/24")
    frame = bytearray(ethernet(ip4(udp(), 17), 0x0800))
    frame[30:34] = bytes((10, 0, 0, 1))
    [verdict] = bench.send("pg0", bytes(frame))
    assert (verdict.fate, verdict.reason) == ("delivered", "for the bench itself")
    packets = bench.report().packets
    assert (packets.delivered, packets.dropped, packets.read) == (1, 0, 1)
    assert "for the bench itself" not in bench.cli("show errors")
    assert "delivered" in bench.report().to_text()
