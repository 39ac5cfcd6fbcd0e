"""`aclbench replay --threads` as a person or a script runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.command import capture, run

from aclbench.cli import commands
from aclbench.drivers import worker_thread


def test_the_figures_are_those_of_the_stepped_replay() -> None:
    """All but how often the cleaner looked, and how long it took."""
    figures = []
    for threads in ((), ("--threads",), ("--threads", "--placement", "flow")):
        done = run("replay", "--json", "--workers", "3", *threads, capture("many-flows"))
        assert (done.returncode, done.stderr) == (0, "")
        figures.append(json.loads(done.stdout))
    for name in ("packets", "reasons"):
        assert figures[1][name] == figures[2][name] == figures[0][name]
    assert {f["sessions"]["added"] for f in figures} == {142}
    assert [w["packets"] for w in figures[1]["workers"]] == [
        w["packets"] for w in figures[0]["workers"]
    ]


def test_workers_that_run_free_lose_no_packet() -> None:
    """`--order none`: what they find may differ, the balance may not."""
    done = run("replay", "--json", "--threads", "--order", "none", "--workers", "4", "aging")
    figures = json.loads(done.stdout)
    assert figures["packets"]["read"] == sum(figures["reasons"].values()) == 2320
    sessions = figures["sessions"]
    assert sessions["added"] - sessions["deleted"] == sessions["live"]


def test_at_the_wall_s_pace() -> None:
    """A second of packets, ten times as fast as the wall."""
    done = run("replay", "--json", "--threads", "--speed", "10", capture("http"))
    figures = json.loads(done.stdout)
    assert figures["packets"]["read"] == 70
    assert figures["elapsed_s"] >= figures["virtual_s"] / 10 > 0.05


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--order", "none"), 2, "--order goes with --threads"),
        (("--speed", "2"), 2, "--speed goes with --threads"),
        (("--threads", "--speed", "0"), 2, "write max, or the clock"),
        (("--threads", "--speed", "nan"), 2, "write max, or the clock"),
        (("--threads", "--speed", "quick"), 2, "write max, or the clock"),
        (("--threads", "--order", "any"), 2, "'connection', 'none'"),
        (("--threads", "--workers", "0"), 1, "at least one worker"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, says: str) -> None:
    """Each says what would be right."""
    done = run("replay", *arguments, capture("http"))
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_an_interrupt_ends_every_thread() -> None:
    """With the figures so far, however long the next packet keeps everybody waiting."""
    arguments = ["--threads", "--workers", "2", "--trace", "--speed", "1", capture("long-gaps")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "aclbench", "replay", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # whose threads are there at once
    )
    for _ in range(600):
        if _threads_of(process.pid) >= 3:  # the workers are there: the run would take a day
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"packets in" in out
    assert b"Traceback" not in err


def _threads_of(pid: int) -> int:
    """How many threads a process has; 0 where the system does not tell."""
    tasks = Path(f"/proc/{pid}/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0


def test_a_thread_that_fails_is_named_with_what_it_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The figures so far, and one line: which thread, and at what; its traceback is kept."""

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("a fault of this test")

    monkeypatch.setattr(worker_thread, "process_batch", fail)
    monkeypatch.setattr(sys, "argv", ["aclbench", "replay", "--threads", capture("http")])
    assert commands.run() == 70
    shown = capsys.readouterr()
    assert "0 packets in" in shown.out
    [line] = shown.err.splitlines()
    assert line.startswith(
        "aclbench: a fault of the program: vpp_wk_0 failed, handling packets 1 to "
    )
    kept = tmp_path / "aclbench" / "last-fault.txt"
    assert str(kept) in line
    assert "ZeroDivisionError: a fault of this test" in kept.read_text()
