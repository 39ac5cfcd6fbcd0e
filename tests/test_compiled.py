"""The machine runs compiled only while that is the same machine; both forms give the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aclbench import compiled

ROOT = Path(__file__).parents[1]
FIELDS = """
import json
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine.main import Interface
from aclbench.engine.worker import InterfaceCounters
from aclbench.workbench.rig.fields import field_names
am = SteppedDriver(1).machine.am
things = (am, am.cleaner, am.workers[0], Interface(1, "pg0", am.pools), InterfaceCounters())
print(json.dumps([field_names(thing) for thing in things]))
"""


def run(*command: str, interpreted: bool) -> str:
    """What a Python of its own prints, its machine as installed or interpreted."""
    forced = {"ACLBENCH_INTERPRETED": "1" if interpreted else ""}
    done = subprocess.run(
        (sys.executable, *command),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | forced,
    )
    return done.stdout


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the source, with a folder that something was compiled into."""
    copy = tmp_path / "aclbench"
    for part in compiled.COMPILED:
        shutil.copytree(compiled.PACKAGE / part, copy / part)
    folder = copy / "_compiled"
    folder.mkdir()
    monkeypatch.setattr(compiled, "PACKAGE", copy)
    monkeypatch.setattr(compiled, "FOLDER", folder)
    monkeypatch.setattr(compiled, "STAMP", folder / compiled.STAMP.name)
    return copy


def test_without_a_stamp_nothing_compiled_runs(package: Path) -> None:
    assert not compiled.is_current()


@pytest.mark.parametrize(
    "name",
    [
        f"{package}/{name}.py"
        for package in compiled.COMPILED
        for name in compiled.COMPILED[package]
    ],
)
def test_an_edited_source_is_what_runs(package: Path, name: str) -> None:
    compiled.stamp()
    assert compiled.is_current()
    with (package / name).open("a") as file:
        file.write("# one more line\n")
    assert not compiled.is_current()


def test_what_is_compiled_for_another_interpreter_does_not_run(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled.stamp()
    monkeypatch.setattr(compiled, "STAMP", compiled.FOLDER / "source.another.so.sha256")
    assert not compiled.is_current()


def test_the_source_runs_where_that_is_asked_for() -> None:
    assert "interpreted" in run("-m", "aclbench", "--version", interpreted=True)


def test_history_sees_the_same_fields_in_the_same_order() -> None:
    installed = json.loads(run("-c", FIELDS, interpreted=False))
    assert installed == json.loads(run("-c", FIELDS, interpreted=True))
    assert all(installed)


# What another thread does to a session is long here; that it is the same in both forms say the
# tests of the drivers, which `make test` runs in both.
@pytest.mark.parametrize("scenario", ["aging", pytest.param("two-workers", marks=pytest.mark.long)])
def test_both_forms_give_the_same_verdicts_and_figures(scenario: str) -> None:
    said = []
    for interpreted in (False, True):
        command = ("-m", "aclbench", "replay", "--json", scenario)
        figures = json.loads(run(*command, interpreted=interpreted))
        del figures["elapsed_s"], figures["packets_per_second"]
        traced = run("-m", "aclbench", "replay", "--trace", scenario, interpreted=interpreted)
        said.append((figures, [line for line in traced.splitlines() if "packets/s" not in line]))
    assert said[0] == said[1]
