"""The widgets of the workers: a row of panels, or a line for each where the log has the room."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from aclbench.tui.frame import Frame
from aclbench.tui.layout import PANEL_GAP, Layout, share_rows
from aclbench.tui.palette import Palette
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.workers.head import flags_text, head_lines
from aclbench.tui.workers.lists import list_lines
from aclbench.workbench.snapshot import WorkerView

#: Short names of the lists, for a worker in one line.
_SHORT_NAMES = ("udp", "tcp", "transient")


def panel_text(frame: Frame, worker: WorkerView, width: int, height: int, palette: Palette) -> Text:
    """A whole panel: never more than `height` lines of `width` cells."""
    lines = head_lines(frame, worker, width, palette)
    before = frame.worker_before(worker.thread_index)
    room = height - len(lines) - len(worker.lists)
    for view, rows in zip(worker.lists, share_rows(room, list_needs(frame)), strict=True):
        old = before.lists[view.list_id] if before is not None else None
        lines += list_lines(frame, view, old, rows, width, palette)
    return Text("\n", no_wrap=True, end="").join(lines[:height])


def list_needs(frame: Frame) -> tuple[int, ...]:
    """How many rows each list would fill: the same for all panels, so that lists stand level."""
    shown = frame.shown_workers()
    if not shown:
        return (0, 0, 0)
    count = len(shown[0].lists)
    return tuple(max(worker.lists[n].length for worker in shown) for n in range(count))


def brief_text(frame: Frame, worker: WorkerView, width: int, palette: Palette) -> Text:
    """A worker in one line: flags, and the lengths of its lists."""
    before = frame.worker_before(worker.thread_index)
    text = Text(no_wrap=True, end="")
    text.append(f" {worker.name:<9}", palette.strong)
    text.append_text(flags_text(worker, before, palette))
    for name, view in zip(_SHORT_NAMES, worker.lists, strict=True):
        changed = before is not None and before.lists[view.list_id].length != view.length
        text.append(f" {name} ", palette.dim)
        text.append(f"{view.length}", palette.changed if changed else palette.plain)
        text.append("*" if changed else " ", palette.changed)
    if worker.next_step and width - len(text.plain) > len(worker.next_step) + 7:
        text.append(f" next: {worker.next_step}", palette.dim)
    text.truncate(width)
    return text


class WorkersRegion(Vertical):
    """The workers of a page."""

    DEFAULT_CSS = f"""
    WorkersRegion {{ height: auto; }}
    WorkersRegion > Horizontal {{ height: 1fr; }}
    WorkersRegion TextPanel {{ width: 1fr; height: 100%; }}
    WorkersRegion TextPanel.gap {{ margin-right: {PANEL_GAP}; }}
    WorkersRegion #brief {{ height: 1fr; }}
    """

    def compose(self) -> ComposeResult:
        yield Horizontal(id="panels")
        yield TextPanel(id="brief")

    async def fit_panels(self, layout: Layout) -> None:
        """Have as many panels as the layout has places."""
        self.styles.height = layout.workers_height if layout.brief else "1fr"
        row = self.query_one("#panels", Horizontal)
        row.display = not layout.brief
        self.query_one("#brief").display = layout.brief
        if layout.brief or len(row.children) == layout.per_page:
            return
        await row.remove_children()
        last = layout.per_page - 1
        await row.mount_all(
            TextPanel(classes="" if n == last else "gap") for n in range(layout.per_page)
        )

    def show(self, frame: Frame, layout: Layout, height: int, palette: Palette) -> None:
        """Paint what changed, on so many lines."""
        workers = frame.shown_workers()
        if layout.brief:
            lines = [brief_text(frame, w, layout.panel_width, palette) for w in workers]
            self.query_one("#brief", TextPanel).show(Text("\n", end="").join(lines))
            return
        panels = list(self.query_one("#panels").query(TextPanel))
        for n, panel in enumerate(panels):
            if n < len(workers):
                width = layout.panel_width
                panel.show(panel_text(frame, workers[n], width, height, palette))
            else:
                panel.show(Text(""))
