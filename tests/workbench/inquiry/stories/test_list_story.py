"""A list's story: what the next interrupt is said to take, it takes."""

from __future__ import annotations

import json

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import CommandError, Workbench
from aclbench.engine.design import FIFO_2017
from aclbench.engine.events import (
    InterruptServed,
    SessionDeleted,
    SessionRequeued,
    TraceEvent,
)
from aclbench.workbench.inquiry.stories import ListStory, list_story, story_text
from aclbench.workbench.inquiry.stories.lists import MAX_EVENTS
from aclbench.workbench.inquiry.stories.quantum import FIRST_SESSIONS
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish


def whole(bench: Workbench, thread: int, list_id: int) -> ListStory:
    last = finish(list_story(bench, thread, list_id))
    assert last.complete
    return last


@examples(10)
@given(packets=st.integers(1, 1500), quantum=st.sampled_from([1, 3, 100]))
def test_the_next_interrupt_takes_what_was_said(packets: int, quantum: int) -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.cli(f"set bench quantum {quantum}")
    bench.play(packets)
    said = [whole(bench, 1, list_id) for list_id in range(3)]
    bench.rig.stepped.arrivals.source = None
    bench.rig.stepped.arrivals.frames.clear()
    heard: list[TraceEvent] = []
    bench.rig.machine.am.tell.listener = heard.append
    served: InterruptServed | None = None
    while served is None:
        if bench.rig.stepped.run_turn() is None:  # no session anywhere
            assert {story.interrupt for story in said} == {None}
            return
        mine = [e for e in heard if isinstance(e, InterruptServed) and e.thread_index == 1]
        served = mine[0] if mine else None
    assert {story.interrupt for story in said} == {served.time}
    assert sum(story.taken for story in said) == served.taken
    assert all(story.taken <= story.due <= quantum for story in said)
    judged = [
        e for e in heard if isinstance(e, SessionDeleted | SessionRequeued) and e.thread_index == 1
    ]
    fates = {e.session_index: "deleted" if e.kind == "deleted" else "requeued" for e in judged}
    for story in said:
        assert len(story.first) == min(FIRST_SESSIONS, int(story.fields[2].value))
        for each in story.first:
            assert fates.get(each.id.session_index, "left") == each.fate


def test_what_happened_on_it_is_what_put_sessions_there_or_took_them_off() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(600)
    for list_id, name in enumerate(FIFO_2017.lists):
        story = whole(bench, 1, list_id)
        assert 0 < len(story.events) <= MAX_EVENTS
        length = int(story.fields[2].value)
        for event in story.events[-3:]:
            assert event.place is not None
            bench.goto(event.place)
            after = bench.snapshot().workers[1].lists[list_id]
            bench.back()
            before = bench.snapshot().workers[1]
            taken = {*before.taken}
            assert [s.session_index for s in before.lists[list_id].sessions] != [
                s.session_index for s in after.sessions
            ] or taken, (name, event)
            bench.cli("switch main")
        assert bench.snapshot().workers[1].lists[list_id].length == length
        json.dumps(story.to_json())
        assert max(map(len, story_text(story, bench.rig.clock))) <= 80


def test_the_quantum_is_shared_in_class_order() -> None:
    bench = Workbench(workers=1)
    for line in (
        "create packet-generator interface pg0",
        "set int state pg0 up",
        "set acl-plugin acl permit+reflect",
        "set acl-plugin interface pg0 input acl 0",
        "set acl-plugin session timeout udp idle 1",
        "set bench quantum 2",
        "send pg0 udp 10.0.0.2:1 > 10.0.0.3:1 count 3",
        "send pg0 udp 10.0.0.2:2 > 10.0.0.3:2",
        "send pg0 udp 10.0.0.2:3 > 10.0.0.3:3",
        "send pg0 tcp 10.0.0.2:1 > 10.0.0.3:1",
    ):
        bench.cli(line)
    bench.advance("1.2")
    stories = [whole(bench, 1, list_id) for list_id in range(3)]
    assert [story.due for story in stories] == [2, 0, 1]
    assert [story.taken for story in stories] == [2, 0, 0]
    assert [each.fate for each in stories[0].first] == ["deleted", "deleted", "left"]
    assert stories[2].first[0].text == "left: due, but the interrupt has taken all it may"


def test_refusals() -> None:
    bench = Workbench(workers=1)
    for thread, list_id in ((5, 0), (1, 3), (-1, 0)):
        with pytest.raises(CommandError, match="there is no"):
            list_story(bench, thread, list_id)
    assert "owns no sessions" in whole(bench, 0, 0).sentences[0]


def test_on_real_threads() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    bench.play(400)
    story = whole(bench, 1, 2)
    assert story.events
    assert {event.place for event in story.events} == {None}
    assert "are kept" in story.note
