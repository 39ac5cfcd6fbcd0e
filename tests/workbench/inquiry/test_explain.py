"""`explain`: what it says of a packet is what the run did, and asking changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from engine.bench import frame4, icmp, tcp, udp
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from routed import ROUTED
from workbench.history.test_history import ACTIONS, SMALL, act, bench_on

from aclbench import AclbenchError, CommandError, Workbench
from aclbench.capture.fields import make_frame
from aclbench.engine.acl import AclRule
from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import unpack_key
from aclbench.workbench.commands.bench.explain import read_packet
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.explain import (
    Explanation,
    PacketName,
    explain_packet,
    explanation_text,
)
from aclbench.workbench.inquiry.explain.reading import mismatches
from aclbench.workbench.inquiry.explain.tree import ForwardingPart, NodePart
from aclbench.workbench.inquiry.stretches import Stretches
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import finish
from aclbench.workbench.views.verdict import verdict_text

IN, OUT = "10.0.0.2", "192.168.0.2"


def firewall(*lines: str, workers: int = 1) -> Workbench:
    """pg0 inside, where http is let out and its answers back in; pg1 outside."""
    bench = Workbench(workers=workers)
    for line in (
        *ROUTED,
        "set acl-plugin acl permit+reflect proto 6 dport 80, permit+reflect proto 17,"
        " permit+reflect proto 1 sport 8",
        "set acl-plugin acl deny",
        "set acl-plugin interface pg0 input acl 0",
        "set acl-plugin interface pg0 output acl 1",
        *lines,
    ):
        bench.cli(line)
    return bench


def texts(explanation: Explanation) -> str:
    """What would have let it pass, in one string."""
    return " | ".join(f"{cause.title}; {cause.text}; {cause.cure}" for cause in explanation.causes)


def recorded(bench: Workbench) -> list[PacketVerdict]:
    """The verdicts of a whole run, made again."""
    there = finish(bench.past.at(bench.past.branch.starts[0]))
    events = finish(there.heard_to(there.branch.end))
    return [event for event in events if isinstance(event, PacketVerdict)]


def explain_like_recorded(bench: Workbench, event: PacketVerdict, name: str) -> Explanation:
    """Explain a packet; what it says is what was recorded, and the bench stands as it stood."""
    before, place = state_of(bench.rig.stepped), bench.past.cursor
    explanation = bench.explain(name)
    assert state_of(bench.rig.stepped) == before
    assert bench.past.cursor == place
    assert explanation.verdict.reason == verdict_text(event)
    assert explanation.time == event.time
    nodes = [part for part in explanation.path if isinstance(part, NodePart)]
    assert len(nodes) == len(event.checks)
    for node, check in zip(nodes, event.checks, strict=True):
        if check.session is not None:
            assert node.session_after is not None
            found = node.session_after.thread_index, node.session_after.session_index
            assert found == tuple(check.session)
        if not any(key.hit for key in node.looked_up):
            assert node.tried or "no rule" in node.outcome or "no such" in node.outcome
    assert (explanation.verdict.fate in ("denied", "dropped")) or not explanation.causes
    lines = explanation_text(explanation).splitlines()
    assert all(len(line) <= 80 for line in lines if " " in line.strip())
    json.dumps(explanation.to_json())
    return explanation


#: A day goes by in it. `cli/test_cli_explain.py` asks of the packet that the day is there for.
LONG = "long-gaps"


@pytest.mark.parametrize(
    "capture",
    [
        pytest.param(path, marks=pytest.mark.long if path.stem == LONG else ())
        for path in bundled_files("pcaps")
    ],
    ids=lambda path: path.stem,
)
def test_every_kind_of_verdict_of_a_bundled_capture(capture: Path) -> None:
    """One packet of each reason, and some more: explained as recorded."""
    bench = bench_on(capture)
    bench.play()
    rows, seen, chosen = bench.past.packets, Counter[int](), []
    for row in map(rows.row, range(rows.end)):
        seen[row.reason] += 1
        if seen[row.reason] == 1 or row.number % 211 == 0:
            chosen.append(row)
    events = finish(Stretches(bench.past).verdicts(row.ordinal for row in chosen))
    for row in chosen:
        assert events[row.ordinal].reason == row.reason
        explain_like_recorded(bench, events[row.ordinal], str(row.number))


@examples(15)
@given(
    actions=st.lists(ACTIONS, min_size=1, max_size=8),
    order=st.sampled_from(["fair", "random"]),
    seed=st.integers(0, 3),
    picks=st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
)
def test_whatever_was_done_the_verdict_is_the_recorded_one(
    actions: list[Any], order: str, seed: int, picks: list[int]
) -> None:
    """Also where steps were chosen by hand or chance, and rules were replaced on the way."""
    bench = bench_on(SMALL, order=order, seed=seed)
    for action in actions:
        act(bench, action)
    events = recorded(bench)
    for pick in picks[: len(events)]:
        event = events[pick % len(events)]
        explain_like_recorded(bench, event, str(event.number))


def test_a_session_that_expired() -> None:
    """How long before, why, and which packet was its last."""
    bench = firewall("set acl-plugin session timeout udp idle 600")
    bench.send("pg0", frame4(udp(5353, 53), 17, IN, OUT))
    bench.advance(700)
    (verdict,) = bench.send("pg1", frame4(udp(53, 5353), 17, OUT, IN))
    assert verdict.fate == "denied"
    explanation = bench.explain(2)
    lost = explanation.causes[0].session
    assert lost is not None
    assert (lost.why, lost.timeout_class, lost.last_packet) == ("expired", "udp_idle", "1")
    assert lost.idle >= lost.timeout == 600 * 10**9
    assert lost.ago == verdict.time_ns - lost.time
    assert "expired" in texts(explanation)
    assert "10.0.0.2:5353 > 192.168.0.2:53 udp, entering pg0" in texts(explanation)


def test_a_session_that_was_cleared_or_recycled() -> None:
    """The words for each."""
    bench = firewall()
    bench.send("pg0", frame4(udp(5353, 53), 17, IN, OUT))
    bench.cli("clear acl-plugin sessions")
    bench.advance(1)
    bench.send("pg1", frame4(udp(53, 5353), 17, OUT, IN))
    assert "was cleared" in texts(bench.explain(2))
    bench = firewall("set acl-plugin session table max-entries 1")
    bench.send("pg0", [frame4(tcp(40000 + n, 80, 2), 6, IN, OUT) for n in range(2)])
    bench.send("pg1", frame4(tcp(80, 40000, 18), 6, OUT, IN))
    assert "was recycled" in texts(bench.explain(3))
    assert "recycles the head" in explanation_text(bench.explain(2))
    bench.send("pg0", frame4(udp(5353, 53), 17, IN, OUT))  # the last transient makes room
    bench.send("pg0", frame4(udp(5354, 53), 17, IN, OUT))
    assert "too many sessions" in bench.explain(5).verdict.reason
    assert "max-entries" in texts(bench.explain(5))


def test_a_rule_that_failed_on_one_field_only() -> None:
    """Every rule tried, with the field; the near one is named."""
    bench = firewall()
    bench.send("pg0", frame4(tcp(40000, 443, 2), 6, IN, OUT))
    explanation = bench.explain(1)
    node = next(part for part in explanation.path if isinstance(part, NodePart))
    assert [tried.field for tried in node.tried] == ["dport", "proto", "proto"]
    assert "failed on one field only: dport 443 is not 80" in texts(explanation)
    assert "proto 6 is not 17" not in texts(explanation)
    assert "dport 443 is not 80" in explanation_text(explanation)


def test_a_permit_that_comes_too_late() -> None:
    """The rule that denied stands before it."""
    bench = firewall("set acl-plugin acl index 0 deny proto 6, permit")
    bench.send("pg0", frame4(tcp(40000, 80, 2), 6, IN, OUT))
    assert "matches, but acl 0 rule 0 comes before it" in texts(bench.explain(1))


def test_icmp_errors_and_replies() -> None:
    """A reply needs its request; an error needs a rule."""
    bench = firewall()
    bench.send("pg1", [frame4(icmp(3, 3), 1, OUT, IN), frame4(icmp(0, 0), 1, OUT, IN)])
    assert "reports an error about another packet" in texts(bench.explain(1))
    assert "type 8 code 0, entering pg0" in texts(bench.explain(2))
    bench.send("pg0", frame4(icmp(8, 0), 1, IN, OUT))
    bench.send("pg1", frame4(icmp(0, 0), 1, OUT, IN))
    assert "as the answer to its request" in " ".join(explanation_text(bench.explain(4)).split())


@pytest.mark.parametrize(
    ("line", "frame", "says"),
    [
        ("set int state pg0 down", frame4(udp(1, 2), 17, IN, OUT), "set interface state pg0 up"),
        ("set int state pg1 down", frame4(udp(1, 2), 17, IN, OUT), "set interface state pg1 up"),
        ("", frame4(udp(1, 2), 17, IN, "172.16.0.1"), "ip route add 172.16.0.1/32 via pg1"),
    ],
)
def test_dropped_without_a_denial(line: str, frame: bytes, says: str) -> None:
    """What to set."""
    bench = firewall(*[line] if line else [])
    bench.send("pg0", frame)
    assert says in texts(bench.explain(1))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (bytes(12) + b"\x08\x06" + bytes(28), "not IP"),
        (bytes(12) + b"\x08\x00" + bytes(4), "malformed"),
        (frame4(udp(1, 2), 17, IN, "224.0.0.5"), "multicast"),
        (frame4(udp(1, 2), 17, IN, "10.0.0.255"), "broadcast"),
        (frame4(udp(1, 2), 17, IN, "10.0.0.1"), "for the bench itself"),
    ],
)
def test_packets_that_go_nowhere(frame: bytes, says: str) -> None:
    """Explained too."""
    bench = firewall()
    bench.send("pg0", frame)
    assert says in explanation_text(bench.explain(1))


FLOWS = [
    "pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80",
    "pg0 tcp 10.0.0.2:40000 > 192.168.0.2:443 syn ack",
    "pg1 tcp 192.168.0.2:80 > 10.0.0.2:40000 SA",
    "pg0 udp 10.0.0.2:5353 > 192.168.0.2:53",
    "pg1 udp 192.168.0.2:53 > 10.0.0.2:5353",
    "pg0 icmp 10.0.0.2 > 192.168.0.2",
    "pg1 icmp 192.168.0.2 > 10.0.0.2 type 0",
    "pg1 icmp 192.168.0.2 > 10.0.0.2 type 3 code 3",
    "pg0 proto 47 10.0.0.2 > 192.168.0.2",
    "pg0 udp [fd00:1::2]:5353 > [fd00:2::2]:53",
    "pg0 icmp6 fd00:1::2 > fd00:2::2",
    "pg0 udp 10.0.0.2:1 > 10.0.0.3:2",
]


@pytest.mark.parametrize("sent", [(), (3, 0, 5)])
@pytest.mark.parametrize("flow", FLOWS)
def test_a_packet_only_asked_about(flow: str, sent: tuple[int, ...]) -> None:
    """It changes nothing, and is what happens then to such a packet."""
    bench = firewall("set acl-plugin session table max-entries 2")
    for number in sent:
        _send(bench, FLOWS[number])
    before, place = state_of(bench.rig.stepped), bench.past.cursor
    explanation = bench.explain(flow)
    printed = bench.cli(f"explain {flow}")
    assert (state_of(bench.rig.stepped), bench.past.cursor) == (before, place)
    assert not explanation.happened
    assert printed == explanation_text(explanation)
    assert "would be" in printed
    (verdict,) = _send(bench, flow)
    assert (explanation.verdict.fate, explanation.verdict.tx) == (verdict.fate, verdict.tx)
    if "session" not in verdict.reason:
        assert explanation.verdict.reason == verdict.reason


def _send(bench: Workbench, flow: str) -> Any:
    parsed = bench.lines.table.parse(f"explain {flow}", bench)
    assert parsed is not None
    return bench.send(parsed.arguments["interface"].name, make_frame(read_packet(parsed)))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("explain 9", "packets 1 to 2 that were sent"),
        ("explain x.pcap:1", "no capture is called x.pcap"),
        ("explain seventeen", "17 is"),
        ("explain pg9 udp 10.0.0.2:1 > 10.0.0.3:2", "there is no interface pg9"),
        ("explain pg0 udp 10.0.0.2 > 10.0.0.3", "have ports"),
        ("explain pg0 udp 10.0.0.2:1 > [fd00::1]:2", "two families"),
        ("explain pg0 udp 10.0.0.2:1 > 10.0.0.3:2 syn", "only tcp has flags"),
        ("explain pg0 udp 10.0.0.2:1 > 10.0.0.3:2 type 3", "only icmp"),
        ("explain pg0 icmp 10.0.0.2:1 > 10.0.0.3", "only tcp and udp have ports"),
        ("explain pg0 icmp fd00::1 > fd00::2", "icmp6"),
        ("explain pg0 udp 10.0.0.2:99999 > 10.0.0.3:2", "65535"),
        ("explain pg0 udp 10.0.0.2222:9 > 10.0.0.3:2", "is not an address"),
        ("explain pg0 tcp 10.0.0.2:9 > 10.0.0.3:2 zzz", "no TCP flags"),
    ],
)
def test_what_cannot_be_explained_says_why(line: str, says: str) -> None:
    """What was asked, what is there; nothing changes."""
    bench = firewall()
    bench.send("pg0", [frame4(udp(1, 2), 17, IN, OUT)] * 2)
    before = state_of(bench.rig.stepped)
    with pytest.raises(CommandError, match=says.replace("+", r"\+")):
        bench.cli(line)
    assert state_of(bench.rig.stepped) == before


def test_no_history_no_past() -> None:
    """Refused as going back is; a packet only asked about is explained there too."""
    with pytest.raises(AclbenchError, match="no history"):
        Workbench(history=False).explain(1)
    threaded = Workbench(driver="threaded")
    with pytest.raises(AclbenchError, match="real threads"):
        threaded.explain(1)
    threaded.cli("create packet-generator interface pg0")
    assert "is down" in threaded.cli("explain pg0 udp 10.0.0.2:1 > 10.0.0.3:2")


def test_captures_and_packets_that_were_sent_have_numbers_of_their_own() -> None:
    """Two packets 1: asked which; a name with its source is clear."""
    bench = bench_on(SMALL)
    bench.send("pg0", frame4(udp(1, 2), 17, IN, OUT))
    bench.play()
    with pytest.raises(CommandError, match=r"http\.pcap:1 or sent:1"):
        bench.explain(1)
    assert "UDP" in explanation_text(bench.explain("sent:1"))
    assert bench.explain("http.pcap:1").read.protocol != "UDP"


@given(st.data())
def test_each_mismatch_is_one_and_without_them_the_rule_matches(data: st.DataObject) -> None:
    """The first is the one that the machine ends at; a rule has each field but once."""
    bench, event = data.draw(st.sampled_from(_events()))
    rule = AclRule(
        is_permit=1,
        is_ipv6=data.draw(st.booleans()),
        proto=data.draw(st.sampled_from([0, 1, 6, 17])),
        dst_port_or_code_last=data.draw(st.sampled_from([0, 80, 65535])),
        tcp_flags_value=data.draw(st.sampled_from([0, 2])),
        tcp_flags_mask=data.draw(st.sampled_from([0, 2, 18])),
    )
    machine = bench.rig.machine
    check, five = machine.matching.rule_check, unpack_key(event.key)
    first = check.mismatch(rule, five, event.info, True)
    fields = mismatches(machine, rule, first, event.key, event.info)
    assert (fields[0] if fields else None) == first
    assert len(set(fields)) == len(fields)
    if set(fields) <= {"dport", "tcpflags"}:
        other = replace(rule, dst_port_or_code_last=65535, tcp_flags_value=0, tcp_flags_mask=0)
        assert check.mismatch(other, five, event.info, True) is None


@cache
def _events() -> list[tuple[Workbench, PacketVerdict]]:
    found = []
    for capture in ("http", "fragments", "dns-ping"):
        bench = bench_on(SMALL.with_name(f"{capture}.pcap"))
        bench.play()
        found += [(bench, event) for event in recorded(bench) if event.key]
    return found


def test_the_forwarding_part_names_the_prefix() -> None:
    """And the interface it leads to."""
    bench = firewall()
    part = next(p for p in bench.explain(FLOWS[0]).path if isinstance(p, ForwardingPart))
    assert (part.prefix, part.interface) == ("192.168.0.0/24", "pg1")


def test_asked_in_the_middle_of_a_turn_nothing_changes() -> None:
    """The rig of its own finishes what is half done; the bench does not."""
    bench = bench_on(SMALL)
    bench.play(30)
    while not any(
        bench.rig.stepped.in_packet(w.thread_index) for w in bench.rig.machine.am.workers
    ):
        bench.step()
    bench.step()
    before, place = state_of(bench.rig.stepped), bench.past.cursor
    explanation = bench.explain("pg0 udp 10.0.0.2:1 > 192.168.0.2:2")
    assert explanation.time == bench.now
    assert (state_of(bench.rig.stepped), bench.past.cursor) == (before, place)


def test_asked_while_the_bench_goes_on_it_answers_of_then() -> None:
    """Branches opened between two slices are none of its business."""
    bench, other = bench_on(SMALL), bench_on(SMALL)
    for each in (bench, other):
        each.play(60)
        each.advance(200)
    slices = explain_packet(bench.past, PacketName("", 20))
    for number in range(3):
        next(slices)
        bench.goto_packet(5 - number)
        bench.cli(f"set acl-plugin session timeout udp idle {number + 1}")
    assert finish(slices) == other.explain(20)
