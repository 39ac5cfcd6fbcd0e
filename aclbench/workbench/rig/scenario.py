"""Scenario files: a bench set up and ready to play, in TOML.

    title = "Aging"                       # what it shows, in a line
    text = "..."                          # what to look at
    workers = 2                           # 0: vpp_main carries the packets
    placement = "interface"               # or "flow"
    captures = ["../pcaps/http.pcap"]     # relative to this file, played in order
    cli = "set acl-plugin ..."            # VPP CLI lines, run in order

    [[interface]]
    name = "pg0"                          # created in this order, and set up
    addresses = ["10.0.0.1/24"]           # may be left out
    prefixes = ["10.0.0.0/24"]            # packets from here enter it: the inside

    [[interface]]
    name = "pg1"                          # exactly one without prefixes: the outside

    [[at]]                                # may be left out
    time = "12.5"                         # seconds after the start
    cli = "clear acl-plugin sessions"     # lines run then, behind all else that is due then

Which interface a packet enters may be told otherwise, in one way for the whole scenario:

    vlans = [10, "20.30"]                 # by VLAN; outer and inner tag
    macs = ["02:00:00:00:00:01"]          # by source MAC
    capture_interfaces = ["eth0", 1]      # by pcapng interface, name or number
    captures = ["in.pcap"]                # by capture: what entered here; all are merged by time

Then `prefixes` are routes and nothing more; every other packet enters the outside.

A scenario is its interfaces turned into CLI lines, then `cli`, and the lines of `at` as their time
comes: nothing that cannot be typed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any, Final, Literal, cast

from aclbench.capture import parse_mac, parse_vlan
from aclbench.errors import ScenarioError

Placement = Literal["interface", "flow"]
SteeredBy = Literal["prefixes", "vlans", "macs", "capture_interfaces", "captures"]
PLACEMENTS: Final[tuple[Placement, ...]] = ("interface", "flow")
#: VPP counts threads in 16 bits; a bench of more than this many is a typing mistake.
MAX_WORKERS: Final = 256

_KEYS: Final = {"title", "text", "workers", "placement", "captures", "cli", "interface", "at"}
_AT_KEYS: Final = {"time", "cli"}
#: How packets are steered where not by `prefixes`: fields of an interface, all or none of a kind.
_LABELS: Final[tuple[SteeredBy, ...]] = ("vlans", "macs", "capture_interfaces")
_INTERFACE_KEYS: Final = {"name", "addresses", "prefixes", "captures", *_LABELS}


@dataclass(frozen=True, slots=True)
class InterfaceSpec:
    """One interface of a scenario.

    `prefixes` lie behind it. Packets enter it by their source, or else by what one of the last
    three says: as `parse_vlan` and `parse_mac` read it, or names and numbers of pcapng interfaces.
    """

    name: str
    addresses: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    vlans: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    capture_interfaces: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedLine:
    """A CLI line to be run `time` seconds after the start. It is text, so that it stays exact."""

    time: str
    line: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A bench to build. `assumed` says in words what nobody asked for; `place` names its source.

    Without `interfaces` the CLI lines make them, and a packet enters where its source is routed.
    `rx` names for each of `captures` the interface that its packets enter, and they are merged by
    time; it is empty where packets are steered in another way.
    """

    title: str
    interfaces: tuple[InterfaceSpec, ...]
    text: str = ""
    workers: int = 1
    placement: Placement = "interface"
    captures: tuple[Path, ...] = ()
    rx: tuple[str, ...] = ()
    cli: tuple[str, ...] = ()
    at: tuple[TimedLine, ...] = ()
    assumed: str = ""
    place: str = "scenario"

    @property
    def steered_by(self) -> SteeredBy:
        """What tells the interface that a packet enters."""
        if self.rx:
            return "captures"
        for kind in _LABELS:
            if any(getattr(spec, kind) for spec in self.interfaces):
                return kind
        return "prefixes"

    @property
    def outside(self) -> str:
        """The interface with the default routes, which all else enters; empty where none is.

        It is the only one without prefixes, or else the only one that nothing is steered to.
        """
        for kind in ("prefixes", *_LABELS):
            having = [spec.name for spec in self.interfaces if getattr(spec, kind)]
            without = [spec.name for spec in self.interfaces if spec.name not in having]
            if len(without) == 1 and (having or kind == "prefixes"):
                return without[0]
        return ""

    def set_up_lines(self) -> list[str]:
        """The CLI lines that make the interfaces, their addresses and their routes."""
        lines: list[str] = []
        for spec in self.interfaces:
            lines.append(f"create packet-generator interface {spec.name}")
            lines.append(f"set interface state {spec.name} up")
            lines += [f"set interface ip address {spec.name} {a}" for a in spec.addresses]
        for spec in self.interfaces:
            own = {str(ip_interface(a).network) for a in spec.addresses}
            routes = spec.prefixes
            if not routes and spec.name == self.outside:
                routes = ("0.0.0.0/0", "::/0")
            lines += [f"ip route add {p} via {spec.name}" for p in routes if p not in own]
        return lines


def scenario_for_capture(
    captures: Sequence[Path],
    inside: InterfaceSpec,
    why: str,
    workers: int,
    placement: Placement,
    rx: Sequence[str] = (),
) -> Scenario:
    """The bench for a capture that comes alone: a firewall that opens from inside.

    `inside` is the inside interface, pg0; `why` says where its prefixes come from. With `rx` each
    capture has an interface of its own, pg0 or the outside, pg1.
    """
    for name in rx:
        if name not in ("pg0", "pg1"):
            raise ScenarioError(
                f"there is no interface {name} for packets to enter; the bench of captures alone "
                "has pg0, the inside, and pg1, the outside; a scenario or --exec makes others"
            )
    if not inside.prefixes:
        inside = replace(inside, prefixes=("0.0.0.0/32",))
    everything = "src 0.0.0.0/0 dst 0.0.0.0/0", "src ::/0 dst ::/0"
    opens = ", ".join(f"permit+reflect {e}" for e in everything)
    denies = ", ".join(f"deny {e}" for e in everything)
    return Scenario(
        title=" ".join(path.name for path in captures),
        interfaces=(inside, InterfaceSpec("pg1")),
        workers=workers,
        placement=placement,
        captures=tuple(captures),
        rx=tuple(rx),
        cli=(
            f"set acl-plugin acl {opens} tag inside-out",
            f"set acl-plugin acl {denies} tag outside-in",
            "set acl-plugin interface pg0 input acl 0",
            "set acl-plugin interface pg0 output acl 1",
        ),
        assumed=f"{why}; pg0 is inside: its input permit+reflect, its output deny; pg1 is outside",
        place="the bench of a capture without a scenario",
    )


def scenario_for_exec(
    captures: Sequence[Path],
    exec_file: Path,
    workers: int,
    placement: Placement,
    rx: Sequence[str] = (),
) -> Scenario:
    """The bench that a file of VPP CLI lines makes; a packet enters where its source is routed.

    With `rx` each capture has an interface of its own.
    """
    try:
        lines = exec_file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{exec_file}: not text in UTF-8, at byte {error.start}") from None
    except OSError as error:
        raise ScenarioError(f"{exec_file}: {error.strerror}") from None
    return Scenario(
        title=exec_file.name,
        interfaces=(),
        workers=workers,
        placement=placement,
        captures=tuple(captures),
        rx=tuple(rx),
        cli=tuple(lines),
        assumed="" if rx else "a packet enters the interface that its source address is routed to",
        place=str(exec_file),
    )


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; `ScenarioError` names the file, the place and what would be right."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: not TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not text in UTF-8, at byte {error.start}") from None
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from None
    return _Reader(path).scenario(data)


class _Reader:
    """Turns a TOML table into a `Scenario`, checking each value where it stands."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def scenario(self, data: dict[str, Any]) -> Scenario:
        self.no_other_keys("", data, _KEYS)
        workers = data.get("workers", 1)
        if type(workers) is not int or not 0 <= workers <= MAX_WORKERS:
            raise self.error("workers", workers, f"a whole number from 0 to {MAX_WORKERS}")
        placement = data.get("placement", "interface")
        if placement not in PLACEMENTS:
            raise self.error("placement", placement, '"interface" or "flow"')
        interfaces = self.interfaces(data)
        captures, rx = self.captures(data), ()
        of_interfaces = self.captures_of_interfaces(data)
        if of_interfaces:
            if captures:
                right = "captures at the top, or at the interfaces that they enter"
                raise self.error("captures", "both", right)
            rx, captures = zip(*of_interfaces, strict=True)
        self.one_steering(interfaces, bool(rx))
        return Scenario(
            title=self.text("title", data, self.path.stem),
            text=self.text("text", data, ""),
            workers=workers,
            placement=cast(Placement, placement),
            captures=captures,
            rx=rx,
            interfaces=interfaces,
            cli=tuple(self.cli("cli", data)),
            at=tuple(self.timed_lines(data)),
            place=str(self.path),
        )

    def interfaces(self, data: dict[str, Any]) -> tuple[InterfaceSpec, ...]:
        tables = data.get("interface")
        if not isinstance(tables, list) or not tables:
            raise self.error("interface", tables, "at least two [[interface]] tables")
        specs = tuple(self.interface(n, table) for n, table in enumerate(tables, 1))
        names = [spec.name for spec in specs]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled is not None:
            raise self.error("interface", doubled, "a name of its own for each")
        if not Scenario("", specs).outside:
            found = " and ".join(spec.name for spec in specs if not spec.prefixes) or "none"
            raise self.error("interface", found, "exactly one without prefixes, the outside")
        return specs

    def one_steering(self, specs: tuple[InterfaceSpec, ...], has_rx: bool) -> None:
        """Refuse a scenario that tells in two ways which interface a packet enters."""
        kinds = [kind for kind in _LABELS if any(getattr(spec, kind) for spec in specs)]
        kinds += ["captures"] if has_rx else []
        if len(kinds) > 1:
            right = "one of them, for all interfaces"
            raise self.error("interface", " and ".join(kinds), right)

    def captures_of_interfaces(self, data: dict[str, Any]) -> list[tuple[str, Path]]:
        """The captures that stand at interfaces, each with the name of its interface."""
        return [
            (table["name"], path)
            for number, table in enumerate(data["interface"], 1)
            for path in self.captures(table, f"interface {number}, ")
        ]

    def interface(self, number: int, table: Any) -> InterfaceSpec:
        place = f"interface {number}"
        if not isinstance(table, dict):
            raise self.error(place, table, "a table")
        self.no_other_keys(place, table, _INTERFACE_KEYS)
        name = table.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"pg\d{1,5}", name):
            raise self.error(f"{place}, name", name, '"pg0", "pg1" and so on')
        addresses = self.strings(f"{place}, addresses", table.get("addresses", []))
        for address in addresses:
            if "/" not in address:
                raise self.error(f"{place}, addresses", address, f"{address}/24, with its length")
            self.parse(f"{place}, addresses", address, ip_interface, "10.0.0.1/24 or fd00::1/64")
        prefixes = self.strings(f"{place}, prefixes", table.get("prefixes", []))
        for prefix in prefixes:
            self.parse(f"{place}, prefixes", prefix, ip_network, "10.0.0.0/24 or fd00::/64")
        macs = self.strings(f"{place}, macs", table.get("macs", []))
        for mac in macs:
            self.parse(f"{place}, macs", mac, parse_mac, "02:00:00:00:00:01")
        return InterfaceSpec(
            name,
            tuple(addresses),
            tuple(prefixes),
            self.vlans(f"{place}, vlans", table.get("vlans", [])),
            tuple(macs),
            self.capture_interfaces(place, table.get("capture_interfaces", [])),
        )

    def vlans(self, place: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(type(item) in (int, str) for item in value):
            raise self.error(place, value, 'a list such as [10, "20.30"]')
        for item in value:
            self.parse(place, str(item), parse_vlan, '10, or "20.30" for outer and inner tag')
        return tuple(map(str, value))

    def capture_interfaces(self, place: str, value: Any) -> tuple[str | int, ...]:
        is_list = isinstance(value, list)
        if not is_list or not all(type(i) is str or (type(i) is int and i >= 0) for i in value):
            right = 'a list of names and numbers, such as ["eth0", 1]'
            raise self.error(f"{place}, capture_interfaces", value, right)
        return tuple(value)

    def captures(self, table: dict[str, Any], place: str = "") -> tuple[Path, ...]:
        names = self.strings(f"{place}captures", table.get("captures", []))
        found = tuple((self.path.parent / name) for name in names)
        for name, path in zip(names, found, strict=True):
            if path.is_dir():
                raise self.error(f"{place}captures", f"{name}, a directory", "a capture in it")
            if not path.is_file():
                raise self.error(f"{place}captures", name, f"a file; there is none at {path}")
        return found

    def cli(self, place: str, table: dict[str, Any]) -> list[str]:
        lines = table.get("cli", [])
        if isinstance(lines, str):
            return lines.splitlines()
        return self.strings(place, lines)

    def timed_lines(self, data: dict[str, Any]) -> list[TimedLine]:
        tables = data.get("at", [])
        if not isinstance(tables, list):
            raise self.error("at", tables, "[[at]] tables")
        found: list[TimedLine] = []
        for number, table in enumerate(tables, 1):
            place = f"at {number}"
            if not isinstance(table, dict):
                raise self.error(place, table, "a table")
            self.no_other_keys(place, table, _AT_KEYS)
            time = table.get("time")
            if not isinstance(time, str):
                raise self.error(f"{place}, time", time, 'seconds as text, such as "12.5"')
            lines = self.cli(f"{place}, cli", table)
            found += [TimedLine(time, line) for line in lines if line.strip()]
        return found

    # --- values ------------------------------------------------------------------------------

    def no_other_keys(self, place: str, table: dict[str, Any], known: set[str]) -> None:
        for key in table:
            if key not in known:
                where = f"{place}, {key}" if place else key
                raise self.error(where, "an unknown key", ", ".join(sorted(known)))

    def text(self, key: str, data: dict[str, Any], default: str) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, value, "text")
        return value

    def strings(self, place: str, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(place, value, "a list of texts")
        return value

    def parse(self, place: str, value: str, parser: Any, right: str) -> None:
        try:
            parser(value)
        except (ValueError, ScenarioError) as error:
            raise self.error(place, value, f"{right} ({error})") from None

    def error(self, place: str, found: Any, right: str) -> ScenarioError:
        shown = found if isinstance(found, str) else _as_toml(found)
        return ScenarioError(f"{self.path}: {place}: found {shown}; right would be {right}")


def _as_toml(value: Any) -> str:
    """A value as the person wrote it, or nearly."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_toml, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)
