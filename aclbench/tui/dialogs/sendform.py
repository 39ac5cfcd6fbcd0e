"""A packet as it is filled in, and the `send` or `explain` line made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from typing import TYPE_CHECKING, Any, Final

from aclbench.errors import CommandError
from aclbench.tui.dialogs.dialog import FormError
from aclbench.workbench.commands.bench import sending
from aclbench.workbench.commands.types import BYTE, DURATION
from aclbench.workbench.grammar import ArgumentType, ParsedCommand

if TYPE_CHECKING:
    from aclbench.workbench.views.snapshot import InterfaceView

PROTOCOLS: Final = ("tcp", "udp", "icmp", "icmp6", "proto")
#: Which optional parts go with a protocol; the rest goes with all.
PARTS: Final = {
    "tcp": frozenset({"ports", "flags"}),
    "udp": frozenset({"ports"}),
    "icmp": frozenset({"icmp"}),
    "icmp6": frozenset({"icmp"}),
    "proto": frozenset({"number"}),
}
FLAGS: Final = "FSRPAUEC"
_KNOWN_NUMBERS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}
_ECHO_REQUEST: Final = {"icmp": "8", "icmp6": "128"}
_SOURCE_PORT: Final = "40000"
_SERVICE: Final = {"tcp": "80", "udp": "53"}
#: What answers a packet with these flags; what is not here has itself for an answer.
_REPLY_FLAGS: Final = {"S": "SA", "SA": "A", "PA": "A", "F": "FA"}
_REPLY_TYPES: Final = {"8": "0", "0": "8", "128": "129", "129": "128"}

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class SendForm:
    """What stands in the fields, as typed."""

    interface: str = ""
    protocol: str = "tcp"
    number: str = "47"
    src: str = ""
    sport: str = _SOURCE_PORT
    dst: str = ""
    dport: str = "80"
    flags: str = "S"
    type: str = "8"
    code: str = "0"
    vlan: str = ""
    fragment: str = ""
    count: str = "1"
    interval: str = ""

    @property
    def parts(self) -> frozenset[str]:
        """The parts that such a packet has: a fragment behind the first has no L4."""
        parts = PARTS[self.protocol]
        is_later = self.fragment.strip(" 0+") != ""
        return parts - {"ports", "flags", "icmp"} if is_later else parts


# --- the lines --------------------------------------------------------------------------------


def send_line(form: SendForm) -> str:
    """The line that sends the packet. FormError: no such packet can be, or be sent."""
    _check(form)
    words = ["send", form.interface]
    words += ["vlan", form.vlan] if form.vlan else []
    words += _flow_words(form)
    if "flags" in form.parts:
        words.append(form.flags or "none")
    words += ["frag", form.fragment] if form.fragment else []
    words += ["count", form.count] if form.count not in ("", "1") else []
    words += ["interval", form.interval] if form.interval else []
    return " ".join(words)


def explain_line(form: SendForm) -> str:
    """The line that says what would become of it now. FormError: `explain` cannot say that.

    It looks at one packet: VLAN, count and interval are left out.
    """
    _check(form)
    if form.fragment:
        raise FormError("explain knows whole packets alone; leave the fragment out", "fragment")
    words = ["explain", form.interface, *_flow_words(form)]
    if "flags" in form.parts:
        if not form.flags:
            raise FormError("explain wants at least one TCP flag", "flags")
        words.append(form.flags)
    return " ".join(words)


def _flow_words(form: SendForm) -> list[str]:
    words = ["proto", form.number] if form.protocol == "proto" else [form.protocol]
    words += [_end_text(form, form.src, form.sport), ">", _end_text(form, form.dst, form.dport)]
    return [*words, "type", form.type, "code", form.code] if "icmp" in form.parts else words


def _end_text(form: SendForm, address: str, port: str) -> str:
    if "ports" not in form.parts:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


# --- what is wrong ------------------------------------------------------------------------------


def _check(form: SendForm) -> None:
    """Each field by itself, then by `send`'s own rules whether they go together."""
    if not form.interface:
        raise FormError(
            "this bench has no interface to send into; "
            "create packet-generator interface pg0 makes one",
            "interface",
        )
    arguments: dict[str, Any] = {name: [] for name in ("flags", "type", "code")}
    arguments |= {"fragment": [], "count": [], "interval": []}
    arguments["src"] = sending.Endpoint(_address(form.src, "src"), _port(form, "sport"))
    arguments["dst"] = sending.Endpoint(_address(form.dst, "dst"), _port(form, "dport"))
    if "number" in form.parts:
        arguments["protocol"] = _number(form.number)
    if "flags" in form.parts:
        arguments["flags"] = [_read(sending.TCP_FLAGS, form.flags or "none", "flags")]
    if "icmp" in form.parts:
        arguments["type"] = [_read(BYTE, form.type, "type")]
        arguments["code"] = [_read(BYTE, form.code, "code")]
    if form.vlan:
        arguments["vlan"] = _read(sending.VLAN, form.vlan, "vlan")
    for name, kind in (
        ("fragment", sending.FRAGMENT),
        ("count", sending.COUNT),
        ("interval", DURATION),
    ):
        text = getattr(form, name)
        arguments[name] = [_read(kind, text, name)] if text else []
    words = () if form.protocol == "proto" else (form.protocol,)
    try:
        sending.read_order(ParsedCommand(sending.COMMANDS[0], arguments, words, ()))
    except CommandError as error:
        raise FormError(str(error), "src") from None


def _read(kind: ArgumentType, text: str, field: str) -> Any:
    try:
        return kind.parse(text, None)
    except CommandError as error:
        raise FormError(f"{field}: {error}", field) from None


def _address(text: str, field: str) -> IpAddress:
    name = {"src": "source", "dst": "destination"}[field]
    try:
        if "%" not in text:
            return ip_address(text)
    except ValueError:
        pass  # said below, for both
    found = f"'{text[:40]}'" if text else "nothing"
    raise FormError(f"{name}: {found} is not an address; 10.0.0.2 or fd00::2 is", field)


def _port(form: SendForm, field: str) -> int | None:
    if "ports" not in form.parts:
        return None
    text: str = getattr(form, field)
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        found = f"'{text[:20]}'" if text else "nothing"
        raise FormError(f"port: {found} is not a port; they go from 0 to 65535", field)
    return int(text)


def _number(text: str) -> int:
    number: int = _read(BYTE, text, "number")
    if number in _KNOWN_NUMBERS:
        known = _KNOWN_NUMBERS[number]
        raise FormError(f"protocol {number} is {known}; choose that above", "number")
    return number


# --- addresses that make sense -------------------------------------------------------------------


def subnets(interface: InterfaceView) -> list[IPv4Interface | IPv6Interface]:
    """The addresses of an interface, each with the subnet that it is in."""
    return [ip_interface(text) for text in interface.addresses]


def neighbour(interface: InterfaceView, family: int) -> str:
    """The first host of an interface's subnet that is not the interface; empty if there is none."""
    own = {found.ip for found in subnets(interface)}
    for found in subnets(interface):
        if found.version != family:
            continue
        for offset in range(1, min(found.network.num_addresses, len(own) + 3)):
            host = found.network.network_address + offset
            if host not in own and host != found.network.broadcast_address:
                return str(host)
    return ""


def family_of(protocol: str, interface: InterfaceView) -> int:
    """4 or 6: what the protocol says, or what the interface has first."""
    said = {"icmp": 4, "icmp6": 6}.get(protocol)
    found = subnets(interface)
    return said or (found[0].version if found else 4)


def prefilled(
    form: SendForm, interfaces: Sequence[InterfaceView], keep: frozenset[str] = frozenset()
) -> SendForm:
    """The form with what makes sense for its interface and protocol, but for the fields kept."""
    here = next((i for i in interfaces if i.name == form.interface), None)
    if here is None:
        return form
    family = family_of(form.protocol, here)
    others = [neighbour(i, family) for i in interfaces if i.name != here.name]
    values = {
        "src": neighbour(here, family),
        "dst": next((address for address in others if address), ""),
        "dport": _SERVICE.get(form.protocol, form.dport),
        "type": _ECHO_REQUEST.get(form.protocol, form.type),
    }
    return replace(form, **{name: text for name, text in values.items() if name not in keep})


def reply(form: SendForm, interfaces: Sequence[InterfaceView]) -> SendForm:
    """The packet that answers this one: the ends turned around, out of where it went to."""
    form = replace(
        form,
        src=form.dst,
        sport=form.dport,
        dst=form.src,
        dport=form.sport,
        flags=_REPLY_FLAGS.get(form.flags, form.flags),
        type=_REPLY_TYPES.get(form.type, form.type),
    )
    return replace(form, interface=_side_of(form, interfaces))


def _side_of(form: SendForm, interfaces: Sequence[InterfaceView]) -> str:
    """The interface in whose subnet the source is; of two that say nothing, the other one."""
    try:
        address = ip_address(form.src)
    except ValueError:
        return form.interface
    for interface in interfaces:
        if any(address in found.network for found in subnets(interface)):
            return interface.name
    others = [i.name for i in interfaces if i.name != form.interface]
    return others[0] if len(others) == 1 else form.interface
