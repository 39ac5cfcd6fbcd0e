"""How much work a file may make, counted the same on every machine.

A trace event is one unit, and a packet `PACKET_WORK` more, on whatever way it goes through the
engine: straight or by named steps. A command costs `COMMAND_WORK` besides what it brings about. So
what one machine accepts, every other does. CPU seconds are only a net below that, for a machine
that is slower than anybody thought; it says so, and judges nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Final, NamedTuple, Protocol, TypeVar

from aclbench.errors import AclbenchError
from aclbench.workbench.tasks import Slices

T = TypeVar("T")

#: About the named steps that a packet takes.
PACKET_WORK: Final = 8
COMMAND_WORK: Final = 20
#: For a scenario that is opened, or a run that is loaded: some twenty million packets.
OPENING_WORK: Final = 200_000_000
#: For a lesson that is checked, or a submission that is graded.
LESSON_WORK: Final = 2_000_000
CPU_SECONDS: Final = 20.0
#: What a packet adds to the net: those of a long capture may take longer than it.
CPU_SECONDS_A_PACKET: Final = 10e-6
#: What each packet of a capture that is played adds to both. A capture may be as long as it is:
#: what uses up the rest is silence between its packets, in which sessions are looked at for days.
PLAYED_PACKET_WORK: Final = 1_000
PLAYED_PACKET_CPU_S: Final = 1e-3


class BudgetError(AclbenchError):
    """A file makes more work than it may; the bench that it was made on may stand anywhere."""


class TooSlowError(BudgetError):
    """The machine took too much time for work that was within the budget."""


class Driver(Protocol):
    """What says how many packets were handled."""

    @property
    def packets_handled(self) -> int: ...


class Meter(Protocol):
    """A rig: what its work is read from."""

    @property
    def driver(self) -> Driver: ...

    def events_so_far(self) -> int: ...


class Player(Protocol):
    """A bench that plays; times in nanoseconds."""

    @property
    def rig(self) -> Meter: ...

    @property
    def now(self) -> int: ...

    @property
    def started(self) -> int: ...


class Limits(NamedTuple):
    """What a budget begins with: units of work, and CPU seconds."""

    work: int = OPENING_WORK
    cpu_s: float = CPU_SECONDS


#: Of a scenario that is opened, or a run that is loaded, unless others are asked for.
OPENING_LIMITS: Final = Limits()


class Budget:
    """Work that may still be done; one budget may serve many pieces of work.

    Each packet adds `packet_work` to it, and `packet_cpu_s` to the net.
    """

    def __init__(
        self,
        work: int = OPENING_WORK,
        cpu_s: float = CPU_SECONDS,
        packet_work: int = 0,
        packet_cpu_s: float = CPU_SECONDS_A_PACKET,
    ) -> None:
        self._all = self._left = work
        self._cpu_s = cpu_s
        self._packet_work = packet_work
        self._packet_cpu_s = packet_cpu_s
        self._began = time.process_time()
        self._packets = 0
        #: Work by what it was for, as `what` says.
        self._spent: Counter[str] = Counter()

    @property
    def spent(self) -> int:
        """Units of work done so far."""
        return self._all - self._left

    def spend(self, work: int, what: str = "") -> None:
        """Take some of it, for `what`. Raises BudgetError."""
        self._left -= work
        if what:
            self._spent[what] += work
        self.check()

    def check(self) -> None:
        """Raises BudgetError if nothing is left, TooSlowError if the machine took too long."""
        if self._left < 0:
            raise BudgetError(
                f"this makes more than {self._all:,} units of work (a trace event is one, a packet "
                f"{PACKET_WORK} more){self._mostly()}; a shorter run is right, or --budget N"
            )
        net_s = self._cpu_s + self._packets * self._packet_cpu_s
        if time.process_time() - self._began > net_s:
            raise TooSlowError(
                f"this machine was too slow: {net_s:,.0f} s of CPU time went by, and "
                f"{self.spent:,} of {self._all:,} units of work were done{self._mostly()}; "
                "--cpu-seconds N gives it more"
            )

    def _mostly(self) -> str:
        """What used up the most, in words."""
        if not self._spent:
            return ""
        what, work = self._spent.most_common(1)[0]
        return f", {work:,} of them by {what}"

    def spend_on(self, rig_now: Callable[[], Meter], slices: Slices[T], what: str) -> Slices[T]:
        """Have a rig do something, and spend on it; it is left when all is spent. BudgetError.

        `rig_now` gives the rig, which may be another one after a move in time.
        """
        rig = rig_now()
        events, packets = rig.events_so_far(), rig.driver.packets_handled
        with closing(slices):
            while True:
                try:
                    progress = next(slices)
                except StopIteration as end:
                    result: T = end.value
                    progress, done = None, True
                else:
                    done = False
                if rig_now() is not rig:  # a move in time: what it runs again has no counts of ours
                    rig, events, packets = rig_now(), 0, 0
                now_events, now_packets = rig.events_so_far(), rig.driver.packets_handled
                more = max(now_packets - packets, 0)
                self._packets += more
                self._all += self._packet_work * more
                self._left += self._packet_work * more
                self.spend(max(now_events - events, 0) + PACKET_WORK * more, what)
                events, packets = now_events, now_packets
                if done:
                    return result
                yield progress


def budget_for_captures(limits: Limits) -> Budget:
    """A new budget, for playing captures: its packets are free, what goes on between them is not.

    Their times are a file's own, and may leave years between two packets.
    """
    return Budget(*limits, PLAYED_PACKET_WORK, PLAYED_PACKET_CPU_S)


def playing_within(
    budget: Budget, bench: Player, slices: Slices[bool], hint: str = ""
) -> Slices[bool]:
    """Have a bench play. BudgetError, which ends with `hint`: that makes too much work."""
    try:
        return (yield from budget.spend_on(lambda: bench.rig, slices, "playing"))
    except BudgetError as error:
        at_s = (bench.now - bench.started) / 1e9
        raise type(error)(f"stopped {at_s:,.0f} s into the captures: {error}{hint}") from None
