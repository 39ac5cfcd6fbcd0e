"""The cleaner in two lines."""

from __future__ import annotations

from rich.text import Text

from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.units import clock_text, fit, short_count, span_text
from aclbench.workbench.snapshot import CleanerView

#: How a wait is said; anything else is a step that it is in the middle of.
_WAITS = ("wait for event", "wait for event or clock", "suspend")


def cleaner_text(frame: Frame, width: int, palette: Palette) -> Text:
    """What it waits for and until when; then its interval, its counters and the clear."""
    cleaner = frame.snapshot.cleaner
    text = Text(no_wrap=True, end="")
    text.append(" cleaner ", palette.heading)
    text.append(fit(" " + wait_text(frame, width - 10), width - 9).ljust(width - 9))
    text.append("\n")
    before = frame.before.cleaner if frame.before is not None else cleaner
    clear = clear_text(frame)
    parts = (
        ("interval", span_text(cleaner.wait_interval), span_text(before.wait_interval)),
        ("rounds", short_count(cleaner.event_cycles), short_count(before.event_cycles)),
        ("interrupts sent", short_count(cleaner.interrupts_sent),
         short_count(before.interrupts_sent)),
    )  # fmt: skip
    begin = len(text.plain)
    for label, value, old in parts:
        text.append(f" {label} ", palette.dim)
        text.append(value, palette.changed if value != old else palette.plain)
        text.append("*" if value != old else " ", palette.changed)
    room = width - (len(text.plain) - begin) - 1
    text.append(" " + fit(clear, room), palette.up if cleaner.clearing_bitmap else palette.dim)
    return text


def wait_text(frame: Frame, width: int) -> str:
    """`waits for event or clock until +12.845 s, in 0.35 s`, shorter where there is no room."""
    cleaner = frame.snapshot.cleaner
    if cleaner.next_step not in _WAITS:
        return f"next: {cleaner.next_step}"
    what = _wait_words(cleaner)
    if cleaner.wait_until is None:
        return f"{what}, for as long as it takes"
    left = cleaner.wait_until - frame.snapshot.now
    when = f"until {clock_text(cleaner.wait_until - frame.started)}"
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
