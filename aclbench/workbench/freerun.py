"""A bench on real threads that runs by itself, while a face looks at it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from aclbench.engine.timeouts import NEVER

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: How long a run may take to end before it is told so again, in seconds.
LOOK_S: Final = 0.1


class FreeRun:
    """Runs a bench until nothing is due any more, in a thread that is its vpp_main.

    Meanwhile the face may take snapshots, run commands and `tell` the listeners, from one thread.
    `stop` must be called in the end.
    """

    def __init__(self, bench: Workbench, speed: float | None) -> None:
        self.error: BaseException | None = None
        self._bench = bench
        self._stopped = False
        self._was_told_by_hand = bench.told_by_hand
        bench.told_by_hand = True
        bench.set_speed(speed)
        self._thread = threading.Thread(target=self._run, name="vpp_main")
        self._thread.start()

    @property
    def ended(self) -> bool:
        """It has come to its end, or to an `error`."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Have it end, and wait for that; what was begun is finished."""
        while self._thread.is_alive():
            self._stopped = True
            self._bench.stop()
            self._thread.join(timeout=LOOK_S)
        self._bench.told_by_hand = self._was_told_by_hand

    def _run(self) -> None:
        try:
            while not self._stopped and not self._bench.run_until(NEVER):
                pass
        except BaseException as error:  # told to whoever looks at this run
            self.error = error
