"""The way into the live screen: `run_tui`, and the Textual app behind it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import events, on
from textual._context import active_message_pump
from textual.app import App, ScreenStackError, SystemCommand
from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hits
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider
from textual.worker import WorkerFailed, get_current_worker

from aclbench.errors import AclbenchError
from aclbench.terminal import Ended, Guard, ended_by
from aclbench.tui.against.player import Pair
from aclbench.tui.doing import OpenBench
from aclbench.tui.driver import ScreenDriver
from aclbench.tui.help.screen import key_name
from aclbench.tui.lesson.desk import Desk
from aclbench.tui.live import MakeBench
from aclbench.tui.opening import Stands
from aclbench.tui.player import Player
from aclbench.tui.regions import WEIGHT
from aclbench.tui.screen import BenchScreen
from aclbench.tui.settings import Settings
from aclbench.tui.threads import ThreadedPlayer
from aclbench.tui.typed import Fence, Typed, Typing
from aclbench.visible import visible
from aclbench.workbench.tasks import Slices

if TYPE_CHECKING:
    from aclbench.tutor.course import LessonRun
    from aclbench.tutor.lesson import Lesson
    from aclbench.tutor.progress import Progress

DARK = "textual-dark"
LIGHT = "textual-light"

#: Layout and colours of all that is on the screen.
STYLES: Final = Path(__file__).with_name("aclbench.tcss")


class KeyCommands(SystemCommandsProvider):
    """The palette's commands, in the order in which the app has them."""

    async def discover(self) -> Hits:
        for title, about, run, is_shown in self.app.get_system_commands(self.screen):
            if is_shown:
                yield DiscoveryHit(title, run, help=about)


class AclbenchApp(App[AclbenchError]):
    """The workbench in a terminal. `make_bench` is called at the start and at each restart; why it
    cannot be made at the start is what `run` returns.

    With `play` it begins to play as soon as it stands. `threaded` says that the benches run on real
    threads. `open_bench` is asked for another one. `says` are sentences to begin with. `desk`: a
    lesson is under way, and `make_bench` returns its bench, which then is one and the same.
    `last_words`: what is still written where a signal has to end the process at once. `pair`: two
    benches are compared, and `make_bench` makes both.
    """

    TITLE = "aclbench"
    CSS_PATH = STYLES
    COMMANDS = {KeyCommands}  # noqa: RUF012 (as Textual declares it)
    ENABLE_COMMAND_PALETTE = True
    #: Nothing here is selected as text, and Textual's own way to do it fails where a widget is
    #: removed below the mouse.
    ALLOW_SELECT = False

    def __init__(
        self,
        make_bench: MakeBench,
        title: str,
        play: bool = False,
        threaded: bool = False,
        open_bench: OpenBench | None = None,
        settings: Settings | None = None,
        says: tuple[str, ...] = (),
        desk: Desk | None = None,
        last_words: Callable[[], str] = str,
        pair: Pair | None = None,
    ) -> None:
        super().__init__(driver_class=ScreenDriver)
        #: Keeps the terminal as it was.
        self.guard = Guard(self._end, last_words)
        self._typed = Typed(self, super().on_event, self._may_go)
        self._loop_to_tell: asyncio.AbstractEventLoop | None = None
        #: The keys of the bench's screen when it was on top: below a palette nothing has the focus.
        self._in_force: dict[str, ActiveBinding] = {}
        settings = settings or Settings()
        player = pair.playing if pair is not None else ThreadedPlayer if threaded else Player
        self._make_screen = partial(
            BenchScreen,
            make_bench,
            title,
            play,
            player,
            open_bench,
            settings.gaps == "play",
            settings.keys,
            says,
            desk,
        )
        if settings.theme:
            self.theme = settings.theme
        self.set_keymap(dict(settings.keys))

    def on_load(self) -> None:
        self._loop_to_tell = asyncio.get_running_loop()

    def _end(self, number: int) -> None:
        """A signal ends the screen; called on any thread once it runs."""
        if self._loop_to_tell is None:
            raise ended_by(number)
        self._loop_to_tell.call_soon_threadsafe(self.exit, None, 128 + number)

    async def on_event(self, event: events.Event) -> None:
        """What is typed goes on key by key."""
        is_new = bool(self.screen_stack) and not event.is_forwarded
        if isinstance(event, events.Key | events.Paste) and is_new:
            await self._typed.take(event)
        else:
            await super().on_event(event)

    def _may_go(self, event: Typing) -> bool:
        """While the first bench is made only that can be ended."""
        screen = self.screen
        if not isinstance(screen, BenchScreen) or screen.frame is not None:
            return True
        return isinstance(event, events.Key) and event.key in screen.active_bindings

    @on(Fence)
    async def _pass(self, event: Fence) -> None:
        await self._typed.passed(event)

    @on(Stands)
    async def _go_on(self) -> None:
        """The bench stands: what was typed meanwhile is for it."""
        await self._typed.go_on()

    def _handle_exception(self, error: Exception) -> None:
        """An error ends the screen, but for two: what still goes on in a widget that is being left
        does not find others, which went first; nor, at the end of the app, the screen."""
        cause: BaseException = error
        node: object = active_message_pump.get(None)
        if isinstance(error, WorkerFailed):
            cause, node = error.error, get_current_worker().node
        is_over = isinstance(cause, ScreenStackError) and not self.screen_stack
        if not (is_over or (isinstance(cause, NoMatches) and self._is_left(node))):
            super()._handle_exception(error)

    def _is_left(self, widget: object) -> bool:
        """Whether a widget, what it is in, or the whole app is being left."""
        if self._exit or not isinstance(widget, DOMNode):
            return self._exit
        return any(
            node._pruning or (isinstance(node, Screen) and node not in self.screen_stack)
            for node in widget.ancestors_with_self
        )

    def get_default_screen(self) -> Screen[None]:
        return self._make_screen()

    def action_command_palette(self) -> None:
        self._in_force = dict(self.screen.active_bindings)
        super().action_command_palette()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: what keys do here, the most used first; and Textual's own."""
        found: dict[str, SystemCommand] = {}
        if isinstance(screen, BenchScreen) and self.screen is screen:
            self._in_force = dict(screen.active_bindings)
        for key, active in self._in_force.items():
            binding = active.binding
            if binding.id and binding.id not in found and binding.tooltip:
                shown = binding.key_display or key_name(key)
                run = partial(self.run_action, binding.action, active.node)
                found[binding.id] = SystemCommand(binding.tooltip, f"key {shown}", run)
        yield from (found.pop(id) for id in WEIGHT if id in found)
        yield from found.values()
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot"):
                yield command

    def get_key_display(self, binding: Binding) -> str:
        """Keys have the same names in Textual's footer, which the help has."""
        return binding.key_display or key_name(binding.key)

    def notify(self, message: str, **settings: Any) -> None:
        super().notify(visible(message), **settings)

    def action_light(self) -> None:
        """Light or dark."""
        self.theme = DARK if self.theme == LIGHT else LIGHT


def run_tui(
    make_bench: MakeBench,
    title: str,
    play: bool = True,
    threaded: bool = False,
    open_bench: OpenBench | None = None,
    settings: Settings | None = None,
    says: tuple[str, ...] = (),
    last_words: Callable[[], str] = str,
    pair: Pair | None = None,
) -> None:
    """Show a bench until the person at it leaves. Raises Ended: something else ends it;
    AclbenchError: it cannot be made."""
    _run(
        AclbenchApp(
            make_bench,
            title,
            play,
            threaded,
            open_bench,
            settings,
            says,
            last_words=last_words,
            pair=pair,
        )
    )


def run_tui_lesson(
    lesson: Lesson,
    opening: Slices[LessonRun],
    progress: Progress,
    settings: Settings | None = None,
    says: tuple[str, ...] = (),
    last_words: Callable[[], str] = str,
) -> None:
    """Show a lesson beside its bench until the person at it leaves; where he is then is kept.

    Raises ProgressError: it cannot be; LessonError: the lesson cannot be opened; Ended: something
    else ends the screen.
    """
    desk = Desk(opening, progress)
    try:
        _run(lesson_app(lesson, desk, settings, says, last_words))
    finally:
        if desk.is_open:
            desk.save(always=True)
            desk.run.close()


def lesson_app(
    lesson: Lesson,
    desk: Desk,
    settings: Settings | None = None,
    says: tuple[str, ...] = (),
    last_words: Callable[[], str] = str,
) -> AclbenchApp:
    """The screen of a lesson; it stands still, for nothing goes on by itself in a lesson."""
    return AclbenchApp(
        desk.opening,
        lesson.title,
        settings=settings,
        says=says,
        desk=desk,
        last_words=last_words,
    )


def _run(app: AclbenchApp) -> None:
    """Run the screen. Raises Ended where it is not left by whoever is at it.

    The cycle collector is called by the screen, for young objects alone: left to itself it would
    walk a million sessions, which refer to nothing that refers back, while a key waits.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with app.guard:
            error = app.run()
    finally:
        if collecting:
            gc.enable()
    if error is not None:
        raise error
    if app.return_code != 0:
        raise Ended(app.return_code or 1)  # an error of the program, which is on the terminal now
