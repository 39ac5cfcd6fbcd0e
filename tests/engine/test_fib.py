"""Which interface a packet leaves by."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from engine.bench import T0, Hand, address, frame4, frame6, udp, udp_out, words
from hypothesis import given, settings
from hypothesis import strategies as st

from aclbench.engine.fib import (
    CACHE_LIMIT,
    FIB_BROADCAST,
    FIB_FOR_US,
    FIB_MULTICAST,
    FIB_NO_ROUTE,
    Fib,
    FibEntry,
    Prefix,
    Source,
    interface_entries,
)


def prefix(text: str) -> Prefix:
    network = ip_network(text)
    return Prefix(int(network.network_address), network.prefixlen, network.version == 6)


def route(text: str, sw_if_index: int, source: Source = Source.CLI) -> FibEntry:
    return FibEntry(prefix(text), source, sw_if_index, "")


def look_up(fib: Fib, text: str) -> int:
    return fib.lookup(ip_address(text).packed)


@st.composite
def networks(draw):
    """A network of either family, off multicast and link-local, close to the others."""
    if draw(st.booleans()):
        base, bits = 0x0A000000 | draw(st.integers(0, 15)) << 12, 32
        length = draw(st.sampled_from([0, 1, 8, 16, 19, 20, 24, 32]))
    else:
        base, bits = 0xFD00 << 112 | draw(st.integers(0, 15)) << 62, 128
        length = draw(st.sampled_from([0, 8, 48, 63, 64, 65, 127, 128]))
    return ip_network((base >> (bits - length) << (bits - length), length))


DESTINATIONS = st.one_of(
    st.integers(0, 15).flatmap(
        lambda n: st.sampled_from([0, 1, 255]).map(lambda h: ip_address(0x0A000000 | n << 12 | h))
    ),
    st.integers(0, 15).map(lambda n: ip_address(0xFD00 << 112 | n << 62)),
    st.sampled_from([ip_address("11.0.0.1"), ip_address("fd80::1")]),
)
CHANGES = st.one_of(
    st.tuples(st.just("add"), networks(), st.integers(1, 5)),
    st.tuples(st.just("remove"), st.integers(0, 30), st.none()),
    st.tuples(st.just("interface"), st.integers(1, 5), st.none()),
    st.tuples(st.just("look up"), DESTINATIONS, st.none()),
)


@settings(max_examples=200)
@given(st.lists(CHANGES, max_size=40))
def test_the_longest_prefix_wins(changes):
    """Whatever is added and taken out, and whatever was remembered of earlier look-ups."""
    fib, naive = Fib(), {}
    for what, which, sw_if_index in changes:
        if what == "add" and which not in naive:
            fib.add(route(str(which), sw_if_index))
            naive[which] = sw_if_index
        elif what == "remove" and naive:
            network = list(naive)[which % len(naive)]
            fib.remove(route(str(network), naive.pop(network)))
        elif what == "interface":
            fib.remove_interface(which)
            naive = {n: tx for n, tx in naive.items() if tx != which}
        elif what == "look up":
            hits = [n for n in naive if n.version == which.version and which in n]
            longest = max(hits, key=lambda n: n.prefixlen, default=None)
            expected = FIB_NO_ROUTE if longest is None else naive[longest]
            assert fib.lookup(which.packed) == expected


def test_a_route_is_found_by_its_prefix_alone():
    """The person at the prompt names the prefix to take a route out; other sources are not his."""
    fib = Fib()
    fib.add(route("10.0.0.0/8", 1, Source.INTERFACE))
    assert fib.route(prefix("10.0.0.0/8")) is None
    fib.add(route("10.0.0.0/8", 2))
    assert fib.route(prefix("10.0.0.0/8")) == route("10.0.0.0/8", 2)
    assert fib.route(prefix("10.0.0.0/9")) is None


def test_of_several_sources_for_one_prefix_the_lowest_wins():
    """An interface's own subnet beats a route to the same prefix, in whatever order they come."""
    fib = Fib()
    fib.add(route("10.0.0.0/8", 1, Source.INTERFACE))
    fib.add(route("10.0.0.0/8", 2, Source.CLI))
    assert look_up(fib, "10.1.1.1") == 1
    fib.remove(route("10.0.0.0/8", 1, Source.INTERFACE))
    assert look_up(fib, "10.1.1.1") == 2


@pytest.mark.parametrize(
    ("destination", "end"),
    [
        ("224.0.0.1", FIB_MULTICAST),
        ("239.255.255.255", FIB_MULTICAST),
        ("255.255.255.255", FIB_BROADCAST),
        ("ff02::1", FIB_MULTICAST),
        ("ff05::2", FIB_MULTICAST),
        ("fe80::1", FIB_FOR_US),
    ],
)
def test_multicast_broadcast_and_link_local_are_never_forwarded(destination, end):
    """Also with a default route: they end after the input node."""
    fib = Fib()
    fib.add(route("0.0.0.0/0", 1))
    fib.add(route("::/0", 1))
    assert look_up(fib, destination) == end


@pytest.mark.parametrize(
    ("destination", "tx"),
    [
        ("10.0.0.1", FIB_FOR_US),
        ("10.0.0.0", FIB_BROADCAST),
        ("10.0.255.255", FIB_BROADCAST),
        ("10.0.0.2", 1),
        ("10.0.255.254", 1),
        ("10.1.0.0", FIB_NO_ROUTE),
        ("192.168.3.4", 2),
        ("fd00:1::1", FIB_FOR_US),
        ("fd00:1::", 1),
        ("fd00:1::ffff:ffff:ffff:ffff", 1),
        ("fd00:9::1", FIB_NO_ROUTE),
    ],
)
def test_what_interface_addresses_put_in_the_table(destination, tx):
    """A subnet, the address itself, and IPv4's two broadcasts."""
    assert look_up(Hand().am.fib, destination) == tx


@pytest.mark.parametrize("length", [31, 32])
def test_small_subnets_have_no_broadcast(length):
    """On a /31 both addresses are hosts."""
    bench = Hand()
    bench.machine.add_address(bench.pg[0], address("203.0.113.4"), length, False)
    assert look_up(bench.am.fib, "203.0.113.4") == FIB_FOR_US
    assert look_up(bench.am.fib, "203.0.113.5") == (1 if length == 31 else FIB_NO_ROUTE)


def test_a_removed_address_leaves_nothing_behind():
    """Its subnet is not reached any more, nor is it for the bench itself."""
    bench = Hand()
    bench.machine.remove_address(bench.pg[1], address("192.168.0.1"), 16, False)
    for destination in ("192.168.0.1", "192.168.0.0", "192.168.255.255", "192.168.0.5"):
        assert look_up(bench.am.fib, destination) == FIB_NO_ROUTE
    with pytest.raises(ValueError, match="no such address"):
        bench.machine.remove_address(bench.pg[1], address("192.168.0.1"), 16, False)


def test_a_second_address_in_a_subnet_can_go_again():
    """The first one's subnet and broadcasts stay."""
    bench = Hand()
    bench.machine.add_address(bench.pg[0], address("10.0.0.2"), 16, False)
    bench.machine.remove_address(bench.pg[0], address("10.0.0.2"), 16, False)
    assert look_up(bench.am.fib, "10.0.0.2") == 1
    assert look_up(bench.am.fib, "10.0.0.9") == 1
    assert look_up(bench.am.fib, "10.0.0.1") == FIB_FOR_US
    assert look_up(bench.am.fib, "10.0.255.255") == FIB_BROADCAST


def test_an_own_address_that_is_a_broadcast_of_another_is_the_bench_s_own():
    """Whichever was added first."""
    for own_first in (True, False):
        bench = Hand()
        pg0 = bench.pg[0]
        added = [(address("10.9.0.255"), 32), (address("10.9.0.1"), 24)]
        for value, length in added if own_first else reversed(added):
            for entry in interface_entries(value, length, False, pg0.sw_if_index):
                bench.am.fib.add(entry)
        assert look_up(bench.am.fib, "10.9.0.255") == FIB_FOR_US
        assert look_up(bench.am.fib, "10.9.0.0") == FIB_BROADCAST


def test_a_deleted_interface_takes_its_routes_along():
    """Packets to behind it have no route from that moment on."""
    bench = Hand()
    bench.machine.add_route(prefix("8.8.0.0/16"), 2, "192.168.0.9")
    bench.machine.delete_interface(2)
    for destination in ("192.168.0.1", "192.168.0.5", "192.168.255.255", "8.8.8.8"):
        assert look_up(bench.am.fib, destination) == FIB_NO_ROUTE


def test_more_destinations_than_are_remembered():
    """A scan of many addresses neither fills the memory nor changes an answer."""
    fib = Fib()
    fib.add(route("10.0.0.0/8", 1))
    for n in range(CACHE_LIMIT + 10):
        assert fib.lookup((0x0A000000 + n).to_bytes(4, "big")) == 1
    assert look_up(fib, "11.0.0.0") == FIB_NO_ROUTE


@pytest.mark.parametrize(
    ("data", "why", "tx"),
    [
        (udp_out(), "no ACL applied on its way", 2),
        (frame4(udp(1, 2), 17, dst="10.0.0.77"), "no ACL applied on its way", 1),
        (frame4(udp(1, 2), 17, dst="8.8.8.8"), "no route", -1),
        (frame4(udp(1, 2), 17, dst="192.168.0.1"), "for the bench itself", -1),
        (frame4(udp(1, 2), 17, dst="192.168.255.255"), "broadcast", -1),
        (frame4(udp(1, 2), 17, dst="255.255.255.255"), "broadcast", -1),
        (frame4(udp(1, 2), 17, dst="224.0.0.251"), "multicast", -1),
        (frame6(udp(1, 2), 17, dst="ff02::1"), "multicast", -1),
        (frame6(udp(1, 2), 17, dst="fe80::1"), "for the bench itself", -1),
        (frame6(udp(1, 2), 17), "no ACL applied on its way", 2),
    ],
)
def test_where_packets_go(data, why, tx):
    """Forwarded, even back out of the interface it came in by, or dropped for that reason."""
    verdict = Hand().packet(data, T0)
    assert (words(verdict), verdict.tx) == (why, tx)
