"""Records the captures of this folder from real network stacks. For maintainers.

Run as root on Linux: `python3 pcaps/record.py [NAME ...]`, all of them unless named. Needs `ip`,
`tcpdump`, `ping` and `tshark`, and takes `ethtool` where there is one; Python's standard library
alone. Three network namespaces are made and taken away again; no packet leaves them:

    inside                    router                     outside
    10.0.0.2 to .5/24   ---   .1  recorded here   ---    192.168.0.2 to .5/24
    fd00:1::2 to ::5/64 ---   ::1 .............   ---    fd00:2::2 to ::5/64

The recording point is the router's inside interface, so each packet appears once, in both
directions. Frames are as the stacks sent them. Times are as recorded, but for `long-gaps`: there
the gaps between scenes are put in afterwards (`GAPS_S`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from types import TracebackType

HERE = Path(__file__).resolve().parent
TRAFFIC = HERE / "traffic.py"
COUNTS = HERE / "counts.toml"

NAMES = ("http", "dns-ping", "half-open", "long-gaps", "many-flows")
#: Bytes kept of each packet; all of it where nothing is said.
SNAPLEN = {"many-flows": 128}
#: Seconds put in after each scene of `long-gaps`; the default timeouts are 120, 600 and 86400 s.
GAPS_S = {"long-gaps": (130, 610, 87_100, 200)}
#: After this scene of a capture the chat server speaks first.
PUSH_AFTER_SCENE = {"long-gaps": 4}
#: Silence around the end of a scene, so that all of its packets come before the gap.
QUIET_S = 0.4

SIDES = {
    "inside": (("10.0.0.{}/24", "fd00:1::{}/64"), "02:00:00:00:01:{:02x}"),
    "outside": (("192.168.0.{}/24", "fd00:2::{}/64"), "02:00:00:00:02:{:02x}"),
}
ROUTER_HOST, HOSTS, NOBODY = 1, range(2, 6), 99

#: What is counted in `counts.toml`, as tshark's display filters. Packets quoted within ICMP errors
#: are not counted as their own protocol.
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
}


def run(*command: str) -> str:
    """Run a command to its end; its output. Raises CalledProcessError if it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# --- the network --------------------------------------------------------------------------------


class Network:
    """The three namespaces; a context manager that takes them away at its end."""

    def __init__(self) -> None:
        self.netns = {
            name: f"aclbench-{os.getpid()}-{name}" for name in ("inside", "router", "outside")
        }

    def __enter__(self) -> Network:
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def command(self, place: str, *command: str) -> list[str]:
        """The command line that runs a command in a namespace."""
        return ["ip", "netns", "exec", self.netns[place], *command]

    def _build(self) -> None:
        for netns in self.netns.values():
            run("ip", "netns", "add", netns)
        for place in self.netns:
            for key in ("all", "default"):
                self._set(place, f"net/ipv6/conf/{key}/accept_ra", 0)
                self._set(place, f"net/ipv6/conf/{key}/accept_dad", 0)
                self._set(place, f"net/ipv6/conf/{key}/router_solicitations", 0)
        self._set("router", "net/ipv4/ip_forward", 1)
        self._set("router", "net/ipv6/conf/all/forwarding", 1)
        for side in SIDES:
            self._connect(side)
        time.sleep(3)  # for what stacks say on their own when a link comes up

    def _set(self, place: str, key: str, value: int) -> None:
        run(*self.command(place, "sh", "-c", f"echo {value} > /proc/sys/{key}"))

    def _connect(self, side: str) -> None:
        """One link, with all hosts of the side on one end and the router on the other."""
        prefixes, mac = SIDES[side]
        host, router = self.netns[side], self.netns["router"]
        run(
            *("ip", "link", "add", "eth0", "netns", host, "address", mac.format(HOSTS[0])),
            *("type", "veth", "peer", "name", side, "netns", router),
            *("address", mac.format(ROUTER_HOST)),
        )
        ends = ((side, "eth0", HOSTS), ("router", side, (ROUTER_HOST,)))
        for place, interface, numbers in ends:
            ip = ("ip", "-n", self.netns[place])
            for number in numbers:
                for prefix in prefixes:
                    nodad = ("nodad",) if ":" in prefix else ()
                    run(*ip, "address", "add", prefix.format(number), "dev", interface, *nodad)
            self._offloads_off(place, interface)
            run(*ip, "link", "set", interface, "up")
            run(*ip, "link", "set", "lo", "up")
        for prefix in prefixes:
            family = "-6" if ":" in prefix else "-4"
            gateway = prefix.format(ROUTER_HOST).split("/")[0]
            run("ip", family, "-n", host, "route", "add", "default", "via", gateway)
            nobody = prefix.format(NOBODY).split("/")[0]
            # The router believes that somebody is there, so it sends no ICMP error.
            run(
                *("ip", "-n", router, "neighbour", "add", nobody),
                *("lladdr", mac.format(NOBODY), "dev", side, "nud", "permanent"),
            )

    def _offloads_off(self, place: str, interface: str) -> None:
        """Have checksums and lengths on the link be those of real packets, if we can."""
        if shutil.which("ethtool") is None:
            print("no ethtool: offloads stay on, checksums may be unfinished", file=sys.stderr)
            return
        features = [part for name in ("tx", "tso", "gso", "gro") for part in (name, "off")]
        run(*self.command(place, "ethtool", "-K", interface, *features))

    def _remove(self) -> None:
        for netns in self.netns.values():
            subprocess.run(("ip", "netns", "delete", netns), check=False, capture_output=True)


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
    python = (sys.executable, str(TRAFFIC))
    sniff = (
        *("tcpdump", "-i", "inside", "-n", "-U", "--immediate-mode", "-Z", "root"),
        *("--time-stamp-precision=nano", "-s", str(SNAPLEN.get(name, 0)), "-w", str(path)),
    )
    marks: list[int] = []
    with (
        process(network.command("outside", *python, "serve"), "over", "stdout") as server,
        process(network.command("router", *sniff), "listening", "stderr") as sniffer,
        process(network.command("inside", *python, name), "over", "stdout") as client,
    ):
        for scene in range(1, len(GAPS_S.get(name, ())) + 1):
            time.sleep(QUIET_S)
            marks.append(time.time_ns())
            time.sleep(QUIET_S)
            if PUSH_AFTER_SCENE.get(name) == scene:
                next_scene(server)
                time.sleep(QUIET_S)
            next_scene(client)
        time.sleep(QUIET_S)
        # Before the client ends, which closes what it left open.
        sniffer.terminate()
        sniffer.wait()
    insert_gaps(path, marks, GAPS_S.get(name, ()))


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
    tshark = ("tshark", "-n", "-r", str(path))
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
        with Network() as network, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.pcap"
            record(network, name, path)
            shutil.copyfile(path, HERE / path.name)
    write_counts()


if __name__ == "__main__":
    main(sys.argv[1:])
