"""The two lines at the top, the tabs, the line for messages, and the footer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from aclbench.designs import DEFAULT_DESIGN
from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import KeyTarget, TabTarget
from aclbench.tui.units import fit, short_count

#: A glyph for each state, so that it is seen at a glance; the word stands beside it.
STATE_GLYPHS: Final = {"playing": "▶", "paused": "‖", "ended": "■", "idle": "□", "busy": "…"}
#: A message may have so many lines.
_MESSAGE_LINES: Final = 3
#: What else stands in the first line leaves so much of the title.
_TITLE: Final = 14
#: Of two benches, the one in hand.
IN_HAND: Final = "▸"
_COUNTS: Final = ("permitted", "denied", "dropped", "delivered", "unchecked", "not_ip", "malformed")
#: These are shown even when they are 0.
_ALWAYS: Final = ("permitted", "denied", "dropped")


def status_drawing(frame: Frame, width: int, palette: Palette) -> Drawing:
    """Two lines: what runs and when it is; what became of the packets, and when they begin."""
    second = counts_line(frame, width, palette)
    start = frame.clock.start_text(exactly=False)
    if not start:
        return drawing([title_line(frame, width, palette), second])
    time = start.split()[1]
    for said in (f"starts {start}", f"starts {start.partition(' ')[2]}", f"starts {time}"):
        if len(second) + len(said) + 2 <= width:
            second.add(f"{said} ".rjust(width - len(second)), palette.dim)
            return drawing([title_line(frame, width, palette), second])
    # Where counts take all of their line, a title leaves room for the time.
    return drawing([title_line(frame, width, palette, f"since {time}"), second])


def message_drawing(frame: Frame, width: int, palette: Palette) -> Drawing:
    """What is said, in the line that is kept for it; what is longer takes further lines."""
    notice = " ".join(frame.notice.split())  # what a command says may have lines
    if frame.error:
        notice = f"error: {notice}"
    elif frame.busy and not notice:
        notice = f"{frame.busy} goes on; Esc stops it"
    room = max(width - 2, 1)
    wrapped = textwrap.wrap(notice, room) or [""]
    if len(wrapped) > _MESSAGE_LINES:
        wrapped[_MESSAGE_LINES - 1 :] = [fit(" ".join(wrapped[_MESSAGE_LINES - 1 :]), room)]
    style = palette.bad if frame.error else palette.good
    return drawing(Line(" ").add(text, style) for text in wrapped)


def title_line(frame: Frame, width: int, palette: Palette, start: str = "") -> Line:
    """The title on the left; page, start if there is room, time, speed and state on the right."""
    clock = f"{frame.clock.display(frame.snapshot.now)} {frame.clock.zone_name}".rstrip()
    right = f"  {clock}   {frame.speed}  {STATE_GLYPHS[frame.state]} {state_words(frame)} "
    if start and len(start) + len(right) + _TITLE < width:
        right = f"  {start}{right}"
    if frame.page and len(frame.page) + len(right) + _TITLE < width:
        right = f"  {frame.page} {right}"
    if cell_len(right) >= width:
        # Rather the speed than the state, and of that rather the end than the beginning.
        right = fit(f" {clock} {STATE_GLYPHS[frame.state]} {state_words(frame)}", width - 1)
    long = cell_len(right)  # a branch may be named in wide characters, and so may the title
    title = frame.title
    if frame.against is not None:
        sides = [frame.of_bench(0), frame.of_bench(1)]
        names = [f"{IN_HAND if side is frame else ''}{side.label}" for side in sides]
        title = f"{' against '.join(names)}  {title}"
    elif frame.snapshot.design != DEFAULT_DESIGN.name:
        title += f"  design {frame.snapshot.design}"
    line = Line().add(" " + fit(title, width - long - 1), palette.heading)
    line.add(" " * max(width - long - line.text.cell_len, 0), palette.heading)
    return line.add(right, palette.heading)


def state_words(frame: Frame) -> str:
    """`paused`, `paused in the past`, `playing on branch-1`; and who was chosen to step."""
    words: str = frame.state
    if frame.past:
        words += " in the past"
    if frame.branch not in ("", "main"):
        words += f" on {fit(frame.branch, 16)}"
    if frame.chosen:
        words += f", {frame.chosen} steps"
    return words


def counts_line(frame: Frame, width: int, palette: Palette) -> Line:
    """Packets by fate and live sessions; the fates that did not occur are left out."""
    packets = frame.snapshot.packets
    before = frame.before.packets if frame.before is not None else packets
    parts = [("packets", packets.read, before.read)]
    for name in _COUNTS:
        count = getattr(packets, name)
        if count or name in _ALWAYS:
            parts.append((name.replace("_", " "), count, getattr(before, name)))
    live = frame.snapshot.sessions.live
    old_live = frame.before.sessions.live if frame.before is not None else live
    parts.insert(1, ("sessions", live, old_live))
    line = Line()
    for label, count, old in parts:
        if len(line) + len(f" {label} {short_count(count)} ") > width:
            break
        line.add(f" {label} ", palette.dim)
        line.add(short_count(count), palette.changed if count != old else palette.plain)
        line.add("*" if count != old else " ", palette.changed)
    return line


def tabs_line(
    tabs: Sequence[tuple[str, str, str]], here: str, width: int, palette: Palette
) -> Line:
    """The places, each with its key: `[1 bench] 2 packets  3 sessions ...`.

    `tabs` are key, name and word of each.
    """
    line = Line()
    for key, name, word in tabs:
        is_here = name == here
        if len(line) + len(key) + len(word) + 3 > width:
            break
        line.add("[" if is_here else " ", palette.up)
        line.add(f"{key} {word}", palette.strong if is_here else palette.dim, TabTarget(name))
        line.add("]" if is_here else " ", palette.up)
    return line


def footer_line(keys: Sequence[tuple[str, str, str]], width: int, palette: Palette) -> Line:
    """The keys that matter most here, as many as fit: key, word and action of each."""
    line = Line()
    for key, word, action in keys:
        if len(line) + len(key) + len(word) + 3 > width:
            break
        line.add(" ")
        begin = len(line)
        line.add(f"{key} ", palette.heading).add(word, palette.plain)
        if action:
            line.spots.append((begin, len(line), KeyTarget(action)))
        line.add(" ")
    return line
