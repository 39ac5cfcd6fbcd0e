"""Which packet of the run is meant by `17`, `http.pcap:17`, `2:17` or `sent:17`.

Packets are numbered as Wireshark does, each capture by itself, and those that were sent by
themselves; the history knows them only as the n-th of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from aclbench.drivers.frame import split_number
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.rig.inputs import Inject, Point

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: What stands before the number of a packet that was sent, where captures have one too.
SENT: Final = "sent"


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


def find_packet(bench: Workbench, history: History, wanted: PacketName) -> Found:
    """The packet that is meant. CommandError: there is none, or more than one, or none yet."""
    capture = _capture_of(bench, wanted)
    sent = [op for op in history.branch.ops if isinstance(op, Inject)]
    unique = not (sent and bench.feed is not None)
    found: dict[str, Found] = {}
    seen: dict[str, tuple[int, int]] = {}
    for begin, end in _stretches(history, wanted.frame):
        for ordinal, event in _verdicts(history, begin, end):
            of, number = split_number(event.number)
            frame = frame_sent(bench, history, event) if sent else None
            source = _source_name(bench, of, frame is not None)
            low, high = seen.get(source, (number, number))
            seen[source] = min(low, number), max(high, number)
            if number != wanted.frame or capture not in (None, -1 if frame is not None else of):
                continue
            found.setdefault(source, Found(ordinal, event, _name(bench, event, frame), frame))
        if found and unique and (capture is not None or _captures(bench) <= 1):
            break
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        names = " or ".join(f"{source}:{wanted.frame}" for source in found)
        raise CommandError(f"there is more than one packet {wanted.frame}; say {names}")
    raise CommandError(_none_text(wanted, seen))


def _captures(bench: Workbench) -> int:
    return len(bench.feed.captures) if bench.feed is not None else 0


def _capture_of(bench: Workbench, wanted: PacketName) -> int | None:
    """Which capture is meant, from 0; -1: what was sent; None: whichever has the number."""
    if not wanted.source:
        return None
    if wanted.source == SENT:
        return -1
    captures = bench.feed.captures if bench.feed is not None else ()
    named = [n for n, p in enumerate(captures) if wanted.source in (str(p), p.name, p.stem)]
    if len(named) == 1:
        return named[0]
    if wanted.source.isdecimal() and 1 <= int(wanted.source) <= len(captures):
        return int(wanted.source) - 1
    known = ", ".join(f"{n} {path}" for n, path in enumerate(captures, 1)) or "none"
    which = "more than one capture is" if named else "no capture is"
    raise CommandError(f"{which} called {wanted.source[:64]}; this bench plays {known}")


def _stretches(history: History, guess: int) -> Iterator[tuple[Point, Point]]:
    """The run in stretches between checkpoints: where the n-th packet is first, then the rest."""
    branch = history.branch
    points = [saved.point for saved in branch.saved] + [branch.end]
    pairs = list(pairwise(points))
    first = branch.starts[0].position.packets + guess
    pairs.sort(key=lambda p: not p[0].position.packets < first <= p[1].position.packets)
    yield from pairs


def _verdicts(history: History, begin: Point, end: Point) -> list[tuple[int, PacketVerdict]]:
    """The verdicts of a stretch, each with its place in the run."""
    heard: list[PacketVerdict] = []

    def hear(event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            heard.append(event)

    history.hear_between(begin, end, hear)
    return list(enumerate(heard, begin.position.packets + 1))


def frame_sent(bench: Workbench, history: History, event: PacketVerdict) -> bytes | None:
    """The frame of a packet that was sent; None if it is of a capture."""
    for index, op in enumerate(history.branch.ops):
        if not isinstance(op, Inject) or not 0 <= event.number - op.first < len(op.frames):
            continue
        same_rx = bench.interface_name(event.rx) == op.interface
        if bench.feed is None or (same_rx and event.time == history.branch.starts[index].time):
            return op.frames[event.number - op.first]
    return None


def _source_name(bench: Workbench, capture: int, is_sent: bool) -> str:
    if is_sent or bench.feed is None:
        return SENT
    path = bench.feed.captures[capture]
    is_only = [other.name for other in bench.feed.captures].count(path.name) == 1
    return path.name if is_only else str(capture + 1)


def _name(bench: Workbench, event: PacketVerdict, frame: bytes | None) -> str:
    """A packet as people find it."""
    if frame is not None or bench.feed is None:
        return str(event.number) if bench.feed is None else f"{SENT}:{event.number}"
    return bench.feed.packet_name(event.number)


def _none_text(wanted: PacketName, seen: dict[str, tuple[int, int]]) -> str:
    """What is there instead."""
    asked = f"{wanted.source}:{wanted.frame}" if wanted.source else str(wanted.frame)
    if not seen:
        return f"there is no packet {asked}: this run has had none yet"
    there = [
        f"{low} to {high} " + ("that were sent" if source == SENT else f"of {source}")
        for source, (low, high) in seen.items()
    ]
    return f"there is no packet {asked}; this run has had packets " + ", ".join(there) + " so far"
