"""A small bench for the tests of the screen: three connections, the same every time."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path

from routed import ROUTED

from aclbench.tui.live import MakeBench
from aclbench.tui.player import Player
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

INSIDE = "10.0.0."
OUTSIDE = "192.168.0."
SYN, ACK = 0x02, 0x10

_SET_UP = (
    *ROUTED,
    "set acl-plugin session timeout udp idle 4",
    "set acl-plugin session timeout tcp transient 2",
    "set acl-plugin session timeout tcp idle 20",
    "set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0 tag in-out",
    "set acl-plugin acl deny src 0.0.0.0/0 dst 0.0.0.0/0 tag out-in",
    "set acl-plugin interface pg0 input acl 0",
    "set acl-plugin interface pg0 output acl 1",
)


def frame(src: str, dst: str, proto: int, sport: int, dport: int, flags: int = 0) -> bytes:
    """An Ethernet frame with an IPv4 packet and the headers that a bench looks at."""
    if proto == 6:
        l4 = struct.pack("!HHIIBBHHH", sport, dport, 0, 0, 0x50, flags, 0, 0, 0)
    else:
        l4 = struct.pack("!HHHH", sport, dport, 8, 0)
    ends = bytes(int(part) for address in (src, dst) for part in address.split("."))
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), 0, 0, 64, proto, 0) + ends
    return bytes(12) + b"\x08\x00" + ip + l4


def opening(host: int = 2, sport: int = 40000) -> list[tuple[str, bytes]]:
    """SYN, SYN-ACK, ACK of a connection from inside, each with the interface it enters."""
    a, b = f"{INSIDE}{host}", f"{OUTSIDE}2"
    return [
        ("pg0", frame(a, b, 6, sport, 80, SYN)),
        ("pg1", frame(b, a, 6, 80, sport, SYN | ACK)),
        ("pg0", frame(a, b, 6, sport, 80, ACK)),
    ]


def at_once(make: Callable[[], Workbench]) -> MakeBench:
    """What makes a bench, as the screen has it made: in slices, of which there is none."""

    def made() -> Slices[Workbench]:
        yield from ()
        return make()

    return made


def player_of(
    make: Callable[[], Workbench],
    title: str = "",
    clock: Callable[[], float] = time.perf_counter,
    kind: type[Player] = Player,
) -> Player:
    """A player of a bench that is made at once."""
    return kind(make(), at_once(make), title, clock)


def make_bench(workers: int = 2) -> Workbench:
    """A bench with nothing on it yet."""
    bench = Workbench(workers=workers)
    for line in _SET_UP:
        bench.cli(line)
    return bench


def busy_bench(workers: int = 2) -> Workbench:
    """1.3 s after a connection, a half-open one, a question over UDP, and a packet denied."""
    bench = make_bench(workers)
    for interface, data in opening():
        bench.send(interface, data)
    bench.advance("0.4")
    bench.send("pg0", frame(f"{INSIDE}3", f"{OUTSIDE}2", 6, 40001, 443, SYN))
    bench.send("pg0", frame(f"{INSIDE}3", f"{OUTSIDE}9", 17, 5353, 53))
    bench.send("pg1", frame(f"{OUTSIDE}9", f"{INSIDE}7", 17, 9, 9))
    bench.advance("0.9")
    return bench


def write_pcap(path: Path, packets: list[tuple[float, bytes]], cut: int = 0) -> Path:
    """A capture of frames at times in seconds; `cut` takes bytes off its end."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for when, packet in packets:
        seconds, micros = divmod(round(when * 1e6), 1_000_000)
        data += struct.pack("<IIII", seconds, micros, len(packet), len(packet)) + packet
    path.write_bytes(data[: len(data) - cut])
    return path


def capture_bench(
    path: Path, workers: int = 2, design: str = "fifo-2017", lines: tuple[str, ...] = ()
) -> Workbench:
    """A bench that plays a capture; what is sent from 10.0.0.0/24 enters pg0. `lines` set it up."""
    return Workbench.from_scenario(
        Scenario(
            title="capture",
            interfaces=(
                InterfaceSpec("pg0", ("10.0.0.1/24",), ("10.0.0.0/24",)),
                InterfaceSpec("pg1", ("192.168.0.1/24",)),
            ),
            workers=workers,
            design=design,
            captures=(path,),
            cli=(*(line for line in _SET_UP if "acl-plugin" in line), *lines),
        )
    )


def one_opening(path: Path, later: float = 0.0) -> Path:
    """A capture of one opening, its packets 10 ms apart, and if `later` a question after that."""
    packets = [(1 + n / 100, data) for n, (_, data) in enumerate(opening())]
    if later:
        packets.append((1 + later, frame(f"{INSIDE}3", f"{OUTSIDE}9", 17, 5353, 53)))
    return write_pcap(path, packets)
