"""What steps say that they read and write is all that they read and write."""

from __future__ import annotations

from random import Random

import pytest
from recording import Record, record_all

from aclbench.drivers.driver import CLEANER, CLOCK
from aclbench.engine.steps import ENDS_INTERRUPT, ENDS_PACKET, ENDS_ROUND, KINDS, STEPS, Step
from aclbench.lab.explore.actors import ITEM, Actors
from aclbench.lab.explore.parts import SendPart
from aclbench.lab.explore.scenario import read_explored
from aclbench.lab.explore.scene import Bounds, setting_the_scene
from aclbench.lab.explore.search import ANY
from aclbench.workbench.tasks import finish

SCENARIO = """
workers = 2
setup = '''
set bench quantum 1
set acl-plugin session timeout udp idle 1
set acl-plugin session timeout tcp transient 1
set acl-plugin session table max-entries 2
set acl-plugin reclassify-sessions 1
set acl-plugin acl permit+reflect src 0.0.0.0/0
set acl-plugin acl permit+reflect proto 17, deny src 0.0.0.0/0
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 1
send pg0 tcp 10.0.0.2:4 > 192.168.0.2:80 S
'''
jumps = 6
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24"]
[[send]]
packets = '''
pg0 udp 10.0.0.2:1 > 192.168.0.2:53
pg0 tcp 10.0.0.2:4 > 192.168.0.2:80 A
pg0 tcp 10.0.0.2:5 > 192.168.0.2:80 S
pg0 tcp 10.0.0.2:6 > 192.168.0.2:80 S
'''
[[send]]
packets = '''
pg1 udp 192.168.0.2:53 > 10.0.0.2:1
pg1 tcp 192.168.0.2:80 > 10.0.0.2:4 SA
pg1 udp 192.168.0.2:7 > 10.0.0.2:9
'''
[[cli]]
lines = "clear acl-plugin sessions"
[[cli]]
lines = '''
set acl-plugin acl index 0 permit+reflect proto 6, permit+reflect src 0.0.0.0/0
set acl-plugin interface pg0 output acl 1 del
set acl-plugin interface pg0 input acl 0 del
'''
"""
RUNS = 100


def test_every_access_of_a_step_is_in_its_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = finish(setting_the_scene(read_explored(SCENARIO, "test"), Bounds()))
    actors = scene.actors
    record = record_all(actors, monkeypatch)
    seen: set[str] = set()
    for seed in range(RUNS):
        actors.begin()
        chance = Random(seed)
        while choices := actors.choices(ANY):
            seen.add(take(actors, chance.choice(choices), record))
    wanted = {step.label for step in STEPS}
    assert wanted - seen == set(), "these steps were never taken"


def take(actors: Actors, choice: int, record: Record) -> str:
    """Take a step, and hold what it did against what it says."""
    actor = actors.actor_of(choice)
    if actor == CLOCK or (choice >= ITEM and not isinstance(actors.part_of(choice), SendPart)):
        return actors.step(choice)
    before = actors.upcoming if actor == CLEANER else None
    was_packet = choice >= ITEM or (actor in actors.turns and actors.turns[actor].part is not None)
    record.read.clear()
    record.changed.clear()
    record.is_on = True
    label = actors.step(choice)
    record.is_on = False
    step = next((each for each in STEPS if each.label == label), None)
    if actor == CLEANER:
        after, ends = actors.upcoming, ENDS_ROUND
    else:
        turn = actors.turns.get(actor)
        after, ends = turn.upcoming if turn else None, ENDS_PACKET if was_packet else ENDS_INTERRUPT
    chosen = after.chosen_by if isinstance(after, Step) else ends
    if step is None:
        assert not isinstance(before, Step)
        assert not record.changed
        return label
    assert step.reads is not None
    assert step.changes is not None
    changes, reads = set(step.changes), {*step.reads, *step.changes, *chosen}
    assert record.changed <= changes, f"{label} changes {record.changed - changes}"
    assert record.read <= reads, f"{label}, then {after}, reads {record.read - reads}"
    return label


def test_sets_are_of_the_kinds_that_there_are() -> None:
    for step in STEPS:
        assert {*step.reads, *step.changes, *step.chosen_by} <= set(KINDS), step
