"""The upper part of a worker's panel: name, flags, bitmaps, counters."""

from __future__ import annotations

from typing import Final

from aclbench.tui.drawing import Line, heading
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import FieldTarget
from aclbench.tui.units import fit, fit_middle, short_count, short_time
from aclbench.workbench.views.snapshot import Snapshot, WorkerView

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
#: An interface of a bitmap: its bit is set, or not.
SET: Final = "■"
CLEAR: Final = "□"
#: Names of interfaces, several in a cell; a label in front of many of them.
_NAME_WIDTH: Final = 10
_NARROW_LABEL: Final = 9
#: What the cells show, in an order for two columns, and one for three.
_TWO_COLUMNS: Final = (
    "serviced", "swipe end",
    "to clear", "taken",
    "packets", "interrupts",
    "added", "requeued",
    "deleted", "recycled",
    "pool", "classes",
)  # fmt: skip
_THREE_COLUMNS: Final = (
    "serviced", "swipe end", "packets",
    "to clear", "taken", "interrupts",
    "added", "requeued", "classes",
    "deleted", "recycled", "pool",
)  # fmt: skip
#: The fields that cells show and that have a story, by VPP's names.
_FIELDS: Final = {
    "serviced": "serviced_sw_if_index_bitmap",
    "to clear": "pending_clear_sw_if_index_bitmap",
    "swipe end": "swipe_end_time",
}


#: The cells that are bitmaps of interfaces.
BITMAPS: Final = ("serviced", "to clear")


def head_lines(frame: Frame, worker: WorkerView, width: int, palette: Palette) -> list[Line]:
    """Name, flags, and the cells in two or three columns."""
    before = frame.worker_before(worker.thread_index)
    when = "now" if frame.snapshot.threaded else "next"
    upcoming = f"{when}: {worker.next_step} " if worker.next_step else ""
    if before is not None and bool(worker.next_step) and worker.next_step != before.next_step:
        upcoming = f"{CHANGED}{upcoming}"
    label = f"{frame.label}: " if frame.label else ""
    place = f" {label}{worker.name}  thread {worker.thread_index}"
    if len(place) + 2 + len(upcoming) > width:
        place = f" {label}{worker.name}"
    lines = [heading(place, upcoming, width, palette)]
    lines.append(flags_line(worker, before, palette))
    names = _THREE_COLUMNS if width > 3 * _CELL_WIDTH else _TWO_COLUMNS
    columns = 3 if names is _THREE_COLUMNS else 2
    now = cells(frame, worker)
    then = cells(frame, before) if before is not None else now
    cell_width = (width - 1) // columns
    for first in range(0, len(names), columns):
        line = Line(" ")
        for name in names[first : first + columns]:
            value = now[name]
            if name == "swipe end" and len(value) > cell_width - _LABEL_WIDTH - 2:
                value = f"+{short_time(worker.swipe_end_time - frame.clock.started)}"
            changed = now[name] != then[name]
            if name in BITMAPS:
                _add_bitmap(line, frame, worker, before, name, cell_width, palette)
                continue
            _add_cell(line, worker, name, value, changed, cell_width, palette)
        lines.append(line)
    return lines


def flags_line(worker: WorkerView, before: WorkerView | None, palette: Palette) -> Line:
    """The four flags, each always in the same place: ` ●pending* ○needed  ○unwanted  ○clear `."""
    line = Line(" ")
    for name, field in FLAGS:
        value = getattr(worker, field)
        changed = before is not None and getattr(before, field) != value
        target = FieldTarget(worker.name, field)
        line.add(f"{UP if value else DOWN}{name}", palette.up if value else palette.dim, target)
        line.add(CHANGED if changed else " ", palette.changed)
        line.add(" ")
    line.text.right_crop(1)
    return line


def cells(frame: Frame, worker: WorkerView) -> dict[str, str]:
    """Every cell of a worker by its label, as text."""
    swipe = worker.swipe_end_time
    return {
        "serviced": str(worker.serviced_sw_if_index_bitmap),
        "to clear": str(worker.pending_clear_sw_if_index_bitmap),
        "swipe end": frame.clock.display(swipe) if swipe else "",
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


def bitmap_interfaces(snapshot: Snapshot, bitmap: int) -> list[tuple[int, str]]:
    """The interfaces that a bitmap is drawn for, by index and name: all but local0 and deleted
    ones, and whatever has its bit set."""
    named = {i.sw_if_index: i.name for i in snapshot.interfaces}
    shown = {i.sw_if_index for i in snapshot.interfaces if i.sw_if_index and not i.deleted}
    shown |= {n for n in range(bitmap.bit_length()) if bitmap >> n & 1}
    return [(n, fit_middle(named.get(n, str(n)), _NAME_WIDTH)) for n in sorted(shown)]


def _add_bitmap(
    line: Line,
    frame: Frame,
    worker: WorkerView,
    before: WorkerView | None,
    name: str,
    width: int,
    palette: Palette,
) -> None:
    """`serviced   ■pg0*□pg1`: a cell an interface, without names where there is no room."""
    bitmap = getattr(worker, _FIELDS[name])
    old = bitmap if before is None else getattr(before, _FIELDS[name])
    found = bitmap_interfaces(frame.snapshot, bitmap | old)
    label = _LABEL_WIDTH
    named = sum(len(text) + 2 for _, text in found)
    if label + named > width:
        label = _NARROW_LABEL
    has_names = label + named <= width
    begin = len(line)
    line.add(name.ljust(label), palette.dim)
    for n, text in found if has_names else found[: max(width - label - 2, 0)]:
        glyph = SET if bitmap >> n & 1 else CLEAR
        changed = (bitmap ^ old) >> n & 1
        style = palette.changed if changed else palette.up if glyph == SET else palette.dim
        line.add(f"{glyph}{text}" if has_names else glyph, style)
        if has_names:
            line.add(CHANGED if changed else " ", palette.changed)
    if not has_names and len(found) > width - label - 2:
        line.add("…", palette.dim)
    if not found:
        line.add(NOTHING)
    line.spots.append((begin, len(line.plain.rstrip()), FieldTarget(worker.name, _FIELDS[name])))
    if not has_names and bitmap != old:
        line.add(CHANGED, palette.changed)
    line.pad(begin + width)


def taken_text(taken: tuple[int, ...]) -> str:
    """Sessions taken from their lists and not judged yet: how many, and the first of them."""
    if not taken:
        return ""
    return f"{len(taken)}: " + " ".join(str(index) for index in taken[:20])


def _add_cell(
    line: Line,
    worker: WorkerView,
    name: str,
    value: str,
    changed: bool,
    width: int,
    palette: Palette,
) -> None:
    field = _FIELDS.get(name)
    begin = len(line)
    line.add(name.ljust(_LABEL_WIDTH), palette.dim)
    room = width - _LABEL_WIDTH - 2
    shown = fit(value, room) or NOTHING
    line.add(shown, palette.changed if changed else palette.plain)
    if field is not None:
        line.spots.append((begin, len(line), FieldTarget(worker.name, field)))
    line.add(CHANGED if changed else " ", palette.changed)
    line.add(" " * max(room - len(shown) + 1, 0))
