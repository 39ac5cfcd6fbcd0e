"""The command `explain`: why a packet met its fate, or what would become of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from ipaddress import IPv4Address, IPv6Address, ip_address
from operator import or_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aclbench.capture.fields import PacketFields, make_frame
from aclbench.engine.packet import PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, PROTO_UDP, TCP_SYN
from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.reaching import play_to_named, unplayed_text
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.tasks import Slices

if TYPE_CHECKING:  # what answers is imported when it is asked
    from aclbench.workbench.inquiry.explain import Explanation, PacketName
    from aclbench.workbench.inquiry.explain.connection import Connection

#: A run of so many packets has its reasons counted first, since its causes take a while.
LARGE: Final = 100_000
_PROTOS: Final = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "icmp": PROTO_ICMP, "icmp6": PROTO_ICMP6}
_ECHO_REQUEST: Final = {PROTO_ICMP: 8, PROTO_ICMP6: 128}


class FlowEnd(NamedTuple):
    """An address, and its port, if it has one."""

    address: IPv4Address | IPv6Address
    port: int | None


def _parse_packet(text: str, context: Any) -> PacketName:
    from aclbench.workbench.inquiry.explain import PacketName

    match = re.fullmatch(r"(?:(.+):)?(\d{1,12})", text)
    if match is None:
        raise ArgumentError(f"{text[:64]} is not a packet: 17 is, or http.pcap:17, or 2:17")
    return PacketName(match[1] or "", int(match[2]))


def _complete_packet(prefix: str, context: Any) -> Iterable[Candidate]:
    feed = rig_of(context).feed
    captures = feed.captures if feed is not None else ()
    for number, path in enumerate(captures, 1):
        if len(captures) > 1:
            yield Candidate(f"{number}:", f"a packet of {path.name}")


def _parse_end(text: str, context: Any) -> FlowEnd:
    match = re.fullmatch(r"\[([^\[\]]+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?|(.*:.*:.*)", text)
    if match is not None and "%" not in text:
        address, port = match[1] or match[3] or match[5], match[2] or match[4]
        try:
            found = ip_address(address)
        except ValueError:
            match = None
        else:
            if port is not None and int(port) > 65535:
                raise ArgumentError(f"{text[:64]}: ports go from 0 to 65535")
            return FlowEnd(found, None if port is None else int(port))
    raise ArgumentError(
        f"{text[:64]} is not an address with or without a port: 10.0.0.2:53 is, or [fd00::2]:53"
    )


def _parse_flags(text: str, context: Any) -> int:
    from aclbench.workbench.inquiry.explain.reading import TCP_FLAG_NAMES

    names = {name: 1 << bit for bit, name in enumerate(TCP_FLAG_NAMES)}
    words = text.upper().split("+")
    if all(word in names for word in words):
        return sum(names[word] for word in set(words))
    letters = {name[0]: bit for name, bit in names.items()}
    if re.fullmatch(r"[FSRPAUEC]+", text):
        return sum(letters[letter] for letter in set(text))
    raise ArgumentError(f"{text[:32]} is no TCP flags: SYN is, or syn+ack, or SA")


def _complete_flags(prefix: str, context: Any) -> Iterable[Candidate]:
    from aclbench.workbench.inquiry.explain.reading import TCP_FLAG_NAMES

    return [Candidate(name.lower()) for name in TCP_FLAG_NAMES]


TYPES: Final = (
    ArgumentType(
        "packet-name",
        "a packet by Wireshark's number: 17, or file:17 with several captures",
        _parse_packet,
        _complete_packet,
    ),
    ArgumentType(
        "flow-end", "an address and port: 10.0.0.2:53, [fd00::2]:53, 10.0.0.2", _parse_end
    ),
    ArgumentType("flow-flags", "TCP flags: syn, syn+ack, SA", _parse_flags, _complete_flags),
)


def read_packet(parsed: ParsedCommand) -> PacketFields:
    """The packet of a parsed 5-tuple. CommandError: such a packet cannot be."""
    arguments = parsed.arguments
    proto = next((n for name, n in _PROTOS.items() if name in parsed.words), None)
    proto = arguments["proto"] if proto is None else proto
    src, dst = arguments["src"], arguments["dst"]
    if src.address.version != dst.address.version:
        raise CommandError("the two ends are of two families; a packet has one")
    is_ip6 = src.address.version == 6
    if proto in _ECHO_REQUEST and (proto == PROTO_ICMP6) != is_ip6:
        right = "icmp6" if is_ip6 else "icmp"
        raise CommandError(f"over IPv{6 if is_ip6 else 4} it is {right}")
    flags: list[int] = arguments["flags"]
    if flags and proto != PROTO_TCP:
        raise CommandError("only tcp has flags")
    has_type = bool(arguments["type"] or arguments["code"])
    if has_type and proto not in _ECHO_REQUEST:
        raise CommandError("only icmp and icmp6 have type and code")
    if proto in (PROTO_TCP, PROTO_UDP):
        if src.port is None or dst.port is None:
            raise CommandError("tcp and udp have ports: 10.0.0.2:40000 > 192.168.0.2:80")
    elif src.port is not None or dst.port is not None:
        raise CommandError("only tcp and udp have ports")
    return PacketFields(
        proto,
        str(src.address),
        str(dst.address),
        src.port or 0,
        dst.port or 0,
        tcp_flags=reduce(or_, flags) if flags else TCP_SYN,
        icmp_type=_last(arguments["type"], _ECHO_REQUEST.get(proto, 0)),
        icmp_code=_last(arguments["code"], 0),
    )


def _last(values: list[int], otherwise: int) -> int:
    return values[-1] if values else otherwise


def explanation_of(bench: Bench, parsed: ParsedCommand) -> Slices[Explanation]:
    """What a parsed `explain` asks for. AclbenchError: the bench keeps no history."""
    from aclbench.workbench.inquiry.explain import explain_frame, explain_packet

    if "packet" in parsed.arguments:
        wanted = parsed.arguments["packet"]
        assert bench.past  # or it says why not
        yield from play_to_named(bench, wanted.source, wanted.frame)
        return (yield from explain_packet(bench.past, wanted))
    frame = make_frame(read_packet(parsed))
    return (yield from explain_frame(bench, parsed.arguments["interface"].name, frame))


def explain(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """The explanation in lines."""
    from aclbench.workbench.inquiry.explain import explanation_text

    return explanation_text((yield from explanation_of(bench, parsed)))


def explain_data(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
    """The explanation as plain values."""
    return (yield from explanation_of(bench, parsed)).to_json()


def explain_all_text(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """All packets that did not pass, by cause, in lines."""
    from aclbench.workbench.inquiry.explain import (
        explain_all,
        groups_text,
        reasons_so_far,
        reasons_text,
    )

    packets = bench.past.cursor.position.packets
    if unplayed := unplayed_text(bench.rig):
        return unplayed
    if bench.printer is not None and packets >= LARGE:
        bench.printer(reasons_text(reasons_so_far(bench.past), packets))
    return groups_text((yield from explain_all(bench.past)))


def explain_all_data(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
    """The same as plain values."""
    from aclbench.workbench.inquiry.explain import explain_all

    return (yield from explain_all(bench.past)).to_json()


def _connection_of(bench: Bench, parsed: ParsedCommand) -> Slices[Connection]:
    from aclbench.workbench.inquiry.explain import explain_connection

    number = parsed.arguments["number"]
    if unplayed := unplayed_text(bench.rig):
        raise CommandError(f"there is no connection {number}: {unplayed}")
    return (yield from explain_connection(bench, bench.past, number))


def explain_conn_text(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """What happened to a connection, in lines."""
    from aclbench.workbench.inquiry.explain import connection_text

    return connection_text((yield from _connection_of(bench, parsed)), bench.rig.clock)


def explain_conn_data(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
    """The same as plain values."""
    return (yield from _connection_of(bench, parsed)).to_json()


GROUP: Final = "packets"
COMMANDS: Final = (
    Command(
        "explain <packet-name:packet>",
        explain,
        "why a packet of the run met its fate, and what would have let it pass",
        "The packet by its Wireshark number; file:17 or 2:17 with several captures, sent:17 where\n"
        "packets were sent as well. One that was not played yet is played to.",
        GROUP,
        changes=False,
        data=explain_data,
    ),
    Command(
        "explain all",
        explain_all_text,
        "all packets of the run that did not pass, grouped by cause, with an example of each",
        "",
        GROUP,
        changes=False,
        data=explain_all_data,
    ),
    Command(
        "explain conn <number>",
        explain_conn_text,
        "what happened to a connection: its packets, its sessions, why the first did not pass",
        "By its number, which packets shows.",
        GROUP,
        changes=False,
        data=explain_conn_data,
    ),
    Command(
        "explain <interface> (tcp|udp|icmp|icmp6|proto <byte:proto>) <flow-end:src> > "
        "<flow-end:dst> {<flow-flags:flags>|type <byte:type>|code <byte:code>}",
        explain,
        "what would become of a packet now; nothing is changed",
        "IPv6 with ports is written [fd00::2]:53. TCP without flags is a SYN, ICMP without a type\n"
        "an echo request.",
        GROUP,
        changes=False,
        data=explain_data,
    ),
)
