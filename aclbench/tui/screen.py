"""The bench screen: puts the regions together, shows one place at a time, and lets time go on.

It alone holds the player; regions get frames. While something goes on by itself a loop runs; while
paused nothing runs, and nothing is painted but in answer to a key.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from aclbench.errors import AclbenchError
from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.cleaner.text import cleaner_drawing
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.drawing import Drawing, drawing
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.help.screen import key_name
from aclbench.tui.keys import BINDINGS, FOR_LESSONS, NOT_ON_THREADS, is_offered
from aclbench.tui.layout import LESSON_FROM, STATUS_HEIGHT, Layout, make_layout, pages_of
from aclbench.tui.learning import Learning
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.lesson.place import LessonPlace
from aclbench.tui.lesson.text import DONE
from aclbench.tui.log.place import LogPlace
from aclbench.tui.log.text import log_drawing
from aclbench.tui.packets.place import PacketsPlace
from aclbench.tui.packets.text import packets_drawing
from aclbench.tui.palette import Palette, palette_of
from aclbench.tui.place import Place
from aclbench.tui.player import Player
from aclbench.tui.plot.place import PlotPlace
from aclbench.tui.plot.text import columns_of as plot_columns
from aclbench.tui.plot.text import plot_drawing
from aclbench.tui.selecting import Selecting
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.settings import with_keys
from aclbench.tui.status.text import footer_line, status_drawing, tabs_line
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.timeline.text import columns_of, timeline_drawing
from aclbench.tui.workers.panel import HEAD_LINES, WorkersRegion, brief_line
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS

if TYPE_CHECKING:
    from aclbench.tui.app import OpenBench
    from aclbench.workbench.workbench import Workbench

#: From one tick to the next while there is time, and from one painting to the next, in seconds.
TICK_S: Final = 0.05
PAINT_S: Final = 0.1
#: Flat out, what is not the bench's takes at most one part in so many of the time: it is painted
#: less often before that.
PAINT_SHARE: Final = 4
#: The longest that a tick may count for, so that a terminal that was suspended does not come back
#: to a leap.
LONGEST_TICK_S: Final = 0.5
#: Flat out, the event loop gets so many turns after each tick: as many as a key needs.
TURNS: Final = 12
#: What a place may take for work of its own between two turns of the loop, in seconds.
WORK_S: Final = 0.02
#: The generations of objects that are looked through after each painting: see `run_tui`.
_YOUNG: Final = 1
#: The keys of the footer in order of weight: those that fit are shown.
_FOOTER: Final = (
    "play_pause", "step", "back('step')", "help", "quit", "lesson_next", "lesson_show",
    "lesson_hint", "lesson_undo", "lesson_menu", "lesson_choose", "open", "go_there", "search",
    "order", "compare", "about", "command", "seek(False)", "do", "step_turn", "go_to", "filter",
    "send", "faster(1)",
)  # fmt: skip
#: In a lesson these come first: what it asks for is typed.
_FOOTER_IN_LESSON: Final = (
    "play_pause", "step", "back('step')", "help", "quit", "lesson_next", "lesson_show",
    "lesson_hint", "command",
)  # fmt: skip
#: They stand in this order.
_FOOTER_ORDER: Final = (
    "play_pause", "step", "step_turn", "back('step')", "seek(False)", "go_to", "faster(1)", "open",
    "go_there", "about", "filter", "search", "order", "compare", "send", "do", "command",
    "lesson_choose", "lesson_next", "lesson_hint", "lesson_undo", "lesson_show", "lesson_menu",
    "help", "quit",
)  # fmt: skip

#: What the footer says while a command is typed.
_COMMAND_KEYS: Final = (
    ("Enter", "Run", ""), ("Tab", "Complete", ""), ("?", "What can come next", ""),
    ("Up", "Earlier lines", ""), ("Esc", "Close", ""),
)  # fmt: skip


class BenchScreen(Learning, Selecting, inherit_bindings=False):
    """The live bench."""

    DEFAULT_CSS = """
    BenchScreen { layout: vertical; layers: bench over; overflow: hidden; }
    BenchScreen #middle { height: 1fr; }
    BenchScreen #main { width: 1fr; }
    BenchScreen #lesson { display: none; margin-left: 1; height: 100%; }
    BenchScreen #status { height: auto; max-height: 5; }
    BenchScreen #tabs { height: 1; }
    BenchScreen #brief { height: auto; }
    BenchScreen #place { height: 1fr; }
    BenchScreen #workers { height: 1fr; }
    BenchScreen #log { width: 1fr; }
    BenchScreen #packets { margin-left: 1; }
    BenchScreen #footer { height: 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(BINDINGS)
    AUTO_FOCUS = ""

    def __init__(
        self,
        make_bench: Callable[[], Workbench],
        title: str,
        play: bool = False,
        player_kind: type[Player] = Player,
        open_bench: OpenBench | None = None,
        plays_gaps: bool = False,
        keys_set: Mapping[str, str] | None = None,
        says: tuple[str, ...] = (),
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self.lesson_hidden = False
        self._play_at_once = play
        self._player_kind = player_kind
        self._make_bench = make_bench
        self._bench_title = title
        self.open_bench = open_bench
        self._plays_gaps = plays_gaps
        self.keys_set = keys_set or {}
        self._says = says
        self.player: Player | None = None
        self.frame: Frame | None = None
        self.places: dict[str, Place] = {
            place.name: place
            for place in (
                PacketsPlace(), SessionsPlace(), LogPlace(), PlotPlace(), BranchesPlace(),
                StoryPlace(),
            )
        }  # fmt: skip
        self.lesson_keys = _key_names(self.keys_set)
        self._lesson = LessonPlace(desk, self.lesson_keys) if desk is not None else None
        if self._lesson is not None:
            self.places[self._lesson.name] = self._lesson
        self.place = "bench"
        self.lower = 0
        self.zoomed = False
        self.page = 0
        self._layout_now: Layout | None = None
        self._palette = Palette()
        self._loop_runs = False
        self._last_paint = 0.0
        #: Time that ticks took, and all else, since the last painting, in seconds.
        self._ticked = 0.0
        self._other = 0.0
        self._command: CommandRegion | None = None
        self._footer_key: object = None
        self._footer: Drawing = drawing(())

    def compose(self) -> ComposeResult:
        yield TextPanel(id="status")
        yield TextPanel(id="tabs")
        yield TextPanel(id="timeline")
        with Horizontal(id="middle"):
            with Vertical(id="main"):
                yield TextPanel(id="brief")
                yield WorkersRegion(id="workers")
                yield TextPanel(id="place")
                with Horizontal(id="lower"):
                    yield TextPanel(id="log")
                    yield TextPanel(id="packets")
                yield TextPanel(id="plot")
            yield TextPanel(id="lesson")
        yield TextPanel(id="cleaner")
        self._command = CommandRegion(self._bench_or_none, id="command")
        yield self._command
        yield TextPanel(id="footer")

    def _bench_or_none(self) -> Workbench | None:
        return self.player.bench if self.player is not None else None

    def on_mount(self) -> None:
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
        self.player.plays_gaps = self._plays_gaps
        self._palette = palette_of(self.app.theme_variables)
        if self.desk is not None and not self.has_room_beside():
            self.place = "lesson"
        await self.fit()
        if self.desk is not None:
            self.point_at_question()
            self.paint()
        if self._play_at_once and self.player.next_time() is not None:
            self.action_play_pause()
        for sentence in self._says:
            self.notify(sentence, title="settings", severity="warning", timeout=15, markup=False)

    # --- painting ----------------------------------------------------------------------------

    async def fit(self) -> None:
        """Lay out anew, after a change of size, of place, or of what has the room."""
        player = self.player
        if player is None:
            return
        width, height = self.app.size
        on_bench = self.place == "bench"
        threads = len(player.threads)
        lesson: Literal["none", "beside", "itself"] = "none"
        if self.place == "lesson":
            lesson = "itself"
        elif self.desk is not None and not self.lesson_hidden:
            lesson = "beside"
        layout = make_layout(width, height, on_bench, threads, self.zoomed, self.lower, lesson)
        if layout != self._layout_now:
            self._layout_now = layout
            await self._apply(layout, on_bench)
        self.refresh_bindings()
        self.paint()

    async def _apply(self, layout: Layout, on_bench: bool) -> None:
        workers = self.query_one(WorkersRegion)
        workers.display = on_bench
        await workers.fit_panels(layout.per_page)
        heights = {
            "#timeline": layout.timeline_height,
            "#cleaner": layout.cleaner_height,
            "#lower": layout.lower_height,
            "#plot": layout.plot_height,
            "#brief": layout.brief_height,
        }
        for name, height in heights.items():
            region = self.query_one(name)
            region.display = height > 0
            region.styles.height = height
        self.query_one("#place").display = not on_bench
        packets = self.query_one("#packets")
        packets.display = layout.packets_width > 0
        packets.styles.width = layout.packets_width
        panel = self.query_one("#lesson")
        panel.display = layout.lesson_width > 0
        panel.styles.width = layout.lesson_width

    def lesson_place(self) -> LessonPlace | None:
        return self._lesson

    def has_room_beside(self) -> bool:
        return self.app.size.width >= LESSON_FROM

    def paint(self) -> None:
        """Take a snapshot of what is shown, and hand it to every region."""
        player, layout = self.player, self._layout_now
        if player is None or layout is None:
            return
        self.look_at_lesson()
        frame = player.frame(self._wanted(player, layout))
        self.frame = frame
        palette, width, selected = self._palette, layout.width, self.selected()
        status = status_drawing(frame, width, palette)
        # A message that needs lines of its own takes them from what is in the middle.
        more = max(len(status.lines) - STATUS_HEIGHT, 0)
        self._show("#status", status)
        self._show("#tabs", drawing([tabs_line(self._tabs(player), self.place, width, palette)]))
        strip = timeline_drawing(frame, width, layout.timeline_height, palette)
        self._show("#timeline", strip)
        self._show("#cleaner", cleaner_drawing(frame, width, layout.cleaner_height, palette))
        self._show("#footer", self._footer_drawing(width))
        if layout.lesson_width and self._lesson is not None:
            height = max(layout.room - more, 1)
            shown = self._lesson.drawn(layout.lesson_width, height, palette)
            self._show("#lesson", shown)
        inner = layout.inner_width
        if self.place == "bench":
            self._paint_bench(frame, layout, more)
        else:
            if layout.brief_height:
                workers = frame.shown_workers()[: layout.brief_height]
                self._show("#brief", drawing(brief_line(frame, w, inner, palette) for w in workers))
            place = self.places[self.place]
            height = max(layout.place_height - more, 1)
            shown = place.draw(player, frame, inner, height, palette)
            selected = place.selected()
            self.query_one("#place", TextPanel).show(shown, selected, palette)

    def _wanted(self, player: Player, layout: Layout) -> Wanted:
        on_bench = self.place == "bench"
        pages = pages_of(player.threads, layout.per_page if on_bench else len(player.threads))
        self.page = min(self.page, len(pages) - 1)
        threads = pages[self.page if on_bench else 0]
        if not on_bench:
            threads = threads[: layout.brief_height]
        return Wanted(
            threads=threads,
            rows=max(layout.workers_height - HEAD_LINES, 0) if on_bench else 0,
            events=layout.lower_height or 60,
            packets=layout.lower_height if layout.packets_width else 0,
            columns=columns_of(layout.width),
        )

    def _paint_bench(self, frame: Frame, layout: Layout, more: int) -> None:
        palette, selected = self._palette, self.selected()
        height = layout.workers_height - more
        self.query_one(WorkersRegion).show(frame, layout, height, selected, palette)
        if layout.lower_height:
            self._show("#log", log_drawing(frame, layout.log_width, layout.lower_height, palette))
        if layout.packets_width:
            shown = packets_drawing(frame, layout.packets_width, layout.lower_height, palette)
            self._show("#packets", shown)
        if layout.plot_height and self.player is not None:
            width, height = layout.inner_width, layout.plot_height
            timeline = self.player.timeline(plot_columns(width))
            self._show("#plot", plot_drawing(timeline, frame, width, height, palette))

    def _show(self, name: str, shown: Drawing) -> None:
        self.query_one(name, TextPanel).show(shown, self.selected(), self._palette)

    def _tabs(self, player: Player) -> list[tuple[str, str, str]]:
        """Key, name and word of each place that there is."""
        names = ["bench", *self.places]
        keys = {name: f"place('{name}')" for name in names}
        shown = self._keys_by_action()
        return [
            (shown.get(keys[name], ""), name, self._tab_word(name))
            for name in names
            if is_offered(keys[name], self.place, player.bench.is_threaded, self.desk is not None)
        ]

    def _tab_word(self, name: str) -> str:
        """What a tab says; that of the lesson, when its step is done, with a mark."""
        done = name == "lesson" and self.desk is not None and self.desk.done
        return f"{name} {DONE}" if done else name

    def _keys_by_action(self) -> dict[str, str]:
        """The first key of each action, as it is called."""
        found: dict[str, str] = {}
        for binding in with_keys(BINDINGS, self.keys_set):
            found.setdefault(binding.action, key_name(binding.key.split(",")[0]))
        return found

    def _footer_drawing(self, width: int) -> Drawing:
        """The keys that matter here; made anew only when they are others."""
        is_open = self.query_one(CommandRegion).is_open
        key = (self.place, is_open, width, self._palette, id(self.player))
        if key != self._footer_key:
            self._footer_key = key
            self._footer = drawing([footer_line(self._footer_keys(width), width, self._palette)])
        return self._footer

    def _footer_keys(self, width: int) -> list[tuple[str, str, str]]:
        """Key, word and action of the keys of most weight, as many as fit, in their order."""
        if self.query_one(CommandRegion).is_open:
            return list(_COMMAND_KEYS)
        found: dict[str, tuple[str, str, str]] = {}
        for key, active in self.active_bindings.items():
            binding = active.binding
            if binding.show and binding.action in _FOOTER and binding.action not in found:
                shown = binding.key_display or key_name(key)
                found[binding.action] = shown, binding.description, binding.action
        fitting: list[str] = []
        room = width
        for action in (*(() if self.desk is None else _FOOTER_IN_LESSON), *_FOOTER):
            if action in found and action not in fitting:
                key, word, _ = found[action]
                room -= len(key) + len(word) + 3
                if room < 0:
                    break
                fitting.append(action)
        return [found[action] for action in _FOOTER_ORDER if action in fitting]

    # --- time --------------------------------------------------------------------------------

    def follow_player(self) -> None:
        """Paint, and have the loop run if and only if something goes on by itself."""
        self.paint()
        gc.collect(_YOUNG)
        self.keep_going()

    def keep_going(self) -> None:
        """Have the loop run, if there is anything to do and it does not yet."""
        if not self._loop_runs and self.player is not None and self.is_running:
            self._loop_runs = True
            self.run_worker(self._go_on(), group="time", exit_on_error=True)

    @property
    def is_busy(self) -> bool:
        """Something goes on by itself: time, a command, a story, a search."""
        return self._loop_runs

    async def _go_on(self) -> None:
        """Tick, work and paint until nothing goes on by itself any more."""
        last = self._last_paint = time.perf_counter()
        self._ticked = self._other = 0.0
        try:
            # While the program ends, regions go one by one: nothing is painted any more.
            while (player := self.player) is not None and self.app.is_running:
                began = time.perf_counter()
                was_active = player.active
                to_be_painted = began - self._last_paint >= self._pause(player)
                player.tick(min(began - last, LONGEST_TICK_S), to_be_painted)
                self._ticked += time.perf_counter() - began
                last = began
                self.look_at_side()
                more, changed = self._work()
                ended = was_active and not player.active
                news = player.active or changed
                if (to_be_painted and news) or ended or (changed and not more):
                    self._other = time.perf_counter() - self._last_paint - self._ticked
                    # What the bench made since: it costs the same however often one looks.
                    gc.collect(_YOUNG)
                    self._last_paint, self._ticked = time.perf_counter(), 0.0
                    self.paint()
                if not (player.active or more):
                    break
                await self._rest(player, began)
        finally:
            self._loop_runs = False

    def _pause(self, player: Player) -> float:
        """How long after a painting the next one is due, in seconds."""
        shortest = PAINT_S - TICK_S / 4
        return max(shortest, self._other * PAINT_SHARE) if player.flat_out else shortest

    def _work(self) -> tuple[bool, bool]:
        """Let the place that is shown go on with what takes long.

        Returns whether there may be more, and whether there is something new to show.
        """
        place, player = self.places.get(self.place), self.player
        if place is None or player is None:
            return False, False
        until = time.perf_counter() + WORK_S
        changed = more = place.work(player)
        while more and time.perf_counter() < until:
            more = place.work(player)
        return more, changed

    async def _rest(self, player: Player, began: float) -> None:
        """Let keys be heard: for the rest of the tick, or, flat out, for as long as that takes."""
        if player.side is not None or (player.playing and player.flat_out) or not player.active:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if not player.active:
                await asyncio.sleep(0.001)
            return
        await asyncio.sleep(max(TICK_S - (time.perf_counter() - began), 0.001))

    # --- changes -----------------------------------------------------------------------------

    async def on_resize(self, event: events.Resize) -> None:
        await self.fit()

    def on_key(self, event: events.Key) -> None:
        """A key for what real threads do not allow says so."""
        player = self.player
        if player is not None and player.bench.is_threaded and event.key in self._not_on_threads():
            event.stop()
            player.say(WHY_NOT_ON_THREADS, error=True)
            self.paint()

    def _not_on_threads(self) -> set[str]:
        if self.query_one(CommandRegion).is_open:
            return set()
        bindings = with_keys(BINDINGS, self.keys_set)
        return {key for b in bindings if b.id in NOT_ON_THREADS for key in b.key.split(",")}

    def _theme_changed(self) -> None:
        self._palette = palette_of(self.app.theme_variables)
        self.paint()

    async def show_place(self, name: str) -> None:
        """Give a place the room."""
        self.place = name
        await self.fit()
        self.keep_going()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done where one is; while a command is typed no key does anything else."""
        # Asked for each key at each painting: a look-up by name would take longer than the rest.
        if self._command is not None and self._command.is_open:
            return False
        written = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        threaded = self.player is not None and self.player.bench.is_threaded
        return is_offered(written, self.place, threaded, self.desk is not None)


def _key_names(keys_set: Mapping[str, str]) -> dict[str, str]:
    """The first key of each action of a lesson, as it is called."""
    bindings = [binding for binding in BINDINGS if binding.id in FOR_LESSONS]
    named = with_keys(bindings, keys_set)
    return {each.action: key_name(each.key.split(",")[0]) for each in named}
