"""The workers: a row of panels, or a line for each where another place has the room."""

from __future__ import annotations

from collections.abc import Iterator

from textual.containers import Horizontal

from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.frame import Frame
from aclbench.tui.layout import share_rows
from aclbench.tui.palette import Palette
from aclbench.tui.targets import ListTarget
from aclbench.tui.textpanel import FramePanel
from aclbench.tui.units import BARS
from aclbench.tui.workers.head import flags_line, head_lines
from aclbench.tui.workers.lists import list_lines
from aclbench.workbench.views.snapshot import BesideView, PlaceView, WorkerView

#: The lines of a panel that are always there; and of each list as many sessions, if they fit.
NAME_AND_FLAGS = 2
FEWEST_SESSIONS = 2
#: Lines of a panel that show no session, at the least: its head, and one for each list.
HEAD_LINES = 5
#: Where a bar would stand for an amount of 0.
NO_AMOUNT = "·"
#: Short names of VPP's lists, for a worker in one line.
_SHORT_NAMES = {"udp_idle": "udp", "tcp_idle": "tcp", "tcp_transient": "transient"}


def panel_drawing(
    frame: Frame, worker: WorkerView, width: int, height: int, palette: Palette
) -> Drawing:
    """A whole panel: never more than `height` lines of `width` cells."""
    lines = head_lines(frame, worker, width, palette)
    places = [_place_line(place, width, palette) for place in worker.places]
    places += [line for each in worker.beside for line in _beside_lines(each, width, palette)]
    # The sessions come first: where there is little room the counters go, then what is beside.
    needed = NAME_AND_FLAGS + len(worker.lists) * (1 + FEWEST_SESSIONS)
    places = places[: max(height - needed, 0)]
    needed += len(places)
    lines = lines[: NAME_AND_FLAGS + max(height - needed, 0)] + places
    before = frame.worker_before(worker.thread_index)
    room = height - len(lines) - len(worker.lists)
    for view, rows in zip(worker.lists, share_rows(room, list_needs(frame)), strict=True):
        old = before.lists[view.list_id] if before is not None else None
        lines += list_lines(frame, worker, view, old, rows, width, palette)
    return drawing(lines, height)


def _place_line(place: PlaceView, width: int, palette: Palette) -> Line:
    """What a design has beside the lists."""
    line = Line(" ").add(place.name, palette.strong).add(f" {place.length:,}", palette.plain)
    return line.fit(width)


def _beside_lines(each: BesideView, width: int, palette: Palette) -> Iterator[Line]:
    """What else a design has: how it stands, and bars where it has amounts."""
    line = Line(" ").add(each.name, palette.strong).add(f" {each.text}", palette.plain)
    yield line.fit(width)
    if len(each.amounts) > 1:
        line = Line(" ")
        for bar in _bars(each.amounts, width - 1):
            line.add(bar, palette.dim if bar == NO_AMOUNT else palette.plain)
        yield line


def _bars(amounts: tuple[int, ...], width: int) -> str:
    """Amounts as bars, several in one where there are more than cells; what is not 0 has one."""
    each = -(-len(amounts) // width)
    sums = [sum(amounts[at : at + each]) for at in range(0, len(amounts), each)]
    steps, most = len(BARS), max(*sums, 1)
    return "".join(BARS[-(-amount * steps // most) - 1] if amount else NO_AMOUNT for amount in sums)


def list_needs(frame: Frame) -> tuple[int, ...]:
    """How many rows each list would fill: the same for all panels, so that lists stand level."""
    shown = frame.shown_workers()
    if not shown:
        return (0,) * len(frame.snapshot.list_names)
    count = len(shown[0].lists)
    return tuple(max(worker.lists[n].length for worker in shown) for n in range(count))


def brief_line(frame: Frame, worker: WorkerView, width: int, palette: Palette) -> Line:
    """A worker in one line: flags, and the lengths of its lists."""
    before = frame.worker_before(worker.thread_index)
    line = Line(f" {worker.name:<9}", palette.strong)
    line.join(flags_line(worker, before, palette))
    for view in worker.lists:
        name = _SHORT_NAMES.get(view.name, view.name)
        changed = before is not None and before.lists[view.list_id].length != view.length
        line.add(" ")
        line.add(f"{name} ", palette.dim, ListTarget(worker.thread_index, view.list_id))
        line.add(f"{view.length}", palette.changed if changed else palette.plain)
        line.add("*" if changed else " ", palette.changed)
    for place in worker.places:
        line.add(" ").add(f"{place.name} ", palette.dim).add(f"{place.length} ", palette.plain)
    if worker.next_step and width - len(line) > len(worker.next_step) + 7:
        line.add(f" next: {worker.next_step}", palette.dim)
    return line.fit(width)


class WorkerPanel(FramePanel):
    """The worker at a place of the page, from 0; empty where there is none."""

    def __init__(self, number: int, side: int | None) -> None:
        super().__init__()
        self.side = side
        self._number = number

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        frame = frame.of_bench(self.side)
        workers = frame.shown_workers()
        if self._number >= len(workers):
            return drawing(())
        return panel_drawing(frame, workers[self._number], width, height, palette)


class WorkersRegion(Horizontal):
    """The workers of a page, side by side. `side`: of which of two benches (`Frame.of_bench`)."""

    def __init__(self, id: str, side: int | None = None) -> None:
        super().__init__(id=id)
        self.side = side

    async def fit_panels(self, count: int) -> None:
        """Have so many panels."""
        if len(self.children) != count:
            await self.remove_children()
            await self.mount_all(WorkerPanel(number, self.side) for number in range(count))

    def show_side(self, side: int | None) -> None:
        """Show the workers of another bench."""
        self.side = side
        for panel in self.query(WorkerPanel):
            panel.side = side
            panel.paint()

    def panels(self) -> list[FramePanel]:
        """The panels, from left to right."""
        return list(self.query(WorkerPanel))


class BriefPanel(FramePanel):
    """A line for each of the first workers, as many as its style lets there be."""

    grows = True

    def threads(self, everyone: tuple[int, ...]) -> tuple[int, ...]:
        """Which of the threads it shows."""
        most = self.styles.max_height
        return everyone[: most.cells or 0] if most is not None and self.is_displayed else ()

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return drawing(brief_line(frame, each, width, palette) for each in frame.shown_workers())
