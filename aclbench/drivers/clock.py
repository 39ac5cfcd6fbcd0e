"""The clock of a bench on real threads: led by the capture, or at the pace of the wall."""

from __future__ import annotations

import time

from aclbench.drivers.driver import START_NS
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


class BenchClock:
    """What every thread of a bench reads: the wall's clock in a run that has one, else `led`."""

    def __init__(self) -> None:
        #: Where the capture has led the clock, in nanoseconds; vpp_main alone writes it.
        self.led: int = START_NS
        #: The clock of the run under way, unless the capture leads it.
        self.wall: WallClock | None = None

    def now(self) -> int:
        """Virtual time, in nanoseconds; it never goes back."""
        wall = self.wall
        return self.led if wall is None else wall.now()

    def begin(self, speed: float | None, end: int) -> None:
        """A run begins: at the wall's pace times `speed` up to `end`, or (None) led."""
        self.wall = None if speed is None else WallClock(self.led, speed, end)

    def lead_to(self, now: int) -> None:
        """Set a clock that is led to a time; never back."""
        self.led = max(self.led, now)

    def end(self) -> None:
        """The run is over: the clock stands where it is."""
        self.lead_to(self.now())
        self.wall = None
