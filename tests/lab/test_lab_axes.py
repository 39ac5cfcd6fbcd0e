"""What is varied, and the benches that come of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.benches import axes_of, scenario_of

from aclbench.errors import AclbenchError
from aclbench.lab.axes import combinations, read_axis
from aclbench.workbench.workbench import Workbench


def test_every_combination_the_last_axis_fastest() -> None:
    found = combinations(scenario_of("http"), axes_of("workers=1,2", "placement=interface,flow"))
    assert [each.name for each in found] == [
        "workers=1 placement=interface",
        "workers=1 placement=flow",
        "workers=2 placement=interface",
        "workers=2 placement=flow",
    ]
    assert [(s.workers, s.placement) for _, s in found] == [
        (1, "interface"),
        (1, "flow"),
        (2, "interface"),
        (2, "flow"),
    ]


def test_without_an_axis_there_is_one_bench() -> None:
    scenario = scenario_of("http")
    (only,) = combinations(scenario, [])
    assert (only.scenario, only.name) == (scenario, "as it is")


@pytest.mark.parametrize(
    ("varied", "name", "value"),
    [
        ("timeout udp idle=7", "session_timeout", [7, 86400, 120]),
        ("timeout  tcp  transient = 9", "session_timeout", [600, 86400, 9]),
        ("max-entries=5", "conn_table_max_entries", 5),
        ("quantum=10", "max_deleted_sessions_per_interval", 10),
        ("wait-min=2ms", "wait_interval_min", 2_000_000),
        ("wait-max=2s", "wait_interval_max", 2_000_000_000),
    ],
)
def test_a_value_takes_effect(varied: str, name: str, value: object) -> None:
    """Also where the scenario's own lines set another: full-table has 24 entries."""
    ((_, scenario),) = combinations(scenario_of("full-table"), axes_of(varied))
    am = Workbench.from_scenario(scenario, history=False).rig.machine.am
    found = getattr(am, name)
    if name == "session_timeout":
        found = [ns // 10**9 for ns in found]
    assert found == value


def test_rules_of_an_acl_come_from_a_file(tmp_path: Path) -> None:
    rules = tmp_path / "a.cli"
    rules.write_text(
        "# what may be opened\nset acl-plugin acl index 1 permit src 10.0.0.0/8,\n\n"
        "deny src 0.0.0.0/0 # the rest\n"
    )
    ((_, scenario),) = combinations(scenario_of("http"), axes_of(f"acl1={rules}"))
    am = Workbench.from_scenario(scenario, history=False).rig.machine.am
    assert [rule.is_permit for rule in am.acls[1].rules] == [1, 0]
    assert len(am.acls[0].rules) == 2


def test_a_file_of_lines_makes_the_bench_that_others_change(tmp_path: Path) -> None:
    lines = tmp_path / "lines.cli"
    lines.write_text(
        "create packet-generator interface pg0\nset interface state pg0 up\n"
        "ip route add 0.0.0.0/0 via pg0\nset acl-plugin session table max-entries 3\n"
    )
    ((_, scenario),) = combinations(scenario_of("http"), axes_of("max-entries=9", f"exec={lines}"))
    am = Workbench.from_scenario(scenario, history=False).rig.machine.am
    assert [i.name for i in am.interfaces if i is not None] == ["local0", "pg0"]
    assert am.conn_table_max_entries == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("design", "write KEY=A,B"),
        ("design=fifo-2017,", "write KEY=A,B"),
        ("desing=fifo-2017", "did you mean design"),
        ("workers=1,1", "1 is there twice"),
    ],
)
def test_what_is_no_axis_is_refused(text: str, message: str) -> None:
    with pytest.raises(AclbenchError, match=message):
        read_axis(text)


@pytest.mark.parametrize(
    ("varied", "message"),
    [
        (("design=fifo-2018",), "design=fifo-2018: there is no design"),
        (("workers=257",), "workers=257: a number from 0 to 256"),
        (("placement=x",), "placement=x: interface or flow"),
        (("acl0=/nowhere",), "acl0=/nowhere: "),
        (("workers=1", "workers=2"), "workers is varied twice"),
        (("max-entries=" + ",".join(map(str, range(10001))),), "10,001 combinations"),
    ],
)
def test_what_is_no_value_is_refused(varied: tuple[str, ...], message: str) -> None:
    with pytest.raises(AclbenchError, match=message):
        combinations(scenario_of("http"), axes_of(*varied))
