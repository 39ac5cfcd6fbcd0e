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
from typing import Any

import pytest

from aclbench import RunFileError, Workbench
from aclbench.workbench.history import captures, runfile
from aclbench.workbench.history.captures import saved_captures
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import InterfaceSpec, scenario_for_capture
from aclbench.workbench.tasks import Task, finish
from aclbench.workbench.workbench import loading

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


def changed(run_file: Path, packed: bytes | None = None, **fields: object) -> Path:
    """The same run with other fields of its capture, or with other bytes of it."""
    header, *rest = map(json.loads, run_file.read_text().splitlines())
    header["captures"][0] |= fields
    if packed is not None:
        header["captures"][0]["packed_bytes"] = len(packed)
        rest = [row for row in rest if row[0] != "packed"]
        rest.insert(0, ["packed", base64.b64encode(packed).decode()])
    run_file.write_text("".join(json.dumps(row) + "\n" for row in (header, *rest)))
    return run_file


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
        ({"packed": gzip.compress(bytes(50 << 20))}, "larger than the [0-9,]+ bytes that it says"),
        ({"size_bytes": 1 << 40}, "more than 1,024 MB"),
        ({"size_bytes": -1}, "more than 1,024 MB"),
        ({"packed": gzip.compress(b"another")}, "damaged"),
        ({"packed": gzip.compress(CAPTURE.read_bytes())[:400]}, "damaged"),
        ({"packed": b"no gzip"}, "damaged"),
        ({"sha256": ""}, "damaged"),
    ],
)
def test_one_that_is_not_what_it_says_is_refused(
    run_file: Path, temporary: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(RunFileError, match=rf"a\.run: the capture mine\.pcap in it is .*{said}"):
        Workbench.load(changed(run_file, **fields))
    assert list(temporary.iterdir()) == []


def test_what_is_small_because_it_is_packed_takes_no_memory(run_file: Path) -> None:
    """Before it is known to be larger than it says."""
    changed(run_file, packed=gzip.compress(bytes(30 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(RunFileError, match="larger than the"):
            Workbench.load(run_file)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_what_came_along_is_written_and_read_in_lines_of_bounded_length(
    run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in slices; where it is not needed it is passed over."""
    monkeypatch.setattr(runfile, "PACKED_BYTES", 300)
    bench = Workbench.load(run_file)
    path = tmp_path / "b.run"
    bench.save(path, with_captures=True)
    rows = [line for line in path.read_text().splitlines() if line.startswith('["packed"')]
    assert len(rows) > 3
    assert max(map(len, rows)) < 450
    task = Task(loading(Workbench, path))
    assert not any(task.work(0.0) for _ in rows)
    assert task.finish().now == bench.now
    (tmp_path / "mine.pcap").write_bytes(CAPTURE.read_bytes())
    assert Workbench.load(path).now == bench.now


@pytest.mark.parametrize("number", [1, 0])
def test_what_came_along_is_as_long_as_it_says(run_file: Path, number: int) -> None:
    """No line of it is missing, and none is longer."""
    header, packed, *rest = run_file.read_text().splitlines(keepends=True)
    run_file.write_text(header + packed * number + "".join(rest))
    size = json.loads(header)["captures"][0]["packed_bytes"]
    with pytest.raises(RunFileError, match=r"a\.run: line 2: not the bytes of a capture"):
        Workbench.load(changed(run_file, packed_bytes=size - 1))


def test_a_header_is_of_bounded_length(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For it is read in one piece; one that is longer is not written either."""
    bench = Workbench.load(run_file)
    monkeypatch.setattr(runfile, "MAX_HEADER_BYTES", 100)
    with pytest.raises(RunFileError, match=r"a\.run: not a run file"):
        Workbench.load(run_file)
    with pytest.raises(RunFileError, match="too large to be saved"):
        bench.save(run_file)


def test_a_run_may_come_through_a_pipe_and_no_device_is_read(
    run_file: Path, tmp_path: Path
) -> None:
    """Whoever names it waits for its writer in slices."""
    fifo, device = tmp_path / "b.run", tmp_path / "zero.run"
    os.mkfifo(fifo)
    task = Task(loading(Workbench, fifo))
    assert not any(task.work(0.0) for _ in range(3))
    task.stop()
    task = Task(loading(Workbench, fifo))
    assert not task.work(0.0)
    writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, run_file.read_bytes())
    os.close(writer)
    assert task.finish().now == Workbench.load(run_file).now
    device.symlink_to("/dev/zero")
    with pytest.raises(RunFileError, match=r"zero\.run: a device"):
        Workbench.load(device)


def test_a_capture_that_a_run_names_is_a_file(run_file: Path, tmp_path: Path) -> None:
    """Whoever made the run may have named a pipe, whose size is 0, and which ends never."""
    os.mkfifo(tmp_path / "mine.pcap")
    changed(run_file, size_bytes=0, packed_bytes=0)
    with pytest.raises(RunFileError, match=r"the capture .*mine\.pcap is not there"):
        Workbench.load(run_file)


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
