"""Which interface a packet leaves by."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from engine.bench import T0, Hand, address, frame4, frame6, udp, udp_out, words
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine.fib import (
    FIB_BROADCAST,
    FIB_FOR_US,
    FIB_MULTICAST,
    FIB_NO_ROUTE,
    NEVER_FORWARDED,
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
    return fib.lookup(key_to(ip_address(text).packed))


def key_to(address: bytes) -> bytes:
    """The key of a packet to an address, in network order."""
    return bytes(len(address)) + address + bytes(6)


def addresses(bits: int):
    """Addresses of one family close to each other, to both ends, and to where signs change."""
    near = st.tuples(
        st.sampled_from([0, 1 << (bits - 1), 0x0A << (bits - 8), 0xFD << (bits - 8)]),
        st.sampled_from([0, 1, 1 << (bits // 2), 3 << (bits // 2 - 1), 1 << (bits // 2 - 1)]),
        st.integers(-2, 2),
    ).map(lambda parts: sum(parts) % (1 << bits))
    return near | st.integers(0, (1 << bits) - 1)


@st.composite
def entries(draw, bits: int):
    """An entry of one family, for a prefix that others are likely to have or to be within."""
    half = bits // 2
    lengths = [0, 1, 8, half - 1, half, half + 1, bits - 1, bits]
    length = draw(st.sampled_from(lengths) | st.integers(0, bits))
    address = draw(addresses(bits)) >> (bits - length) << (bits - length)
    source = draw(st.sampled_from(Source))
    end = draw(st.integers(1, 5) | st.sampled_from([FIB_FOR_US, FIB_BROADCAST]))
    return FibEntry(Prefix(address, length, bits == 128), source, end, "")


def longest(fib: Fib, address: bytes) -> FibEntry | None:
    """The plainest search that there is."""
    value, bits = int.from_bytes(address, "big"), len(address) * 8
    for among in (NEVER_FORWARDED, fib.entries):
        hits = [
            entry
            for entry in among
            if entry.prefix.is_ip6 == (bits == 128)
            and (value ^ entry.prefix.address) >> (bits - entry.prefix.length) == 0
        ]
        if hits:
            # The last one added of those that are equal.
            return max(
                reversed(hits),
                key=lambda e: (e.prefix.length, -e.source, e.sw_if_index != FIB_BROADCAST),
            )
    return None


@examples(200)
@given(st.data(), st.sampled_from([32, 128]))
def test_the_longest_prefix_wins(data, bits):
    """Whatever is put in and taken out between look-ups, at each prefix's ends too."""
    fib = Fib()
    seen: list[Prefix] = []
    for _ in range(data.draw(st.integers(1, 4))):
        for entry in data.draw(st.lists(entries(bits), max_size=12)):
            fib.add(entry)
            seen.append(entry.prefix)
        if fib.entries:
            for entry in data.draw(st.lists(st.sampled_from(list(fib.entries)), max_size=3)):
                fib.remove(entry)
        if data.draw(st.booleans()):
            fib.remove_interface(data.draw(st.integers(1, 5)))
        wanted = data.draw(st.lists(addresses(bits), min_size=1, max_size=5))
        for p in seen:
            end = p.address + (1 << (bits - p.length))
            wanted += (p.address - 1, p.address, end - 1, end)
        for value in wanted:
            address = (value % (1 << bits)).to_bytes(bits // 8, "big")
            expected = longest(fib, address)
            assert fib.entry_for(address) == expected
            assert fib.lookup(key_to(address)) == (
                expected.sw_if_index if expected else FIB_NO_ROUTE
            )


@pytest.mark.parametrize("family", ["10.0.0.0/8", "fd00::/8"])
def test_nothing_is_found_where_there_is_nothing(family):
    """An empty table, and one that a route was taken out of again."""
    fib = Fib()
    address = ip_network(family)[1].packed
    assert fib.lookup(key_to(address)) == FIB_NO_ROUTE
    assert fib.entry_for(address) is None
    fib.add(route(family, 1))
    assert fib.lookup(key_to(address)) == 1
    fib.remove(route(family, 1))
    assert fib.lookup(key_to(address)) == FIB_NO_ROUTE


def test_what_lies_within_the_never_forwarded_is_never_forwarded():
    """However long its prefix is."""
    fib = Fib()
    for text in ("224.0.0.5/32", "fe80::1/128", "ff02::1/128"):
        fib.add(route(text, 1))
    assert look_up(fib, "224.0.0.5") == FIB_MULTICAST
    assert look_up(fib, "fe80::1") == FIB_FOR_US
    assert look_up(fib, "ff02::1") == FIB_MULTICAST


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


def test_a_route_is_found_without_a_look_at_the_others() -> None:
    """Thousands are added, each if there is none yet."""

    class Looked(Prefix):
        looks = 0

        def __eq__(self, other: object) -> bool:
            Looked.looks += 1
            return tuple.__eq__(self, other)

        def __hash__(self) -> int:
            Looked.looks += 1
            return tuple.__hash__(self)

    fib, count = Fib(), 200
    for number in range(count):
        wanted = Looked(number << 8, 24, False)
        assert fib.route(wanted) is None
        fib.add(FibEntry(wanted, Source.CLI, 1, ""))
        assert fib.route(wanted) is not None
    assert Looked.looks < 50 * count
