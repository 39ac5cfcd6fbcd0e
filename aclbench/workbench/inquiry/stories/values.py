"""What stories are: frozen values. Times are nanoseconds of virtual time.

`to_json` makes plain dicts, lists, strings and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Literal

from aclbench.engine.session import SessionId
from aclbench.workbench.rig.inputs import Point

#: A past moment: a point of the branch, or the number of the trace event that was made there.
PastPlace = Point | int


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field by VPP's name, its value as people read it, and what it means."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that happened. `place` is for `Workbench.goto`; None on real threads."""

    time: int
    thread_index: int
    kind: str
    text: str
    place: PastPlace | None


@dataclass(frozen=True, slots=True)
class PastWriter:
    """A step that changed a field: who took it, which it was, and both values, also as text.

    `place` is right behind it, for `Workbench.goto`; None on real threads.
    """

    time: int
    who: str
    what: str
    old: Any
    new: Any
    old_text: str
    new_text: str
    place: PastPlace | None


@dataclass(frozen=True, slots=True)
class NextCheck:
    """When and how a session's owner judges it the next time, if no packet comes.

    `check_due`: not before this. `interrupt`: the owner's next interrupt. `nth`: which of its
    interrupts takes the session, 1 being the next; `taken_at`: when that is. `fate` and `to_list`
    (-1 if deleted) are what happens then, `why` in words. `expires`: when it has been idle for its
    timeout. `latest`: it is deleted at this time at the latest, unless more is due at once than the
    interrupts can take.
    """

    check_due: int
    interrupt: int
    nth: int
    taken_at: int
    fate: Literal["deleted", "requeued"]
    to_list: int
    why: str
    expires: int
    latest: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """A deleted session that is not free yet; its slot is at `check_due`, at the earliest."""

    check_due: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStory:
    """What every story has: it is told at `time` on `branch`, and may not be `complete` yet.

    `looked_back_to` is the time from which on the run was looked at.
    """

    time: int
    branch: str
    looked_back_to: int | None = None
    note: str = ""
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        return _plain_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStory(BaseStory):
    """One session, or a free slot and the session that had it last.

    `events` are all since it was added, oldest first, bar `left_out` between the first and the
    second.
    """

    id: SessionId
    title: str
    lives: bool
    fields: tuple[FieldLine, ...]
    next: NextCheck | Rest | None = None
    events: tuple[PastEvent, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStory(BaseStory):
    """One field of the cleaner, a worker or a session, and who wrote it, newest first."""

    row: str
    name: str
    value: Any
    value_text: str
    meaning: str
    vpp_name: str
    written_by: str
    read_by: str
    writers: tuple[PastWriter, ...] = ()


@dataclass(frozen=True, slots=True)
class NextInList:
    """One of a list's first sessions: where, and what the next interrupt would make of it."""

    id: SessionId
    connection: str
    fate: Literal["deleted", "requeued", "left"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStory(BaseStory):
    """One of a worker's lists: what it consists of, what the next interrupt takes, what happened.

    `interrupt` is when that comes (None: nothing tells), `due` how many of the first sessions are
    due then, up to the quantum, `taken` how many of them it takes once the lists before this one
    had theirs. `events` are the last ones on this list, oldest first.
    """

    thread_index: int
    list_id: int
    title: str
    fields: tuple[FieldLine, ...]
    interrupt: int | None = None
    due: int = 0
    taken: int = 0
    sentences: tuple[str, ...] = ()
    first: tuple[NextInList, ...] = ()
    events: tuple[PastEvent, ...] = ()


Story = SessionStory | FieldStory | ListStory


def _plain_fields(thing: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(thing, each.name)) for each in fields(thing)}


def _plain(value: Any) -> Any:
    """A value as JSON has it; keys are shown as hexadecimal, enumerations by their value."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
