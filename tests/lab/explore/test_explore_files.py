"""Scenarios to explore that somebody else made: a message each, which says what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench.errors import AclbenchError
from aclbench.lab.explore.exploring import explore
from aclbench.lab.explore.scenario import load_explored

BENCH = """
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[send]]
packets = "pg0 udp 10.0.0.2:1000 > 192.168.0.2:53"
"""
NEVERS = ", ".join(f'"len(workers) > {number}"' for number in range(65))

LONG = " or ".join(["at_rest"] * 273)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("jumps = 1000000000", "jumps: found 1000000000; right would be a whole number from 0 to"),
        ("preemptions = -1", "preemptions: found -1; right would be a whole number from 0 to 64"),
        ('horizon = "90y"', 'horizon: found 90y; right would be a length of time, such as "601s"'),
        ("horizon = 5", 'horizon: found 5; right would be text, such as "601s"'),
        ('design = "wheeel"', "design: found wheeel; right would be fifo-2017"),
        (f"never = [{NEVERS}]", "find and never: found 65 of them; right would be at most 64"),
        ('title = "\udcff"', "not text in UTF-8"),
        ('setup = "goto 0"', "setup, line 1: goto 0: this bench keeps no history"),
        ('setup = "exec x"', "setup, line 1: exec x: exec is not for a scenario's lines"),
        ('never = ["any("]', "the condition any(: column 4: '(' was never closed"),
        (f'never = ["{LONG}"]', "or at_...: column 1: 2,999 characters; at most 2,000"),
    ],
    ids=lambda text: text[:24],
)
def test_it_says_what_is_wrong(tmp_path: Path, more: str, message: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"{more}\n{BENCH}", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(AclbenchError) as error:
        explore(load_explored(path))
    assert message in str(error.value)
    assert len(str(error.value)) < 1000


def test_a_line_is_quoted_in_part(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    rules = "permit src 0.0.0.0/0, " * 50_000
    path.write_text(f'{BENCH}\n[[cli]]\nlines = "set acl-plugin acl {rules}"', encoding="utf-8")
    with pytest.raises(AclbenchError) as error:
        explore(load_explored(path))
    assert len(str(error.value)) < 1000
