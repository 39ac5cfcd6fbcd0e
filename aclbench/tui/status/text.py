"""The two lines at the top, and further ones for a message that needs them."""

from __future__ import annotations

import textwrap
from typing import Final

from rich.text import Text

from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.units import clock_text, fit, short_count

#: A glyph for each state, so that it is seen at a glance; the word stands beside it.
STATE_GLYPHS: Final = {"playing": "▶", "paused": "‖", "ended": "■", "idle": "□"}
#: A message may have so many lines of its own.
_MESSAGE_LINES: Final = 3
#: A title may be cut to this for the sake of a message.
_SHORTEST_TITLE: Final = 8
_COUNTS: Final = ("permitted", "denied", "dropped", "unchecked", "not_ip", "malformed")
#: These are shown even when they are 0.
_ALWAYS: Final = ("permitted", "denied", "dropped")


def status_text(frame: Frame, width: int, palette: Palette) -> Text:
    """Two lines; a message stands in the first, else in the second, else below them."""
    style = palette.bad if frame.error else palette.good
    notice = f"error: {frame.notice}" if frame.error else frame.notice
    counts = counts_text(frame, width, palette)
    text, shown = title_line(frame, "" if frame.error else notice, width, palette)
    text.append("\n")
    text.append_text(counts)
    if not notice or shown:
        return text
    room = width - len(counts.plain) - 1
    if len(notice) < room:
        text.append(notice.rjust(room), style)
        return text
    lines = textwrap.wrap(notice, width - 2)
    if len(lines) > _MESSAGE_LINES:
        rest = " ".join(lines[_MESSAGE_LINES - 1 :])
        lines[_MESSAGE_LINES - 1 :] = [fit(rest, width - 2)]
    for line in lines:
        text.append(f"\n {line}", style)
    return text


def title_line(frame: Frame, notice: str, width: int, palette: Palette) -> tuple[Text, bool]:
    """Title and message on the left; page, time, speed and state on the right.

    Returns also whether there was room for the message.
    """
    glyph = STATE_GLYPHS[frame.state]
    clock = clock_text(frame.snapshot.now - frame.started)
    right = f"  {clock}   {frame.speed}  {glyph} {frame.state} "
    if frame.page and len(frame.page) + len(right) + 14 < width:
        right = f"  {frame.page} {right}"
    room = width - len(right) - 1
    # The title gives way to a message, for lines below must not move up and down with each step.
    beside = room - len(notice) - 3
    shown = bool(notice) and beside >= min(len(frame.title), _SHORTEST_TITLE)
    left = " " + fit(frame.title, beside if shown else room)
    text = Text(no_wrap=True, end="")
    text.append(left, palette.heading)
    if shown:
        text.append(f"   {notice}", palette.heading + palette.good)
    text.append(" " * max(width - len(right) - len(text.plain), 0), palette.heading)
    text.append(right, palette.heading)
    return text, shown


def counts_text(frame: Frame, width: int, palette: Palette) -> Text:
    """Packets by fate and live sessions; the fates that did not occur are left out."""
    packets = frame.snapshot.packets
    before = frame.before.packets if frame.before is not None else packets
    text = Text(no_wrap=True, end="")
    parts = [("packets", packets.read, before.read)]
    for name in _COUNTS:
        count = getattr(packets, name)
        if count or name in _ALWAYS:
            parts.append((name.replace("_", " "), count, getattr(before, name)))
    live = frame.snapshot.sessions.live
    old_live = frame.before.sessions.live if frame.before is not None else live
    parts.insert(1, ("sessions", live, old_live))
    for label, count, old in parts:
        part = f" {label} {short_count(count)} "
        if len(text.plain) + len(part) > width:
            break
        text.append(f" {label} ", palette.dim)
        text.append(short_count(count), palette.changed if count != old else palette.plain)
        text.append("*" if count != old else " ", palette.changed)
    return text
