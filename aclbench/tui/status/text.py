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
_COUNTS: Final = ("permitted", "denied", "dropped", "unchecked", "not_ip", "malformed")
#: These are shown even when they are 0.
_ALWAYS: Final = ("permitted", "denied", "dropped")


def status_text(frame: Frame, width: int, palette: Palette) -> Text:
    """The top of the screen; its message goes below the counts if it does not fit beside them."""
    text = title_line(frame, width, palette)
    counts = counts_text(frame, width, palette)
    text.append("\n")
    style = palette.bad if frame.error else palette.good
    notice = f"error: {frame.notice}" if frame.error else frame.notice
    room = width - len(counts.plain) - 3
    text.append_text(counts)
    if not notice:
        return text
    if len(notice) <= room:
        text.append(notice.rjust(room + 2), style)
        return text
    lines = textwrap.wrap(notice, width - 2)
    for line in lines[: _MESSAGE_LINES - 1]:
        text.append(f"\n {line}", style)
    if len(lines) >= _MESSAGE_LINES:
        rest = " ".join(lines[_MESSAGE_LINES - 1 :])
        text.append(f"\n {fit(rest, width - 2)}", style)
    return text


def title_line(frame: Frame, width: int, palette: Palette) -> Text:
    """Title on the left; page, time, speed and state on the right."""
    glyph = STATE_GLYPHS[frame.state]
    clock = clock_text(frame.snapshot.now - frame.started)
    right = f"  {clock}   {frame.speed}  {glyph} {frame.state} "
    if frame.page and len(frame.page) + len(right) + 14 < width:
        right = f"  {frame.page} {right}"
    text = Text(no_wrap=True, end="")
    text.append(" " + fit(frame.title, width - len(right) - 1), palette.heading)
    text.append(" " * max(width - len(right) - len(text.plain), 0), palette.heading)
    text.append(right, palette.heading)
    return text


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
