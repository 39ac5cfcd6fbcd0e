"""Searching and sorting all sessions there are, a slice at a time.

A slice looks at some thousand sessions and takes some milliseconds; in between the bench may go on,
and what was found is as it was when it was looked at. On real threads each worker looks through its
own pool, at its safe points.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from heapq import nsmallest
from ipaddress import ip_address, ip_network
from typing import Any, Final, Literal, NamedTuple, get_args

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.main import AclMain
from aclbench.engine.packet import (
    KEY4_SIZE,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_TCP,
    PROTO_UDP,
)
from aclbench.engine.reading import SessionRow
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.inquiry.subject import Subject
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.snapshot import SessionView, key_text
from aclbench.workbench.views.taking import session_view

Order = Literal["connection", "idle", "check", "expiry", "newest", "worker"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)

#: Sessions of the first slice, and of any at the most.
FIRST_SLICE: Final = 1024
LARGEST_SLICE: Final = 65_536
#: Words in a search, and characters in a word.
MAX_WORDS: Final = 16
MAX_WORD: Final = 64
MAX_COUNT: Final = 100_000

_PROTOS: Final = {
    "icmp": frozenset({PROTO_ICMP, PROTO_ICMP6}),
    "icmp6": frozenset({PROTO_ICMP6}),
    "tcp": frozenset({PROTO_TCP}),
    "udp": frozenset({PROTO_UDP}),
}
#: What may stand in a connection as it is written, words and the rest.
_CONNECTION_WORDS: Final = ("tcp", "udp", "icmp6", "proto", "type", "code")
_CONNECTION_REST: Final = re.compile(r"[0-9a-f:.\[\]>]+")

Test = Callable[[SessionRow], bool]
#: What sessions are sorted by; smaller first.
SortKey = tuple[Any, ...]
_SortBy = Callable[[AclMain, SessionRow], SortKey]


def _by_connection(am: AclMain, session: SessionRow) -> SortKey:
    return len(session.key), session.key


def _by_idle(am: AclMain, session: SessionRow) -> SortKey:
    return (session.last_active_time,)


def _by_check(am: AclMain, session: SessionRow) -> SortKey:
    return (session.link_enqueue_time,)  # and the same period behind it for all


def _by_expiry(am: AclMain, session: SessionRow) -> SortKey:
    return (session.last_active_time + am.session_timeout[reading.timeout_class(am, session)],)


def _by_newest(am: AclMain, session: SessionRow) -> SortKey:
    return (-session.link_enqueue_time,)


def _by_worker(am: AclMain, session: SessionRow) -> SortKey:
    return ()


_SORT_BY: Final[dict[Order, _SortBy]] = {
    "connection": _by_connection,
    "idle": _by_idle,
    "check": _by_check,
    "expiry": _by_expiry,
    "newest": _by_newest,
    "worker": _by_worker,
}


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """The best sessions so far, in order; how many were looked at, and how many of them matched.

    `live` is how many there were, about, when the search began.
    """

    wanted: str
    order: Order
    sessions: tuple[SessionView, ...]
    matched: int
    looked_at: int
    live: int
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`."""
        return asdict(self)


class _Found(NamedTuple):
    """A session that was found, as it stood then."""

    sort_key: SortKey
    thread_index: int
    session_index: int
    view: SessionView


class _Part(NamedTuple):
    """What a slice of one worker's pool gave, and where the next begins; None: at its end."""

    best: list[_Found]
    matched: int
    looked_at: int
    next_index: int | None


def find_sessions(
    subject: Subject,
    wanted: str,
    order: Order = "connection",
    count: int = 20,
    show: Callable[[FoundSessions], None] = lambda found: None,
) -> Slices[FoundSessions]:
    """The live sessions that match, the best `count` in an order.

    `wanted` is words, which all must match: an address, a prefix, a port as `:80`, a protocol, a
    class, an interface, a worker, or a part of the connection as it is written. Orders: by address,
    port and protocol; the longest idle first; the soonest due for its check; the soonest to expire;
    the last linked first (VPP keeps no time of birth); by owner and slot. If the bench moves in its
    history meanwhile, it begins anew. `show` is called with what is found so far, slice by slice.
    CommandError, at once: a word is none of these.
    """
    if order not in _SORT_BY:
        raise CommandError(f"{order}: sessions are sorted by {', '.join(ORDERS)}")
    if type(count) is not int or not 1 <= count <= MAX_COUNT:
        raise CommandError(f"{count!r}: from 1 to {MAX_COUNT:,} sessions can be shown")
    tests = read_wanted(subject.rig, wanted)
    return _searched(subject, _Search(wanted, order, count, tests), show)


# --- what is wanted -----------------------------------------------------------------------------


def read_wanted(rig: Rig, wanted: str) -> tuple[Test, ...]:
    """The tests that words stand for, quick ones first. CommandError: a word stands for none."""
    words = wanted.split()
    if len(words) > MAX_WORDS:
        raise CommandError(f"{len(words)} words; at most {MAX_WORDS} can be looked for")
    tests = [_test_of(rig, word) for word in words]
    return tuple(sorted(tests, key=lambda test: isinstance(test, _PartOfConnection)))


def known_words(rig: Rig) -> dict[str, str]:
    """The words that name something, each with what that is."""
    am = rig.machine.am
    found = dict.fromkeys(_PROTOS, "a protocol") | dict.fromkeys(_classes(rig), "a class, now")
    found |= {i.name: "the interface it is on" for i in am.interfaces if i is not None}
    return found | {actor_name(worker.thread_index): "its owner" for worker in am.workers}


def _classes(rig: Rig) -> list[str]:
    """The classes of the rig's design, by name."""
    return [each.name for each in rig.machine.am.timeout_classes]


def _test_of(rig: Rig, word: str) -> Test:
    if len(word) > MAX_WORD:
        raise CommandError(f"{word[:MAX_WORD]}...: a word has at most {MAX_WORD} characters")
    am = rig.machine.am
    for interface in am.interfaces:
        if interface is not None and interface.name == word:
            sw_if_index = interface.sw_if_index
            return lambda session: session.sw_if_index == sw_if_index
    for worker in am.workers:
        if actor_name(worker.thread_index) == word:
            thread_index = worker.thread_index
            return lambda session: session.thread_index == thread_index
    lower = word.lower()
    if lower in _PROTOS:
        protos = _PROTOS[lower]
        return lambda session: session.proto in protos
    if lower in _classes(rig):
        timeout_class = _classes(rig).index(lower)
        return lambda session: reading.timeout_class(am, session) == timeout_class
    return _test_of_connection(rig, lower)


def _test_of_connection(rig: Rig, word: str) -> Test:
    """A word that says something of the two ends."""
    if re.fullmatch(r":[0-9]{1,5}", word):
        if int(word[1:]) > 65535:
            raise CommandError(f"{word}: ports go from 0 to 65535")
        return _port_test(int(word[1:]))
    if "/" in word:
        return _prefix_test(word)
    try:
        packed = ip_address(word).packed
    except ValueError:
        pass  # a part of one, maybe
    else:
        return _address_test(packed)
    if _CONNECTION_REST.fullmatch(word) or any(word in each for each in _CONNECTION_WORDS):
        return _PartOfConnection(word)
    raise CommandError(_not_understood(rig, word))


def _port_test(port: int) -> Test:
    packed = port.to_bytes(2, "big")

    def test(session: SessionRow) -> bool:
        if session.proto not in (PROTO_TCP, PROTO_UDP):
            return False
        key = session.key
        return packed in (key[-6:-4], key[-4:-2])

    return test


def _address_test(packed: bytes) -> Test:
    size = len(packed)
    is_ip4 = size == 4

    def test(session: SessionRow) -> bool:
        key = session.key
        if (len(key) == KEY4_SIZE) != is_ip4:
            return False
        return packed in (key[:size], key[size : 2 * size])

    return test


def _prefix_test(word: str) -> Test:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        raise CommandError(f"{word} is not a prefix such as 10.0.0.0/24 or fd00::/64") from None
    size = network.max_prefixlen // 8
    shift = network.max_prefixlen - network.prefixlen
    bits = int(network.network_address) >> shift
    is_ip4 = size == 4

    def test(session: SessionRow) -> bool:
        key = session.key
        if (len(key) == KEY4_SIZE) != is_ip4:
            return False
        return (
            int.from_bytes(key[:size], "big") >> shift == bits
            or int.from_bytes(key[size : 2 * size], "big") >> shift == bits
        )

    return test


class _PartOfConnection:
    """The test for a part of the connection as it is written: it costs most."""

    def __init__(self, part: str) -> None:
        self._part = part

    def __call__(self, session: SessionRow) -> bool:
        return self._part in key_text(session.key)


def _not_understood(rig: Rig, word: str) -> str:
    am = rig.machine.am
    interfaces = [i.name for i in am.interfaces if i is not None]
    workers = [actor_name(worker.thread_index) for worker in am.workers]
    near = get_close_matches(word, known_words(rig), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return (
        f"{word} is no address (10.0.0.2), prefix (10.0.0.0/24), port (:80), protocol "
        f"({', '.join(_PROTOS)}), class ({', '.join(_classes(rig))}), interface "
        f"({', '.join(interfaces)}) or worker ({', '.join(workers)}){hint}"
    )


# --- looking ------------------------------------------------------------------------------------


class _Search(NamedTuple):
    """What is looked for."""

    wanted: str
    order: Order
    most: int
    tests: tuple[Test, ...]


def _searched(
    subject: Subject, search: _Search, show: Callable[[FoundSessions], None]
) -> Slices[FoundSessions]:
    """Look through all pools, slice by slice; anew if the bench has moved in its history."""
    while True:
        found = yield from _once_through(subject, search, show)
        if found is not None:
            return found


def _once_through(
    subject: Subject, search: _Search, show: Callable[[FoundSessions], None]
) -> Slices[FoundSessions | None]:
    """Look through the pools of the rig there is; None: the bench has another by now."""
    rig = subject.rig
    am = rig.machine.am
    next_index: list[int | None] = [0] * len(am.workers)
    best: list[_Found] = []
    matched = looked_at = 0
    live, pace = am.live_sessions(), Pace(FIRST_SLICE, LARGEST_SLICE)
    while subject.rig is rig:
        with pace.slice():
            parts = _look(rig, search, next_index, pace.size, best)
            new = [found for part in parts for found in part.best]
            if new:
                best = nsmallest(search.most, [*best, *new])
        next_index = [part.next_index for part in parts]
        matched += sum(part.matched for part in parts)
        looked_at += sum(part.looked_at for part in parts)
        found = FoundSessions(
            search.wanted,
            search.order,
            tuple(found.view for found in best),
            matched,
            looked_at,
            live,
            complete=all(index is None for index in next_index),
        )
        show(found)
        if found.complete:
            return found
        yield Progress(looked_at, live, "sessions")
    return None


def _look(
    rig: Rig,
    search: _Search,
    next_index: list[int | None],
    size: int,
    best: list[_Found],
) -> list[_Part]:
    """A slice: `size` slots in all, of the pools that are not at their end."""
    am = rig.machine.am
    open_pools = sum(index is not None for index in next_index)
    each = max(size // max(open_pools, 1), 1)
    # What comes behind the last of the best is not looked at closer.
    last = best[-1][:3] if len(best) == search.most else None

    def make(worker: Worker, now: int) -> _Part:
        start = next_index[worker.thread_index]
        if start is None:
            return _Part([], 0, 0, None)
        return _look_at(am, search, worker, now, start, start + each, last)

    return rig.driver.at_safe_points(make)


def _look_at(
    am: AclMain,
    search: _Search,
    worker: Worker,
    now: int,
    start: int,
    end: int,
    last: tuple[SortKey, int, int] | None,
) -> _Part:
    """A part of one pool: its live sessions that match, the best of them as they stand."""
    tests, sort_by = search.tests, _SORT_BY[search.order]
    thread_index = worker.thread_index
    rows: list[tuple[SortKey, int, int, SessionRow]] = []
    matched = looked_at = 0
    for session in reading.sessions_in(worker, start, end):
        looked_at += 1
        for test in tests:
            if not test(session):
                break
        else:
            matched += 1
            row = sort_by(am, session), thread_index, session.session_index
            if last is None or row < last:
                rows.append((*row, session))
    best = [
        _Found(key, thread, index, session_view(am, session, None, now))
        for key, thread, index, session in nsmallest(search.most, rows)
    ]
    return _Part(best, matched, looked_at, None if end >= reading.pool_size(worker) else end)
