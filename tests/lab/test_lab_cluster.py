"""Benches on a Dask cluster: the same answers as in this process; who dies costs no result."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar

import distributed
import pytest
from cli.command import run
from lab.benches import compare, scenario_of, without_cpu

from aclbench.errors import AclbenchError
from aclbench.lab import cluster
from aclbench.lab.cluster import LOCAL, Wanted, on_cluster
from aclbench.lab.jobs import Job, T
from aclbench.lab.running import BenchJob, Ran
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.tasks import Slices, Task

VARIED = ("max-entries=24,8", "workers=1,2")


@pytest.fixture(scope="module")
def within() -> Iterator[str]:
    """The address of a cluster whose two workers are threads of this process: it starts fast."""
    from distributed import LocalCluster

    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "protocol": "tcp"}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **options) as started:
        yield started.scheduler_address


def test_the_answers_are_those_of_one_process(tmp_path: Path, within: str) -> None:
    here = compare(tmp_path, "full-table", *VARIED)
    assert any(each.notice and each.notice.packets for each in here)
    with on_cluster(within, tmp_path, 2) as runner:
        there = compare(tmp_path, "full-table", *VARIED, runner=runner)
    assert without_cpu(there) == without_cpu(here)


def test_a_capture_that_workers_do_not_have_is_sent(
    tmp_path: Path, within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is said of it says where it is here."""
    sent: list[Path] = []

    def only_what_was_sent(path: Path, wanted: Wanted) -> bool:
        if path == wanted.path or not path.is_file():
            return False
        sent.append(path)
        return path.read_bytes() == wanted.path.read_bytes()

    here = compare(tmp_path, "http", *VARIED)
    monkeypatch.setattr(cluster, "_is_same", only_what_was_sent)
    with on_cluster(within, tmp_path, 2) as runner:
        there = compare(tmp_path, "http", *VARIED, runner=runner)
    assert without_cpu(there) == without_cpu(here)
    assert sent
    assert {path.name for path in sent} == {"http.pcap"}


def test_a_file_is_the_same_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"one")
    wanted = Wanted(path, 3, cluster._digest(path))
    assert cluster._is_same(path, wanted)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert not cluster._is_same(path, wanted)
    assert not cluster._is_same(tmp_path, wanted)
    assert not cluster._is_same(tmp_path / "none", wanted)


def test_errors_and_faults_come_through(
    tmp_path: Path, within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_cluster(within, tmp_path, 2) as runner:
        with pytest.raises(AclbenchError, match=r"^http.pcap, max-entries=x: .*max-entries x"):
            compare(tmp_path, "http", "max-entries=1,x", runner=runner)
        monkeypatch.setattr(cluster, "__version__", "0.0.0")
        with pytest.raises(AclbenchError, match=r"the same answers need the same version"):
            compare(tmp_path, "http", "max-entries=1,2", runner=runner)


class Endless(BenchJob):
    """Says in this process that it is under way."""

    under_way: ClassVar[set[int]] = set()

    def slices(self, folder: Path) -> Slices[Ran]:
        self.under_way.add(self.number)
        try:
            while self.number:
                yield None
            return (yield from super().slices(folder))
        finally:
            self.under_way.remove(self.number)


def test_who_is_stopped_has_the_workers_stop(tmp_path: Path, within: str) -> None:
    results: dict[int, Ran] = {}
    jobs = [Endless(n, "endless", scenario_of("http"), OPENING_LIMITS) for n in range(3)]
    with on_cluster(within, tmp_path, 2) as runner:
        task = Task(runner(jobs, results))
        while not (results and Endless.under_way):
            assert not task.work(0.01)
        task.stop()
        until = monotonic() + 20
        while Endless.under_way and monotonic() < until:
            sleep(0.01)
    assert not Endless.under_way
    assert list(results) == [0]


class Dying(BenchJob):
    """Ends the process of a worker at its first try."""

    def slices(self, folder: Path) -> Slices[Ran]:
        mark = Path(self.name)
        if self.number == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return (yield from super().slices(folder))


@pytest.mark.long  # starts three processes; `make test` has clusters in this one
def test_a_worker_that_dies_costs_no_result(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    here = compare(tmp_path, "full-table", "max-entries=24,8,4")
    with on_cluster(LOCAL, tmp_path, 2) as runner:
        heard = distributed.default_client().run(signal.getsignal, signal.SIGINT)
        assert set(heard.values()) == {signal.SIG_IGN}  # as of a Ctrl-C in the terminal

        def dying(jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]:
            return runner([Dying(*job)._replace(name=str(mark)) for job in jobs], results)

        there = compare(tmp_path, "full-table", "max-entries=24,8,4", runner=dying)
    assert mark.exists()
    assert without_cpu(there) == without_cpu(here)


@pytest.mark.long  # as above
def test_it_is_started_by_the_command() -> None:
    words = ("compare", "full-table", "--vary", "max-entries=24,8", "--json")
    found = [json.loads(run(*words, *how).stdout) for how in ((), ("--cluster", "local"))]
    for each in (*found[0], *found[1]):
        del each["figures"]["cpu_s"]
    assert found[0] == found[1]


def test_there_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.1)
    with (
        pytest.raises(AclbenchError, match=r"--cluster tcp://127\.0\.0\.1:1: "),
        on_cluster("tcp://127.0.0.1:1", tmp_path, 2),
    ):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(AclbenchError, match=r"pip install 'aclbench\[cluster\]'"),
        on_cluster(LOCAL, tmp_path, 2),
    ):
        pass
