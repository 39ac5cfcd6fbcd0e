"""Explain names the cause: of the cases, of faults put into a working bench; undone, it passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench.inquiry.faults import FAULTS, Fault, play, world

from aclbench import Workbench
from aclbench.workbench.inquiry.explain import explanation_text

CASES = Path(__file__).parents[2] / "cases"


def case(name: str) -> Workbench:
    """A bench on which the lines of a case were run, but for its questions."""
    bench = Workbench()
    (found,) = CASES.glob(f"{name}*.cli")
    for line in found.read_text().splitlines():
        if not line.startswith(("explain", "show")):
            bench.cli(line)
    return bench


@pytest.mark.parametrize(
    ("name", "packet", "kind", "says"),
    [
        ("b01", 2, "elsewhere", "its session is on pg0"),
        ("b06", 3, "fragment", "a later fragment has no ports"),
        ("b10b", 1, "port rule", "asks for a port"),
        ("b11", 6, "full before", "packet 5) was refused"),
        ("b20", 3, "before acl", "(packet 1) before the ACL"),
        ("b21", 2, "permit", "(packet 1) passed under `permit`"),
        ("b21", 3, "permit", "(packet 1) passed under `permit`"),
    ],
)
def test_the_cases(name: str, packet: int, kind: str, says: str) -> None:
    """What they are about is the first line, and undone lets the packet pass."""
    explanation = case(name).explain(packet)
    cause = explanation.causes[0]
    assert (cause.kind, cause.tried) == (kind, True)
    assert says in cause.title
    assert cause.title[:20] in explanation_text(explanation).splitlines()[0]


def test_a_port_rule_is_not_said_to_fail_on_a_port_that_is_not_there() -> None:
    """A protocol without ports has no port 0."""
    said = explanation_text(case("b10b").explain(1))
    assert "dport 0" not in said
    assert "never matches" in said


def test_the_mended_rule_of_a_case_would_open_a_session_now() -> None:
    """What is to be done: a new request."""
    assert "would open a session now" in case("b21").explain(3).causes[0].cure


def _named() -> list[tuple[Fault, str, bool]]:
    return [(f, talk, ip6) for f in FAULTS for talk in f.talks for ip6 in (False, True)]


@pytest.mark.parametrize(
    ("fault", "talk", "is_ip6"),
    _named(),
    ids=[f"{f.name}-{talk}-{6 if ip6 else 4}" for f, talk, ip6 in _named()],
)
def test_a_fault_that_was_put_in_is_named_first(fault: Fault, talk: str, is_ip6: bool) -> None:
    """The bench without it lets the packet pass; with it, it is the cause, and undone passes."""
    made = world(talk, is_ip6)
    assert play(made)[1] == "permitted"
    bench, fate = play(fault.put(made))
    assert fate in ("denied", "dropped")
    explanation = bench.explain(bench.snapshot().packets.read)
    cause = explanation.causes[0]
    assert (cause.kind, cause.tried) == (fault.kind, True), explanation_text(explanation)
    assert fault.says in cause.title
    first = explanation_text(explanation).splitlines()[0]
    assert cause.title[:20] in first
