"""Scenario files: what is right works, what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench import ScenarioError, Workbench

GOOD = """\
title = "Two"
workers = 2
placement = "flow"
cli = '''
# a comment
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
'''
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24", "10.1.0.0/16"]
[[interface]]
name = "pg1"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text)
    return path


def test_a_scenario_sets_up_a_bench(tmp_path: Path) -> None:
    """Interfaces up, addresses and routes there, CLI lines run."""
    bench = Workbench.load(write(tmp_path, GOOD))
    snapshot = bench.snapshot()
    assert [(i.name, i.admin_up, i.input_acls) for i in snapshot.interfaces[1:]] == [
        ("pg0", True, (0,)),
        ("pg1", True, ()),
    ]
    assert len(snapshot.workers) == 3
    [verdict] = bench.send(
        "pg1",
        bytes.fromhex(
            "00" * 12 + "0800" + "4500001c0000000040110000080808080a0100010035003500080000"
        ),
    )
    assert verdict.tx == "pg0"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("workers = 2", "workers = -1", "workers"),
        ("workers = 2", 'workers = "two"', "workers"),
        ("workers = 2", "workers = true", "workers"),
        ("workers = 2", "wokers = 2", "wokers"),
        ('"flow"', '"random"', 'placement: found random; right would be "interface" or "flow"'),
        ('name = "pg1"', 'name = "eth0"', "interface 2, name"),
        ('name = "pg1"', 'name = "pg0"', "a name of its own"),
        ('name = "pg1"', 'name = "pg1"\nprefixes = ["0.0.0.0/0"]', "exactly one without prefixes"),
        ('"10.1.0.0/16"', '"10.1.0.1/16"', "has host bits set"),
        ('"10.0.0.1/24"', '"nonsense"', "interface 1, addresses: found nonsense"),
        ("prefixes = [", "prefixes = 5 #", "a list of texts"),
        ("set acl-plugin acl permit+reflect", "set acl-plugin acl permitt", "cli, line 2"),
        ("input acl 0", "input acl 9", "there is no ACL 9"),
        ('title = "Two"', "title = 5", "title"),
        ('title = "Two"', 'captures = ["none.pcap"]', "none.pcap"),
        ('title = "Two"', "title = ", "not TOML"),
        (GOOD, "", "interface: found nothing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """The file, the key or line, what was found, what would be right."""
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ScenarioError) as refusal:
        Workbench.load(path)
    assert says in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_files_that_are_no_scenario(tmp_path: Path) -> None:
    """Missing, a directory, or binary: one message that names the file."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(ScenarioError, match=str(path)):
            Workbench.load(path)
