"""Why a session was `tcp_transient`, and which packets made it so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.engine.events import PacketVerdict, SessionAdded, TraceEvent
from aclbench.engine.packet import (
    INFO_TCP_FLAGS_VALID,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    address_text,
    unpack_key,
)
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import NEVER
from aclbench.workbench.inquiry.explain.keys import opens
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.tasks import Slices

_ENDS: Final = TCP_FIN | TCP_RST


class _Listener:
    """Hears the packets of one session that begin or end a connection, since it was made."""

    def __init__(self, session: SessionId, stop: PacketVerdict | None, at: int, until: int) -> None:
        self._session, self._stop = session, stop
        self._at, self._until = at, until
        self.packets: list[PacketVerdict] = []
        self.was_made = False

    def hear(self, event: TraceEvent) -> None:
        self._at += 1
        if self._at > self._until:
            return
        if isinstance(event, SessionAdded):
            if (event.thread_index, event.session_index) == self._session:
                self.packets, self.was_made = [], True
        elif isinstance(event, PacketVerdict):
            if any(check.session == self._session for check in event.checks) and (
                event.info & INFO_TCP_FLAGS_VALID and event.info & (_ENDS | TCP_SYN)
            ):
                self.packets.append(event)
            if event == self._stop:
                self._until = self._at


def life_of(
    stretches: Stretches,
    end: Point,
    stop: PacketVerdict | None,
    session: SessionId,
    until: int = NEVER,
) -> Slices[list[PacketVerdict]]:
    """The packets of a session with SYN, FIN or RST, from its making on, in order.

    Up to the point `end`, the packet `stop` and the event numbered `until`, whichever comes first.
    """
    found: list[PacketVerdict] = []
    for stretch in stretches.backwards(end):
        if stretch.events_before >= until:
            continue
        listener = _Listener(session, stop, stretch.events_before, until)
        yield from stretches.hear(stretch, listener.hear)
        found = listener.packets + found
        if listener.was_made:
            break
    return found


def why_transient(
    key: bytes,
    seen_in: int,
    seen_out: int,
    packets: list[PacketVerdict],
    name: Callable[[PacketVerdict], str],
) -> str:
    """Why the flags seen make a session transient; `key` is its own, in is what has that key."""
    ends = next((p for p in packets if p.info & _ENDS), None)
    if ends is not None:
        flag = "RST" if ends.info & TCP_RST else "FIN"
        ended = f"{flag} at packet {name(ends)}"
        again = next((p for p in packets[packets.index(ends) :] if opens(p.info)), None)
        if again is not None:
            return (
                f"{ended} was of a connection before; packet {name(again)} used the ports again, "
                "and flags once seen stay"
            )
        return ended
    if (seen_in | seen_out) & _ENDS:
        return "FIN or RST was seen"
    five = unpack_key(key)
    lacks = []
    for seen, address in ((seen_in, five.src), (seen_out, five.dst)):
        end = address_text(address, five.is_ip6)
        if not seen:
            lacks.append(f"nothing was seen from {end}")
        elif missing := [n for n, f in (("SYN", TCP_SYN), ("ACK", TCP_ACK)) if not seen & f]:
            lacks.append(f"no {' and no '.join(missing)} was seen from {end}")
    return ", ".join(lacks)
