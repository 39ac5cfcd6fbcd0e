"""What the drivers have in common: names of actors, where time begins, what is asked of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from aclbench.drivers.frame import Arrivals
from aclbench.engine.machine import Machine
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.engine.worker import Worker

_T = TypeVar("_T")

#: Virtual time at the start. Above 0, since 0 means "no swipe".
START_NS: Final = NS_PER_SEC

#: Who can take a step: a thread by its index, the cleaner, the clock.
CLEANER: Final = -1
#: No actor: a command, or frames sent by hand, where a history is walked step by step.
COMMAND: Final = -2
#: The clock, where whoever chooses the next step has it go on though others could.
CLOCK: Final = -3

_NAMES: Final = {CLEANER: "cleaner", COMMAND: "command", CLOCK: "clock"}


def actor_name(actor: int) -> str:
    """An actor's name, as in VPP: `cleaner`, `vpp_main`, `vpp_wk_0`; and `clock`, `command`."""
    if actor < 0:
        return _NAMES[actor]
    return "vpp_main" if actor == 0 else f"vpp_wk_{actor - 1}"


class Driver(Protocol):
    """What a workbench asks of whatever drives its machine."""

    machine: Machine
    arrivals: Arrivals

    @property
    def now(self) -> int:
        """The clock, in nanoseconds; it never goes back."""

    @property
    def packets_handled(self) -> int:
        """Packets that are done, in all."""

    @property
    def is_running(self) -> bool:
        """Whether it runs just now, on some other thread than the one that asks."""

    def run_until(
        self, until: int, max_packets: int | None = None, max_turns: int | None = None
    ) -> bool:
        """Run what is due up to and including `until`; False: a limit came first."""

    def run_packets(self, max_packets: int | None = None, max_turns: int | None = None) -> bool:
        """Run on to the last packet; False: a limit came first."""

    def next_time(self) -> int:
        """When the next thing is due, `now` at the earliest; `NEVER` if nothing is."""

    def upcoming(self, actor: int) -> str:
        """What an actor would do next; empty if nothing."""

    def at_rest(self) -> bool:
        """Nothing is half done, and nothing raised."""

    def at_safe_points(self, make: Callable[[Worker, int], _T]) -> list[_T]:
        """What `make` says of each thread's data and the time there, in thread order.

        It is called where no other thread changes that data: on the thread itself, if it runs.
        """

    def on_main(self, call: Callable[[], _T]) -> _T:
        """Run something as vpp_main would, no worker running meanwhile."""
