"""Scenarios to explore: a small bench, and what may happen to it in any order, in TOML.

title = "Replace under a match"       # what it shows, in a line
text = "..."                          # what to look at
workers = 1                           # 0: vpp_main carries the packets
placement = "interface"               # or "flow"
design = "fifo-2017"                  # may be left out
setup = "set acl-plugin acl ..."      # lines run first, `send` and `run 1s` among them
find = ["mixed-verdict"]              # looked for beside what must never be
never = ["..."]                       # conditions that must never hold
jumps = 8                             # the clock is jumped at most so often
horizon = "130s"                      # and never beyond this, from the start
preemptions = 2                       # at most so many; "none": no bound
    memory = "tso"                    # stores wait in a buffer a thread; "sc" unless said

[[interface]]                         # as in a scenario
name = "pg0"

[[send]]                              # these tables go in any order, the lines of one in theirs
packets = "pg0 udp 10.0.0.2:1 > 192.168.0.2:53"     # as behind the command `send`
[[cli]]
lines = "clear acl-plugin sessions"
[[jump]]
by = "601s"
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from aclbench.documents import Count, Wrong, from_toml, in_file, read_content
from aclbench.engine.design import FIFO_2017
from aclbench.errors import AclbenchError, ScenarioError
from aclbench.workbench.rig.scenario import Placement, Scenario, Workers
from aclbench.workbench.rig.scenario_file import (
    MAX_BYTES,
    CliLines,
    InterfaceTable,
    lines_of,
    refuse_unknown_design,
)
from aclbench.workbench.views.times import read_length

#: Jumps of the clock unless told otherwise.
JUMPS: Final = 8
#: More of them than this nobody can search.
MAX_JUMPS: Final = 1000
#: Preemptions unless told otherwise.
PREEMPTIONS: Final = 2
#: More than this nobody can search.
MAX_LINES: Final = 64
#: Each is looked at in every state.
MAX_PROPERTIES: Final = 64

Kind = Literal["send", "cli", "jump"]
#: What threads see of each other's stores: all at once, or in total store order (`memory`).
Memory = Literal["sc", "tso"]
ClockGoes = Literal["any", "idle"]
Length = Annotated[str, Meta(description='text, such as "601s" or "500ms"')]
Preemptions = Annotated[
    Annotated[int, Meta(ge=0, le=64)] | Literal["none"],
    Meta(description='a whole number from 0 to 64, or "none" for no bound'),
]


class Item(Struct, frozen=True):
    """What may happen at any time: packets to send, command lines, or lengths of time, in order."""

    kind: Kind
    lines: tuple[str, ...]


class Explored(Struct, frozen=True):
    """A scenario to explore: the bench that it begins with, what may happen, what is looked for.

    `horizon` is in nanoseconds from the start; None: there is none. `preemptions` None: no bound.
    """

    scenario: Scenario
    items: tuple[Item, ...]
    find: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    jumps: int = JUMPS
    horizon: int | None = None
    preemptions: int | None = PREEMPTIONS
    memory: Memory = "sc"
    clock: ClockGoes = "any"


class SendTable(Struct, forbid_unknown_fields=True, frozen=True):
    """A `[[send]]` table."""

    packets: CliLines


class CliTable(Struct, forbid_unknown_fields=True, frozen=True):
    """A `[[cli]]` table."""

    lines: CliLines


class JumpTable(Struct, forbid_unknown_fields=True, frozen=True):
    """A `[[jump]]` table."""

    by: Length

    def __post_init__(self) -> None:
        _length("by", self.by)


class ExploredDocument(Struct, forbid_unknown_fields=True, frozen=True):
    """A file with a scenario to explore."""

    interface: Annotated[
        tuple[InterfaceTable, ...],
        Meta(min_length=1, description="at least one [[interface]] table"),
    ]
    title: str | None = None
    text: str = ""
    workers: Workers = 1
    placement: Placement = "interface"
    design: str = FIFO_2017.name
    setup: CliLines = ()
    find: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    jumps: Annotated[
        int, Meta(ge=0, le=MAX_JUMPS, description=f"a whole number from 0 to {MAX_JUMPS:,}")
    ] = JUMPS
    horizon: Length | None = None
    clock: ClockGoes = "any"
    preemptions: Preemptions = PREEMPTIONS
    memory: Memory = "sc"
    send: tuple[SendTable, ...] = ()
    cli: tuple[CliTable, ...] = ()
    jump: tuple[JumpTable, ...] = ()

    def __post_init__(self) -> None:
        if self.horizon is not None:
            _length("horizon", self.horizon)
        refuse_unknown_design(self.design)
        lines = sum(len(item.lines) for item in self.items())
        if lines > MAX_LINES:
            raise Wrong("send, cli and jump", Count(lines), f"at most {MAX_LINES} lines in all")
        properties = len(self.find) + len(self.never)
        if properties > MAX_PROPERTIES:
            raise Wrong("find and never", Count(properties), f"at most {MAX_PROPERTIES} in all")

    def items(self) -> tuple[Item, ...]:
        """What may happen, packets first."""
        found = [
            *(Item("send", _lines(table.packets)) for table in self.send),
            *(Item("cli", _lines(table.lines)) for table in self.cli),
            *(Item("jump", (table.by,)) for table in self.jump),
        ]
        return tuple(item for item in found if item.lines)


def _lines(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line.strip() for line in lines_of(text) if line.strip())


def _length(place: str, text: str) -> int:
    try:
        return read_length(text)
    except AclbenchError:
        raise Wrong(place, text, 'a length of time, such as "601s" or "500ms"') from None


def load_explored(path: Path) -> Explored:
    """Read such a file. ScenarioError names the file, the place and what would be right."""
    with in_file(path, ScenarioError):
        return _explored(read_content(path, MAX_BYTES), str(path), path.stem)


def read_explored(text: str, place: str, title: str = "") -> Explored:
    """Read such a text, which stands at `place`. DocumentError says where, and what is right."""
    return _explored(text.encode(), place, title)


def _explored(content: bytes, place: str, title: str) -> Explored:
    document = from_toml(content, ExploredDocument)
    scenario = Scenario(
        title=title if document.title is None else document.title,
        text=document.text,
        workers=document.workers,
        placement=document.placement,
        design=document.design,
        interfaces=tuple(table.spec() for table in document.interface),
        cli=lines_of(document.setup),
        place=place,
    )
    preemptions, horizon = document.preemptions, document.horizon
    return Explored(
        scenario,
        document.items(),
        document.find,
        document.never,
        document.jumps,
        None if horizon is None else read_length(horizon),
        None if preemptions == "none" else preemptions,
        document.memory,
        document.clock,
    )
