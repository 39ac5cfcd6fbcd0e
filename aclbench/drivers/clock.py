"""The clock of threads that run at the pace of the wall."""

from __future__ import annotations

import time

from aclbench.engine.timeouts import NS_PER_SEC


class WallClock:
    """Virtual nanoseconds that pass `speed` times as fast as the wall's, from `start` to `end`.

    Any thread may read it. Where it stands is one tuple, so that nobody reads half of a jump.
    """

    def __init__(self, start: int, speed: float, end: int) -> None:
        self.speed: float = speed
        self._end: int = end
        self._since: tuple[int, int] = (start, time.perf_counter_ns())

    def now(self) -> int:
        """Virtual time, in nanoseconds."""
        start, wall = self._since
        return min(start + int((time.perf_counter_ns() - wall) * self.speed), self._end)

    def jump_to(self, now: int) -> None:
        """Go on from a later time; one that lies behind changes nothing."""
        if now > self.now():
            self._since = (now, time.perf_counter_ns())

    def seconds_until(self, due: int) -> float:
        """How long that is on the wall; 0 if it has been."""
        return max((due - self.now()) / NS_PER_SEC / self.speed, 0.0)
