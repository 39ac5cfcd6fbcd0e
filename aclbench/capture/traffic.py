"""A description of traffic: its size, kinds, times and addresses, checked before any is made.

`Traffic` is what a person asks for. `Kind` is one sort of flow in it: family, protocol, how a TCP
connection ends, and how many flows of the kind there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal, get_args

from aclbench.capture.batch import GENERATED_NS
from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP
from aclbench.errors import SynthError
from aclbench.words import counted

Network = IPv4Network | IPv6Network
Order = Literal["random", "round"]

PROTOCOLS: Final = ("tcp", "udp", "icmp")
#: How a TCP connection ends: closed by FIN, reset by RST, left open, or never answered.
TCP_ENDS: Final = ("fin", "rst", "open", "half-open")
#: The fewest packets of a flow: a whole connection, without data.
FEWEST: Final[dict[str, int]] = {"fin": 6, "rst": 4, "open": 3, "half-open": 1, "": 1}
#: Client ports are those from here on; each inside host has them all.
FIRST_PORT: Final = 1024
PORTS: Final = 65536 - FIRST_PORT
#: At most so many hosts of a prefix are used.
HOSTS_LIMIT: Final = 65534
PACKETS_LIMIT: Final = 999_999_999
FRAME_BYTES: Final = (60, 9014)
_LATEST_S: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of flow: `count` of them; `end` is one of TCP_ENDS, empty for other protocols."""

    family: int
    protocol: int
    end: str
    count: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What to make. Raises SynthError for what cannot be, saying what would be right.

    `mix` and `tcp` are shares of the flows, of whatever sum; `ip6_percent` of them are IPv6.
    `gap_ns` is the mean time between packets: exact in order "round", exponential in "random".
    After every `idle_every` packets nothing is sent for `idle_ns` more. `frame_bytes` is the size
    of frames that carry data, without a check sequence; the others are their headers alone.
    """

    packets: int = 1000
    flows: int = 100
    mix: Mapping[str, float] = field(default_factory=lambda: {"tcp": 70, "udp": 25, "icmp": 5})
    tcp: Mapping[str, float] = field(
        default_factory=lambda: {"fin": 60, "rst": 10, "open": 20, "half-open": 10}
    )
    ip6_percent: float = 20
    gap_ns: int = 1_000_000
    idle_ns: int = 0
    idle_every: int = 500
    order: Order = "random"
    frame_bytes: int = 100
    start_ns: int = GENERATED_NS
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        _check_range("flows", self.flows, 1, PACKETS_LIMIT)
        _check_range("packets", self.packets, 1, PACKETS_LIMIT)
        _check_range("flows", self.flows, 1, self.packets)
        _check_range("ip6", self.ip6_percent, 0, 100)
        _check_range("frame-size", self.frame_bytes, *FRAME_BYTES)
        _check_range("idle-every", self.idle_every, 1, PACKETS_LIMIT)
        _check_range("seed", self.seed, 0, (1 << 64) - 1)
        if self.order not in get_args(Order):
            raise SynthError(f"--order {self.order}: the orders are {', '.join(get_args(Order))}")
        self._check_times()
        for network in self.networks("inside").values():
            for other in self.networks("outside").values():
                if network.version == other.version and network.overlaps(other):
                    raise SynthError(
                        f"inside {network} and outside {other} overlap; give them apart"
                    )
        self._check_room()

    def _check_times(self) -> None:
        for name, value in (("gap", self.gap_ns), ("idle", self.idle_ns), ("start", self.start_ns)):
            if value < 0:
                raise SynthError(f"--{name} is negative; give 0 or more")
        idles = (self.packets - 1) // self.idle_every
        end_s = (self.start_ns + self.packets * self.gap_ns + idles * self.idle_ns) / 10**9
        if end_s >= _LATEST_S:
            raise SynthError(
                f"the capture would end {end_s:.0f} s after 1970; pcap holds {_LATEST_S - 1} s "
                "(2106): take a smaller --gap, --idle or --start"
            )

    def _check_room(self) -> None:
        """Packets enough for whole connections, addresses enough for distinct flows."""
        needed = sum(FEWEST[kind.end] * kind.count for kind in self.kinds())
        if needed > self.packets:
            raise SynthError(
                f"to be whole, {counted(self.flows, 'flow')} of these kinds need at least {needed} "
                f"packets (fin 6, rst 4, open 3, others 1), not {self.packets}: give --packets "
                f"{needed}, or fewer --flows"
            )
        for protocol in (PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMP6):
            for family in (4, 6):
                self._check_addresses(family, protocol)

    def _check_addresses(self, family: int, protocol: int) -> None:
        count = sum(k.count for k in self.kinds() if (k.family, k.protocol) == (family, protocol))
        inside, outside = self.networks("inside")[family], self.networks("outside")[family]
        icmp = protocol in (PROTO_ICMP, PROTO_ICMP6)
        room = hosts_of(inside) * (hosts_of(outside) if icmp else PORTS)
        if count > room:
            per = "one a pair of hosts" if icmp else f"{PORTS} a host"
            raise SynthError(
                f"inside {inside}, outside {outside} have room for {room} such flows ({per}), "
                f"not {count}: give shorter prefixes, or fewer --flows"
            )

    def networks(self, side: Literal["inside", "outside"]) -> dict[int, Network]:
        """The prefix of each family (4, 6) on a side."""
        texts = self.inside if side == "inside" else self.outside
        found: dict[int, Network] = {}
        for text in texts:
            try:
                network = ip_network(text)
            except ValueError as error:
                raise SynthError(
                    f"--{side} {text}: {error}; write 10.0.0.0/16 or fd00:1::/64"
                ) from None
            if network.version in found:
                raise SynthError(f"--{side} {text}: one IPv4 and one IPv6 prefix a side, no more")
            found[network.version] = network
        defaults = ("10.0.0.0/16", "fd00:1::/64"), ("192.168.0.0/16", "fd00:2::/64")
        for text in defaults[side == "outside"]:
            network = ip_network(text)
            found.setdefault(network.version, network)
        return found

    def kinds(self) -> list[Kind]:
        """The kinds of flows; each has its share, to within one."""
        mix = _shares("mix", self.mix, PROTOCOLS)
        ends = _shares("tcp", self.tcp, TCP_ENDS)
        parts: list[tuple[int, int, str, float]] = []
        for name, share in mix.items():
            for family, of in ((4, 1 - self.ip6_percent / 100), (6, self.ip6_percent / 100)):
                icmp = PROTO_ICMP if family == 4 else PROTO_ICMP6
                protocol = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "icmp": icmp}[name]
                for end, part in ends.items() if name == "tcp" else (("", 1.0),):
                    parts.append((family, protocol, end, share * of * part))
        kinds, done, upto = [], 0, 0.0
        for family, protocol, end, share in parts:
            upto += share
            until = round(upto * self.flows)
            kinds.append(Kind(family, protocol, end, until - done))
            done = until
        return [kind for kind in kinds if kind.count]


def hosts_of(network: Network) -> int:
    """How many hosts of a prefix are used: not its first and last address, if it has more."""
    return min(max(network.num_addresses - 2, 1), HOSTS_LIMIT)


def parse_shares(name: str, text: str) -> dict[str, float]:
    """Shares as in `tcp=70,udp=30`."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        key, equals, number = part.strip().partition("=")
        try:
            if not equals or key in shares:
                raise ValueError
            shares[key] = float(number)
        except ValueError:
            known = ",".join(f"{known}=NUMBER" for known in _SHARES[name])
            raise SynthError(f"--{name} {text}: not as in {known}, at {part!r}") from None
    _shares(name, shares, _SHARES[name])
    return shares


_SHARES: Final = {"mix": PROTOCOLS, "tcp": TCP_ENDS}


def _shares(name: str, shares: Mapping[str, float], known: tuple[str, ...]) -> dict[str, float]:
    """The shares as parts of 1, in the order of `known`."""
    for key, share in shares.items():
        if key not in known:
            raise SynthError(f"--{name}: {key!r} is not one of {', '.join(known)}")
        if not 0 <= share < float("inf"):
            raise SynthError(f"--{name}: the share of {key} is {share:g}; give 0 or more")
    total = sum(shares.values())
    if not total:
        raise SynthError(f"--{name}: nothing has a share; give one of {', '.join(known)} some")
    return {key: shares.get(key, 0) / total for key in known}


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SynthError(f"--{name} is {value}; give {low} to {high}")


def parse_duration(name: str, text: str) -> int:
    """Seconds, as text, in whole nanoseconds."""
    try:
        return int(Decimal(text) * 10**9)
    except (InvalidOperation, ValueError, OverflowError):
        raise SynthError(f"--{name} {text}: not a number of seconds, as in 0.001") from None


def parse_start(text: str) -> int:
    """Seconds since 1970 or a time as in 2026-01-01T12:00:00 (UTC), in nanoseconds."""
    try:
        return int(Decimal(text) * 10**9)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise SynthError(
            f"--start {text}: neither seconds since 1970 nor a time as in 2026-01-01T12:00:00"
        ) from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return int(when.timestamp() * 10**6) * 1000
