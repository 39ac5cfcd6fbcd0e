"""The bench screen: puts the regions together, shows one place at a time, and lets time go on.

Regions and places watch its `frame`, and ask for what they cannot do themselves by messages. While
something goes on by itself a loop runs; while paused nothing runs, and nothing is painted but in
answer to a key.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from aclbench.errors import AclbenchError
from aclbench.tui import regions
from aclbench.tui.against.player import AgainstPlayer
from aclbench.tui.bench.place import BenchPlace
from aclbench.tui.branches.place import BranchesPlace
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.command.runner import CommandRunner
from aclbench.tui.doing import Doing, OpenBench
from aclbench.tui.frame import Frame
from aclbench.tui.help.screen import HelpScreen, key_name
from aclbench.tui.keys import (
    NOT_AGAINST,
    NOT_ON_THREADS,
    SCREEN,
    TIME,
    WHY_NOT_AGAINST,
    bindings,
    is_offered,
    left_out,
    sections_of,
)
from aclbench.tui.lesson.area import KEYS as LESSON_KEYS
from aclbench.tui.lesson.area import LessonArea
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.lesson.panel import LessonPanel, LessonPlace
from aclbench.tui.lesson.text import DONE
from aclbench.tui.lesson.view import LessonView
from aclbench.tui.live import MakeBench
from aclbench.tui.log.place import LogPlace
from aclbench.tui.looping import YOUNG, Loop
from aclbench.tui.opening import Opening, Stands
from aclbench.tui.packets.place import PacketsPlace
from aclbench.tui.place import Changed, Opened, Place, ShowPlace
from aclbench.tui.player import Player
from aclbench.tui.plot.place import PlotPlace
from aclbench.tui.runarea import LinesAsked, Replaced, RunArea
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.settings import with_keys
from aclbench.tui.story.place import StoryPlace
from aclbench.tui.story.tellers import teller_of
from aclbench.tui.targets import (
    BranchTarget,
    CausesTarget,
    DifferenceTarget,
    EventTarget,
    KeyTarget,
    LineTarget,
    PastTarget,
    TabTarget,
    Target,
)
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.timeline.text import columns_of
from aclbench.tui.underway import far_of
from aclbench.tui.words import last_words
from aclbench.tui.workers.panel import BriefPanel
from aclbench.workbench.rig.start import WHY_NOT_ON_THREADS
from aclbench.workbench.workbench import Workbench

#: Makes the player of a bench, which may be made anew, and has a title.
MakePlayer = Callable[[Workbench, MakeBench, str], Player]


class BenchScreen(Screen[None], inherit_bindings=False):
    """The live bench."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*SCREEN)
    AUTO_FOCUS = ""
    #: From `-tall` on there is room for all of it, below the essentials have a line or two each;
    #: from `-very-tall` on the plot stands beside the log and the packets.
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 (as Textual declares it)
        (0, "-tiny"), (14, "-short"), (34, "-tall"), (50, "-very-tall"),
    ]  # fmt: skip

    #: What is to be seen now. None: there is no bench yet.
    frame: reactive[Frame | None] = reactive(None, repaint=False, always_update=True)
    #: The place that is shown, by name.
    place: reactive[str] = reactive("bench", repaint=False, bindings=True)

    def __init__(
        self,
        make_bench: MakeBench,
        title: str,
        play: bool = False,
        player_kind: MakePlayer = Player,
        open_bench: OpenBench | None = None,
        plays_gaps: bool = False,
        keys_set: Mapping[str, str] | None = None,
        says: tuple[str, ...] = (),
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self.player: Player | None = None
        self.places: dict[str, Place] = {}
        self._make_bench, self._title, self._player_kind = make_bench, title, player_kind
        self._play_at_once, self._plays_gaps = play, plays_gaps
        self._open_bench = open_bench
        #: Keys that are not what the table says, by the binding's id.
        self._keys_set = keys_set or {}
        self._says, self._desk = says, desk
        #: The place to come back to from a story.
        self._came_from = "bench"
        self._loop: Loop | None = None

    # --- the beginning -----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield Opening(self._make_bench, self._title)

    def on_unmount(self) -> None:
        if self.player is not None:
            self.player.close()

    @on(Opening.Over)
    async def _take_first(self, event: Opening.Over) -> None:
        """The first bench is there; or it is not, and the screen ends."""
        task = event.task
        if not task.is_done:
            said = last_words(f"{task.what} was stopped{far_of(task)}")
            self.app.exit(task.error, int(task.error is not None), None if task.error else said)
            return
        await self.query_one(Opening).remove()
        self.player = player = self._player_kind(task.result, self._make_bench, self._title)
        player.transport.plays_gaps = self._plays_gaps
        self._loop = Loop(player, self._is_alive, self._work, self.paint)
        await self.mount_all(self._regions(player))
        area = self._lesson_area
        await self._show_place(
            "lesson" if area is not None and not area.has_room_beside else "bench"
        )
        self._bench.point_at_question()
        if self._play_at_once and player.live.next_time() is not None:
            self.query_one(RunArea).action_play_pause()
        self.post_message(Stands())
        for sentence in self._says:
            self.notify(sentence, title="settings", severity="warning", timeout=15, markup=False)

    def _regions(self, player: Player) -> list[Widget]:
        """Everything that the screen is made of, from its top to its bottom."""
        desk, named = self._desk, self._names_of_keys()
        timeline = regions.TimelinePanel(id="timeline")
        cleaners: tuple[regions.CleanerPanel, ...] = (regions.CleanerPanel(id="cleaner"),)
        if isinstance(player, AgainstPlayer):
            cleaners += (regions.CleanerPanel(id="second-cleaner", side=1),)
        view = LessonView(desk, named) if desk is not None else None
        panel = LessonPanel(view) if view is not None else None
        places: list[Place] = [
            BenchPlace(player, cleaners, panel),
            PacketsPlace(player),
            SessionsPlace(player),
            LogPlace(player),
            PlotPlace(player),
            BranchesPlace(player),
            StoryPlace(player),
        ]
        if view is not None:
            places.append(LessonPlace(view))
        self.places = {place.id or "": place for place in places}
        main = Vertical(BriefPanel(id="brief"), ContentSwitcher(*places, id="places"), id="main")
        middle: Widget = Horizontal(main, id="middle")
        if desk is not None and panel is not None:
            middle = LessonArea(player, desk, panel, named, main)
        region = CommandRegion(lambda: player.bench, id="command")
        self._runner = CommandRunner(player, region, self._follow_line)
        self._doing = Doing(self.app, player, self._open_bench)
        self._command = region
        self._without = without = left_out(
            player.bench.is_threaded, desk is not None, isinstance(player, AgainstPlayer)
        )
        not_here = {key.action for key in SCREEN if key.id in without}
        actions = {name: f"place('{name}')" for name in self.places}
        tabs = [(named[action], name) for name, action in actions.items() if action not in not_here]
        return [
            regions.StatusPanel(id="status"),
            regions.TabsPanel(tabs, id="tabs"),
            RunArea(player, without, timeline, middle, Horizontal(*cleaners, id="cleaners")),
            regions.MessagePanel(id="message"),
            region,
            regions.FooterPanel(desk, id="footer"),
        ]

    def _names_of_keys(self) -> dict[str, str]:
        """The first key of each action, as it is called."""
        found: dict[str, str] = {}
        for binding in with_keys(bindings(*SCREEN, *TIME, *LESSON_KEYS), self._keys_set):
            action = binding.action.removeprefix("screen.")
            found.setdefault(action, key_name(binding.key.split(",")[0]))
        return found

    @property
    def _lesson_area(self) -> LessonArea | None:
        return self.query(LessonArea).first() if self._desk is not None else None

    # --- painting ----------------------------------------------------------------------------

    def paint(self) -> None:
        """Take what is shown from the bench: all regions show it."""
        player = self.player
        if player is None or not self.places:
            return
        area = self._lesson_area
        if area is not None:
            area.look()
        is_done = self._desk is not None and self._desk.done
        self.query_one(regions.TabsPanel).mark(self.place, {"lesson": DONE} if is_done else {})
        brief = self.query_one(BriefPanel).threads(player.live.threads)
        wanted = self.places[self.place].wanted(brief)
        self.frame = player.frame(replace(wanted, columns=columns_of(self.size.width)))

    @on(Changed)
    def _follow(self) -> None:
        """Paint, and have the loop run if and only if something goes on by itself."""
        self.paint()
        gc.collect(YOUNG)
        self._keep_going()

    def _follow_line(self) -> None:
        """A line was begun, or is done: it may have put another bench here."""
        self._follow()
        self.call_later(self._take_other)

    @on(Replaced)
    async def _take_other(self) -> None:
        """Another bench may have other workers."""
        await self._bench.fit()

    @property
    def _bench(self) -> BenchPlace:
        return self.query_one(BenchPlace)

    # --- time --------------------------------------------------------------------------------

    @property
    def loop_runs(self) -> bool:
        """Something goes on by itself: it plays, or something is looked for."""
        return self._loop is not None and self._loop.runs

    def _keep_going(self) -> None:
        """Have the loop run, if it does not yet."""
        loop = self._loop
        if loop is not None and not loop.runs and self.is_running:
            loop.runs = True
            self.run_worker(loop.go_on(), group="time", exit_on_error=True)

    def _is_alive(self) -> bool:
        return self.app.is_running and self.is_attached

    def _work(self, seconds: float) -> bool:
        """What the place has to do of its own; True: there is more of it."""
        self._runner.show_progress()
        return self.places[self.place].work(seconds)

    # --- places ------------------------------------------------------------------------------

    async def action_place(self, name: str) -> None:
        await self._show_place(name)

    @on(ShowPlace)
    async def _take_place(self, event: ShowPlace) -> None:
        await self._show_place(event.name)

    async def _show_place(self, name: str) -> None:
        """Give a place the room, and the keys."""
        self.place = name
        self.query_one("#places", ContentSwitcher).current = name
        brief = self.query_one(BriefPanel)  # a class of the screen has all of it styled again
        brief.set_class(name == "bench", "-bench")
        brief.set_class(name == "lesson", "-lesson")
        if (area := self._lesson_area) is not None:
            area.show_place(name)
        if not self._command.is_open:
            self.places[name].focus(scroll_visible=False)
        self._follow()

    async def action_leave(self) -> None:
        """Stop what is under way; else take the cursor off; else back to where one was."""
        player = self.player
        if player is None:
            self.query_one(Opening).stop()
        elif player.underway.task is not None:
            player.underway.stop()
            if player.underway.task is None:
                player.live.say("stopped")
        elif self.place != "bench" and not self.places[self.place].leave():
            self.places[self.place].stop()
            await self._show_place(self._came_from if self.place == "story" else "bench")
        elif self.place == "bench":
            self._bench.put_cursor(None)
            player.live.say("")
        self._follow()

    def action_exchange(self) -> None:
        """Take the other of two benches in hand."""
        if isinstance(self.player, AgainstPlayer) and self.query_one(RunArea).ready():
            self.player.exchange()
            self._follow()
            self.call_later(self._take_other)

    # --- the mouse ---------------------------------------------------------------------------

    @on(TextPanel.Picked)
    async def _pick(self, event: TextPanel.Picked) -> None:
        """A click that no part of the screen has answered for itself."""
        target = event.target
        if isinstance(target, TabTarget):
            await self._show_place(target.name)
        elif isinstance(target, KeyTarget):
            await self._press(target.action)
        elif self.place == "bench" and not isinstance(target, LineTarget):
            self._bench.pick(event.panel, target, event.opened)
        else:  # the brief lines above a place, and the cleaner; a line of a lesson
            await self._open(target)

    async def _press(self, action: str) -> None:
        """Do what a key does that is in force."""
        for active in self.active_bindings.values():
            if active.binding.action == action:
                await self.app.run_action(action, active.node)
                return

    # --- asking ------------------------------------------------------------------------------

    @on(Opened)
    async def _take_opened(self, event: Opened) -> None:
        await self._open(event.target)

    async def _open(self, target: Target | None) -> None:
        """Tell the story of a target, or go there."""
        player = self.player
        if player is None or not self.query_one(RunArea).ready():
            return
        if isinstance(target, LineTarget):
            self._command.open(target.line)
        elif isinstance(target, BranchTarget):
            player.travel.switch(target.name)
        elif isinstance(target, PastTarget):
            player.travel.to_place(target.place)
        elif isinstance(target, EventTarget) and target.number:
            player.travel.to_event(target.number)
        elif isinstance(target, EventTarget):
            player.live.say("this moment cannot be gone to: it is not known by number")
        else:
            await self._tell(player, target)
        self._follow()

    async def _tell(self, player: Player, target: Target | None) -> None:
        """Tell a story in the place for stories."""
        teller, story = teller_of(target), self.query_one(StoryPlace)
        if teller is None:
            said = "Tab and the arrow keys put the cursor on something; Enter tells of it"
            player.live.say(said)
            return
        try:
            story.tell(teller)
        except AclbenchError as error:
            player.live.say(str(error), error=True)
            return
        if self.place != "story":
            self._came_from = self.place
        await self._show_place("story")

    async def action_causes(self) -> None:
        await self._open(CausesTarget())

    async def action_search(self) -> None:
        """Where nothing is searched it is the packets that are meant."""
        await self._show_place("packets")
        await self.app.run_action("search", self.places["packets"])

    @work
    async def action_compare_points(self) -> None:
        """What differs between any two points of the run."""
        if self.query_one(RunArea).ready() and (points := await self._doing.points()) is not None:
            await self._open(DifferenceTarget(*points))

    # --- doing -------------------------------------------------------------------------------

    def action_command(self) -> None:
        self._command.open()

    @on(CommandRegion.Closed)
    def _take_keys_back(self) -> None:
        self.places[self.place].focus(scroll_visible=False)

    @on(CommandRegion.Submitted)
    def _run_typed(self, event: CommandRegion.Submitted) -> None:
        self._runner.run_typed(event.line)

    @on(LinesAsked)
    def _run_lines(self, event: LinesAsked) -> None:
        self._runner.run(*event.lines)

    @work
    async def action_do(self) -> None:
        """A menu of what can be done to the bench."""
        if not self.query_one(RunArea).ready():
            return
        deed = await self._doing.choose()
        if deed == "o":
            self.action_open_another()
        elif deed is not None:
            self._run(*await self._doing.lines(deed))

    @work
    async def action_send(self) -> None:
        """Craft a packet."""
        if self.query_one(RunArea).ready() and (line := await self._doing.send()):
            self._run(line)

    def _run(self, *lines: str) -> None:
        """Run what a dialog made; an explanation is too long for the status line."""
        if lines and lines[0].startswith("explain"):
            self._command.open()
            self._runner.run_typed(lines[0])
        else:
            self.post_message(LinesAsked(*lines))

    @work
    async def action_open_another(self) -> None:
        """Another scenario, capture or run in the place of this one."""
        if not self.query_one(RunArea).ready():
            return
        if await self._doing.open_another(lambda: self.post_message(Replaced())):
            await self._show_place("bench")

    # --- keys --------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """A key for what real threads, or two benches, do not allow says so."""
        player = self.player
        if player is None or not self.places or self._command.is_open:
            return
        ids, why = frozenset[str](), ""
        if player.bench.is_threaded:
            ids, why = NOT_ON_THREADS, WHY_NOT_ON_THREADS
        elif isinstance(player, AgainstPlayer):
            ids, why = NOT_AGAINST, WHY_NOT_AGAINST
        refused = [key for key in (*TIME, *SCREEN) if key.id in ids]
        named = with_keys(bindings(*refused), self._keys_set)
        if any(event.key in each.key.split(",") for each in named):
            event.stop()
            player.live.say(why, error=True)
            self._follow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done where one is; while a command is typed no key does anything else."""
        player = self.player
        if player is None:
            return action in ("leave", "quit")
        if not self.places or self._command.is_open:
            return False
        return is_offered(SCREEN, action, parameters, self._without)

    def action_help(self) -> None:
        place = self.places[self.place]
        found = [
            (active.node is place, replace(active.binding, key=key))
            for key, active in self.active_bindings.items()
        ]
        own = [binding for is_own, binding in found if is_own]
        others = [binding for is_own, binding in found if not is_own]
        self.app.push_screen(HelpScreen(sections_of(self.place, own, others)))

    @on(CommandRegion.Quit)
    def action_quit(self) -> None:
        self.app.exit()
