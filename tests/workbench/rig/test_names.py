"""A real VPP's interface names stand wherever `pg0` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from aclbench import CommandError, Workbench
from aclbench.cli.commands import cli
from aclbench.workbench.rig.configuration import configuration_lines
from aclbench.workbench.rig.names import MAX_NAME_CHARACTERS, is_real_name

CASES = Path(__file__).parents[2] / "cases"
REAL = (
    "GigabitEthernet3/0/0",
    "TenGigabitEthernet82/0/1.4094",
    "HundredGigabitEthernet0/8/0/0",
    "host-eth0",
    "memif0/0",
    "BondEthernet0.100",
    "loop0",
    "tap1",
    "wan0",
)


@pytest.mark.parametrize("name", REAL)
def test_an_interface_is_made_by_the_first_line_that_sets_it_up(name: str) -> None:
    bench = Workbench()
    first = bench.cli(f"set interface ip address {name} 10.0.0.1/24")
    assert first.startswith(f"note: {name} was made here")
    assert bench.cli(f"set interface state {name} up") == ""
    bench.cli("set acl-plugin acl permit")
    bench.cli(f"set acl-plugin interface {name} input acl 0")
    assert f"{name} (up):\n  L3 10.0.0.1/24" in bench.cli("show interface address")
    assert "permitted" in bench.cli(f"send {name} udp 10.0.0.2:1 > 10.0.0.3:2")
    assert name in [c.text for c in bench.lines.table.complete("set acl-plugin interface ", bench)]


@pytest.mark.parametrize(
    "name",
    ["pg0", "PG7", "pg0.100", "local0", "LOCAL1", "wan", "0", "e" * MAX_NAME_CHARACTERS + "0"],
)
def test_what_is_no_real_name(name: str) -> None:
    assert not is_real_name(name)


def test_capital_letters_count_as_in_vpp_and_are_most_likely_a_slip() -> None:
    bench = Workbench()
    bench.cli("set interface state GigabitEthernet3/0/0 up")
    with pytest.raises(CommandError, match="did you mean GigabitEthernet3/0/0"):
        bench.cli("set interface state gigabitethernet3/0/0 up")
    bench.cli("set interface state GigabitEthernet3/0/1 up")
    assert len(bench.snapshot().interfaces) == 3


def test_an_address_that_is_refused_makes_no_interface() -> None:
    bench = Workbench()
    bench.cli("set interface ip address eth0 10.0.0.1/24")
    with pytest.raises(CommandError, match="overlaps"):
        bench.cli("set interface ip address eth1 10.0.0.2/24")
    assert [i.name for i in bench.snapshot().interfaces] == ["local0", "eth0"]


def test_going_back_takes_it_away_and_a_saved_bench_has_it_again() -> None:
    bench = Workbench()
    bench.cli("create packet-generator interface pg0")
    bench.cli("send pg0 udp 10.0.0.2:1 > 10.0.0.3:2")
    bench.cli("set interface state memif0/0 up")
    bench.cli("set interface ip address memif0/0 10.0.0.1/24")
    lines = configuration_lines(bench.rig)
    again = Workbench()
    for line in lines:
        again.cli(line)
    assert configuration_lines(again.rig) == lines
    assert again.snapshot().interfaces == bench.snapshot().interfaces
    bench.cli("back packet")
    assert "memif0/0" not in [i.name for i in bench.snapshot().interfaces]


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        (("--exec", "b24-real.conf", "a15b-without-it.pcap"), {"permitted": 10, "denied": 10}),
        (("--exec", "b24b.conf", "a15b-without-it.pcap"), {"permitted": 10, "denied": 10}),
        (("b24c.toml",), {"permitted": 20}),
    ],
)
def test_replays_with_real_names(
    arguments: tuple[str, ...], figures: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES)
    done = CliRunner().invoke(cli, ["replay", *arguments])
    assert done.exit_code == 0, done.output
    said = {words[0]: int(words[1]) for line in done.output.splitlines()
            if (words := line.split())[:1] and words[0] in ("permitted", "denied")}  # fmt: skip
    assert said == figures
    made = "GigabitEthernet3/0/0 and GigabitEthernet5/0/0 were made here"
    assert (made in done.output) == ("b24b.conf" not in arguments)


def test_a_name_of_a_scenario_that_is_none_says_what_is_right(tmp_path: Path) -> None:
    text = (CASES / "b24c.toml").read_text().replace("GigabitEthernet5/0/0", "a b")
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    done = CliRunner().invoke(cli, ["replay", str(file)])
    assert "GigabitEthernet3/0/0, host-eth0" in str(done.exception or done.output)
