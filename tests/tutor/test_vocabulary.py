"""What expressions of lessons can say of a bench, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from routed import ROUTED

from aclbench import Workbench
from aclbench.expressions import ExpressionError, shown
from aclbench.expressions.evaluating import MAX_BITS, Evaluation
from aclbench.expressions.loops import LOOPS
from aclbench.tutor.rows import EVENTS
from aclbench.tutor.since import Since
from aclbench.tutor.vocabulary import FUNCTIONS, NAMES, read_condition, read_text
from aclbench.tutor.world import BenchWorld

SET_UP = (
    *ROUTED,
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
        ("2 * seconds == 2000 * ms and 1 * ns == 1", True),
        ("0.5 > 1 / 3", True),
        ("worker(0).interrupt_is_needed", 0),
        ("worker(0).list(udp_idle).length", 1),
        ("worker(0).list(tcp_transient).length == 0", True),
        ("vpp_main().carries_packets", False),
        ('session("10.0.0.2:5353 > 192.168.0.2:53").link_list_id == udp_idle', True),
        ('session("10.0.0.2:5353 > 192.168.0.2:53 udp", "pg0") is not None', True),
        ('session("10.0.0.2:5353 > 192.168.0.2:53 udp", "pg1") is None', True),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle', None),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle > 0', False),
        ('session("10.0.0.2:1234 > 192.168.0.2:80").idle + 1', None),
        ("cleaner.wait_interval <= 500 * ms", True),
        ("packets.denied", 1),
        ("happened(deleted)", True),
        ("happened(deleted, session=0)", True),
        ("happened(deleted, session=1)", False),
        ('count(packet, fate="denied")', 1),
        ('count(packet, connection="10.0.0.2:5353 > 192.168.0.2:53 udp", rx="pg0", tx="pg1")', 1),
        ("latest(packet).reason", "acl 1 rule 0: deny"),
        ("latest(recycled) is None", True),
        ("latest(recycled).idle", None),
        ("any(e.idle >= timeout(tcp_transient) for e in events(deleted))", True),
        ("sum(w.sessions for w in workers)", 1),
        ("max(s.idle for s in all_sessions) == 130 * seconds", True),
        ("min(s.idle for s in worker(0).list(tcp_idle).sessions)", None),
        ("all(any(v.name == w.name for v in workers) for w in workers)", True),
        ('interface("pg0").sessions', 1),
        ('interface("pg9").sessions', None),
        ('0 in interface("pg0").input_acls', True),
        ('in_bitmap(worker(0).serviced_sw_if_index_bitmap, "pg0")', True),
        ("acl(0).rules + acl(1).denies", 2),
        ("acl(9).rules", None),
        ("all_sessions[0].connection", "10.0.0.2:5353 > 192.168.0.2:53 udp"),
        ("has_flags(18, 'SA') and not has_flags(2, 'SA')", True),
        ("class_name(tcp_idle)", "tcp_idle"),
        ("duration(elapsed)", "130 s"),
        ("started", 1_000_000_000),
        ("now - elapsed == started", True),
        ('would("pg1 udp 192.168.0.2:53 > 10.0.0.2:5353").fate', "permitted"),
        ("False or None", False),
    ],
)
def test_says(world: BenchWorld, text: str, value: Any) -> None:
    assert read_condition(text).value(world) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sesions.live", "column 1: there is no name sesions; did you mean sessions, "),
        ("worker(0).interupt_is_needed", "column 11: a worker has no interupt_is_needed; did"),
        ("happened(delete)", "column 10: there is no event delete; did you mean deleted?"),
        ("happened(deleted, sesion=1)", "column 19: an event deleted has no sesion; did you mean"),
        ("happened(deleted, idle='x')", "column 19: a number and a text are never equal"),
        ("elapsed > 120s", "column 11: 120s is no number; a unit is a factor: 120 * seconds"),
        ("elapsed > 1.5min", "a unit is a factor: 1.5 * minutes"),
        ("any(w in workers: w.requeued)", "column 17: ':' belongs to nothing here; a loop is any("),
        ("latest(packet) == none", "there is no name none; did you mean None?"),
        ("__import__('os')", "column 1: there is no __import__(...)"),
    ],
)
def test_refuses_as_it_is_read(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_condition(text)
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
        read_condition(text).value(world)
    assert says in str(error.value)


def test_texts_are_filled(world: BenchWorld) -> None:
    filled = read_text("{sessions.live} {{of}} {max_entries}, {1/3}, {1 == 1}, {None}")
    assert filled.fill(world) == "1 {of} 1,000,000, 0.333333, yes, none"
    assert read_text("{count(deleted)}").kinds == {"deleted"}
    assert shown("a") == "a"


WORDS = "happened count latest events for w in 'pg0' 0 1 1.5 live idle list and or not is if None"
SIGNS = "( ) ( ) . . , [ ] = < > + - * / == != >= { } 99999999999999999999 '10.0.0.2:1'"
PIECES = st.sampled_from(
    [*NAMES, *FUNCTIONS, *LOOPS, *EVENTS, *WORDS.split(), *SIGNS.split()],
)


@examples(40)
@given(st.one_of(st.lists(PIECES, max_size=20).map(" ".join), st.text(max_size=60)))
def test_anything_is_a_value_or_an_expression_error(world: BenchWorld, text: str) -> None:
    try:
        value = Evaluation(world, 20_000).value(read_condition(text).term)
    except ExpressionError as error:
        refused = error
    else:
        assert not isinstance(value, int) or value.bit_length() <= MAX_BITS
        return
    assert 1 <= refused.column <= len(text) + 1
