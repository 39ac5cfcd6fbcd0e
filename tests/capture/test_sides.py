"""Which hosts are inside."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from capture.frames import tcp, udp
from capture.test_guess import packet
from capture.test_openers import pairs

from aclbench.capture.sides import Division, divide
from aclbench.files import at_once


def divided(flows: Sequence[tuple[str, str, int]], limit: int = 8) -> list[Division]:
    """The best division, and the runner-up, of flows with so many packets each."""
    frames = [
        packet(src, dst, udp(40000 + number, 53), 17)
        for number, (src, dst, packets) in enumerate(flows)
        for _ in range(packets)
    ]
    return at_once(divide(pairs(frames, 4), 4, limit))


def inside(flows: Sequence[tuple[str, str, int]], limit: int = 8) -> list[str]:
    """The prefixes of the best division."""
    return [str(prefix) for prefix in divided(flows, limit)[0].prefixes]


def test_networks_where_they_serve() -> None:
    assert inside([("10.0.0.1", "10.0.1.1", 1), ("10.0.0.2", "10.0.1.1", 1)]) == ["10.0.0.0/24"]


def test_hosts_where_under_half_of_the_flows_would_cross() -> None:
    local = [("10.0.0.1", "10.0.0.9", 1), ("10.0.0.2", "10.0.0.9", 1)]
    out = ("10.0.0.1", "10.0.1.1", 3)
    assert inside([*local, out, out]) == ["10.0.0.0/24"]  # a half crosses
    assert inside([*local, out]) == ["10.0.0.1/32", "10.0.0.2/32"]


def test_hosts_where_most_packets_would_not_cross() -> None:
    assert inside([("10.0.0.1", "10.0.0.9", 5), ("10.0.0.1", "10.0.1.1", 1)]) == ["10.0.0.1/32"]


def test_packets_decide_where_no_split_of_flows_has_most_of_them_cross() -> None:
    """A chain: by flows the client is alone inside; most packets are behind the proxy."""
    chain = [("10.0.0.1", "10.0.0.4", 1)] * 2 + [("10.0.0.4", "10.0.0.3", 9)]
    assert inside(chain) == ["10.0.0.1/32", "10.0.0.4/32"]


def test_a_proxy_is_on_the_side_that_serves_better() -> None:
    """It opens less than is opened to it, and still most crosses with it inside."""
    flows = [("10.0.0.1", "10.0.1.1", 1)] * 5
    flows += [("10.0.1.1", f"10.0.{i + 2}.1", 1) for i in range(4)]
    best = divided(flows)[0]
    assert [str(prefix) for prefix in best.prefixes] == ["10.0.0.0/24"]
    many = flows + [("10.0.1.1", "10.0.9.1", 1)] * 3
    assert inside(many) == ["10.0.0.0/23"]


def test_the_runner_up_is_the_other_side_or_the_other_width() -> None:
    best, other = divided([("10.0.0.1", "10.0.1.1", 1)])
    assert [str(prefix) for prefix in other.prefixes] == ["10.0.1.0/24"]
    assert (best.figures.opened, other.figures.opened) == (1, 0)
    local = [("10.0.0.1", "10.0.0.9", 1)] * 11
    best, other = divided([*local, *[("10.0.0.1", "10.0.1.1", 10)] * 9])
    assert str(best.prefixes[0]) == "10.0.0.1/32"
    assert str(other.prefixes[0]) == "10.0.0.0/24"


def test_figures_are_those_of_the_prefixes() -> None:
    """With one prefix for two clients, the server between them is inside too."""
    flows = [("10.0.0.1", "10.0.0.2", 1), ("10.0.0.4", "10.0.0.2", 1)]
    (best, _) = divided(flows, limit=1)
    assert len(best.prefixes) == 1
    assert best.figures.flows == 2
    assert best.figures.crossing_flows == best.figures.crossing_packets == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_port_that_many_share_is_no_news(count: int) -> None:
    """Each flow counts once, however many packets it has, and a retransmitted SYN is no other."""
    syn = packet("10.0.0.1", "10.0.1.1", tcp(2, 1000, 80), 6)
    back = packet("10.0.1.1", "10.0.0.1", tcp(2, 1000, 80), 6)
    other = packet("10.0.1.1", "10.0.0.1", tcp(2, 1001, 80), 6)
    best = at_once(divide(pairs([syn] * count + [back, other], 4), 4, 8))[0]
    assert [str(prefix) for prefix in best.prefixes] == ["10.0.1.0/24"]
    assert best.figures.opened == 2
