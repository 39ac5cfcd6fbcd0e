"""A bench on real threads that runs by itself, while a face looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aclbench.drivers.background import BackgroundRun
from aclbench.engine.timeouts import NEVER

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench


class FreeRun(BackgroundRun):
    """Runs a bench until nothing is due any more, in a thread that is its vpp_main.

    Meanwhile the face may take snapshots, run commands and `tell` the listeners, from one thread.
    `stop` must be called in the end.
    """

    def __init__(self, bench: Workbench, speed: float | None) -> None:
        self._bench = bench
        self._was_told_by_hand = bench.told_by_hand
        bench.told_by_hand = True
        bench.set_speed(speed)
        super().__init__(lambda: bench.run_until(NEVER), bench.stop, bench.forget_stop)

    def stop(self) -> None:
        """Have it end, and wait for that; what was begun is finished."""
        super().stop()
        self._bench.told_by_hand = self._was_told_by_hand
