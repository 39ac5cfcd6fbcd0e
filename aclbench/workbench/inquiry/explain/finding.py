"""Which packet of the run is meant by `17`, `http.pcap:17`, `2:17` or `sent:17`.

The history knows packets only as the n-th of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aclbench.drivers.frame import split_number
from aclbench.engine.events import PacketVerdict
from aclbench.errors import CommandError
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.inquiry.packets import SENT, frame_sent, packet_name
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices


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
    branch = stretches.branch
    capture = _capture_of(rig, wanted)
    any_sent = any(isinstance(op, Inject) for op in branch.ops)
    unique = not (any_sent and rig.feed is not None)
    found: dict[str, Found] = {}
    seen: dict[str, tuple[int, int]] = {}
    for stretch in _stretches(branch, wanted.frame):
        events = yield from stretches.events(stretch)
        verdicts = (event for event in events if isinstance(event, PacketVerdict))
        for ordinal, event in enumerate(verdicts, stretch.saved.point.position.packets + 1):
            of, number = split_number(event.number)
            frame = frame_sent(rig, branch, event) if any_sent else None
            source = _source_name(rig, of, frame is not None)
            low, high = seen.get(source, (number, number))
            seen[source] = min(low, number), max(high, number)
            if number != wanted.frame or capture not in (None, -1 if frame is not None else of):
                continue
            name = packet_name(rig, event.number, frame is not None)
            found.setdefault(source, Found(ordinal, event, name, frame))
        if found and unique and (capture is not None or _captures(rig) <= 1):
            break
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        names = " or ".join(f"{source}:{wanted.frame}" for source in found)
        raise CommandError(f"there is more than one packet {wanted.frame}; say {names}")
    raise CommandError(_none_text(wanted, seen))


def _captures(rig: Rig) -> int:
    return len(rig.feed.captures) if rig.feed is not None else 0


def _capture_of(rig: Rig, wanted: PacketName) -> int | None:
    """Which capture is meant, from 0; -1: what was sent; None: whichever has the number."""
    if not wanted.source:
        return None
    if wanted.source == SENT:
        return -1
    captures = rig.feed.captures if rig.feed is not None else ()
    named = [n for n, p in enumerate(captures) if wanted.source in (str(p), p.name, p.stem)]
    if len(named) == 1:
        return named[0]
    if wanted.source.isdecimal() and 1 <= int(wanted.source) <= len(captures):
        return int(wanted.source) - 1
    known = ", ".join(f"{n} {path}" for n, path in enumerate(captures, 1)) or "none"
    which = "more than one capture is" if named else "no capture is"
    raise CommandError(f"{which} called {wanted.source[:64]}; this bench plays {known}")


def _stretches(branch: Branch, guess: int) -> Iterator[Stretch]:
    """The run in stretches between checkpoints: where the n-th packet is first, then the rest."""
    ends = [*(saved.point for saved in branch.saved[1:]), branch.end]
    stretches = [Stretch(*pair) for pair in zip(branch.saved, ends, strict=True)]
    first = branch.starts[0].position.packets + guess
    yield from sorted(
        stretches,
        key=lambda s: not s.saved.point.position.packets < first <= s.end.position.packets,
    )


def _source_name(rig: Rig, capture: int, is_sent: bool) -> str:
    if is_sent or rig.feed is None:
        return SENT
    path = rig.feed.captures[capture]
    is_only = [other.name for other in rig.feed.captures].count(path.name) == 1
    return path.name if is_only else str(capture + 1)


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
