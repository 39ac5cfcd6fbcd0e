"""The language of goals: what it says, what it refuses, and that it is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aclbench import Workbench
from aclbench.tutor.expressions import ExpressionError, read_expression, read_filled, shown
from aclbench.tutor.expressions.evaluating import MAX_BITS, Evaluation
from aclbench.tutor.expressions.vocabulary import EVENTS, FUNCTIONS, LOOPS, NAMES
from aclbench.tutor.since import Since
from aclbench.tutor.world import BenchWorld

SET_UP = (
    "create packet-generator interface pg0",
    "create packet-generator interface pg1",
    "set int state pg0 up",
    "set int state pg1 up",
    "set int ip address pg0 10.0.0.1/24",
    "set int ip address pg1 192.168.0.1/24",
    "set acl-plugin acl permit+reflect src 10.0.0.0/24",
    "set acl-plugin acl deny",
    "set acl-plugin interface pg0 input acl 0",
    "set acl-plugin interface pg0 output acl 1",
)


def make_bench() -> Workbench:
    bench = Workbench()
    for line in SET_UP:
        bench.cli(line)
    return bench


@pytest.fixture(scope="module")
def world() -> Iterator[BenchWorld]:
    bench = make_bench()
    since = Since(bench)
    since.begin(frozenset(EVENTS))
    for line in (
        "send pg0 tcp 10.0.0.2:1234 > 192.168.0.2:80 S",
        "send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53",
        "send pg1 udp 192.168.0.2:54 > 10.0.0.2:5353",
        "run 130s",
    ):
        bench.cli(line)
    yield BenchWorld(bench, since)
    since.close()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sessions.live == 1 and not sessions.live == 2", True),
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * -3", -9),
        ("1 / 3 * 3", 1),
        ("2s == 2000ms and 1ns == 1", True),
        ("0.5 > 1 / 3", True),
        ("worker(0).interrupt_is_needed", 0),
        ("worker(0).list(udp_idle).length", 1),
        ("worker(0).list(tcp_transient).length == 0", True),
        ("vpp_main().carries_packets", False),
        ('session("10.0.0.2:5353 > 192.168.0.2:53").link_list_id == udp_idle', True),
        ('session("10.0.0.2:5353 > 192.168.0.2:53 udp", "pg0") != none', True),
        ('session("10.0.0.2:5353 > 192.168.0.2:53 udp", "pg1") == none', True),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle', None),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle > 0', False),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle + 1', None),
        ("cleaner.wait_interval <= 500ms", True),
        ("packets.denied", 1),
        ("happened(deleted)", True),
        ("happened(deleted, session=0)", True),
        ("happened(deleted, session=1)", False),
        ('count(packet, fate="denied")', 1),
        ('count(packet, connection="10.0.0.2:5353 > 192.168.0.2:53 udp", rx="pg0", tx="pg1")', 1),
        ("latest(packet).reason", "acl 1 rule 0: deny"),
        ("latest(recycled) == none", True),
        ("latest(recycled).idle", None),
        ("any(e in events(deleted): e.idle >= timeout(tcp_transient))", True),
        ("sum(w in workers: w.sessions)", 1),
        ("max(s in all_sessions: s.idle) == 130s", True),
        ("min(s in worker(0).list(tcp_idle).sessions: s.idle)", None),
        ("all(w in workers: any(v in workers: v.name == w.name))", True),
        ('interface("pg0").sessions', 1),
        ('interface("pg9").sessions', None),
        ('contains(interface("pg0").input_acls, 0)', True),
        ('in_bitmap(worker(0).serviced_sw_if_index_bitmap, "pg0")', True),
        ("acl(0).rules + acl(1).denies", 2),
        ("acl(9).rules", None),
        ("first(all_sessions).connection", "10.0.0.2:5353 > 192.168.0.2:53 udp"),
        ("has_flags(18, 'SA') and not has_flags(2, 'SA')", True),
        ("class_name(tcp_idle)", "tcp_idle"),
        ("seconds(elapsed)", "130 s"),
        ("now - elapsed", 1_000_000_000),
        ('would("pg1 udp 192.168.0.2:53 > 10.0.0.2:5353").fate', "permitted"),
        ("false or none", False),
    ],
)
def test_says(world: BenchWorld, text: str, value: Any) -> None:
    assert read_expression(text).value(world) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "column 1: an empty expression"),
        ("sesions.live", "column 1: there is no name sesions; sessions"),
        ("worker(0).interupt_is_needed", "column 11: a worker has no interupt_is_needed"),
        ("happened(delete)", "column 10: there is no event delete; deleted"),
        ("happened(deleted, sesion=1)", "column 19: an event deleted has no sesion; session"),
        ("happened(deleted, idle='x')", "column 19: a number and a text are never equal"),
        ("works(0)", "column 1: there is no works(...); worker"),
        ("worker", "column 1: worker is written worker(...)"),
        ("worker()", "column 1: worker takes 1 of them"),
        ("worker(0, 1)", "column 1: worker takes 1"),
        ("worker('a')", "column 8: worker takes a number here; this is a text"),
        ("1 < 2 < 3", "column 7: one comparison at a time"),
        ("1 == 'a'", "column 3: a number and a text are never equal"),
        ("'a' < 'b'", "only numbers have an order"),
        ("workers == workers", "compared by its fields"),
        ("1 + 'a'", "column 3: '+' is for numbers"),
        ("2 weeks", "column 3: 'weeks' does not go on from here"),
        ("2weeks", "column 1: weeks is no unit"),
        ("1 ? 2", "column 3: '?' begins nothing"),
        ("any(w in 3: w)", "column 10: a number is no list"),
        ("any(now in workers: 1)", "column 5: a new name is right here"),
        ("sum(w in workers: w.name)", "column 21: sum is of numbers"),
        ("now.x", "column 5: a number has no fields"),
        ("(1", "column 3: ')' is right here, not 'the end'"),
        ("1" * 21, "more than 20 digits"),
        ("(" * 21 + "1" + ")" * 21, "nested more than 20 deep"),
        ("not " * 400 + "1", "nested more than 20 deep"),
        ("1 and " * 400 + "1", "at most 2,000 are right"),
        ("__import__('os')", "column 1: there is no __import__(...)"),
    ],
)
def test_refuses_as_it_is_read(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_expression(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("worker(7).sessions", "column 1: worker 7 does not exist; this bench has vpp_main"),
        ("1 / sessions.recycled", "column 14: this is 0, and nothing is divided"),
        ("*".join(["99999999999999999999"] * 3), "too large"),
        ("timeout(3)", "column 1: there is no class 3"),
        ("would('pg0')", "would takes a packet such as"),
        ("would('pg7 udp 1.1.1.1:1 > 2.2.2.2:2')", "pg7"),
        ("has_flags(1, 'Q')", "'Q' is no TCP flag"),
    ],
)
def test_refuses_as_it_is_worked_out(world: BenchWorld, text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_expression(text).value(world)
    assert says in str(error.value)


def test_work_is_bounded(world: BenchWorld) -> None:
    loops = "any(a in events(packet): " * 6 + "a.time < 0" + ")" * 6
    names = "abcdef"
    for name in names:
        loops = loops.replace("any(a in", f"any({name} in", 1)
    with pytest.raises(ExpressionError, match="looks at too much"):
        Evaluation(world, 500).value(read_expression(loops).node)


def test_long_chains_need_no_depth(world: BenchWorld) -> None:
    assert read_expression("+".join("1" * 900)).value(world) == 900
    assert read_expression(" or ".join("0" * 300)).value(world) is False


def test_texts_are_filled(world: BenchWorld) -> None:
    filled = read_filled("{sessions.live} {{of}} {max_entries}, {1/3}, {1 == 1}, {none}")
    assert filled.fill(world) == "1 {of} 1,000,000, 0.333333, yes, none"
    assert read_filled("{count(deleted)}").kinds == {"deleted"}
    assert shown("a") == "a"


WORDS = "happened count latest events in w 'pg0' 0 1 2s 1.5 live idle sessions list and or not"
SIGNS = "( ) ( ) . . , : = < > + - * / == != >= { } 99999999999999999999 '10.0.0.2:1'"
PIECES = st.sampled_from(
    [*NAMES, *FUNCTIONS, *LOOPS, *EVENTS, *WORDS.split(), *SIGNS.split()],
)


@settings(max_examples=40)
@given(st.one_of(st.lists(PIECES, max_size=20).map(" ".join), st.text(max_size=60)))
def test_anything_is_a_value_or_an_expression_error(world: BenchWorld, text: str) -> None:
    try:
        value = Evaluation(world, 20_000).value(read_expression(text).node)
    except ExpressionError as error:
        refused = error
    else:
        assert not isinstance(value, int) or value.bit_length() <= MAX_BITS
        return
    assert 1 <= refused.column <= len(text) + 1


NUMBERS = st.recursive(
    st.sampled_from(["1", "0", "7s", "2.5", "sessions.live", "now", "none"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({''.join(t)})"),
    max_leaves=12,
)


@given(NUMBERS, st.sampled_from(["==", "<", ">=", "!="]), NUMBERS)
def test_arithmetic_is_total(world: BenchWorld, left: str, sign: str, right: str) -> None:
    try:
        value: Any = read_expression(f"{left} {sign} {right}").value(world)
    except ExpressionError as error:
        value = str(error)
    assert isinstance(value, bool) or any(why in value for why in ("divided by 0", "too large"))
