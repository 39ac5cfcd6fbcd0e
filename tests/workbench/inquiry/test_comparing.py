"""Two places of a run compared: who would notice the second one."""

from __future__ import annotations

import re

import pytest

from aclbench.errors import CommandError
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.workbench import Workbench


def test_a_rule_that_is_taken_away_is_noticed() -> None:
    bench = Workbench.load(find_input("full-table"))
    bench.play()
    bench.goto_packet(0)
    bench.branch("tight")
    bench.cli("set acl-plugin session table max-entries 8")
    bench.play()
    tight, main = bench.report().packets, None
    lines = bench.cli("compare main tight").splitlines()
    bench.switch("main")
    main = bench.report().packets
    assert main.denied < tight.denied
    assert lines[0].startswith("tight instead of main: ")
    assert lines[0].endswith(" lost")
    assert "permitted" in lines[1]
    assert "denied (too many sessions to add new)" in lines[1]
    table = {line[:-20].strip(): line.split()[-2:] for line in lines if line.startswith("denied")}
    assert list(table.values()) == [[f"{main.denied:,}", f"{tight.denied:,}"]]
    assert bench.cli("compare main main").startswith("main instead of main: nobody would notice")


def two_branches() -> Workbench:
    """`main`, and `tight` with room for eight sessions only."""
    bench = Workbench.load(find_input("full-table"))
    bench.play()
    bench.goto_packet(0)
    bench.branch("tight")
    bench.cli("set acl-plugin session table max-entries 8")
    bench.play()
    return bench


def test_points_are_compared_as_far_as_both_go() -> None:
    bench = two_branches()
    whole = bench.cli("compare main tight").splitlines()
    part = bench.cli("compare main@#300 tight").splitlines()
    assert part[0].startswith("tight instead of main@#300: ")
    counts = [int(re.search(r": ([\d,]+) packets? of", lines[0])[1]) for lines in (whole, part)]
    assert 0 < counts[1] < counts[0]
    peak = {line.split()[1]: line.split()[2:] for line in part if line.startswith("sessions")}
    assert peak["peak"] == ["24", "8"]
    same = bench.cli("compare main@#300 main").splitlines()
    assert same[0] == "main instead of main@#300: nobody would notice"


def test_a_difference_begins_with_who_would_notice() -> None:
    bench = two_branches()
    noticed, fields = bench.cli("diff main tight").split("\n\n")
    whole, lines = bench.cli("compare main tight").splitlines(), noticed.splitlines()
    assert (lines[:4], lines[5:]) == (whole[:4], whole[12:])
    assert fields.startswith("counts ")
    assert bench.diff("main", "tight")[: len(lines)] == lines
    assert bench.cli("diff main main") == "no difference"


def test_it_is_compared_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = two_branches()
    expected = bench.cli("compare main tight")
    monkeypatch.setattr("aclbench.workbench.inquiry.comparing.SLICE_PACKETS", 8)
    task, told = bench.begin("compare main tight"), 0
    while not task.work(0.0):
        told += task.progress is not None and task.progress.unit == "packets compared"
    assert told >= len(bench.history.packets) // 8 > 2
    assert task.result == expected


def test_a_branch_that_is_not_there_is_refused() -> None:
    bench = Workbench.load(find_input("full-table"))
    with pytest.raises(CommandError, match="nowhere"):
        bench.cli("compare main nowhere")
