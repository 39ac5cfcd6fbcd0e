"""`--budget` and `--cpu-seconds`: how much work a file may make, also by its silences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from aclbench.workbench.budget import Budget, Limits
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.workbench import Workbench

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: The two options, whose values are None where they are not given.
BUDGET_OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (
        ("--budget",),
        {
            "type": click.IntRange(min=1),
            "metavar": "N",
            "help": "Units of work that a file may make: a trace event is one, a packet 8 more.",
        },
    ),
    (
        ("--cpu-seconds",),
        {
            "type": click.FloatRange(min=0, min_open=True),
            "metavar": "S",
            "help": "Give up after so much CPU time for a file: too slow a machine. [20]",
        },
    ),
)


def budget_options(command: _Command) -> _Command:
    """Add the options to a command, as `budget` and `cpu_seconds`."""
    for names, settings in reversed(BUDGET_OPTIONS):
        command = click.option(*names, **settings)(command)
    return command


def budget_for_lesson(work: int | None, cpu_seconds: float | None) -> Budget:
    """A new budget, for one lesson or submission."""
    from aclbench.workbench.budget import CPU_SECONDS, LESSON_WORK, Budget

    return Budget(work or LESSON_WORK, cpu_seconds or CPU_SECONDS)


def budget_for_captures(limits: Limits) -> Budget:
    """A new budget, for playing captures: its packets are free, what goes on between them is not.

    Their times are a file's own, and may leave years between two packets.
    """
    from aclbench.workbench.budget import PLAYED_PACKET_CPU_S, PLAYED_PACKET_WORK, Budget

    return Budget(*limits, PLAYED_PACKET_WORK, PLAYED_PACKET_CPU_S)


def playing_within(
    budget: Budget, bench: Workbench, slices: Slices[bool], hint: str = ""
) -> Slices[bool]:
    """Have a bench play. BudgetError, which ends with `hint`: that makes too much work."""
    from aclbench.workbench.budget import BudgetError

    try:
        return (yield from budget.spend_on(lambda: bench.rig, slices, "playing"))
    except BudgetError as error:
        at_s = (bench.now - bench.started) / 1e9
        raise type(error)(f"stopped {at_s:,.0f} s into the captures: {error}{hint}") from None
