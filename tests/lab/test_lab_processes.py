"""Benches in processes: the same answers as in this one; who dies costs no result."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from lab.benches import axes_of, compare, scenario_of, without_cpu

from aclbench.errors import AclbenchError
from aclbench.lab import processes
from aclbench.lab.comparing import cases_of
from aclbench.lab.jobs import Job, Runner, T
from aclbench.lab.processes import in_processes
from aclbench.lab.running import BenchJob, Ran
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.tasks import Slices, Task, finish

VARIED = ("max-entries=24,8", "workers=1,2", "timeout tcp transient=120,1")


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though threads of tests are there: classes of this file cannot be had otherwise."""
    monkeypatch.setattr(processes, "_context", lambda: multiprocessing.get_context("fork"))


def with_jobs(kind: type[BenchJob], run: Runner) -> Runner:
    """A runner that does jobs of another kind instead."""

    def runs(jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]:
        return run([kind(*job) for job in jobs], results)

    return runs


def test_the_answers_are_those_of_one_process(tmp_path: Path) -> None:
    here = compare(tmp_path, "full-table", *VARIED)
    assert any(each.notice and each.notice.packets for each in here)
    there = compare(tmp_path, "full-table", *VARIED, runner=in_processes(tmp_path, 4))
    assert without_cpu(there) == without_cpu(here)


class Dying(BenchJob):
    """Ends the process at its first tries."""

    times = 1

    def slices(self, folder: Path) -> Slices[Ran]:
        mark = folder / f"{self.number}.tries"
        mark.write_bytes((mark.read_bytes() if mark.exists() else b"") + b"x")
        if self.number == 1 and mark.stat().st_size <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return (yield from super().slices(folder))


class AlwaysDying(Dying):
    times = 99


@pytest.mark.usefixtures("forked")
def test_a_process_that_dies_costs_no_result(tmp_path: Path) -> None:
    here = compare(tmp_path, "full-table", "max-entries=24,8,4")
    run = with_jobs(Dying, in_processes(tmp_path, 2))
    there = compare(tmp_path, "full-table", "max-entries=24,8,4", runner=run)
    assert without_cpu(there) == without_cpu(here)
    assert [len((tmp_path / f"{n}.tries").read_bytes()) for n in range(3)] == [1, 2, 1]


@pytest.mark.usefixtures("forked")
def test_one_that_always_dies_is_named(tmp_path: Path) -> None:
    run = with_jobs(AlwaysDying, in_processes(tmp_path, 2))
    with pytest.raises(AclbenchError, match=r"max-entries=8: 3 processes .* by signal 9"):
        compare(tmp_path, "full-table", "max-entries=24,8", runner=run)


class AtFault(BenchJob):
    def slices(self, folder: Path) -> Slices[Ran]:
        raise ZeroDivisionError("as a fault would")


@pytest.mark.usefixtures("forked")
def test_an_error_of_a_bench_and_a_fault_come_through(tmp_path: Path) -> None:
    with pytest.raises(AclbenchError, match="max-entries=x"):
        compare(tmp_path, "http", "max-entries=1,x", runner=in_processes(tmp_path, 2))
    run = with_jobs(AtFault, in_processes(tmp_path, 2))
    with pytest.raises(RuntimeError, match="ZeroDivisionError: as a fault would"):
        compare(tmp_path, "http", "max-entries=1,2", runner=run)


class Endless(BenchJob):
    def slices(self, folder: Path) -> Slices[Ran]:
        while self.number:
            yield None
        return (yield from super().slices(folder))


@pytest.mark.usefixtures("forked")
def test_who_is_stopped_leaves_what_is_done_and_no_process(tmp_path: Path) -> None:
    results: dict[int, Ran] = {}
    cases = cases_of([scenario_of("http")], axes_of("workers=1,2,3"))
    jobs = [Endless(*case.job(OPENING_LIMITS)) for case in cases]
    task = Task(in_processes(tmp_path, 2)(jobs, results))
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
    finish(in_processes(tmp_path, 1)([case.job(OPENING_LIMITS)], results))
    assert results[0].figures.packets == 70


class Telling(BenchJob):
    """Says that it goes on, until somebody ends it."""

    def slices(self, folder: Path) -> Slices[Ran]:
        (folder / f"{self.number}.pid").write_text(str(os.getpid()), encoding="utf-8")
        while True:
            sleep(0.01)
            yield None


@pytest.mark.usefixtures("forked")
def test_processes_end_with_whoever_started_them(tmp_path: Path) -> None:
    """By kill -9, of which nobody hears."""
    job = cases_of([scenario_of("full-table")], axes_of())[0].job(OPENING_LIMITS)

    def start() -> None:
        finish(in_processes(tmp_path, 2)([Telling(*job), Telling(*job)._replace(number=1)], {}))

    starter = multiprocessing.get_context("fork").Process(target=start)
    starter.start()
    pids = [tmp_path / f"{number}.pid" for number in (0, 1)]
    assert became_true(lambda: all(path.exists() and path.read_text() for path in pids))
    starter.kill()
    starter.join()
    try:
        assert became_true(lambda: not any(map(is_running, map(Path.read_text, pids))))
    finally:
        for path in pids:
            with suppress(ProcessLookupError):
                os.kill(int(path.read_text()), signal.SIGKILL)


def became_true(condition: Callable[[], bool]) -> bool:
    ends = monotonic() + 20
    while not condition() and monotonic() < ends:
        sleep(0.01)
    return condition()


def is_running(pid: str) -> bool:
    """A process that ended and that nobody asked about is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False
