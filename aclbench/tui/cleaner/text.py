"""The cleaner in two lines, and a third with the way its interval went."""

from __future__ import annotations

import math
from typing import Final

from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import FieldTarget
from aclbench.tui.units import BARS, fit, short_count, span_text
from aclbench.workbench.views.snapshot import CleanerView

#: How a wait is said; anything else is a step that it is in the middle of.
_WAITS = ("wait for event", "wait for event or clock", "suspend")
#: The bottom of the interval's bars; their top is the longest that is shown, in nanoseconds.
_SHORTEST: Final = 1_000_000
#: Of the interval's latest values, so many are written out at the most.
_WRITTEN: Final = 12
ROW: Final = "cleaner"


def cleaner_drawing(frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
    """What it waits for and until when; its interval, counters and clear; the interval's way."""
    cleaner = frame.snapshot.cleaner
    name = f" {frame.label}: cleaner " if frame.label else " cleaner "
    first = Line().add(name, palette.heading)
    room = max(width - len(name), 0)
    first.add(fit(" " + wait_text(frame, room - 1), room).ljust(room))
    before = frame.before.cleaner if frame.before is not None else cleaner
    if cleaner.next_step != before.next_step and cleaner.next_step not in _WAITS:
        first.text.right_crop(1)
        first.add("*", palette.changed)
    second = Line()
    parts = (
        ("interval", "wait_interval", span_text(cleaner.wait_interval),
         span_text(before.wait_interval)),
        ("rounds", "", short_count(cleaner.event_cycles), short_count(before.event_cycles)),
        ("interrupts sent", "", short_count(cleaner.interrupts_sent),
         short_count(before.interrupts_sent)),
    )  # fmt: skip
    for label, field, value, old in parts:
        second.add(" ")
        begin = len(second)
        second.add(f"{label} ", palette.dim)
        second.add(value, palette.changed if value != old else palette.plain)
        if field:
            second.spots.append((begin, len(second), FieldTarget(ROW, field)))
        second.add("*" if value != old else " ", palette.changed)
    clear = fit(clear_text(frame), width - len(second) - 1)
    style = palette.up if cleaner.clearing_bitmap else palette.dim
    second.add(" ").add(clear, style, FieldTarget(ROW, "clearing_bitmap"))
    lines = [first, second.fit(width)]
    if height > len(lines):
        lines.append(history_line(frame, width, palette))
    return drawing(lines, height)


def history_line(frame: Frame, width: int, palette: Palette) -> Line:
    """The interval's latest values: as bars on a scale that halving is a step of, and written."""
    values = frame.intervals
    line = Line().add(" interval ", palette.dim)
    if len(values) < 2:
        return line.add("has not changed yet", palette.dim)
    room = max(width - len(line) - 2, 10)
    shown = values[-(room // 2) :]
    line.add("".join(bar(value, max(values)) for value in shown), palette.up)
    written = [_milliseconds(value) for value in values[-_WRITTEN:]]
    while written and len("  " + " › ".join(written) + " ms") > width - len(line):
        written.pop(0)
    more = "… " if len(written) < len(values) else ""
    if written:
        text = f"  {more}{' › '.join(written)} ms"
        line.add(text if len(text) <= width - len(line) else text.replace(more, "", 1))
    return line.fit(width)


def bar(value: int, longest: int) -> str:
    """A bar on a logarithmic scale."""
    longest = max(longest, 2 * _SHORTEST)
    share = math.log(max(value, _SHORTEST) / _SHORTEST) / math.log(longest / _SHORTEST)
    return BARS[min(round(share * (len(BARS) - 1)), len(BARS) - 1)]


def _milliseconds(ns: int) -> str:
    return f"{ns / 1e6:.4g}"


def wait_text(frame: Frame, width: int) -> str:
    """`waits for event or clock until +12.845 s, in 0.35 s`, shorter where there is no room."""
    cleaner = frame.snapshot.cleaner
    if cleaner.next_step not in _WAITS:
        return f"next: {cleaner.next_step}"
    what = _wait_words(cleaner)
    if cleaner.wait_until is None:
        return f"{what}, for as long as it takes"
    left = cleaner.wait_until - frame.snapshot.now
    when = f"until {frame.clock.display(cleaner.wait_until)}"
    soon = f"in {span_text(left)}" if left > 0 else "now"
    long = f"{what} {when}, {soon}"
    return long if len(long) <= width else f"{what}, {soon}"


def _wait_words(cleaner: CleanerView) -> str:
    if cleaner.waits_for == "suspend":
        return "suspended while workers clear"
    return cleaner.waits_for.replace("wait ", "waits ", 1)


def clear_text(frame: Frame) -> str:
    """The clear under way: which interfaces, and the workers that are not done with it."""
    snapshot = frame.snapshot
    cleaner = snapshot.cleaner
    if not cleaner.clearing_bitmap:
        return f"clears done {cleaner.clears_done}" if cleaner.clears_done else "no clear"
    names = " ".join(snapshot.interface_names(cleaner.clearing_bitmap))
    busy = [w.name for w in snapshot.workers if w.clear_in_process]
    return f"clearing {names}" + (f" on {' '.join(busy)}" if busy else "")
