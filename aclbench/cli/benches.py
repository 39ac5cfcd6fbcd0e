"""The bench for a face: of a scenario, captures, a saved run, or an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aclbench.cli.inputs import BenchOptions, named_scenario
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aclbench.tui.against.player import Pair
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.workbench import Workbench


def bench_maker(
    inputs: tuple[str, ...],
    asked: BenchOptions,
    threads: bool = False,
) -> tuple[Callable[[], Slices[Workbench]], str]:
    """What makes the bench named by the arguments, and its title."""
    make, title = _bench_maker(inputs, asked, threads)

    def with_times() -> Slices[Workbench]:
        bench = yield from make()
        bench.rig.time_mode = asked.time or "relative"
        return bench

    return with_times, title


def pair_maker(inputs: tuple[str, ...], asked: BenchOptions, against: str) -> tuple[Pair, str]:
    """What makes the bench named by the arguments and one that differs in a thing, and a title.

    `against` is a design, or what `compare --vary` takes with one value: `timeout udp idle=30`.
    AclbenchError, UsageError: that cannot be.
    """
    from aclbench.capture.stream import can_be_read_again
    from aclbench.designs import design_named
    from aclbench.lab.axes import change_of, changed
    from aclbench.tui.against.player import Pair
    from aclbench.workbench.rig.start import Start
    from aclbench.workbench.workbench import Workbench, setting_up

    if any(text.endswith(".run") for text in inputs):
        raise click.UsageError(
            "--against: a saved run has its design; name a scenario or a capture"
        )
    if not inputs and not asked.rx and asked.exec_file is None:
        raise click.UsageError("--against: name a scenario or a capture that both play")
    key, sign, value = against.partition("=")
    key, value = (" ".join(key.split()), value.strip()) if sign else ("design", key)
    change_of(key)
    if key == "design":
        design_named(value)
    named = named_scenario(inputs, asked)
    start = Start()

    def make() -> Slices[tuple[Workbench, Workbench]]:
        scenario = yield from named.find()
        other = changed(scenario, key, value)
        if other == scenario:
            raise AclbenchError(f"--against {against}: both benches would be the same")
        for path in scenario.captures:
            if not can_be_read_again(path):
                raise AclbenchError(f"{path}: two benches play it, and a pipe is read once")
        first = yield from setting_up(Workbench, scenario, start, limits=asked.limits)
        second = yield from setting_up(Workbench, other, start, limits=asked.limits)
        for bench in (first, second):
            bench.rig.time_mode = asked.time or "relative"
        return first, second

    return Pair(make, against), named.title


def _bench_maker(
    inputs: tuple[str, ...], asked: BenchOptions, threads: bool
) -> tuple[Callable[[], Slices[Workbench]], str]:
    from pathlib import Path

    from aclbench.workbench.rig.start import Start
    from aclbench.workbench.workbench import Workbench, loading, setting_up

    if len(inputs) == 1 and inputs[0].endswith(".run"):
        run = Path(inputs[0])
        if threads:
            raise click.UsageError(
                f"{run.name}: a run that was saved goes on in virtual time, where it can be taken "
                "back; leave --threads"
            )
        return lambda: loading(Workbench, run, asked.limits), run.name
    if not inputs and not asked.rx and asked.exec_file is None:
        return _empty_bench(asked, threads), "an empty bench"
    named = named_scenario(inputs, asked)
    start = Start(driver="threaded" if threads else "stepped")

    def make() -> Slices[Workbench]:
        scenario = yield from named.find()
        return (yield from setting_up(Workbench, scenario, start, limits=asked.limits))

    return make, f"{named.title} (threads)" if threads else named.title


def _empty_bench(asked: BenchOptions, threads: bool) -> Callable[[], Slices[Workbench]]:
    """A function that makes a bench without interfaces, to be set up by commands."""
    from aclbench.workbench.rig.scenario import PLACEMENTS, Placement
    from aclbench.workbench.rig.start import DriverKind
    from aclbench.workbench.tasks import done
    from aclbench.workbench.workbench import Workbench

    if asked.inside or asked.inside_by:
        option = "--inside" if asked.inside else asked.inside_by[0]
        raise click.UsageError(f"{option} says where packets of a capture enter; name a capture")
    chosen: Placement = next((p for p in PLACEMENTS if p == asked.placement), "interface")
    workers = 1 if asked.workers is None else asked.workers
    driver: DriverKind = "threaded" if threads else "stepped"

    def make() -> Workbench:
        bench = Workbench(workers, chosen, driver=driver)
        bench.lines.limits = asked.limits  # of what is loaded there
        return bench

    return lambda: done(make())
