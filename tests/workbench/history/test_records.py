"""A run that was interrupted is found again, once the process that made it is gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aclbench import Workbench
from aclbench.workbench.history.records import begin_record, interrupted_records, records_folder

#: No process has it: process numbers are smaller.
NOBODY = 2**30


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def left_by(process: int, bench: Workbench) -> Path:
    """The record of a bench, as a process that ended badly leaves it."""
    recorder = begin_record(bench.past)
    bench.advance(1)
    bench.cli("create packet-generator interface pg0")
    recorder.close(keep=True)
    return recorder.path.rename(records_folder() / f"{process}.run")


def test_what_a_dead_process_left_is_offered() -> None:
    """And loads."""
    path = left_by(NOBODY, Workbench(workers=2))
    [record] = interrupted_records()
    assert record.path == path
    assert len(record.when) == len("2026-01-01 12:00")
    assert Workbench.load(path).snapshot().interfaces[1].name == "pg0"


def test_what_a_living_process_writes_is_its_own() -> None:
    """Two screens at once do not take each other's run."""
    left_by(os.getpid(), Workbench())
    assert interrupted_records() == []


def test_a_record_that_was_closed_is_gone() -> None:
    """Leaving as one should leaves nothing behind."""
    recorder = begin_record(Workbench().past)
    recorder.close()
    assert not recorder.path.exists()


def test_a_record_of_nothing_is_not_offered() -> None:
    """A screen that was opened and killed at once."""
    recorder = begin_record(Workbench().past)
    recorder.close(keep=True)
    recorder.path.rename(records_folder() / f"{NOBODY}.run")
    assert interrupted_records() == []
    assert list(records_folder().iterdir()) == []


def test_there_may_be_no_folder_yet() -> None:
    """The first start of all."""
    assert interrupted_records() == []


def test_what_else_lies_in_the_folder_is_left_there() -> None:
    """Folders, other files, numbers that no process can have."""
    left_by(NOBODY, Workbench())
    (records_folder() / f"{NOBODY + 1}.run").mkdir()
    (records_folder() / "notes.run").write_text("mine")
    left_by(10**30, Workbench())
    assert len(interrupted_records()) == 2
    assert len(list(records_folder().iterdir())) == 4
