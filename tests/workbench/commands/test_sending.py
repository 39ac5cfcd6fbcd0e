"""`send`: what a line says is what the machine reads, and it can be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routed import ROUTED

from aclbench import CommandError, Workbench
from aclbench.capture.craft import as_frame
from aclbench.capture.fields import PacketFields, make_frame
from aclbench.engine.packet import (
    INFO_L4_VALID,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_MASK,
    parse_ethernet,
    unpack_key,
)
from aclbench.workbench.inquiry.diff import state_of

SET_UP = (
    *ROUTED,
    "set int ip address pg0 fd00:1::1/64",
    "set int ip address pg1 fd00:2::1/64",
    "set acl-plugin acl permit+reflect src 10.0.0.0/24, permit+reflect src fd00:1::/64",
    "set acl-plugin acl deny",
    "set acl-plugin interface pg0 input acl 0",
    "set acl-plugin interface pg0 output acl 1",
)


def make_bench(driver: str = "stepped") -> Workbench:
    bench = Workbench(workers=2, driver=driver)  # type: ignore[arg-type]
    for line in SET_UP:
        bench.cli(line)
    return bench


@pytest.fixture
def bench() -> Workbench:
    return make_bench()


ADDRESS = {
    4: st.integers(1, 2**32 - 1).map(lambda n: ".".join(map(str, n.to_bytes(4, "big")))),
    6: st.sampled_from(("fd00::1", "fd00:1::99", "2001:db8::5", "::1")),
}
PORT = st.integers(0, 65535)


@given(
    st.sampled_from((4, 6)).flatmap(
        lambda family: st.builds(
            PacketFields,
            st.sampled_from((6, 17, 1 if family == 4 else 58, 47)),
            ADDRESS[family],
            ADDRESS[family],
            PORT,
            PORT,
            st.integers(0, 255),
            st.integers(0, 255),
            st.integers(0, 255),
            st.one_of(st.none(), st.integers(0, 8191).map(lambda n: 8 * n)),
            st.booleans(),
            st.one_of(st.none(), st.integers(0, 4095)),
        )
    )
)
def test_frames_are_read_as_they_were_said(fields: PacketFields) -> None:
    packet = parse_ethernet(make_frame(fields))
    five = unpack_key(packet.key)
    assert five.proto == fields.protocol
    later = bool(fields.fragment)
    assert bool(packet.info & INFO_NONFIRST_FRAGMENT) == later
    assert bool(packet.info & INFO_L4_VALID) != later
    ports = (0, 0)
    if not later and fields.protocol in (6, 17):
        ports = fields.sport, fields.dport
    elif not later and fields.protocol != 47:
        ports = fields.icmp_type, fields.icmp_code
    assert (five.sport, five.dport) == ports
    if fields.protocol == 6 and not later:
        assert packet.info & INFO_TCP_FLAGS_MASK == fields.tcp_flags


@pytest.mark.parametrize(
    "fields",
    [
        PacketFields(6, "10.0.0.2", "192.168.0.2", 5, 80, 0x12),
        PacketFields(17, "10.0.0.2", "192.168.0.2", 5, 53, vlan=7),
        PacketFields(1, "10.0.0.2", "192.168.0.2", icmp_type=8),
        PacketFields(6, "fd00::2", "fd00:2::2", 5, 80, 2),
        PacketFields(17, "fd00::2", "fd00:2::2", 5, 53),
        PacketFields(58, "fd00::2", "fd00:2::2", icmp_type=128),
    ],
)
def test_checksums_are_those_that_scapy_computes(fields: PacketFields) -> None:
    from scapy.layers.l2 import Ether

    frame = make_frame(fields)
    packet = Ether(frame)
    layer = packet
    while layer:
        for name in ("chksum", "cksum"):
            if name in layer.fields:
                delattr(layer, name)
        layer = layer.payload
    assert as_frame(packet) == frame


def test_says_what_became_of_each_packet(bench: Workbench) -> None:
    assert bench.cli("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53") == (
        "packet 1 at +0 s: permitted > pg1, acl-plugin-in-ip4-fa: acl 0 rule 0: permit+reflect"
    )
    assert "permitted > pg0, acl-plugin-out-ip4-fa: existing session 0 of thread 1" in bench.cli(
        "send pg1 vlan 12 udp 192.168.0.9:53 > 10.0.0.2:5"
    )
    denied = bench.cli("send pg1 tcp [fd00:2::9]:80 > [fd00:1::2]:5 as count 2 interval 500ms")
    assert denied.splitlines() == [
        "packet 3 at +0 s: denied, acl-plugin-out-ip6-fa: no rule matched",
        "packet 4 at +0.5 s: denied, acl-plugin-out-ip6-fa: no rule matched",
    ]


def test_many_are_summed_up_by_reason(bench: Workbench) -> None:
    assert bench.cli("send pg0 icmp 10.0.0.2 > 192.168.0.9 count 20").splitlines() == [
        "20 packets",
        "      19  permitted > pg1, acl-plugin-in-ip4-fa: existing session",
        "       1  permitted > pg1, acl-plugin-in-ip4-fa: acl 0 rule 0: permit+reflect",
    ]


def test_a_range_of_source_ports_is_a_packet_from_each(bench: Workbench) -> None:
    assert bench.cli("send pg0 udp [fd00:1::2]:1000-1099 > [fd00:2::2]:53").splitlines() == [
        "100 packets",
        "     100  permitted > pg1, acl-plugin-in-ip6-fa: acl 0 rule 1: permit+reflect",
    ]
    assert bench.snapshot().sessions.live == 100


def test_back_takes_it_back(bench: Workbench) -> None:
    before = state_of(bench.rig.stepped)
    bench.cli("send pg0 tcp 10.0.0.2:5 > 192.168.0.9:80 count 3")
    bench.cli("back 3 packets")
    after = state_of(bench.rig.stepped)
    assert after["counts"]["packet"] == before["counts"]["packet"] == 0
    bench.cli("switch main")
    assert bench.snapshot().sessions.live == 1


def test_sends_on_real_threads() -> None:
    bench = make_bench("threaded")
    assert "permitted > pg1" in bench.cli("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53")
    assert "existing session" in bench.cli(
        "send pg0 udp 10.0.0.2:5 > 192.168.0.9:53 count 2 interval 1s"
    )
    assert "existing session" in bench.cli("packets last 1")
    assert "vpp_wk_0: 1 session," in bench.cli("lists")
    assert "+2 s" in bench.cli("run 1s")
    for line in ("step", "choose cleaner", "back", "goto time 0", "save x.run"):
        with pytest.raises(Exception, match="real threads"):
            bench.cli(line)
    bench.cli("reset")
    assert bench.now == bench.started


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("send pg9 udp 10.0.0.2:5 > 192.168.0.9:53", "no interface pg9"),
        ("send pg0 udp 10.0.0.2 > 192.168.0.9:53", "10.0.0.2:80 has"),
        ("send pg0 udp fd00::2 > [fd00::3]:53", r"\[fd00::2\]:80 has"),
        ("send pg0 udp 10.0.0.2:5 > [fd00::3]:53", "two families"),
        ("send pg0 udp 10.0.0.2:9-9 > 192.168.0.9:53", "no range of ports"),
        ("send pg0 udp 10.0.0.2:9-65536 > 192.168.0.9:53", "no range of ports"),
        ("send pg0 udp 10.0.0.2:1-9 > 192.168.0.9:53 count 2", "too many"),
        ("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53-60", "not an end"),
        ("send pg0 icmp 10.0.0.2:5 > 192.168.0.9", "no ports"),
        ("send pg0 icmp fd00::2 > fd00::3", "icmp6 for IPv6"),
        ("send pg0 udp 10.0.0.2:5 > 192.168.0.9:70000", "65535"),
        ("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53 SA", "only TCP"),
        ("send pg0 tcp 10.0.0.2:5 > 192.168.0.9:53 SX", "FSRPAUEC"),
        ("send pg0 tcp 10.0.0.2:5 > 192.168.0.9:53 S A", "twice"),
        ("send pg0 tcp 10.0.0.2:5 > 192.168.0.9:53 type 8 code 0", "not ICMP"),
        ("send pg0 tcp 10.0.0.2:5 > 192.168.0.9:53 frag 8", "no ports"),
        ("send pg0 tcp 10.0.0.2 > 192.168.0.9 frag 7", "multiple of 8"),
        ("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53 count 0", "1 to 10000"),
        ("send pg0 udp 10.0.0.2:5 > 192.168.0.9:53 count 9000 interval 9000h", "hundred years"),
    ],
)
def test_what_does_not_go_together_is_refused(bench: Workbench, line: str, says: str) -> None:
    before = state_of(bench.rig.stepped), len(bench.past.branch.ops)
    with pytest.raises(CommandError, match=says):
        bench.cli(line)
    assert (state_of(bench.rig.stepped), len(bench.past.branch.ops)) == before
