"""`send`: packets made by hand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, NamedTuple

from aclbench.capture.fields import PacketFields, make_frame
from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.slices import refuse_running, run_until
from aclbench.workbench.grammar import ArgumentError, ArgumentType, Command, ParsedCommand, integer
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.packets import FLAG_LETTERS
from aclbench.workbench.views.times import LONGEST_NS
from aclbench.workbench.views.verdict import Verdict

#: More packets than this get a summary instead of a line each.
MAX_LINES: Final = 10
MAX_COUNT: Final = 10_000
MAX_PORT: Final = 65535
_PROTOCOLS: Final = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "icmp": PROTO_ICMP, "icmp6": PROTO_ICMP6}
_SYN: Final = 0x02
#: The type of an echo request, of ICMP and of ICMPv6.
_ECHO_REQUEST: Final = {PROTO_ICMP: 8, PROTO_ICMP6: 128}


class Endpoint(NamedTuple):
    """An address, and a port if there is one; of a source the last of several, where they are."""

    address: IPv4Address | IPv6Address
    port: int | None
    last_port: int | None = None


class Fragment(NamedTuple):
    """Where a fragment begins, in bytes, and whether others follow."""

    offset: int
    more: bool


def _parse_endpoint(text: str, context: Any) -> Endpoint:
    match = re.fullmatch(r"\[(?P<ip6>[^\]]*)\](?::(?P<port6>\d+))?", text)
    match = match or re.fullmatch(r"(?P<ip4>[\d.]+):(?P<port4>\d+)", text)
    found = match.groupdict() if match else {}
    address = found.get("ip6") or found.get("ip4") or text
    port = found.get("port6") or found.get("port4")
    right = "10.0.0.2:80, [fd00::2]:80 or an address alone is"
    try:
        ip = ip_address(address)
    except ValueError:
        raise ArgumentError(f"{text[:64]} is not an end of a connection: {right}") from None
    if "%" in address or (found.get("ip6") and ip.version == 4):
        raise ArgumentError(f"{text[:64]} is not an end of a connection: {right}")
    if port is not None and (len(port) > 5 or int(port) > MAX_PORT):
        raise ArgumentError(f"{text[:64]}: ports go from 0 to 65535")
    return Endpoint(ip, None if port is None else int(port))


def _parse_source(text: str, context: Any) -> Endpoint:
    match = re.fullmatch(r"(.*:\d+)-(\d{1,5})", text)
    if match is None:
        return _parse_endpoint(text, context)
    end = _parse_endpoint(match[1], context)
    last = int(match[2])
    if end.port is None or not end.port < last <= MAX_PORT:
        raise ArgumentError(f"{text[:64]} is no range of ports: 10.0.0.2:1000-1999 has one")
    return end._replace(last_port=last)


def _parse_flags(text: str, context: Any) -> int:
    if text == "none":
        return 0
    flags = 0
    for letter in text.upper():
        if letter not in FLAG_LETTERS:
            raise ArgumentError(
                f"{text[:32]} is not TCP flags: letters of {FLAG_LETTERS} are, as in SA, or none"
            )
        flags |= 1 << FLAG_LETTERS.index(letter)
    return flags


def _parse_fragment(text: str, context: Any) -> Fragment:
    match = re.fullmatch(r"(\d{1,5})(\+?)", text)
    if match is None:
        raise ArgumentError(f"{text[:32]} is no fragment: 0+ (the first), 1480+ or 2960 (the last)")
    offset = int(match[1])
    if offset % 8 or offset > 65528:
        raise ArgumentError(f"{text}: a fragment begins at a multiple of 8 bytes, up to 65528")
    return Fragment(offset, match[2] == "+")


ENDPOINT: Final = ArgumentType(
    "endpoint", "an address, with its port: 10.0.0.2:80, [fd00::2]:80", _parse_endpoint
)
SOURCE: Final = ArgumentType(
    "source",
    "an address, with its port, or a packet from each of several: 10.0.0.2:1000-1999",
    _parse_source,
)
TCP_FLAGS: Final = ArgumentType(
    "flags", f"TCP flags, letters of {FLAG_LETTERS}: S, SA, FA; S unless said", _parse_flags
)
FRAGMENT: Final = ArgumentType(
    "fragment", "where a fragment begins, in bytes; + if others follow: 0+, 1480", _parse_fragment
)
VLAN: Final = integer("vlan", 0, 4095, "a VLAN's number, 0 to 4095")
COUNT: Final = integer("count", 1, MAX_COUNT, f"a number of packets, 1 to {MAX_COUNT:,}")
TYPES: Final = (ENDPOINT, SOURCE, TCP_FLAGS, FRAGMENT, VLAN, COUNT)

# --- what is said ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: frames, how often, and how long to wait in between (ns)."""

    frames: tuple[bytes, ...]
    count: int
    interval: int


def read_order(parsed: ParsedCommand) -> Order:
    """What a line asks for. CommandError: its parts do not go together."""
    arguments = parsed.arguments
    said = {name: arguments[name] for name in ("flags", "type", "code", "fragment")}
    said |= {name: arguments[name] for name in ("count", "interval")}
    for name, values in said.items():
        if len(values) > 1:
            raise CommandError(f"{name} is said twice; once is right")
    given = {name: values[0] for name, values in said.items() if values}
    protocol = arguments.get("protocol")
    if protocol is None:
        protocol = next(_PROTOCOLS[word] for word in parsed.words if word in _PROTOCOLS)
    fields = _read_fields(
        protocol, arguments["src"], arguments["dst"], given, arguments.get("vlan")
    )
    count, interval = given.get("count", 1), given.get("interval", 0)
    if (count - 1) * interval > LONGEST_NS:
        raise CommandError("that takes longer than a hundred years")
    source = arguments["src"]
    if source.last_port is None:
        return Order((make_frame(fields),), count, interval)
    if count > 1:
        raise CommandError("a range of ports, or a count: both together are too many")
    ports = range(source.port, source.last_port + 1)
    return Order(tuple(make_frame(replace(fields, sport=port)) for port in ports), 1, 0)


def _read_fields(
    protocol: int, src: Endpoint, dst: Endpoint, given: dict[str, Any], vlan: int | None
) -> PacketFields:
    if src.address.version != dst.address.version:
        raise CommandError(
            f"{src.address} and {dst.address} are of two families; one packet is not"
        )
    family = {PROTO_ICMP: 4, PROTO_ICMP6: 6}.get(protocol, src.address.version)
    if family != src.address.version:
        right = "icmp is for IPv4, icmp6 for IPv6"
        raise CommandError(f"{src.address} is an IPv{src.address.version} address; {right}")
    fragment = given.get("fragment", Fragment(0, False))
    _check_ports(protocol, src, dst, bool(fragment.offset))
    if "flags" in given and (protocol != PROTO_TCP or fragment.offset):
        what = "a fragment behind the first has" if fragment.offset else "only TCP has"
        raise CommandError(f"{what} {'no ' if fragment.offset else ''}TCP flags")
    if "type" in given and (protocol not in _ECHO_REQUEST or fragment.offset):
        what = "a fragment behind the first" if fragment.offset else "what is not ICMP"
        raise CommandError(f"{what} has no type and code")
    return PacketFields(
        protocol,
        str(src.address),
        str(dst.address),
        src.port or 0,
        dst.port or 0,
        given.get("flags", _SYN),
        given.get("type", _ECHO_REQUEST.get(protocol, 0)),
        given.get("code", 0),
        fragment.offset if "fragment" in given else None,
        fragment.more,
        vlan,
    )


def _check_ports(protocol: int, src: Endpoint, dst: Endpoint, is_later: bool) -> None:
    """TCP and UDP have ports, both of them, and nothing else has any."""
    needs = protocol in (PROTO_TCP, PROTO_UDP) and not is_later
    for end in (src, dst):
        if needs and end.port is None:
            ip = f"[{end.address}]" if end.address.version == 6 else str(end.address)
            raise CommandError(f"{end.address} has no port; {ip}:80 has")
        if not needs and end.port is not None:
            what = "a fragment behind the first" if is_later else "what is neither TCP nor UDP"
            raise CommandError(f"{what} has no ports; {end.address} alone is right")


# --- send -----------------------------------------------------------------------------------


def send(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Send packets, and say what became of them."""
    refuse_running(bench)
    order = read_order(parsed)
    name = parsed.arguments["interface"].name
    if not order.interval:
        verdicts = yield from bench.sending(name, order.frames * order.count)
    else:
        verdicts = []
        for number in range(order.count):
            if number:
                yield from run_until(bench, bench.now + order.interval)
            verdicts += yield from bench.sending(name, order.frames)
    if len(verdicts) <= MAX_LINES:
        return "\n".join(verdict_line(bench, verdict) for verdict in verdicts)
    return "\n".join(summary_lines(verdicts))


def verdict_line(bench: Bench, verdict: Verdict) -> str:
    """A packet's number, time and fate, the way it left, and why."""
    time = bench.rig.clock.text(verdict.time_ns)
    return f"packet {verdict.number} at {time}: {_outcome(verdict)}"


def _outcome(verdict: Verdict) -> str:
    fate = verdict.fate.replace("_", " ")
    out = f" > {verdict.tx}" if verdict.tx is not None else ""
    return f"{fate}{out}, {verdict.reason}" if verdict.reason.lower() != fate else fate


def summary_lines(verdicts: list[Verdict]) -> list[str]:
    """How many packets met which fate and why, the most first; session numbers left out."""
    counts = Counter(
        re.sub(r"(existing session) .*", r"\1", _outcome(verdict)) for verdict in verdicts
    )
    lines = [counted(len(verdicts), "packet")]
    return lines + [f"{count:>8,}  {text}" for text, count in counts.most_common()]


GROUP: Final = "packets"
COMMANDS: Final = (
    Command(
        "send <interface> [vlan <vlan>] (tcp|udp|icmp|icmp6|proto <byte:protocol>) "
        "<source:src> > <endpoint:dst> "
        "{<flags>|type <byte:type> code <byte:code>|frag <fragment>|count <count>"
        "|interval <duration:interval>}",
        send,
        "send a packet into an interface and say what becomes of it",
        "IPv6 ends with a port are written [fd00::2]:53. TCP flags are letters such as S, SA, FA,\n"
        "R; a SYN unless said. ICMP is an echo request unless said. With an interval time goes on\n"
        "between two packets. Of a range of source ports, as in 10.0.0.2:1000-1999, there is a\n"
        "packet from each. More than 10 get a summary.",
        GROUP,
        changes=False,
    ),
)
