"""Runs a design in every way there is, and says what came of it.

One TCP connection is opened and answered with SYN, SYN and ACK: the server's flags are all there,
the client's are not. `needs_haste` adds so many connections that expire at once that interrupts are
asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from engine.bench import ACK, SYN, tcp_back, tcp_out, udp_out

from aclbench import Workbench
from aclbench.engine.counts import EVENT_KINDS, event_counts
from aclbench.engine.design import Design

Run = Callable[[], dict[str, int]]
SET_UP = """
create packet-generator interface pg0
create packet-generator interface pg1
set interface state pg0 up
set interface state pg1 up
set interface ip address pg0 10.0.0.254/24
set interface ip address pg1 192.168.0.254/24
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 0
set acl-plugin session timeout udp idle 1
"""
#: More than two quanta.
MANY = 250


def all_ways(design: Design, needs_haste: bool = False) -> list[Any]:
    """The runs, for `pytest.mark.parametrize`: stepped, by steps, back and forth, on threads."""
    ways = (_straight, _by_steps, _back_and_forth, _threaded)
    return [pytest.param(partial(way, design, needs_haste), id=way.__name__[1:]) for way in ways]


def _bench(design: Design, needs_haste: bool, **how: Any) -> Workbench:
    bench = Workbench(2, design=design, **how)
    for line in SET_UP.strip().splitlines():
        bench.cli(line)
    bench.advance("0.01")  # what clears an interface as its lists change is done
    bench.send("pg0", [tcp_out(SYN)])
    bench.send("pg1", [tcp_back(SYN | ACK)])
    if needs_haste:
        bench.send("pg0", [udp_out(1000 + n) for n in range(MANY)])
    return bench


def _found(bench: Workbench) -> dict[str, int]:
    counts = dict(zip(EVENT_KINDS, event_counts(bench.rig.machine.am), strict=True))
    return {**bench.report().by_class, "wait changes": counts["wait changed"]}


def _straight(design: Design, needs_haste: bool) -> dict[str, int]:
    bench = _bench(design, needs_haste)
    bench.advance(3)
    return _found(bench)


def _by_steps(design: Design, needs_haste: bool) -> dict[str, int]:
    bench = _bench(design, needs_haste)
    end = bench.now + 3_000_000_000
    while bench.now < end and bench.step() is not None:
        bench.check_invariants()
    return _found(bench)


def _back_and_forth(design: Design, needs_haste: bool) -> dict[str, int]:
    bench = _bench(design, needs_haste)
    bench.advance(3)
    before = _found(bench)
    bench.back(40)
    bench.advance(3)
    assert bench.rig.machine.design == design
    after = _found(bench)
    assert before.keys() == after.keys()
    return after


def _threaded(design: Design, needs_haste: bool) -> dict[str, int]:
    bench = _bench(design, needs_haste, driver="threaded")
    bench.advance(3)
    return _found(bench)
