"""The log as lines: time, thread, kind, and what happened, wrapped under itself."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.style import Style

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame, LogRow
from aclbench.tui.log.store import GAP
from aclbench.tui.palette import Palette
from aclbench.tui.targets import EventTarget, PacketTarget
from aclbench.tui.units import fit

#: From this width on kinds have a column of their own.
_WIDE: Final = 110
_KIND_WIDTH: Final = 17
#: An event that happened since stands out by this.
NEW: Final = "+"


def log_drawing(frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
    """A heading, and the newest events, the newest last; long ones take several lines."""
    lines = [heading(f" log  {frame.filter_name}", "f filters ", width, palette)]
    body = newest_lines(frame, frame.events, frame.new_events, width, height - 1, palette)
    if not body:
        body = [Line(" nothing has happened yet", palette.dim)]
    return drawing(lines + body, height)


def newest_lines(
    frame: Frame, rows: Sequence[LogRow], new: int, width: int, height: int, palette: Palette
) -> list[Line]:
    """As many of the last events as fit."""
    body: list[Line] = []
    for back, row in enumerate(reversed(rows)):
        if len(body) >= height:
            break
        body = event_lines(row, frame, back < new, width, palette) + body
    return body[-height:] if height > 0 else []


def event_lines(
    row: LogRow, frame: Frame, new: bool, width: int, palette: Palette, most: int = 0
) -> list[Line]:
    """One event as one line, or more where it is too long; `most` cuts it to so many."""
    event = row.event
    if event.kind == GAP:
        return [Line(fit(f"   ~ {event.text}", width), palette.dim).point_at(target_of(row), 3)]
    stamp = frame.clock.stamp(event.time)
    lead = f" {stamp:>{frame.clock.stamp_width}} {thread_name(event.thread_index):<9} "
    kind = f"{event.kind:<{_KIND_WIDTH - 1}} " if width >= _WIDE else f"{event.kind}: "
    hang = len(kind) + 1 if width >= _WIDE else 2
    room = max(width - len(lead) - 2, 10)
    wrapped = textwrap.wrap(kind + event.text, room, subsequent_indent=" " * hang)
    if most and len(wrapped) > most:
        wrapped = [
            *wrapped[: most - 1],
            fit(" ".join(w.strip() for w in wrapped[most - 1 :]), room),
        ]
    first = Line(" ").add(NEW if new else " ", palette.changed)
    first.add(lead, palette.dim)
    first.add(wrapped[0][: len(kind)], style_of(event.kind, palette))
    first.add(wrapped[0][len(kind) :])
    first.point_at(target_of(row))
    indent = " " * (len(lead) + 2)
    return [first] + [Line(indent + line) for line in wrapped[1:]]


def target_of(row: LogRow) -> EventTarget:
    """What a line of the log points at."""
    if row.packet:
        return EventTarget(row.number, PacketTarget(row.packet, row.number), row.serial)
    return EventTarget(row.number, row.about, row.serial)


def thread_name(thread_index: int) -> str:
    """A thread by VPP's name."""
    return "vpp_main" if thread_index == 0 else f"vpp_wk_{thread_index - 1}"


def style_of(kind: str, palette: Palette) -> Style:
    """What a kind looks like: sessions that come and go stand out, the machinery does not."""
    if kind in ("session added", "requeued", "class changed"):
        return palette.good
    if kind in ("deleted", "recycled", "rules replaced under a match"):
        return palette.bad
    if kind.startswith(("clear", "sweep", "wait")):
        return palette.up
    return palette.plain
