"""Who opened each flow of a capture, as far as its packets tell.

A flow is what shares a session: protocol and both (address, port). An ICMP reply is of its
request's flow. How well a packet tells who opened its flow is a `Sign`; the flow goes by its best,
and of equals by the first. What opens nothing (a later fragment, an ICMP error, neighbour
discovery) still counts as a packet between two hosts.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from aclbench.capture.columns import Columns
from aclbench.capture.ranking import Bools, Ints, begins, in_order, ranked
from aclbench.engine.packet import (
    ICMP4_REQUEST_OF,
    ICMP6_REQUEST_OF,
    INFO_ICMP,
    INFO_NONFIRST_FRAGMENT,
    INFO_TCP_FLAGS_VALID,
    PROTO_TCP,
    PROTO_UDP,
    TCP_ACK,
    TCP_SYN,
    unpack_key,
)

# How well a packet tells who opened its flow.
#: Not at all: it opens nothing by itself.
NONE: Final = 0
#: As the first packet seen of its flow: its source did.
FIRST: Final = 1
#: One port is a service's, or lower: the other end did.
PORT: Final = 2
#: SYN, SYN-ACK, ICMP request or reply.
OPENING: Final = 3

_REQUEST_OF: Final[dict[int, dict[int, int]]] = {4: ICMP4_REQUEST_OF, 6: ICMP6_REQUEST_OF}
#: Ports below this are given to services.
_SERVICE_PORTS: Final = 1024
# fmt: off
#: Other ports at which services are often found.
_KNOWN_PORTS: Final = (
    1080, 1194, 1433, 1434, 1521, 1645, 1646, 1701, 1723, 1812, 1813, 1883, 1900, 2049, 2055,
    2082, 2083, 2123, 2152, 2222, 2375, 2379, 2404, 3128, 3260, 3268, 3306, 3389, 3478, 3690,
    3784, 3868, 4172, 4369, 4500, 4739, 4786, 4789, 4840, 5000, 5001, 5004, 5038, 5060, 5061,
    5201, 5222, 5223, 5228, 5246, 5247, 5269, 5349, 5351, 5353, 5355, 5432, 5555, 5601, 5666,
    5671, 5672, 5683, 5684, 5900, 5938, 5984, 5985, 5986, 6343, 6379, 6443, 6514, 6653, 6666,
    6667, 6697, 6881, 7000, 7001, 7687, 8000, 8008, 8009, 8080, 8081, 8086, 8088, 8333, 8443,
    8554, 8883, 8888, 9000, 9001, 9042, 9090, 9092, 9100, 9160, 9200, 9300, 9418, 9999, 10000,
    10050, 10051, 11211, 15672, 20000, 25565, 27015, 27017, 34980, 44818, 47808,
)
# fmt: on
#: By port, how likely it is a client's: more for less known ones.
_RANKS: Final = np.full(1 << 16, 2, dtype=np.uint16)
_RANKS[:_SERVICE_PORTS] = 0
_RANKS[list(_KNOWN_PORTS)] = 1


#: What info words say of who opened a flow.
_TELLING: Final = INFO_ICMP | INFO_NONFIRST_FRAGMENT | INFO_TCP_FLAGS_VALID | TCP_ACK | TCP_SYN


class Packets(NamedTuple):
    """Packets of one family between two hosts, as columns; addresses are as in `Addresses`.

    `info` has the bits of `_TELLING`. The columns are as narrow as can be: there are many of them.
    """

    src: NDArray[Any]
    dst: NDArray[Any]
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    proto: NDArray[np.uint8]
    info: NDArray[np.uint32]


class Pairs(Struct, frozen=True):
    """What pairs of hosts have with each other, as columns.

    `hosts` are addresses as in `Addresses`, sorted; `a` and `b` are rows of it, a the lesser.
    `a_opened` and `b_opened` are the flows that each opened to the other. `told` are flows of which
    more than the order of packets tells who opened them. `a_first`: a opened the first of them.
    Pairs are in order of their first packets.
    """

    hosts: NDArray[Any]
    a: Ints
    b: Ints
    a_opened: Ints
    b_opened: Ints
    told: Ints
    packets: Ints
    a_first: Bools


class PacketsSeen:
    """The packets between two hosts, by family, and how many others there were."""

    def __init__(self) -> None:
        self.total = 0
        self.not_ip = 0
        #: To a group, or from or to no address.
        self.to_many = 0
        #: From a host to itself.
        self.to_itself = 0
        self._between: dict[int, list[Packets]] = {4: [], 6: []}

    def note(self, columns: Columns) -> None:
        """Note a batch of packets."""
        self.total += len(columns)
        ip = 0
        for addresses in columns.addresses:
            family, rows, src, dst = addresses
            ports = columns.ports(rows)
            many = _is_for_many(src, family) | _is_for_many(dst, family)
            itself = (src == dst) & ~many
            ip += len(src)
            self.to_many += int(many.sum())
            self.to_itself += int(itself.sum())
            between = ~(many | itself)
            found = _narrow(src, dst, *ports, columns.info[rows])
            self._between[family].append(Packets(*(column[between] for column in found)))
        self.not_ip += len(columns) - ip

    def pairs(self, family: int) -> Pairs:
        """The pairs of hosts of one family, 4 or 6, and what they opened to each other.

        Where no packet tells who opened its flow, each flow counts as opened by the source of its
        first packet.
        """
        parts = self._between[family]
        if not sum(len(part.src) for part in parts):
            none = np.zeros(0, dtype=np.int64)
            return Pairs(none, none, none, none, none, none, none, none > 0)
        packets = Packets(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        hosts, row = ranked(np.concatenate((packets.src, packets.dst)))
        src, dst = np.split(row, 2)
        return _pairs(packets, hosts, src, dst, family)


def _narrow(
    src: NDArray[Any], dst: NDArray[Any], sport: Ints, dport: Ints, proto: Ints, info: Ints
) -> Packets:
    ports = sport.astype(np.uint16), dport.astype(np.uint16)
    return Packets(src, dst, *ports, proto.astype(np.uint8), (info & _TELLING).astype(np.uint32))


def _pairs(packets: Packets, hosts: NDArray[Any], src: Ints, dst: Ints, family: int) -> Pairs:
    """Flow by flow, then pair by pair; `src` and `dst` are rows of `hosts`."""
    is_back, sign, flow = _signs(packets, src > dst, family)
    if not sign.any():
        sign = np.full_like(sign, FIRST)
    bits = len(hosts).bit_length()
    pairs, pair = ranked(np.minimum(src, dst) << bits | np.maximum(src, dst))
    flows, flow = ranked(flow)
    # The best sign first, of equals the first packet.
    by_sign = (pair << len(flows).bit_length() | flow) << 2 | (OPENING - sign)
    by_sign, order = in_order(by_sign)
    flow_begins = np.flatnonzero(begins(by_sign >> 2))
    # Now flow by flow.
    best, first = order[flow_begins], np.minimum.reduceat(order, flow_begins)
    a_opens = (src[best] < dst[best]) ^ is_back[best]
    opens = sign[best] > NONE
    pair_begins = np.flatnonzero(begins(pair[best]))

    def by_pair(column: NDArray[Any]) -> Ints:
        return np.add.reduceat(column.astype(np.int64), pair_begins)

    first_of_pair = np.minimum.reduceat(first, pair_begins)
    flows_of_pair = np.diff(pair_begins, append=len(first))
    columns = (
        pairs >> bits,
        pairs & ((1 << bits) - 1),
        by_pair(opens & a_opens),
        by_pair(opens & ~a_opens),
        by_pair(sign[best] > FIRST),
        by_pair(np.diff(flow_begins, append=len(order))),
    )
    _, in_time = in_order(first_of_pair)
    a, b, a_opened, b_opened, told, count = (column[in_time] for column in columns)
    a_first = a_opens[first == np.repeat(first_of_pair, flows_of_pair)][in_time]
    return Pairs(hosts, a, b, a_opened, b_opened, told, count, a_first)


def _signs(packets: Packets, is_down: Bools, family: int) -> tuple[Bools, NDArray[np.int8], Ints]:
    """Of each packet: whether its destination opened its flow, the sign, the flow within its pair.

    `is_down`: it goes from the greater address to the lesser.
    """
    _, _, sport, dport, proto, info = packets
    icmp = info & INFO_ICMP != 0
    icmp_request = np.zeros(256, dtype=np.uint16)
    answers = np.zeros(256, dtype=np.bool_)
    for reply, request in _REQUEST_OF[family].items():
        icmp_request[[reply, request]] = request
        answers[reply] = True
    kind = sport & 0xFF
    asked = icmp_request[kind] * icmp
    tcp = proto == PROTO_TCP
    source, destination = _RANKS[sport], _RANKS[dport]
    lower = tcp & (source == destination)
    source, destination = np.where(lower, sport, source), np.where(lower, dport, destination)
    by_port = (tcp | (proto == PROTO_UDP)) & (source != destination)
    syn = (info & INFO_TCP_FLAGS_VALID != 0) & (info & TCP_SYN != 0)
    later = info & INFO_NONFIRST_FRAGMENT != 0
    is_back = np.where(
        icmp,
        # An error goes to who sent what it is about.
        answers[kind] | (asked == 0),
        np.where(syn, info & TCP_ACK != 0, by_port & (source < destination)),
    )
    sign = np.select(
        (later | (icmp & (asked == 0)), (asked > 0) | syn, by_port),
        (np.int8(NONE), np.int8(OPENING), np.int8(PORT)),
        np.int8(FIRST),
    )
    low, high = np.where(is_down, dport, sport), np.where(is_down, sport, dport)
    # An ICMP flow has the type of its request and a direction; others have the ports of both ends.
    low, high = np.where(icmp, asked, low), np.where(icmp, is_down ^ is_back, high)
    flow = low.astype(np.int64) << 24 | high.astype(np.int64) << 8 | proto
    return is_back & ~later, sign, flow


def source_opened(key: bytes, info: int) -> bool:
    """Whether a packet's source opened its flow, as far as this packet alone tells."""
    five = unpack_key(key)
    row = (0, 0, five.sport, five.dport, five.proto, info)
    packet = _narrow(*(np.array([value], dtype=np.int64) for value in row))
    is_back, _, _ = _signs(packet, np.zeros(1, dtype=np.bool_), 6 if five.is_ip6 else 4)
    return not is_back[0]


def _is_for_many(addresses: NDArray[Any], family: int) -> Bools:
    """Multicast, limited broadcast or unspecified: no host, so on no side."""
    many: Bools
    if family == 4:
        many = (addresses >> 28 == 0xE) | (addresses == 0) | (addresses == 0xFFFF_FFFF)
    else:
        many = (addresses >= b"\xff") | (addresses == b"")
    return many
