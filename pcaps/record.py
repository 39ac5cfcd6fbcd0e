"""Records the captures of this folder from real network stacks. For maintainers.

Run as root on Linux: `python3 pcaps/record.py [NAME ...]`, all of them unless named. Needs `ip`,
`tcpdump`, `ping` and `tshark`, and takes `ethtool` where there is one; Python's standard library
alone. What the network looks like is in `network.py`, who says what in `traffic.py` and
`servers.py`; no packet leaves it.

The recording point is the router's inside interface, or the trunk before it, so each packet
appears once, in both directions. Frames are as the stacks sent them. Times are as recorded, but for
`long-gaps`: there the gaps between scenes are put in afterwards (`GAPS_S`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from struct import Struct

from network import Network, run
from traffic import CAPTURES

HERE = Path(__file__).resolve().parent
COUNTS = HERE / "counts.toml"

NAMES = tuple(CAPTURES)
#: Bytes kept of each packet; all of it where nothing is said.
SNAPLEN = {"many-flows": 128, "fragments": 160, "ip6-extensions": 160}
SNAPLEN |= {"vlans": 160, "syn-flood": 96, "port-scan": 96}
#: How many scenes a capture has, where it is more than one.
SCENES = {"long-gaps": 5, "vlans": 3}
#: Seconds put in after each scene of `long-gaps`; the default timeouts are 120, 600 and 86400 s.
GAPS_S = {"long-gaps": (130, 610, 87_100, 200)}
#: After these scenes of a capture somebody else acts first: the chat server speaks; the switches
#: go on to other tags.
CHAT_AFTER = {"long-gaps": (4,)}
SWITCHES_AFTER = {"vlans": (1, 2)}
#: Silence around the end of a scene, so that all of its packets come before the gap.
QUIET_S = 0.4

#: What the network has that it does not have for others.
NETWORKS = {"vlans": {"trunk": True}, "asymmetric": {"back_path": True}}

#: What is counted in `counts.toml`, as tshark's display filters. Packets quoted within ICMP errors
#: are not counted as their own protocol, and fragments but the first one as none.
COUNTED = {
    "packets": "frame",
    "arp": "arp",
    "ip4": "ip and not arp",
    "ip6": "ipv6",
    "tcp": "tcp and not icmp and not icmpv6",
    "udp": "udp and not icmp and not icmpv6",
    "icmp": "icmp",
    "icmp6": "icmpv6",
    "tcp_syn": "tcp.flags.syn == 1 and tcp.flags.ack == 0",
    "tcp_syn_ack": "tcp.flags.syn == 1 and tcp.flags.ack == 1",
    "tcp_fin": "tcp.flags.fin == 1",
    "tcp_rst": "tcp.flags.reset == 1",
    "fragment": "ip.frag_offset > 0 or ipv6.fraghdr.offset > 0",
    "vlan": "vlan or ieee8021ad",
}


@contextmanager
def process(command: Sequence[str], ready: str, stream: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has said it is ready; it is ended, if it has not, when the block is."""
    with subprocess.Popen(
        command,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if stream == "stdout" else None,
        stderr=subprocess.PIPE if stream == "stderr" else None,
    ) as child:
        try:
            lines = getattr(child, stream)
            while ready not in (line := lines.readline()):
                if not line:
                    raise RuntimeError(f"{' '.join(command)} ended before it was ready")
            yield child
        finally:
            child.terminate()


# --- one capture --------------------------------------------------------------------------------


def record(network: Network, name: str, path: Path) -> None:
    """Record one capture into `path`."""
    place, interface = network.recorded
    sniff = (
        *("tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-Z", "root"),
        *("--time-stamp-precision=nano", "-s", str(SNAPLEN.get(name, 0)), "-w", str(path)),
    )
    marks: list[int] = []
    with ExitStack() as running:

        def start(where: str, *script: str) -> subprocess.Popen[str]:
            command = (sys.executable, str(HERE / script[0]), *script[1:])
            return running.enter_context(
                process(network.command(where, *command), "over", "stdout")
            )

        server = start("outside", "servers.py")
        switches = start("trunk", "switches.py") if "trunk" in network.netns else None
        sniffer = running.enter_context(
            process(network.command(place, *sniff), "listening", "stderr")
        )
        client = start("inside", "traffic.py", name)
        for scene in range(1, SCENES.get(name, 1)):
            time.sleep(QUIET_S)
            marks.append(time.time_ns())
            time.sleep(QUIET_S)
            if scene in CHAT_AFTER.get(name, ()):
                next_scene(server)
                time.sleep(QUIET_S)
            if switches is not None and scene in SWITCHES_AFTER.get(name, ()):
                next_scene(switches)
            next_scene(client)
        time.sleep(QUIET_S)
        # Before the client ends, which closes what it left open.
        sniffer.terminate()
        sniffer.wait()
    if name in GAPS_S:
        insert_gaps(path, marks, GAPS_S[name])


def next_scene(child: subprocess.Popen[str]) -> None:
    """Have a process play its next scene, to the end."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("next\n")
    child.stdin.flush()
    if "over" not in child.stdout.readline():
        raise RuntimeError("the traffic ended early")


def insert_gaps(path: Path, marks: Sequence[int], gaps_s: Sequence[int]) -> None:
    """Move the packets behind each mark (ns) further back by its gap; frames stay as they are."""
    data = bytearray(path.read_bytes())
    header = Struct("=IIII")
    at = 24
    while at < len(data):
        seconds, rest_ns, captured, length = header.unpack_from(data, at)
        now = seconds * 1_000_000_000 + rest_ns
        later = sum(gap for mark, gap in zip(marks, gaps_s, strict=True) if now > mark)
        header.pack_into(data, at, seconds + later, rest_ns, captured, length)
        at += header.size + captured
    path.write_bytes(data)


# --- counts -------------------------------------------------------------------------------------


def count(path: Path) -> dict[str, int]:
    """Packets by protocol, as tshark tells them."""
    counts = {}
    tshark = ["tshark", "-n", "-r", str(path)]
    for protocol in ("ip", "ipv6"):
        tshark += ["-o", f"{protocol}.defragment:FALSE"]
    for name, shown in COUNTED.items():
        fields = run(*tshark, "-Y", shown, "-T", "fields", "-e", "frame.number")
        counts[name] = len(fields.splitlines())
    return counts


def write_counts() -> None:
    """Write `counts.toml` for all captures there are."""
    lines = ["# Packets of each capture as tshark counts them. Written by record.py."]
    for path in sorted(HERE.glob("*.pcap")):
        lines += ["", f'["{path.name}"]']
        lines += [f"{name} = {number}" for name, number in count(path).items()]
    COUNTS.write_text("\n".join(lines) + "\n")


def main(names: Sequence[str]) -> None:
    """Record the captures named, or all, then count."""
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"no capture {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"recording {name}")
        shape = NETWORKS.get(name, {})
        with Network(**shape) as network, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.pcap"
            record(network, name, path)
            shutil.copyfile(path, HERE / path.name)
    write_counts()


if __name__ == "__main__":
    main(sys.argv[1:])
