"""A checkpoint has the whole machine: whatever the engine counts, and however it is set."""

from __future__ import annotations

from itertools import count
from typing import Any

from aclbench import Workbench
from aclbench.engine.main import AclMain
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.fields import fields_of
from aclbench.workbench.tasks import finish

#: What tells one thing from another, what a machine is made with, and what is no number.
APART = {"thread_index", "sw_if_index", "n_workers", "sessions"}


def things_of(am: AclMain) -> list[Any]:
    """All that has plain fields."""
    counters = [each for worker in am.workers for each in worker.interface_counters]
    interfaces = [interface for interface in am.interfaces if interface is not None]
    return [am, am.cleaner, am.shown, *am.workers, *counters, *interfaces]


def test_every_number_of_the_machine_comes_back() -> None:
    """Each is set to one of its own, and each table of numbers has one more."""
    bench = Workbench.load(find_input("aging"))
    bench.play(50)
    rig, numbers = bench.rig, count(bench.now + 1000)  # what is a time has not come
    expected: list[dict[str, Any]] = []
    for thing in things_of(rig.machine.am):
        changed: dict[str, Any] = {}
        for name, value in fields_of(thing, APART).items():
            if isinstance(value, bool):
                changed[name] = not value
            elif isinstance(value, int):
                changed[name] = next(numbers)
            elif isinstance(value, dict) and all(isinstance(each, int) for each in value.values()):
                changed[name] = {**value, next(numbers): next(numbers)}
        for name, value in changed.items():
            setattr(thing, name, value)
        expected.append(changed)
    assert {"cnt_recycled_sessions", "packet_reasons", "rule_matches"} <= expected[4].keys()
    assert sum(len(changed) for changed in expected) > 150
    packer = rig.packer()
    while not packer.done:
        packer.work()
    there = finish(rig.unpacked(packer.checkpoint()))
    found = things_of(there.machine.am)
    for thing, changed in zip(found, expected, strict=True):
        assert {name: getattr(thing, name) for name in changed} == changed
