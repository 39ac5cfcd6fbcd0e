"""The reference transcript, and a bench that its lines have set up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from aclbench import Workbench

LINES: Final = (
    (Path(__file__).parents[2] / "reference" / "vpp-26.10-transcript.txt").read_text().splitlines()
)
#: Up to here the transcript is of commands that do the same in both.
LAST_LINE: Final = "set acl-plugin session timeout tcp idle 86400"


def commands() -> Iterator[str]:
    """The transcript's command lines that set a bench up."""
    for line in LINES:
        if line.startswith("vpp# "):
            yield line.removeprefix("vpp# ")
            if line.endswith(LAST_LINE):
                return


def set_up() -> Workbench:
    """A bench as those lines make it."""
    bench = Workbench(workers=1)
    for line in commands():
        bench.cli(line)
    return bench


def packets() -> dict[str, tuple[str, Any]]:
    """The packets that the transcript names, in its order: the interface, and the frame."""
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.l2 import Ether

    def inside(l4: Any) -> tuple[str, Any]:
        frame = Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:02")
        return "pg0", frame / IP(src="10.0.0.2", dst="192.168.0.2") / l4

    def outside(l4: Any) -> tuple[str, Any]:
        frame = Ether(src="02:00:00:00:00:0b", dst="02:00:00:00:00:03")
        return "pg1", frame / IP(src="192.168.0.2", dst="10.0.0.2") / l4

    return {
        "in_syn": inside(TCP(sport=1234, dport=80, flags="S")),
        "out_sa": outside(TCP(sport=80, dport=1234, flags="SA")),
        "in_a": inside(TCP(sport=1234, dport=80, flags="A")),
        "out_stray": outside(TCP(sport=80, dport=4321, flags="A")),
        "in_udp": inside(UDP(sport=5353, dport=53) / b"question"),
        "in_ping": inside(ICMP(type=8)),
        "out_pong": outside(ICMP(type=0)),
    }


def play(bench: Workbench) -> None:
    """Send them, 0.3 s apart."""
    for interface, frame in packets().values():
        bench.send(interface, frame)
        bench.advance("0.3")
