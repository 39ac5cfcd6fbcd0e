"""Budgets: work is counted alike on every way through the machine; what used it up is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench import RunFileError, Workbench
from aclbench.drivers.fast_path import SWITCH
from aclbench.workbench.budget import Budget, BudgetError, Limits, TooSlowError
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.tasks import finish


def spent_on(lines: list[str], budget: Budget) -> int:
    """What a bundled run takes, line by line."""
    bench = Workbench.load(find_input("aging"))
    for line in lines:
        finish(budget.spend_on(lambda: bench.rig, bench.lines.slices(bench, line), f"`{line}`"))
    return budget.spent


def test_a_packet_counts_the_same_straight_and_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on the fast path, and whether it is compiled or not."""
    by_steps = spent_on(["step 500", "run until +1s"], Budget())
    for fast in ("0", "1"):
        monkeypatch.setenv(SWITCH, fast)
        assert spent_on(["run 1s"], Budget()) == by_steps > 100 * 8


def test_what_used_it_up_is_said() -> None:
    with pytest.raises(BudgetError, match=r"more than 500 units .*, \d+ of them by `run 1s`"):
        spent_on(["step 3", "run 1s"], Budget(500))


def test_a_machine_that_is_too_slow_is_said_to_be() -> None:
    with pytest.raises(TooSlowError, match=r"this machine was too slow: .* of 5,000 units"):
        spent_on(["run 1s"], Budget(5_000, cpu_s=1e-9))


@pytest.fixture
def forever(tmp_path: Path) -> Path:
    """A scenario whose lines make a session that is requeued for ninety years."""
    path = tmp_path / "forever.toml"
    path.write_text("""
cli = '''
set acl-plugin session timeout udp idle 1000000
set acl-plugin session timeout tcp transient 1
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
send pg0 udp 10.0.0.2:5 > 192.168.0.2:53
run 800000h
'''
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24"]
""")
    return path


def test_a_scenario_that_is_opened_has_a_budget(forever: Path) -> None:
    with pytest.raises(BudgetError, match=r"forever.toml: .* more than 5,000 .*`run 800000h`"):
        Workbench.load(forever, Limits(5_000))


def test_the_way_to_a_line_for_a_time_has_a_budget(forever: Path) -> None:
    """It is gone when the scenario is opened, to see whether the line is right."""
    text = forever.read_text().replace("run 800000h\n", "")
    forever.write_text(f'{text}[[at]]\ntime = "800000h"\ncli = "clear acl-plugin sessions"\n')
    with pytest.raises(
        BudgetError, match=r"forever.toml: .* more than 5,000 .* by the way to 800000h"
    ):
        Workbench.load(forever, Limits(5_000))


def test_lines_that_bring_nothing_about_are_work_too(tmp_path: Path) -> None:
    path = tmp_path / "many.toml"
    line = "set acl-plugin session timeout udp idle 7"
    inside, outside = 'name = "pg0"\nprefixes = ["10.0.0.0/24"]', 'name = "pg1"'
    path.write_text(f"cli = {[line] * 30}\n[[interface]]\n{inside}\n[[interface]]\n{outside}\n")
    Workbench.load(path, Limits(1_000))
    with pytest.raises(BudgetError, match=rf"many.toml: .* more than 500 .* by `{line}`"):
        Workbench.load(path, Limits(500))


def test_a_run_that_is_loaded_has_a_budget(tmp_path: Path) -> None:
    bench = Workbench.load(find_input("aging"))
    bench.cli("run 10s")
    bench.save(tmp_path / "aging.run")
    assert Workbench.load(tmp_path / "aging.run", Limits(20_000)).now == bench.now
    with pytest.raises(RunFileError, match=r"aging.run: line 3: .* more than 500 .* branch main"):
        Workbench.load(tmp_path / "aging.run", Limits(500))


def test_branches_without_inputs_are_work_too(tmp_path: Path) -> None:
    """A file may have nothing else."""
    bench, path = Workbench(), tmp_path / "many.run"
    for number in range(30):
        bench.branch(f"b{number}")
    bench.save(path)
    assert len(Workbench.load(path, Limits(1_000)).branches()) == 31
    with pytest.raises(RunFileError, match=r"many.run: line 27: .* more than 500 .* by branches"):
        Workbench.load(path, Limits(500))
