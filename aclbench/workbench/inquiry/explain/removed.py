"""The session that a packet would have hit, had it not been removed before.

Found by running the past again, from its end on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.engine.session import SessionId
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.tree import RemovedSession
from aclbench.workbench.inquiry.packets import packet_name
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.snapshot import key_text

#: Finds a session removed on an interface, by its sw_if_index and the keys that would do.
FindRemoved = Callable[[int, Collection[bytes]], Slices[RemovedSession | None]]


class _Listener:
    """Hears which sessions with one of the keys are removed in a stretch; keeps the last."""

    def __init__(
        self, now: int, sw_if_index: int, keys: Collection[bytes], stop: PacketVerdict | None
    ) -> None:
        self._now = now
        self._sw_if_index, self._keys, self._stop = sw_if_index, keys, stop
        self._rig: Rig | None = None
        self._over = False
        self._last_packets: dict[SessionId, int] = {}
        self.removed: RemovedSession | None = None

    def begin(self, there: Replay) -> Iterator[None]:
        """The stretch begins, on this rig."""
        self._rig = there.rig
        yield

    def hear(self, event: TraceEvent) -> None:
        """Keep a session that is removed."""
        if isinstance(event, PacketVerdict):
            self._over = self._over or event == self._stop
            for check in event.checks:
                if check.session is not None:
                    self._last_packets[check.session] = event.number
        elif (
            isinstance(event, SessionDeleted | SessionRecycled)
            and not self._over
            and event.sw_if_index == self._sw_if_index
            and event.key in self._keys
        ):
            assert self._rig is not None
            self.removed = self._removed(self._rig, event)

    def _removed(self, rig: Rig, event: SessionDeleted | SessionRecycled) -> RemovedSession:
        """Freed this very moment, so its slot still has its flags."""
        am = rig.machine.am
        session = reading.slot_at(am.workers[event.thread_index], event.session_index)
        timeout_class = reading.timeout_class(am, session)
        where = SessionId(event.thread_index, event.session_index)
        if isinstance(event, SessionRecycled):
            why = "recycled"
        else:
            why = "cleared" if event.cleared else "expired"
        last = self._last_packets.get(where)
        return RemovedSession(
            session=f"{event.session_index} of {actor_name(event.thread_index)}",
            connection=key_text(event.key),
            interface=rig.interface_name(event.sw_if_index),
            why=why,
            time=event.time,
            ago=self._now - event.time,
            idle=event.idle,
            timeout_class=am.timeout_classes[timeout_class].name,
            timeout=am.session_timeout[timeout_class],
            last_packet="" if last is None else packet_name(rig, last),
        )


def find_removed(
    stretches: Stretches,
    end: Point,
    now: int,
    stop: PacketVerdict | None,
    sw_if_index: int,
    keys: Collection[bytes],
) -> Slices[RemovedSession | None]:
    """The last session with one of these keys that was removed on an interface.

    The past is run again from `end` on, checkpoint by checkpoint; what comes behind the packet
    `stop` does not count. `now` is when the session was missed.
    """
    for stretch in stretches.backwards(end):
        listener = _Listener(now, sw_if_index, keys, stop)
        yield from stretches.hear(stretch, listener.hear, listener.begin)
        if listener.removed is not None:
            return listener.removed
    return None
