"""Scenarios: what a bench is set up from, as a value.

A scenario is its interfaces turned into CLI lines, then `cli`, and the lines of `at` as their time
comes: nothing that cannot be typed. It is read from a file (`scenario_file`), or made for captures
that come alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from aclbench.capture.steering import parse_mac, parse_vlan
from aclbench.documents import Wrong
from aclbench.engine.design import FIFO_2017
from aclbench.errors import ScenarioError
from aclbench.files import at_once, reading, reason
from aclbench.workbench.rig.names import REAL_EXAMPLES, is_packet_generator, is_real_name

Placement = Literal["interface", "flow"]
SteeredBy = Literal["prefixes", "vlans", "macs", "capture_interfaces", "captures"]
PLACEMENTS: Final[tuple[Placement, ...]] = ("interface", "flow")
#: VPP counts threads in 16 bits; a bench of more than this many is a typing mistake.
MAX_WORKERS: Final = 256
#: A file of command lines that makes a bench is never so large.
MAX_EXEC_BYTES: Final = 8 << 20
#: What is inside where nothing is: no host has this address.
NO_INSIDE: Final = "0.0.0.0/32"

Workers = Annotated[
    int, Meta(ge=0, le=MAX_WORKERS, description=f"a whole number from 0 to {MAX_WORKERS}")
]
#: How packets are steered where not by `prefixes`: fields of an interface, all or none of a kind.
LABELS: Final[tuple[SteeredBy, ...]] = ("vlans", "macs", "capture_interfaces")


class InterfaceSpec(Struct, frozen=True):
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

    def __post_init__(self) -> None:
        """Wrong: something is no name, address, prefix, VLAN or MAC address."""
        if not (is_packet_generator(self.name) or is_real_name(self.name)):
            raise Wrong("name", self.name, f"pg0, pg1 and so on, or a real VPP's: {REAL_EXAMPLES}")
        _parse("addresses", self.addresses, ip_interface, "10.0.0.1/24 or fd00::1/64")
        for number, address in enumerate(self.addresses, 1):
            if "/" not in address:
                raise Wrong(f"addresses {number}", address, f"{address}/24, with its length")
        _parse("prefixes", self.prefixes, ip_network, "10.0.0.0/24 or fd00::/64")
        _parse("macs", self.macs, parse_mac, "02:00:00:00:00:01")
        _parse("vlans", self.vlans, parse_vlan, '10, or "20.30" for outer and inner tag')


class TimedLine(Struct, frozen=True):
    """A CLI line to be run at a time: `12.5`, from the start, or of the capture's day, `12:00:05`.

    It is text, as typed, so that it stays exact.
    """

    time: str
    line: str


class Scenario(Struct, frozen=True, weakref=True):
    """A bench to build. `assumed` says in words what nobody asked for; `place` names its source.

    Without `interfaces` the CLI lines make them, and a packet enters where its source is routed.
    `rx` names for each of `captures` the interface that its packets enter, and they are merged by
    time; it is empty where packets are steered in another way. Where the inside, the first
    interface, was guessed, `next_guess` has the prefixes of the runner-up.
    """

    title: str
    interfaces: tuple[InterfaceSpec, ...]
    text: str = ""
    workers: Workers = 1
    placement: Placement = "interface"
    design: str = FIFO_2017.name
    captures: tuple[Path, ...] = ()
    rx: tuple[str, ...] = ()
    cli: tuple[str, ...] = ()
    at: tuple[TimedLine, ...] = ()
    assumed: str = ""
    next_guess: tuple[str, ...] | None = None
    place: str = "scenario"

    @property
    def steered_by(self) -> SteeredBy:
        """What tells the interface that a packet enters."""
        if self.rx:
            return "captures"
        for kind in LABELS:
            if any(getattr(spec, kind) for spec in self.interfaces):
                return kind
        return "prefixes"

    @property
    def outside(self) -> str:
        """The interface with the default routes, which all else enters; empty where none is.

        It is the only one without prefixes, or else the only one that nothing is steered to.
        """
        for kind in ("prefixes", *LABELS):
            having = {spec.name for spec in self.interfaces if getattr(spec, kind)}
            without = [spec.name for spec in self.interfaces if spec.name not in having]
            if len(without) == 1 and (having or kind == "prefixes"):
                return without[0]
        return ""

    def set_up_lines(self) -> list[str]:
        """The CLI lines that make the interfaces, their addresses and their routes."""
        lines: list[str] = []
        outside = self.outside
        for spec in self.interfaces:
            if is_packet_generator(spec.name):
                lines.append(f"create packet-generator interface {spec.name}")
            lines.append(f"set interface state {spec.name} up")
            lines += [f"set interface ip address {spec.name} {a}" for a in spec.addresses]
        for spec in self.interfaces:
            own = {str(ip_interface(a).network) for a in spec.addresses}
            routes = spec.prefixes
            if not routes and spec.name == outside:
                routes = ("0.0.0.0/0", "::/0")
            lines += [f"ip route add {p} via {spec.name}" for p in routes if p not in own]
        return lines


def placed(scenario: Scenario, placement: Placement) -> Scenario:
    """A scenario with this placement, whatever its lines say of it."""
    say_one = any(words[:1] == ["placement"] for words in map(str.split, scenario.cli))
    cli = (*scenario.cli, f"placement {placement}") if say_one else scenario.cli
    return replace(scenario, placement=placement, cli=cli)


def scenario_for_capture(
    captures: Sequence[Path],
    inside: InterfaceSpec,
    why: str,
    workers: int,
    placement: Placement,
    rx: Sequence[str] = (),
    next_guess: tuple[str, ...] | None = None,
) -> Scenario:
    """The bench for a capture that comes alone: a firewall that opens from inside.

    `inside` is the inside interface, pg0; `why` says where its prefixes come from, `next_guess`
    the runner-up where they were guessed. With `rx` each
    capture has an interface of its own, pg0 or the outside, pg1.
    """
    for name in rx:
        if name not in ("pg0", "pg1"):
            raise ScenarioError(
                f"there is no interface {name} for packets to enter; the bench of captures alone "
                "has pg0, the inside, and pg1, the outside; a scenario or --exec makes others"
            )
    if not inside.prefixes:
        inside = replace(inside, prefixes=(NO_INSIDE,))
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
        next_guess=next_guess,
        place="the bench of a capture without a scenario",
    )


def scenario_for_exec(
    captures: Sequence[Path],
    exec_file: Path,
    workers: int,
    rx: Sequence[str] = (),
) -> Scenario:
    """The bench that a file of VPP CLI lines makes; a packet enters where its source is routed.

    With `rx` each capture has an interface of its own.
    """
    try:
        content = at_once(reading(exec_file, MAX_EXEC_BYTES, pipes=True))
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{exec_file}: not text in UTF-8, at byte {error.start}") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{exec_file}: {reason(error)}") from None
    if len(content) > MAX_EXEC_BYTES:
        raise ScenarioError(f"{exec_file}: more than {MAX_EXEC_BYTES >> 20} MB of command lines")
    return Scenario(
        title=exec_file.name,
        interfaces=(),
        workers=workers,
        captures=tuple(captures),
        rx=tuple(rx),
        cli=tuple(lines),
        assumed="" if rx else "a packet enters the interface that its source address is routed to",
        place=str(exec_file),
    )


def _parse(key: str, values: tuple[str, ...], parser: Callable[[str], Any], right: str) -> None:
    for number, value in enumerate(values, 1):
        try:
            parser(value)
        except (ValueError, ScenarioError) as error:
            raise Wrong(f"{key} {number}", value, f"{right} ({error})") from None
