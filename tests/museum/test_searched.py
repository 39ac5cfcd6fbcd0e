"""Exhibits that take an interleaving: one is found with the fault, and none without.

What looks for one reads what suspended steps hold, so each runs in an interpreted process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from aclbench.designs.exhibit import Searched
from aclbench.designs.exhibits import NAMES, exhibit_named

SEARCHED = [name for name in NAMES if isinstance(exhibit_named(name).shown_by, Searched)]


def museum(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "aclbench", "museum", *arguments],
        env={**os.environ, "ACLBENCH_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", SEARCHED)
def test_it_is_found_and_not_without_the_fault(name: str) -> None:
    found: dict[str, Any] = json.loads(museum(name, "--json"))
    fault, fixed = found["runs"]["fault"], found["runs"]["fixed"]
    assert fault["found"]["property"] == found["breaks"]
    assert fault["found"]["preemptions"] <= 1
    assert (fixed["found"], fixed["whole"]) == (None, True)


def test_it_is_told_with_lanes_and_how_much_was_searched() -> None:
    told = museum("vpp-912b")
    with_fault, without = told.split("Without the fault (design fifo-2017): ")
    assert "    >          allow interrupt" in with_fault
    without = " ".join(without.split())
    assert without.startswith("nothing goes wrong in ")
    assert "up to 2 preemptions and 4 jumps of the clock" in without
    assert (
        "the switch that matters: cleaner is in the middle of a turn, ahead of `mark pending`."
        in with_fault
    )


def explore(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aclbench", "explore", *arguments],
        env={**os.environ, "ACLBENCH_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_explore_takes_an_exhibit_alone_or_into_a_scenario() -> None:
    alone = explore("--exhibit", "vpp-912c", "--json")
    assert (alone.returncode, json.loads(alone.stdout)["found"]["property"]) == (1, "hung-clear")
    other = explore("replace-under-match", "--exhibit", "vpp-912b", "--json")
    assert json.loads(other.stdout)["design"] == "vpp-912b"
    plain = explore("--exhibit", "vpp-932")
    assert (plain.returncode, "aclbench museum vpp-932" in plain.stderr) == (1, True)
    assert explore("--exhibit", "vpp-912b", "--design", "wheel").returncode == 2


def test_on_the_screen_what_was_found_lies_ahead() -> None:
    program = """
from aclbench.designs.exhibits import exhibit_named
from aclbench.museum.searching import found_on_screen
from aclbench.workbench.tasks import finish
bench = finish(found_on_screen(exhibit_named("vpp-912b")))
assert bench.snapshot().packets.read == 0
assert bench.forward(100, "steps") == 17
[worker] = bench.snapshot().workers[1:]
assert worker.interrupt_is_pending and bench.rig.driver.at_rest()
bench.back(1)
assert not bench.snapshot().workers[1].interrupt_is_pending
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ACLBENCH_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
