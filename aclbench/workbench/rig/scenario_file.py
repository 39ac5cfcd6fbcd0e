"""Scenario files: a bench set up and ready to play, in TOML.

    title = "Aging"                       # what it shows, in a line
    text = "..."                          # what to look at
    workers = 2                           # 0: vpp_main carries the packets
    placement = "interface"               # or "flow"
    design = "fifo-2017"                  # how sessions are aged; may be left out
    captures = ["../pcaps/http.pcap"]     # relative to this file, played in order
    cli = "set acl-plugin ..."            # VPP CLI lines, run in order

    [[interface]]
    name = "pg0"                          # or "GigabitEthernet3/0/0"; created in this order
    addresses = ["10.0.0.1/24"]           # may be left out
    prefixes = ["10.0.0.0/24"]            # packets from here enter it: the inside

    [[interface]]
    name = "pg1"                          # exactly one without prefixes: the outside

    [[at]]                                # may be left out
    time = "12.5"                         # seconds from the start, "500ms", or "12:00:05"
    cli = "clear acl-plugin sessions"     # lines run then, behind all else that is due then

Which interface a packet enters may be told otherwise, in one way for the whole scenario:

    vlans = [10, "20.30"]                 # by VLAN; outer and inner tag
    macs = ["02:00:00:00:00:01"]          # by source MAC
    capture_interfaces = ["eth0", 1]      # by pcapng interface, name or number
    captures = ["in.pcap"]                # by capture: what entered here; all are merged by time

Then `prefixes` are routes and nothing more; every other packet enters the outside.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from aclbench.designs import DESIGNS
from aclbench.designs.exhibits import design_of_exhibit
from aclbench.documents import Wrong, from_toml, in_file, reading_content
from aclbench.engine.design import FIFO_2017
from aclbench.errors import ScenarioError
from aclbench.files import at_once
from aclbench.workbench.rig.scenario import (
    LABELS,
    InterfaceSpec,
    Placement,
    Scenario,
    TimedLine,
    Workers,
)
from aclbench.workbench.tasks import Slices

#: A scenario file is never so large.
MAX_BYTES: Final = 8 << 20

Vlan = Annotated[int | str, Meta(description='10, or "20.30" for outer and inner tag')]
CaptureInterface = Annotated[
    Annotated[int, Meta(ge=0)] | str, Meta(description='a name or a number, such as "eth0" or 1')
]
#: CLI lines: a list, or one text with a line each.
CliLines = Annotated[str | tuple[str, ...], Meta(description="a list of CLI lines, or one text")]


def refuse_unknown_design(name: str) -> None:
    """Wrong: there is no design of that name."""
    if name not in DESIGNS and design_of_exhibit(name) is None:
        raise Wrong("design", name, " or ".join(DESIGNS))


class InterfaceTable(Struct, forbid_unknown_fields=True, frozen=True):
    """An `[[interface]]` table."""

    name: str
    addresses: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    vlans: Annotated[tuple[Vlan, ...], Meta(description='a list such as [10, "20.30"]')] = ()
    macs: tuple[str, ...] = ()
    capture_interfaces: tuple[CaptureInterface, ...] = ()
    captures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.spec()  # or it says what is wrong

    def spec(self) -> InterfaceSpec:
        """As a scenario has it."""
        vlans = tuple(map(str, self.vlans))
        return InterfaceSpec(
            self.name, self.addresses, self.prefixes, vlans, self.macs, self.capture_interfaces
        )


class AtTable(Struct, forbid_unknown_fields=True, frozen=True):
    """An `[[at]]` table."""

    time: Annotated[str, Meta(description='text, such as "12.5" or "12:00:05"')]
    cli: CliLines = ()


class ScenarioDocument(Struct, forbid_unknown_fields=True, frozen=True):
    """A scenario file."""

    interface: Annotated[
        tuple[InterfaceTable, ...],
        Meta(min_length=1, description="at least two [[interface]] tables"),
    ]
    title: str | None = None
    text: str = ""
    workers: Workers = 1
    placement: Placement = "interface"
    design: str = FIFO_2017.name
    captures: tuple[str, ...] = ()
    cli: CliLines = ()
    at: tuple[AtTable, ...] = ()

    def __post_init__(self) -> None:
        refuse_unknown_design(self.design)
        names = Counter(table.name for table in self.interface)
        doubled = next((name for name, count in names.items() if count > 1), None)
        if doubled is not None:
            raise Wrong("interface", doubled, "a name of its own for each")
        if not Scenario("", tuple(table.spec() for table in self.interface)).outside:
            found = " and ".join(t.name for t in self.interface if not t.prefixes) or "none"
            raise Wrong("interface", found, "exactly one without prefixes, the outside")
        kinds = [kind for kind in LABELS if any(getattr(t, kind) for t in self.interface)]
        if any(table.captures for table in self.interface):
            kinds.append("captures")
            if self.captures:
                right = "captures at the top, or at the interfaces that they enter"
                raise Wrong("captures", "both", right)
        if len(kinds) > 1:
            raise Wrong("interface", " and ".join(kinds), "one of them, for all interfaces")


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; `ScenarioError` names the file, the place and what would be right."""
    return at_once(loading_scenario(path))


def loading_scenario(path: Path) -> Slices[Scenario]:
    """The same in slices: it may be a pipe."""
    with in_file(path, ScenarioError):
        content = yield from reading_content(path, MAX_BYTES, pipes=True)
        return read_scenario(content, path)


def read_scenario(content: bytes, path: Path) -> Scenario:
    """A scenario of what a file has; captures are found beside its path. Raises DocumentError."""
    document = from_toml(content, ScenarioDocument)
    captures = [(_capture(path, name, place), rx) for name, place, rx in _captures(document)]
    return Scenario(
        title=path.stem if document.title is None else document.title,
        text=document.text,
        workers=document.workers,
        placement=document.placement,
        design=document.design,
        captures=tuple(capture for capture, _ in captures),
        rx=tuple(rx for _, rx in captures if rx),
        interfaces=tuple(table.spec() for table in document.interface),
        cli=lines_of(document.cli),
        at=tuple(
            TimedLine(table.time, line)
            for table in document.at
            for line in lines_of(table.cli)
            if line.strip()
        ),
        place=str(path),
    )


def lines_of(lines: str | tuple[str, ...]) -> tuple[str, ...]:
    """CLI lines, each by itself."""
    return tuple(lines.splitlines()) if isinstance(lines, str) else lines


def _captures(document: ScenarioDocument) -> list[tuple[str, str, str]]:
    """Each capture by name, where it stands, and the interface it enters, if one is said."""
    found = [(name, f"captures {n}", "") for n, name in enumerate(document.captures, 1)]
    for number, table in enumerate(document.interface, 1):
        for n, name in enumerate(table.captures, 1):
            found.append((name, f"interface {number}, captures {n}", table.name))
    return found


def _capture(scenario: Path, name: str, place: str) -> Path:
    """A capture of a scenario: a file, relative to the scenario's own. Raises Wrong."""
    path = scenario.parent / name
    try:
        if path.is_dir():
            raise Wrong(place, f"{name}, a directory", "a capture in it")
        is_there = path.is_file()
    except OSError as error:
        raise Wrong(place, f"{name}: {error.strerror}", "a file") from None
    if not is_there:
        raise Wrong(place, name, f"a file; there is none at {path}")
    return path
