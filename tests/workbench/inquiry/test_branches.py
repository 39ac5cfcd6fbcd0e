"""Two branches compared: who would notice the second one."""

from __future__ import annotations

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
    assert lines[0].endswith(" would have another fate")
    assert "permitted" in lines[1]
    assert "denied (too many sessions to add new)" in lines[1]
    table = {line[:-20].strip(): line.split()[-2:] for line in lines if line.startswith("denied")}
    assert list(table.values()) == [[f"{main.denied:,}", f"{tight.denied:,}"]]
    assert bench.cli("compare main main").startswith("main instead of main: nobody would notice")


def test_a_branch_that_is_not_there_is_refused() -> None:
    bench = Workbench.load(find_input("full-table"))
    with pytest.raises(CommandError, match="nowhere"):
        bench.cli("compare main nowhere")
