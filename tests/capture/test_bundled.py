"""The bundled captures hold what their table says, as tshark counted it, and what they are for."""

from __future__ import annotations

import tomllib
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.decoding import decode
from aclbench.capture.guess import guess_inside
from aclbench.capture.reader import open_capture
from aclbench.capture.steering import ByAddress
from aclbench.engine.packet import (
    ETHERTYPES_VLAN,
    INFO_ICMP,
    INFO_IP6,
    INFO_L4_VALID,
    INFO_MULTICAST,
    INFO_NONFIRST_FRAGMENT,
    INFO_NOT_FOR_ACL,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_VALID,
    KEY4_SIZE,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    FiveTuple,
    flow_hash,
    unpack_key,
)
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.workbench import Workbench

PCAPS = Path(__file__).parents[2] / "pcaps"
COUNTS = tomllib.loads((PCAPS / "counts.toml").read_text())
INSIDE_PREFIXES = ("10.0.0.0/24", "fd00:1::/64")
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS = 0, 43, 44, 60
#: Default idle timeouts: UDP and all else, established TCP, other TCP.
UDP_IDLE_S, TCP_IDLE_S, TCP_TRANSIENT_S = 600, 86_400, 120


def batch_of(name: str) -> RawBatch:
    """A whole capture; each is less than one batch."""
    with open_capture(PCAPS / name) as reader:
        (batch,) = reader.batches()
    return batch


def columns_of(name: str) -> Columns:
    """A whole capture, decoded."""
    return decode(batch_of(name))


def times_of(name: str) -> list[int]:
    """When each packet was captured, in ns."""
    times: list[int] = batch_of(name).time_ns.tolist()
    return times


def frames_of(name: str) -> list[bytes]:
    """The frames of a capture, as far as they were captured."""
    batch = batch_of(name)
    return [batch.frame(index) for index in range(len(batch))]


def tags_of(frame: bytes) -> tuple[int, ...]:
    """The EtherTypes of a frame's VLAN tags, the outer one first."""
    tags = []
    while (ethertype := int.from_bytes(frame[12:14], "big")) in ETHERTYPES_VLAN:
        tags.append(ethertype)
        frame = frame[:12] + frame[16:]
    return tuple(tags)


def _names(key: bytes, info: int) -> list[str]:
    """Under which names of the table a packet counts, tags aside."""
    if info & INFO_NOT_IP:
        return ["packets", "arp"]
    assert not info & INFO_NOT_FOR_ACL & ~INFO_MULTICAST
    names = ["packets", "ip6" if info & INFO_IP6 else "ip4"]
    if info & INFO_NONFIRST_FRAGMENT:
        return [*names, "fragment"]
    proto = unpack_key(key).proto
    if proto == PROTO_UDP:
        names.append("udp")
    elif proto == PROTO_TCP:
        assert info & INFO_TCP_FLAGS_VALID
        names.append("tcp")
        names += ["tcp_syn_ack" if info & TCP_ACK else "tcp_syn"] if info & TCP_SYN else []
        names += [name for bit, name in ((TCP_FIN, "tcp_fin"), (TCP_RST, "tcp_rst")) if info & bit]
    elif info & INFO_ICMP:
        names.append("icmp6" if info & INFO_IP6 else "icmp")
    else:
        raise AssertionError(f"protocol {proto}")
    return names


def test_the_table_is_complete() -> None:
    assert sorted(COUNTS) == sorted(path.name for path in PCAPS.glob("*.pcap"))


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counts_are_those_of_tshark(name: str) -> None:
    columns = columns_of(name)
    found = Counter(
        counted
        for key, info in zip(columns.keys(), columns.info.tolist(), strict=True)
        for counted in _names(key, info)
    )
    found += Counter(vlan=sum(bool(tags_of(frame)) for frame in frames_of(name)))
    assert {counted: found[counted] for counted in COUNTS[name]} == COUNTS[name]
    assert found.keys() <= COUNTS[name].keys()


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_the_inside_is_found(name: str) -> None:
    assert guess_inside(PCAPS / name).prefixes == INSIDE_PREFIXES


@pytest.mark.parametrize("name", sorted(COUNTS.keys() - {"asymmetric.pcap"}))
def test_both_directions_of_both_families(name: str) -> None:
    batch = batch_of(name)
    columns = decode(batch)
    steering = ByAddress([("10.0.0.0/24", 4), ("fd00:1::/64", 6)], 0)
    keys = columns.keys()
    families = [4 if len(key) == KEY4_SIZE else 6 for key in keys]
    sides = Counter(zip(families, steering.assign(batch, columns), strict=True))
    assert all(sides[side] > 3 for side in ((4, 4), (4, 0), (6, 6), (6, 0)))


def _longest_silence_s(name: str, proto: int) -> list[float]:
    """The longest silence of each flow of a protocol, longest first."""
    last: dict[int, int] = {}
    silence: dict[int, int] = {}
    for time_ns, key in zip(times_of(name), columns_of(name).keys(), strict=True):
        if key and unpack_key(key).proto == proto:
            flow = flow_hash(key)
            silence[flow] = max(silence.get(flow, 0), time_ns - last.get(flow, time_ns))
            last[flow] = time_ns
    return sorted((ns / 1e9 for ns in silence.values()), reverse=True)


def test_every_class_ages_out_within_long_gaps() -> None:
    tcp, udp = (_longest_silence_s("long-gaps.pcap", proto) for proto in (PROTO_TCP, PROTO_UDP))
    assert sum(gap > TCP_IDLE_S for gap in tcp) == 4  # two of each family, spoken on again
    assert sum(TCP_TRANSIENT_S < gap < UDP_IDLE_S for gap in tcp) == 2  # half-open, tried again
    assert sum(gap > UDP_IDLE_S for gap in udp) == 2


def test_half_open_stays_half_open() -> None:
    keys = columns_of("half-open.pcap").keys()
    ends = [unpack_key(key) for key in keys if key]
    for nobody in (int(ip_address("192.168.0.99")), int(ip_address("fd00:2::99"))):
        assert sum(five.dst == nobody for five in ends) > 3
        assert not any(five.src == nobody for five in ends)


def test_many_flows_is_worth_watching() -> None:
    columns = columns_of("many-flows.pcap")
    flows = set(columns.flow[columns.flow != 0].tolist())
    assert 1000 <= len(columns) <= 4000
    assert len(flows) > 100
    times = times_of("many-flows.pcap")
    assert 10e9 < times[-1] - times[0] < 60e9
    assert (PCAPS / "many-flows.pcap").stat().st_size < 400_000


def _five(name: str) -> list[tuple[FiveTuple, int]]:
    """Five-tuple and info of each IP packet."""
    columns = columns_of(name)
    return [
        (unpack_key(k), i) for k, i in zip(columns.keys(), columns.info.tolist(), strict=True) if k
    ]


def _tcp_ends(name: str) -> list[tuple[int, int, int]]:
    """Source address, source port and flags of each TCP packet."""
    return [
        (five.src, five.sport, info & 0xFF) for five, info in _five(name) if five.proto == PROTO_TCP
    ]


INSIDE = [range(int(net[0]), int(net[-1]) + 1) for net in map(ip_network, INSIDE_PREFIXES)]


def _is_inside(address: int) -> bool:
    return any(address in inside for inside in INSIDE)


def test_reset_is_by_either_end_of_open_connections() -> None:
    ends = _tcp_ends("reset.pcap")
    resets = Counter(_is_inside(src) for src, _, flags in ends if flags & TCP_RST)
    assert resets == {True: 4, False: 4}
    opened = {(src, port) for src, port, flags in ends if flags & TCP_SYN and not flags & TCP_ACK}
    spoke = {(src, port) for src, port, flags in ends if flags & 0x3F == TCP_ACK}
    assert len(opened) == 8  # each with a SYN ACK, as counted, and the ACK that establishes it
    assert opened <= spoke


def test_refused_by_rst_and_by_icmp_errors() -> None:
    packets = _five("refused.pcap")
    assert all(
        info & TCP_RST for five, info in packets if five.proto == PROTO_TCP and five.sport == 81
    )
    errors = Counter(
        (five.sport, five.dport)
        for five, info in packets
        if info & INFO_ICMP and five.sport < 128 and not _is_inside(five.src)
    )
    assert errors == {(3, 3): 4, (1, 4): 4}  # port unreachable, of ICMP and of ICMPv6


def test_fragments_share_a_session_without_ports() -> None:
    packets = _five("fragments.pcap")
    behind = [(five, info) for five, info in packets if info & INFO_NONFIRST_FRAGMENT]
    assert all((five.sport, five.dport) == (0, 0) for five, _ in behind)
    assert not any(info & INFO_L4_VALID for _, info in behind)
    assert Counter((five.proto, _is_inside(five.src)) for five, _ in behind) == {
        (PROTO_UDP, True): 18,
        (PROTO_UDP, False): 18,
        (PROTO_ICMP, True): 4,
        (PROTO_ICMP, False): 4,
        (PROTO_ICMP6, True): 4,
        (PROTO_ICMP6, False): 4,
    }
    columns = columns_of("fragments.pcap")
    of_fragments = {
        min(key, mirror)
        for key, mirror, info in zip(
            columns.keys(), columns.mirror_keys(), columns.info.tolist(), strict=True
        )
        if info & INFO_NONFIRST_FRAGMENT
    }
    assert len(of_fragments) == 6  # address pairs and protocols, however many ports


def test_ip6_extensions_are_skipped_to_the_ports() -> None:
    frames = [f for f in frames_of("ip6-extensions.pcap") if f[12:14] == b"\x86\xdd"]
    assert Counter(f[20] for f in frames).keys() >= {HOP_BY_HOP, ROUTING, FRAGMENT}
    assert any(f[20] == HOP_BY_HOP and f[54] == DESTINATION_OPTIONS for f in frames)
    packets = _five("ip6-extensions.pcap")
    ports = {
        (five.proto, min(five.sport, five.dport))
        for five, info in packets
        if info & INFO_IP6 and info & INFO_L4_VALID and not info & INFO_ICMP
    }
    assert ports == {(PROTO_UDP, 7), (PROTO_UDP, 5224), (PROTO_TCP, 5224)}
    # A fragment whose options are in the first one is of the protocol its own header names.
    behind = Counter(five.proto for five, info in packets if info & INFO_NONFIRST_FRAGMENT)
    assert behind == {PROTO_UDP: 12, DESTINATION_OPTIONS: 4}


def test_routing_headers_hide_where_the_answer_comes_from() -> None:
    packets = _five("ip6-extensions.pcap")
    asked, way, answers = (int(ip_address(a)) for a in ("fd00:1::4", "fd00:2::3", "fd00:2::2"))
    assert sum((five.src, five.dst) == (asked, way) for five, _ in packets) == 8
    assert sum((five.src, five.dst) == (answers, asked) for five, _ in packets) == 8
    assert not any((five.src, five.dst) == (way, asked) for five, _ in packets)


def test_tags_are_no_part_of_a_session() -> None:
    columns = columns_of("vlans.pcap")
    flows: dict[tuple[int, ...], set[bytes]] = {}
    for frame, key, mirror in zip(
        frames_of("vlans.pcap"), columns.keys(), columns.mirror_keys(), strict=True
    ):
        if key and unpack_key(key).proto == PROTO_TCP:
            flows.setdefault(tags_of(frame), set()).add(min(key, mirror))
    assert flows.keys() == {(), (0x8100,), (0x88A8, 0x8100)}
    assert all(len(found) == 4 for found in flows.values())
    through_all = set.intersection(*flows.values())
    assert {unpack_key(key).proto for key in through_all} == {PROTO_TCP}
    assert len(through_all) == 2  # one connection of each family


def test_syn_flood_has_a_few_that_are_meant() -> None:
    ends = _tcp_ends("syn-flood.pcap")
    attempts = {(src, port) for src, port, flags in ends if flags == TCP_SYN}
    spoke = {(src, port) for src, port, flags in ends if flags == TCP_ACK and _is_inside(src)}
    assert len(attempts) > 1000
    assert len(attempts & spoke) == 32
    assert not any(flags & TCP_FIN for _, _, flags in ends)  # and those stay open


def test_port_scan_finds_little() -> None:
    packets = [five for five, info in _five("port-scan.pcap") if info & INFO_TCP_FLAGS_VALID]
    scanner = {five.src for five in packets if _is_inside(five.src)}
    assert scanner == {int(ip_address("10.0.0.2")), int(ip_address("fd00:1::2"))}
    assert len({(five.dst, five.dport) for five in packets if five.src in scanner}) == 600
    times = times_of("port-scan.pcap")
    assert times[-1] - times[0] > 5e9  # long enough for what it left behind to fall due


def test_asymmetric_has_no_answers() -> None:
    packets = _five("asymmetric.pcap")
    local = int(ip_address("fd00:1::1"))
    assert all(_is_inside(five.src) for five, _ in packets)
    assert {five.src for five, _ in packets if not _is_inside(five.dst)} <= {
        int(ip_address(a)) for a in ("10.0.0.2", "10.0.0.3", "fd00:1::2", "fd00:1::3")
    }
    assert local in {five.src for five, _ in packets}  # neighbors alone are heard answering
    finished = {
        five.sport for five, info in packets if info & INFO_TCP_FLAGS_VALID and info & TCP_FIN
    }
    assert len(finished) == 4  # and yet every connection came off


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_every_capture_replays_in_full(name: str) -> None:
    inside = guess_inside(PCAPS / name)
    pg0 = InterfaceSpec("pg0", prefixes=tuple(inside.prefixes))
    scenario = scenario_for_capture([PCAPS / name], pg0, "", 2, "interface")
    bench = Workbench.from_scenario(scenario)
    bench.play()
    packets = bench.report().packets
    assert packets.read == COUNTS[name]["packets"]
    assert packets.not_ip == COUNTS[name]["arp"]
    assert packets.malformed == 0
    assert bench.capture_error is None
