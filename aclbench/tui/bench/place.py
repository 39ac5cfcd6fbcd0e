"""The bench: panels of workers, log, packets and plot, and a cursor that goes through them all.

Two benches stand side by side, or one at a time where there is no room; the cursor is in the one
in hand.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message

from aclbench.tui.against.panels import AlonePanel, FiguresPanel
from aclbench.tui.against.player import AgainstPlayer
from aclbench.tui.drawing import Drawing
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.keys import Key, bindings
from aclbench.tui.layout import BOTH_FROM, PANEL_GAP, TWO_WIDE, pages_of, panels_in
from aclbench.tui.lesson.panel import LessonPanel
from aclbench.tui.log.text import log_drawing
from aclbench.tui.packets.text import packets_drawing
from aclbench.tui.palette import Palette
from aclbench.tui.place import CURSOR, OPEN, Changed, Place
from aclbench.tui.player import Player
from aclbench.tui.plot.place import PlotPanel
from aclbench.tui.regions import CleanerPanel
from aclbench.tui.targets import OptionTarget, Target
from aclbench.tui.textpanel import FramePanel, TextPanel
from aclbench.tui.workers.panel import HEAD_LINES, WorkersRegion

#: What can stand below the workers, as classes of the style sheet.
LOWER: Final = ("-log-and-packets", "-plot", "-nothing")
#: And where two benches are compared, before these.
ALONE: Final = "-alone"
#: A page of the cursor, in things that it can be on.
_PAGE: Final = 10


class LogPanel(FramePanel):
    """The newest events."""

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return log_drawing(frame, width, height, palette)


class PacketsPanel(FramePanel):
    """The newest packets."""

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        return packets_drawing(frame, width, height, palette)


class BenchPlace(Place, can_focus=True, inherit_bindings=False):
    """Its cursor goes also through the cleaner's panel, and a lesson's, which stand beside it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        Key("tab", "region(1)", "", "view.region",
            "On to the next part of the screen: a worker, the cleaner, the log, ..."),
        Key("shift+tab", "region(-1)", "", "view.region_back", "The part before"),
        *CURSOR,
        OPEN,
        Key("z", "zoom", "", "view.zoom", "One worker with the whole width, or all"),
        Key("n", "workers(1)", "", "view.next", "The next workers"),
        Key("N", "workers(-1)", "", "view.previous", "The previous workers"),
        Key("v", "lower", "", "view.lower",
            "Below the workers: what one of two benches has; log and packets; the plot; nothing"),
        Key("f", "filter", "", "view.filter",
            "Leave packets out of the log; then flags and interrupts too; then all but sessions"),
    )  # fmt: skip

    class PanelsWanted(Message):
        """So many workers are to stand side by side, if there is room."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(
        self, player: Player, cleaners: tuple[CleanerPanel, ...], lesson: LessonPanel | None
    ) -> None:
        """`cleaners`: the panel of the cleaner, or of both benches' cleaners."""
        self._below = LOWER if len(cleaners) == 1 else (ALONE, *LOWER)
        super().__init__(id="bench", classes=f"place {self._below[0]}")
        self.zoomed = False
        #: Which page of the workers.
        self.page = 0
        #: What the cursor is on.
        self.cursor: Target | None = None
        self._region = 0
        self._player = player
        self._cleaners = cleaners
        self._lesson = lesson
        self._workers = WorkersRegion(id="workers")
        #: With two benches: the second one's workers where it stands beside the first, and sessions
        #: that are on one alone.
        self._second = WorkersRegion(id="second-workers", side=1)
        self._figures = FiguresPanel(id="figures")
        self._alone = (AlonePanel(0), AlonePanel(1))
        self._log = LogPanel(id="log-panel")
        self._packets = PacketsPanel(id="packets-panel")

    def compose(self) -> ComposeResult:
        if isinstance(self._player, AgainstPlayer):
            yield self._figures
            with Horizontal(id="benches"):
                yield self._workers
                yield self._second
            with Horizontal(id="alone"):
                yield from self._alone
        else:
            yield self._workers
        with Horizontal(id="lower"):
            yield self._log
            yield self._packets
        yield PlotPanel(self._player, id="plot-panel")

    # --- layout ------------------------------------------------------------------------------

    @property
    def panels_wanted(self) -> int:
        """How many workers are to be seen at once."""
        return 1 if self.zoomed else len(self._player.live.threads)

    @property
    def per_page(self) -> int:
        """How many of a bench there is room for."""
        width = self.size.width
        return panels_in((width - PANEL_GAP) // 2 if self.shows_both else width, self.panels_wanted)

    @property
    def shows_both(self) -> bool:
        """Two benches stand side by side."""
        return isinstance(self._player, AgainstPlayer) and self.size.width >= BOTH_FROM

    async def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= TWO_WIDE, "-two")
        both = self.shows_both
        self.screen.set_class(both, "-both")
        self._workers.show_side(0 if both else None)
        self._cleaners[0].show_side(0 if both else None)
        await self.fit()

    async def fit(self) -> None:
        """Have as many panels as are wanted now, and the frame what they show."""
        await self._workers.fit_panels(self.per_page)
        if isinstance(self._player, AgainstPlayer):
            await self._second.fit_panels(self.per_page if self.shows_both else 0)
        self._show_cursor()
        self.post_message(Changed())
        self.call_after_refresh(self.post_message, Changed())  # once they have their sizes

    def wanted(self, brief: tuple[int, ...]) -> Wanted:
        pages = pages_of(self._player.live.threads, self.per_page)
        self.page = min(self.page, len(pages) - 1)
        log, packets = self._log, self._packets
        return Wanted(
            threads=pages[self.page],
            rows=max(self._workers.size.height - HEAD_LINES, 0),
            events=log.size.height if log.is_displayed else 0,
            packets=packets.size.height if packets.is_displayed else 0,
        )

    async def action_zoom(self) -> None:
        first = self.page * self.per_page  # the same worker stays in sight
        self.zoomed = not self.zoomed
        self.post_message(self.PanelsWanted(self.panels_wanted))
        await self.fit()
        self.page = first // self.per_page

    def action_workers(self, by: int) -> None:
        count = len(pages_of(self._player.live.threads, self.per_page))
        self.page = (self.page + by) % count
        self.post_message(Changed())

    def action_lower(self) -> None:
        """The next of what can stand below the workers."""
        below = self._below
        now = next(number for number, name in enumerate(below) if self.has_class(name))
        self.remove_class(below[now])
        self.add_class(below[(now + 1) % len(below)])
        self.call_after_refresh(self.post_message, Changed())

    def action_filter(self) -> None:
        self._player.next_filter()
        self.post_message(Changed())

    # --- where the cursor is -----------------------------------------------------------------

    def pointed_at(self) -> Target | None:
        return self._answer() if isinstance(self.cursor, OptionTarget) else self.cursor

    def put_cursor(self, target: Target | None) -> None:
        """The cursor to something, in sight or not; or off it."""
        self.cursor = target
        for number, panel in enumerate(self.regions()):
            if any(spot.target == target for spot in panel.drawing.spots()):
                self._region = number
                break
        self._show_cursor()

    def point_at_question(self) -> None:
        """The cursor into the lesson's panel, if a question is open there."""
        answer = self._answer()
        if answer is not None or isinstance(self.cursor, OptionTarget):
            self.put_cursor(answer)

    def _answer(self) -> Target | None:
        """The answer under the cursor in the panel of the lesson, if a question is open there."""
        lesson = self._lesson
        return lesson.view.selected() if lesson is not None and lesson.is_displayed else None

    def _show_cursor(self) -> None:
        target = self.pointed_at() if self.display else None
        for panel in self._panels():
            panel.select(target if self._is_in_hand(panel) else None)

    def on_show(self) -> None:
        self._show_cursor()

    def on_hide(self) -> None:
        self._show_cursor()

    def _panels(self) -> list[FramePanel]:
        outside = [] if self._lesson is None else [self._lesson]
        return [*self._in_order(), *outside]

    def _in_order(self) -> list[FramePanel]:
        """All but the lesson's, of both benches."""
        workers = [*self._workers.panels(), *self._second.panels()]
        both = isinstance(self._player, AgainstPlayer)
        differing = [self._figures, *self._alone] if both else []
        return [*workers, *self._cleaners, *differing, self._log, self._packets]

    def _is_in_hand(self, panel: TextPanel) -> bool:
        """It shows the bench that keys drive."""
        side = getattr(panel, "side", None)
        return (
            side is None
            or not isinstance(self._player, AgainstPlayer)
            or (side == self._player.in_hand)
        )

    def regions(self) -> list[FramePanel]:
        """The panels that the cursor can be in, in order."""
        panels = [
            panel
            for panel in self._in_order()
            if panel.is_displayed and panel.drawing.spots() and self._is_in_hand(panel)
        ]
        asked = self._lesson is not None and self._answer() is not None
        return [*panels, self._lesson] if self._lesson is not None and asked else panels

    # --- moving it ---------------------------------------------------------------------------

    def action_region(self, by: int) -> None:
        """The next panel; its first spot is where the cursor is then."""
        regions = self.regions()
        if not regions:
            return
        begins = self.pointed_at() is None
        self._region = (0 if by > 0 else -1) if begins else self._region + by
        self._region %= len(regions)
        panel = regions[self._region]
        answers = panel is self._lesson
        self.cursor = self._answer() if answers else panel.drawing.spots()[0].target
        self._show_cursor()

    def action_cursor(self, by: int) -> None:
        """Up or down, among what can be pointed at in a panel."""
        regions = self.regions()
        if not regions:
            return
        self._region = min(self._region, len(regions) - 1)
        panel = regions[self._region]
        if isinstance(panel, LessonPanel):
            if isinstance(self.cursor, OptionTarget):
                panel.view.move(by)
            self.cursor = panel.view.selected()
            panel.paint()
        else:
            targets = [spot.target for spot in panel.drawing.spots()]
            if self.cursor in targets:
                at = targets.index(self.cursor) + by
                self.cursor = targets[min(max(at, 0), len(targets) - 1)]
            else:
                self.cursor = targets[0 if by > 0 else -1]
        self._show_cursor()

    def action_page(self, by: int) -> None:
        """A page of the lesson that stands beside; else of the cursor."""
        lesson = self._lesson
        if lesson is not None and lesson.is_displayed:
            lesson.view.move_page(by)
            lesson.paint()
        else:
            self.action_cursor(_PAGE * by)

    @on(TextPanel.Picked)
    def _pick(self, event: TextPanel.Picked) -> None:
        if event.panel in self._panels():
            event.stop()
            self.pick(event.panel, event.target, event.opened)

    def pick(self, panel: TextPanel, target: Target, opened: bool) -> None:
        """The mouse points at something; `opened`: and asks for it. Its bench is then in hand."""
        if isinstance(self._player, AgainstPlayer) and not self._is_in_hand(panel):
            if self._player.underway.task is not None:
                return
            self._player.exchange()
            self.post_message(Changed())
        regions = self.regions()
        for number, region in enumerate(regions):
            if region is panel:
                self._region, self.cursor = number, target
                self._show_cursor()
        if opened:
            self.action_open()
