"""The way into the live screen: `run_tui`, and the Textual app behind it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

from aclbench.tui.player import Player
from aclbench.tui.screen import BenchScreen
from aclbench.tui.threads import ThreadedPlayer

if TYPE_CHECKING:
    from aclbench.workbench.bench import Workbench

DARK = "textual-dark"
LIGHT = "textual-light"


class AclbenchApp(App[None]):
    """The workbench in a terminal. `make_bench` is called at the start and at each restart.

    With `play` it begins to play as soon as it stands. `threaded` says that the benches run on real
    threads.
    """

    TITLE = "aclbench"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        make_bench: Callable[[], Workbench],
        title: str,
        play: bool = False,
        threaded: bool = False,
    ) -> None:
        super().__init__()
        self._play = play
        self._player_kind = ThreadedPlayer if threaded else Player
        self._make_bench = make_bench
        self._bench_title = title

    def get_default_screen(self) -> Screen[None]:
        return BenchScreen(self._make_bench, self._bench_title, self._play, self._player_kind)

    def action_light(self) -> None:
        """Light or dark."""
        self.theme = DARK if self.theme == LIGHT else LIGHT


def run_tui(
    make_bench: Callable[[], Workbench], title: str, play: bool = True, threaded: bool = False
) -> None:
    """Show a bench until the person at it leaves.

    The cycle collector is called by the screen, for young objects alone: left to itself it would
    walk a million sessions, which refer to nothing that refers back, while a key waits.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        AclbenchApp(make_bench, title, play, threaded).run()
    finally:
        if collecting:
            gc.enable()
