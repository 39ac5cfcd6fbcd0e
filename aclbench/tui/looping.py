"""The loop that runs while something goes on by itself: it ticks, works, paints, and lets keys in.

While a bench is played flat out, painting takes at most a quarter of the time; what the bench does
not need goes to keys.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

from aclbench.tui.player import Player

#: From one tick to the next while there is time, and from one painting to the next, in seconds.
TICK_S: Final = 0.05
PAINT_S: Final = 0.1
#: Flat out, what is not the bench's takes at most one part in so many of the time: it is painted
#: less often before that.
PAINT_SHARE: Final = 4
#: The longest that a tick may count for, so that a terminal that was suspended does not come back
#: to a leap.
LONGEST_TICK_S: Final = 0.5
#: Flat out, the event loop gets so many turns after each tick: as many as a key needs.
TURNS: Final = 12
#: What a place may take for work of its own between two turns of the loop, in seconds.
WORK_S: Final = 0.02
#: The generations of objects that are looked through after each painting: see `run_tui`.
YOUNG: Final = 1


class Loop:
    """Has a player go on while there is anything to do.

    `is_alive`: there is a screen to paint. `work` does what is no player's for so many seconds, and
    says whether there is more; `paint` paints.
    """

    def __init__(
        self,
        player: Player,
        is_alive: Callable[[], bool],
        work: Callable[[float], bool],
        paint: Callable[[], None],
    ) -> None:
        self._player = player
        self._is_alive, self._work, self._paint = is_alive, work, paint
        #: It was begun, and has not come to its end.
        self.runs = False
        self._last_paint = 0.0
        #: Time that ticks took, and all else, since the last painting, in seconds.
        self._ticked = 0.0
        self._other = 0.0

    async def go_on(self) -> None:
        """Tick, work and paint until nothing goes on by itself any more."""
        player = self._player
        last = self._last_paint = time.perf_counter()
        self._ticked = self._other = 0.0
        try:
            # While the program ends, regions go one by one: nothing is painted any more.
            while self._is_alive():
                began = time.perf_counter()
                was_active = player.active
                to_be_painted = began - self._last_paint >= self._pause()
                player.tick(min(began - last, LONGEST_TICK_S), to_be_painted)
                self._ticked += time.perf_counter() - began
                last = began
                more = self._work(WORK_S)
                if (to_be_painted and player.active) or (was_active and not player.active):
                    self._other = time.perf_counter() - self._last_paint - self._ticked
                    # What the bench made since: it costs the same however often one looks.
                    gc.collect(YOUNG)
                    self._last_paint, self._ticked = time.perf_counter(), 0.0
                    self._paint()
                if not (player.active or more):
                    break
                await self._rest(began)
        finally:
            self.runs = False

    def _pause(self) -> float:
        """How long after a painting the next one is due, in seconds."""
        shortest = PAINT_S - TICK_S / 4
        if not self._player.transport.flat_out:
            return shortest
        return max(shortest, self._other * PAINT_SHARE)

    async def _rest(self, began: float) -> None:
        """Let keys be heard: for the rest of the tick, or, flat out, for as long as that takes."""
        player = self._player
        under_way = player.underway.task is not None
        flat_out = player.transport.playing and player.transport.flat_out
        if under_way or flat_out or not player.active:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if not player.active:
                await asyncio.sleep(0.001)
            return
        await asyncio.sleep(max(TICK_S - (time.perf_counter() - began), 0.001))
