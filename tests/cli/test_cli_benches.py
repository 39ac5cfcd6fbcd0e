"""Benches of what is named on the command line are made in slices: they are opened on a screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec.structs import replace

from aclbench import Workbench
from aclbench.cli.benches import bench_maker, pair_maker
from aclbench.cli.inputs import BenchOptions
from aclbench.errors import AclbenchError
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.tasks import Task

CAPTURE = bundled_folder("pcaps") / "http.pcap"
SCENARIO = (
    'cli = "show version"\n[[interface]]\nname = "pg0"\nprefixes = ["10.0.0.0/24"]\n'
    '[[interface]]\nname = "pg1"\n'
)
PLAIN = BenchOptions((), (), (), (), (), None, None, None)


def opened(path: Path) -> Task[Workbench]:
    make_bench, _ = bench_maker((str(path),), PLAIN)
    return Task(make_bench())


def waits(task: Task[Any]) -> bool:
    """It is not over, however often one looks."""
    return not any(task.work(0.0) for _ in range(3))


def write(fifo: Path, content: bytes) -> None:
    """What fits into a pipe at once; somebody has it open to read."""
    writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, content)
    os.close(writer)


def test_the_inside_is_guessed_in_slices_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aclbench.capture.guess.SLICE_PACKETS", 4)
    make_bench, title = bench_maker((str(CAPTURE),), PLAIN)
    assert title == "http.pcap"
    task = Task(make_bench())
    assert not task.work(0.0)
    assert str(task.progress).startswith("4 of 100,000 packets looked at, to guess the inside")
    task.stop()
    scenario = Task(make_bench()).finish().rig.scenario
    assert scenario is not None
    assert scenario.assumed.startswith("guessed inside (")
    monkeypatch.setattr("aclbench.capture.guess.guessing_inside", None)
    assert Task(make_bench()).finish().rig.scenario == scenario


def test_a_pipe_that_nobody_writes_to_yet_is_waited_for_in_slices(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    task = opened(fifo)
    assert waits(task)
    task.stop()
    task = opened(fifo)
    assert waits(task)
    write(fifo, CAPTURE.read_bytes())
    bench, other = task.finish(), opened(CAPTURE).finish()
    for each in (bench, other):
        each.play()
    assert bench.snapshot().packets == other.snapshot().packets


@pytest.mark.parametrize("threads", [False, True])
def test_a_pipe_whose_writer_stalls_is_waited_for_in_slices(tmp_path: Path, threads: bool) -> None:
    """Also the second one of two that follow each other, and the wait can be ended."""
    first, second, content = tmp_path / "a", tmp_path / "b", CAPTURE.read_bytes()
    os.mkfifo(first)
    os.mkfifo(second)
    sides = ("10.0.0.0/24",)
    task = Task(bench_maker((str(first), str(second)), PLAIN._replace(inside=sides))[0]())
    assert waits(task)
    writer = os.open(first, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, content[:99])
    bench = task.finish()
    if threads:
        scenario = bench.rig.scenario
        assert scenario is not None
        bench = Workbench.from_scenario(replace(scenario, workers=2), driver="threaded")
    run = Task(bench.transport.playing())
    assert waits(run)
    run.stop()
    assert run.is_stopped
    assert bench.snapshot().packets.read == 0
    run = Task(bench.transport.playing())
    assert waits(run)
    os.write(writer, content[99:])
    os.close(writer)
    alone = Task(bench_maker((str(CAPTURE),), PLAIN._replace(inside=sides))[0]()).finish()
    alone.play()
    packets = alone.snapshot().packets.read
    while bench.snapshot().packets.read < packets:
        assert not run.work(0.0)
    assert waits(run)
    write(second, content)
    run.finish()
    assert bench.snapshot().packets.read == 2 * packets


def test_a_step_waits_for_a_pipe_in_slices(tmp_path: Path) -> None:
    fifo, content = tmp_path / "fifo", CAPTURE.read_bytes()
    os.mkfifo(fifo)
    task = Task(bench_maker((str(fifo),), PLAIN._replace(inside=("10.0.0.0/24",)))[0]())
    assert waits(task)
    writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, content[:99])
    bench = task.finish()
    assert bench.snapshot().next_time == bench.now
    step = Task(bench.lines.slices(bench, "step"))
    assert waits(step)
    os.write(writer, content[99:])
    os.close(writer)
    assert "parse" in step.finish()


def test_pipes_that_are_merged_are_waited_for_before_anything_runs(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    asked = PLAIN._replace(inside=("10.0.0.0/24",), rx=(f"pg0={CAPTURE}", f"pg1={fifo}"))
    task = Task(bench_maker((), asked)[0]())
    assert waits(task)
    write(fifo, CAPTURE.read_bytes())
    bench = task.finish()
    bench.play()
    alone = opened(CAPTURE).finish()
    alone.play()
    assert bench.snapshot().packets.read == 2 * alone.snapshot().packets.read


def test_a_scenario_may_come_through_a_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "made.toml"
    os.mkfifo(fifo)
    task = opened(fifo)
    assert waits(task)
    write(fifo, SCENARIO.encode())
    names = [interface.name for interface in task.finish().snapshot().interfaces]
    assert names[-2:] == ["pg0", "pg1"]


# --- two benches -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("against", "names"),
    [
        ("wheel", ("fifo-2017", "wheel")),
        ("design=rings", ("fifo-2017", "rings")),
        ("timeout  udp idle = 30", ("as it is", "timeout  udp idle = 30")),
    ],
)
def test_two_benches_that_differ_in_a_thing(against: str, names: tuple[str, str]) -> None:
    pair, title = pair_maker((str(CAPTURE),), PLAIN, against)
    assert title == "http.pcap"
    first = Task(pair.making()).finish()
    assert pair.names == names
    assert pair.second is not None
    one, other = first.snapshot(), pair.second.snapshot()
    assert (one.design, one.session_timeout) != (other.design, other.session_timeout)
    assert one.packets == other.packets


@pytest.mark.parametrize(
    ("inputs", "against", "why"),
    [
        ((str(CAPTURE),), "wheels", "did you mean wheel"),
        ((str(CAPTURE),), "fifo-2017", "would be the same"),
        ((str(CAPTURE),), "colour=red", "cannot be varied"),
        ((str(CAPTURE),), "workers=many", "workers=many"),
        (("my.run",), "wheel", "a saved run has its design"),
    ],
)
def test_two_benches_that_cannot_be(inputs: tuple[str, ...], against: str, why: str) -> None:
    with pytest.raises((AclbenchError, click.UsageError), match=why):
        Task(pair_maker(inputs, PLAIN, against)[0].making()).finish()


def test_a_pipe_is_not_read_by_two(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    pair, _ = pair_maker((str(fifo),), PLAIN._replace(inside=("10.0.0.0/24",)), "wheel")
    with pytest.raises(AclbenchError, match="a pipe is read once"):
        Task(pair.making()).finish()
