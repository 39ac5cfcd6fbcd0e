"""What `make kills` does, at moments that are the same each time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from kills import FACES, Lost, Run

from aclbench.errors import DamagedRunError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_STATE_HOME", "")  # put back behind the test
    return Run(tmp_path, random.Random(1))


def test_what_was_done_outlives_kills_of_either_face(run: Run) -> None:
    for number, face in enumerate((*FACES, FACES[0]), 1):
        run.kill(face, after=1)
        assert len(run.lines) >= number


def test_a_record_that_loses_a_line_is_found_out(run: Run, tmp_path: Path) -> None:
    run.kill("repl", after=2)
    [record] = (tmp_path / "state" / "aclbench" / "runs").glob("[0-9]*.run")
    rows = record.read_bytes().splitlines(keepends=True)
    first = next(number for number, row in enumerate(rows) if row.startswith(b'["cli"'))
    record.write_bytes(b"".join(rows[:first] + rows[first + 1 :]))
    with pytest.raises((Lost, DamagedRunError)):
        run.look()
