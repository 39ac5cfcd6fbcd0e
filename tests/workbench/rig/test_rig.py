"""A rig gives its sessions back when nobody has it any more; what is stopped leaves nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from aclbench import Workbench
from aclbench.engine.reading import pool_size
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import Task, finish


@pytest.fixture(autouse=True)
def _no_cycle_collector() -> Iterator[None]:
    """As on the screen."""
    gc.disable()
    yield
    gc.enable()


def sessions_of(machine) -> int:  # type: ignore[no-untyped-def]
    return sum(pool_size(worker) for worker in machine.am.workers)


def test_a_rig_that_nobody_has_is_emptied() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play()
    there = finish(bench.past.at(bench.past.cursor))
    machine = there.rig.machine
    assert sessions_of(machine) == sessions_of(bench.rig.machine) > 0
    del there
    assert sessions_of(machine) == 0
    assert sessions_of(bench.rig.machine) > 0


def test_a_move_that_is_stopped_leaves_the_bench_where_it_was() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play()
    before, rig = bench.snapshot(), bench.rig
    task = Task(bench.travel.going_back(300, "step"))
    assert not task.work(0.0)
    task.stop()
    assert (bench.snapshot(), bench.rig) == (before, rig)
    bench.back(1)
    assert bench.rig is not rig
    assert sessions_of(rig.machine) == 0
