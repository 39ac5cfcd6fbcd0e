"""The cleaner process as an actor, the same for both drivers.

It waits, or it is in the middle of a turn: a round up to its next wait. A turn has one time, that
of its beginning, however long others keep it from going on.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from aclbench.engine.machine import Machine
from aclbench.engine.steps import CleanerEvent, Step, Wait, WaitKind, Wake

#: What the cleaner is handed where it waits for no signal.
_NO_SIGNALS: Final[tuple[CleanerEvent, ...]] = ()


class CleanerActor:
    """What the cleaner does next, who signalled it, and its turns. It is run by one thread."""

    def __init__(self, machine: Machine) -> None:
        self._machine: Machine = machine
        self._process = machine.cleaner.session_cleaner_process()
        #: The step that it is about to take, or what it waits for.
        self.upcoming: Step | Wait = next(self._process)
        #: Signals that it was not handed yet; any thread may append one.
        self.signals: deque[CleanerEvent] = deque()
        #: The time at which the turn in hand, or the last one, began; as its steps are handed it.
        self._wake: Wake = Wake(0, _NO_SIGNALS)

    @property
    def in_turn(self) -> bool:
        """It was begun step by step, and does not wait yet."""
        return isinstance(self.upcoming, Step)

    @property
    def wait(self) -> Wait:
        """What it waits for; not to be asked in the middle of a turn."""
        wait = self.upcoming
        assert isinstance(wait, Wait)
        return wait

    @property
    def at_main_wait(self) -> bool:
        """It waits for signals; not so while it suspends itself during a clear."""
        upcoming = self.upcoming
        return isinstance(upcoming, Wait) and upcoming.kind != WaitKind.SUSPEND

    @property
    def is_signalled(self) -> bool:
        """It waits for signals, and there are some."""
        return bool(self.signals) and self.at_main_wait

    @property
    def at_rest(self) -> bool:
        """It waits for signals, and there are none."""
        return not self.signals and self.at_main_wait

    @property
    def label(self) -> str:
        """The name of its next step, or of its wait."""
        upcoming = self.upcoming
        return upcoming.label if isinstance(upcoming, Step) else upcoming.kind.value

    def is_ready(self, now: int) -> bool:
        """In the middle of a turn, or its wait is over."""
        upcoming = self.upcoming
        if isinstance(upcoming, Step):
            return True
        return upcoming.until <= now or self.is_signalled

    def step(self, now: int) -> None:
        """Begin a turn at `now`, or take the next step of the one in hand."""
        wake = self._wake
        if not self.in_turn:
            wake = self._wake = Wake(now, _NO_SIGNALS)
            if self.is_signalled:
                signals = tuple([self.signals.popleft() for _ in range(len(self.signals))])
                wake = Wake(now, signals)
        self.upcoming = self._process.send(wake)

    def run_turn(self, now: int) -> None:
        """Begin a turn at `now`, or go on with the one in hand; to its end."""
        self.step(now)
        while isinstance(self.upcoming, Step):
            self.upcoming = self._process.send(self._wake)

    def restore(self, wait: Wait) -> None:
        """Begin again where it waits; the machine's state is the caller's to restore."""
        data = self._machine.am.cleaner
        waits = data.cnt_wait_with_timeout, data.cnt_wait_without_timeout
        self._process = self._machine.cleaner.session_cleaner_process(wait)
        self.upcoming = next(self._process)
        # That wait was counted when it began.
        data.cnt_wait_with_timeout, data.cnt_wait_without_timeout = waits
