"""The captures that benchmarks replay, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aclbench.capture.synth import write_traffic
from aclbench.capture.traffic import Traffic
from aclbench.capture.writer import RECORD_HEADER_BYTES, PcapWriter
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.rig.start import DriverKind
from aclbench.workbench.workbench import Workbench

INSIDE = ("10.0.0.0/8", "fd00:1::/64")
_CHUNK_PACKETS = 1 << 16
_FRAME = bytes.fromhex(
    "000000000000 000000000000 0800"
    "45000028 00004000 40060000 00000000 00000000"
    "0000 0000 00000000 00000000 5000 0000 00000000"
)
_FRAME6 = bytes.fromhex(
    "000000000000 000000000000 86dd"
    "60000000 0014 0640 00000000000000000000000000000000 00000000000000000000000000000000"
    "0000 0000 00000000 00000000 5000 0000 00000000"
)
_CLIENTS6 = bytes.fromhex("fd000001" + 24 * "0")
_SERVER6 = bytes.fromhex("fd000002" + 23 * "0" + "2")
_SERVER = int.from_bytes(bytes((192, 168, 0, 2)), "big")
_CLIENTS = int.from_bytes(bytes((10, 0, 0, 0)), "big")
#: Connections of one client address.
_PORTS = 1 << 14
#: Frames of connections: of which, whether from outside, with which TCP flags.
MakeFrames = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: Addresses and ports.
Ends = tuple[np.ndarray, np.ndarray]
SYN, RST, ACK = 0x02, 0x04, 0x10
#: Of `spread`: how long a payload is at most, of what a server sends and of what a client does.
_LONGEST_REPLY, _LONGEST_REQUEST = 600, 292
_TCP_HEAD, _UDP_HEAD = 54, 42


def fast(path: Path, packets: int, flows: int) -> Path:
    """TCP connections over IPv4 that stay open, drawn at random, a million packets a second."""
    return _write(
        path,
        Traffic(
            packets=packets,
            flows=flows,
            mix={"tcp": 1},
            tcp={"open": 1},
            ip6_percent=0,
            gap_ns=1000,
            frame_bytes=60,
        ),
    )


def mixed(path: Path, packets: int, flows: int) -> Path:
    """What `aclbench synth` makes unless told otherwise: a thousand packets a second, so that
    sessions come, age and go."""
    return _write(path, Traffic(packets=packets, flows=flows))


def spread(path: Path, packets: int, flows: int) -> Path:
    """Packets drawn at random from flows whose clients and servers are spread over a /16 each.

    A third of the flows are UDP, the others TCP: SYN, SYN-ACK, ACK, then data. 10 us apart. Few
    flows share an address, so it does not help to remember where a destination leads.
    """
    chance = np.random.default_rng(0)
    addresses = chance.integers(1, (1 << 16) - 1, (2, flows))
    ports = np.stack((chance.integers(1024, 1 << 16, flows), np.full(flows, 443)))
    flow = chance.integers(0, flows, packets)
    is_udp = flow % 3 == 0
    # Which packet of its flow each is: sorting keeps those of a flow in order.
    order = np.argsort(flow, kind="stable")
    step = np.empty(packets, dtype=np.int64)
    step[order] = np.arange(packets) - np.searchsorted(flow[order], flow[order])
    opens = ~is_udp & (step < 3)
    inward = np.where(opens | (step == 0), step == 1, chance.integers(0, 2, packets) == 1)
    flags = np.select((opens & (step == 0), opens & inward), (SYN, SYN | ACK), ACK)
    longest = np.where(inward, _LONGEST_REPLY, _LONGEST_REQUEST)
    payload = np.where(opens, 0, chance.integers(0, longest + 1))
    with PcapWriter(path) as writer:
        for at in range(0, packets, _CHUNK_PACKETS):
            part = slice(at, at + _CHUNK_PACKETS)
            of = flow[part]
            client = _CLIENTS + addresses[0, of], ports[0, of]
            server = (_SERVER & ~0xFFFF) + addresses[1, of], ports[1, of]
            rows = _rows(len(of), RECORD_HEADER_BYTES + _TCP_HEAD + _LONGEST_REPLY)
            frame = rows[:, RECORD_HEADER_BYTES:]
            _put_ends(frame, client, server, inward[part])
            frame[:, 47] = flags[part]
            size = np.where(is_udp[part], _UDP_HEAD, _TCP_HEAD) + payload[part]
            _put_number(frame, 16, size - 14)
            udp = np.flatnonzero(is_udp[part])
            frame[udp, 23] = 17
            frame[udp, 38:_TCP_HEAD] = 0
            frame[udp, 38:40] = (size[udp, np.newaxis] - 34) >> (8, 0)
            offset = np.cumsum(size + RECORD_HEADER_BYTES) - size
            there = np.arange(rows.shape[1]) < RECORD_HEADER_BYTES + size[:, np.newaxis]
            time_ns = (at + np.arange(len(of))) * 10_000
            writer.write_batch(rows[there], offset, size, time_ns)
    return path


def opened(path: Path, flows: int, packets: int, is_ip6: bool = False) -> Path:
    """So many connections opened by three packets each, then packets of theirs at random."""
    chance = np.random.default_rng(0)
    number = np.arange(flows)
    client = np.concatenate((number, number, number, chance.integers(0, flows, packets)))
    later = np.arange(packets) & 1
    inward = np.concatenate((np.repeat((0, 1, 0), flows), later)).astype(bool)
    flags = np.concatenate((np.repeat((SYN, SYN | ACK, ACK), flows), np.full(packets, ACK)))
    return _write_frames(path, client, inward, flags, _frames6 if is_ip6 else _frames)


def flood(path: Path, packets: int) -> Path:
    """SYNs from inside, each of another connection; nobody answers."""
    number = np.arange(packets)
    return _write_frames(path, number, np.zeros(packets, dtype=bool), np.full(packets, SYN))


def scan(path: Path, flows: int) -> Path:
    """SYNs from inside, each of another connection, and each answered by a RST."""
    number = np.repeat(np.arange(flows), 2)
    inward = np.tile((False, True), flows)
    return _write_frames(path, number, inward, np.tile((SYN, RST | ACK), flows))


def denied(path: Path, packets: int) -> Path:
    """SYNs from outside, each of another connection: no session, and no rule lets them in."""
    number = np.arange(packets)
    return _write_frames(path, number, np.ones(packets, dtype=bool), np.full(packets, SYN))


def _write_frames(
    path: Path,
    client: np.ndarray,
    inward: np.ndarray,
    flags: np.ndarray,
    frames_of: MakeFrames | None = None,
) -> Path:
    """A packet each microsecond: whose connection, whether from outside, with which TCP flags."""
    with PcapWriter(path) as writer:
        for at in range(0, len(client), _CHUNK_PACKETS):
            part = slice(at, at + _CHUNK_PACKETS)
            frames = (frames_of or _frames)(client[part], inward[part], flags[part])
            offset = np.arange(len(frames)) * frames.shape[1] + RECORD_HEADER_BYTES
            size = np.full(len(frames), frames.shape[1] - RECORD_HEADER_BYTES)
            time_ns = (at + np.arange(len(frames))) * 1000
            writer.write_batch(frames.reshape(-1), offset, size, time_ns)
    return path


def _frames(client: np.ndarray, inward: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """Frames of TCP connections as rows, with room for a record header before each."""
    rows = _rows(len(client), RECORD_HEADER_BYTES + len(_FRAME))
    frame = rows[:, RECORD_HEADER_BYTES:]
    inside = _CLIENTS + client // _PORTS, 1024 + client % _PORTS
    outside = np.full_like(client, _SERVER), np.full_like(client, 80)
    _put_ends(frame, inside, outside, inward)
    frame[:, 47] = flags
    return rows


def _frames6(client: np.ndarray, inward: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """The same over IPv6."""
    rows = _rows(len(client), RECORD_HEADER_BYTES + len(_FRAME6), _FRAME6)
    frame = rows[:, RECORD_HEADER_BYTES:]
    ports = 1024 + client % _PORTS, np.full_like(client, 80)
    addresses = np.empty((2, len(client), 16), dtype=np.uint8)
    addresses[0] = np.frombuffer(_CLIENTS6, dtype=np.uint8)
    addresses[0, :, 12:] = (client // _PORTS).astype(">u4").view(np.uint8).reshape(-1, 4)
    addresses[1] = np.frombuffer(_SERVER6, dtype=np.uint8)
    for at, port_at, is_source in ((22, 54, True), (38, 56, False)):
        from_inside = inward != is_source
        frame[:, at : at + 16] = np.where(from_inside[:, None], *addresses)
        _put_number(frame, port_at, np.where(from_inside, *ports))
    frame[:, 67] = flags
    return rows


def _rows(count: int, size: int, head: bytes = _FRAME) -> np.ndarray:
    """So many rows of so many bytes: room for a record header, the head of a frame, and zeros."""
    rows = np.zeros((count, size), dtype=np.uint8)
    rows[:, RECORD_HEADER_BYTES : RECORD_HEADER_BYTES + len(head)] = np.frombuffer(head, np.uint8)
    return rows


def _put_ends(frame: np.ndarray, inside: Ends, outside: Ends, inward: np.ndarray) -> None:
    """Write the addresses and ports of both ends into frames."""
    for at, port_at, is_source in ((26, 34, True), (30, 36, False)):
        from_inside = inward != is_source
        address = np.where(from_inside, inside[0], outside[0])
        frame[:, at : at + 4] = address.astype(">u4").view(np.uint8).reshape(-1, 4)
        _put_number(frame, port_at, np.where(from_inside, inside[1], outside[1]))


def _put_number(frame: np.ndarray, at: int, number: np.ndarray) -> None:
    """Write 16 bits into frames."""
    frame[:, at : at + 2] = number.astype(">u2").view(np.uint8).reshape(-1, 2)


def bench_of(
    path: Path, history: bool = False, workers: int = 1, driver: DriverKind = "stepped"
) -> Workbench:
    """A bench with a capture ready to play; workers get its packets by flow hash."""
    inside = InterfaceSpec("pg0", prefixes=INSIDE)
    scenario = scenario_for_capture(
        [path], inside, "", workers, "interface" if workers == 1 else "flow"
    )
    return Workbench.from_scenario(scenario, history=history, driver=driver)


def _write(path: Path, traffic: Traffic) -> Path:
    with PcapWriter(path) as writer:
        write_traffic(traffic, writer)
    return path
