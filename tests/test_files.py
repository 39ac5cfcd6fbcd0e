"""Files that are written whole, or not at all."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from aclbench.errors import AclbenchError
from aclbench.files import (
    NewFile,
    at_once,
    locked,
    opening,
    reading,
    refuse_there,
    refuse_unwritable,
    set_aside,
    write_whole,
    writing_whole,
)


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.txt"
    with pytest.raises(FileNotFoundError):
        write_whole(path, "one")
    write_whole(path, "one é \udcff", make_folders=True)
    assert path.read_bytes() == b"one \xc3\xa9 \xff"
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["x.txt"]


def test_what_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "y.txt", "new", over=False)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"x.txt": "old"}


@pytest.mark.parametrize("call", ["fchmod", "flock", "write", "fsync", "replace"])
def test_a_full_disk_at_any_call(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing half is left, and the old one stands."""
    path = tmp_path / "x.txt"
    path.write_text("old")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if call == "write":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    else:
        monkeypatch.setattr(fcntl if call == "flock" else os, call, full)
    try:
        with pytest.raises(OSError, match=r"No space left|File too large"):
            write_whole(path, "new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    monkeypatch.undo()
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"x.txt": "old"}


def new_files_are_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process makes seems to belong to somebody else than what is there."""
    fstat = os.fstat

    def of_another(handle: int) -> os.stat_result:
        found = fstat(handle)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:10]))

    monkeypatch.setattr(os, "fstat", of_another)


def test_an_owner_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a link too, and with the mode, which a change of owner may change."""
    path, link = tmp_path / "x.txt", tmp_path / "link.txt"
    path.write_text("old")
    path.chmod(0o4640)
    link.symlink_to(path.name)
    new_files_are_anothers(monkeypatch)
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda handle, *owner: given.append(owner))
    before = path.stat()
    write_whole(link, "new")
    assert given == [(before.st_uid, before.st_gid)]
    assert path.stat().st_mode & 0o7777 == 0o4640
    assert path.read_text() == "new"
    assert link.is_symlink()


def test_somebody_elses_file_that_we_may_write_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not give a file away cannot put a new one in its place."""
    path = tmp_path / "x.txt"
    path.write_text("old and longer")
    before = path.stat()

    def refused(*arguments: object) -> None:
        raise PermissionError

    new_files_are_anothers(monkeypatch)
    monkeypatch.setattr(os, "fchown", refused)
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_ino == before.st_ino
    assert [each.name for each in tmp_path.iterdir()] == ["x.txt"]


def test_mode_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "x.txt", tmp_path / "link.txt"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_takes_its_place_when_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    dropped, kept = NewFile(path), NewFile(path)
    for new in (dropped, kept):
        new.file.write(b"new")
    assert path.read_text() == "old"
    dropped.discard()
    assert path.read_text() == "old"
    kept.keep()
    assert path.read_text() == "new"
    with pytest.raises(FileExistsError):
        NewFile(path, over=False)
    quicker = NewFile(tmp_path / "y.txt", over=False)
    (tmp_path / "y.txt").write_text("somebody's")
    with pytest.raises(FileExistsError):
        quicker.keep()
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "x.txt": "new",
        "y.txt": "somebody's",
    }


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    code = (
        "import os, sys; from pathlib import Path; from aclbench.files import NewFile\n"
        "new = NewFile(Path(sys.argv[1])); new.file.write(b'half'); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".x.txt.aclbench-")
    alive = NewFile(path)
    assert not left.exists()
    write_whole(path, "new")
    alive.file.write(b"newer")
    alive.keep()
    assert [each.name for each in tmp_path.iterdir()] == ["x.txt"]
    assert path.read_text() == "newer"


def test_devices_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "zero"
    link.symlink_to("/dev/zero")
    for path in (Path("/dev/zero"), link, Path("/dev/full")):
        with pytest.raises(OSError, match="a device; a file or a pipe is right"):
            at_once(opening(path, pipes=True))
        with pytest.raises(OSError, match="a device; a file or a pipe is right"):
            write_whole(path, "x")
    at_once(opening(Path("/dev/null"), pipes=True)).close()


def test_a_pipe_is_waited_for_in_slices(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a file"):
        at_once(reading(pipe, 100, pipes=False))
    given_up, slices = reading(pipe, 100, pipes=True), reading(pipe, 100, pipes=True)
    next(given_up)
    given_up.close()
    next(slices)
    writing = writing_whole(pipe, (b"a" * 60, b"b" * 60))
    for _ in writing:
        next(slices)
    assert at_once(slices) == b"a" * 60 + b"b" * 41


def test_a_name_too_long_says_so(tmp_path: Path) -> None:
    with pytest.raises(AclbenchError, match="cannot be written: File name too long"):
        refuse_there(tmp_path / ("x" * 300))
    write_whole(tmp_path / ("é" * 127), "as long as a name may be")


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    write_whole(Path("/dev/null"), "nothing")
    assert not Path("/dev/null").is_file()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path, "a folder")
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_takes_no_other_away(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_whole(path, "one", over=False)
    with pytest.raises(FileExistsError):
        write_whole(path, "two", over=False)
    assert path.read_text() == "one"


def test_damaged_files_get_names_of_their_own(tmp_path: Path) -> None:
    names = []
    for text in ("one", "two"):
        (tmp_path / "x.json").write_text(text)
        names.append(set_aside(tmp_path / "x.json").name)
    assert names == ["x.json.damaged-1", "x.json.damaged-2"]


def test_programs_wait_for_each_other(tmp_path: Path) -> None:
    """Two programs add a hundred lines each, reading and writing all of it: none is lost."""
    path = tmp_path / "x.txt"
    code = (
        "import sys; from pathlib import Path; from aclbench.files import locked, write_whole\n"
        "path = Path(sys.argv[1])\n"
        "for n in range(100):\n"
        "    with locked(path):\n"
        "        text = path.read_text() if path.exists() else ''\n"
        "        write_whole(path, text + 'line\\n')\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    assert [program.wait() for program in programs] == [0, 0]
    assert path.read_text() == "line\n" * 200


def test_a_lock_is_released_by_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), locked(tmp_path / "x"):
            raise KeyError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "a folder"),
        ("none/x.html", "there is no folder"),
        ("there.html", "is there already; --force overwrites it"),
        ("there.html/x.html", "there is no folder"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_ahead(
    tmp_path: Path, name: str, why: str
) -> None:
    (tmp_path / "there.html").touch()
    with pytest.raises(AclbenchError, match=why):
        refuse_unwritable(tmp_path / name, force=False)
    refuse_unwritable(tmp_path / "there.html", force=True)
    refuse_unwritable(tmp_path / "new.html", force=False)
    refuse_unwritable(Path("/dev/stdout"), force=False)
