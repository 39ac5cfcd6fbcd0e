"""aclbench agrees with a recorded VPP, packet by packet."""

from __future__ import annotations

from typing import Any

import pytest
from reference.recorded import apply, differences, recorded, set_up

from aclbench import Workbench

SAMPLES = ("vpp-verdicts-sample.jsonl", "vpp-aging-sample.jsonl")


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(one, id=f"{name[4:-13]}-{one['seed']}")
        for name in SAMPLES
        for one in recorded(name)
    ],
)
def test_every_packet_has_vpps_fate(scenario: dict[str, Any]) -> None:
    """The same tx interface, the same action at each node, the same ACL and rule."""
    bench = Workbench(workers=1)
    indices = set_up(bench, scenario)
    apply(bench, scenario, indices)
    assert differences(scenario, bench, indices, one_by_one=True) == []
