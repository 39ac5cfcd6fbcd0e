"""Drives a design with random connections, and says how late its sessions went.

A session's class is followed here by the events of its packets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from engine.bench import ACK, FIN, SEC, SYN, Driven, tcp_back, tcp_out, udp_back, udp_out

from aclbench.drivers.stepping import Order
from aclbench.engine.design import Design
from aclbench.engine.events import ClassChanged, SessionAdded, SessionDeleted, TraceEvent
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import WAIT_INTERVAL_MAX_NS

#: Shortened, so that a run has many ends; one is no whole number of turns of anything.
TIMEOUTS_S = (11, 47, 5)
CONNECTIONS = 40
_PACKETS = 600
_LONGEST_PAUSE_NS = SEC
#: Packets between two looks at what always holds.
_CHECK_EVERY = 20


def seeds(count: int) -> pytest.MarkDecorator:
    """A test for each of so many seeds; the interpreted machine has the first alone."""
    others = (pytest.param(seed, marks=pytest.mark.compiled_only) for seed in range(1, count))
    return pytest.mark.parametrize("seed", [0, *others])


class Aged(NamedTuple):
    """Deletions by age, and how long after its timeout the first and the last session went (ns)."""

    deleted: int
    earliest: int
    latest: int
    latest_by_class: tuple[int, ...]
    wait: int
    longest_timeout: int


def drive(design: Design, seed: int, workers: int, order: Order = "fair") -> Aged:
    """A run of random packets of some connections, both ways, to long after the last of them."""
    chance = random.Random(seed)
    bench = Driven(workers, order, seed, design=design)
    bench.apply(0)
    bench.apply(0, is_input=False)
    for timeout_class, seconds in enumerate(TIMEOUTS_S):
        bench.machine.set_session_timeout(timeout_class, seconds)
    for number in range(_PACKETS):
        port = 1000 + chance.randrange(CONNECTIONS)
        back = chance.random() < 0.5
        if port % 2:
            bench.queue(udp_back(port) if back else udp_out(port), rx=int(back))
        else:
            flags = chance.choice([SYN, SYN | ACK, ACK, ACK, FIN | ACK])
            packet = tcp_back(flags, port) if back else tcp_out(flags, port)
            bench.queue(packet, rx=int(back))
        bench.driver.settle()
        bench.driver.run_until(bench.driver.now + chance.randrange(_LONGEST_PAUSE_NS))
        if number % _CHECK_EVERY == 0:
            bench.advance(0)
    bench.advance(4 * max(TIMEOUTS_S) * SEC)
    assert not bench.am.live_sessions()
    late = list(_lateness(bench.events))
    longest = max(TIMEOUTS_S) * SEC
    latest = tuple(
        max((ns for c, ns in late if c == each), default=0) for each in range(len(TIMEOUTS_S))
    )
    all_ns = [ns for _, ns in late]
    return Aged(len(late), min(all_ns), max(all_ns), latest, WAIT_INTERVAL_MAX_NS, longest)


def _lateness(events: list[TraceEvent]) -> Iterator[tuple[int, int]]:
    """Each session's class, and how long after its timeout it was deleted (ns)."""
    classes: dict[SessionId, int] = {}
    for event in events:
        if isinstance(event, SessionAdded):
            classes[SessionId(event.thread_index, event.session_index)] = event.list_id
        elif isinstance(event, ClassChanged):
            classes[event.session] = event.new
        elif isinstance(event, SessionDeleted):
            timeout_class = classes.pop(SessionId(event.thread_index, event.session_index))
            if event.cleared:
                continue  # by its interface's clear, whatever its age
            yield timeout_class, event.idle - TIMEOUTS_S[timeout_class] * SEC
