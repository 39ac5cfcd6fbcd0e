"""The record of a run outlives its process: found again, gone on with, or set aside."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.errors import RunFileError
from aclbench.files import lock_open_file
from aclbench.workbench.history.records import (
    KEPT,
    LEFT,
    Record,
    RunRecorder,
    Taken,
    beginning_record,
    ended_runs,
    records_folder,
    set_record_aside,
)
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish

#: The recorders of the test that runs; all are closed behind it.
begun: list[RunRecorder] = []


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield
    for recorder in begun:
        recorder.close(keep=True)
    begun.clear()


def begin(bench: Workbench) -> RunRecorder:
    recorder = finish(beginning_record(bench.past))
    begun.append(recorder)
    return recorder


def scenario(name: str) -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input(name)))


def nobody(sentence: str) -> None:
    raise AssertionError(f"nothing was to be said: {sentence}")


def runs() -> list[Record]:
    return ended_runs(nobody)


def recorded(bench: Workbench | None = None) -> RunRecorder:
    """The recorder of a bench that somebody did something to."""
    bench = bench or Workbench(workers=2)
    recorder = begin(bench)
    bench.advance(1)
    bench.cli("create packet-generator interface pg0")
    return recorder


def killed(recorder: RunRecorder) -> Path:
    """Its record as a process leaves it that is killed: the lock goes with the process."""
    recorder.close(keep=True)
    return recorder.path


def names() -> set[str]:
    return {path.name for path in records_folder().iterdir()}


def test_what_a_dead_process_left_is_found() -> None:
    """And loads."""
    path = killed(recorded())
    [run] = runs()
    assert (run.path, run.title, run.inputs) == (path, "an empty bench", 1)
    assert run.ended == "killed"
    assert not run.is_settled
    assert len(run.when) == len("2026-01-01 12:00")
    assert Workbench.load(path).snapshot().interfaces[1].name == "pg0"


def test_a_scenario_is_named_by_its_title() -> None:
    bench = scenario("two-workers")
    recorder = begin(bench)
    bench.advance(1)
    killed(recorder)
    assert bench.rig.scenario is not None
    assert runs()[0].title == bench.rig.scenario.title


def test_what_is_being_written_is_its_writers_own() -> None:
    """Also where process numbers say nothing: in a container the next process has the same one."""
    recorder = recorded()
    assert runs() == []
    assert recorder.path.exists()
    other = recorded()
    assert other.path != recorder.path
    killed(recorder)
    assert [run.path for run in runs()] == [recorder.path]
    other.close()


def test_a_run_that_is_left_is_kept_if_something_was_done_to_it() -> None:
    for lines, kept in (([], False), (["create packet-generator interface pg0"], True)):
        bench = Workbench()
        recorder = begin(bench)
        bench.advance(1)
        for line in lines:
            bench.cli(line)
        assert recorder.end(LEFT) == kept
        assert [(run.ended, run.is_settled) for run in runs()] == [(LEFT, True)] * kept


def test_a_branch_and_a_packet_are_ones_own() -> None:
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    recorder = begin(bench)
    bench.send("pg0", bytes(60))
    assert recorder.own
    other = Workbench()
    recorder = begin(other)
    other.branch("what-if")
    assert recorder.own


def test_what_a_scenario_does_by_itself_is_not() -> None:
    bench = scenario("clear-by-interface")
    recorder = begin(bench)
    bench.advance(120)
    assert any(getattr(op, "timed", False) for op in bench.past.branch.ops)
    assert not recorder.own
    assert not recorder.end(LEFT)
    assert runs() == []


def test_a_run_that_is_left_goes_on_where_it_stood() -> None:
    bench = Workbench()
    recorder = recorded(bench)
    bench.advance(5)
    bench.goto_time(bench.started)
    recorder.end(LEFT)
    again = Workbench.load(runs()[0].path)
    assert again.now == again.started
    assert again.snapshot().interfaces == bench.snapshot().interfaces


def test_what_ended_it_is_known_and_offered_once() -> None:
    recorded().end("SIGTERM")
    [run] = runs()
    assert (run.ended, run.is_settled) == ("SIGTERM", False)
    run.decline()
    [run] = runs()
    assert (run.ended, run.is_settled) == ("SIGTERM, declined", True)


@pytest.mark.parametrize(("how", "other"), [(LEFT, "SIGHUP"), ("SIGHUP", LEFT)])
def test_the_last_ten_are_kept_of_each_kind(how: str, other: str) -> None:
    """Of those that were left, and of those to be offered: none takes the other's place."""
    paths: list[Path] = []
    for second in range(KEPT + 2):
        recorder = recorded()
        recorder.end(how)
        os.utime(recorder.path, (second, second))
        paths.append(recorder.path)
    last = recorded()
    last.end(other)
    found = [run.path for run in runs()]
    assert found == [last.path, *reversed(paths[2:])]
    assert not paths[0].exists()


def test_a_record_that_an_earlier_version_named_by_its_process_is_found() -> None:
    killed(recorded()).rename(records_folder() / "4711.run")
    [run] = runs()
    assert (run.path.name, run.inputs, run.ended) == ("4711.run", 1, "killed")
    run.decline()
    assert names() == {"4711.declined.run"}
    assert runs()[0].is_settled


def test_a_reset_keeps_what_was_done_before() -> None:
    """The run goes on under another name."""
    bench = scenario("two-workers")
    recorder = begin(bench)
    bench.cli("set acl-plugin session timeout udp idle 7")
    first = recorder.path.name.removesuffix(".run")
    bench.cli("reset")
    assert recorder.path.name != f"{first}.run"
    assert [run.path.name for run in runs()] == [f"{first}.left.run"]
    bench.cli("set acl-plugin session timeout udp idle 8")
    assert recorder.end(LEFT)
    timeouts = [Workbench.load(run.path).snapshot().session_timeout[0] for run in runs()]
    assert sorted(timeouts) == [7 * 10**9, 8 * 10**9]


def test_a_run_gone_on_with_is_taken_by_one_and_replaced_by_its_successor() -> None:
    killed(recorded())
    [run] = runs()
    taken = Taken(run)
    assert runs() == []
    with pytest.raises(BlockingIOError):
        Taken(run)
    bench = Workbench.load(taken.path)
    recorder = begin(bench)
    taken.continued()
    assert Workbench.load(taken.path).snapshot() == bench.snapshot()
    taken.close()
    recorder.end("SIGHUP")
    assert names() == {recorder.path.name}
    assert runs()[0].inputs == run.inputs


def test_inputs_go_on_on_the_branch_that_the_run_stands_on() -> None:
    """Not on the one that was made last."""
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    bench.branch("what-if")
    bench.cli("create packet-generator interface pg1")
    bench.switch("main")
    recorder = begin(bench)
    bench.cli("set acl-plugin session timeout udp idle 7")
    again = Workbench.load(killed(recorder))
    assert again.past.branch.name == "main"
    assert again.snapshot() == bench.snapshot()


def test_a_record_of_nothing_is_removed() -> None:
    """A screen that was opened and killed at once."""
    killed(begin(Workbench()))
    assert runs() == []
    assert names() == set()


def test_there_may_be_no_folder_yet() -> None:
    """The first start of all."""
    assert runs() == []


def test_a_damaged_record_is_set_aside_once() -> None:
    said: list[str] = []
    good, bad = killed(recorded()), killed(recorded())
    bad.write_text("{]\n")
    assert [run.path for run in ended_runs(said.append)] == [good]
    assert len(said) == 1
    assert bad.name in said[0]
    assert [run.path for run in runs()] == [good]
    assert f"{bad.name}.damaged-1" in names()
    set_record_aside(good, said.append)
    assert runs() == []


def test_half_a_line_at_the_end_is_the_last_input() -> None:
    path = killed(recorded())
    whole = path.read_bytes()
    path.write_bytes(whole + b'["cli","set acl-plugin se')
    assert runs()[0].title == "an empty bench"
    assert Workbench.load(path).snapshot().interfaces[1].name == "pg0"


def test_what_was_never_whole_is_removed_after_a_while() -> None:
    recorder = recorded()
    unfinished = records_folder() / f".{recorder.path.name}"
    unfinished.write_text("{")
    runs()
    assert unfinished.exists()
    os.utime(unfinished, (time.time() - 3600,) * 2)
    with unfinished.open("rb") as writer:  # it may be long
        lock_open_file(writer)
        runs()
        assert unfinished.exists()
    runs()
    assert not unfinished.exists()


def test_what_else_lies_in_the_folder_is_left_there() -> None:
    """Folders, other files."""
    killed(recorded())
    (records_folder() / "20261128-033343-0c0ffee0.run").mkdir()
    (records_folder() / "notes.run").write_text("mine")
    assert len(runs()) == 1
    assert len(names()) == 3


def test_a_folder_that_cannot_be_read_is_said_to_be_so() -> None:
    folder = records_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(folder)
    with pytest.raises(RunFileError, match=r"are not known: .*: Too many levels of symbolic links"):
        runs()


def test_those_beyond_the_last_ten_stay_where_nothing_may_be_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(KEPT + 1):
        recorded().end(LEFT)

    def refused(path: Path) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        assert len(runs()) == KEPT
    assert len(names()) == KEPT + 1
