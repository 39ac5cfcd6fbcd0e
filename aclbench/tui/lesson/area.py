"""A lesson and what it is about beside each other: what its keys do to the bench that is shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar, Final

from textual import events, on, work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from aclbench.errors import AclbenchError
from aclbench.tui.bench.place import BenchPlace
from aclbench.tui.dialogs import Menu, MenuRow
from aclbench.tui.keys import Key, bindings
from aclbench.tui.layout import LESSON_FROM, lesson_width_of
from aclbench.tui.lesson.desk import WORDS, Desk
from aclbench.tui.lesson.panel import LessonPanel, LessonPlace
from aclbench.tui.lesson.pointing import target_at
from aclbench.tui.lesson.text import DONE, OPEN, Keys
from aclbench.tui.place import Changed, Opened, ShowPlace
from aclbench.tui.player import Player
from aclbench.tui.targets import OptionTarget
from aclbench.tui.textpanel import TextPanel
from aclbench.tutor.progress import ProgressError
from aclbench.workbench.tasks import Slices, Task

KEYS: Final = (
    Key("l", "lesson_show", "Lesson", "lesson.show",
        "The lesson and back; where it stands beside the bench: hide it, or show it"),
    Key("8", "screen.place('lesson')", "", "lesson.place", "The lesson, with all the room"),
    Key("y", "lesson_next", "Next", "lesson.next",
        "On to the next step; while this one is not done, what is missing"),
    Key("Y", "lesson_before", "", "lesson.before", "The step before"),
    Key("x", "lesson_run", "Run", "lesson.run", "Run the experiment"),
    Key("h", "lesson_hint", "Hint", "lesson.hint", "A hint for the task; there are three"),
    Key("H", "lesson_solution", "", "lesson.solution",
        "Show the commands of the solution; once more, and it asks whether to run them"),
    Key("u", "lesson_undo", "Undo", "lesson.undo",
        "Undo all that was done to the bench since this step began"),
    Key("U", "lesson_redo", "", "lesson.redo", "Begin this step anew"),
    Key("L", "lesson_menu", "More", "lesson.menu",
        "Skip the step, list the steps, restart the lesson, ..."),
)  # fmt: skip
#: Looking at a goal takes at most one part in so many of the time while something goes on.
LOOK_SHARE: Final = 8
_MENU: Final = (
    ("t", "another step", "the list of steps; any can be gone to"),
    ("s", "skip this step", "the program does it, so that the next one finds its bench"),
    ("a", "about this lesson", "its aim, and where the source is that does what it shows"),
    ("r", "restart the lesson", "from the first step, none of them done; guesses are kept"),
    ("q", "leave", "the lesson goes on from here the next time"),
)


class LessonArea(Horizontal, inherit_bindings=False):
    """Has the lesson's panel beside its other children. `keys` are names of keys by action."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*KEYS)

    def __init__(
        self, player: Player, desk: Desk, panel: LessonPanel, keys: Keys, *children: Widget
    ) -> None:
        super().__init__(*children, panel, id="middle")
        self.desk = desk
        self._player = player
        self._view = panel.view
        self._panel = panel
        self._keys = keys
        #: The place that is shown, by name; its panels; the panel beside it is hidden by key.
        self._place = "bench"
        self._panels_wanted = len(player.live.threads)
        self._is_hidden = False
        self._looked_at: object = None
        self._said_unkept = False
        self._look_ended = 0.0
        self._look_cost = 0.0

    # --- layout ------------------------------------------------------------------------------

    @property
    def has_room_beside(self) -> bool:
        """The screen is wide enough for a lesson beside what is shown."""
        return self.app.size.width >= LESSON_FROM

    @property
    def is_seen(self) -> bool:
        """The lesson is on the screen."""
        return self._place == "lesson" or self._panel.display

    def show_place(self, name: str) -> None:
        """Another place is shown."""
        self._place = name
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    @on(BenchPlace.PanelsWanted)
    def _take_panels(self, event: BenchPlace.PanelsWanted) -> None:
        self._panels_wanted = event.count
        self._fit()

    def _fit(self) -> None:
        """The panel's width: as much as leaves room for the workers' panels."""
        wanted = self._panels_wanted if self._place == "bench" else 1
        beside = self._place != "lesson" and not self._is_hidden
        width = lesson_width_of(self.app.size.width, wanted) if beside else 0
        self._panel.display = width > 0
        self._panel.styles.width = width

    @property
    def _bench(self) -> BenchPlace:
        return self.query_one(BenchPlace)

    # --- seeing how far it is ----------------------------------------------------------------

    def look(self) -> None:
        """Tick off what has become true, if the bench is another than it was."""
        desk, player = self.desk, self._player
        if player.underway.task is not None:
            return
        if player.transport.playing and player.transport.flat_out:
            return
        stamp = player.live.stamp()
        began = time.perf_counter()
        early = began - self._look_ended < self._look_cost * LOOK_SHARE
        if stamp == self._looked_at or (early and player.active):
            return
        self._looked_at = stamp
        newly_done = desk.look()
        self._look_ended = time.perf_counter()
        self._look_cost = self._look_ended - began
        if newly_done:
            self._keep()
            if not self.is_seen:
                number, key = desk.step.number, self._key("lesson_next")
                player.live.say(f"step {number} is done: {key} goes on")

    def _key(self, action: str) -> str:
        return self._keys.get(action, action)

    def _keep(self) -> None:
        """Note how far the lesson is; where that cannot be it is said once, and it goes on."""
        try:
            self.desk.save()
        except ProgressError as error:
            if not self._said_unkept:
                self._said_unkept = True
                self._player.live.say(f"progress is not kept: {error}", error=True)

    def _say(self, text: str, error: bool = False) -> None:
        self._player.live.say(text, error=error)
        self.post_message(Changed())

    # --- deeds -------------------------------------------------------------------------------

    def _do(self, what: str, deed: Slices[str], then_show: str = "") -> None:
        """Have the lesson do something to its bench, and then bring a part of it into sight."""
        player = self._player
        if player.underway.task is not None:
            self._say(f"{player.underway.what} is under way; Esc stops it", error=True)
            return
        player.transport.pause()
        player.underway.begin(Task(deed, what), lambda task: self._end_deed(task, then_show))
        self.post_message(Changed())

    def _end_deed(self, task: Task[str], then_show: str) -> None:
        desk, live = self.desk, self._player.live
        desk.look()
        if task.error is not None:
            live.say(str(task.error), error=True)
        else:
            live.say("stopped" if task.is_stopped else task.result)
            self._keep()
        if then_show:
            self._view.show_part(then_show)
        self._looked_at = live.stamp()
        target = None
        if desk.shown is not None and then_show == "ran" and desk.shown.at:
            target = target_at(desk.shown.at, live.bench.snapshot())
        if target is not None:
            self._bench.put_cursor(target)
        elif self._place == "bench":
            self._bench.point_at_question()
        self.post_message(Changed())

    def action_lesson_next(self) -> None:
        self.look()
        missing = self.desk.missing()
        if self.desk.run.finished:
            missing = f"the lesson is finished; {self._key('lesson_menu')} leads to its steps"
        if missing:
            self._say(missing)
        else:
            self._do("the next step", self.desk.go_on())

    def action_lesson_before(self) -> None:
        if self.desk.step.number == 1:
            self._say("this is the first step")
        else:
            self._do("the step before", self.desk.go_back())

    def action_lesson_run(self) -> None:
        if self.desk.step.kind != "experiment":
            self._say(f"this step is a {WORDS[self.desk.step.kind]}; there is nothing to run")
        else:
            self._do("the experiment", self.desk.try_it(), "ran")

    def action_lesson_undo(self) -> None:
        self._do("undoing", self.desk.undo())

    def action_lesson_redo(self) -> None:
        self._do("beginning the step anew", self.desk.redo())

    # --- answers -----------------------------------------------------------------------------

    @on(LessonPlace.Chosen)
    def _choose(self) -> None:
        """Enter in the lesson: the answer under the cursor; an experiment is run."""
        target = self._view.selected()
        if isinstance(target, OptionTarget):
            self.give_answer(target.number)
        elif self.desk.to_run:
            self.action_lesson_run()
        else:
            self._say(self.desk.missing() or f"{self._key('lesson_next')} goes on to the next step")

    @on(Opened)
    def _open_answer(self, event: Opened) -> None:
        if isinstance(event.target, OptionTarget):
            event.stop()
            self.give_answer(event.target.number)

    @on(TextPanel.Picked)
    def _pick_answer(self, event: TextPanel.Picked) -> None:
        """The cursor to an answer; where it is already, that is the answer."""
        target = event.target
        if not isinstance(target, OptionTarget):
            return
        event.stop()
        if event.opened or self._view.selected() == target:
            self.give_answer(target.number)
            return
        self._view.pick(target)
        self._show_answer()

    def give_answer(self, number: int) -> None:
        """Answer the question by an option's place."""
        if not self.desk.asks:
            return
        if number < 0:
            self._say("arrow keys or digits choose an answer; Enter gives it")
        else:
            self._do("the prediction", self.desk.guess(number), "outcome")

    def on_key(self, event: events.Key) -> None:
        """A digit puts the cursor on an answer, if it is at a question; else digits are places."""
        typed = event.character or ""
        if not (typed.isascii() and typed.isdecimal()) or not self._is_at_question():
            return
        event.stop()
        event.prevent_default()
        if self._view.choose(int(typed) - 1):
            self._show_answer()
        else:
            self._say(f"there is no answer {typed}; Esc, and digits are places again")

    def _is_at_question(self) -> bool:
        if self._place == "lesson":
            return self._view.selected() is not None
        return self._place == "bench" and isinstance(self._bench.pointed_at(), OptionTarget)

    def _show_answer(self) -> None:
        if self._place == "bench":
            self._bench.point_at_question()
        self.post_message(Changed())

    # --- help --------------------------------------------------------------------------------

    def _ask_desk(self, ask: Callable[[], object], show: Callable[[], str]) -> None:
        """Have more shown of the step, and bring it into sight."""
        desk = self.desk
        if desk.step.kind != "task":
            kind = WORDS[desk.step.kind]
            self._say(f"hints and solutions are for tasks; this step is a {kind}")
            return
        try:
            ask()
        except AclbenchError as error:
            self._player.live.say(str(error), error=True)
        else:
            self._view.show_part(show())
            self._keep()
        self._show_if_hidden()

    def _show_if_hidden(self) -> None:
        """What was asked for is to be seen."""
        if self.is_seen:
            self.post_message(Changed())
        else:
            self.action_lesson_show()

    def action_lesson_hint(self) -> None:
        self._ask_desk(self.desk.next_hint, lambda: f"hint {self.desk.hints}")

    @work
    async def action_lesson_solution(self) -> None:
        """Its commands; once more, and they are run if that is wanted."""
        if not self.desk.solution or not self.is_seen:
            self._ask_desk(self.desk.show_solution, lambda: "solution")
            return
        rows = [
            MenuRow("y", "run it", "from where this step began; what you did since is undone"),
            MenuRow("n", "do not", "to type it oneself teaches more"),
        ]
        if await self.app.push_screen_wait(Menu("Run the solution?", rows)) == "y":
            self._do("the solution", self.desk.solve(), "goal")

    # --- to and fro --------------------------------------------------------------------------

    def action_lesson_show(self) -> None:
        """To the lesson and back to the bench; a panel beside the bench is hidden and shown."""
        if self._place == "lesson":
            self.post_message(ShowPlace("bench"))
        elif self.has_room_beside:
            self._is_hidden = bool(self._panel.display)
            self._fit()
            if self._place == "bench" and self._is_hidden:
                self._bench.put_cursor(None)
            elif self._place == "bench":
                self._bench.point_at_question()
            self.post_message(Changed())
        else:
            self.post_message(ShowPlace("lesson"))

    @work
    async def action_lesson_menu(self) -> None:
        desk = self.desk
        rows = [MenuRow(*row) for row in _MENU]
        key = await self.app.push_screen_wait(Menu("The lesson", rows))
        if key == "s":
            self._do("skipping", desk.skip())
        elif key == "t":
            await self._another_step()
        elif key == "a":
            desk.switch_about()
            self._view.show_part("about")
            self._show_if_hidden()
        elif key == "r":
            self._do("restarting the lesson", desk.restart())
        elif key == "q":
            self.app.exit()

    async def _another_step(self) -> None:
        """Choose a step of the list, and go there."""
        desk = self.desk
        rows = [
            MenuRow(
                str(step.number),
                f"{DONE if step.number in desk.run.done else OPEN} {WORDS[step.kind]}",
                "you are here" if step is desk.step else "",
            )
            for step in desk.run.lesson.steps
        ]
        key = await self.app.push_screen_wait(Menu("Go to a step", rows))
        if key is not None:
            self._do(f"going to step {key}", desk.go_to(int(key)))
