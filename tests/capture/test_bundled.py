"""The bundled captures hold what their table says, as tshark counted it, and what they are for."""

from __future__ import annotations

import tomllib
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import pytest

from aclbench.capture import ByAddress, Columns, decode, guess_inside, open_capture
from aclbench.engine.packet import (
    INFO_ICMP,
    INFO_IP6,
    INFO_NOT_FOR_ACL,
    INFO_NOT_IP,
    INFO_TCP_FLAGS_VALID,
    PROTO_TCP,
    PROTO_UDP,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    flow_hash,
    unpack_key,
)

PCAPS = Path(__file__).parents[2] / "pcaps"
COUNTS = tomllib.loads((PCAPS / "counts.toml").read_text())
#: Default idle timeouts: UDP and all else, established TCP, other TCP.
UDP_IDLE_S, TCP_IDLE_S, TCP_TRANSIENT_S = 600, 86_400, 120


def columns_of(name: str) -> Columns:
    """A whole capture; each is less than one batch."""
    with open_capture(PCAPS / name) as reader:
        (batch,) = reader.batches()
    return decode(batch)


def _names(key: bytes, info: int) -> list[str]:
    """Under which names of the table a packet counts."""
    if info & INFO_NOT_IP:
        return ["packets", "arp"]
    assert not info & INFO_NOT_FOR_ACL
    names = ["packets", "ip6" if info & INFO_IP6 else "ip4"]
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
        for key, info in zip(columns.key, columns.info, strict=True)
        for counted in _names(key, info)
    )
    assert {counted: found[counted] for counted in COUNTS[name]} == COUNTS[name]
    assert found.keys() <= COUNTS[name].keys()


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_the_inside_is_found(name: str) -> None:
    assert guess_inside(PCAPS / name).prefixes == ("10.0.0.0/24", "fd00:1::/64")


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_both_directions_of_both_families(name: str) -> None:
    with open_capture(PCAPS / name) as reader:
        (batch,) = reader.batches()
    columns = decode(batch)
    steering = ByAddress([("10.0.0.0/24", 4), ("fd00:1::/64", 6)], 0)
    sides = Counter(zip(columns.family.tolist(), steering.assign(batch, columns), strict=True))
    assert all(sides[side] > 3 for side in ((4, 4), (4, 0), (6, 6), (6, 0)))


def _longest_silence_s(columns: Columns, proto: int) -> list[float]:
    """The longest silence of each flow of a protocol, longest first."""
    last: dict[int, int] = {}
    silence: dict[int, int] = {}
    for time_ns, key in zip(columns.time_ns, columns.key, strict=True):
        if key and unpack_key(key).proto == proto:
            flow = flow_hash(key)
            silence[flow] = max(silence.get(flow, 0), time_ns - last.get(flow, time_ns))
            last[flow] = time_ns
    return sorted((ns / 1e9 for ns in silence.values()), reverse=True)


def test_every_class_ages_out_within_long_gaps() -> None:
    columns = columns_of("long-gaps.pcap")
    tcp, udp = _longest_silence_s(columns, PROTO_TCP), _longest_silence_s(columns, PROTO_UDP)
    assert sum(gap > TCP_IDLE_S for gap in tcp) == 4  # two of each family, spoken on again
    assert sum(TCP_TRANSIENT_S < gap < UDP_IDLE_S for gap in tcp) == 2  # half-open, tried again
    assert sum(gap > UDP_IDLE_S for gap in udp) == 2


def test_half_open_stays_half_open() -> None:
    columns = columns_of("half-open.pcap")
    ends = [unpack_key(key) for key in columns.key if key]
    for nobody in (int(ip_address("192.168.0.99")), int(ip_address("fd00:2::99"))):
        assert sum(five.dst == nobody for five in ends) > 3
        assert not any(five.src == nobody for five in ends)


def test_many_flows_is_worth_watching() -> None:
    columns = columns_of("many-flows.pcap")
    flows = {flow_hash(key) for key in columns.key if key}
    assert 1000 <= len(columns) <= 4000
    assert len(flows) > 100
    assert 10e9 < columns.time_ns[-1] - columns.time_ns[0] < 60e9
    assert (PCAPS / "many-flows.pcap").stat().st_size < 400_000
