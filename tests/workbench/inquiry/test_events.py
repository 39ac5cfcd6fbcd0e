"""The events of a stretch: filtered as they are heard, up to as many as are wanted, in slices."""

from __future__ import annotations

import pytest

from aclbench import CommandError, Workbench
from aclbench.engine.counts import EVENT_KINDS
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.workbench import tasks
from aclbench.workbench.commands.bench import history as commands
from aclbench.workbench.inquiry.events import EventFilter, events_between
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import FIRST_SLICE, finish


@pytest.fixture(scope="module")
def bench() -> Workbench:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(700)
    bench.advance(130)
    return bench


@pytest.fixture(scope="module")
def heard(bench: Workbench) -> list[TraceEvent]:
    events: list[TraceEvent] = []
    there = finish(bench.past.at(bench.past.branch.starts[0]))
    there.rig.hear(events.append)
    finish(there.run_to(bench.past.cursor))
    return events


@pytest.mark.parametrize(
    "only",
    [
        EventFilter(),
        *(EventFilter((kind,)) for kind in EVENT_KINDS),
        EventFilter(("deleted", "packet")),
        EventFilter(thread=1),
        EventFilter(("requeued",), session=(1, 0)),
    ],
    ids=str,
)
def test_the_first_of_them_and_how_many_more(
    bench: Workbench, heard: list[TraceEvent], only: EventFilter
) -> None:
    """Where nobody wants to hear of packets the others are the same, in the same order."""
    expected = [event for event in heard if only.lets_through(event)]
    for most in (0, 3, len(expected), len(expected) + 1):
        found = finish(events_between(bench.past, "start", "now", only, most))
        assert found.events == expected[:most]
        left_out = max(len(expected) - most, 0)
        if only.thread is None and only.session is None:
            assert found.left_out == left_out
        else:
            assert (found.left_out == 0) == (left_out == 0)


def test_what_is_not_heard_of_is_not_made(bench: Workbench) -> None:
    there = finish(bench.past.at(bench.past.branch.starts[0]))
    kinds: set[str] = set()
    there.rig.hear(lambda event: kinds.add(event.kind), of_packets=False)
    finish(there.run_to(bench.past.cursor))
    assert PacketVerdict.kind not in kinds
    assert {"session added", "deleted", "interrupt served"} <= kinds


def test_the_command_says_how_many_are_left_out_and_data_is_all_or_nothing(
    bench: Workbench, heard: list[TraceEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MAX_LINES", 5)
    monkeypatch.setattr(commands, "MAX_DATA", 7)
    lines = bench.cli("events").splitlines()
    assert len(lines) == 6
    assert lines[-1] == f"... and {len(heard) - 5:,} more: ask for a shorter stretch"
    assert (
        bench.cli("events thread 1").splitlines()[-1] == "... and more: ask for a shorter stretch"
    )
    with pytest.raises(CommandError, match="more than 7 events; ask for a shorter stretch"):
        bench.cli_data("events")
    assert len(bench.cli_data("events to #1")) <= 7


@pytest.mark.parametrize(
    "line",
    [
        "events recycled packet session 1/77",
        "events deleted thread 1 session 1/77",
        "explain all",
        "explain 1",
        "goto packet 100",
        "goto end",
        "run until end",
        "back until recycled",
        "packets denied",
        "packets conn 7",
    ],
)
def test_no_slice_has_many_packets(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """So many slices as it takes if each has no more than so many, however fast they are."""
    monkeypatch.setattr(tasks, "SLICE_SHORT_S", 0.0)  # none is found to be short
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.cli("set acl-plugin acl index 0 permit+reflect proto 6 dport 80")
    bench.play(0 if line == "run until end" else 600)
    task, slices = bench.begin(line), 1
    while not task.work(0.0):
        slices += 1
    assert task.error is None
    assert slices >= EXPECTED.get(line, 500 // FIRST_SLICE)


#: What looks at columns, or begins at a checkpoint, has less to do.
EXPECTED = {"packets denied": 1, "packets conn 7": 1, "explain 1": 3, "goto packet 100": 6}
