"""What happened to a connection: its packets, its sessions, and why the first one did not pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

from aclbench.engine.events import (
    ClassChanged,
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    TraceEvent,
)
from aclbench.engine.session import SessionId
from aclbench.errors import AclbenchError, CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import point_of_packet
from aclbench.workbench.inquiry.explain.finding import Found
from aclbench.workbench.inquiry.explain.packet import explain_found
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.filtering import filter_of
from aclbench.workbench.inquiry.packets import find_packets, frame_sent
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.events import event_text
from aclbench.workbench.views.keys import connection_of

#: So many events of its sessions are told, the first ones.
MAX_EVENTS: Final = 50
_NOT_PASSED: Final = ("denied", "dropped", "malformed")


@dataclass(frozen=True, slots=True)
class ConnectionEvent:
    """Something that happened to a session of the connection, at `time` (virtual ns)."""

    time: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection by its number: its first and last packet, how many met which fate.

    `events` are those of its sessions, `left_out` how many more there were; `stopped` explains the
    first of its packets that did not pass, None if all did.
    """

    number: int
    ends: str
    packets: int
    first: str
    first_time: int
    last: str
    last_time: int
    fates: tuple[tuple[str, int], ...]
    events: tuple[ConnectionEvent, ...]
    left_out: int
    stopped: Explanation | None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        stopped = None if self.stopped is None else self.stopped.to_json()
        plain = {name: getattr(self, name) for name in self.__slots__}
        events = [asdict(event) for event in self.events]
        return {**plain, "fates": dict(self.fates), "events": events, "stopped": stopped}


class _Listener:
    """Hears what happens to the sessions of a connection, and one packet's verdict."""

    def __init__(self, rig: Rig, ordinal: int, wanted: int) -> None:
        self._rig = rig
        self._ordinal, self._wanted = ordinal, wanted
        self._sessions: set[SessionId] = set()
        self.connection = b""
        self.verdict: PacketVerdict | None = None
        self.heard: list[TraceEvent] = []

    def hear(self, event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            self._ordinal += 1
            if self._ordinal == self._wanted:
                self.verdict = event
        elif isinstance(event, SessionAdded | SessionDeleted | SessionRecycled):
            if connection_of(event.key) == self.connection:
                self.heard.append(event)
                where = SessionId(event.thread_index, event.session_index)
                if isinstance(event, SessionAdded):
                    self._sessions.add(where)
                else:
                    self._sessions.discard(where)
        elif isinstance(event, ClassChanged) and event.session in self._sessions:
            self.heard.append(event)


def explain_connection(subject: Subject, history: History, number: int) -> Slices[Connection]:
    """What happened to a connection of the run so far. CommandError: none has it."""
    rig = subject.rig
    found = yield from find_packets(subject, filter_of(rig, "packets", f"conn {number}"))
    if not len(found):
        raise CommandError(f"there is no connection {number} in the run so far; packets shows them")
    first, last = found[0], found[-1]
    fates: Counter[str] = Counter()
    stopped_at = None
    for index in range(len(found)):
        packet = found[index]
        fates[packet.fate] += 1
        if stopped_at is None and packet.fate in _NOT_PASSED:
            stopped_at = packet
        if not index % 256:
            yield Progress(index, len(found), "packets looked at")
    wanted = stopped_at.ordinal if stopped_at is not None else 0
    stretches = Stretches(history)
    branch = stretches.branch
    saved = branch.nearest(point_of_packet(branch, first.ordinal)._replace(time=-1))
    listener = _Listener(rig, saved.point.position.packets, wanted)
    listener.connection = connection_of(found.rows.row(first.ordinal - 1).key)
    yield from stretches.hear(Stretch(saved, stretches.begun_at), listener.hear)
    stopped = None
    if stopped_at is not None:
        if listener.verdict is None:
            raise AclbenchError(
                f"packet {stopped_at.name}: not in the run again; please report this"
            )
        frame = frame_sent(rig, branch, listener.verdict)
        packet_found = Found(wanted, listener.verdict, stopped_at.name, frame)
        stopped = yield from explain_found(history, stretches, packet_found)
    told = listener.heard[:MAX_EVENTS]
    return Connection(
        number=number,
        ends=first.connection or "not IP",
        packets=len(found),
        first=first.name,
        first_time=first.time,
        last=last.name,
        last_time=last.time,
        fates=tuple(fates.most_common()),
        events=tuple(ConnectionEvent(e.time, e.kind, event_text(e, rig)) for e in told),
        left_out=len(listener.heard) - len(told),
        stopped=stopped,
    )
