"""Command lines on the screen: those that are typed, and those that keys and dialogs make."""

from __future__ import annotations

from collections.abc import Callable

from aclbench.tui.command.line import CommandRegion
from aclbench.tui.player import Player
from aclbench.workbench.tasks import Task
from aclbench.workbench.workbench import Workbench


class CommandRunner:
    """Has lines run, and says what came of them. `follow` is called when something has changed."""

    def __init__(self, player: Player, region: CommandRegion, follow: Callable[[], None]) -> None:
        self._player = player
        self._region = region
        self._follow = follow
        #: A line of the command line that is under way.
        self._typed: Task[str] | None = None
        self._has_printed = False
        #: Lines of a key or a dialog that wait for the one under way.
        self._waiting: tuple[str, ...] = ()

    # --- typed -------------------------------------------------------------------------------

    def run_typed(self, line: str) -> None:
        """Run what was typed; what it prints is shown above the command line."""
        what = self._player.underway.what
        if what:
            self._region.answer(f"{what} is under way; Esc, Esc stops it", error=True)
            return
        bench = self._player.bench
        self._has_printed = False
        bench.printer = self._print
        task = self._player.run_line(line, lambda task: self._end_typed(bench, line, task))
        if self._player.underway.task is task:
            self._typed = task
            self.show_progress()
        self._follow()

    def _print(self, text: str) -> None:
        self._has_printed = True
        self._region.append(text)

    def show_progress(self) -> None:
        """Say that a typed line goes on, and how far it is."""
        if self._typed is not None:
            far = self._typed.what + self._player.underway.how_far
            self._region.progress(f"{far} goes on; Esc closes this, and once more stops it")

    def _end_typed(self, bench: Workbench, line: str, task: Task[str]) -> None:
        self._typed = bench.printer = None
        region = self._region
        if task.error is not None:
            region.refuse(task.error, line)
            return
        said = "stopped" if task.is_stopped else task.result
        if self._has_printed:
            region.progress("")
            region.append(said)
        else:
            region.answer(said or "done")
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

    def _end_keyed(self, task: Task[str]) -> None:
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
