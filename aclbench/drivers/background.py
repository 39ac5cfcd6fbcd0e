"""A run on a thread of its own, so that its caller can go on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

#: How long a run may take to end before it is told so again, in seconds.
LOOK_S: Final = 0.1


class BackgroundRun:
    """Runs `run` again and again until it returns True, on a thread of that name.

    `stop_run` has a `run` under way return soon; `forget_stop` is called once it is over.
    `stop` must be called in the end.
    """

    def __init__(
        self,
        run: Callable[[], bool],
        stop_run: Callable[[], None],
        forget_stop: Callable[[], None],
        name: str = "vpp_main",
    ) -> None:
        #: What `run` raised; `poll` raises it.
        self.error: BaseException | None = None
        self._run_once = run
        self._stop_run, self._forget_stop = stop_run, forget_stop
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """It has come to its end, or to an error, or was stopped."""
        return not self._thread.is_alive()

    def poll(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, after at most so many seconds. Raises what it raised."""
        self._thread.join(timeout=seconds)
        if self.error is not None:
            raise self.error
        return self.ended

    def stop(self) -> None:
        """Have it end, and wait for that; what was begun is finished. Also if it has ended."""
        while self._thread.is_alive():
            self._stopping = True
            self._stop_run()
            self._thread.join(timeout=LOOK_S)
        self._forget_stop()

    def _run(self) -> None:
        try:
            while not self._stopping and not self._run_once():
                pass
        except BaseException as error:  # told to whoever polls
            self.error = error
