"""Benches in processes: the same answers as in this one; who dies costs no result."""

from __future__ import annotations

import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from lab.benches import axes_of, compare, scenario_of, without_cpu

from aclbench.errors import AclbenchError
from aclbench.lab import processes
from aclbench.lab.comparing import Runner, cases_of
from aclbench.lab.running import Job, Ran, running
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.tasks import Slices, Task, finish

VARIED = ("max-entries=24,8", "workers=1,2", "timeout tcp transient=120,1")


def runner(folder: Path, count: int) -> Runner:
    return lambda jobs, results: processes.in_processes(jobs, folder, count, results)


def test_the_answers_are_those_of_one_process(tmp_path: Path) -> None:
    here = compare(tmp_path, "full-table", *VARIED)
    assert any(each.notice and each.notice.packets for each in here)
    there = compare(tmp_path, "full-table", *VARIED, runner=runner(tmp_path, 3))
    assert without_cpu(there) == without_cpu(here)


def dying(job: Job, folder: Path, times: int = 1) -> Slices[Ran]:
    """Ends the process at its first tries."""
    mark = folder / f"{job.number}.tries"
    mark.write_bytes((mark.read_bytes() if mark.exists() else b"") + b"x")
    if job.number == 1 and mark.stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return (yield from running(job, folder))


def test_a_process_that_dies_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("fork"))
    here = compare(tmp_path, "full-table", "max-entries=24,8,4")
    monkeypatch.setattr(processes, "running", dying)
    there = compare(tmp_path, "full-table", "max-entries=24,8,4", runner=runner(tmp_path, 2))
    assert without_cpu(there) == without_cpu(here)
    assert [len((tmp_path / f"{n}.tries").read_bytes()) for n in range(3)] == [1, 2, 1]


def test_one_that_always_dies_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("fork"))
    monkeypatch.setattr(processes, "running", partial(dying, times=99))
    with pytest.raises(AclbenchError, match=r"max-entries=8: 3 processes .* by signal 9"):
        compare(tmp_path, "full-table", "max-entries=24,8", runner=runner(tmp_path, 2))


def test_an_error_of_a_bench_and_a_fault_come_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AclbenchError, match="max-entries=x"):
        compare(tmp_path, "http", "max-entries=1,x", runner=runner(tmp_path, 2))

    def at_fault(job: Job, folder: Path) -> Slices[Ran]:
        raise ZeroDivisionError("as a fault would")
        yield None

    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("fork"))
    monkeypatch.setattr(processes, "running", at_fault)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: as a fault would"):
        compare(tmp_path, "http", "max-entries=1,2", runner=runner(tmp_path, 2))


def test_who_is_stopped_leaves_what_is_done_and_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(job: Job, folder: Path) -> Slices[Ran]:
        while job.number:
            yield None
        return (yield from running(job, folder))

    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("fork"))
    monkeypatch.setattr(processes, "running", endless)
    results: dict[int, Ran] = {}
    jobs = [
        case.job(OPENING_LIMITS)
        for case in cases_of([scenario_of("http")], axes_of("workers=1,2,3"))
    ]
    task = Task(processes.in_processes(jobs, tmp_path, 2, results))
    while not results:
        assert not task.work(0.01)
    task.stop()
    assert list(results) == [0]
    assert not multiprocessing.active_children()


def test_a_process_may_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be forked."""
    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("spawn"))
    results: dict[int, Ran] = {}
    (case,) = cases_of([scenario_of("http")], [])
    finish(processes.in_processes([case.job(OPENING_LIMITS)], tmp_path, 1, results))
    assert results[0].figures.packets == 70
