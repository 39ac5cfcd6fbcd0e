"""A patient bench: its checkpoints are made piece by piece, and are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aclbench import Workbench
from aclbench.workbench.history import checkpoints as checkpoints_module
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture

CAPTURE = bundled_folder("pcaps") / "many-flows.pcap"


@pytest.fixture(autouse=True)
def _many_checkpoints_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK", 100)
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK_PER_SESSION", 0)
    monkeypatch.setattr("aclbench.engine.packing.PIECE_SESSIONS", 7)


def bench_on(patient: bool) -> Workbench:
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    scenario = scenario_for_capture([CAPTURE], inside, "", 2, "interface")
    bench = Workbench.from_scenario(scenario)
    bench.patient = patient
    return bench


def play(bench: Workbench, packets: int) -> int:
    """Play so many packets as a screen would; how often a checkpoint was not done at once."""
    end = bench.snapshot().packets.read + packets
    waited = 0
    while (left := end - bench.snapshot().packets.read) > 0:
        bench.play(left)
        while not bench.save_on(0):  # a piece a call is not promised, but that it ends is
            waited += 1
            assert bench.past.is_saving
            bench.past._saving.packer.work()  # type: ignore[union-attr]
    return waited


def test_the_checkpoints_are_those_made_at_once() -> None:
    """At the same places, field for field; so going back leads to the same."""
    patient, other = bench_on(patient=True), bench_on(patient=False)
    assert play(patient, 1500) > 10
    other.play(1500)
    mine, others = patient.past.branch.saved, other.past.branch.saved
    assert len(mine) > 3
    assert patient.past.checkpoints.used_bytes > 0
    by_point = {saved.point: saved.checkpoint for saved in others}
    shared = [saved for saved in mine if saved.point in by_point]
    assert len(shared) > 1
    for saved in shared:
        other_one = by_point[saved.point]
        assert replace(saved.checkpoint, feed=None) == replace(other_one, feed=None)
        assert saved.checkpoint.rig.feed is not None
        assert other_one.rig.feed is not None
        assert saved.checkpoint.rig.feed.position == other_one.rig.feed.position
    assert state_of(patient.rig.stepped) == state_of(other.rig.stepped)
    for bench in (patient, other):
        bench.goto_packet(777)
    assert state_of(patient.rig.stepped) == state_of(other.rig.stepped)


def begun() -> Workbench:
    """A patient bench in the middle of a checkpoint."""
    bench = bench_on(patient=True)
    while not bench.past.is_saving:
        assert not bench.play(200)
    return bench


def test_while_a_checkpoint_is_made_no_run_goes_on() -> None:
    """It says that there is more, and nothing has moved; after that it goes on."""
    bench = begun()
    before = bench.snapshot()
    assert not bench.play(50)
    assert not bench.run_until(bench.now + 10**9)
    assert bench.snapshot() == before
    assert not bench.save_on(-1.0)
    assert bench.save_on(60.0)
    bench.play(50)
    assert bench.snapshot().packets.read == before.packets.read + 50


@pytest.mark.parametrize(
    "act",
    [
        lambda bench: bench.step(),
        lambda bench: bench.step_turn(),
        lambda bench: bench.cli("set acl-plugin session timeout udp idle 1"),
        lambda bench: bench.cli("run 1s"),
        lambda bench: bench.send("pg0", [bytes(60)]),
        lambda bench: bench.back(1, "packet"),
        lambda bench: bench.diff("start", "now"),
        lambda bench: bench.branch("other"),
    ],
)
def test_any_other_act_finishes_it_first(act: Callable[[Workbench], Any]) -> None:
    """What is kept is the state before the act."""
    bench = begun()
    saving = bench.past._saving
    assert saving is not None
    before = state_of(bench.rig.stepped)
    act(bench)
    assert bench.patient
    kept = next(s for s in bench.past.find_branch("main").saved if s.point == saving.point)
    bench.restore(kept.checkpoint)
    assert state_of(bench.rig.stepped) == before


def test_an_impatient_run_finishes_it_and_goes_on() -> None:
    """Nothing is lost where a bench is patient no more."""
    bench = begun()
    bench.patient = False
    read = bench.snapshot().packets.read
    bench.play(50)
    assert bench.snapshot().packets.read == read + 50
    assert not bench.past.is_saving


def test_what_checkpoints_take_is_known_without_counting() -> None:
    """Over all branches, each once; and after they were thinned."""
    bench = bench_on(patient=False)
    bench.play(900)
    bench.goto_packet(400)
    bench.branch("other")
    bench.play(200)
    history = bench.past

    def counted() -> int:
        kept = {id(s.checkpoint): s.checkpoint for b in history.branches.values() for s in b.saved}
        return sum(checkpoint.size_bytes for checkpoint in kept.values())

    assert history.checkpoints.used_bytes == counted()
    history.memory_bytes = counted() // 2
    bench.play(300)
    assert history.checkpoints.used_bytes == counted() <= history.memory_bytes


def test_what_has_no_more_room_goes_and_the_rest_stays() -> None:
    """A patient bench keeps to its memory, and can go back to anywhere."""
    bench = bench_on(patient=True)
    play(bench, 600)
    states = {}
    for number in (150, 450, 600):
        bench.goto_packet(number)
        states[number] = state_of(bench.rig.stepped)
    bench.past.checkpoints.memory_bytes = bench.past.checkpoints.used_bytes // 2
    play(bench, 600)
    assert bench.past.checkpoints.used_bytes <= bench.past.checkpoints.memory_bytes
    for number, state in states.items():
        bench.goto_packet(number)
        assert state_of(bench.rig.stepped) == state
