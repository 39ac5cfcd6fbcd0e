"""The network that `record.py` records in: Linux network namespaces, made and taken away again.

    inside                    router                     outside
    10.0.0.2 to .5/24   ---   .1  recorded here   ---    192.168.0.2 to .5/24
    fd00:1::2 to ::5/64 ---   ::1 .............   ---    fd00:2::2 to ::5/64

With `trunk`, two switches (`switches.py`) stand between inside and router, and what is between
the switches is recorded. With `back_path`, outside sends straight to inside on a second link, past
the router.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from ipaddress import ip_interface
from types import TracebackType

SIDES = {
    "inside": (("10.0.0.{}/24", "fd00:1::{}/64"), "02:00:00:00:01:{:02x}"),
    "outside": (("192.168.0.{}/24", "fd00:2::{}/64"), "02:00:00:00:02:{:02x}"),
}
ROUTER_HOST, HOSTS, NOBODY = 1, range(2, 6), 99
#: The second link of `back_path`; its addresses appear in no packet that is recorded.
BACK_PREFIXES = ("10.9.0.{}/24", "fd00:9::{}/64")
#: Room for two VLAN tags.
TRUNK_MTU = 1508
BACK_MAC, SWITCH_MAC = "02:00:00:00:03:{:02x}", "02:00:00:00:04:{:02x}"


def run(*command: str) -> str:
    """Run a command to its end; its output. Raises CalledProcessError if it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Network:
    """The namespaces; a context manager that takes them away at its end.

    `recorded` is where a recording is made: a namespace and an interface.
    """

    def __init__(self, trunk: bool = False, back_path: bool = False) -> None:
        places = ("inside", "router", "outside", *(("trunk",) if trunk else ()))
        self.netns = {name: f"aclbench-{os.getpid()}-{name}" for name in places}
        self.recorded = ("trunk", "trunk0") if trunk else ("router", "inside")
        self._back_path = back_path

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
        # For the routing headers of `ip6-extensions`.
        for key in ("all", "default"):
            self._set("outside", f"net/ipv6/conf/{key}/seg6_enabled", 1)
        # A capture of a second asks for more errors than a host would send in it.
        self._set("outside", "net/ipv4/icmp_ratelimit", 0)
        self._set("outside", "net/ipv6/icmp/ratelimit", 0)
        for side in SIDES:
            self._connect(side)
        if self._back_path:
            self._add_back_path()
        time.sleep(3)  # for what stacks say on their own when a link comes up

    def _set(self, place: str, key: str, value: int) -> None:
        run(*self.command(place, "sh", "-c", f"echo {value} > /proc/sys/{key}"))

    def _connect(self, side: str) -> None:
        """One link, with all hosts of the side on one end and the router on the other."""
        prefixes, mac = SIDES[side]
        host, router = self.netns[side], self.netns["router"]
        self._cable(side)
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

    def _cable(self, side: str) -> None:
        """The link between a side and the router: one veth pair, or two with the switches."""
        mac = SIDES[side][1]
        ends = (
            (self.netns[side], "eth0", mac.format(HOSTS[0])),
            (self.netns["router"], side, mac.format(ROUTER_HOST)),
        )
        if side != "inside" or "trunk" not in self.netns:
            _veth(*ends)
            return
        trunk = self.netns["trunk"]
        for key in ("all", "default"):
            self._set("trunk", f"net/ipv6/conf/{key}/disable_ipv6", 1)  # a switch says nothing
        for number, end in enumerate(ends):
            _veth(end, (trunk, f"port{number}", SWITCH_MAC.format(number)))
        _veth(*((trunk, f"trunk{n}", SWITCH_MAC.format(n + 2)) for n in (0, 1)))
        for interface in ("port0", "port1", "trunk0", "trunk1"):
            self._offloads_off("trunk", interface)
            mtu = ("mtu", str(TRUNK_MTU)) if "trunk" in interface else ()
            run("ip", "-n", trunk, "link", "set", interface, *mtu, "promisc", "on", "up")

    def _add_back_path(self) -> None:
        """A second link, on which outside reaches inside; inside goes on using the first."""
        inside, outside = self.netns["inside"], self.netns["outside"]
        _veth((inside, "eth1", BACK_MAC.format(1)), (outside, "eth1", BACK_MAC.format(2)))
        for number, place in ((1, "inside"), (2, "outside")):
            for prefix in BACK_PREFIXES:
                nodad = ("nodad",) if ":" in prefix else ()
                ip = ("ip", "-n", self.netns[place])
                run(*ip, "address", "add", prefix.format(number), "dev", "eth1", *nodad)
            self._offloads_off(place, "eth1")
            run("ip", "-n", self.netns[place], "link", "set", "eth1", "up")
        for prefix, back in zip(SIDES["inside"][0], BACK_PREFIXES, strict=True):
            family = "-6" if ":" in prefix else "-4"
            network = str(ip_interface(prefix.format(0)).network)
            gateway = back.format(1).split("/")[0]
            run("ip", family, "-n", outside, "route", "add", network, "via", gateway)

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


def _veth(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """A cable between two interfaces; of each the namespace, name and MAC address."""
    (netns, name, mac), (peer_netns, peer, peer_mac) = one, other
    run(
        *("ip", "link", "add", name, "netns", netns, "address", mac, "type", "veth"),
        *("peer", "name", peer, "netns", peer_netns, "address", peer_mac),
    )
