"""Steering: the longest prefix decides, one by one and in batches alike."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from capture.frames import FRAMES, batch_of, ethernet, ip4, ip6, udp
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import Columns, Steering, decode
from aclbench.errors import ScenarioError


def columns_of(*sources: str) -> Columns:
    """Decoded packets from these source addresses."""
    frames = []
    for text in sources:
        address = ip_address(text)
        make, ethertype = (ip4, 0x0800) if address.version == 4 else (ip6, 0x86DD)
        frames.append(ethernet(make(udp(), 17, src=address.packed), ethertype))
    return decode(batch_of(frames))


def test_longest_prefix_wins() -> None:
    steering = Steering(
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
    columns = columns_of(*sources)
    assert steering.assign(columns) == list(sources.values())
    assert [steering.of(key) for key in columns.key] == list(sources.values())


def test_the_whole_of_a_family() -> None:
    columns = columns_of("0.0.0.0", "255.255.255.255", "::", "ffff:" * 7 + "ffff")
    assert Steering([("0.0.0.0/0", 1)], 2).assign(columns) == [1, 1, 2, 2]
    assert Steering([("::/0", 1)], 2).assign(columns) == [2, 2, 1, 1]
    assert Steering([], 2).assign(columns) == [2, 2, 2, 2]


def test_not_ip_and_malformed_go_to_the_default() -> None:
    steering = Steering([("0.0.0.0/0", 1), ("::/0", 1)], 7)
    frames = [ethernet(bytes(46), 0x0806), b"short", ethernet(ip4(udp(), 17), 0x0800)]
    assert steering.assign(decode(batch_of(frames))) == [7, 7, 1]
    assert steering.of(b"") == 7


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


@given(
    prefixes=st.lists(_PREFIXES4 | _PREFIXES6, max_size=12, unique=True),
    near=st.lists(st.tuples(st.integers(0, 11), st.booleans(), st.integers(-1, 1)), max_size=20),
    frames=st.lists(FRAMES, max_size=4),
)
def test_agrees_with_one_by_one(
    prefixes: list[str], near: list[tuple[int, bool, int]], frames: list[bytes]
) -> None:
    """Addresses at the edges of the prefixes, looked up in every prefix as the reference."""
    networks = [ip_network(prefix) for prefix in prefixes]
    made = list(frames)
    for which, at_end, step in near if networks else []:
        network = networks[which % len(networks)]
        size = 4 if network.version == 4 else 16
        edge = int(network[-1] if at_end else network[0]) + step
        src = (edge % (1 << 8 * size)).to_bytes(size, "big")
        made.append(
            ethernet(ip4(udp(), 17, src=src), 0x0800)
            if size == 4
            else ethernet(ip6(udp(), 17, src=src), 0x86DD)
        )
    columns = decode(batch_of(made))
    steering = Steering([(prefix, i) for i, prefix in enumerate(prefixes)], default=99)
    expected = []
    for key in columns.key:
        src = ip_address(key[: 4 if len(key) == 14 else 16]) if key else None
        holding = [(n.prefixlen, i) for i, n in enumerate(networks) if src and src in n]
        expected.append(max(holding)[1] if holding else 99)
    assert steering.assign(columns) == expected
    assert [steering.of(key) for key in columns.key] == expected


@pytest.mark.parametrize("text", ["10.0.0.1/24", "10.0.0.0/33", "inside", ""])
def test_what_is_no_prefix(text: str) -> None:
    with pytest.raises(ScenarioError, match="is not a prefix"):
        Steering([(text, 1)], 2)


def test_a_prefix_behind_two_interfaces() -> None:
    with pytest.raises(ScenarioError, match=r"10.0.0.0/24 is behind interfaces 1 and 2"):
        Steering([("10.0.0.0/24", 1), ("10.0.0.0/24", 2)], 3)
    Steering([("10.0.0.0/24", 1), ("10.0.0.0/24", 1)], 3)
