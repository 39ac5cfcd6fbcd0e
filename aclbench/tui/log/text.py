"""The log as lines: time, thread, kind, and what happened, wrapped under itself."""

from __future__ import annotations

import textwrap
from typing import Final

from rich.style import Style
from rich.text import Text

from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette, heading
from aclbench.tui.units import stamp_text
from aclbench.workbench.eventlog import EventView

#: From this width on kinds have a column of their own.
_WIDE: Final = 110
_KIND_WIDTH: Final = 17
#: An event that happened since stands out by this.
NEW: Final = "+"


def log_text(frame: Frame, width: int, height: int, skip: int, palette: Palette) -> Text:
    """A heading, and the newest events, the newest last; long ones take several lines."""
    state = f"{skip} newer below " if skip else ""
    lines = [heading(f" log  {frame.filter_name}", state, width, palette)]
    body: list[Text] = []
    events = frame.events
    for back, event in enumerate(reversed(events)):
        if len(body) >= height - 1:
            break
        body = event_lines(event, frame, back < frame.new_events, width, palette) + body
    if not events:
        body = [Text(" nothing has happened yet", palette.dim, end="")]
    return Text("\n", end="").join(lines + body[-(height - 1) :])


def event_lines(
    event: EventView, frame: Frame, new: bool, width: int, palette: Palette
) -> list[Text]:
    """One event as one line, or more where it is too long."""
    stamp = stamp_text(event.time - frame.started)
    thread = thread_name(event.thread_index)
    lead = f"{stamp:>12} {thread:<9} "
    kind = event.kind.ljust(_KIND_WIDTH) if width >= _WIDE else f"{event.kind}: "
    hang = len(kind) + 1 if width >= _WIDE else 2
    room = max(width - len(lead) - 1, 10)
    wrapped = textwrap.wrap(kind + event.text, room, subsequent_indent=" " * hang)
    first = Text(no_wrap=True, end="")
    first.append(NEW if new else " ", palette.changed)
    first.append(lead, palette.dim)
    style = style_of(event.kind, palette)
    first.append(wrapped[0][: len(kind)], style)
    first.append(wrapped[0][len(kind) :])
    indent = " " * (len(lead) + 1)
    return [first] + [Text(indent + line, no_wrap=True, end="") for line in wrapped[1:]]


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
