"""The session that a packet would have hit, had it not gone before: found by running the past."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import TYPE_CHECKING

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.engine.main import AclMain
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import TIMEOUT_NAMES
from aclbench.workbench.history.history import History
from aclbench.workbench.inquiry.explain.tree import LostSession
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.views.snapshot import key_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: Finds a session lost on an interface, by its sw_if_index and the keys that would do.
FindLost = Callable[[int, Collection[bytes]], LostSession | None]


class _Listener:
    """Hears which sessions with one of the keys go, and keeps the last; `machine` is the run's."""

    def __init__(
        self,
        bench: Workbench,
        sw_if_index: int,
        keys: Collection[bytes],
        stop: PacketVerdict | None,
    ) -> None:
        self._bench = bench
        self._sw_if_index, self._keys, self._stop = sw_if_index, keys, stop
        self._over = False
        self._last_packets: dict[SessionId, int] = {}
        self.lost: LostSession | None = None
        self.now = stop.time if stop is not None else bench.now

    def hear(self, event: TraceEvent) -> None:
        """Keep a session that goes."""
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
            self.lost = self._lost(self._bench.machine.am, event)

    def _lost(self, am: AclMain, event: SessionDeleted | SessionRecycled) -> LostSession:
        """Freed this very moment, so its slot still has its flags."""
        session = reading.slot_at(am.workers[event.thread_index], event.session_index)
        timeout_class = reading.timeout_class(am, session)
        where = SessionId(event.thread_index, event.session_index)
        if isinstance(event, SessionRecycled):
            why = "recycled"
        else:
            why = "cleared" if event.cleared else "expired"
        last = self._last_packets.get(where)
        feed = self._bench.feed
        name = "" if last is None else str(last) if feed is None else feed.packet_name(last)
        return LostSession(
            session=f"{event.session_index} of {actor_name(event.thread_index)}",
            connection=key_text(event.key),
            interface=self._bench.interface_name(event.sw_if_index),
            why=why,
            time=event.time,
            ago=self.now - event.time,
            idle=event.idle,
            timeout_class=TIMEOUT_NAMES[timeout_class],
            timeout=am.session_timeout[timeout_class],
            last_packet=name,
        )


def find_lost(
    bench: Workbench,
    history: History,
    before: Point,
    stop: tuple[Point, PacketVerdict] | None,
    sw_if_index: int,
    keys: Collection[bytes],
) -> LostSession | None:
    """The last session with one of these keys that went on an interface before a point.

    The past is run again from its end on, checkpoint by checkpoint. The stretch from `before` to
    `stop`, the end of the packet and its verdict, belongs to it. To be called while visiting.
    """
    points = [saved.point for saved in history.branch.saved if saved.point < before]
    stretches = list(pairwise([*points, before]))[::-1]
    if stop is not None:
        stretches.insert(0, (before, stop[0]))
    for begin, end in stretches:
        listener = _Listener(bench, sw_if_index, keys, stop[1] if stop is not None else None)
        history.hear_between(begin, end, listener.hear)
        if listener.lost is not None:
            return listener.lost
    return None
