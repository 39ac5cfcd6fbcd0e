"""Setting up, resetting and loading go in slices; one that is stopped leaves the bench it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aclbench import ScenarioError, Workbench
from aclbench.workbench.tasks import Task
from aclbench.workbench.workbench import loading

LONG = """
title = "long"
workers = 1
cli = [
  "set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0",
  "set acl-plugin interface pg0 input acl 0",
  "send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53",
  "run 1000h",
]
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[at]]
time = "3600"
cli = "set acl-plugin session timeout udp idle 7"
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "long.toml"
    path.write_text(LONG)
    return path


def stopped_after(task: Task[Any], slices: int) -> None:
    for _ in range(slices):
        if task.work(0.0):
            break
    task.stop()


@pytest.mark.parametrize("slices", [1, 2, 3, 4, 6, 9, 50])
@pytest.mark.parametrize("line", ["reset", "load {path}", "load {run}"])
def test_a_bench_that_is_not_finished_takes_no_other_ones_place(
    scenario: Path, line: str, slices: int
) -> None:
    bench = Workbench.load(scenario)
    bench.advance("0.5")
    run = scenario.with_name("a.run")
    bench.save(run)
    rig, history, moves, now = bench.rig, bench.history, bench.moves, bench.now
    task = bench.begin(line.format(path=scenario, run=run))
    stopped_after(task, slices)
    if task.is_done:  # only the old one was to be freed
        assert bench.rig is not rig
        return
    assert (bench.rig, bench.history, bench.moves, bench.now) == (rig, history, moves, now)
    bench.check_invariants()
    bench.advance(1)
    assert bench.back(1, "packet") == 0
    bench.cli("goto start")
    assert bench.now == bench.started


def test_it_tells_how_far_it_is_and_is_the_same_in_the_end(scenario: Path) -> None:
    task = Task(loading(Workbench, scenario))
    told: list[str] = []
    while not task.work(0.0):
        told.append(str(task.progress))
    assert len([text for text in told if text.startswith("4 of 4 lines, at ")]) > 3
    bench = task.finish()
    assert bench.now == bench.started == Workbench.load(scenario).now == 3_600_001_000_000_000
    bench.advance("3600")
    assert bench.snapshot().session_timeout[0] == 7_000_000_000


def test_a_line_that_is_refused_is_told_late(scenario: Path) -> None:
    """A rehearsal of lines far ahead goes in slices, too."""
    scenario.write_text(LONG.replace("set acl-plugin session", "no such session"))
    task = Task(loading(Workbench, scenario))
    while not task.work(0.0):
        pass
    with pytest.raises(ScenarioError, match="at 3600: no such session"):
        assert task.result
