"""Made-up captures hold what was asked for, in conversations that make sense."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from capture.containers import records_of
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import synth as synth_module
from aclbench.capture.decoding import decode
from aclbench.capture.links import parse_frame
from aclbench.capture.reader import open_capture
from aclbench.capture.synth import write_traffic
from aclbench.capture.traffic import (
    TCP_ENDS,
    Order,
    Traffic,
    parse_duration,
    parse_shares,
    parse_start,
)
from aclbench.capture.writer import PcapWriter
from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP, unpack_key
from aclbench.errors import SynthError

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def written(path: Path, traffic: Traffic) -> list[tuple[int, bytes]]:
    with PcapWriter(path) as writer:
        last_ns = write_traffic(traffic, writer)
    records = records_of(path)
    assert last_ns == records[-1][0]
    return records


def by_flow(records: list[tuple[int, bytes]]) -> dict[bytes, list[bytes]]:
    """The frames of each flow in order, by the key of its first packet."""
    flows: dict[bytes, list[bytes]] = {}
    first: dict[bytes, bytes] = {}
    for _, frame in records:
        packet = parse_frame(frame, 1)
        five = unpack_key(packet.key)
        if five.proto in (PROTO_ICMP, PROTO_ICMP6):  # types differ: by addresses
            key = b"icmp" + bytes(sorted((five.src, five.dst)).__repr__(), "ascii")
        else:
            key = min(packet.key, packet.mirror_key)
        flows.setdefault(first.setdefault(key, packet.key), []).append(frame)
    return flows


def tcp_of(frame: bytes) -> tuple[int, int, int, int, int]:
    """Source port, sequence and acknowledgement number, flags, and bytes of data."""
    at = 34 if frame[12:14] == b"\x08\x00" else 54
    head = frame[at : at + 20]
    numbers = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
    return int.from_bytes(head[:2], "big"), *numbers, head[13], len(frame) - at - 20


TRAFFICS = st.builds(
    lambda packets, flows, **more: Traffic(packets=max(packets, 6 * flows), flows=flows, **more),
    packets=st.integers(1, 400),
    flows=st.integers(1, 60),
    order=st.sampled_from(("random", "round")),
    ip6_percent=st.integers(0, 100),
    frame_bytes=st.integers(60, 200),
    seed=st.integers(0, 1000),
    mix=st.sampled_from(({"tcp": 1, "udp": 1, "icmp": 1}, {"tcp": 1}, {"udp": 1}, {"icmp": 2})),
    tcp=st.sampled_from((dict.fromkeys(TCP_ENDS, 1), {"open": 1}, {"fin": 1, "rst": 1})),
)


@examples(30)
@given(traffic=TRAFFICS)
def test_counts_and_conversations(
    tmp_path_factory: pytest.TempPathFactory, traffic: Traffic
) -> None:
    records = written(tmp_path_factory.getbasetemp() / "synth.pcap", traffic)
    assert len(records) == traffic.packets
    assert [t for t, _ in records] == sorted(t for t, _ in records)
    flows = by_flow(records)
    assert len(flows) == traffic.flows
    for key, frames in flows.items():
        five = unpack_key(key)
        family = 4 if five.src < 1 << 32 else 6
        inside = traffic.networks("inside")[family]
        assert five.src in range(int(inside[0]), int(inside[0]) + inside.num_addresses)
        if five.proto == PROTO_TCP:
            assert_makes_sense(frames)


def assert_makes_sense(frames: list[bytes]) -> None:
    """A whole connection: it begins and ends as one does, and each side counts on."""
    parsed = [tcp_of(frame) for frame in frames]
    flags = [one[3] for one in parsed]
    if all(f == SYN for f in flags):
        assert len({seq for _, seq, *_ in parsed}) == 1  # the same SYN again
        return
    assert flags[:3] == [SYN, SYN | ACK, ACK]
    if flags[-2:] == [FIN | ACK, ACK]:
        assert flags[-3] == FIN | ACK
        middle = flags[3:-3]
    else:
        middle = flags[3:-1] if flags[-1] == RST | ACK else flags[3:]
    assert set(middle) <= {PSH | ACK}
    client = parsed[0][0]
    received: dict[bool, int] = {}
    for sport, seq, ack, flag, size in parsed:
        side = sport == client
        assert seq == received.get(side, seq), "the next byte"
        if flag & ACK:
            assert ack == received[not side], "all that was sent"
        received[side] = (seq + size + bool(flag & SYN) + bool(flag & FIN)) & 0xFFFF_FFFF


@pytest.mark.parametrize("order", ["random", "round"])
def test_the_same_arguments_make_the_same_bytes(tmp_path: Path, order: Order) -> None:
    traffic = Traffic(packets=3000, flows=200, order=order)
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        written(tmp_path / name, replace(traffic, seed=seed))
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1] != made[2]


def test_chunks_continue_conversations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth_module, "CHUNK_PACKETS", 37)
    for order in ("random", "round"):
        records = written(tmp_path / "x", Traffic(packets=900, flows=90, order=order))
        flows = by_flow(records)
        assert (len(records), len(flows)) == (900, 90)
        for key, frames in flows.items():
            if unpack_key(key).proto == PROTO_TCP:
                assert_makes_sense(frames)


def test_shares_are_those_asked_for(tmp_path: Path) -> None:
    traffic = Traffic(
        packets=8000,
        flows=1000,
        mix={"tcp": 60, "udp": 30, "icmp": 10},
        tcp={"fin": 40, "rst": 30, "open": 20, "half-open": 10},
        ip6_percent=25,
    )
    flows = by_flow(written(tmp_path / "x", traffic))
    protocols: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    ip6 = 0
    names = {PROTO_TCP: "tcp", PROTO_UDP: "udp", PROTO_ICMP: "icmp", PROTO_ICMP6: "icmp"}
    for key, frames in flows.items():
        proto = unpack_key(key).proto
        protocols[names[proto]] += 1
        ip6 += frames[0][12:14] == b"\x86\xdd"
        if proto == PROTO_TCP:
            flags = [tcp_of(frame)[3] for frame in frames]
            seen = "rst" if flags[-1] & RST else "fin" if FIN | ACK in flags else "open"
            ends["half-open" if set(flags) == {SYN} else seen] += 1
    for found, wanted in (
        (protocols, {"tcp": 600, "udp": 300, "icmp": 100}),
        (ends, {"fin": 240, "rst": 180, "open": 120, "half-open": 60}),
        ({"ip6": ip6}, {"ip6": 250}),
    ):
        assert found.keys() == wanted.keys()
        for name, count in wanted.items():
            assert abs(found[name] - count) <= 8, name


def test_round_takes_each_flow_in_turn(tmp_path: Path) -> None:
    traffic = Traffic(
        packets=500, flows=50, mix={"tcp": 1}, tcp={"open": 1}, order="round", gap_ns=1000
    )
    records = written(tmp_path / "x", traffic)
    keys = []
    for _, frame in records:
        packet = parse_frame(frame, 1)
        keys.append(min(packet.key, packet.mirror_key))
    assert keys == keys[:50] * 10
    assert [t for t, _ in records] == [traffic.start_ns + 1000 * i for i in range(500)]


def test_gaps_and_silences(tmp_path: Path) -> None:
    traffic = Traffic(packets=4000, gap_ns=10_000, idle_ns=10**12, idle_every=1000)
    times = [t for t, _ in written(tmp_path / "x", traffic)]
    gaps = [b - a for a, b in pairwise(times)]
    assert times[0] == traffic.start_ns
    assert [i + 1 for i, gap in enumerate(gaps) if gap >= 10**12] == [1000, 2000, 3000]
    small = [gap for gap in gaps if gap < 10**12]
    assert 9_000 < sum(small) / len(small) < 11_000


def test_frames_have_the_size_asked_for(tmp_path: Path) -> None:
    records = written(tmp_path / "x", Traffic(frame_bytes=333))
    assert {len(frame) for _, frame in records} == {333, 54, 74}
    with open_capture(tmp_path / "x") as capture:
        assert all(
            {a.family for a in decode(batch).addresses} == {4, 6} for batch in capture.batches()
        )


def test_checksums_are_those_of_scapy(tmp_path: Path) -> None:
    # The upper layers make themselves known to the lower ones as they are imported.
    from scapy.layers import inet, inet6  # noqa: F401
    from scapy.layers.l2 import Ether

    traffic = Traffic(packets=600, flows=60, ip6_percent=50, mix={"tcp": 1, "udp": 1, "icmp": 1})
    layers: defaultdict[str, int] = defaultdict(int)
    for frame_bytes in (60, 101):  # of even and odd length
        made = replace(traffic, frame_bytes=frame_bytes)
        for _, frame in written(tmp_path / "x", made):
            rebuilt = Ether(frame)
            part: Any = rebuilt
            while part:
                for name in ("chksum", "cksum"):
                    layers[part.name] += part.fields.pop(name, None) is not None
                part = part.payload
            rebuilt.clear_cache()
            # Where there is no checksum, scapy computes it as it builds the frame.
            assert bytes(rebuilt) == frame
    assert sum(count > 0 for count in layers.values()) >= 6, layers


def test_prefixes(tmp_path: Path) -> None:
    traffic = Traffic(
        inside=("172.16.5.8/29", "2001:db8::/126"), outside=("8.8.8.8/32",), ip6_percent=50
    )
    nets = {**traffic.networks("inside")}
    used: set[int] = set()
    for key in by_flow(written(tmp_path / "x", traffic)):
        five = unpack_key(key)
        used.add(five.src)
        if five.src < 1 << 32:
            assert five.dst == int(ip_network("8.8.8.8")[0])
    assert used == {int(a) for a in nets[4].hosts()} | {int(nets[6][1]), int(nets[6][2])}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"packets": 0}, "--packets is 0; give 1 to"),
        ({"flows": 1001}, "--flows is 1001; give 1 to 1000"),
        ({"packets": 101}, r"need at least \d+ packets.*give --packets"),
        ({"mix": {"sctp": 1}}, "'sctp' is not one of tcp, udp, icmp"),
        ({"mix": {"tcp": 0}}, "nothing has a share"),
        ({"tcp": {"fin": -1}}, "the share of fin is -1"),
        ({"ip6_percent": 101}, "give 0 to 100"),
        ({"frame_bytes": 59}, "--frame-size is 59; give 60 to"),
        ({"order": "best"}, "the orders are random, round"),
        ({"gap_ns": -1}, "--gap is negative"),
        ({"idle_ns": 10**19}, "pcap holds"),
        ({"inside": ("10.0.0.1/8",)}, "host bits set; write 10.0.0.0/16"),
        ({"inside": ("10.0.0.0/8", "11.0.0.0/8")}, "one IPv4 and one IPv6"),
        ({"inside": ("192.168.3.0/24",)}, "overlap"),
        ({"inside": ("1.0.0.0/30",), "outside": ("2.0.0.0/30",), "mix": {"icmp": 1}}, "room for 4"),
    ],
)
def test_what_cannot_be_made(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(SynthError, match=says):
        Traffic(**arguments)


def test_what_a_person_types() -> None:
    assert parse_shares("mix", "tcp=7, udp=2.5") == {"tcp": 7, "udp": 2.5}
    assert parse_duration("gap", "0.000001") == 1000
    assert parse_start("1.5") == 1_500_000_000
    assert parse_start("1970-01-02") == 86400 * 10**9
    assert parse_start("1970-01-01T02:00:00+01:00") == 3600 * 10**9
    for text in ("tcp", "tcp=", "tcp=x", "tcp=1,tcp=2", ""):
        with pytest.raises(SynthError, match="not as in tcp=NUMBER"):
            parse_shares("mix", text)
