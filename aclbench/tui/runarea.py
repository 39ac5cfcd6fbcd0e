"""The part of the screen where the run is: timeline, places and cleaner; with the keys of time."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from aclbench.tui.dialogs import GoToDialog, Menu, MenuRow
from aclbench.tui.keys import TIME, bindings, is_offered
from aclbench.tui.place import Changed
from aclbench.tui.player import Player
from aclbench.tui.targets import MarkKindTarget, TimeTarget
from aclbench.tui.textpanel import TextPanel
from aclbench.tui.timeline.text import GLYPHS
from aclbench.workbench.history.moving import Unit
from aclbench.workbench.views.clock import TIME_MODES

#: The timeline's share that < and > go along by: one in so many.
ALONG: Final = 40
#: A kind that has no glyph on the timeline: the cleaner has a line for it.
INTERVAL: Final = "interval changed"
#: Keys of a menu's rows that have no letters of their own: one for each actor there can be.
_ROW_KEYS: Final = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class LinesAsked(Message):
    """Command lines are to be run, one behind the other; what the last prints is said."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.lines = lines


class Replaced(Message):
    """Another bench stands in the place of the one that was shown."""


class RunArea(Vertical, inherit_bindings=False):
    """Its keys step, play, and go back and forth."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*TIME)

    def __init__(self, player: Player, without: frozenset[str], *children: Widget) -> None:
        """`without`: what cannot be done here, by id."""
        super().__init__(*children, id="run")
        self._player = player
        self._without = without

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return is_offered(TIME, action, parameters, self._without)

    def ready(self) -> bool:
        """Something can be done now; else it is said why not."""
        what = self._player.underway.what
        if what:
            self._player.live.say(f"{what} is under way; Esc stops it", error=True)
            self.post_message(Changed())
        return not what

    # --- playing and stepping ----------------------------------------------------------------

    def action_play_pause(self) -> None:
        if self.ready():
            self._player.transport.toggle()
            self.post_message(Changed())

    def action_step(self) -> None:
        if self.ready():
            self._player.travel.step()
            self.post_message(Changed())

    def action_step_turn(self) -> None:
        if self.ready():
            self._player.travel.step(whole_turn=True)
            self.post_message(Changed())

    def action_step_packet(self) -> None:
        if self.ready():
            self._player.travel.step_packet()
            self.post_message(Changed())

    def action_jump(self) -> None:
        if self.ready():
            self._player.travel.jump()
            self.post_message(Changed())

    def action_faster(self, by: int) -> None:
        self._player.transport.faster(by)
        self.post_message(Changed())

    def action_gaps(self) -> None:
        self._player.transport.switch_gaps()
        self.post_message(Changed())

    def action_times(self) -> None:
        """The next way to write times; where the capture tells no time of day it is said why."""
        live = self._player.live
        mode = TIME_MODES[(TIME_MODES.index(live.bench.rig.time_mode) + 1) % len(TIME_MODES)]
        clock = live.bench.rig.clock
        if clock.has_day:
            live.bench.rig.time_mode = mode
            live.say(f"times are {'from the start' if mode == 'relative' else mode}")
        else:
            live.say(clock.why_relative or "there is no capture that tells the time of day")
        self.post_message(Changed())

    # --- going places ------------------------------------------------------------------------

    def action_back(self, unit: Unit) -> None:
        if self.ready():
            self._player.travel.back(unit)
            self.post_message(Changed())

    def action_leap(self, seconds: int) -> None:
        if self.ready():
            self._player.travel.leap(seconds)
            self.post_message(Changed())

    def action_along(self, by: int) -> None:
        if self.ready():
            self._player.travel.along(by, ALONG)
            self.post_message(Changed())

    def action_to_start(self) -> None:
        if self.ready():
            self._player.travel.to_start()
            self.post_message(Changed())

    def action_to_end(self) -> None:
        if self.ready():
            self._player.travel.to_end()
            self.post_message(Changed())

    def action_seek(self, back: bool) -> None:
        if self.ready():
            self.post_message(LinesAsked(self._player.travel.seek_line(back)))

    @on(TextPanel.Picked, "#timeline")
    def _pick(self, event: TextPanel.Picked) -> None:
        """A click on the timeline goes there; on its legend it chooses what `m` goes to."""
        event.stop()
        target = event.target
        if isinstance(target, MarkKindTarget):
            self._player.travel.mark_kind = target.kind
        elif isinstance(target, TimeTarget) and self.ready():
            self._player.travel.to_time(target.time)
        self.post_message(Changed())

    @work
    async def action_go_to(self) -> None:
        """To a time, packet, event or share of the run."""
        if not self.ready():
            return
        about = "Back, or ahead to what was not played yet."
        line = await self.app.push_screen_wait(GoToDialog(about))
        if line is None:
            return
        travel = self._player.travel
        if line.endswith("%"):
            travel.to_share(float(line[:-1]) / 100)
            self.post_message(Changed())
            return
        if self._player.bench.history is None:
            line = line.replace("goto", "run until", 1).replace("until time", "until", 1)
        self.post_message(LinesAsked(line))

    # --- dialogs -----------------------------------------------------------------------------

    @work
    async def action_mark_kind(self) -> None:
        """Choose what `m` goes to."""
        rows = [MenuRow("m", "any", "whatever happens next")]
        kinds = {glyph: kind for kind, glyph in GLYPHS.items()} | {"i": INTERVAL}
        rows += [MenuRow(key, kind, "") for key, kind in kinds.items()]
        key = await self.app.push_screen_wait(Menu("Kind of mark that m and M go to", rows))
        if key is not None:
            self._player.travel.mark_kind = kinds.get(key, "")
            self.post_message(Changed())

    @work
    async def action_actor(self) -> None:
        """Choose who takes the next steps."""
        if not self.ready():
            return
        player = self._player
        snapshot = player.bench.snapshot()
        able = player.bench.transport.ready_actors()
        rows = [MenuRow("0", "whose turn it is", f"now: {able[0] if able else 'nobody'}")]
        steps = {worker.name: worker.next_step for worker in snapshot.workers}
        steps["cleaner"] = snapshot.cleaner.next_step
        rows += [
            MenuRow(key, actor, f"next: {steps.get(actor, '')}")
            for key, actor in zip(_ROW_KEYS, able, strict=False)
        ]
        key = await self.app.push_screen_wait(Menu("Who takes the next steps", rows))
        if key is not None:
            chosen = able[_ROW_KEYS.index(key)] if key != "0" else ""
            player.transport.chosen = chosen
            player.live.say(f"{chosen} takes the steps" if chosen else "in turn again")
            self.post_message(Changed())

    @work
    async def action_restart(self) -> None:
        """A new bench; asked first, for what was done is then gone."""
        if not self.ready():
            return
        player = self._player
        if player.bench.rig.events_so_far():
            rows = [MenuRow("r", "restart", "the run and its branches are forgotten")]
            rows.append(MenuRow("n", "no", "Home goes to the start, and keeps them"))
            if await self.app.push_screen_wait(Menu("A new bench?", rows)) != "r":
                return
        player.restart(lambda: self.post_message(Replaced()))
        self.post_message(Changed())
