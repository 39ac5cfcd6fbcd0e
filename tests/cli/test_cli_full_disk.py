"""A disk that is full: whatever writes a file says so, and leaves what was there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tutor.learner import work_through

from aclbench import Workbench
from aclbench.tutor.progress import Progress
from aclbench.tutor.shelf import find_lesson

#: In a name space of its own: a file system of 64 kB, full but for files of three bytes.
INSIDE = """
import json, os, subprocess, sys
from cli.command import run

def main():
    folder, commands = sys.argv[1], json.loads(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    os.chdir(folder)
    for name in ("old.pcap", "old.toml", "old.json", "old.md", "old.run", "old.cli"):
        with open(name, "w") as file:
            file.write("old")
    with open("filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    for command in commands:
        done = run(*command)
        print(json.dumps([done.returncode, (done.stdout + done.stderr)[-300:]]))
    os.unlink("filler")
    print(json.dumps({name: open(name).read() for name in os.listdir() if os.path.isfile(name)}))

if __name__ == "__main__":
    main()
"""
SPACE = ("unshare", "--user", "--map-root-user", "--mount")


def can_mount(folder: Path) -> bool:
    """Whether this user may have a name space in which to mount a file system."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(folder)]
    try:
        return subprocess.run([*SPACE, *mount], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_nothing_is_lost_and_nothing_half_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    if not can_mount(tmp_path / "tried"):
        pytest.skip("this user may not mount a small file system of his own")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    lesson = work_through(find_lesson("2"))
    Progress().save(lesson)
    lesson.close()
    saved = tmp_path / "mine.run"
    Workbench(workers=1).save(str(saved))
    commands = [
        ("synth", "new.pcap.gz", "--packets", "1000"),
        ("synth", "old.pcap", "--force", "--packets", "1000"),
        ("replay", "http", "--write-passed", "new.pcap"),
        ("replay", "http", "--write-dropped", "old.pcap", "--force"),
        ("learn", "new", "new.toml"),
        ("learn", "new", "old.toml", "--force"),
        ("learn", "export", "1", "-o", "old.md", "--force"),
        ("learn", "record", str(saved), "-o", "new.toml"),
        ("learn", "submit", "2", "--name", "a", "-o", "new.json"),
        ("learn", "submit", "2", "--name", "a", "-o", "old.json", "--force"),
        ("repl", "http", "-c", "save old.run force"),
        ("repl", "http", "-c", "save new.cli"),
        ("tui", "--write-config"),
    ]
    (tmp_path / "disk").mkdir()
    program = tmp_path / "inside.py"
    program.write_text(INSIDE)
    tests = Path(__file__).parent.parent
    done = subprocess.run(
        [*SPACE, sys.executable, str(program), str(tmp_path / "disk"), json.dumps(commands)],
        env=os.environ
        | {"PYTHONPATH": f"{tests}:{tests.parent}", "XDG_CONFIG_HOME": str(tmp_path / "disk")},
        capture_output=True,
        text=True,
        check=True,
    )
    *ended, left = map(json.loads, done.stdout.splitlines())
    assert len(ended) == len(commands)
    for command, (code, said) in zip(commands, ended, strict=True):
        assert (command, code, "No space left on device" in said) == (command, 1, True), said
    assert set(left.values()) == {"old"}
    assert len(left) == 6
