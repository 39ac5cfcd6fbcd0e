"""Checkpoints are packed in slices, and are the same; who acts meanwhile abandons them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from aclbench import Workbench
from aclbench.workbench.history import checkpoints
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.tasks import Task, finish

CAPTURE = bundled_folder("pcaps") / "many-flows.pcap"


@pytest.fixture(autouse=True)
def _many_checkpoints_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK", 100)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_WORK_PER_SESSION", 0)
    monkeypatch.setattr("aclbench.engine.packing.PIECE_SESSIONS", 7)


def bench_on() -> Workbench:
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    return Workbench.from_scenario(scenario_for_capture([CAPTURE], inside, "", 2, "interface"))


def is_packing(bench: Workbench) -> bool:
    return bench.past.checkpoints._packing is not None


def begun() -> tuple[Workbench, Task[bool]]:
    """A bench whose run is left in the middle of a checkpoint."""
    bench = bench_on()
    task = Task(bench.transport.playing(1500))
    while not is_packing(bench):
        assert not task.work(0.0)
    return bench, task


def test_a_run_in_slices_has_the_checkpoints_of_one_at_once() -> None:
    """At the same places, field for field; so going back leads to the same."""
    sliced, whole = bench_on(), bench_on()
    task, waited = Task(sliced.transport.playing(1500)), 0
    while not task.work(0.0):
        waited += is_packing(sliced)
    assert waited > 10
    whole.play(1500)
    mine, others = sliced.past.branch.saved, whole.past.branch.saved
    assert len(mine) > 3
    assert [saved.point for saved in mine] == [saved.point for saved in others]
    for saved, other in zip(mine, others, strict=True):
        assert replace(saved.checkpoint, feed=None) == replace(other.checkpoint, feed=None)
    assert state_of(sliced.rig.stepped) == state_of(whole.rig.stepped)
    for bench in (sliced, whole):
        bench.goto_packet(777)
    assert state_of(sliced.rig.stepped) == state_of(whole.rig.stepped)


def test_while_a_checkpoint_is_packed_the_bench_stands_still() -> None:
    """And then the run goes on to where it would have gone."""
    bench, task = begun()
    before = bench.snapshot()
    while is_packing(bench):
        assert bench.snapshot() == before
        task.work(0.0)
    task.finish()
    assert bench.snapshot().packets.read == 1500


@pytest.mark.parametrize(
    "act",
    [
        lambda bench: bench.step(),
        lambda bench: bench.step_turn(),
        lambda bench: bench.cli("set acl-plugin session timeout udp idle 1"),
        lambda bench: bench.cli("run 1s"),
        lambda bench: bench.send("pg0", [bytes(60)]),
        lambda bench: bench.back(1, "packet"),
        lambda bench: bench.branch("other"),
    ],
)
def test_any_other_act_abandons_it(act: Callable[[Workbench], Any]) -> None:
    """Nobody waits for it, and nothing half packed is kept."""
    bench, task = begun()
    point, before = bench.past.cursor, state_of(bench.rig.stepped)
    packing = bench.past.checkpoints._packing
    act(bench)
    assert bench.past.checkpoints._packing is not packing
    task.stop()
    for kept in bench.past.find_branch("main").saved:
        if kept.point == point:  # of a run that the act began with
            assert state_of(finish(bench.rig.unpacked(kept.checkpoint)).stepped) == before


def test_a_run_that_is_stopped_half_packed_waits_for_nothing() -> None:
    """And the checkpoint is due again."""
    bench, task = begun()
    task.stop()
    assert not is_packing(bench)
    bench.play(5)
    assert bench.past.branch.saved[-1].point.position.packets > 0


def test_many_commands_count_as_work() -> None:
    """So going back behind them performs few of them again."""
    bench = bench_on()
    for _ in range(40):
        bench.cli("set acl-plugin session timeout udp idle 5")
    assert len(bench.past.branch.saved) > 10


def test_checkpoints_near_moves_back_are_few() -> None:
    """A hundred steps back leave no hundred checkpoints: they would push out the others."""
    bench = bench_on()
    bench.play(90)
    bench.advance(1)
    before = len(bench.past.branch.saved)
    for _ in range(30):
        bench.back(1, "packet")
        bench.back(1, "step")
    assert len(bench.past.branch.saved) <= before + checkpoints.NEAR_CHECKPOINTS


def test_what_checkpoints_take_is_known_without_counting() -> None:
    """Over all branches, each once; and after they were thinned."""
    bench = bench_on()
    bench.play(900)
    bench.goto_packet(400)
    bench.branch("other")
    bench.play(200)
    history = bench.past

    def counted() -> int:
        kept = {id(s.checkpoint): s.checkpoint for b in history.branches.values() for s in b.saved}
        return sum(checkpoint.size_bytes for checkpoint in kept.values())

    assert history.checkpoints.used_bytes == counted()
    history.checkpoints.memory_bytes = counted() // 2
    bench.play(300)
    assert history.checkpoints.used_bytes == counted() <= history.checkpoints.memory_bytes


def test_what_has_no_more_room_goes_and_the_rest_stays() -> None:
    """A bench keeps to its memory, and can go back to anywhere."""
    bench = bench_on()
    bench.play(600)
    states = {}
    for number in (150, 450, 600):
        bench.goto_packet(number)
        states[number] = state_of(bench.rig.stepped)
    bench.past.checkpoints.memory_bytes = bench.past.checkpoints.used_bytes // 2
    bench.play(600)
    assert bench.past.checkpoints.used_bytes <= bench.past.checkpoints.memory_bytes
    for number, state in states.items():
        bench.goto_packet(number)
        assert state_of(bench.rig.stepped) == state
