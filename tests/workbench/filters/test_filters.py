"""The display filter: what is printed is read as the same; logic is Python's; errors help."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine import reasons
from aclbench.engine.packet import (
    INFO_TCP_FLAGS_VALID,
    KEY4,
    KEY6,
    KEY_IS_INPUT,
    KEY_SLOWPATH,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
    request_key,
)
from aclbench.workbench.filters import (
    EVERYTHING,
    And,
    Connections,
    Field,
    Filter,
    FilterError,
    Names,
    Not,
    Or,
    filter_text,
    filter_words,
    passes,
    read_filter,
    read_query,
)
from aclbench.workbench.filters.terms import (
    ClassTerm,
    ConnTerm,
    FateTerm,
    FlagsTerm,
    HostTerm,
    InterfaceTerm,
    NetTerm,
    PartTerm,
    PortTerm,
    ProtoTerm,
    ReasonTerm,
    WorkerTerm,
)
from aclbench.workbench.views.keys import connection_of
from aclbench.workbench.views.verdict import reason_words

NAMES = Names(
    "packets",
    {"local0": 0, "pg0": 1, "GigabitEthernet3/0/0": 2, "host-eth0": 3},
    {"vpp_main": 0, "vpp_wk_0": 1},
    {"udp_idle": 0, "tcp_idle": 1},
)
SESSIONS = Names("sessions", NAMES.interfaces, NAMES.workers, NAMES.classes)


def five_tuple_key(src: str, dst: str, proto: int, sport: int = 0, dport: int = 0) -> bytes:
    """A packet's key on ingress; type and code of ICMP stand for ports."""
    ends = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    flags = 0 if proto in (PROTO_TCP, PROTO_UDP) else KEY_SLOWPATH
    flags |= KEY_IS_INPUT if proto == PROTO_ICMP else 0
    layout = KEY4 if ends[0].version == 4 else KEY6
    return layout.pack(ends[0].packed, ends[1].packed, sport, dport, proto, flags)


class Seen(NamedTuple):
    """A packet as a filter sees it."""

    key: bytes
    info: int
    reason: int
    conn: int
    way: tuple[int, int]
    thread: int


FIELDS: dict[Field, Callable[[Seen], Any]] = {
    "key": lambda seen: seen.key,
    "info": lambda seen: seen.info,
    "reason": lambda seen: seen.reason,
    "conn": lambda seen: seen.conn,
    "way": lambda seen: seen.way,
    "thread": lambda seen: seen.thread,
}


def lets_through(text: str, seen: Seen) -> bool:
    return passes(read_filter(text, NAMES), FIELDS)(seen)


ADDRESSES = ["10.0.0.2", "10.0.0.3", "192.168.0.2", "fd00::2", "fd00::3"]
texts = st.text(st.characters(exclude_characters='"', codec="utf-8"), min_size=1, max_size=8)
addresses = st.sampled_from(ADDRESSES).map(ipaddress.ip_address)
prefixes = st.sampled_from(["10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "fd00::/16", "::/0"])
terms = st.one_of(
    st.sampled_from(reasons.FATES).map(FateTerm),
    texts.map(ReasonTerm),
    texts.map(PartTerm),
    addresses.map(lambda address: HostTerm(address.packed)),
    prefixes.map(ipaddress.ip_network).map(NetTerm),
    st.integers(0, 65535).map(PortTerm),
    st.sampled_from(["tcp", "udp", "icmp", "icmp6", "0", "132"]).map(ProtoTerm),
    st.builds(FlagsTerm, st.integers(1, 255), st.booleans()),
    st.integers(1, 10).map(ConnTerm),
    st.sampled_from(sorted(NAMES.interfaces.items())).map(lambda named: InterfaceTerm(*named)),
    st.sampled_from(sorted(NAMES.workers.items())).map(lambda named: WorkerTerm(*named)),
)


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(_all), several.map(Or), parts.map(Not))


def _all(parts: tuple[Filter, ...]) -> And:
    """Two fates side by side are refused: one of them is turned round."""
    fates = [part for part in parts if isinstance(part, FateTerm)]
    rest = tuple(part for part in parts if not isinstance(part, FateTerm))
    turned = tuple(Not(fate) for fate in fates[1:])
    return And((*fates[:1], *turned, *rest))


filters = st.recursive(terms, joined, max_leaves=8)
seen_packets = st.builds(
    Seen,
    st.sampled_from(
        [
            b"",
            five_tuple_key("10.0.0.2", "192.168.0.2", PROTO_TCP, 40000, 80),
            five_tuple_key("192.168.0.2", "10.0.0.2", PROTO_TCP, 80, 40000),
            five_tuple_key("10.0.0.3", "10.0.0.2", PROTO_ICMP, 8, 0),
            five_tuple_key("fd00::2", "fd00::3", PROTO_UDP, 53, 5353),
            five_tuple_key("fd00::2", "fd00::3", 132),
        ]
    ),
    st.integers(0, 255).map(lambda flags: flags | INFO_TCP_FLAGS_VALID) | st.just(0),
    st.sampled_from([*reasons.KINDS]),
    st.integers(0, 3),
    st.tuples(st.integers(0, 3), st.integers(-1, 3)),
    st.integers(0, 1),
)


@given(filters)
def test_what_is_printed_is_read_as_the_same(wanted: Filter) -> None:
    assert read_filter(filter_text(wanted), NAMES) == wanted


@given(filters, filters, seen_packets)
def test_and_or_not_are_pythons(one: Filter, other: Filter, seen: Seen) -> None:
    a, b = filter_text(one), filter_text(other)
    is_one, is_other = lets_through(a, seen), lets_through(b, seen)
    assert lets_through(f"not ({a})", seen) == (not is_one)
    assert lets_through(f"({a}) or ({b})", seen) == (is_one or is_other)
    if isinstance(one, FateTerm) and isinstance(other, FateTerm) and one != other:
        with pytest.raises(FilterError, match="a packet has one fate"):
            read_filter(f"({a}) ({b})", NAMES)
    else:
        assert lets_through(f"({a}) ({b})", seen) == (is_one and is_other)
    assert lets_through(f"({a}) && !({b})", seen) == (is_one and not is_other)


SYN = Seen(
    five_tuple_key("10.0.0.2", "192.168.0.2", PROTO_TCP, 40000, 80),
    INFO_TCP_FLAGS_VALID | 0x02,
    reasons.with_rule(reasons.RULE_DENY, 1, 0) | reasons.NODE_INPUT,
    7,
    (1, -1),
    1,
)
SYN_ACK = SYN._replace(info=INFO_TCP_FLAGS_VALID | 0x12, reason=reasons.NO_ROUTE)


@pytest.mark.parametrize(
    ("text", "syn", "syn_ack"),
    [
        ("", True, True),
        ("denied", True, False),
        ("dropped or denied", True, True),
        ("host 192.168.0.2", True, True),
        ("host 192.168.0.20", False, False),
        ("10.0.0.2 :80 tcp", True, True),
        ("net 192.168.0.0/30 and not udp", True, True),
        ("192.168.0.77/24", True, True),
        ("proto 6", True, True),
        ("flags s", True, True),
        ("flags =S", True, False),
        ("flags SA", False, True),
        ('reason "rule 0"', True, False),
        ("reason IN-IP4-FA", True, False),
        ('reason "no route"', False, True),
        ("conn 7", True, True),
        ("conn 8", False, False),
        ("interface pg0", True, True),
        ("GigabitEthernet3/0/0", False, False),
        ("vpp_wk_0", True, True),
        ("40000>", False, False),
        ("40000", True, True),
        ("10.0.0.2:4", True, True),
        ('text ":40000 > 192"', True, True),
        ("not denied or flags =S", True, True),
        ("not (denied or flags SA)", False, False),
    ],
)
def test_what_words_ask_for(text: str, syn: bool, syn_ack: bool) -> None:
    assert (lets_through(text, SYN), lets_through(text, SYN_ACK)) == (syn, syn_ack)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("denid", 0, "did you mean denied"),
        ("tcp hots 10.0.0.2", 4, "did you mean host"),
        ("existing", 0, "reason existing"),
        ("host 10.0.0.300", 5, "no address, as 10.0.0.2"),
        ("host 10.0.0.0/8", 5, "net 10.0.0.0/8 is right"),
        ("net 10.0.0.0/33", 4, "no prefix"),
        ("port 70000", 5, "from 0 to 65535"),
        (":70000", 0, "from 0 to 65535"),
        ("proto 256", 6, "from 0 to 255"),
        ("flags SYN", 6, "letters of FSRPAUEC"),
        ("conn 0", 5, "counted from 1"),
        ("interface pg1", 10, "did you mean pg0"),
        ("class tcp_idle", 0, "said of sessions"),
        ("tcp_idle", 0, "said of sessions"),
        ("denied dropped", 7, "denied or dropped is right"),
        ("tcp and", 7, "missing behind and"),
        ("and tcp", 0, "a filter stands before"),
        ("tcp or", 6, "missing behind or"),
        ("(tcp", 4, "a ) is missing"),
        ("tcp)", 3, "closes nothing"),
        ("()", 1, "missing in the brackets"),
        ('reason "no route', 7, "quote is not closed"),
        ("reason", 6, "a text in the reason is missing"),
        ("(" * 40, 30, "nested more than 30"),
        ("tcp " * 65, 256, "at most 64 terms"),
        ("x" * 3000, 2000, "at most 2,000"),
    ],
)
def test_errors_name_the_place_and_what_is_right(text: str, column: int, says: str) -> None:
    with pytest.raises(FilterError, match=says.replace("(", r"\(").replace(")", r"\)")) as caught:
        read_filter(text, NAMES)
    assert caught.value.column == column


def test_sessions_have_classes_and_no_fates() -> None:
    assert read_filter("tcp_idle", SESSIONS) == ClassTerm("tcp_idle", 1)
    with pytest.raises(FilterError, match="said of packets"):
        read_filter("denied", SESSIONS)
    with pytest.raises(FilterError, match="said of packets"):
        read_filter("tcp reason x", SESSIONS)
    assert read_filter("conn 3", SESSIONS) == ConnTerm(3)


def test_options_stand_anywhere_but_in_brackets() -> None:
    options = {"last": int}
    first = read_query("last 5 tcp or udp", NAMES, options)
    for text in ("tcp or udp last 5", "tcp or last 5 udp"):
        assert read_query(text, NAMES, options) == first
    assert read_query("last 5", NAMES, options).filter == EVERYTHING
    assert read_query("", NAMES, options).options == {}
    for text, says in (
        ("last 5 tcp last 6", "said twice"),
        ("(last 5)", "no filter has this word"),
        ("last", "is missing behind last"),
    ):
        with pytest.raises(FilterError, match=says):
            read_query(text, NAMES, options)


def test_words_that_can_come_next() -> None:
    words = filter_words("tcp and ", NAMES, {"last": "how many"})
    assert {"denied", "host", "pg0", "vpp_wk_0", "not", "last"} <= words.keys()
    assert "class" not in words
    assert "class" in filter_words("", SESSIONS, {})
    assert set(filter_words("interface ", NAMES, {})) == set(NAMES.interfaces)
    assert "icmp6" in filter_words("proto ", NAMES, {})
    assert filter_words("host ", NAMES, {}) == {}


def test_connections_are_numbered_by_their_first_packets() -> None:
    connections = Connections()
    out = five_tuple_key("10.0.0.2", "192.168.0.2", PROTO_TCP, 40000, 80)
    back = five_tuple_key("192.168.0.2", "10.0.0.2", PROTO_TCP, 80, 40000)
    other = five_tuple_key("10.0.0.2", "192.168.0.2", PROTO_TCP, 40001, 80)
    reply = five_tuple_key("192.168.0.2", "10.0.0.2", PROTO_ICMP, 0, 0)
    request = request_key(reply)
    assert request is not None
    keys = [b"", out, other, back, reply, five_tuple_key("10.0.0.2", "192.168.0.2", 1, 8, 0), out]
    assert [connections.number(key) for key in keys] == [0, 1, 2, 1, 3, 3, 1]
    assert [connections.known(key) for key in (back, b"")] == [1, 0]
    assert connections.known(five_tuple_key("10.0.0.9", "10.0.0.8", PROTO_UDP, 1, 1)) == 0


@given(seen_packets)
def test_a_text_is_one_of_its_reason(seen: Seen) -> None:
    said = reason_words(seen.reason)
    assert lets_through(f'reason "{said[2:9]}"', seen)


def test_type_and_code_are_no_ports() -> None:
    ping = five_tuple_key("10.0.0.3", "10.0.0.2", PROTO_ICMP, 8, 0)
    assert connection_of(ping)[-5:-1] == bytes(4)
    assert not lets_through("port 8", SYN._replace(key=ping))
