"""The smallest value at which nobody loses a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.benches import compare, scenario_of

from aclbench.errors import AclbenchError
from aclbench.lab.searching import MAX_ENTRIES, check_key, finding_smallest
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.tasks import finish


def test_it_is_enough_and_one_less_is_not(tmp_path: Path) -> None:
    scenario = scenario_of("many-flows")
    found = finish(finding_smallest(scenario, "max-entries", tmp_path, OPENING_LIMITS, 1))
    value = found.value
    assert value > 2
    varied = f"max-entries={MAX_ENTRIES},{value},{value - 1}"
    _, enough, less = compare(tmp_path, "many-flows", varied, most=1)
    assert enough.notice is not None
    assert (enough.notice.packets, enough.ran.figures.recycled) == (0, 0)
    assert less.notice is not None
    assert less.notice.packets or less.ran.figures.recycled
    assert found.below is not None
    assert found.below.notice == less.notice
    assert found.to_json()["one_less"]["packets"] == less.notice.packets
    assert f"from max-entries={value} on\nat {value - 1}: " in found.to_text()


def test_what_has_no_smallest_value_is_refused() -> None:
    check_key("timeout udp idle")
    with pytest.raises(AclbenchError, match="max-entries or a timeout"):
        check_key("workers")
