"""The argument types that know the bench: interfaces, ACLs, prefixes, ports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import (
    IPv4Interface,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from typing import Any, Final, NamedTuple

from aclbench.engine.acl import DENY, MAX_TAG_BYTES, AclRule
from aclbench.engine.fib import Prefix
from aclbench.engine.main import Interface
from aclbench.engine.timeouts import TIMEOUT_NAMES
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    choice,
    integer,
)
from aclbench.workbench.grammar.lines import shown_word
from aclbench.workbench.rig.names import (
    REAL_EXAMPLES,
    is_packet_generator,
    is_real_name,
    no_interface,
    same_but_for_case,
)
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.times import UNITS_NS, read_length, read_moment


class PortRange(NamedTuple):
    """First and last port, or ICMP type or code."""

    first: int
    last: int


class NewInterface(NamedTuple):
    """An interface with a real VPP's name that there is not yet."""

    name: str


class Address(NamedTuple):
    """An interface address: with its host bits."""

    address: int
    length: int
    is_ip6: bool


# --- interfaces -----------------------------------------------------------------------------


def rig_of(context: Any) -> Rig:
    """The rig that a line is read for: a bench's, or the one that it is performed on."""
    rig: Rig = context if isinstance(context, Rig) else context.rig
    return rig


def interfaces_of(rig: Rig) -> list[Interface]:
    """The interfaces that a command can name."""
    return [i for i in rig.machine.am.interfaces if i is not None and not i.deleted]


def _parse_interface(text: str, context: Any) -> Interface:
    rig = rig_of(context)
    interface = rig.machine.am.interface_named(text)
    if interface is not None:
        return interface
    raise ArgumentError(no_interface(text, rig.machine.am))


def _complete_interface(prefix: str, context: Any) -> Iterable[Candidate]:
    for interface in interfaces_of(rig_of(context)):
        state = "up" if interface.admin_up else "down"
        yield Candidate(interface.name, f"sw_if_index {interface.sw_if_index}, {state}")


def _parse_new_interface(text: str, context: Any) -> str:
    if not is_packet_generator(text):
        hint = f"; set interface state {text} up makes {text}" if is_real_name(text) else ""
        wanted = f"is not a name for one: pg0, pg1 and so on are right{hint}"
        raise ArgumentError(f"{text[:64]} {wanted}")
    if rig_of(context).machine.am.interface_named(text) is not None:
        raise ArgumentError(f"interface {text} exists already")
    return text


def _parse_any_interface(text: str, context: Any) -> Interface | NewInterface:
    am = rig_of(context).machine.am
    there = am.interface_named(text) is not None or same_but_for_case(text, am) is not None
    if is_real_name(text) and not there:
        return NewInterface(text)
    return _parse_interface(text, context)


ANY_INTERFACE: Final = ArgumentType(
    "any-interface",
    f"an interface by name; of a new one a real VPP's, such as {REAL_EXAMPLES}",
    _parse_any_interface,
    _complete_interface,
)
INTERFACE: Final = ArgumentType(
    "interface", "an interface by name", _parse_interface, _complete_interface
)
NEW_INTERFACE: Final = ArgumentType(
    "new-interface", "a name for a packet-generator interface: pg0, pg1, ...", _parse_new_interface
)

# --- addresses ------------------------------------------------------------------------------


def _read_address(text: str) -> IPv4Interface | IPv6Interface:
    if "/" not in text:
        raise ArgumentError(f"{text[:64]} has no prefix length; 10.0.0.0/24 or fd00::/64 has")
    try:
        interface = ip_interface(text)
    except ValueError as error:
        message = f"{text[:64]} is not a prefix such as 10.0.0.0/24 or fd00::/64"
        raise ArgumentError(f"{message} ({str(error)[:80]})") from None
    if text.count("/") != 1 or not text.split("/")[1].isdigit() or "%" in text:
        raise ArgumentError(f"{text[:64]}: a prefix ends in its length, as 10.0.0.0/24 does")
    return interface


def _parse_prefix(text: str, context: Any) -> Prefix:
    interface = _read_address(text)
    network = interface.network
    if interface.ip != network.network_address:
        raise ArgumentError(
            f"{text} has bits set below its length and would never match; {network} would be right"
        )
    return Prefix(int(interface.ip), network.prefixlen, interface.version == 6)


def _parse_rule_prefix(text: str, context: Any) -> Prefix:
    interface = _read_address(text)
    prefix = Prefix(int(interface.ip), interface.network.prefixlen, interface.version == 6)
    rule = AclRule(DENY, prefix.is_ip6, prefix.address, prefix.length)
    return (
        prefix if rig_of(context).machine.rule_check.takes(rule) else _parse_prefix(text, context)
    )


def _parse_interface_address(text: str, context: Any) -> Address:
    interface = _read_address(text)
    return Address(int(interface.ip), interface.network.prefixlen, interface.version == 6)


def _parse_host(text: str, context: Any) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ArgumentError(f"{text[:64]} is not an address: 10.0.0.2 or fd00::2 is") from None


def _parse_mac(text: str, context: Any) -> str:
    if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", text):
        raise ArgumentError(f"{text[:64]} is not a MAC address: 02:00:00:00:00:02 is")
    return ":".join(f"{int(part, 16):02x}" for part in text.split(":"))


PREFIX: Final = ArgumentType("prefix", "a prefix such as 10.0.0.0/24 or fd00::/64", _parse_prefix)
RULE_PREFIX: Final = ArgumentType(
    "rule-prefix", "a prefix such as 10.0.0.0/24 or fd00::/64", _parse_rule_prefix
)
ADDRESS: Final = ArgumentType(
    "address", "an address with its length, such as 10.0.0.1/24", _parse_interface_address
)
HOST: Final = ArgumentType("host", "an address such as 10.0.0.2 or fd00::2", _parse_host)
MAC: Final = ArgumentType("mac", "a MAC address", _parse_mac)

# --- ACLs -----------------------------------------------------------------------------------


def _parse_acl_index(text: str, context: Any) -> int:
    acls = rig_of(context).machine.am.acls
    if text.isdecimal() and len(text) <= 9 and int(text) in acls:
        return int(text)
    known = ", ".join(str(n) for n in sorted(acls)) or "none yet"
    raise ArgumentError(f"there is no ACL {text[:32]}; this bench has {known}")


def _complete_acl_index(prefix: str, context: Any) -> Iterable[Candidate]:
    for acl_index, acl in sorted(rig_of(context).machine.am.acls.items()):
        yield Candidate(str(acl_index), f"{len(acl.rules)} rules, tag {acl.tag}")


def _parse_port_range(text: str, context: Any) -> PortRange:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if match is None:
        raise ArgumentError(f"{text[:32]} is not a port or a range such as 80 or 1024-65535")
    first = int(match[1])
    last = int(match[2]) if match[2] else first
    if first > 65535 or last > 65535:
        raise ArgumentError(f"{text}: ports go from 0 to 65535")
    if first > last:
        raise ArgumentError(f"{text}: the range ends before it begins; {last}-{first} is a range")
    return PortRange(first, last)


def _parse_proto(text: str, context: Any) -> int:
    names = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "gre": 47}
    if text.lower() in names:
        raise ArgumentError(f"VPP takes the number of a protocol; {text} is {names[text.lower()]}")
    if not text.isdecimal() or len(text) > 3 or int(text) > 255:
        raise ArgumentError(f"{text[:32]} is not a protocol number from 0 (any) to 255")
    return int(text)


def _parse_tag(text: str, context: Any) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TAG_BYTES:
        raise ArgumentError(f"{shown_word(text)}: a tag has at most {MAX_TAG_BYTES} bytes")
    return text


TAG: Final = ArgumentType("tag", f"a tag of at most {MAX_TAG_BYTES} bytes", _parse_tag)
ACL_INDEX: Final = ArgumentType(
    "acl-index", "the index of an ACL", _parse_acl_index, _complete_acl_index
)
PORT_RANGE: Final = ArgumentType(
    "port-range", "a port or a range: 80, 1024-65535 (ICMP: type, code)", _parse_port_range
)
PROTO: Final = ArgumentType("proto", "a protocol number, 0 for any: 6 TCP, 17 UDP", _parse_proto)
BYTE: Final = integer("byte", 0, 255)


def _classes_of(context: Any) -> dict[str, str]:
    return {each.name: each.what for each in rig_of(context).machine.am.timeout_classes}


def _parse_class(text: str, context: Any) -> str:
    if text in (names := _classes_of(context)):
        return text
    raise ArgumentError(f"there is no class {shown_word(text)}; there is {', '.join(names)}")


def _complete_class(prefix: str, context: Any) -> Iterable[Candidate]:
    for name, what in _classes_of(context).items():
        if name not in TIMEOUT_NAMES:  # those have VPP's words
            yield Candidate(name, what)


TIMEOUT_CLASS: Final = ArgumentType(
    "timeout-class", "a class of sessions of this design", _parse_class, _complete_class
)
SWITCH: Final = choice("switch", {"0": False, "1": True}, "0 off, 1 on")
TIMEOUT: Final = integer("timeout", 1, 2**31 - 1, "an idle timeout in whole seconds, at least 1")
ENTRIES: Final = integer("entries", 1, 2**32 - 1, "a number of sessions, at least 1")
NUMBER: Final = integer("number", 0, 2**32 - 1)

# --- times ----------------------------------------------------------------------------------


def _parse_duration(text: str, context: Any) -> int:
    return read_length(text)


def _parse_moment(text: str, context: Any) -> str:
    read_moment(text)
    return text


def _part_of_moment(before: str, behind: str, wrong: str) -> Callable[[str, Any], str]:
    """A parser of a word that stands between others of a time."""

    def parse(text: str, context: Any) -> str:
        try:
            read_moment(f"{before}{text}{behind}")
        except ArgumentError:
            raise ArgumentError(f"{shown_word(text)} is not {wrong}") from None
        return text

    return parse


DURATION: Final = ArgumentType(
    "duration", "a length of time: 10s, 500ms, 250us, 1ns, 2min, 1h, or seconds", _parse_duration
)
MOMENT: Final = ArgumentType(
    "moment", "a time: +12.5s from the start, 12:00:05 or 12:00:05.25+01:00", _parse_moment
)
DAY: Final = ArgumentType(
    "day",
    "a date, 2026-11-27, ahead of a time of day",
    _part_of_moment("", " 00:00:00", "a date: 2026-11-27 is, with a time of day behind it"),
)
OF_DAY: Final = ArgumentType(
    "of-day",
    "a time of day, 12:00:05",
    _part_of_moment("2000-01-01 ", "", "a time of day: 12:00:05 is, or 12:00:05.25Z"),
)
ZONE: Final = ArgumentType(
    "zone",
    "a zone: Z, UTC or +01:00",
    _part_of_moment("00:00:00 ", "", "a zone: Z, UTC and +01:00 are"),
)
UNIT: Final = choice("unit", {unit: unit for unit in UNITS_NS}, "a unit: s, ms, min")
#: A time, in one word or in several: see `reaching.moment_of`.
TIME_FORM: Final = ("time", "<moment> [<zone>|<unit>] | <day> <of-day> [<zone>]")

ARGUMENT_TYPES: Final = (
    DURATION,
    MOMENT,
    DAY,
    OF_DAY,
    ZONE,
    UNIT,
    INTERFACE,
    ANY_INTERFACE,
    NEW_INTERFACE,
    PREFIX,
    RULE_PREFIX,
    ADDRESS,
    HOST,
    MAC,
    ACL_INDEX,
    TAG,
    TIMEOUT_CLASS,
    PORT_RANGE,
    PROTO,
    BYTE,
    SWITCH,
    TIMEOUT,
    ENTRIES,
    NUMBER,
)
