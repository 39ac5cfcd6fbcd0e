"""The bench screen: puts the regions together, and turns keys into calls of the player.

It alone holds the player; widgets get frames. While playing a timer ticks; while paused nothing
runs, and nothing is painted but in answer to a key.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer

from aclbench.errors import AclbenchError
from aclbench.tui.cleaner.text import cleaner_text
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.frame import Frame
from aclbench.tui.help.screen import HelpScreen
from aclbench.tui.keys import BINDINGS
from aclbench.tui.layout import STATUS_HEIGHT, Layout, make_layout, pages_of
from aclbench.tui.log.text import log_text
from aclbench.tui.palette import Palette, palette_of
from aclbench.tui.player import Player
from aclbench.tui.status.text import status_text
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.workers.panel import WorkersRegion

if TYPE_CHECKING:
    from aclbench.workbench.bench import Workbench
    from aclbench.workbench.history.history import Unit

#: The timer's tick and the time from one painting to the next, in seconds: ticks are short so that
#: a key does not wait for long. And the longest that a tick may count for, so that a terminal that
#: was suspended does not come back to a leap.
TICK_S: Final = 0.05
PAINT_S: Final = 0.1
LONGEST_TICK_S: Final = 0.5
#: The generations of objects that are looked through after each tick: see `run_tui`.
_YOUNG: Final = 1


class BenchScreen(Screen[None], inherit_bindings=False):
    """The live bench."""

    DEFAULT_CSS = """
    BenchScreen { layout: vertical; layers: bench over; overflow: hidden; }
    BenchScreen #status { height: auto; max-height: 5; }
    BenchScreen #cleaner { height: 2; }
    BenchScreen #log { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(BINDINGS)
    AUTO_FOCUS = ""

    def __init__(
        self,
        make_bench: Callable[[], Workbench],
        title: str,
        play: bool = False,
        player_kind: type[Player] = Player,
    ) -> None:
        super().__init__()
        self._play_at_once = play
        self._player_kind = player_kind
        self._make_bench = make_bench
        self._bench_title = title
        self.player: Player | None = None
        self.frame: Frame | None = None
        self._layout_now: Layout | None = None
        self._log_first = False
        self._page = 0
        self._skip = 0
        self._last_tick = 0.0
        self._last_paint = 0.0
        self._timer: Timer | None = None
        self._palette = Palette()

    def compose(self) -> ComposeResult:
        yield TextPanel(id="status")
        yield WorkersRegion(id="workers")
        yield TextPanel(id="cleaner")
        yield TextPanel(id="log")
        yield CommandRegion(id="command")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._timer = self.set_interval(TICK_S, self._tick, pause=True)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._theme_changed())
        # The empty screen first, so that something stands there while captures are opened.
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        if self.player is not None:
            self.player.close()

    async def _begin(self) -> None:
        try:
            self.player = self._player_kind(self._make_bench, self._bench_title)
        except AclbenchError as error:
            self.app.exit(return_code=1, message=str(error))
            return
        self._palette = palette_of(self.app.theme_variables)
        await self._fit()
        if self._play_at_once and self.player.next_time() is not None:
            self.action_play_pause()

    # --- painting ----------------------------------------------------------------------------

    async def _fit(self) -> None:
        """Lay out anew, after a change of size, of page size, or of what has the room."""
        if self.player is None:
            return
        width, height = self.app.size
        threads = len(self.player.threads)
        layout = make_layout(width, height, self._log_first, threads)
        if layout != self._layout_now:
            self._layout_now = layout
            await self.query_one(WorkersRegion).fit_panels(layout)
            log = self.query_one("#log")
            log.display = layout.log_height > 0
            log.styles.height = "1fr" if layout.brief else layout.log_height
        self.paint()

    def paint(self) -> None:
        """Take a snapshot of what is shown, and hand it to every region."""
        player, layout = self.player, self._layout_now
        if player is None or layout is None:
            return
        pages = pages_of(player.threads, layout.per_page)
        self._page = min(self._page, len(pages) - 1)
        events_shown = max(layout.log_height, 1)
        rows = 0 if layout.brief else layout.workers_height
        frame = player.frame(pages[self._page], rows, events_shown, self._skip)
        self.frame = frame
        palette, width = self._palette, layout.log_width
        status = status_text(frame, width, palette)
        self.query_one("#status", TextPanel).show(status)
        # A message that needs lines of its own takes them from the workers, or from the log.
        more = status.plain.count("\n") + 1 - STATUS_HEIGHT
        self.query_one(WorkersRegion).show(frame, layout, layout.workers_height - more, palette)
        self.query_one("#cleaner", TextPanel).show(cleaner_text(frame, width, palette))
        if layout.log_height:
            height = layout.log_height - (more if layout.brief else 0)
            text = log_text(frame, width, height, self._skip, palette)
            self.query_one("#log", TextPanel).show(text)

    async def on_resize(self, event: events.Resize) -> None:
        await self._fit()

    def _theme_changed(self) -> None:
        self._palette = palette_of(self.app.theme_variables)
        self.paint()

    # --- time --------------------------------------------------------------------------------

    def _tick(self) -> None:
        player = self.player
        if player is None:
            return
        now = time.perf_counter()
        player.tick(min(now - self._last_tick, LONGEST_TICK_S))
        self._last_tick = now
        if not player.playing or now - self._last_paint >= PAINT_S - TICK_S / 2:
            self._last_paint = now
            self._follow_player()

    def _follow_player(self) -> None:
        """Paint, and have the timer run if and only if the player plays."""
        if self._timer is not None and self.player is not None:
            if self.player.playing:
                self._timer.resume()
            else:
                self._timer.pause()
        self.paint()
        gc.collect(_YOUNG)

    def action_play_pause(self) -> None:
        if self.player is not None:
            self.player.toggle()
            self._last_tick = time.perf_counter()
            self._follow_player()

    def action_step(self) -> None:
        if self.player is not None:
            self.player.step()
            self._follow_player()

    def action_step_event(self) -> None:
        if self.player is not None:
            self.player.step(whole_event=True)
            self._follow_player()

    def action_back(self, unit: Unit) -> None:
        if self.player is not None:
            self.player.back(unit)
            self._follow_player()

    def action_leap(self, seconds: int) -> None:
        if self.player is not None:
            self.player.leap(seconds)
            self._follow_player()

    def action_to_start(self) -> None:
        if self.player is not None:
            self.player.to_start()
            self._follow_player()

    def action_jump(self) -> None:
        if self.player is not None:
            self.player.jump()
            self._follow_player()

    def action_faster(self) -> None:
        if self.player is not None:
            self.player.faster()
            self.paint()

    def action_slower(self) -> None:
        if self.player is not None:
            self.player.faster(-1)
            self.paint()

    async def action_restart(self) -> None:
        if self.player is None:
            return
        try:
            self.player.restart()
        except AclbenchError as error:
            self.player.say(str(error), error=True)
        self._skip = 0
        self._follow_player()
        await self._fit()
        gc.collect()  # the old bench refers to itself

    # --- looking -----------------------------------------------------------------------------

    async def action_log_first(self) -> None:
        self._log_first = not self._log_first
        await self._fit()

    def action_page(self, by: int) -> None:
        if self.player is not None and self._layout_now is not None:
            count = len(pages_of(self.player.threads, self._layout_now.per_page))
            self._page = (self._page + by) % count
            self.paint()

    def action_filter(self) -> None:
        if self.player is not None:
            self.player.next_filter()
            self._skip = 0
            self.paint()

    def action_scroll_log(self, by: int) -> None:
        player, layout = self.player, self._layout_now
        if player is None or layout is None:
            return
        page = max(layout.log_height - 2, 1)
        oldest = max(player.log.kept(player.filter_index) - 1, 0)
        self._skip = min(max(self._skip + by * page, 0), oldest) if by else 0
        self.paint()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(BINDINGS))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a command is typed no key does anything else."""
        found = self.query(CommandRegion)
        return not (found and found.first().is_open)

    # --- the command line --------------------------------------------------------------------

    def action_command(self) -> None:
        self.query_one(CommandRegion).open()

    def on_command_region_submitted(self, event: CommandRegion.Submitted) -> None:
        if self.player is None:
            return
        region = self.query_one(CommandRegion)
        try:
            region.answer(self.player.command(event.line) or "done")
        except AclbenchError as error:
            region.answer(str(error), error=True)
        self._follow_player()
