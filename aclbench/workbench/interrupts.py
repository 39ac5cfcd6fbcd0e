"""Ctrl-C at a bench: what runs is ended between two packets, never in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruptible:
    """What `Workbench` does when a person has seen enough. Mixed into it."""

    #: The run under way is to end soon.
    stop_asked = False
    #: The same, but nothing is raised then: `stop` was called.
    stop_wanted = False
    _runs = 0

    def stop(self) -> None:
        raise NotImplementedError

    def forget_stop(self) -> None:
        raise NotImplementedError

    def interrupt(self) -> None:
        """For a signal handler: raise KeyboardInterrupt; where the bench runs, once it has stopped.

        Asked a second time it does not wait.
        """
        if not self._runs or self.stop_asked:
            raise KeyboardInterrupt
        self.stop_asked = True
        self.stop()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A run that `interrupt` ends. KeyboardInterrupt: it did."""
        if not self._runs:
            self.forget_stop()
        self._runs += 1
        try:
            yield
        finally:
            self._runs -= 1
            stopped = self.stop_asked
            if not self._runs:
                self.stop_asked = False
        if stopped:
            raise KeyboardInterrupt

    @contextmanager
    def heeding_ctrl_c(self) -> Iterator[None]:
        """Have Ctrl-C call `interrupt`, for something that goes on for a while.

        Whoever has it ignored, or handles it in a way of his own, keeps that; and only the main
        thread hears signals: on another one there is nothing to do.
        """

        def hear(number: int, frame: FrameType | None) -> None:
            self.interrupt()

        on_main = threading.current_thread() is threading.main_thread()
        if not on_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
