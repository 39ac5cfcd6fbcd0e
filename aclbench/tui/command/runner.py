"""Command lines on the screen: those that are typed, and those that keys and dialogs make."""

from __future__ import annotations

from collections.abc import Callable

from aclbench.tui.command.line import CommandRegion
from aclbench.tui.player import Player
from aclbench.tui.side import SideCommand


class CommandRunner:
    """Has lines run, and says what came of them. `follow` is called when something has changed."""

    def __init__(self, player: Player, region: CommandRegion, follow: Callable[[], None]) -> None:
        self._player = player
        self._region = region
        self._follow = follow
        #: A line of the command line that is under way.
        self._typed: SideCommand | None = None
        #: Lines of a key or a dialog that wait for the one under way.
        self._waiting: tuple[str, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Lines wait for the one under way."""
        return bool(self._waiting)

    # --- typed -------------------------------------------------------------------------------

    def run_typed(self, line: str) -> None:
        """Run what was typed; what it prints is shown above the command line."""
        what = self._player.underway.what
        if what:
            self._region.answer(f"{what} is under way; Esc, Esc stops it", error=True)
            return
        task = self._player.run_line(line, self._end_typed)
        if not task.is_over:
            self._typed = task
            self.show_progress()
        self._follow()

    def show_progress(self) -> None:
        """Show what a typed line has printed since, and that it goes on."""
        task = self._typed
        if task is not None:
            self._show_printed(task)
            self._region.progress(f"{task.what} goes on; Esc closes this, and once more stops it")

    def _show_printed(self, task: SideCommand) -> None:
        if printed := task.take_printed():
            self._region.append("\n".join(printed))

    def _end_typed(self, task: SideCommand) -> None:
        self._typed = None
        self._show_printed(task)
        region = self._region
        if task.error is not None:
            region.refuse(task.error, task.what)
        elif task.has_printed:
            region.progress("")
            region.append("stopped" if task.is_stopped else task.result)
        else:
            region.answer("stopped" if task.is_stopped else task.result or "done")
        self._follow()

    # --- by keys -----------------------------------------------------------------------------

    def run(self, *lines: str) -> None:
        """Run lines one behind the other; what the last prints is said in the status line."""
        live, underway = self._player.live, self._player.underway
        if underway.what:
            live.say(f"{underway.what} is under way; Esc stops it", error=True)
        elif lines:
            self._waiting = lines[1:]
            self._player.run_line(lines[0], self._end_keyed)
        self._follow()

    def _end_keyed(self, task: SideCommand) -> None:
        live = self._player.live
        waiting, self._waiting = self._waiting, ()
        if task.is_stopped:
            live.say("stopped")
        elif task.error is None and waiting:
            self.run(*waiting)
            return
        elif task.error is None:
            said = task.result.splitlines()[0] if task.result else task.what
            live.say(said + ("; Home or End goes back" if said.startswith("no more") else ""))
        self._follow()
