"""Captures of run files: read in blocks, unpacked within what is said, and gone at the end."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from aclbench import RunFileError, Workbench
from aclbench.workbench.history import captures
from aclbench.workbench.history.captures import saved_captures
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.tasks import Task, finish

CAPTURE = bundled_folder("pcaps") / "http.pcap"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """A run whose capture is in it and nowhere else."""
    capture = tmp_path / "mine.pcap"
    capture.write_bytes(CAPTURE.read_bytes())
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    bench = Workbench.from_scenario(scenario_for_capture([capture], inside, "", 1, "interface"))
    bench.play(20)
    path = tmp_path / "a.run"
    bench.save(path, with_captures=True)
    capture.unlink()
    return path


def changed(run_file: Path, **fields: object) -> Path:
    """The same run with other fields of its capture."""
    header, rest = run_file.read_text().split("\n", 1)
    document = json.loads(header)
    document["captures"][0] |= fields
    run_file.write_text(json.dumps(document) + "\n" + rest)
    return run_file


def packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content)).decode()


def test_a_large_capture_is_read_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "large.pcap"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    task = Task(saved_captures([path], with_bytes=False))
    tracemalloc.start()
    try:
        assert not task.work(0.0)
        assert str(task.progress) == f"{captures.SLICE_BYTES:,} of {100 << 20:,} bytes"
        task.finish()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_too_large_a_capture_is_not_brought_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For it could not be loaded again."""
    path = tmp_path / "large.pcap"
    path.write_bytes(os.urandom(3 << 20))
    for limit in ("MAX_CAPTURE_BYTES", "MAX_PACKED_BYTES"):
        with monkeypatch.context() as patched:
            patched.setattr(captures, limit, 1 << 20)
            with pytest.raises(RunFileError, match=r"large\.pcap: too large to be brought along"):
                finish(saved_captures([path], with_bytes=True))


def test_what_was_unpacked_goes_with_the_run(run_file: Path, temporary: Path) -> None:
    """It stays while the bench is reset, and goes once another is loaded."""
    bench = Workbench.load(run_file)
    assert len(list(temporary.iterdir())) == 1
    bench.cli("reset")
    bench.play(20)
    bench.goto_packet(10)
    assert bench.snapshot().packets.read == 10
    bench.cli(f"load {run_file}")
    assert len(list(temporary.iterdir())) == 1
    bench.cli(f"load {bundled_folder('scenarios') / 'aging.toml'}")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("end", ["", "os._exit(9)", "raise SystemExit(3)"])
def test_what_was_unpacked_goes_when_the_program_ends(
    run_file: Path, temporary: Path, end: str
) -> None:
    """After a crash at the next start, of whoever comes; what is in use stays."""
    code = (
        "import os, sys, tempfile\ntempfile.tempdir = sys.argv[2]\n"
        f"from aclbench import Workbench\nbench = Workbench.load(sys.argv[1])\n{end}\n"
    )
    mine = Workbench.load(run_file)
    subprocess.run([sys.executable, "-c", code, run_file, temporary], check=False, timeout=60)
    assert len(list(temporary.iterdir())) == (2 if "_exit" in end else 1)
    other = Workbench.load(run_file)
    assert len(list(temporary.iterdir())) == 2
    for bench in (mine, other):
        bench.play(5)
        assert bench.capture_error is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"gzip": packed(bytes(50 << 20))}, "larger than the [0-9,]+ bytes that it says"),
        ({"size_bytes": 1 << 40}, "more than 1,024 MB"),
        ({"size_bytes": -1}, "more than 1,024 MB"),
        ({"gzip": packed(b"another")}, "damaged"),
        ({"gzip": packed(CAPTURE.read_bytes())[:400]}, "damaged"),
        ({"gzip": base64.b64encode(b"no gzip").decode()}, "damaged"),
        ({"sha256": ""}, "damaged"),
    ],
)
def test_one_that_is_not_what_it_says_is_refused(
    run_file: Path, temporary: Path, fields: dict[str, object], said: str
) -> None:
    with pytest.raises(RunFileError, match=rf"a\.run: the capture mine\.pcap in it is .*{said}"):
        Workbench.load(changed(run_file, **fields))
    assert list(temporary.iterdir()) == []


def test_a_record_reads_no_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells the capture by size and time: it is written as the screen begins."""
    capture = tmp_path / "mine.pcap"
    capture.write_bytes(CAPTURE.read_bytes())
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24",))
    bench = Workbench.from_scenario(scenario_for_capture([capture], inside, "", 1, "interface"))
    with monkeypatch.context() as patched:
        patched.setattr(captures, "_saved", None)
        recorder = bench.record(tmp_path / "record.run")
    bench.play(20)
    recorder.close(keep=True)
    assert Workbench.load(tmp_path / "record.run").snapshot().packets.read == 20
    os.utime(capture, ns=(1, 1))
    with pytest.raises(RunFileError, match=r"mine\.pcap has changed since the run was saved;"):
        Workbench.load(tmp_path / "record.run")
