"""Ctrl-C while a bench runs: it ends the run where the bench is whole, not in the middle of a step.

An exception out of a packet half handled would leave a state that no run has. So the signal only
asks the run to stop, and `KeyboardInterrupt` is raised once it has.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping_cleanly(stop: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Have Ctrl-C call `stop`; yields what to call between runs, which raises KeyboardInterrupt.

    Only the main thread hears signals; on another one there is nothing to do.
    """
    came = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        stop()

    def raise_if_it_came() -> None:
        if came:
            raise KeyboardInterrupt

    before = None
    if threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGINT)
    # Whoever has it ignored, or handles it in a way of his own, keeps that.
    mine = before is signal.default_int_handler
    if mine:
        signal.signal(signal.SIGINT, hear)
    try:
        yield raise_if_it_came
    finally:
        if mine:
            signal.signal(signal.SIGINT, before)
