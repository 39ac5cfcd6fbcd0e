"""Ctrl-C at a bench: what runs is ended between two packets, never in the middle of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Interruptible:
    """What `Workbench` does when a person has seen enough. Mixed into it."""

    #: The run under way is to end soon.
    stop_asked = False
    _runs = 0

    def stop(self) -> None:
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
