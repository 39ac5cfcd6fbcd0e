"""The upper part of a worker's panel: name, flags, bitmaps, counters."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette, heading
from aclbench.tui.units import clock_text, fit, short_count
from aclbench.workbench.snapshot import WorkerView

#: A flag that is up, and one that is not; one that changed has a mark behind it.
UP: Final = "●"
DOWN: Final = "○"
CHANGED: Final = "*"
NOTHING: Final = "-"

#: What the flags are called here, and in VPP.
FLAGS: Final = (
    ("pending", "interrupt_is_pending"),
    ("needed", "interrupt_is_needed"),
    ("unwanted", "interrupt_is_unwanted"),
    ("clear", "clear_in_process"),
)
#: Labels and values stand in columns this wide at least.
_CELL_WIDTH: Final = 19
_LABEL_WIDTH: Final = 11
#: What the cells show, in an order for two columns, and one for three.
_TWO_COLUMNS: Final = (
    "serviced", "swipe end",
    "to clear", "taken",
    "packets", "interrupts",
    "added", "requeued",
    "deleted", "recycled",
)  # fmt: skip
_THREE_COLUMNS: Final = (
    "serviced", "swipe end", "packets",
    "to clear", "taken", "interrupts",
    "added", "requeued", "classes",
    "deleted", "recycled", "pool",
)  # fmt: skip


def head_lines(frame: Frame, worker: WorkerView, width: int, palette: Palette) -> list[Text]:
    """Name, flags, and the cells in two or three columns."""
    before = frame.worker_before(worker.thread_index)
    place = f"{worker.name}  thread {worker.thread_index}"
    when = "now" if frame.snapshot.threaded else "next"
    upcoming = f"{when}: {worker.next_step} " if worker.next_step else ""
    lines = [heading(f" {place}", upcoming, width, palette)]
    lines.append(flags_text(worker, before, palette))
    names = _THREE_COLUMNS if width > 3 * _CELL_WIDTH else _TWO_COLUMNS
    columns = 3 if names is _THREE_COLUMNS else 2
    now = cells(frame, worker)
    then = cells(frame, before) if before is not None else now
    cell_width = (width - 1) // columns
    for first in range(0, len(names), columns):
        line = Text(" ", no_wrap=True, end="")
        for name in names[first : first + columns]:
            line.append_text(_cell(name, now[name], then[name], cell_width, palette))
        lines.append(line)
    return lines


def flags_text(worker: WorkerView, before: WorkerView | None, palette: Palette) -> Text:
    """The four flags, each always in the same place: ` ●pending* ○needed  ○unwanted  ○clear `."""
    text = Text(" ", no_wrap=True, end="")
    for name, field in FLAGS:
        value = getattr(worker, field)
        changed = before is not None and getattr(before, field) != value
        text.append(f"{UP if value else DOWN}{name}", palette.up if value else palette.dim)
        text.append(CHANGED if changed else " ", palette.changed)
        text.append(" ")
    text.right_crop(1)
    return text


def cells(frame: Frame, worker: WorkerView) -> dict[str, str]:
    """Every cell of a worker by its label, as text."""
    snapshot = frame.snapshot
    swipe = worker.swipe_end_time
    return {
        "serviced": " ".join(snapshot.interface_names(worker.serviced_sw_if_index_bitmap)),
        "to clear": " ".join(snapshot.interface_names(worker.pending_clear_sw_if_index_bitmap)),
        "swipe end": clock_text(swipe - frame.started) if swipe else "",
        "taken": taken_text(worker.taken),
        "packets": short_count(worker.packets),
        "interrupts": short_count(worker.interrupts_served),
        "added": short_count(worker.added),
        "requeued": short_count(worker.requeued),
        "deleted": short_count(worker.deleted),
        "recycled": short_count(worker.recycled),
        "classes": short_count(worker.class_changes),
        "pool": f"{short_count(worker.sessions)}/{short_count(worker.pool_size)}",
    }


def taken_text(taken: tuple[int, ...]) -> str:
    """Sessions taken from their lists and not judged yet: how many, and the first of them."""
    if not taken:
        return ""
    return f"{len(taken)}: " + " ".join(str(index) for index in taken[:20])


def _cell(name: str, value: str, old: str, width: int, palette: Palette) -> Text:
    text = Text(no_wrap=True, end="")
    text.append(name.ljust(_LABEL_WIDTH), palette.dim)
    room = width - _LABEL_WIDTH - 2
    changed = value != old
    shown = fit(value, room) or NOTHING
    text.append(shown, palette.changed if changed else palette.plain)
    text.append(CHANGED if changed else " ", palette.changed)
    text.append(" " * max(room - len(shown) + 1, 0))
    return text
