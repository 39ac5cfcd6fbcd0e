"""`--budget` and `--cpu-seconds`: how much work a file may make, also by its silences."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from aclbench.workbench.budget import Budget

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Seconds(click.FloatRange):
    """A length of time above 0, and not for ever."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. BadParameter: it is none, or none that a clock comes to."""
        seconds: float = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value!r} is no length of time", param, ctx)
        return seconds


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
            "type": Seconds(),
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
