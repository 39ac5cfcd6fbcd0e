"""A lesson under way: nothing goes on by itself, all is taken back in one go, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aclbench.documents import DocumentError, JsonReader, to_json
from aclbench.tutor.course import PUT_BACK, LessonRun
from aclbench.tutor.lesson import LessonError
from aclbench.tutor.reading import read_lesson
from aclbench.tutor.saved import SavedRun
from aclbench.tutor.vocabulary import read_condition
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import Slices, Task, finish

from .lessons import SECOND, lesson

#: A task that asks for what has happened, and not for what there is.
EVENTS = (
    '{ when = "sessions.live == 2", missing = "there are {sessions.live} sessions, not 2" },',
    "{ when = 'count(packet, fate=\"denied\") == 2', "
    "missing = \"denied: {count(packet, fate='denied')}\" },",
)
DENIED = "send pg1 udp 192.168.0.2:99 > 10.0.0.2:5353"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[LessonRun]:
    found = LessonRun.begin(lesson(tmp_path))
    yield found
    found.close()


def at_task(run: LessonRun) -> LessonRun:
    run.go_to(4)
    return run


def test_goes_from_first_to_last(run: LessonRun) -> None:
    run.advance()
    with pytest.raises(LessonError, match="step 2 is not done yet: make a prediction"):
        run.advance()
    outcome = run.predict(1)
    assert (outcome.answer, outcome.right, outcome.notice) == (1, True, "")
    assert outcome.why == "Sessions there are now: 1. One serves both directions."
    assert outcome.ran[0].output.startswith("packet 1 at +0 s: permitted > pg1")
    run.advance()
    shown = run.experiment()
    assert (shown.look, shown.at) == ("Its fate was permitted.", "session 1/0")
    run.advance()
    with pytest.raises(LessonError, match=r"no session was opened .*; there are 1 sessions, not 2"):
        run.advance()
    run.bench.cli(SECOND)
    assert run.look().met
    assert run.advance() is None
    assert run.finished
    assert run.notices == []


def test_a_prediction_may_be_wrong_and_made_again(run: LessonRun) -> None:
    run.advance()
    assert run.predict(2).right is False
    assert run.predict(None).right is None
    assert run.predict(1).right is True
    assert [p.choice for p in run.predictions] == ["two, one for each direction", None, "one"]
    assert run.bench.snapshot().packets.read == 1
    with pytest.raises(LessonError, match="there is no option 3; 0 to 2, or None"):
        run.predict(3)
    with pytest.raises(LessonError, match="step 2 is no task; it is a prediction"):
        run.hint()


def test_a_prediction_on_a_bench_gone_astray_is_put_right(run: LessonRun) -> None:
    run.bench.cli("set interface state pg0 down")
    run.advance()
    run.bench.cli(SECOND)
    outcome = run.predict(1)
    assert outcome.right is False  # the interface is down: it is the learner's own bench
    run.go_to(1)
    run.bench.cli("delete packet-generator interface pg0")
    run.advance()
    outcome = run.predict(1)
    assert (outcome.right, outcome.notice) == (True, PUT_BACK)
    assert run.predict(1).notice == ""


@pytest.mark.parametrize(
    "mess",
    [
        [SECOND],
        ["run 3h"],
        ["back 1 packets"],
        ["goto start", SECOND],
        ["branch other", SECOND, "switch main", SECOND, "back 2 packets"],
        ["reset"],
        ["reset", SECOND, "step 3"],
        [SECOND, "step 2", "run 1ns"],
    ],
)
def test_undo_takes_all_back(run: LessonRun, mess: list[str]) -> None:
    before = state_of(at_task(run).bench.rig.stepped)
    bench = run.bench
    for line in mess:
        bench.cli(line)
    run.undo()
    assert run.bench is bench
    assert state_of(bench.rig.stepped) == before
    bench.cli("run 1ns")  # along nothing of what was taken back
    assert not run.goal_state().met
    bench.cli(SECOND)
    assert run.look().met
    run.redo()
    assert state_of(bench.rig.stepped) == before
    assert 4 not in run.done


def test_what_was_undone_has_not_happened(tmp_path: Path) -> None:
    run = LessonRun.begin(lesson(tmp_path, EVENTS))
    bench = at_task(run).bench
    bench.cli(SECOND)
    assert run.look().message == "denied: 0"
    bench.cli(DENIED)
    assert run.look().message == "denied: 1"
    bench.cli("back 1 packets")
    assert run.look().message == "denied: 0"
    bench.cli("goto end")
    assert run.look().message == "denied: 1"
    bench.cli("back 1 packets")
    bench.cli(DENIED)  # a branch: the one before is not on it
    assert run.look().message == "denied: 1"
    bench.cli(DENIED)
    assert run.look().met
    bench.cli("goto start")
    state = run.look()
    assert (state.met, state.done) == (False, True)
    run.close()


def test_events_are_counted_from_where_a_branch_left(tmp_path: Path) -> None:
    run = LessonRun.begin(lesson(tmp_path, EVENTS))
    bench = at_task(run).bench
    bench.cli("goto start")
    assert run.look().parts[0].met is False
    for line in (DENIED, SECOND, DENIED):
        bench.cli(line)
    assert run.look().met
    run.close()


def test_hints_come_one_by_one(run: LessonRun) -> None:
    at_task(run)
    assert [run.hint().text for _ in range(4)][2:] == ["This does it.", "This does it."]
    assert run.hint(1).text == "What opened the first one?"
    with pytest.raises(LessonError, match="no hint 4"):
        run.hint(4)
    run.try_lines(run.hint(3).run)
    assert run.look().met
    run.redo()
    assert run.solution() == (SECOND,)
    run.solve()
    assert run.look().met


def test_what_is_skipped_is_done_by_the_program(run: LessonRun) -> None:
    for _ in range(3):
        run.advance(skip=True)
    assert run.step.number == 4
    assert run.bench.snapshot().packets.read == 2
    assert run.done == {1}
    run.restart()
    assert (run.step.number, run.done, run.bench.snapshot().packets.read) == (1, {1}, 0)
    with pytest.raises(LessonError, match="there is no step 5; this lesson has 1 to 4"):
        run.go_to(5)


def test_on_from_a_step_that_one_came_back_to_finds_its_bench(run: LessonRun) -> None:
    run.advance()
    run.predict(1)
    run.advance()
    run.go_to(2)
    assert run.bench.snapshot().sessions.live == 0
    run.advance()
    assert (run.step.number, run.bench.snapshot().sessions.live) == (3, 1)
    run.experiment()
    run.bench.cli(SECOND)  # what is done besides stays
    run.advance()
    assert run.bench.snapshot().sessions.live == 2


def test_set_up_that_is_refused_puts_the_bench_back(tmp_path: Path) -> None:
    change = ('kind = "task"', 'kind = "task"\nset_up = ["set interface state pg1 up"]')
    run = LessonRun.begin(lesson(tmp_path, change))
    run.go_to(3)
    run.experiment()
    run.bench.cli("delete packet-generator interface pg1")
    run.advance()
    assert run.notices == [PUT_BACK]
    assert run.bench.snapshot().sessions.live == 1
    run.close()


def test_a_fresh_step_begins_anew(tmp_path: Path) -> None:
    run = LessonRun.begin(lesson(tmp_path, ('kind = "task"', 'kind = "task"\nfresh = true')))
    run.go_to(3)
    run.experiment()
    bench = run.bench
    run.advance()
    assert run.bench is bench
    assert bench.snapshot().sessions.added == 0
    run.close()


def resumed(run: LessonRun, **changes: Any) -> LessonRun:
    state = json.loads(to_json(run.to_state())) | changes
    return finish(
        LessonRun.resuming(run.lesson, JsonReader(SavedRun).read(json.dumps(state).encode()))
    )


def test_left_and_resumed_in_the_middle(tmp_path: Path) -> None:
    run = LessonRun.begin(lesson(tmp_path, EVENTS))
    run.advance()
    run.predict(0)
    at_task(run).hint()
    run.bench.cli("run 1500ms")
    begin = state_of(run.bench.rig.stepped)
    run.redo()
    begin = state_of(run.bench.rig.stepped)
    run.bench.cli("run 1s")
    run.bench.cli(DENIED)
    again = resumed(run)
    assert state_of(again.bench.rig.stepped) == state_of(run.bench.rig.stepped)
    assert again.step.number == 4
    assert (again.done, again.predictions, again.hints) == (run.done, run.predictions, {4: 1})
    assert again.look().message == run.look().message
    assert "denied: 1" in again.look().message
    again.undo()
    assert state_of(again.bench.rig.stepped) == begin
    assert "denied: 0" in again.look().message
    assert again.notices == []
    run.close()
    again.close()


def test_resumed_after_the_lesson_has_changed(run: LessonRun) -> None:
    at_task(run).bench.cli(SECOND)
    again = resumed(run, digest="other")
    assert "has changed" in again.notices[0]
    assert (again.step.number, again.bench.snapshot().sessions.live) == (4, 1)
    again.close()


def test_resumed_from_a_bench_that_was_another(run: LessonRun) -> None:
    other = type(run.bench)(workers=2)
    finish(at_task(run).bench.becoming(other.rig, other.history))
    again = resumed(run)
    assert again.bench.snapshot().sessions.live == 1
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 9},
        {"lesson": "other"},
        {"step": 0},
        {"step": "x"},
        {"done": None},
        {"predictions": [{"step": 1}]},
        {"hints": {"a": 1}},
        {"inputs": [["sing", 1]]},
        {"begin": 3},
    ],
)
def test_a_state_that_is_none_is_refused(run: LessonRun, change: dict[str, Any]) -> None:
    with pytest.raises((LessonError, DocumentError)):
        resumed(run, **change)


def test_inputs_that_cannot_be_done_again_are_left(run: LessonRun) -> None:
    again = resumed(run, inputs=[["cli", "nonsense"], ["run", [0, 9, 9], 5]])
    assert "could not be done again" in again.notices[0]
    again.close()


def test_a_stream_is_there_and_is_kept_when_left(tmp_path: Path) -> None:
    stream = 'streams = [{name = "asked", pcap = "dns-ping.pcap", source = "pg0", limit = 12}]\n'
    made = lesson(tmp_path, ("workers = 1", stream + "workers = 1"))
    run = LessonRun.begin(made)
    assert run.bench.snapshot().packets.read == 0
    run.bench.cli("packet-generator enable-stream asked")
    run.bench.cli("run 1s")
    state = run.to_state()
    run.close()
    later = finish(LessonRun.resuming(made, state))
    assert later.bench.snapshot().packets.read == 12
    later.undo()
    assert later.bench.snapshot().packets.read == 0
    later.close()


def test_what_was_typed_is_known_by_its_words_until_it_is_undone() -> None:
    """So a task can forbid that something is changed, used, and set back."""
    (first,) = (path for path in bundled_files("lessons") if path.stem == "01-pinhole")
    run = LessonRun.begin(read_lesson(first))
    run.go_to(6)
    world = run.world()
    assert read_condition('typed("set acl-plugin acl")').value(world) == 0
    run.bench.cli("set acl-plugin acl index 1 permit")
    run.bench.cli("set acl acl index 1 deny")  # as VPP abbreviates
    assert read_condition('typed("set acl-plugin acl")').value(run.world()) == 2
    assert read_condition('typed("set acl-plugin interface")').value(run.world()) == 0
    run.undo()
    assert read_condition('typed("set acl-plugin acl")').value(run.world()) == 0
    run.close()


# --- stopped in the middle ----------------------------------------------------------------------

#: Each deed, a step that has it, and what was done there before.
DEEDS: list[tuple[int, Callable[[LessonRun], Slices[Any]], list[str]]] = [
    (2, lambda run: run.predicting(1), []),
    (2, lambda run: run.predicting(1), [SECOND, DENIED, "back 1 packets"]),
    (3, lambda run: run.experimenting(), [SECOND]),
    (4, lambda run: run.solving(), ["reset"]),
    (4, lambda run: run.redoing(), ["reset"]),
    (3, lambda run: run.advancing(skip=True), [SECOND]),
    (4, lambda run: run.going_to(3), [SECOND, DENIED]),
]


@pytest.mark.parametrize(("number", "begin", "before"), DEEDS)
def test_what_is_stopped_leaves_all_as_it_was(
    run: LessonRun,
    number: int,
    begin: Callable[[LessonRun], Slices[Any]],
    before: list[str],
) -> None:
    run.go_to(number)
    for line in before:
        run.bench.cli(line)

    def now() -> object:
        at_end = run.bench.past.at_end()
        return state_of(run.bench.rig.stepped), at_end, run.step, set(run.done), run.goal_state()

    stood, taken = now(), 0
    while True:
        task = Task(begin(run))
        for _ in range(taken):
            task.work(0.0)
        if task.is_over:
            break
        task.end()
        task.end()  # Esc once more: it goes on being put back
        while not task.work(0.0):
            pass
        if task.is_done:
            break  # nothing was left but to free the bench before
        assert task.is_stopped
        assert now() == stood
        taken += 1
    assert task.is_done
    assert taken > 1
