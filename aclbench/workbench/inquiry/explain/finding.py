"""Which packet of the run is meant by `17`, `http.pcap:17`, `2:17` or `sent:17`."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from aclbench.drivers.frame import packet_number
from aclbench.engine.events import PacketVerdict
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.inquiry.packets import SENT, frame_sent, packet_name
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.done import SENT_BIT
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices

#: The numbers of packets that a capture has room for; behind them whether it was sent.
_ROOM: Final = packet_number(1, 0)
_SENT: Final = SENT_BIT // _ROOM
#: Stands for a capture: what was sent.
_OF_SENT: Final = -1


class Found(NamedTuple):
    """A packet of the run: its place among all of them, its verdict, and the frame if sent."""

    ordinal: int
    event: PacketVerdict
    name: str
    frame: bytes | None


class PacketName(NamedTuple):
    """A packet as typed: what stands before the colon, empty without one, and the number."""

    source: str
    frame: int


def find_packet(rig: Rig, stretches: Stretches, wanted: PacketName) -> Slices[Found]:
    """The packet that is meant. CommandError: there is none, or more than one, or none yet."""
    branch, capture = stretches.branch, _capture_of(rig, wanted)
    places: dict[str, int] = {}
    seen: dict[str, tuple[int, int]] = {}
    ordinal = branch.packets.first + 1
    for rows in branch.packets.parts():
        origins = rows["number"] // _ROOM
        for origin in np.unique(origins).tolist():
            is_sent = bool(origin & _SENT)
            at = np.flatnonzero(origins == origin)
            frames = rows["number"][at] % _ROOM
            source = _source_name(rig, origin & ~_SENT, is_sent)
            low, high = seen.get(source, (int(frames[0]), 0))
            seen[source] = min(low, int(frames.min())), max(high, int(frames.max()))
            same = at[frames == wanted.frame]
            if len(same) and capture in (None, _OF_SENT if is_sent else origin):
                places.setdefault(source, ordinal + int(same[0]))
        ordinal += len(rows)
        yield None
    if not places:
        raise CommandError(_none_text(wanted, seen, _packets_ahead(rig)))
    if len(places) > 1:
        names = " or ".join(f"{source}:{wanted.frame}" for source in places)
        raise CommandError(f"there is more than one packet {wanted.frame}; say {names}")
    place = next(iter(places.values()))
    event = (yield from stretches.verdicts({place}))[place]
    frame = frame_sent(rig, branch, event)
    return Found(place, event, packet_name(rig, event.number, frame is not None), frame)


def _capture_of(rig: Rig, wanted: PacketName) -> int | None:
    """Which capture is meant, from 0; `_OF_SENT`: what was sent; None: whichever has the number."""
    if not wanted.source:
        return None
    if wanted.source == SENT:
        return _OF_SENT
    captures = rig.feed.captures if rig.feed is not None else ()
    named = [n for n, p in enumerate(captures) if wanted.source in (str(p), p.name, p.stem)]
    if len(named) == 1:
        return named[0]
    if wanted.source.isdecimal() and 1 <= int(wanted.source) <= len(captures):
        return int(wanted.source) - 1
    known = ", ".join(f"{n} {path}" for n, path in enumerate(captures, 1)) or "none"
    which = "more than one capture is" if named else "no capture is"
    raise CommandError(f"{which} called {wanted.source[:64]}; this bench plays {known}")


def _source_name(rig: Rig, capture: int, is_sent: bool) -> str:
    if is_sent or rig.feed is None:
        return SENT
    path = rig.feed.captures[capture]
    is_only = [other.name for other in rig.feed.captures].count(path.name) == 1
    return path.name if is_only else str(capture + 1)


def _packets_ahead(rig: Rig) -> int | None:
    """How many packets the one capture has, where that is known."""
    feed = rig.feed
    return feed.extent.packets if feed is not None and len(feed.captures) == 1 else None


def _none_text(wanted: PacketName, seen: dict[str, tuple[int, int]], in_capture: int | None) -> str:
    """What is there instead."""
    asked = f"{wanted.source}:{wanted.frame}" if wanted.source else str(wanted.frame)
    if not wanted.frame:
        return f"there is no packet {asked}: they are counted from 1"
    if wanted.source != SENT and in_capture is not None:
        return f"there is no packet {asked}: the capture has {counted(in_capture, 'packet')}"
    if not seen:
        return f"there is no packet {asked}: this run has had none yet"
    there = ", ".join(
        f"{low} to {high} " + ("that were sent" if source == SENT else f"of {source}")
        for source, (low, high) in seen.items()
    )
    return f"there is no packet {asked}; this run has had packets {there} so far"
