"""Steering: each kind agrees with a rule for one packet, whatever the packets."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from struct import pack

import numpy as np
import pytest
from capture.containers import enhanced, interface, option, pcap, pcapng, read_all, relink, section
from capture.frames import FRAMES, MACS, batch_of, ethernet, ip4, ip6, udp
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aclbench.capture.batch import RawBatch
from aclbench.capture.decoding import decode
from aclbench.capture.links import as_ethernet
from aclbench.capture.steering import (
    ByAddress,
    ByCapture,
    ByCaptureInterface,
    ByMac,
    ByVlan,
    Steering,
    parse_mac,
    parse_vlan,
)
from aclbench.engine.packet import ETHERTYPES_VLAN, INFO_SAME_SIDE
from aclbench.errors import CaptureError, ScenarioError

HERE, THERE, ELSE = 1, 2, 9


def assign(steering: Steering, batch: RawBatch) -> list[int]:
    """The interfaces of a batch, decoded as a feed does."""
    return steering.assign(batch, decode(batch)).tolist()


def packet(src: str, dst: str = "192.168.0.2") -> bytes:
    """A frame from one address to another of the same family."""
    source, destination = ip_address(src), ip_address(dst)
    if source.version == 4:
        data = bytearray(ip4(udp(), 17, src=source.packed))
        data[16:20] = destination.packed if destination.version == 4 else b"\xc0\xa8\0\2"
        return ethernet(bytes(data), 0x0800)
    data = bytearray(ip6(udp(), 17, src=source.packed))
    if destination.version == 6:
        data[24:40] = destination.packed
    return ethernet(bytes(data), 0x86DD)


# --- by address -------------------------------------------------------------------------------


def test_longest_prefix_wins() -> None:
    steering = ByAddress(
        [
            ("10.0.0.0/8", 1),
            ("10.1.0.0/16", 2),
            ("10.1.2.3/32", 3),
            ("fd00::/16", 4),
            ("fd00:0:0:1::/64", 5),
            ("fd00::1:0:0:0:1/128", 6),
        ],
        default=9,
    )
    sources = {
        "10.0.0.1": 1,
        "10.1.0.1": 2,
        "10.1.2.3": 3,
        "10.1.2.4": 2,
        "10.255.255.255": 1,
        "11.0.0.0": 9,
        "9.255.255.255": 9,
        "fd00::1": 4,
        "fd00:0:0:1::": 5,
        "fd00::1:0:0:0:1": 6,
        "fd00:0:0:1::2": 5,
        "fd01::": 9,
        "::": 9,
    }
    assert assign(steering, batch_of([packet(src) for src in sources])) == list(sources.values())


def test_the_whole_of_a_family() -> None:
    sources = ("0.0.0.0", "255.255.255.255", "::", "ffff:" * 7 + "ffff")
    batch = batch_of([packet(src) for src in sources])
    assert assign(ByAddress([("0.0.0.0/0", 1)], 2), batch) == [1, 1, 2, 2]
    assert assign(ByAddress([("::/0", 1)], 2), batch) == [2, 2, 1, 1]
    assert assign(ByAddress([], 2), batch) == [2, 2, 2, 2]


def test_not_ip_and_malformed_go_to_the_default() -> None:
    steering = ByAddress([("0.0.0.0/0", 1), ("::/0", 1)], 7)
    frames = [ethernet(bytes(46), 0x0806), b"short", ethernet(ip4(udp(), 17), 0x0800)]
    assert assign(steering, batch_of(frames)) == [7, 7, 1]


_PREFIXES4 = st.builds(
    lambda bits, length: str(ip_network((bits << 24 | 0x0102FF, length), strict=False)),
    st.integers(0, 3),
    st.integers(0, 32),
)
_PREFIXES6 = st.builds(
    lambda bits, length: str(ip_network((bits << 120 | bits, length), strict=False)),
    st.integers(0, 3),
    st.integers(33, 128),
)
_NEVER = [ip_network(n) for n in ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8", "fe80::/10")]


@examples(40)
@given(
    prefixes=st.lists(_PREFIXES4 | _PREFIXES6, max_size=12, unique=True),
    near=st.lists(
        st.tuples(st.integers(0, 11), st.booleans(), st.integers(-1, 1), st.integers(0, 11)),
        max_size=20,
    ),
    frames=st.lists(FRAMES, max_size=4),
    own=st.lists(_PREFIXES4, max_size=2),
)
def test_agrees_with_one_by_one(
    prefixes: list[str],
    near: list[tuple[int, bool, int, int]],
    frames: list[bytes],
    own: list[str],
) -> None:
    """Addresses at the edges of the prefixes, looked up in every prefix as the reference."""
    networks = [ip_network(prefix) for prefix in prefixes]
    made = list(frames)
    for which, at_end, step, other in near if networks else []:
        network, towards = networks[which % len(networks)], networks[other % len(networks)]
        edge = int(network[-1] if at_end else network[0]) + step
        kind = type(network[0])
        source = kind(edge % (1 << network.max_prefixlen))
        made.append(packet(str(source), str(towards[0])))
    batch = batch_of(made)
    columns = decode(batch)
    ends = [*_NEVER, *map(ip_network, own)]

    def side(address: object) -> int | None:
        holding = [(n.prefixlen, i) for i, n in enumerate(networks) if address in n]
        return max(holding)[1] if holding else None

    expected, same = [], []
    keys = columns.keys()
    for key in keys:
        size = 4 if len(key) == 14 else 16
        here = side(ip_address(key[:size])) if key else None
        expected.append(99 if here is None else here)
        dst = ip_address(key[size : 2 * size]) if key else None
        ended = dst is not None and any(dst in n for n in ends)
        same.append(here is not None and here == side(dst) and not ended)
    steering = ByAddress(list(zip(prefixes, range(99), strict=False)), 99, own)
    assert steering.assign(batch, columns).tolist() == expected
    assert [bool(info & INFO_SAME_SIDE) for info in columns.info] == same


@pytest.mark.parametrize(
    ("src", "dst", "stayed"),
    [
        ("10.0.0.2", "10.0.0.3", True),
        ("10.0.0.2", "10.1.0.3", True),
        ("8.8.8.8", "9.9.9.9", True),
        ("10.0.0.2", "8.8.8.8", False),
        ("10.0.0.2", "10.0.0.1", False),
        ("10.0.0.2", "10.0.0.255", False),
        ("8.8.8.8", "224.0.0.251", False),
        ("8.8.8.8", "255.255.255.255", False),
        ("fd00::2", "fd00::3", True),
        ("fd00::2", "ff02::1", False),
        ("fd00::2", "fe80::1", False),
        ("2001:db8::1", "2001:db8::2", False),
    ],
)
def test_what_stays_on_one_side(src: str, dst: str, stayed: bool) -> None:
    """Not what ends at the bench or is never forwarded; and from nowhere nothing is known."""
    prefixes = [("10.0.0.0/16", 1), ("10.1.0.0/16", 1), ("0.0.0.0/0", 2), ("fd00::/64", 1)]
    batch = batch_of([packet(src, dst)])
    columns = decode(batch)
    ByAddress(prefixes, 9, ["10.0.0.1/32", "10.0.0.255/32"]).assign(batch, columns)
    assert bool(columns.info[0] & INFO_SAME_SIDE) == stayed


@pytest.mark.parametrize("text", ["10.0.0.1/24", "10.0.0.0/33", "inside", ""])
def test_what_is_no_prefix(text: str) -> None:
    with pytest.raises(ScenarioError, match="is not a prefix"):
        ByAddress([(text, 1)], 2)


def test_a_prefix_behind_two_interfaces() -> None:
    with pytest.raises(ScenarioError, match=r"10.0.0.0/24 is behind interfaces 1 and 2"):
        ByAddress([("10.0.0.0/24", 1), ("10.0.0.0/24", 2)], 3)
    ByAddress([("10.0.0.0/24", 1), ("10.0.0.0/24", 1)], 3)


# --- by VLAN ----------------------------------------------------------------------------------


def _tags_of(frame: bytes) -> list[int]:
    """The VLANs of an Ethernet frame's tags, outermost first: the rule."""
    found, at = [], 12
    while len(frame) >= at + 6 and int.from_bytes(frame[at : at + 2], "big") in ETHERTYPES_VLAN:
        found.append(int.from_bytes(frame[at + 2 : at + 4], "big") & 0xFFF)
        at += 4
    return found


def _vlan_rule(frame: bytes, vlans: dict[str, int]) -> int:
    tags = _tags_of(frame)
    for depth in (2, 1):
        text = ".".join(map(str, tags[:depth]))
        if len(tags) >= depth and text in vlans:
            return vlans[text]
    return ELSE


@examples(40)
@given(
    frames=st.lists(FRAMES, min_size=1, max_size=12),
    vlans=st.dictionaries(
        st.sampled_from(["100", "101", "100.101", "101.102", "1", "4094", "256.1"]),
        st.integers(1, 5),
    ),
    link_type=st.sampled_from([1, 113, 276, 101]),
)
def test_vlans_agree_with_one_by_one(
    frames: list[bytes], vlans: dict[str, int], link_type: int
) -> None:
    """Also of other link types, and of frames cut anywhere, the last one at the end of the data."""
    steering = ByVlan(list(vlans.items()), ELSE)
    batch = batch_of([relink(frame, link_type) for frame in frames])
    batch = replace(batch, link_type=link_type)
    expected = [
        _vlan_rule(as_ethernet(batch.frame(i), link_type), vlans) for i in range(len(frames))
    ]
    assert assign(steering, batch) == expected


def tagged(*vlans: int, ethertypes: Sequence[int] = (0x88A8, 0x8100)) -> bytes:
    """A frame with these VLAN tags, outermost first, each with a priority too."""
    tags = b"".join(
        pack("!HH", kind, 0xE000 | vlan) for kind, vlan in zip(ethertypes, vlans, strict=False)
    )
    return MACS + tags + pack("!H", 0x0800) + ip4(udp(), 17)


def test_outer_and_inner_vlan() -> None:
    """Both decide ahead of the outer one alone; the priority is no part of it; 0 is no VLAN."""
    steering = ByVlan([("20", 1), ("20.30", 2), ("10", 3), ("5.6", 4)], ELSE)
    frames = [tagged(20), tagged(20, 30), tagged(20, 31), tagged(10, 30), tagged(5), tagged(5, 6)]
    frames += [tagged(30), tagged(), tagged(0), tagged(0, 10)]
    assert assign(steering, batch_of(frames)) == [1, 2, 1, 3, ELSE, 4, ELSE, ELSE, ELSE, ELSE]
    assert steering.unmatched() == []
    unmatched = ByVlan([("20", 1), ("21", 2)], ELSE)
    assign(unmatched, batch_of(frames))
    assert unmatched.unmatched() == ["VLAN 21"]


@pytest.mark.parametrize("text", ["", "0", "4095", "10.0", "10.20.30", "x", "-1", "1.", "\u0663"])
def test_what_is_no_vlan(text: str) -> None:
    with pytest.raises(ScenarioError, match="is not a VLAN"):
        parse_vlan(text)


def test_a_vlan_of_two_interfaces() -> None:
    with pytest.raises(ScenarioError, match="VLAN 10 enters interfaces 1 and 2"):
        ByVlan([("10", 1), ("10", 2)], 3)


# --- by MAC -----------------------------------------------------------------------------------


@examples(40)
@given(
    frames=st.lists(FRAMES, min_size=1, max_size=12),
    link_type=st.sampled_from([1, 113, 276, 101, 0]),
)
def test_macs_agree_with_one_by_one(frames: list[bytes], link_type: int) -> None:
    """The second address of an Ethernet frame, that of a cooked header, and of others none."""
    batch = batch_of([relink(frame, link_type) for frame in frames])
    batch = replace(batch, link_type=link_type)
    mac_at = {1: 6, 113: 6, 276: 12}.get(link_type)
    # A cut frame makes a shifted header, whose length of the address is another.
    length_at = {113: 5, 276: 11}.get(link_type)
    found = [batch.frame(i) for i in range(len(batch))]
    macs = [
        frame[mac_at : mac_at + 6]
        if mac_at is not None and (length_at is None or frame[length_at : length_at + 1] == b"\6")
        else b""
        for frame in found
    ]
    wanted = {mac: n for n, mac in enumerate(macs[::2], 1) if len(mac) == 6}
    expected = [wanted.get(mac, ELSE) for mac in macs]
    given_macs = [(mac.hex(":"), n) for mac, n in wanted.items()]
    assert assign(ByMac(given_macs, ELSE), batch) == expected


def test_an_address_in_a_cooked_header_may_be_none() -> None:
    """One of another length, as a tunnel has it."""
    frame = pack("!HHH8s", 0, 768, 4, b"\x0a\0\0\1\0\0\0\0") + b"\x08\0" + ip4(udp(), 17)
    batch = batch_of([frame])
    batch = replace(batch, link_type=113)
    assert assign(ByMac([("0a:00:00:01:00:00", 1)], ELSE), batch) == [ELSE]


@pytest.mark.parametrize(
    "text", ["", "02:00:00:00:00", "02:00-00:00:00:01", "0200.0000.0001", "g" * 17]
)
def test_what_is_no_mac(text: str) -> None:
    with pytest.raises(ScenarioError, match="is not a MAC address"):
        parse_mac(text)
    assert parse_mac("02:00:00:00:00:0A") == parse_mac("02-00-00-00-00-0a") == 0x02000000000A


# --- by pcapng interface, by capture ----------------------------------------------------------


def test_interfaces_by_name_and_number(tmp_path: Path) -> None:
    """Numbers count within each section; a name says the same in all."""
    path = tmp_path / "x.pcapng"
    frame = packet("10.0.0.2")
    eth0, eth1 = option(2, b"eth0"), option(2, b"eth1\0")
    data = section() + interface(1, eth0) + interface(1, eth1) + interface()
    data += b"".join(enhanced(n, frame, n % 3) for n in range(6))
    data += section(">") + interface(1, option(2, b"eth1", ">"), ">") + enhanced(9, frame, 0, ">")
    path.write_bytes(data)
    batches, error = read_all(path)
    assert error == ""

    def rx(*interfaces: tuple[str | int, int]) -> list[int]:
        steering = ByCaptureInterface(interfaces, ELSE)
        return [index for batch in batches for index in assign(steering, batch)]

    assert rx(("eth0", 1), ("eth1", 2)) == [1, 2, ELSE, 1, 2, ELSE, 2]
    assert rx((0, 1), (2, 3)) == [1, ELSE, 3, 1, ELSE, 3, 1]
    assert rx(("eth1", 2), (0, 1)) == [1, 2, ELSE, 1, 2, ELSE, 2]
    wrong = ByCaptureInterface([("eth7", 1)], ELSE)
    for batch in batches:
        assign(wrong, batch)
    assert wrong.unmatched() == ["capture interface eth7 (the capture has eth0, eth1, 2)"]


def test_a_classic_pcap_knows_no_interfaces(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([(1, packet("10.0.0.2"))]))
    (batch,), _ = read_all(path)
    with pytest.raises(CaptureError, match="classic pcap"):
        assign(ByCaptureInterface([("eth0", 1)], ELSE), batch)


def test_one_capture_an_interface(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng([(n, packet("10.0.0.2")) for n in range(3)]))
    (batch, *_), _ = read_all(path)
    second = replace(batch, time_ns=np.sort(batch.time_ns), capture=1)
    assert assign(ByCapture([HERE, THERE]), batch) == [HERE] * len(batch)
    assert assign(ByCapture([HERE, THERE]), second) == [THERE] * len(batch)
