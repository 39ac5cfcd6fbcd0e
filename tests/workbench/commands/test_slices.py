"""Commands that may take long are worked on in slices, and end between two of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.workbench.rig.bundled import find_input


def test_steps_by_hand_tell_how_far_they_are_and_can_be_stopped() -> None:
    bench = Workbench.load(find_input("aging"))
    task = bench.begin("step 1000")
    for _ in range(5):
        assert not task.work(0.0)
    assert task.progress == (5, 1000, "steps")
    task.stop()
    assert bench.back(1000) == 5


def test_a_run_is_saved_as_it_was_when_that_began(tmp_path: Path) -> None:
    bench = Workbench.load(find_input("aging"))
    bench.play(10)
    then, path = bench.now, tmp_path / "kept.run"
    task = bench.begin(f"save {path} with-captures")
    assert not task.work(0.0)
    assert not path.exists()
    bench.cli("branch other")
    bench.advance(1)
    task.finish()
    kept = Workbench.load(path)
    assert kept.now == then
    assert [branch.name for branch in kept.branches()] == ["main"]


def test_saving_that_is_stopped_leaves_the_old_file(tmp_path: Path) -> None:
    bench = Workbench.load(find_input("aging"))
    path = tmp_path / "kept.run"
    bench.save(path)
    before = path.read_bytes()
    bench.advance(1)
    task = bench.begin(f"save {path}")
    assert not task.work(0.0)
    task.stop()
    assert path.read_bytes() == before


def test_two_states_are_read_and_compared_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench.load(find_input("aging"))
    bench.play(200)
    expected, live = bench.cli("diff start now"), bench.snapshot().sessions.live
    monkeypatch.setattr("aclbench.workbench.inquiry.diff.SLICE_ROWS", 4)
    task, told = bench.begin("diff start now"), 0
    while not task.work(0.0):
        told += task.progress is not None and task.progress.unit == "rows compared"
    assert told >= live // 4 > 2
    assert task.result == expected
