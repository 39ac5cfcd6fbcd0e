"""Total store order: what a thread stores is seen later by others, in order; barriers wait."""

from __future__ import annotations

import pytest

from aclbench.designs.exhibits import exhibit_named
from aclbench.engine.flags import set_needed, set_unwanted
from aclbench.engine.worker import THREAD_MAIN
from aclbench.errors import AclbenchError
from aclbench.lab.explore.exploring import Result, explore
from aclbench.lab.explore.memory import STORE, BufferedActors
from aclbench.lab.explore.saving import run_of
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.museum.searching import explored_of
from aclbench.workbench.tasks import finish

NO_BARRIER = exhibit_named("no-barrier")
WORKER = 1


def searched(design, memory: str) -> Result:
    return explore(Bounds(memory=memory).of(explored_of(NO_BARRIER)), design)  # type: ignore[arg-type]


def buffered() -> BufferedActors:
    scene = finish(setting_the_scene(explored_of(NO_BARRIER), Bounds()))
    assert isinstance(scene.actors, BufferedActors)
    return scene.actors


def test_the_missing_barrier_is_found_in_total_store_order_alone() -> None:
    found = searched(NO_BARRIER.design, "tso").found
    assert found is not None
    assert found.broken.name == "hung-clear"
    assert "store" in [step.step for step in found.steps]
    in_order = searched(NO_BARRIER.design, "sc")
    assert (in_order.found, in_order.whole) == (None, True)


def test_with_the_barriers_there_is_nothing() -> None:
    result = searched(NO_BARRIER.fixed, "tso")
    assert (result.found, result.whole) == (None, True)


def test_the_cleaners_own_barrier_is_needed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = BufferedActors.memory_barrier

    def workers_alone(actors: BufferedActors) -> None:
        if actors.running != THREAD_MAIN:
            barrier(actors)

    monkeypatch.setattr(BufferedActors, "memory_barrier", workers_alone)
    found = searched(NO_BARRIER.fixed, "tso").found
    assert found is not None
    assert found.broken.name == "hung-clear"


def test_a_thread_sees_its_own_stores_and_others_see_them_in_order() -> None:
    actors = buffered()
    worker = actors.am.workers[WORKER]
    actors.running = WORKER
    set_needed(actors.am, worker, 1, WORKER, actors.now)
    set_unwanted(actors.am, worker, 1 - worker.interrupt_is_unwanted, WORKER, actors.now)
    assert worker.interrupt_is_needed == 1
    actors.running = THREAD_MAIN
    before = worker.interrupt_is_unwanted
    assert worker.interrupt_is_needed == 0
    assert STORE + WORKER in actors.able()
    assert actors.step(STORE + WORKER) == "store"
    assert (worker.interrupt_is_needed, worker.interrupt_is_unwanted) == (1, before)
    actors.step(STORE + WORKER)
    assert (worker.interrupt_is_unwanted, actors.held_back()) == (1 - before, ())


def test_a_run_begins_with_empty_buffers_and_a_barrier_empties_the_threads_own() -> None:
    actors = buffered()
    worker = actors.am.workers[WORKER]
    for thread in (WORKER, THREAD_MAIN):
        actors.running = thread
        set_needed(actors.am, worker, 1, thread, actors.now)
        set_needed(actors.am, worker, 0, thread, actors.now)
    actors.memory_barrier()
    assert {store[-1] for store in actors.held_back()} == {WORKER}
    actors.running = -1
    actors.begin()
    assert actors.held_back() == ()
    assert worker.interrupt_is_needed == 0


def test_what_is_found_so_is_no_run_of_a_bench() -> None:
    explored = explored_of(NO_BARRIER)
    with pytest.raises(AclbenchError, match="no bench holds stores back"):
        finish(run_of(explored, (), NO_BARRIER.design))
