"""The screen of the game: keys choose who takes the next step."""

from __future__ import annotations

import asyncio
from typing import Final

from textual import events
from textual.app import App, ComposeResult

from aclbench.museum.playing import Play
from aclbench.terminal import Ended, Guard, ended_by
from aclbench.tui.driver import ScreenDriver
from aclbench.tui.palette import palette_of
from aclbench.tui.play.drawing import MOST, draw
from aclbench.tui.settings import Settings
from aclbench.tui.textpanel import TextPanel

QUIT: Final = frozenset(("q", "ctrl+c", "ctrl+q"))
HINT: Final = frozenset(("h", "question_mark"))
UNDO: Final = frozenset(("u", "b", "backspace"))


class PlayApp(App[None]):
    """Somebody plays until he leaves."""

    TITLE = "aclbench play"
    CSS = "TextPanel { width: 100%; height: 100%; text-wrap: nowrap; }"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(self, play: Play, settings: Settings | None = None) -> None:
        super().__init__(driver_class=ScreenDriver)
        self.guard = Guard(self._end, str)
        self.play = play
        #: The hint is shown that was asked for here.
        self.hints = False
        self._loop_to_tell: asyncio.AbstractEventLoop | None = None
        if settings is not None and settings.theme:
            self.theme = settings.theme

    def _end(self, number: int) -> None:
        """A signal ends the screen; called on any thread once it runs."""
        if self._loop_to_tell is None:
            raise ended_by(number)
        self._loop_to_tell.call_soon_threadsafe(self.exit, None, 128 + number)

    def compose(self) -> ComposeResult:
        yield TextPanel(id="play")

    def on_load(self) -> None:
        self._loop_to_tell = asyncio.get_running_loop()

    def on_key(self, event: events.Key) -> None:
        """Let somebody go, or take it back."""
        key = event.key
        if key in QUIT:
            self.exit()
            return
        self.hints = key in HINT
        if key in UNDO:
            self.play.undo()
        elif key == "r":
            self.play.restart()
        elif key in map(str, range(1, min(len(self.play.options), MOST) + 1)):
            self.play.take(self.play.options[int(key) - 1])
        elif not self.hints:
            return
        event.stop()
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Draw all of it."""
        panel = self.query_one("#play", TextPanel)
        palette = palette_of(self.theme_variables)
        width, height = self.size
        panel.show(draw(self.play, self.hints, width, height, palette), None, palette)


def run_play(play: Play, settings: Settings | None = None) -> None:
    """Play until the person leaves. Raises Ended: something else ends it."""
    app = PlayApp(play, settings)
    with app.guard:
        app.run()
    if app.return_code != 0:
        raise Ended(app.return_code or 1)
