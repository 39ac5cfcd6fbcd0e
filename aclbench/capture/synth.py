"""Generates captures: whole conversations between an inside and an outside, from a seed.

A few numbers for each flow are kept; packets are made and written in chunks. A packet's flow, and
how many packets of that flow came before it, determine all else: direction, flags, sequence
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import put
from aclbench.capture.compose import Packets, header_bytes, headers
from aclbench.capture.traffic import (
    FEWEST,
    FIRST_PORT,
    PORTS,
    Kind,
    Network,
    Traffic,
    hosts_of,
)
from aclbench.capture.writer import RECORD_HEADER_BYTES, PcapWriter
from aclbench.engine.packet import (
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
)

Ints = NDArray[np.int64]

#: About how many bytes of records are made at a time, and how many packets at most.
CHUNK_BYTES: Final = 16 << 20
CHUNK_PACKETS: Final = 1 << 16
#: The number of hosts, unless the number of flows needs more.
INSIDE_HOSTS: Final = 250
OUTSIDE_HOSTS: Final = 50
TCP_PSH: Final = 0x08
#: Ports whose protocols may carry anything: payloads are zeros.
_SERVER_PORTS: Final = {PROTO_TCP: (7, 80, 443, 5222), PROTO_UDP: (7, 5004)}
_HANDSHAKE: Final = np.array([TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK])


class Flows:
    """The flows of some traffic, in columns: their kind, addresses, ports and sizes in packets.

    `done` is how many packets of each were made so far.
    """

    def __init__(self, traffic: Traffic, chance: np.random.Generator) -> None:
        self.kinds = traffic.kinds()
        counts = [kind.count for kind in self.kinds]
        total = sum(counts)
        self.kind = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
        self.inside_host, self.outside_host, self.inside_port, self.outside_port = (
            np.zeros(total, dtype=np.uint16) for _ in range(4)
        )
        self.inside, self.outside = traffic.networks("inside"), traffic.networks("outside")
        for family, protocol in sorted({(kind.family, kind.protocol) for kind in self.kinds}):
            self._give_addresses(family, protocol, chance)
        self.first_seq = chance.integers(0, 1 << 32, (2, total), dtype=np.int64)
        self.size = self._sizes(traffic, chance)
        self.done = np.zeros(total, dtype=np.int64)

    def _give_addresses(self, family: int, protocol: int, chance: np.random.Generator) -> None:
        """Distinct for each flow: inside host and port, or for ICMP the pair of hosts."""
        wanted = [(k.family, k.protocol) == (family, protocol) for k in self.kinds]
        which = np.flatnonzero(np.array(wanted)[self.kind])
        number = np.arange(len(which), dtype=np.int64)
        inside_hosts, outside_hosts = hosts_of(self.inside[family]), hosts_of(self.outside[family])
        if protocol in (PROTO_ICMP, PROTO_ICMP6):
            hosts = min(inside_hosts, max(INSIDE_HOSTS, -(-len(which) // outside_hosts)))
            self.outside_host[which] = number // hosts
            self.inside_port[which] = number & 0xFFFF
        else:
            hosts = min(inside_hosts, max(INSIDE_HOSTS, -(-len(which) // PORTS)))
            few = min(outside_hosts, OUTSIDE_HOSTS)
            self.outside_host[which] = chance.integers(0, few, len(which))
            self.inside_port[which] = FIRST_PORT + number // hosts
            self.outside_port[which] = chance.choice(_SERVER_PORTS[protocol], len(which))
        self.inside_host[which] = number % hosts

    def _sizes(self, traffic: Traffic, chance: np.random.Generator) -> Ints:
        """What each flow needs, and of the rest an equal part or a random one."""
        fewest = np.array([FEWEST[kind.end] for kind in self.kinds], dtype=np.int64)
        size = fewest[self.kind]
        rest = traffic.packets - int(size.sum())
        if traffic.order == "random":
            return size + np.bincount(chance.integers(0, len(size), rest), minlength=len(size))
        size += rest // len(size)
        size[: rest % len(size)] += 1
        return size

    def take(self, flow: Ints) -> Ints:
        """How many packets of its flow precede each of the next packets."""
        by_flow = np.argsort(flow, kind="stable")
        begins = np.flatnonzero(np.diff(flow[by_flow], prepend=-1))
        lengths = np.diff(begins, append=len(flow))
        number = np.empty(len(flow), dtype=np.int64)
        number[by_flow] = np.arange(len(flow)) - np.repeat(begins, lengths)
        number += self.done[flow]
        self.done[flow[by_flow[begins]]] += lengths
        return number


def in_order(
    flows: Flows, traffic: Traffic, most: int, chance: np.random.Generator
) -> Iterator[Ints]:
    """The flow of each packet, at most `most` at a time.

    "round": each flow in turn, as long as it has packets. "random": drawn
    from all packets that are left.
    """
    if traffic.order == "round":
        turn = chance.permutation(len(flows.size))
        for i in range(int(flows.size.max())):
            turn = turn[flows.size[turn] > i]
            yield from (turn[at : at + most] for at in range(0, len(turn), most))
        return
    left = flows.size.copy()
    remaining = traffic.packets
    every = np.arange(len(left), dtype=np.int64)
    while remaining:
        # A draw takes time proportional to the flows, so it draws as many packets.
        drawn = min(max(most, len(left)), remaining)
        counts = chance.multivariate_hypergeometric(left, drawn, method="marginals")
        left -= counts
        remaining -= drawn
        flow = np.repeat(every, counts)
        chance.shuffle(flow)
        yield from (flow[at : at + most] for at in range(0, drawn, most))


def times(traffic: Traffic, first: int, count: int, chance: np.random.Generator) -> Ints:
    """The time (ns) from the packet before to each of `count` packets; `first` is their first.

    The very first comes at once.
    """
    if traffic.order == "round":
        gap = np.full(count, traffic.gap_ns, dtype=np.int64)
    else:
        gap = (chance.standard_exponential(count) * traffic.gap_ns).astype(np.int64)
    number = np.arange(first, first + count)
    gap[number % traffic.idle_every == 0] += traffic.idle_ns
    if first == 0:
        gap[0] = 0
    return gap


def write_traffic(traffic: Traffic, writer: PcapWriter) -> int:
    """Make all packets and write them; returns the time of the last one, in ns since the epoch."""
    chance = np.random.default_rng(traffic.seed)
    flows = Flows(traffic, chance)
    most = min(CHUNK_PACKETS, max(1, CHUNK_BYTES // (traffic.frame_bytes + RECORD_HEADER_BYTES)))
    now, first = traffic.start_ns, 0
    for flow in in_order(flows, traffic, most, chance):
        time_ns = now + np.cumsum(times(traffic, first, len(flow), chance))
        data, offset, size = compose(flows, flow, flows.take(flow), traffic.frame_bytes)
        writer.write_batch(data, offset, size, time_ns)
        now, first = int(time_ns[-1]), first + len(flow)
    return now


def compose(
    flows: Flows, flow: Ints, number: Ints, frame_bytes: int
) -> tuple[NDArray[np.uint8], Ints, Ints]:
    """The packets `number` (from 0) of the flows `flow`: records without their headers.

    Returns the data, where each frame lies in it and how long it is.
    """
    groups: list[tuple[NDArray[np.intp], NDArray[np.uint8]]] = []
    size = np.empty(len(flow), dtype=np.int64)
    kind_of = flows.kind[flow]
    for index, kind in enumerate(flows.kinds):
        which = np.flatnonzero(kind_of == index)
        if len(which):
            packets = _packets_of(flows, kind, flow[which], number[which], frame_bytes)
            size[which] = packets.frame_bytes
            groups.append((which, headers(packets)))
    ends = np.cumsum(size + RECORD_HEADER_BYTES)
    offset = ends - size
    data = np.zeros(int(ends[-1]), dtype=np.uint8)
    for which, rows in groups:
        put(data, offset[which], rows)
    return data, offset, size


def _packets_of(flows: Flows, kind: Kind, flow: Ints, number: Ints, frame_bytes: int) -> Packets:
    """Packets of one kind. All but TCP is question and answer in turn, from inside."""
    bare = header_bytes(kind.family, kind.protocol)
    data_bytes = max(frame_bytes - bare, 0)
    outward = number % 2 == 0
    seq = ack = flags = np.zeros(len(flow), dtype=np.int64)
    length: Any = np.full(len(flow), bare + data_bytes)
    if kind.protocol == PROTO_TCP:
        outward, flags = _tcp_flags(kind.end, number, flows.size[flow])
        has_data = flags & TCP_PSH != 0
        length = bare + np.where(has_data, data_bytes, 0)
        seq, ack = _tcp_numbers(flows, kind.end, flow, number, outward, data_bytes)
    elif kind.protocol in (PROTO_ICMP, PROTO_ICMP6):
        seq = number // 2 + 1
    inside = _addresses(flows.inside[kind.family], flows.inside_host[flow])
    outside = _addresses(flows.outside[kind.family], flows.outside_host[flow])
    inside_port = flows.inside_port[flow].astype(np.int64)
    outside_port = flows.outside_port[flow].astype(np.int64)
    icmp = kind.protocol in (PROTO_ICMP, PROTO_ICMP6)
    return Packets(
        kind.family,
        kind.protocol,
        outward,
        src=np.where(outward[:, None], inside, outside),
        dst=np.where(outward[:, None], outside, inside),
        sport=inside_port if icmp else np.where(outward, inside_port, outside_port),
        dport=np.where(outward, outside_port, inside_port),
        seq=seq,
        ack=ack,
        flags=flags,
        ident=number,
        frame_bytes=length,
    )


def _tcp_flags(end: str, number: Ints, size: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Whether each packet of a connection goes outward, and its flags.

    SYN, SYN ACK, ACK; data in turn, from inside first; at the end FIN ACK, FIN ACK, ACK or RST,
    which the inside begins. An unanswered one is all SYNs.
    """
    if end == "half-open":
        return np.full(len(number), True), np.full(len(number), TCP_SYN)
    outward = number % 2 == 1
    flags = np.full(len(number), TCP_ACK | TCP_PSH)
    start = number < 3
    outward[start] = number[start] != 1
    flags[start] = _HANDSHAKE[number[start]]
    left = size - number
    if end == "fin":
        closing = left <= 3
        outward[closing] = left[closing] != 2
        flags[closing] = np.where(left[closing] == 1, TCP_ACK, TCP_FIN | TCP_ACK)
    elif end == "rst":
        outward[left == 1] = True
        flags[left == 1] = TCP_RST | TCP_ACK
    return outward, flags


def _tcp_numbers(
    flows: Flows,
    end: str,
    flow: Ints,
    number: Ints,
    outward: NDArray[np.bool_],
    data_bytes: int,
) -> tuple[Ints, Ints]:
    """Sequence and acknowledgement numbers: each side has received all that was sent before.

    The inside sent the first, third, ... packet with data, SYN and FIN count as one byte.
    """
    left = flows.size[flow] - number
    last = 3 if end == "fin" else 1 if end == "rst" else 0
    before = np.maximum(np.minimum(number, flows.size[flow] - last) - 3, 0)
    sent = np.stack([(before + 1) // 2, before // 2]) * data_bytes
    sent[0] += number >= 1
    sent[1] += number >= 2
    if end == "fin":
        sent[0] += left < 3
        sent[1] += left < 2
    if end == "half-open":
        sent[:] = 0  # each SYN is a retransmission of the first
    inside, outside = (flows.first_seq[:, flow] + sent) & 0xFFFF_FFFF
    acknowledges = (number > 0) & (end != "half-open")
    seq = np.where(outward, inside, outside)
    return seq, np.where(acknowledges, np.where(outward, outside, inside), 0)


def _addresses(network: Network, host: NDArray[np.uint16]) -> Ints:
    """The addresses of hosts of a prefix (numbered from 0), a row of 16-bit words each.

    Adding a host's number never carries: it is smaller than the part of the last word that the
    prefix leaves open.
    """
    packed = np.frombuffer(network.network_address.packed, dtype=">u2").astype(np.int64)
    words = np.repeat(packed[None, :], len(host), axis=0)
    words[:, -1] += host.astype(np.int64) + (1 if network.num_addresses > 2 else 0)
    return words
