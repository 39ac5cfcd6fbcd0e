"""Every run can be taken back: the state at any point is that of a straight run to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import AclbenchError, CommandError, Workbench
from aclbench.capture.reader import open_capture
from aclbench.drivers.driver import actor_name
from aclbench.engine.counts import event_total
from aclbench.engine.invariants import check_invariants
from aclbench.workbench.history import checkpoints as checkpoints_module
from aclbench.workbench.history import marks as marks_module
from aclbench.workbench.history.moving import at_event
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.timeline import MARK_KINDS, Timeline, timeline_of
from aclbench.workbench.rig.bundled import bundled_folder, find_input
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, scenario_for_capture
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish

CAPTURE = bundled_folder("pcaps") / "many-flows.pcap"
SMALL = bundled_folder("pcaps") / "http.pcap"


def bench_on(capture: Any, workers: int = 2, order: str = "fair", seed: int = 0) -> Workbench:
    """A firewall between inside and outside, a capture ready to play."""
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))
    scenario = scenario_for_capture([capture], inside, "", workers, "interface")
    return Workbench.from_scenario(scenario, order=order, seed=seed)  # type: ignore[arg-type]


def busy_scenario() -> Scenario:
    return load_scenario(find_input("aging"))


def counted(timeline: Timeline) -> dict[str, int]:
    """What a timeline counts over all of its columns."""
    totals = map(sum, zip(*(column.counts for column in timeline.columns), strict=True))
    packets = sum(column.packets for column in timeline.columns)
    return dict(zip(MARK_KINDS, totals, strict=True)) | {"packets": packets}


def counts_of(bench: Workbench) -> dict[str, int]:
    """The same by the snapshot, which knows of deleted sessions only as the cleared and expired."""
    snapshot = bench.snapshot()
    cleared = sum(worker.cnt_cleared_sessions for worker in bench.rig.machine.am.workers)
    return {
        "added": snapshot.sessions.added,
        "class changed": sum(worker.class_changes for worker in snapshot.workers),
        "requeued": snapshot.sessions.requeued,
        "expired": sum(worker.deleted for worker in snapshot.workers) - cleared,
        "recycled": snapshot.sessions.recycled,
        "cleared": cleared,
        "denied": snapshot.packets.denied,
        "packets": snapshot.packets.read,
    }


# --- what is done to a bench, by chance -----------------------------------------------------

ACTIONS = st.one_of(
    st.tuples(st.just("play"), st.integers(1, 300)),
    st.tuples(st.just("advance"), st.sampled_from(["0.3", "2.5", "7", "130"])),
    st.tuples(st.just("step"), st.integers(1, 12)),
    st.tuples(st.just("event"), st.integers(1, 6)),
    st.tuples(st.just("hand"), st.integers(0, 10**6)),
    st.tuples(
        st.just("cli"),
        st.sampled_from(
            [
                "clear acl-plugin sessions",
                "set acl-plugin session timeout udp idle 1",
                "set acl-plugin session timeout tcp transient 3",
                "set acl-plugin session table max-entries 5",
                "set acl-plugin acl index 0 permit+reflect, permit+reflect src ::/0 dst ::/0",
                "set acl-plugin acl index 0 deny",
                "set acl-plugin interface pg0 output acl 1 del",
                "set acl-plugin skip-ipv6-extension-header 0 0",
            ]
        ),
    ),
)


def act(bench: Workbench, action: tuple[str, Any]) -> None:
    """Do one thing; a command that makes no sense now is refused, and that is fine."""
    kind, value = action
    if kind == "play":
        bench.play(value)
    elif kind == "advance":
        bench.advance(value)
    elif kind == "step":
        for _ in range(value):
            bench.step()
    elif kind == "event":
        for _ in range(value):
            bench.step_turn()
    elif kind == "hand":
        actors = [actor_name(actor) for actor in bench.rig.stepped.ready_actors()]
        if actors:
            bench.step(actors[value % len(actors)])
    else:
        with suppress(CommandError):  # taking an ACL off twice
            bench.cli(value)


@examples(25)
@given(
    actions=st.lists(ACTIONS, min_size=1, max_size=12),
    walk=st.lists(
        st.tuples(
            st.sampled_from(["back", "forward"]),
            st.sampled_from(["step", "event", "packet"]),
            st.integers(1, 4),
        ),
        max_size=5,
    ),
    order=st.sampled_from(["fair", "random"]),
    seed=st.integers(0, 3),
)
def test_a_walk_finds_the_states_that_were(
    actions: list[Any], walk: list[Any], order: str, seed: int
) -> None:
    """Wherever a walk leads, the state is field for field that of the run when it was there."""
    bench = bench_on(SMALL, order=order, seed=seed)
    assert bench.history is not None
    seen = {bench.history.cursor: state_of(bench.rig.driver)}
    for action in actions:
        act(bench, action)
        seen[bench.history.cursor] = state_of(bench.rig.driver)
    end, final = bench.history.branch.end, state_of(bench.rig.driver)
    for direction, unit, count in walk:
        (bench.back if direction == "back" else bench.forward)(count, unit)
        check_invariants(bench.rig.machine.am, at_rest=bench.rig.driver.at_rest())
    for point, state in seen.items():
        if point.op <= len(bench.history.branch.ops):
            bench.goto(point)
            assert state_of(bench.rig.driver) == state, point
    bench.goto(end)
    assert state_of(bench.rig.driver) == final


def test_back_to_the_first_packet_and_forward_again() -> None:
    """A replay of a bundled capture, walked back packet by packet and forward to the same end."""
    bench = bench_on(SMALL)
    states = [state_of(bench.rig.driver)]
    while not bench.play(1):
        states.append(state_of(bench.rig.driver))
    end = state_of(bench.rig.driver)
    packets = bench.snapshot().packets.read
    bench.back(1, "packet")
    for number in range(packets - 1, -1, -1):
        assert bench.snapshot().packets.read == number
        if number:
            assert bench.back(1, "packet") == 1
    assert bench.back(1, "packet") == 0
    assert state_of(bench.rig.driver) == states[0]
    for number in range(1, packets + 1):
        assert bench.forward(1, "packet") == 1
        assert bench.snapshot().packets.read == number
    bench.forward(10**6, "step")
    assert state_of(bench.rig.driver) == end


@pytest.mark.parametrize("unit", ["step", "event"])
def test_back_and_forward_are_each_others_undoing(unit: Any) -> None:
    """Each state on the way back is met again on the way forward."""
    bench = bench_on(SMALL)
    bench.play(20)
    states = []
    for _ in range(25):
        states.append(state_of(bench.rig.driver))
        assert bench.back(1, unit) == 1
    for state in reversed(states):
        assert bench.forward(1, unit) == 1
        assert state_of(bench.rig.driver) == state


def test_steps_back_are_named_steps() -> None:
    """From behind a packet back through forward, match, look up and parse."""
    bench = bench_on(SMALL, workers=1)
    bench.play(7)
    before = bench.rig.driver.position
    bench.play(1)
    steps = 0
    while bench.rig.driver.position > before:
        bench.back(1, "step")
        steps += 1
    assert 2 <= steps <= 8


def test_acting_in_the_past_opens_a_branch_and_keeps_the_future() -> None:
    """Two branches that differ in one clear, compared."""
    bench = Workbench.from_scenario(busy_scenario())
    bench.play()
    bench.advance(1)
    end = state_of(bench.rig.driver)
    bench.goto_time(bench.started + 5 * 10**9)
    bench.cli("clear acl-plugin sessions")
    bench.play()
    bench.advance(1)
    assert [branch.name for branch in bench.branches()] == ["main", "branch-1"]
    assert state_of(bench.rig.driver) != end
    lines = bench.diff("main", "branch-1")
    assert any("deleted" in line for line in lines)
    assert bench.diff("main", "main") == []
    bench.switch("main")
    assert state_of(bench.rig.driver) == end


def test_going_to_a_time_is_running_to_it() -> None:
    """The state at a time is that of a bench that ran there, clock and all."""
    bench = Workbench.from_scenario(busy_scenario())
    bench.play()
    bench.advance(10)
    for seconds in (0, 3, 11, 30):
        time = bench.started + seconds * 10**9
        bench.goto_time(time)
        straight = Workbench.from_scenario(busy_scenario())
        straight.run_until(time)
        assert state_of(bench.rig.driver) == state_of(straight.rig.driver)


def test_events_are_made_again() -> None:
    """A run that nobody listened to gives the events of one that somebody did."""
    heard: list[Any] = []
    loud = Workbench.from_scenario(busy_scenario())
    loud.listeners.add(heard.append)
    loud.play()
    quiet = Workbench.from_scenario(busy_scenario())
    quiet.play()
    assert quiet.history is not None
    branch = quiet.history.branch
    assert finish(finish(quiet.past.at(branch.starts[0])).heard_to(branch.end)) == heard
    assert event_total(quiet.rig.machine.am) == len(heard)


def test_an_event_by_its_number() -> None:
    """Right behind the step that made it."""
    bench = bench_on(SMALL)
    bench.play()
    for number in (1, 10, 100):
        bench.goto(number)
        assert event_total(bench.rig.machine.am) >= number
        bench.back(1, "step")
        assert event_total(bench.rig.machine.am) < number


def test_memory_stays_within_its_limit() -> None:
    """Checkpoints are thinned, and every point can still be reached."""
    bench = Workbench.from_scenario(busy_scenario())
    assert bench.history is not None
    bench.past.checkpoints.memory_bytes = 20_000
    bench.play()
    bench.advance(86400)
    assert bench.history.checkpoints.used_bytes <= 20_000
    bench.goto_packet(1000)
    assert bench.snapshot().packets.read == 1000


def test_marks_know_the_whole_run() -> None:
    """Slices of time with the events of each kind in them, without running again."""
    bench = Workbench.from_scenario(busy_scenario())
    bench.play()
    timeline = timeline_of(bench, 20)
    assert len(timeline.columns) == 20
    assert counted(timeline) == counts_of(bench)


def test_who_wrote_a_flag() -> None:
    """Every step that changed it, back to the start, and who took it."""
    bench = bench_on(SMALL)
    bench.play()
    writers = bench.writers("vpp_wk_0 interrupt_is_pending")
    assert {(w.who, w.what) for w in writers} == {
        ("cleaner", "mark pending"),
        ("vpp_wk_0", "allow interrupt"),
    }
    assert [(w.old, w.new) for w in writers[:2]] == [(0, 1), (1, 0)]


def test_a_session_keeps_its_story() -> None:
    """Who wrote a field of a session, since it was made."""
    bench = bench_on(SMALL)
    bench.play()
    flags = bench.writers("session 1/1 tcp_flags_seen_out")
    assert flags
    assert all(w.new > w.old for w in flags if w.old is not None)


def test_events_filtered_by_command() -> None:
    """As README writes it: of a thread, of a session, from a time on that is included."""
    bench = bench_on(SMALL)
    bench.play()
    of_thread = bench.cli("events thread 1").splitlines()
    assert len(of_thread) == len(bench.events(thread=1)) > 0
    of_session = bench.cli("events from +0 session 1/1").splitlines()
    assert "session added" in of_session[0]
    assert len(of_session) == len(bench.events(session=(1, 1)))
    with pytest.raises(CommandError, match="no thread 9"):
        bench.cli("events thread 9")


def test_events_are_on_one_branch() -> None:
    """From one branch to another there is no stretch."""
    bench = bench_on(SMALL)
    bench.play(30)
    bench.goto_packet(10)
    bench.cli("clear acl-plugin sessions")
    assert len(bench.events("branch-1@start", "branch-1")) > 0
    with pytest.raises(CommandError, match="two branches"):
        bench.events("main", "now")


@pytest.mark.parametrize("name", ["now", "#1", "+5", "a b", "a@b", "", "x" * 99, "main"])
def test_names_that_no_branch_can_have(name: str) -> None:
    """They would be read as other places, or are taken."""
    bench = bench_on(SMALL)
    with pytest.raises(CommandError):
        bench.branch(name)
    assert len(bench.branches()) == 1


@pytest.mark.parametrize("reference", ["nowhere", "#99999", "+1e9", "#x", "vpp@+1"])
def test_points_that_are_not_there(reference: str) -> None:
    """One message; the bench stays where it is."""
    bench = bench_on(SMALL)
    bench.play()
    state = state_of(bench.rig.driver)
    with pytest.raises(CommandError):
        bench.diff("now", reference)
    assert state_of(bench.rig.driver) == state


def test_going_on_in_the_past_goes_along_the_branch() -> None:
    """Played again, or stepped again, the run comes to the same end; no branch is opened."""
    bench = Workbench.from_scenario(busy_scenario())
    bench.play(900)
    bench.cli("set acl-plugin session timeout udp idle 9")
    for _ in range(5):
        bench.step()
    able = [actor_name(actor) for actor in bench.rig.stepped.ready_actors()]
    bench.step(able[-1] if able else None)
    bench.play(200)
    bench.advance(2)
    end = state_of(bench.rig.driver)
    for place in ("#100", "#899", "#900", "#1000"):
        bench.goto_packet(int(place[1:]))
        before = state_of(bench.rig.driver)
        for _ in range(40):
            bench.step()
        for _ in range(10):
            bench.step_turn()
        assert state_of(bench.rig.driver) != before
        bench.run_until(bench.now + 10**9)
        bench.play(13)
        bench.run_until(end["clock"]["now"])
        assert state_of(bench.rig.driver) == end
        assert [b.name for b in bench.branches()] == ["main"]


def frames_of(capture: Any) -> list[bytes]:
    """All frames of a capture."""
    with open_capture(capture) as reader:
        return [bytes(b.frame(i)) for b in reader.batches() for i in range(len(b))]


def test_sent_frames_that_wait_are_there_after_going_back() -> None:
    """Going back between frames that were sent together leaves no checkpoint without the rest."""
    bench = bench_on(SMALL)
    bench.play(10)
    bench.send("pg0", frames_of(SMALL)[:5])
    end = state_of(bench.rig.driver)
    for count, unit in ((1, "step"), (1, "packet"), (3, "step"), (3, "packet")):
        bench.back(count, unit)  # type: ignore[arg-type]
        bench.forward(count, unit)  # type: ignore[arg-type]
        assert state_of(bench.rig.driver) == end


def test_a_checkpoint_in_the_middle_of_many_sent_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a chunk at once, on a bench without a capture."""
    monkeypatch.setattr(marks_module, "MOST_PACKETS", 8)
    monkeypatch.setattr(marks_module, "FEWEST_PACKETS", 8)
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK", 8)
    bench = Workbench(workers=2)
    for line in ("create packet-generator interface pg0", "set interface state pg0 up"):
        bench.cli(line)
    bench.send("pg0", frames_of(SMALL))
    end = state_of(bench.rig.driver)
    bench.back(1, "packet")
    bench.forward(1, "packet")
    assert state_of(bench.rig.driver) == end


def test_a_change_of_settings_between_sent_frames() -> None:
    """Those that wait are not taken for packets of the capture."""
    bench = bench_on(SMALL)
    bench.play(10)
    bench.send("pg0", frames_of(SMALL)[:5])
    bench.back(2, "packet")
    bench.cli("set acl-plugin skip-ipv6-extension-header 0 0")
    assert bench.rig.driver.position.packets == 15
    bench.play()
    assert bench.rig.driver.position.packets == len(frames_of(SMALL)) + 5


@pytest.mark.parametrize("order", ["fair", "random"])
def test_in_the_past_a_run_keeps_to_its_time_and_packets(order: str) -> None:
    """Whichever comes first, as where nothing was done yet."""
    bench = bench_on(SMALL, order=order)
    bench.play()
    bench.goto_packet(2)
    time = bench.now
    assert bench.run_until(time + 1, max_packets=20)
    assert (bench.now, bench.rig.driver.position.packets) == (time + 1, 2)
    assert not bench.run_until(bench.started + 10**9, max_packets=3)
    assert bench.rig.driver.position.packets == 5
    bench.step()
    before = state_of(bench.rig.driver)
    assert not bench.run_until(bench.started + 10**9, max_packets=0)
    assert state_of(bench.rig.driver) == before
    assert len(bench.branches()) == 1


def test_a_run_of_packets_counts_the_one_in_hand() -> None:
    """It was begun step by step, and is the first of them."""
    bench = bench_on(SMALL, workers=1)
    while bench.rig.driver.position.packets < 3 or not bench.rig.driver.position.steps:
        bench.step()
    bench.play(2)
    assert bench.rig.driver.position.packets == 5


def test_a_branch_from_a_packet_knows_its_time() -> None:
    """Its past can be gone to by time, and its marks are those of the run."""
    bench = bench_on(SMALL)
    bench.play()
    bench.goto_packet(10)
    time = bench.now
    bench.cli("clear acl-plugin sessions")
    bench.advance(1)
    assert timeline_of(bench, 4).start == bench.started
    bench.goto_time(time - 1)
    before = state_of(bench.rig.driver)
    bench.switch("main")
    bench.goto_time(time - 1)
    assert state_of(bench.rig.driver) == before


def test_a_branch_has_no_marks_of_what_came_after_it() -> None:
    """Also where that was at the same instant."""
    bench = bench_on(SMALL)
    bench.play(1)
    bench.back(1, "packet")
    bench.branch("other")
    bench.play(1)
    assert counted(timeline_of(bench, 3)) == counts_of(bench)


@pytest.mark.parametrize("order", ["fair", "random"])
def test_the_clock_stands_at_the_time_gone_to(order: str) -> None:
    """Between two packets too, however the run was made."""
    bench = bench_on(SMALL, order=order)
    bench.play()
    for time in (bench.started + 123, bench.started + 250_000_001):
        bench.goto_time(time)
        assert bench.now == time


def test_what_is_refused_in_the_past_opens_no_branch() -> None:
    """It changed nothing."""
    bench = bench_on(SMALL)
    bench.play()
    bench.goto_packet(5)
    with pytest.raises(CommandError, match="applied"):
        bench.cli("delete acl-plugin acl index 0")
    assert len(bench.branches()) == 1


def test_events_backwards() -> None:
    """The message says which way round."""
    bench = bench_on(SMALL)
    bench.play()
    with pytest.raises(CommandError, match="#5 lies before #10"):
        bench.events("#10", "#5")


def shrink(capture: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:2000])


def change_a_bit(capture: Path) -> None:
    content = bytearray(capture.read_bytes())
    content[70] ^= 1
    capture.write_bytes(bytes(content))
    os.utime(capture, (0, 0))


@pytest.mark.parametrize("change", [shrink, change_a_bit, Path.unlink])
def test_a_capture_that_changes_in_mid_run(tmp_path: Path, change: Any) -> None:
    """Going back is refused in one message; the bench stays where it is, and goes on."""
    capture = tmp_path / "http.pcap"
    shutil.copy(SMALL, capture)
    bench = bench_on(capture)
    bench.play(30)
    before = state_of(bench.rig.driver)
    change(capture)
    for look in (
        lambda: bench.back(1),
        lambda: bench.goto_packet(3),
        lambda: bench.diff("start", "now"),
        bench.events,
        lambda: bench.save(tmp_path / "x.run"),
    ):
        with pytest.raises(AclbenchError, match=r"http\.pcap: the capture has changed"):
            look()
        assert state_of(bench.rig.driver) == before
        assert bench.past.at_end()
    bench.play()  # what was read ahead is all of it
    assert bench.rig.driver.position.packets == len(frames_of(SMALL))


def test_a_pipe_is_left_alone(tmp_path: Path) -> None:
    """It is not read for a look back, a run file or a record: that would wait, or eat packets."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", str(SMALL), str(pipe)]):
        bench = bench_on(pipe)
        bench.play(20)
    before = state_of(bench.rig.driver)
    for look in (
        lambda: bench.back(1),
        lambda: bench.diff("start", "now"),
        lambda: bench.save(tmp_path / "x.run"),
        lambda: bench.record(tmp_path / "y.run"),
    ):
        with pytest.raises(AclbenchError, match="a pipe can be read only once"):
            look()
        assert state_of(bench.rig.driver) == before
    assert list(tmp_path.glob("*.run")) == []
    bench.play()
    assert bench.rig.driver.position.packets == len(frames_of(SMALL))


@pytest.mark.parametrize("order", ["fair", "random"])
def test_a_step_along_a_quiet_stretch_comes_to_the_command_behind_it(order: str) -> None:
    """It does not jump over it to what is due later."""
    bench = bench_on(SMALL, order=order)
    bench.play(5)
    bench.run_until(bench.now)
    due = bench.snapshot().next_time
    assert due is not None
    assert due > bench.now + 2
    bench.run_until(due - 1)
    bench.cli("set acl-plugin session timeout udp idle 7")
    bench.goto_time(due - 2)
    taken = bench.step()
    assert taken is not None
    assert (actor_name(taken.actor), taken.time) == ("command", due - 1)
    bench.goto_time(due - 2)
    bench.branch("quiet")
    bench.run_until(due - 1)
    bench.goto_time(due - 2)
    assert bench.step() is not None  # at the end of the branch it goes on
    assert bench.now >= due


def test_no_checkpoint_stands_on_the_wrong_side_of_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was put off, since the bench was busy, and is taken right behind a command."""
    bench = bench_on(SMALL, order="random")
    bench.play(4)
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK", 0)
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK_PER_SESSION", 0)
    bench.cli("set acl-plugin interface pg1 input acl 0")
    end = state_of(bench.rig.driver)
    bench.play(1)
    bench.back(1, "packet")
    bench.goto_time(bench.now)
    assert state_of(bench.rig.driver)["pg1"] == end["pg1"]


def test_each_event_is_made_where_walking_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of an event is looked for by listening, and is that of the step that makes it."""
    monkeypatch.setattr(checkpoints_module, "CHECKPOINT_WORK", 300)
    bench = Workbench.from_scenario(busy_scenario())
    for line in (
        "run 2s",
        "set acl-plugin session timeout udp idle 1",
        "clear acl-plugin sessions",
    ):
        bench.play(150)
        bench.cli(line)
    bench.advance("2")
    history = bench.past
    there = finish(history.at(history.branch.starts[0]))
    walked = [step for step in there.walk(history.branch.end) if step is not None]
    made = [step.point for step in walked for _ in step.events]
    for number in range(1, len(made) + 1, 29):
        there = finish(at_event(history, number))
        assert there.cursor[1:] == made[number - 1][1:], number
    bench.goto(len(made) // 2)
    state = state_of(bench.rig.driver)
    bench.goto(made[len(made) // 2 - 1])
    assert state_of(bench.rig.driver) == state
    with pytest.raises(CommandError, match=f"this run has {len(made):,} events so far"):
        bench.goto(len(made) + 1)


def test_in_the_past_a_run_of_packets_passes_a_command_between_turns() -> None:
    """At one instant behind the last of the packets; what comes behind it is run again, too."""
    bench = bench_on(SMALL)
    bench.play(3)
    bench.run_until(bench.now)
    bench.cli("clear acl-plugin sessions")
    time, turns = bench.now, bench.rig.driver.position.turns
    assert turns
    before = state_of(bench.rig.driver)
    bench.goto_packet(2)
    bench.run_until(time, max_packets=1)
    assert bench.rig.driver.position.packets == 3
    bench.run_until(time)
    assert state_of(bench.rig.driver) == before
    assert len(bench.branches()) == 1
