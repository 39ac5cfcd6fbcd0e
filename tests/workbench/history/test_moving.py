"""Where moves lead, counted: by events, packets and turns, from behind packets and turns."""

from __future__ import annotations

import pytest

from aclbench import Workbench
from aclbench.drivers.stepping import Position
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish


@pytest.fixture
def bench() -> Workbench:
    """Behind some packets, and behind turns of the cleaner and of interrupt handlers."""
    made = Workbench.from_scenario(load_scenario(find_input("aging")))
    made.play()
    made.advance("2")
    assert made.past.cursor.position.turns > 3
    return made


def points_with_events(bench: Workbench) -> list[Position]:
    """The steps of the run that made events, by walking all of it."""
    history = bench.past
    replay = finish(history.at(history.branch.starts[0]))
    return [w.point.position for w in replay.walk(history.branch.end) if w and w.events]


def test_back_by_events_passes_over_steps_that_made_none(bench: Workbench) -> None:
    """Each move leads right behind the step before that made an event."""
    made = points_with_events(bench)
    here = bench.past.branch.canonical(bench.past.cursor).position
    expected = [position for position in made if position < here]
    for position in expected[:-12:-1]:
        assert bench.back(1, "event") == 1
        assert bench.past.cursor.position == position
    assert bench.back(5, "events") == 5
    assert bench.past.cursor.position == expected[-16]


def test_back_by_packets_from_behind_a_turn_leads_behind_the_last_packet(bench: Workbench) -> None:
    """That packet came before the turn; only the next move goes behind the one before it."""
    packets = bench.past.cursor.position.packets
    for expected in (packets, packets - 1, packets - 2):
        assert bench.back(1, "packet") == 1
        assert bench.past.cursor.position == Position(expected, 0, 0)


def test_back_by_turns_leads_to_where_turns_began(bench: Workbench) -> None:
    """A packet is a turn, and so is a round of the cleaner."""
    packets, turns, _ = bench.past.cursor.position
    for expected in range(turns - 1, -1, -1):
        assert bench.back(1, "turn") == 1
        assert bench.past.cursor.position == Position(packets, expected, 0)
    bench.back(1, "turn")
    assert bench.past.cursor.position.packets == packets - 1
    assert bench.past.cursor.position.steps == 0
