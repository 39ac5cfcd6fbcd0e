"""A field's story: its writers are those that the whole run has, the last first."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aclbench import CommandError, Workbench
from aclbench.engine.reading import SESSION_FIELDS
from aclbench.workbench.history import checkpoints
from aclbench.workbench.history.moving import at_event
from aclbench.workbench.inquiry.diff import shown_fields
from aclbench.workbench.inquiry.stories import FieldStory, field_story, story_text
from aclbench.workbench.inquiry.stories.fields import MAX_WRITERS
from aclbench.workbench.inquiry.stories.meanings import (
    CLEANER_FIELDS,
    SESSION_MEANINGS,
    WORKER_FIELDS,
)
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish


def whole(bench: Workbench, row: str, name: str) -> FieldStory:
    last = finish(field_story(bench, row, name))
    assert last.complete
    return last


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """A run with a clear and many checkpoints; who goes through it comes back to its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "CHECKPOINT_WORK", 400)
        patch.setattr(checkpoints, "CHECKPOINT_WORK_PER_SESSION", 0)
        bench = Workbench.from_scenario(load_scenario(find_input("backlog")))
        bench.play(300)
        bench.cli("clear acl-plugin sessions")
        bench.advance("2")
        yield bench


def test_every_field_has_a_meaning() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    bench.play(1)
    am = bench.rig.machine.am
    assert set(shown_fields(am.cleaner)) == set(CLEANER_FIELDS)
    assert set(shown_fields(am.workers[0])) == set(WORKER_FIELDS)
    assert set(SESSION_FIELDS) == set(SESSION_MEANINGS)
    for row, names in (
        ("cleaner", CLEANER_FIELDS),
        ("vpp_wk_0", WORKER_FIELDS),
        ("session 1/0", SESSION_MEANINGS),
    ):
        for name in names:
            story = whole(bench, row, name)
            assert story_text(story, bench.rig.clock)[0].startswith(f"{row} {name}: ")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("vpp_wk_0", "interrupt_is_pending"),
        ("vpp_wk_0", "interrupt_is_needed"),
        ("vpp_wk_0", "interrupt_is_unwanted"),
        ("vpp_wk_0", "clear_in_process"),
        ("vpp_wk_0", "swipe_end_time"),
        ("vpp_wk_0", "pending_clear_sw_if_index_bitmap"),
        ("vpp_wk_0", "live_sessions"),
        ("cleaner", "wait_interval"),
        ("cleaner", "clearing_bitmap"),
        ("session 1/0", "link_list_id"),
        ("session 1/0", "last_active_time"),
    ],
)
def test_the_writers_are_those_of_the_run(bench: Workbench, row: str, name: str) -> None:
    expected = bench.writers(f"{row} {name}")[::-1][:MAX_WRITERS]
    story = whole(bench, row, name)
    assert [(w.time, w.who, w.what, w.old, w.new) for w in story.writers] == [
        (w.point.time, w.who, w.what, w.old, w.new) for w in expected
    ]
    for writer, other in list(zip(story.writers, expected, strict=True))[:3]:
        assert writer.place is not None
        if isinstance(writer.place, int):
            assert finish(at_event(bench.past, writer.place)).cursor == other.point
        else:
            assert writer.place == other.point
        bench.goto(writer.place)
        assert whole(bench, row, name).value == writer.new
        bench.cli("switch main")
    json.dumps(story.to_json())


def test_where_vpp_main_carries_packets_its_two_parts_are_told_apart() -> None:
    bench = Workbench(workers=0)
    for line in (
        "create packet-generator interface pg0",
        "set int state pg0 up",
        "set acl-plugin acl permit+reflect",
        "set acl-plugin interface pg0 input acl 0",
    ):
        bench.cli(line)
    bench.cli("send pg0 udp 10.0.0.2:1 > 10.0.0.3:2")
    bench.advance("2")
    for flag in ("interrupt_is_needed", "interrupt_is_unwanted"):
        expected = bench.writers(f"vpp_main {flag}")[::-1]
        story = whole(bench, "vpp_main", flag)
        assert [(w.who, w.what) for w in story.writers] == [(w.who, w.what) for w in expected]


def test_slices_are_many_and_the_bench_stands(bench: Workbench) -> None:
    rig, shown = bench.rig, list[FieldStory]()
    slices = sum(1 for _ in field_story(bench, "vpp_wk_0", "live_sessions", shown.append))
    assert bench.rig is rig
    assert slices > 20
    assert len(shown) > 2
    assert not any(story.complete for story in shown)


@pytest.mark.parametrize(
    ("row", "name", "says"),
    [
        ("vpp_wk_7", "live_sessions", "fields are followed of cleaner, vpp_main, vpp_wk_0"),
        ("vpp_wk_0", "lives", "not a field; there is thread_index, "),
        ("session 1/0", "lives", "a session has no field lives"),
        ("session one", "key", "named by thread and index"),
        ("pg0", "name", "fields are followed of"),
    ],
)
def test_errors_say_what_there_is(bench: Workbench, row: str, name: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        field_story(bench, row, name)


def test_on_real_threads_flags_are_told_of_and_the_rest_is_not() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    bench.play(400)
    flag = whole(bench, "vpp_wk_0", "interrupt_is_pending")
    assert flag.writers
    assert {writer.place for writer in flag.writers} == {None}
    other = whole(bench, "vpp_wk_0", "live_sessions")
    assert not other.writers
    assert "run it without --threads" in other.note
    assert whole(bench, "session 1/0", "sw_if_index").value is not None
