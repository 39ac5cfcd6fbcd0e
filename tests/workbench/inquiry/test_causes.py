"""Explain names the cause: of the cases, of faults put into a working bench; undone, it passes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from workbench.history.test_history import bench_on
from workbench.inquiry.faults import FAULTS, Fault, play, world

from aclbench import Workbench
from aclbench.engine.reasons import fate_of
from aclbench.workbench.inquiry.explain import explanation_text
from aclbench.workbench.rig.bundled import bundled_files

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


def test_a_syn_that_came_is_not_said_to_be_missing() -> None:
    """Not even where the answer came at the same time."""
    assert not any(cause.kind == "older" for cause in case("b20").explain(3).causes)


def _named() -> list[tuple[Fault, str, bool]]:
    return [(f, talk, ip6) for f in FAULTS for talk in f.talks for ip6 in (False, True)]


@cache
def passes_without_a_fault(talk: str, is_ip6: bool) -> bool:
    return play(world(talk, is_ip6))[1] == "permitted"


@pytest.mark.parametrize(
    ("fault", "talk", "is_ip6"),
    _named(),
    ids=[f"{f.name}-{talk}-{6 if ip6 else 4}" for f, talk, ip6 in _named()],
)
def test_a_fault_that_was_put_in_is_named_first(fault: Fault, talk: str, is_ip6: bool) -> None:
    """The bench without it lets the packet pass; with it, it is the cause, and undone passes.

    That nothing came before is said only where nothing did.
    """
    assert passes_without_a_fault(talk, is_ip6)
    faulty = fault.put(world(talk, is_ip6))
    bench, fate = play(faulty)
    assert fate in ("denied", "dropped")
    explanation = bench.explain(bench.snapshot().packets.read)
    cause = explanation.causes[0]
    assert (cause.kind, cause.tried) == (fault.kind, True), explanation_text(explanation)
    assert fault.says in cause.title
    text = explanation_text(explanation)
    assert cause.title[:20] in text.splitlines()[0]
    if faulty.happens and fault.kind not in ("fragment", "icmp error", "full", "far end"):
        assert "none came before" not in text


# --- why a session was tcp_transient --------------------------------------------------------------


def talk(*packets: str) -> Workbench:
    """A firewall that works, on which TCP packets are sent: `i S` from inside, `o SA` from outside,
    or a line.
    """
    bench, _ = play(replace(world("tcp", is_ip6=False), happens=(), last="run 1s"))
    ends = {"i": "pg0 tcp 198.51.100.10:4000 > 203.0.113.20:80"}
    ends["o"] = "pg1 tcp 203.0.113.20:80 > 198.51.100.10:4000"
    for packet in packets:
        first, _, rest = packet.partition(" ")
        bench.cli(f"send {ends[first]} {rest}" if first in ends else packet)
    return bench


OPENED = ("i S", "o SA", "i A")


@pytest.mark.parametrize(
    ("packets", "says"),
    [
        ((*OPENED, "i FA"), "FIN at packet 4"),
        ((*OPENED, "o RA"), "RST at packet 4"),
        (
            (*OPENED, "i FA", "o FA", "i S", "o SA", "i A"),
            "FIN at packet 4 was of a connection before; packet 6",
        ),
        (("i A", "o A"), "no SYN was seen from 198.51.100.10, no SYN was seen from 203.0.113.20"),
        (("i S",), "nothing was seen from 203.0.113.20"),
        (("i S", "o SA"), "no ACK was seen from 198.51.100.10"),
    ],
)
def test_a_session_that_expired_as_transient_says_why(packets: tuple[str, ...], says: str) -> None:
    """In the first line; and of a packet that still passes by it."""
    bench = talk(*packets, "run 300s", "o PA")
    number = bench.snapshot().packets.read
    cause = bench.explain(number).causes[0]
    assert (cause.kind, cause.tried) == ("expired", True)
    assert says in cause.title
    passing = talk(*packets, "o PA")
    (note,) = passing.explain(passing.snapshot().packets.read).notes
    if "seen" not in says:  # else this packet is what was not seen
        assert says in note


def test_an_established_session_that_expired_is_no_transient() -> None:
    """Nothing is said of flags."""
    cause = (
        talk(*OPENED, "set acl-plugin session timeout tcp idle 200", "run 300s", "o PA")
        .explain(4)
        .causes[0]
    )
    assert cause.title.endswith("tcp_idle, 200 s")


def test_a_session_that_the_rules_would_not_open_any_more() -> None:
    """Said of what passes by it: ACLs that change leave sessions alone."""
    changed = "set acl-plugin acl index 0 deny"
    bench = talk(*OPENED, "o PA", changed, "o PA")
    assert not bench.explain(4).notes
    (note,) = bench.explain(5).notes
    assert "no rule on pg0 opens such a session any more (acl 0 rule 0: deny)" in note
    assert note in " ".join(explanation_text(bench.explain(5)).split())


# --- what was looked at ---------------------------------------------------------------------------


@pytest.mark.parametrize(("talk", "whose"), [("udp", "its request"), ("tcp", "its request")])
def test_an_answer_that_came_ahead_of_its_request(talk: str, whose: str) -> None:
    """Packets behind it are looked at as well."""
    made = world(talk, is_ip6=False)
    bench, _ = play(replace(made, happens=(), last=made.last))
    explanation = bench.explain(1)
    assert "overtaken" not in [cause.kind for cause in explanation.causes]
    bench, fate = play(replace(made, happens=(made.last,), last=made.happens[0]))
    assert fate == "permitted"
    cause = bench.explain(1).causes[0]
    assert (cause.kind, cause.tried) == ("overtaken", True)
    assert cause.title == f"{whose} (packet 2) came only behind it"


def test_what_comes_behind_a_question_from_outside_is_its_answer_and_no_request() -> None:
    """The lower port is the server's."""
    made = world("udp", is_ip6=False)
    question = "pg1 udp {o}:4000 > {i}:53"
    bench, _ = play(
        replace(
            made, rules=("permit+reflect",), happens=(question,), last="pg0 udp {i}:53 > {o}:4000"
        )
    )
    assert bench.explain(1).causes[0].kind == "rule"


def test_where_none_came_it_is_said() -> None:
    """The words stand for a look through the whole run."""
    alone = play(replace(world("udp", is_ip6=False), happens=()))[0].explain(1)
    assert "none came before, in the whole run" in alone.causes[0].text


def test_a_cause_that_alone_does_not_let_it_pass_says_what_comes_then() -> None:
    """Two faults: the second is what it meets without the first."""
    made = world("udp", is_ip6=False)
    bench, _ = play(
        replace(
            made,
            rules=tuple(rule.replace("dport 53", "dport 54") for rule in made.rules),
            setup=("set interface state pg1 down",),
            happens=(),
            last=made.happens[0],
        )
    )
    cause = bench.explain(1).causes[0]
    assert (cause.kind, cause.tried) == ("near rule", False)
    assert cause.then == "dropped: interface is down"
    assert "without this cause it is dropped: interface is down" in " ".join(
        explanation_text(bench.explain(1)).split()
    )


def test_an_answer_where_the_request_would_pass_under_permit() -> None:
    """No request came, and one would not help: permit makes no session."""
    made = world("tcp", is_ip6=False)
    bench, _ = play(
        replace(
            made,
            rules=tuple(rule.replace("+reflect", "") for rule in made.rules),
            happens=(),
            last="pg1 tcp {o}:80 > {i}:4000 PA",
        )
    )
    cause = bench.explain(1).causes[0]
    assert (cause.kind, cause.tried) == ("permit", True)
    assert "acl 0 rule 0, for the other way, is `permit`" in cause.title


def test_on_real_threads_the_past_is_said_not_to_be_at_hand() -> None:
    """Only the present is looked at."""
    bench = Workbench(driver="threaded")
    for line in (CASES / "b11-udp-table-full.cli").read_text().splitlines()[:12]:
        bench.cli(line)
    said = bench.cli("explain pg1 udp 203.0.113.53:53 > 198.51.100.10:1005")
    assert "what came before cannot be looked at on real threads" in " ".join(said.split())


# --- all reasons ----------------------------------------------------------------------------------


def test_of_each_reason_up_to_fifty_packets_pass_once_their_cause_is_undone() -> None:
    """Over the bundled captures and those of the cases, with a firewall that is short of room."""
    left: dict[int, int] = {}
    captures = [*bundled_files("pcaps"), *sorted(CASES.glob("*.pcap"))]
    for capture in captures:
        bench = bench_on(capture)
        bench.cli("set acl-plugin session table max-entries 20")
        bench.cli("set acl-plugin session timeout udp idle 1")
        bench.play()
        rows = bench.past.packets
        for row in map(rows.row, range(rows.end)):
            asked = left.get(row.reason, 0)
            most = 50 if rows.end < 1000 else 5  # a long run is run again for each
            if fate_of(row.reason) != "denied" or asked >= most:
                continue
            left[row.reason] = asked + 1
            explanation = bench.explain(row.number)
            cause = explanation.causes[0]
            assert cause.tried or cause.then.startswith("dropped"), explanation_text(explanation)
    assert len(left) >= 3
