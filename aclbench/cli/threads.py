"""The options for a bench on real threads."""

from __future__ import annotations

from functools import wraps
from typing import Any, NamedTuple

import click


class ThreadOptions(NamedTuple):
    """The options for real threads. `speed` None: the capture leads the clock."""

    threads: bool
    order: str | None
    speed: float | None

    def bench_arguments(self) -> dict[str, Any]:
        """What `Workbench.from_scenario` is to be called with."""
        if not self.threads:
            return {}
        return {"driver": "threaded", "order": self.order, "speed": self.speed}


class _Speed(click.ParamType):  # type: ignore[type-arg]
    """`max`, or a multiple of real time."""

    name = "speed"

    def convert(self, value: Any, param: Any, ctx: Any) -> float | str:
        if value == "max":
            return "max"
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 1e-6 <= speed <= 1e6:
            self.fail(
                f"{value}: write max, or the clock's speed as a multiple of real time: 1, 60, 0.1",
                param,
                ctx,
            )
        return speed


def threads_option(command: Any) -> Any:
    """Add `--threads` alone, for a bench that somebody looks at."""
    return click.option(
        "--threads",
        is_flag=True,
        help="Run on real threads, one a worker; such a run cannot be stepped or taken back.",
    )(command)


def thread_options(command: Any) -> Any:
    """Add the options of `ThreadOptions` to a command, which gets them as one, `on`."""

    @wraps(command)
    def collected(threads: bool, order: str | None, speed: Any, **arguments: Any) -> Any:
        if not threads and (order or speed):
            option = "--order" if order else "--speed"
            raise click.UsageError(f"{option} goes with --threads")
        on = ThreadOptions(threads, order, None if speed == "max" else speed)
        return command(on=on, **arguments)

    options = (
        click.option(
            "--threads",
            is_flag=True,
            help="Run on real threads, one a worker, instead of in virtual time.",
        ),
        click.option(
            "--order",
            type=click.Choice(["connection", "none"]),
            help="With --threads: a packet waits for the one before of its connection, or for "
            "nobody. [connection]",
        ),
        click.option(
            "--speed",
            type=_Speed(),
            metavar="max|TIMES",
            help="With --threads: max, and the capture leads the clock; or a multiple of real "
            "time. [max]",
        ),
    )
    wrapped: Any = collected
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped
