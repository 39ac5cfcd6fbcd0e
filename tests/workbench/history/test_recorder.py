"""The recorder of a run: whatever takes its place, its file holds one run whole."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.workbench.history import runfile
from aclbench.workbench.history.recorder import Recorder
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.tasks import Task


def with_interfaces(count: int) -> Workbench:
    """A bench that was given so many commands, on two branches."""
    bench = Workbench(workers=1)
    for number in range(count):
        bench.cli(f"create packet-generator interface pg{number}")
    bench.back(count // 2)
    bench.cli("create packet-generator interface pg99")
    return bench


def stopped_everywhere(begin: Callable[[], Task[object]], check: Callable[[], None]) -> int:
    """Stop work behind each of its slices; returns how many there are."""
    slices = 0
    while True:
        task = begin()
        for _ in range(slices):
            task.work(0.0)
        if task.is_over:
            return slices
        task.stop()
        check()
        slices += 1


def test_it_is_begun_in_slices_and_whoever_stops_that_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runfile, "SLICE_CHARS", 100)
    bench, path = with_interfaces(20), tmp_path / "run" / "record.run"
    begun: list[Task[Recorder]] = []

    def begin() -> Task[object]:
        begun.append(Task(Recorder.recording(bench.past, path)))
        return begun[-1]

    assert stopped_everywhere(begin, lambda: not_there(path.parent)) > 5
    begun[-1].result.close(keep=True)
    again = Workbench.load(path)
    assert state_of(again.rig.driver) == state_of(bench.rig.driver)
    assert again.branches() == bench.branches()


def not_there(folder: Path) -> None:
    assert not folder.exists() or not list(folder.iterdir())


def test_another_run_is_recorded_once_it_stands_in_this_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops that goes on with this one, and its record with him."""
    monkeypatch.setattr(runfile, "SLICE_CHARS", 100)
    other, path = with_interfaces(20), tmp_path / "record.run"
    other.save(tmp_path / "other.run")
    bench = Workbench(workers=2)
    recorder = bench.record(path)
    bench.cli("create packet-generator interface pg7")

    def check() -> None:
        assert bench.past.recorder is recorder
        before = path.read_bytes()
        bench.advance(1)
        assert path.read_bytes().startswith(before)
        assert path.stat().st_size > len(before)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["other.run", "record.run"]

    assert stopped_everywhere(lambda: bench.begin(f"load {tmp_path / 'other.run'}"), check) > 5
    bench.advance(1)
    recorder.close(keep=True)
    again = Workbench.load(path)
    assert state_of(again.rig.driver) == state_of(bench.rig.driver)
    assert len(again.branches()) == 2


def test_a_full_disk_ends_the_record_and_not_the_run(tmp_path: Path) -> None:
    bench, path = Workbench(workers=1), tmp_path / "record.run"
    recorder = bench.record(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        for number in range(2):
            bench.cli(f"create packet-generator interface pg{number}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(recorder.failed, OSError)
    bench.cli("create packet-generator interface pg2")
    recorder.close(keep=True)
    assert len(bench.snapshot().interfaces) == 4
    assert len(Workbench.load(path).snapshot().interfaces) == 1
