"""`--resume`: the newest run that was kept, another by its number, and their list."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from aclbench import AclbenchError, Workbench
from aclbench.cli import tui
from aclbench.cli.inputs import BenchOptions
from aclbench.cli.records import Records, list_runs, run_named, runs_to_offer
from aclbench.tui.settings import Settings
from aclbench.workbench.history.records import beginning_record
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.tasks import finish


@pytest.fixture
def titles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of two runs that were killed, the latest first."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = []
    for days, name in enumerate(("aging", "two-workers"), 1):
        bench = Workbench.load(find_input(name))
        recorder = finish(beginning_record(bench.past))
        bench.cli("create packet-generator interface pg7")
        recorder.close(keep=True)
        os.utime(recorder.path, (days * 86_400, days * 86_400))
        assert bench.rig.scenario is not None
        found.insert(0, bench.rig.scenario.title)
    return found


def test_each_is_taken_by_its_number(titles: list[str]) -> None:
    assert [run_named(number).title for number in ("1", "2")] == titles


def test_the_list_has_numbers_times_titles_and_ends(
    titles: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    list_runs()
    lines = capsys.readouterr().out.splitlines()
    for number, (line, title) in enumerate(zip(lines, titles, strict=True), 1):
        assert line.startswith(f"{number}  1970-01-0")
        assert title in line
        assert line.endswith("1 input  killed")


@pytest.mark.parametrize("number", ["0", "3", "9" * 10_000])
def test_one_that_is_not_there(number: str, titles: list[str]) -> None:
    with pytest.raises(AclbenchError, match="there are 2; --resume list names them"):
        run_named(number)


def test_a_folder_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not said that there are none; who did not ask for one is told, and gets a bench."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "aclbench" / "runs"
    folder.parent.mkdir()
    folder.symlink_to(folder)
    for asked in (list_runs, lambda: run_named("1")):
        with pytest.raises(AclbenchError, match="the runs that were kept are not known"):
            asked()
    assert runs_to_offer() == []
    assert "the runs that were kept are not known" in capsys.readouterr().err


def test_a_run_is_offered_once(titles: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By its title, the latest first; who does not want it is not asked again, and has it still."""
    asked: list[str] = []
    monkeypatch.setattr(tui, "confirm", lambda question: bool(asked.append(question)))
    options = BenchOptions((), (), (), (), (), None, None, None)
    for _ in range(2):
        screen = tui.Screen(False, options, True, Settings(), [], Records("tui"))
        assert not screen.offer_runs()
    assert [question.partition(" ended on ")[0] for question in asked] == [
        f"A run of {title}" for title in titles
    ]
    assert [run_named(number).title for number in ("1", "2")] == titles


def test_what_is_no_number(titles: list[str]) -> None:
    with pytest.raises(click.UsageError, match="--resume newest: a number, or list"):
        run_named("newest")
