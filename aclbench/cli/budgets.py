"""`--budget` and `--cpu-seconds`: how much work a file may make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from aclbench.workbench.budget import Budget

_Command = TypeVar("_Command", bound=Callable[..., Any])


def budget_options(command: _Command) -> _Command:
    """Options of a command; its `budget` and `cpu_seconds` are None where they are not given."""
    command = click.option(
        "--cpu-seconds",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        help="Give up after so much CPU time for a file, on a machine that is too slow. [20]",
    )(command)
    return click.option(
        "--budget",
        type=click.IntRange(min=1),
        metavar="N",
        help="Units of work that a file may make: a trace event is one, a packet 8 more.",
    )(command)


def budget_for_lesson(work: int | None, cpu_seconds: float | None) -> Budget:
    """A new budget, for one lesson or submission."""
    from aclbench.workbench.budget import CPU_SECONDS, LESSON_WORK, Budget

    return Budget(work or LESSON_WORK, cpu_seconds or CPU_SECONDS)


def budget_for_opening(work: int | None, cpu_seconds: float | None) -> Budget:
    """A new budget, for a scenario that is opened or a run that is loaded."""
    from aclbench.workbench.budget import CPU_SECONDS, OPENING_WORK, Budget

    return Budget(work or OPENING_WORK, cpu_seconds or CPU_SECONDS)
