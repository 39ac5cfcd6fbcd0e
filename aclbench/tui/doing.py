"""What can be done to the bench by dialogs: each of them makes command lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from textual.app import App

from aclbench.errors import AclbenchError
from aclbench.tui.dialogs import (
    AskLine,
    InterfaceDialog,
    Menu,
    MenuRow,
    OpenDialog,
    SendDialog,
    SendForm,
    TimeoutDialog,
)
from aclbench.tui.live import MakeBench
from aclbench.tui.player import Player
from aclbench.tui.settings import recent_inputs
from aclbench.workbench.rig.bundled import bundled_files, scenario_abouts

#: Makes what makes a bench, and its title, of inputs as they are typed. Raises AclbenchError.
OpenBench = Callable[[str], tuple[MakeBench, str]]

#: What `d` offers: key, label, and what is said about it.
_DEEDS: Final = (
    ("c", "clear all sessions", "by bitmaps of all interfaces"),
    ("i", "an interface", "ACLs off, delete it, set it up or down"),
    ("t", "timeouts", "the idle timeout of a class"),
    ("p", "send a packet", "or ask what would become of it"),
    ("s", "save the run", "a .run file goes on anywhere"),
    ("b", "begin a branch here", "acting in the past does it, too"),
    ("o", "open another", "a scenario, a capture, a saved run"),
)


class Doing:
    """Dialogs over the screen of an app; what they return is the lines to run."""

    def __init__(self, app: App[None], player: Player, open_bench: OpenBench | None) -> None:
        self._app = app
        self._player = player
        self._open_bench = open_bench
        #: The packet that was crafted last.
        self._last_form: SendForm | None = None

    async def choose(self) -> str | None:
        """A menu of what can be done; returns the key of the deed."""
        rows = [MenuRow(key, label, about) for key, label, about in _DEEDS]
        if self._open_bench is None:
            rows = [row for row in rows if row.key != "o"]
        return await self._app.push_screen_wait(Menu("Do something to the bench", rows))

    async def lines(self, deed: str) -> list[str]:
        """The command lines of a deed of the menu; none: it was given up."""
        snapshot = self._player.bench.snapshot()
        if deed == "c":
            return ["clear acl-plugin sessions"]
        if deed == "i":
            return await self._app.push_screen_wait(InterfaceDialog(snapshot.interfaces)) or []
        if deed == "t":
            classes = zip(
                snapshot.class_words,
                snapshot.class_abouts,
                snapshot.session_timeout,
                strict=True,
            )
            return await self._app.push_screen_wait(TimeoutDialog(classes)) or []
        if deed == "s":
            about = "A file that ends in .run, or in .cli"
            path = await self._ask("Save the run", about, "my.run", lambda text: f"save {text}")
            return [f"save {path}"] if path else []
        if deed == "b":
            about = "The branch left behind keeps its future."
            name = await self._ask("Begin a branch here", about, "what-if", lambda n: f"branch {n}")
            return [f"branch {name}"] if name else []
        if deed == "p":
            return [line] if (line := await self.send()) else []
        return []

    async def send(self) -> str:
        """Craft a packet; returns a `send` or an `explain` line, or nothing."""
        dialog = SendDialog(self._player.bench.snapshot().interfaces, self._last_form)
        line = await self._app.push_screen_wait(dialog)
        if line is None:
            return ""
        self._last_form = dialog.form
        return line

    async def points(self) -> tuple[str, str] | None:
        """Any two points of the run, to be compared."""
        about = "Two points: now, start, end, #17 (behind a packet), +2.5, a branch, main@+2.5"

        def check(text: str) -> str | None:
            return None if len(text.split()) == 2 else "two points, with a blank in between"

        dialog: Any = AskLine("What differs", about, "start now", check, lambda t: f"diff {t}")
        said: str | None = await self._app.push_screen_wait(dialog)
        if said is None:
            return None
        first, second = said.split()
        return first, second

    async def open_another(self, then: Callable[[], object]) -> bool:
        """Begin to open another scenario, capture or run in the place of this one.

        `then` is called when it is there. False: it was given up.
        """
        if self._open_bench is None:
            return False
        captures = [path.name for path in bundled_files("pcaps")]
        dialog = OpenDialog(scenario_abouts(), recent_inputs(), captures)
        line = await self._app.push_screen_wait(dialog)
        if line is None:
            return False
        try:
            make_bench, title = self._open_bench(line)
        except AclbenchError as error:
            self._player.live.say(str(error), error=True)
        else:
            self._player.show_another(make_bench, title, f"open {title}", then=then)
        return True

    async def _ask(
        self, title: str, about: str, value: str, line_for: Callable[[str], str]
    ) -> str | None:
        def check(text: str) -> str | None:
            return None if text else "nothing is typed; Esc leaves this"

        dialog: Any = AskLine(title, about, value, check, line_for)
        answer: str | None = await self._app.push_screen_wait(dialog)
        return answer
