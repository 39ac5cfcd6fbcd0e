"""What the keys of a lesson do. A lesson's bench is the one that the player holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual import events, work

from aclbench.errors import AclbenchError
from aclbench.tui.acting import Acting
from aclbench.tui.command.line import CommandRegion
from aclbench.tui.dialogs import Menu, MenuRow
from aclbench.tui.lesson.desk import WORDS, Desk
from aclbench.tui.lesson.pointing import target_at
from aclbench.tui.lesson.text import DONE, OPEN
from aclbench.tui.targets import OptionTarget, Target
from aclbench.tutor.progress import ProgressError

if TYPE_CHECKING:
    from aclbench.tui.side import SideCommand

#: Looking at a goal takes at most one part in so many of the time while something goes on.
LOOK_SHARE: Final = 8
_MENU: Final = (
    ("t", "another step", "the list of steps; any can be gone to"),
    ("s", "skip this step", "the program does it, so that the next one finds its bench"),
    ("a", "about this lesson", "its aim, and where the source is that does what it shows"),
    ("r", "restart the lesson", "from the first step, none of them done; guesses are kept"),
    ("q", "leave", "the lesson goes on from here the next time"),
)


class Learning(Acting):
    """Lessons. Mixed into the bench screen; without a lesson none of it is offered."""

    #: What the lesson does to the bench, while it is under way, and the part to show then.
    _deed: SideCommand | None = None
    _then_show = ""
    _looked_at: object = None
    _look_ended = 0.0
    _look_cost = 0.0

    # --- seeing how far it is ----------------------------------------------------------------

    def look_at_lesson(self) -> None:
        """Tick off what has become true, if the bench is another than it was."""
        desk, player = self.desk, self.player
        if desk is None or player is None or player.side is not None:
            return
        if player.playing and player.flat_out:
            return
        stamp = player.stamp()
        began = time.perf_counter()
        early = began - self._look_ended < self._look_cost * LOOK_SHARE
        if stamp == self._looked_at or (early and player.active):
            return
        self._looked_at = stamp
        newly_done = desk.look()
        self._look_ended = time.perf_counter()
        self._look_cost = self._look_ended - began
        if newly_done:
            self._keep(desk)
            if not self.sees_lesson():
                player.say(f"step {desk.step.number} is done: {self._key('lesson_next')} goes on")

    def sees_lesson(self) -> bool:
        """The lesson is on the screen."""
        layout = self._layout_now
        return self.place == "lesson" or (layout is not None and layout.lesson_width > 0)

    def _key(self, action: str) -> str:
        return self.lesson_keys.get(action, action)

    def _keep(self, desk: Desk) -> None:
        """Note how far the lesson is; that this cannot be done is no reason to stop."""
        try:
            desk.save()
        except ProgressError as error:
            if self.player is not None:
                self.player.say(str(error), error=True)

    # --- deeds -------------------------------------------------------------------------------

    def _do_for(self, desk: Desk, name: str, deed: Callable[[], str], then_show: str = "") -> None:
        """Have the lesson do something to its bench."""
        player = self.ready()
        if player is None:
            return
        player.pause()
        self._then_show = then_show
        self._deed = player.begin_work(name, deed)
        self.look_at_side()
        self.follow_player()

    def look_at_side(self) -> None:
        super().look_at_side()
        if self._deed is not None and self._deed.done:
            self._end_deed(self._deed)

    def _end_deed(self, side: SideCommand) -> None:
        self._deed = None
        desk, player = self.desk, self.player
        if desk is None or player is None:
            return
        desk.look()
        if side.error is not None:
            player.say(str(side.error), error=True)
        else:
            player.say("stopped" if side.stopped else side.output)
            self._keep(desk)
        place = self.lesson_place()
        if place is not None and self._then_show:
            place.show_part(self._then_show)
        self._looked_at = player.stamp()
        if desk.shown is not None and self._then_show == "ran" and desk.shown.at:
            self._point_at(target_at(desk.shown.at, player.bench.snapshot()))
        elif self.place == "bench":
            self.point_at_question()
        self.call_later(self.fit)

    def _point_at(self, target: Target | None) -> None:
        """The cursor of the bench to where the lesson says to look."""
        if target is not None:
            self.put_cursor(target)

    async def action_lesson_next(self) -> None:
        desk, player = self.desk, self.player
        if desk is None or player is None:
            return
        self.look_at_lesson()
        missing = desk.missing()
        if desk.run.finished:
            missing = f"the lesson is finished; {self._key('lesson_menu')} leads to its steps"
        if missing:
            player.say(missing)
            self.paint()
            return
        self._do_for(desk, "the next step", desk.go_on)

    def action_lesson_before(self) -> None:
        desk, player = self.desk, self.player
        if desk is None or player is None:
            return
        if desk.step.number == 1:
            player.say("this is the first step")
            self.paint()
            return
        self._do_for(desk, "the step before", desk.go_back)

    def action_lesson_run(self) -> None:
        desk, player = self.desk, self.player
        if desk is None or player is None:
            return
        if desk.step.kind != "experiment":
            player.say(f"this step is a {WORDS[desk.step.kind]}; there is nothing to run")
            self.paint()
            return
        self._do_for(desk, "the experiment", desk.try_it, "ran")

    def action_lesson_undo(self) -> None:
        if self.desk is not None:
            self._do_for(self.desk, "undoing", self.desk.undo)

    def action_lesson_redo(self) -> None:
        if self.desk is not None:
            self._do_for(self.desk, "beginning the step anew", self.desk.redo)

    async def action_lesson_choose(self) -> None:
        """Enter in the lesson: the answer under the cursor; an experiment is run."""
        desk, place = self.desk, self.lesson_place()
        if desk is None or place is None:
            return
        target = place.selected()
        if isinstance(target, OptionTarget):
            self.give_answer(target.number)
        elif desk.to_run:
            self.action_lesson_run()
        else:
            self._say_next(desk)

    def _say_next(self, desk: Desk) -> None:
        if self.player is not None:
            done = f"{self._key('lesson_next')} goes on to the next step"
            self.player.say(desk.missing() or done)
            self.paint()

    def give_answer(self, number: int) -> None:
        """Answer the question by an option's place."""
        desk, player = self.desk, self.player
        if desk is None or player is None or not desk.asks:
            return
        if number < 0:
            player.say("arrow keys or digits choose an answer; Enter gives it")
            self.paint()
            return
        self._do_for(desk, "the prediction", lambda: desk.guess(number), "outcome")

    def on_key(self, event: events.Key) -> None:
        """A digit puts the cursor on an answer, if it is at a question; else digits are places."""
        place = self.lesson_place()
        typed = event.character or ""
        if place is None or not (typed.isascii() and typed.isdecimal()) or self._types_command():
            return
        if not isinstance(self.pointed_at(), OptionTarget):
            return
        event.stop()
        event.prevent_default()
        if place.choose(int(typed) - 1):
            self.point_at_question()
        elif self.player is not None:
            self.player.say(f"there is no answer {typed}; Esc, and digits are places again")
        self.paint()

    def _types_command(self) -> bool:
        return self.query_one(CommandRegion).is_open

    # --- help --------------------------------------------------------------------------------

    def _ask_desk(self, ask: Callable[[Desk], object], show: Callable[[Desk], str]) -> None:
        """Have more shown of the step, and bring it into sight."""
        desk, player, place = self.desk, self.player, self.lesson_place()
        if desk is None or player is None or place is None:
            return
        if desk.step.kind != "task":
            player.say(f"hints and solutions are for tasks; this step is a {WORDS[desk.step.kind]}")
            self.paint()
            return
        try:
            ask(desk)
        except AclbenchError as error:
            player.say(str(error), error=True)
        else:
            place.show_part(show(desk))
            self._keep(desk)
        self._show_lesson_if_hidden()

    def _show_lesson_if_hidden(self) -> None:
        """What was asked for is to be seen."""
        if self.sees_lesson():
            self.paint()
        else:
            self.call_later(self.action_lesson_show)

    def action_lesson_hint(self) -> None:
        self._ask_desk(lambda desk: desk.next_hint(), lambda desk: f"hint {desk.hints}")

    @work
    async def action_lesson_solution(self) -> None:
        """Its commands; once more, and they are run if that is wanted."""
        desk = self.desk
        if desk is None:
            return
        if not desk.solution or not self.sees_lesson():
            self._ask_desk(lambda desk: desk.show_solution(), lambda desk: "solution")
            return
        rows = [
            MenuRow("y", "run it", "from where this step began; what you did since is undone"),
            MenuRow("n", "do not", "to type it oneself teaches more"),
        ]
        if await self.app.push_screen_wait(Menu("Run the solution?", rows)) == "y":
            self._do_for(desk, "the solution", desk.solve, "goal")

    # --- to and fro --------------------------------------------------------------------------

    async def action_lesson_show(self) -> None:
        """To the lesson and back to the bench; a panel beside the bench is hidden and shown."""
        layout = self._layout_now
        if self.place == "lesson":
            await self.show_place("bench")
        elif layout is not None and self.has_room_beside():
            self.lesson_hidden = layout.lesson_width > 0
            await self.fit()
            if self.place == "bench" and self.lesson_hidden:
                self.put_cursor(None)
            elif self.place == "bench":
                self.point_at_question()
            self.paint()
        else:
            await self.show_place("lesson")

    @work
    async def action_lesson_menu(self) -> None:
        desk = self.desk
        if desk is None or self.ready() is None:
            return
        rows = [MenuRow(*row) for row in _MENU]
        key = await self.app.push_screen_wait(Menu("The lesson", rows))
        if key == "s":
            self._do_for(desk, "skipping", desk.skip)
        elif key == "t":
            await self._another_step(desk)
        elif key == "a":
            desk.switch_about()
            if (place := self.lesson_place()) is not None:
                place.show_part("about")
            self._show_lesson_if_hidden()
        elif key == "r":
            self._do_for(desk, "restarting the lesson", desk.restart)
        elif key == "q":
            self.action_quit()

    async def _another_step(self, desk: Desk) -> None:
        """Choose a step of the list, and go there."""
        done = desk.run.done
        rows = [
            MenuRow(
                str(step.number),
                f"{DONE if step.number in done else OPEN} {WORDS[step.kind]}",
                "you are here" if step is desk.step else "",
            )
            for step in desk.run.lesson.steps
        ]
        key = await self.app.push_screen_wait(Menu("Go to a step", rows))
        if key is not None:
            self._do_for(desk, f"going to step {key}", lambda: desk.go_to(int(key)))
