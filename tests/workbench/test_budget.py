"""Budgets: work is counted alike on every way through the machine; what used it up is said."""

from __future__ import annotations

import pytest

from aclbench import Workbench
from aclbench.workbench.budget import Budget, BudgetError, TooSlowError
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.tasks import finish


def spent_on(lines: list[str], budget: Budget) -> int:
    """What a bundled run takes, line by line."""
    bench = Workbench.load(find_input("aging"))
    for line in lines:
        finish(budget.spend_on(bench, bench.lines.slices(bench, line), f"`{line}`"))
    return budget.spent


def test_a_packet_counts_the_same_straight_and_by_steps() -> None:
    straight = spent_on(["run 1s"], Budget())
    by_steps = spent_on(["step 500", "run until +1s"], Budget())
    assert straight == by_steps > 100 * 8


def test_what_used_it_up_is_said() -> None:
    with pytest.raises(BudgetError, match=r"more than 500 units .*, \d+ of them by `run 1s`"):
        spent_on(["step 3", "run 1s"], Budget(500))


def test_a_machine_that_is_too_slow_is_said_to_be() -> None:
    with pytest.raises(TooSlowError, match=r"this machine was too slow: .* of 5,000 units"):
        spent_on(["run 1s"], Budget(5_000, cpu_s=1e-9))
