"""Run files: saved here, continued there, and refused in one message when they cannot be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import AclbenchError, RunFileError, Workbench
from aclbench.drivers.driver import actor_name
from aclbench.errors import CommandError
from aclbench.workbench.history import runfile
from aclbench.workbench.history.runfile import MAX_LINE_BYTES
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig import inputs
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.inputs import MAX_FRAMES, MAX_SENT_BYTES
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture


def played(tmp_path: Path) -> Workbench:
    """A run with a capture of its own, a branch, steps made by hand, frames and commands."""
    capture = tmp_path / "http.pcap"
    shutil.copy(bundled_folder("pcaps") / "http.pcap", capture)
    scenario = scenario_for_capture(
        [capture], InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64")), "", 2, "interface"
    )
    bench = Workbench.from_scenario(scenario)
    bench.play(30)
    for _ in range(7):
        bench.step()
    bench.cli("set acl-plugin session timeout tcp transient 1")
    bench.send("pg1", bytes.fromhex("00" * 12 + "0806"))
    bench.play()
    bench.goto_packet(40)
    able = [actor_name(actor) for actor in bench.rig.stepped.ready_actors()]
    bench.step(able[-1] if able else None)
    bench.cli("clear acl-plugin sessions")
    bench.advance("2.5")
    bench.switch("main")
    bench.back(3, "event")
    return bench


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    """The capture's, the run file's, and one in a line that was typed."""
    name = os.fsdecode(b"caf\xe9")
    capture = tmp_path / f"{name}.pcap"
    shutil.copy(bundled_folder("pcaps") / "http.pcap", capture)
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    bench = Workbench.from_scenario(scenario_for_capture([capture], inside, "", 1, "interface"))
    bench.cli(f"set acl-plugin acl deny tag {name}")
    bench.play()
    path = tmp_path / f"{name}.run"
    bench.save(path)
    other = Workbench.load(path)
    assert state_of(other.rig.driver) == state_of(bench.rig.driver)
    assert name in other.cli("show acl-plugin acl")


def test_a_saved_run_goes_on_elsewhere(tmp_path: Path) -> None:
    """Same state, field for field, at every branch's end and where it stood; same events."""
    bench = played(tmp_path)
    path = tmp_path / "x.run"
    bench.save(path)
    other = Workbench.load(path)
    assert state_of(other.rig.driver) == state_of(bench.rig.driver)
    assert other.events() == bench.events()
    assert [(b.name, b.parent, b.packets) for b in other.branches()] == [
        (b.name, b.parent, b.packets) for b in bench.branches()
    ]
    for branch in bench.branches():
        bench.switch(branch.name)
        other.switch(branch.name)
        assert state_of(other.rig.driver) == state_of(bench.rig.driver)


def test_another_process_makes_the_same_events(tmp_path: Path) -> None:
    """What is sent to someone shows them what it showed here."""
    bench = played(tmp_path)
    path = tmp_path / "x.run"
    bench.save(path)
    code = (
        "import sys\nfrom aclbench import Workbench\n"
        "for event in Workbench.load(sys.argv[1]).events('start', 'end'): print(event)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(event) for event in bench.events("start", "end")]


def test_what_can_be_sent_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a run file holds the most that is sent at once, of any size; more is refused."""
    assert MAX_SENT_BYTES * 4 / 3 + MAX_FRAMES * 8 < MAX_LINE_BYTES
    monkeypatch.setattr(inputs, "MAX_FRAMES", 3)
    monkeypatch.setattr(inputs, "MAX_SENT_BYTES", 100)
    bench = played(tmp_path)
    for frames in ([b"x"] * 4, [bytes(60)] * 2):
        with pytest.raises(CommandError, match="send them in parts"):
            bench.send("pg0", frames)
    bench.send("pg0", [bytes(50)] * 2)
    bench.save(tmp_path / "a.run")
    again = Workbench.load(tmp_path / "a.run")
    assert state_of(again.rig.driver) == state_of(bench.rig.driver)


def test_captures_come_along_on_request(tmp_path: Path) -> None:
    """Then the run can be continued where the capture never was."""
    bench = played(tmp_path)
    bench.save(tmp_path / "x.run", with_captures=True)
    (tmp_path / "http.pcap").unlink()
    assert state_of(Workbench.load(tmp_path / "x.run").rig.driver) == state_of(bench.rig.driver)


def test_a_changed_or_missing_capture_is_named(tmp_path: Path) -> None:
    """Not silently another run; what to do is said."""
    bench = played(tmp_path)
    bench.save(tmp_path / "x.run")
    capture = tmp_path / "http.pcap"
    content = capture.read_bytes()
    capture.write_bytes(content[:-1] + b"!")
    with pytest.raises(RunFileError, match=r"http\.pcap has changed"):
        Workbench.load(tmp_path / "x.run")
    capture.unlink()
    with pytest.raises(RunFileError, match=r"http\.pcap is not there; put http\.pcap beside"):
        Workbench.load(tmp_path / "x.run")


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    """By its number."""
    bench = played(tmp_path)
    path = tmp_path / "x.run"
    bench.save(path)
    path.write_text(path.read_text().replace('"aclbench-run":4', '"aclbench-run":99'))
    with pytest.raises(RunFileError, match="version 99"):
        Workbench.load(path)


def test_a_run_of_another_step_table_is_refused(tmp_path: Path) -> None:
    """Its positions count steps that are not there any more."""
    bench = played(tmp_path)
    path = tmp_path / "x.run"
    bench.save(path)
    path.write_text(path.read_text().replace('"step-table":2,', ""))
    with pytest.raises(RunFileError, match="another step table"):
        Workbench.load(path)


HOSTILE: list[Any] = [
    ["run", [10**30, 0, 0], 5],
    ["run", [5, 10**12, 0], 5],
    ["run", [1, 0, 10**12], 5],
    ["run", [1, 0, 0], 10**40],
    ["run", [-1, 0, 0], 5],
    ["run", "far", 5],
    ["steps", 99, 1, [1, 0, 0], 5],
    ["steps", None, 1, [10**9, 0, 0], 5],
    ["cli", "no such command"],
    ["cli", "save /tmp/stolen.run"],
    ["cli", "load /etc/passwd"],
    ["inject", "pg7", 1, ["AAAA"]],
    ["inject", "pg0", 1, ["not base64!"]],
    ["launch", "rockets"],
    ["branch", "x", "nobody", 0],
    ["branch", "x", "main", 10**9],
    ["branch", "main", "main", 0],
    ["current", "nobody", [0, [0, 0, 0], 0]],
    ["current", "main", [10**9, [0, 0, 0], 0]],
    ["current", "main", "here"],
    ["current", "main", [0, [0, -1, 0], 0]],
    {"branch": "x"},
    [[[[]]]],
    "text",
    None,
    5,
]


@pytest.mark.parametrize("row", HOSTILE, ids=str)
def test_a_hostile_line_is_refused_with_its_number(tmp_path: Path, row: Any) -> None:
    """One message, at once, and nothing is touched."""
    bench = Workbench(workers=2)
    bench.cli("create packet-generator interface pg0")
    bench.advance(1)
    path = tmp_path / "x.run"
    bench.save(path)
    lines = path.read_text().splitlines()
    lines.insert(3, json.dumps(row))
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RunFileError, match=r"line \d+"):
        Workbench.load(path)
    assert not Path("/tmp/stolen.run").exists()


def test_a_line_is_of_bounded_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for the last one, of a process that ended in the middle of it."""
    bench, path = Workbench(), tmp_path / "x.run"
    bench.cli("create packet-generator interface pg0")
    bench.cli(f"set acl-plugin acl permit tag {'x' * 60}")
    bench.cli("create packet-generator interface pg1")
    bench.save(path)
    longest = max(map(len, path.read_bytes().splitlines(keepends=True)[1:]))
    monkeypatch.setattr(runfile, "MAX_LINE_BYTES", longest)
    assert len(Workbench.load(path).snapshot().interfaces) == 3
    monkeypatch.setattr(runfile, "MAX_LINE_BYTES", longest - 5)
    with pytest.raises(RunFileError, match=r"x\.run: line 4: longer than"):
        Workbench.load(path)


def test_branches_share_no_more_inputs_than_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own list of them: of thousands inside each other they take gigabytes."""
    bench, path = Workbench(), tmp_path / "x.run"
    for number in range(6):
        bench.branch(f"b{number}")
        bench.cli(f"create packet-generator interface pg{number}")
    bench.save(path)
    monkeypatch.setattr(runfile, "MAX_SHARED", 0 + 1 + 2 + 3 + 4 + 5)
    assert len(Workbench.load(path).branches()) == 7
    monkeypatch.setattr(runfile, "MAX_SHARED", 0 + 1 + 2 + 3 + 4 + 4)
    with pytest.raises(RunFileError, match=r"line 13: branches that share more than 14 inputs"):
        Workbench.load(path)


@examples(60)
@given(data=st.data())
def test_damage_never_gives_a_traceback(tmp_path_factory: Any, data: st.DataObject) -> None:
    """Any byte changed or the file cut anywhere: a bench, or one message."""
    folder = tmp_path_factory.mktemp("damage")
    bench = Workbench(workers=1)
    bench.cli("create packet-generator interface pg0")
    bench.send("pg0", b"x" * 60)
    bench.advance(1)
    path = folder / "x.run"
    bench.save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    refusal: Exception | None = None
    try:
        Workbench.load(path)
    except AclbenchError as error:
        refusal = error
    assert refusal is None or str(path) in str(refusal)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"[1, 2]", b"\xff\xfe", b'{"aclbench-run": 2}']
)
def test_files_that_are_no_run(tmp_path: Path, content: bytes) -> None:
    """And a directory, and nothing at all."""
    path = tmp_path / "x.run"
    path.write_bytes(content)
    for bad in (path, tmp_path / "missing.run"):
        with pytest.raises(RunFileError, match=bad.name):
            Workbench.load(bad)


def test_a_record_outlives_the_process(tmp_path: Path) -> None:
    """What was done is on disk as it is done; a line half written is left out."""
    record = tmp_path / "record.run"
    code = (
        "import os, sys\nfrom aclbench import Workbench\n"
        "bench = Workbench(workers=2)\n"
        "bench.record(sys.argv[1])\n"
        "bench.cli('create packet-generator interface pg0')\n"
        "bench.cli('set interface state pg0 up')\n"
        "bench.send('pg0', [b'x' * 60] * 3)\n"
        "bench.advance('2.5')\n"
        "bench.back(2, 'packet')\n"
        "bench.cli('create packet-generator interface pg1')\n"
        "bench.switch('main')\n"
        "bench.advance(1)\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(record)], timeout=60, check=False)
    with record.open("a") as file:
        file.write('["cli", "create pack')
    bench = Workbench.load(record)
    assert bench.now == bench.started + 3_500_000_000
    assert [branch.name for branch in bench.branches()] == ["main", "branch-1"]
    assert bench.snapshot().packets.read == 3


def test_what_this_run_did_not_save_is_overwritten_by_force_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it saved it may save again, by any name of the file; another run may not."""
    monkeypatch.chdir(tmp_path)
    Path("x.run").write_text("mine")
    bench = Workbench()
    with pytest.raises(AclbenchError, match=r"x.run is there already; `save x.run force`"):
        bench.cli("save x.run")
    assert Path("x.run").read_text() == "mine"
    bench.cli("save x.run force")
    bench.cli("create packet-generator interface pg0")
    bench.cli(f"save {tmp_path}/x.run")
    assert len(Workbench.load("x.run").snapshot().interfaces) == 2
    bench.cli("reset")
    with pytest.raises(AclbenchError, match="is there already"):
        bench.cli("save x.run")


def test_a_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not even the half that it wrote."""
    (tmp_path / "x.run").mkdir()
    with pytest.raises(RunFileError, match="cannot be written"):
        Workbench().save(tmp_path / "x.run")
    assert [path.name for path in tmp_path.iterdir()] == ["x.run"]


def test_a_look_at_another_branch_is_not_recorded(tmp_path: Path) -> None:
    """What comes after it belongs to the branch that the bench is on."""
    bench = Workbench(workers=1)
    recorder = bench.record(tmp_path / "record.run")
    bench.advance(1)
    bench.goto_time(bench.started)
    bench.cli("create packet-generator interface pg0")
    bench.diff("main", "now")
    bench.advance(5)
    recorder.close(keep=True)
    again = Workbench.load(tmp_path / "record.run")
    assert [(b.name, b.end_time) for b in again.branches()] == [
        (b.name, b.end_time) for b in bench.branches()
    ]
    assert state_of(again.rig.driver) == state_of(bench.rig.driver)


def test_a_record_goes_on_with_what_is_loaded(tmp_path: Path) -> None:
    """The record is that of the run on the screen, whatever was there before."""
    other = Workbench(workers=3)
    other.cli("create packet-generator interface pg7")
    other.save(tmp_path / "other.run")
    bench = Workbench(workers=1)
    recorder = bench.record(tmp_path / "record.run")
    bench.advance(1)
    bench.cli(f"load {tmp_path / 'other.run'}")
    bench.advance(2)
    recorder.close(keep=True)
    assert state_of(Workbench.load(tmp_path / "record.run").rig.driver) == state_of(
        bench.rig.driver
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("addresses", "10.0.0.1/33"),
        ("addresses", "10.0.0.1"),
        ("prefixes", "fd00::/-1"),
        ("macs", "02:00"),
        ("vlans", "5000"),
    ],
)
def test_the_scenario_in_it_is_checked_as_a_scenario_file_is(
    tmp_path: Path, field: str, wrong: str
) -> None:
    path = tmp_path / "x.run"
    played(tmp_path).save(path)
    first, rest = path.read_text().split("\n", 1)
    header = json.loads(first)
    header["scenario"]["interfaces"][0][field] = [wrong]
    path.write_text(json.dumps(header) + "\n" + rest)
    with pytest.raises(RunFileError, match=f"line 1: scenario, interfaces 1, {field} 1: found "):
        Workbench.load(path)
