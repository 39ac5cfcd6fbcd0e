"""The smallest value at which nobody loses a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.benches import compare, scenario_of

from aclbench.errors import AclbenchError
from aclbench.lab.jobs import here
from aclbench.lab.searching import MAX_ENTRIES, Search, check_key
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.tasks import Task, finish


def test_it_is_enough_and_one_less_is_not(tmp_path: Path) -> None:
    scenario = scenario_of("many-flows")
    search = Search(scenario, "max-entries", OPENING_LIMITS, 1)
    assert search.known is None
    finish(search.slices(here(tmp_path), here(tmp_path)))
    found = search.known
    assert found is not None
    assert found.is_found
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
    assert found.to_json()["lost"]["packets"] == less.notice.packets
    assert f"from max-entries={value} on\nat {value - 1}: " in found.to_text()


def test_who_is_stopped_knows_some_of_it(tmp_path: Path) -> None:
    search = Search(scenario_of("many-flows"), "max-entries", OPENING_LIMITS, 1)
    task = Task(search.slices(here(tmp_path), here(tmp_path)))
    while search.known is None or not search.known.lost:
        assert not task.work(0.0)
    task.stop()
    found = search.known
    assert not found.is_found
    assert found.to_text().startswith(
        f"nobody loses a session from max-entries={found.value} on; "
        f"the smallest value is above {found.lost}\nat {found.lost}: "
    )
    assert not found.to_json()["is_smallest"]


def test_what_has_no_smallest_value_is_refused() -> None:
    check_key("timeout udp idle")
    with pytest.raises(AclbenchError, match="max-entries or a timeout"):
        check_key("workers")
