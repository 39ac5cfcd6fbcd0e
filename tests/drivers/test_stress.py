"""The short form of the stress harness, and proof that it finds what is wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from drivers.stress import FAULTS, Hang, StressThread, main, plan_of, run_seed

from aclbench.drivers.batch import Batch
from aclbench.errors import ThreadError

TESTS = Path(__file__).parents[1]
SEEDS = 40
#: Seeds that run one after the other in one test.
GROUP = 8


@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_the_state_is_right_whatever_comes_in_between(first: int):
    """Clears, reconfiguration, stalls, late interrupts: nothing breaks, and every clear ends."""
    for seed in range(first, first + GROUP):
        run_seed(seed)


def test_the_seeds_differ_in_all_that_there_is():
    """Both clocks, all numbers of workers, both orders and placements, heard and unheard."""
    plans = [plan_of(seed) for seed in range(SEEDS)]
    assert {plan.workers for plan in plans} == {1, 2, 3, 4}
    for trait in ("by_connection", "flow_placement", "heard"):
        assert {getattr(plan, trait) for plan in plans} == {True, False}
    assert {plan.speed is None for plan in plans} == {True, False}
    assert {behind for plan in plans for _, behind, _, _ in plan.commands} == {True, False}


def run_some(fault: str) -> None:
    """A few seeds with a driver that is wrong."""
    for seed in range(5):
        run_seed(seed, fault)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("lost-interrupt", "does not end|pending for ever|with an interrupt pending"),
        ("lost-packet", "packets counted"),
        ("wrong-count", "add"),
        ("unlisted", "list"),
        ("raises", "vpp_wk_. failed, failing: ZeroDivisionError"),
    ],
)
def test_a_wrong_machine_is_found(fault: str, says: str):
    """Within a few seeds, by what it is."""
    before = threading.enumerate()
    with pytest.raises((AssertionError, ThreadError), match=says):
        run_some(fault)
    assert threading.enumerate() == before


def test_a_run_that_hangs_is_a_failure_that_says_where_everybody_is():
    """The watchdog fails the run; its text has each thread's stack and each worker's work."""
    with pytest.raises(Hang, match="being stuck") as caught:
        run_seed(0, "stuck-until-it-fails", watchdog_s=0.3)
    report = str(caught.value)
    assert "seed 0 hangs" in report
    assert "--- vpp_wk_0" in report
    assert "--- MainThread" in report
    assert "\ncleaner: " in report  # wherever it stands at that moment


def test_a_slow_machine_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is that something gets done."""

    class Slow(StressThread):
        def _process(self, batch: Batch) -> None:
            time.sleep(0.1)
            super()._process(batch)

    monkeypatch.setitem(FAULTS, "slow", Slow)
    began = time.monotonic()
    run_seed(0, "slow", watchdog_s=0.5)
    assert time.monotonic() - began > 0.5


def test_the_command_ends_also_if_its_threads_never_do():
    """Exit code 1, the seed, and where everybody is."""
    command = [sys.executable, "-m", "drivers.stress"]
    told = ["--first", "3", "--seeds", "1", "--fault", "stuck"]
    ended = subprocess.run(
        [*command, *told, "--watchdog", "1", "--grace", "0.3"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "vpp_wk_0: being stuck" in ended.stderr
    assert "seed 3 hangs, for good" in ended.stderr


def run_command(monkeypatch: pytest.MonkeyPatch, *told: str) -> int:
    """Its exit code."""
    monkeypatch.setattr(sys, "argv", ["stress", *told])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_says_how_many_seeds_passed(monkeypatch, capsys):
    """So many as told, from the one told."""
    assert run_command(monkeypatch, "--first", "5", "--seeds", "2") == 0
    assert "2 seeds from 5 on passed" in capsys.readouterr().out


def test_the_command_says_which_seed_failed_and_how_to_run_it_again(monkeypatch, capsys):
    """And ends there, with exit code 1."""
    assert run_command(monkeypatch, "--first", "2", "--seeds", "9", "--fault", "raises") == 1
    said = capsys.readouterr()
    assert "again: PYTHONPATH=tests .venv/bin/python -m drivers.stress --first 2" in said.out
    assert "ZeroDivisionError" in said.err
