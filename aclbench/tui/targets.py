"""What can be pointed at on the screen: whatever has a story to tell, or a place to go to.

They are compared to find the cursor, so no two kinds may be equal: as tuples, session 0 of thread 1
would be list 0 of thread 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aclbench.workbench.inquiry.stories.values import PastPlace


@dataclass(frozen=True, slots=True)
class SessionTarget:
    """A session, by its owner's thread and its index in the owner's pool."""

    thread_index: int
    session_index: int


@dataclass(frozen=True, slots=True)
class FieldTarget:
    """A field of a worker or of the cleaner: `vpp_wk_0`, `interrupt_is_needed`."""

    row: str
    field: str


@dataclass(frozen=True, slots=True)
class ListTarget:
    """One of a thread's three lists."""

    thread_index: int
    list_id: int


@dataclass(frozen=True, slots=True)
class PacketTarget:
    """A packet, by the name that `explain` takes, and by its number among all of the run."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class CausesTarget:
    """All packets that did not pass, by cause."""


@dataclass(frozen=True, slots=True)
class NoticeTarget:
    """Who would notice that the other of two benches was there."""


@dataclass(frozen=True, slots=True)
class EventTarget:
    """A trace event, by its number in the run (0: not known); `about` is what it is about.

    `serial` tells rows of the log apart whose numbers are not known.
    """

    number: int
    about: SessionTarget | PacketTarget | None = None
    serial: int = 0


@dataclass(frozen=True, slots=True)
class PastTarget:
    """A point of the run that a story tells of; `about` as with an event."""

    place: PastPlace
    about: SessionTarget | PacketTarget | None = None


@dataclass(frozen=True, slots=True)
class TimeTarget:
    """A time of the run, in nanoseconds."""

    time: int


@dataclass(frozen=True, slots=True)
class BranchTarget:
    """A branch, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class DifferenceTarget:
    """What differs between two points of the run, each as `diff` takes it."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class MarkKindTarget:
    """A kind of mark of the timeline; empty: any."""

    kind: str


@dataclass(frozen=True, slots=True)
class RowTarget:
    """A row of a story that there is nothing more to ask about; `number` tells equal ones apart."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class TabTarget:
    """A place of the screen, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class KeyTarget:
    """A key of the footer, by its action."""

    action: str


@dataclass(frozen=True, slots=True)
class LineTarget:
    """A line that can be put into the command line."""

    line: str


@dataclass(frozen=True, slots=True)
class OptionTarget:
    """An answer to a lesson's question, from 0; the last is "not sure", -1 the question itself."""

    number: int


Target: TypeAlias = (
    SessionTarget
    | FieldTarget
    | ListTarget
    | PacketTarget
    | EventTarget
    | PastTarget
    | TimeTarget
    | BranchTarget
    | DifferenceTarget
    | CausesTarget
    | NoticeTarget
    | MarkKindTarget
    | RowTarget
    | TabTarget
    | KeyTarget
    | LineTarget
    | OptionTarget
)
