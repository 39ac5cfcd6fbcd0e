"""Progress: what one program notes another one does not lose, nor does a damaged file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from aclbench.tutor.course import LessonRun
from aclbench.tutor.progress import Progress, ProgressError
from aclbench.workbench.tasks import Task

from .lessons import SECOND, lesson


def begun(folder: Path, name: str, steps: int) -> LessonRun:
    run = LessonRun.begin(lesson(folder, name=name))
    for _ in range(steps):
        run.advance(skip=True)
    return run


def test_goes_on_where_it_was_left(tmp_path: Path) -> None:
    run = begun(tmp_path, "10-ten.toml", 3)
    run.bench.cli(SECOND)
    run.look()
    Progress(tmp_path / "state" / "lessons.json").save(run)
    progress = Progress(tmp_path / "state" / "lessons.json")
    found = progress.of(run.lesson)
    assert found is not None
    assert (found.step, found.steps, found.done, found.finished) == (4, 4, (1, 4), False)
    again = progress.resume(run.lesson)
    assert (again.step.number, again.bench.snapshot().sessions.live) == (4, 2)
    assert progress.notices == []
    assert not [name for name in os.listdir(tmp_path / "state") if name.startswith(".")]


def test_two_programs_keep_each_others_lessons(tmp_path: Path) -> None:
    first, second = Progress(tmp_path / "l.json"), Progress(tmp_path / "l.json")
    one, two = begun(tmp_path, "01-one.toml", 1), begun(tmp_path, "02-two.toml", 2)
    first.save(one)
    second.save(two)
    one.advance(skip=True)
    first.save(one)
    assert {name: p.step for name, p in second.lessons().items()} == {"01-one": 3, "02-two": 3}


def test_the_same_lesson_in_two_programs_keeps_what_both_did(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "l.json")
    one, two = (begun(tmp_path, "01-one.toml", 1) for _ in range(2))
    one.predict(1)
    two.predict(0)
    two.advance()
    two.experiment()
    progress.save(two)
    progress.save(one)
    found = progress.of(one.lesson)
    assert found is not None
    assert (found.step, found.done, len(found.predictions)) == (2, (1, 2, 3), 2)
    progress.save(one)
    assert progress.of(one.lesson) == found
    progress.forget(one.lesson)
    assert progress.of(one.lesson) is None
    assert progress.resume(one.lesson).step.number == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"version": 1', '"version": 9'),
        lambda text: text.replace('"step": 2', '"step": "2"'),
        lambda text: "[1, 2]",
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: Callable[[str], str]) -> None:
    path = tmp_path / "lessons.json"
    run = begun(tmp_path, "01-one.toml", 1)
    Progress(path).save(run)
    bad = damage(path.read_text())
    for number in (1, 2):
        path.write_text(bad)
        progress = Progress(path)
        progress.save(run)
        assert list(progress.lessons()) == ["01-one"]
        assert f"kept as lessons.json.damaged-{number}" in progress.notices[0]
        assert (tmp_path / f"lessons.json.damaged-{number}").read_text() == bad


def test_a_damaged_lesson_begins_anew(tmp_path: Path) -> None:
    run = begun(tmp_path, "01-one.toml", 1)
    progress = Progress(tmp_path / "lessons.json")
    progress.save(run)
    (tmp_path / "lesson-01-one.json").write_bytes(b"\xff{")
    assert progress.resume(run.lesson).step.number == 1
    assert "lesson-01-one.json.damaged-1" in progress.notices[0]


def test_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProgressError, match="cannot be written"):
        Progress(tmp_path / "file" / "lessons.json").save(begun(tmp_path, "01-one.toml", 1))
    (tmp_path / "lesson-01-one.json").mkdir()
    with pytest.raises(ProgressError, match=r"lesson-01-one\.json: cannot be written: Is a dir"):
        Progress(tmp_path / "lessons.json").save(begun(tmp_path, "01-one.toml", 1))


def test_a_lesson_is_gone_on_with_in_slices(tmp_path: Path) -> None:
    """So a screen stands meanwhile; and what is stopped has set nothing aside."""
    progress = Progress(tmp_path / "lessons.json")
    run = begun(tmp_path, "10-ten.toml", 1)
    progress.save(run)
    task = Task(progress.resuming(run.lesson))
    assert not task.work(0.0)
    task.stop()
    assert task.is_stopped
    assert progress.resume(run.lesson).step.number == 2


def test_it_is_read_where_nothing_can_be_locked(tmp_path: Path) -> None:
    """As in a folder that may only be read."""
    progress = Progress(tmp_path / "lessons.json")
    run = begun(tmp_path, "01-one.toml", 1)
    progress.save(run)
    lock = tmp_path / "lessons.json.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    assert list(progress.lessons()) == ["01-one"]
    assert progress.resume(run.lesson).step.number == 2
    with pytest.raises(ProgressError, match=r"lessons\.json: cannot be written"):
        progress.save(run)


@pytest.mark.parametrize("name", ["lessons.json", "lesson-01-one.json"])
def test_what_cannot_be_read_is_not_damaged(tmp_path: Path, name: str) -> None:
    """It is said, and stays where it is."""
    progress = Progress(tmp_path / "lessons.json")
    run = begun(tmp_path, "01-one.toml", 1)
    (tmp_path / name).symlink_to(name)
    read = progress.lessons if name == "lessons.json" else partial(progress.resume, run.lesson)
    with pytest.raises(ProgressError, match=f"{name}: cannot be read: Too many levels"):
        read()
    assert (tmp_path / name).is_symlink()
    assert progress.notices == []
