"""What the keys of the bench screen do: time, dialogs, commands."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual import work

from aclbench.errors import AclbenchError
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.dialogs import (
    AskLine,
    GoToDialog,
    InterfaceDialog,
    Menu,
    MenuRow,
    OpenDialog,
    SendDialog,
    SendForm,
    TimeoutDialog,
)
from aclbench.tui.help.screen import SIGNS, HelpScreen
from aclbench.tui.keys import sections_of
from aclbench.tui.layout import LOWER_PARTS, pages_of
from aclbench.tui.parts import Parts
from aclbench.tui.sessions.place import SessionsPlace
from aclbench.tui.settings import recent_inputs, with_keys
from aclbench.tui.story.tellers import DifferenceTeller
from aclbench.tui.targets import BranchTarget
from aclbench.tui.timeline.text import GLYPHS
from aclbench.workbench.rig.bundled import scenario_abouts

if TYPE_CHECKING:
    from aclbench.tui.player import Player
    from aclbench.tui.side import SideCommand
    from aclbench.workbench.history.history import Unit
    from aclbench.workbench.views.snapshot import Snapshot

#: The timeline's share that < and > go along by: one in so many.
ALONG: Final = 40
#: A kind that has no glyph on the timeline: the cleaner has a line for it.
INTERVAL: Final = "interval changed"
#: Keys of a menu's rows that have no letters of their own: one for each actor there can be.
_ROW_KEYS: Final = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: What `d` offers: key, label, and what is said about it.
_DEEDS: Final = (
    (
        "c",
        "clear all sessions",
        "by bitmaps of all interfaces",
    ),
    ("i", "an interface", "ACLs off, delete it, set it up or down"),
    ("t", "timeouts", "the idle timeout of a class"),
    ("p", "send a packet", "or ask what would become of it"),
    ("s", "save the run", "a .run file goes on anywhere"),
    ("b", "begin a branch here", "acting in the past does it, too"),
    ("o", "open another", "a scenario, a capture, a saved run"),
)


class Acting(Parts):
    """Actions. Mixed into the bench screen."""

    #: The packet that was crafted last.
    _last_form: SendForm | None = None
    #: A command line of the `:` region that is under way.
    _typed: SideCommand | None = None
    #: A command that a key began: what it prints is said in the status line.
    _keyed: SideCommand | None = None
    #: Lines that wait for the one under way.
    _lines_to_come: tuple[str, ...] = ()

    def ready(self) -> Player | None:
        """The player, if it can do something now; else it is said why not."""
        player = self.player
        if player is None:
            return None
        if player.side is not None:
            player.say(f"{player.side.line} is under way; Esc stops it", error=True)
            self.paint()
            return None
        return player

    # --- time --------------------------------------------------------------------------------

    def _do(self, act: Callable[[Player], object]) -> None:
        """Something that is done at once."""
        player = self.ready()
        if player is not None:
            act(player)
            self.follow_player()

    def action_play_pause(self) -> None:
        self._do(lambda player: player.toggle())

    def action_step(self) -> None:
        self._do(lambda player: player.step())

    def action_step_turn(self) -> None:
        self._do(lambda player: player.step(whole_turn=True))

    def action_step_packet(self) -> None:
        self._do(lambda player: player.step_packet())

    def action_back(self, unit: Unit) -> None:
        self._do(lambda player: player.back(unit))

    def action_leap(self, seconds: int) -> None:
        self._do(lambda player: player.leap(seconds))

    def action_along(self, by: int) -> None:
        self._do(lambda player: player.go_along(by, ALONG))

    def action_to_start(self) -> None:
        self._do(lambda player: player.to_start())

    def action_to_end(self) -> None:
        self._do(lambda player: player.to_end())

    def action_jump(self) -> None:
        self._do(lambda player: player.jump())

    def action_faster(self, by: int) -> None:
        if self.player is not None:
            self.player.faster(by)
            self.paint()

    def action_gaps(self) -> None:
        if self.player is not None:
            self.player.switch_gaps()
            self.paint()

    def action_seek(self, back: bool) -> None:
        player = self.ready()
        if player is not None:
            self._keyed = player.seek(back)
            self.look_at_side()
            self.follow_player()

    @work
    async def action_restart(self) -> None:
        """A new bench; asked first, for what was done is then gone."""
        player = self.ready()
        if player is None:
            return
        if player.bench.events_so_far():
            rows = [MenuRow("r", "restart", "the run and its branches are forgotten")]
            rows.append(MenuRow("n", "no", "Home goes to the start, and keeps them"))
            if await self.app.push_screen_wait(Menu("A new bench?", rows)) != "r":
                return
        try:
            player.restart()
        except AclbenchError as error:
            player.say(str(error), error=True)
        await self._stand_anew()

    async def _stand_anew(self) -> None:
        """Another bench is shown."""
        self.follow_player()
        await self.fit()
        gc.collect()  # the old bench refers to itself

    @work
    async def action_mark_kind(self) -> None:
        """Choose what `m` goes to."""
        rows = [MenuRow("m", "any", "whatever happens next")]
        kinds = {glyph: kind for kind, glyph in GLYPHS.items()} | {"i": INTERVAL}
        rows += [MenuRow(key, kind, "") for key, kind in kinds.items()]
        key = await self.app.push_screen_wait(Menu("Kind of mark that m and M go to", rows))
        if key is not None and self.player is not None:
            self.player.mark_kind = kinds.get(key, "")
            self.paint()

    @work
    async def action_actor(self) -> None:
        """Choose who takes the next steps."""
        player = self.ready()
        if player is None:
            return
        snapshot = player.bench.snapshot()
        able = player.bench.next_actors()
        rows = [MenuRow("0", "whose turn it is", f"now: {able[0] if able else 'nobody'}")]
        steps = {worker.name: worker.next_step for worker in snapshot.workers}
        steps["cleaner"] = snapshot.cleaner.next_step
        rows += [
            MenuRow(key, actor, f"next: {steps.get(actor, '')}")
            for key, actor in zip(_ROW_KEYS, able, strict=False)
        ]
        key = await self.app.push_screen_wait(Menu("Who takes the next steps", rows))
        if key is not None:
            player.chosen = able[_ROW_KEYS.index(key)] if key != "0" else ""
            said = f"{player.chosen} takes the steps" if player.chosen else "in turn again"
            player.say(said)
            self.paint()

    @work
    async def action_go_to(self) -> None:
        """To a time, packet, event or share of the run."""
        player = self.ready()
        if player is None:
            return
        about = "The run so far, backwards and forwards; a time may lie ahead."
        line = await self.app.push_screen_wait(GoToDialog(about))
        if line is None:
            return
        if line.endswith("%"):
            self._do(lambda player: player.go_to_share(float(line[:-1]) / 100))
        else:
            self._run_by_key(self._later(player, line))

    def _later(self, player: Player, line: str) -> str:
        """A time that lies ahead is run to."""
        ahead = line.replace("goto time", "run until", 1)
        return ahead if player.is_ahead(line) else line

    # --- commands ----------------------------------------------------------------------------

    def action_command(self) -> None:
        self.query_one(CommandRegion).open()
        self.paint()

    def on_command_region_quit(self, event: CommandRegion.Quit) -> None:
        self.action_quit()

    def on_command_region_closed(self, event: CommandRegion.Closed) -> None:
        self.paint()  # keys do what they did before

    def on_command_region_submitted(self, event: CommandRegion.Submitted) -> None:
        player = self.player
        if player is None:
            return
        region = self.query_one(CommandRegion)
        if player.side is not None:
            region.answer(f"{player.side.line} is under way; Esc, Esc stops it", error=True)
            return
        self._typed = player.begin_command(event.line)
        self.look_at_side()
        self.follow_player()

    def _run_by_key(self, *lines: str) -> None:
        """Run lines one behind the other; what the last prints is said in the status line."""
        player = self.ready()
        if player is None or not lines:
            return
        self._lines_to_come = lines[1:]
        self._keyed = player.begin_command(lines[0])
        self.look_at_side()
        self.follow_player()

    def look_at_side(self) -> None:
        """Show what a command printed, and what became of it."""
        if self._typed is not None:
            self._typed = self._show_typed(self._typed)
        if self._keyed is not None and self._keyed.done:
            self._say_keyed(self._keyed)

    def _show_typed(self, side: SideCommand) -> SideCommand | None:
        region = self.query_one(CommandRegion)
        printed = side.take_printed()
        if printed:
            region.append("\n".join(printed))
        if not side.done:
            region.progress(f"{side.line} goes on; Esc closes this, and once more stops it")
            return side
        if side.error is not None:
            region.refuse(side.error, side.line)
        elif printed or side.has_printed:
            region.progress("")
            region.append("stopped" if side.stopped else side.output)
        else:
            region.answer("stopped" if side.stopped else side.output or "done")
        self._look_at_threads()
        return None

    def _say_keyed(self, side: SideCommand) -> None:
        self._keyed = None
        player = self.player
        if player is None:
            return
        if side.error is not None:
            player.say(str(side.error), error=True)
        elif side.stopped:
            player.say("stopped")
        elif self._lines_to_come:
            self._run_by_key(*self._lines_to_come)
            return
        else:
            said = side.output.splitlines()[0] if side.output else side.line
            far = "; Home or End goes back" if said.startswith("no more") else ""
            player.say(side.notice or said + far)
        self._lines_to_come = ()
        self._look_at_threads()

    def _look_at_threads(self) -> None:
        """A command may have put another bench here: lay out for its workers."""
        self.call_later(self.fit)

    # --- doing -------------------------------------------------------------------------------

    def _snapshot(self) -> Snapshot:
        assert self.player is not None
        return self.player.bench.snapshot()

    @work
    async def action_do(self) -> None:
        """A menu of what can be done to the bench."""
        if self.ready() is None:
            return
        rows = [MenuRow(key, label, about) for key, label, about in _DEEDS]
        if self.open_bench is None:
            rows = [row for row in rows if row.key != "o"]
        key = await self.app.push_screen_wait(Menu("Do something to the bench", rows))
        deeds: dict[str, Callable[[], object]] = {
            "c": lambda: self._run_by_key("clear acl-plugin sessions"),
            "i": self._change_interface,
            "t": self._change_timeouts,
            "p": self.action_send,
            "s": self._save,
            "b": self._branch,
            "o": self.action_open_another,
        }
        if key in deeds:
            deeds[key]()

    @work
    async def action_send(self) -> None:
        """Craft a packet."""
        if self.ready() is None:
            return
        dialog = SendDialog(self._snapshot().interfaces, self._last_form)
        line = await self.app.push_screen_wait(dialog)
        if line is None:
            return
        self._last_form = dialog.form
        if line.startswith("explain"):
            region = self.query_one(CommandRegion)
            region.open()
            self.on_command_region_submitted(CommandRegion.Submitted(line))
        else:
            self._run_by_key(line)

    @work
    async def _change_interface(self) -> None:
        lines = await self.app.push_screen_wait(InterfaceDialog(self._snapshot().interfaces))
        self._run_by_key(*(lines or ()))

    @work
    async def _change_timeouts(self) -> None:
        lines = await self.app.push_screen_wait(TimeoutDialog(self._snapshot().session_timeout))
        self._run_by_key(*(lines or ()))

    @work
    async def _save(self) -> None:
        path = await self._ask("Save the run", "A file that ends in .run, or in .cli", "my.run",
                               lambda text: f"save {text}")  # fmt: skip
        if path:
            self._run_by_key(f"save {path}")

    @work
    async def _branch(self) -> None:
        about = "The branch left behind keeps its future."
        name = await self._ask("Begin a branch here", about, "what-if", lambda n: f"branch {n}")
        if name:
            self._run_by_key(f"branch {name}")

    async def _ask(
        self, title: str, about: str, value: str, line_for: Callable[[str], str]
    ) -> str | None:
        def check(text: str) -> str | None:
            return None if text else "nothing is typed; Esc leaves this"

        dialog: Any = AskLine(title, about, value, check, line_for)
        answer: str | None = await self.app.push_screen_wait(dialog)
        return answer

    @work
    async def action_open_another(self) -> None:
        """Another scenario, capture or run in the place of this one."""
        player = self.ready()
        if player is None or self.open_bench is None:
            return
        line = await self.app.push_screen_wait(OpenDialog(scenario_abouts(), recent_inputs()))
        if line is None:
            return
        try:
            make_bench, title = self.open_bench(line)
            player.show_another(make_bench, title)
        except AclbenchError as error:
            player.say(str(error), error=True)
        await self.show_place("bench")
        await self._stand_anew()

    # --- looking -----------------------------------------------------------------------------

    async def action_place(self, name: str) -> None:
        await self.show_place(name)

    async def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        if self._layout_now is not None and self.player is not None:
            # The same worker stays in sight.
            first = self.page * self._layout_now.per_page
            await self.fit()
            self.page = first // self._layout_now.per_page
            self.paint()

    def action_page(self, by: int) -> None:
        if self.player is not None and self._layout_now is not None:
            count = len(pages_of(self.player.threads, self._layout_now.per_page))
            self.page = (self.page + by) % count
            self.paint()

    async def action_lower(self) -> None:
        self.lower = (self.lower + 1) % len(LOWER_PARTS)
        await self.fit()

    def action_filter(self) -> None:
        if self.player is None:
            return
        place = self.places.get(self.place)
        if place is not None:
            place.cycle_filter(self.player)
        else:
            self.player.next_filter()
        self.paint()

    @work
    async def action_search(self) -> None:
        """Show what has some words alone."""
        place = self.places.get(self.place)
        if place is None:
            return
        about = (
            "An address, a prefix, a port as :80, other words; all must match. Empty: no search."
        )
        dialog: Any = AskLine("Search", about, place.search, lambda text: None, lambda text: "")
        words: str | None = await self.app.push_screen_wait(dialog)
        if words is not None:
            place.search_for(words)
            self.follow_player()

    def action_order(self) -> None:
        place = self.places.get(self.place)
        if isinstance(place, SessionsPlace):
            place.next_order()
            self.follow_player()

    async def action_compare(self) -> None:
        target = self.pointed_at()
        if isinstance(target, BranchTarget):
            await self.tell(DifferenceTeller("now", target.name))

    @work
    async def action_compare_places(self) -> None:
        """What differs between any two points of the run."""
        if self.ready() is None:
            return
        about = "Two points: now, start, end, #17 (behind a packet), +2.5, a branch, main@+2.5"

        def check(text: str) -> str | None:
            return None if len(text.split()) == 2 else "two points, with a blank in between"

        dialog: Any = AskLine("What differs", about, "start now", check, lambda t: f"diff {t}")
        said: str | None = await self.app.push_screen_wait(dialog)
        if said is not None:
            await self.tell(DifferenceTeller(*said.split()))

    def action_help(self) -> None:
        threaded = self.player is not None and self.player.bench.is_threaded
        keys = self.keys_set
        sections = [
            (title, with_keys(bindings, keys))
            for title, bindings in sections_of(self.place, threaded, self.desk is not None)
        ]
        self.app.push_screen(HelpScreen(sections, signs()))

    def action_quit(self) -> None:
        self.app.exit()


def signs() -> tuple[tuple[str, str], ...]:
    """The glyphs of the screen; those of the timeline among them."""
    marks = tuple((glyph, f"on the timeline: {kind}") for kind, glyph in GLYPHS.items())
    return (*SIGNS, *marks)
