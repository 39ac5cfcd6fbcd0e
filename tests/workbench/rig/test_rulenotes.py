"""Rules that cannot do what they say are noted when they are made: at the prompt, in a report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench import Workbench
from aclbench.engine.acl import AclRule
from aclbench.engine.matching import RuleCheck
from aclbench.engine.packet import INFO_L4_VALID, FiveTuple
from aclbench.workbench.rig.rulenotes import has_ports, rule_note


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("permit proto 132 dport 3868", "never matches, later fragments aside: it has dport"),
        ("permit proto 47 sport 1-9 dport 2", "it has sport and dport"),
        ("permit src ::/0 proto 1 sport 8", "of protocol 1 no ports are read"),
        ("permit dport 80", "no proto: dport is not looked at"),
        ("permit dport 80 tcpflags 2 mask 18", "dport and tcpflags are not looked at"),
        ("permit tcpflags 2 mask 2", "no proto: tcpflags are not looked at, any L4 matches"),
        ("permit proto 17 tcpflags 2 mask 2", "tcpflags, which are not looked at in protocol 17"),
    ],
)
def test_a_rule_that_cannot_do_what_it_says(rule: str, says: str) -> None:
    """Where it is made, and in the report of the bench, as with a scenario's lines."""
    bench = Workbench()
    said = bench.cli(f"set acl-plugin acl permit proto 6 dport 80, {rule}")
    assert said.startswith("ACL index:0\nnote: acl 0 rule 1 ")
    assert says in said
    (note,) = bench.report().notes
    assert says in note


@pytest.mark.parametrize(
    "rule",
    [
        "permit proto 6 dport 80",
        "permit proto 6 tcpflags 2 mask 2",
        "permit proto 17 dport 53 tcpflags 0 mask 0",
        "deny proto 132",
        "permit proto 1 sport 8",
        "permit proto 47 dport 0-9",
    ],
)
def test_a_rule_that_can(rule: str) -> None:
    """Nothing is said of it."""
    bench = Workbench()
    assert bench.cli(f"set acl-plugin acl {rule}") == "ACL index:0"
    assert not bench.report().notes


def test_of_many_some_are_named() -> None:
    """A report stays short."""
    bench = Workbench()
    bench.cli("set acl-plugin acl " + ", ".join(["permit proto 132 dport 9"] * 9))
    notes = bench.report().notes
    assert (len(notes), notes[-1]) == (4, "and 6 such rules more")


@given(st.integers(1, 255), st.booleans(), st.integers(0, 65535), st.integers(0, 65535))
def test_what_is_said_never_to_match_does_not(
    proto: int, is_ip6: bool, first: int, last: int
) -> None:
    """The machine's own check agrees, for a packet with L4."""
    rule = AclRule(1, is_ip6, proto=proto, dst_port_or_code_first=first, dst_port_or_code_last=last)
    if has_ports(proto, is_ip6):
        assert not rule_note(0, 0, rule)
        return
    five = FiveTuple(1, 2, 0, 0, proto, is_ip6, 0)
    matches = RuleCheck().mismatch(rule, five, INFO_L4_VALID, True) is None
    assert matches == (not rule_note(0, 0, rule))
