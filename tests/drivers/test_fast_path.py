"""The fast path gives what the steps give: rows, tables, counters, what became of packets."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.scenario import How, Plan, Run, plans
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.drivers.fast_path import SWITCH
from aclbench.engine import reading
from aclbench.workbench.rig.fields import fields_of

#: What a packet's trace alone uses, and what has rows of its own below.
APART = {"pool", "expired", "session_in_hand", "packet_number", "interface_counters", "outcomes"}


def canonical(run: Run) -> dict[str, Any]:
    """Everything that a run has come to, in a form that does not tell how."""
    am = run.am
    return {
        **run.state(),
        "workers": [
            {
                **fields_of(worker, APART),
                "free": list(worker.pool.free_indices),
                "slots": [reading.slot_at(worker, slot) for slot in range(len(worker.pool))],
                "interfaces": [fields_of(counters) for counters in worker.interface_counters],
            }
            for worker in am.workers
        ],
        "outcomes": [list(w.outcomes.numbers) for w in am.workers if w.outcomes is not None],
    }


def run_of(plan: Plan, how: How = "straight", frame_size: int = 256, fast: str = "1") -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SWITCH, fast)
        run = Run(plan, how, frame_size, heard=False, kept=True)
    assert (run.driver._fast_path is None) == (fast == "0")
    return run


@examples(60)
@given(plans(max_actions=16), st.sampled_from([1, 3, 16, 256]))
def test_the_fast_path_gives_what_the_steps_give(plan: Plan, frame_size: int) -> None:
    """Slots that were freed and touched late are compared, too."""
    fast = canonical(run_of(plan, frame_size=frame_size))
    assert canonical(run_of(plan, fast="0")) == fast
    assert canonical(run_of(plan, "steps")) == fast
