"""A scenario's lines for a time: run once, at that time, whatever way the bench gets there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from workbench.commands.test_reaching import NOON, capture

from aclbench import CommandError, ScenarioError, Workbench
from aclbench.drivers.driver import actor_name
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.workbench.rig.bundled import bundled_folder
from aclbench.workbench.rig.scenario import TimedLine
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import Slices, Task, finish

HTTP = bundled_folder("pcaps") / "http.pcap"
INTERFACES = """\
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24", "fd00:1::/64"]
[[interface]]
name = "pg1"
"""
SCENARIO = f"""\
captures = ["{HTTP}"]
cli = '''
set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0, permit+reflect src ::/0 dst ::/0
set acl-plugin interface pg0 input acl 0
'''
[[at]]
time = "3.5"
cli = "set acl-plugin session timeout tcp idle 33"
[[at]]
time = "0.25"
cli = '''
set acl-plugin session timeout tcp idle 31
# a comment

clear acl-plugin sessions
'''
{INTERFACES}"""


def write(folder: Path, text: str = SCENARIO) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text)
    return path


def tcp_idle_s(bench: Workbench) -> int:
    return bench.rig.machine.am.session_timeout[1] // NS_PER_SEC


def state(bench: Workbench) -> object:
    return bench.snapshot().to_json()


def test_they_are_read(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path)).at == (
        TimedLine("3.5", "set acl-plugin session timeout tcp idle 33"),
        TimedLine("0.25", "set acl-plugin session timeout tcp idle 31"),
        TimedLine("0.25", "# a comment"),
        TimedLine("0.25", "clear acl-plugin sessions"),
    )


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2s", 2),
        ("500 ms", 0.5),
        ("12:00:05", 5),
        ("2026-11-27 13:00:02.5+01:00", 2.5),
        ("11:00:00", 23 * 3600),
    ],
)
def test_a_time_is_any_that_a_command_takes(tmp_path: Path, time: str, seconds: float) -> None:
    """A bare time of day is UTC, whatever is shown."""
    path = capture(tmp_path / "noon.pcap", *(NOON + n * NS_PER_SEC // 9 for n in range(3)))
    text = SCENARIO.replace(str(HTTP), str(path)).replace('"3.5"', f'"{time}"')
    bench = Workbench.load(write(tmp_path, text))
    bench.rig.time_mode = "local"
    bench.play()
    assert tcp_idle_s(bench) == 33
    assert bench.now == bench.started + seconds * NS_PER_SEC


def test_a_time_of_day_needs_a_capture(tmp_path: Path) -> None:
    text = SCENARIO.replace(f'captures = ["{HTTP}"]', "").replace('"3.5"', '"12:00:05"')
    with pytest.raises(ScenarioError, match=r"at, time: 12:00:05: a time of day is read off a cap"):
        Workbench.load(write(tmp_path, text))


@pytest.mark.parametrize("history", [True, False])
def test_each_is_run_at_its_time(tmp_path: Path, history: bool) -> None:
    bench = Workbench.from_scenario(load_scenario(write(tmp_path)), history=history)
    begin = tcp_idle_s(bench)
    bench.advance("0.249999999")
    assert tcp_idle_s(bench) == begin
    assert bench.snapshot().sessions.live > 0
    bench.advance("0.000000001")
    assert tcp_idle_s(bench) == 31
    assert bench.snapshot().sessions.live == 0
    bench.play()  # beyond the last packet, to the last line
    assert tcp_idle_s(bench) == 33
    assert bench.now == bench.started + 3_500_000_000


def test_it_does_not_matter_how_the_bench_gets_there(tmp_path: Path) -> None:
    """In one go, by pieces, without a history, by turns, by named steps."""
    end_ns = 5 * NS_PER_SEC
    whole = Workbench.load(write(tmp_path))
    whole.run_until(whole.started + end_ns)
    pieces = Workbench.load(write(tmp_path))
    while not pieces.run_until(pieces.started + end_ns, max_packets=3):
        pass
    without = Workbench.from_scenario(load_scenario(write(tmp_path)), history=False)
    while not without.play(max_packets=7):
        pass
    without.run_until(without.started + end_ns)
    assert state(pieces) == state(whole) == state(without)
    for step in (Workbench.step, Workbench.step_turn):
        bench = Workbench.load(write(tmp_path))
        commands = []
        while (taken := step(bench)) is not None and len(commands) < 3:
            if actor_name(taken.actor) == "command":
                commands.append((taken.time - bench.started, taken.step.split()[-1]))
        assert commands == [(250_000_000, "31"), (250_000_000, "sessions"), (3_500_000_000, "33")]
        bench.run_until(bench.started + end_ns)
        assert state(bench) == state(whole)


def test_what_is_next_is_seen(tmp_path: Path) -> None:
    bench = Workbench.load(write(tmp_path))
    bench.run_until(bench.started + 2 * NS_PER_SEC)
    seen = bench.snapshot().next_time
    assert seen is not None
    assert seen <= bench.started + 3_500_000_000
    bench.cli("clear acl-plugin sessions")
    bench.advance(1)
    assert bench.snapshot().sessions.live == 0
    assert bench.snapshot().next_time == bench.started + 3_500_000_000
    bench.advance(1)
    assert bench.snapshot().next_time is None


def test_they_come_again_after_going_back(tmp_path: Path) -> None:
    bench = Workbench.load(write(tmp_path))
    bench.play()
    end = state(bench)
    bench.goto_time(bench.started + 100_000_000)
    assert tcp_idle_s(bench) > 100
    bench.play()
    assert state(bench) == end
    assert len(bench.branches()) == 1


def test_they_come_on_a_new_branch_too(tmp_path: Path) -> None:
    bench = Workbench.load(write(tmp_path))
    bench.play()
    bench.goto_time(bench.started + 300_000_000)  # between the first and the last
    bench.cli("set acl-plugin session timeout tcp idle 77")
    assert len(bench.branches()) == 2
    bench.advance(1)
    assert tcp_idle_s(bench) == 77  # those of 0.25 s are done and do not come again
    bench.play()
    assert tcp_idle_s(bench) == 33


def test_a_run_file_has_them(tmp_path: Path) -> None:
    bench = Workbench.load(write(tmp_path))
    bench.advance(1)
    bench.save(tmp_path / "x.run")
    again = Workbench.load(tmp_path / "x.run")
    assert state(again) == state(bench)
    again.play()
    bench.play()
    assert tcp_idle_s(again) == 33
    assert state(again) == state(bench)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"3.5"', "3.5", "at 1, time: found 3.5; right would be text, such as"),
        ('"3.5"', '"soon"', "at, time: soon is not a length of time"),
        ('"3.5"', '"-1"', "at, time: -1 is not"),
        ('"0.25"', '"0.25"\nwhen = 1', "at 2, when"),
        ("clear acl-plugin", "clera acl-plugin", "at 0.25: clera"),
        (
            "clear acl-plugin",
            "show acl-plugin",
            "at 0.25: show acl-plugin sessions: this changes nothing",
        ),
        ("[[at]]", "[at]", "at"),
    ],
)
def test_what_is_wrong_is_said_at_once(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        Workbench.load(write(tmp_path, SCENARIO.replace(old, new)))
    assert says in str(refusal.value)
    assert "scenario.toml" in str(refusal.value)


def test_one_may_need_another(tmp_path: Path) -> None:
    """What is right is judged as of its time."""
    text = SCENARIO.replace("clear acl-plugin sessions", "set acl-plugin acl deny tag second")
    later = text.replace("tcp idle 33", "udp idle 33").replace(
        "set acl-plugin session timeout udp idle 33", "set acl-plugin interface pg1 input acl 1"
    )
    bench = Workbench.load(write(tmp_path, later))
    bench.play()
    assert bench.snapshot().interfaces[2].input_acls == (1,)
    with pytest.raises(ScenarioError, match=r"at 0\.1: .*there is no ACL 1"):
        Workbench.load(write(tmp_path, later.replace('"3.5"', '"0.1"')))


def test_one_that_is_refused_after_all_is_named(tmp_path: Path) -> None:
    """What a person did in between can make it so. The rest goes on."""
    line = "set acl-plugin interface pg0 input acl 0 del"
    bench = Workbench.load(write(tmp_path, SCENARIO.replace("clear acl-plugin sessions", line)))
    bench.cli(line)
    with pytest.raises(ScenarioError, match=f"at: {line}: "):
        bench.play()
    bench.play()
    assert tcp_idle_s(bench) == 33


def test_one_that_was_refused_is_part_of_the_run(tmp_path: Path) -> None:
    """Taken back and played again, on this branch, another, or from a file, no line comes twice."""
    line = "set acl-plugin interface pg0 input acl 0 del"
    bench = Workbench.load(write(tmp_path, SCENARIO.replace("clear acl-plugin sessions", line)))
    bench.cli(line)
    with pytest.raises(ScenarioError):
        bench.play()
    bench.play()
    end = state(bench)
    bench.goto_time(bench.started)
    bench.play()  # what was refused is not said again
    assert state(bench) == end
    assert bench.rig.timed_done == 3
    assert len(bench.branches()) == 1
    bench.save(tmp_path / "x.run")
    again = Workbench.load(tmp_path / "x.run")
    assert state(again) == end
    assert again.rig.timed_done == 3
    bench.goto_time(bench.started + 300_000_000)
    bench.cli("set acl-plugin session timeout tcp idle 77")
    bench.advance(1)
    assert tcp_idle_s(bench) == 77


def test_time_zero_and_stepping_onto_one(tmp_path: Path) -> None:
    """A line of time 0 comes behind what happens at the start; a step back takes it back."""
    bench = Workbench.load(write(tmp_path, SCENARIO.replace('"0.25"', '"0"')))
    begin = tcp_idle_s(bench)
    taken = bench.step()
    while taken is not None and actor_name(taken.actor) != "command":
        taken = bench.step()
    assert bench.now == bench.started
    assert tcp_idle_s(bench) == 31
    bench.back(1)
    assert tcp_idle_s(bench) == begin
    bench.step()
    assert tcp_idle_s(bench) == 31
    assert len(bench.branches()) == 1


@pytest.mark.parametrize("until_s", [None, 60])
def test_a_long_way_to_a_line_is_gone_in_slices(tmp_path: Path, until_s: int | None) -> None:
    """So that whoever waits can be interrupted; the end is the same."""
    text = SCENARIO.replace("3.5", "50")
    whole, sliced = (
        Workbench.from_scenario(load_scenario(write(tmp_path, text)), history=False)
        for _ in range(2)
    )

    def way(bench: Workbench) -> Slices[bool]:
        if until_s is None:
            return bench.transport.playing()
        return bench.transport.running(bench.started + until_s * NS_PER_SEC)

    assert finish(way(whole))
    assert len(list(way(sliced))) > 3
    assert state(sliced) == state(whole)


def many_lines(folder: Path) -> Workbench:
    """A bench on real threads with forty lines for a time, every 50 ms."""
    at = "".join(
        f"[[at]]\ntime = '{n / 20}'\ncli = 'set acl-plugin session timeout tcp idle {100 + n}'\n"
        for n in range(1, 41)
    )
    scenario = load_scenario(write(folder, SCENARIO.partition("[[at]]")[0] + at + INTERFACES))
    return Workbench.from_scenario(scenario, driver="threaded")


def test_a_command_between_two_stretches_begins_no_second_run(tmp_path: Path) -> None:
    """The threads of one stretch have ended, those of the next have not begun."""
    bench = many_lines(tmp_path)
    bench.transport.set_speed(2.0)  # so that a stretch takes longer than a look at it
    task = Task(bench.transport.running(bench.started + 3 * NS_PER_SEC))
    while not task.work(0.0) and not bench.rig.driver.is_running:
        pass
    while bench.rig.driver.is_running and not task.is_over:
        time.sleep(0.001)
    done = bench.rig.timed_done
    bench.cli("clear acl-plugin sessions")
    with pytest.raises(CommandError, match="is running"):
        bench.cli("run 1s")
    assert bench.rig.timed_done == done < 40
    bench.transport.set_speed(None)
    task.finish()
    assert bench.rig.timed_done == 40
    assert tcp_idle_s(bench) == 140
    bench.check_invariants()


class Watched:
    """The lock of whoever runs; right before it is released, something else happens once."""

    def __init__(self, bench: Workbench, meanwhile: Callable[[], object]) -> None:
        self._lock, self._meanwhile = bench.rig.under_way, [meanwhile]

    def acquire(self, *options: Any, **named: Any) -> bool:
        return self._lock.acquire(*options, **named)

    def locked(self) -> bool:
        return self._lock.locked()

    def release(self) -> None:
        if self._meanwhile:
            self._meanwhile.pop()()
        self._lock.release()


def test_a_command_right_behind_the_end_of_a_run_is_settled(tmp_path: Path) -> None:
    """The run has looked for the last time, and nobody else can run yet."""
    bench = many_lines(tmp_path)
    live: list[int] = []

    def clear() -> None:
        live.append(bench.snapshot().sessions.live)
        bench.cli("clear acl-plugin sessions")
        live.append(bench.snapshot().sessions.live)

    bench.rig.under_way = cast("threading.Lock", Watched(bench, clear))
    bench.run_until(bench.started + 3 * NS_PER_SEC)
    assert live[0] == live[1] > 0
    assert bench.snapshot().sessions.live == 0
    assert not bench.rig.is_running


def test_a_run_waits_while_a_command_is_settled(tmp_path: Path) -> None:
    """That takes no time, and is no other run."""
    bench = many_lines(tmp_path)
    bench.rig.under_way.acquire()
    task = Task(bench.transport.running(bench.started + NS_PER_SEC))
    assert not task.work(0.0)
    bench.rig.under_way.release()
    assert task.finish()
    assert bench.rig.timed_done == 20


@pytest.mark.parametrize("seed", range(4))
def test_commands_back_to_back_while_timed_lines_are_run(tmp_path: Path, seed: int) -> None:
    """From another thread: every line is run once, and every command is settled in the end."""
    bench, chance = many_lines(tmp_path), Random(seed)
    given: list[str] = []
    failed: list[BaseException] = []

    def give() -> None:
        try:
            while not given or bench.rig.is_running:
                given.append(chance.choice(["clear acl-plugin sessions", "show clock"]))
                bench.cli(given[-1])
                time.sleep(chance.choice([0, 0, 0.0005]))
        except BaseException as error:
            failed.append(error)

    commander = threading.Thread(target=give)
    commander.start()
    bench.run_until(bench.started + 3 * NS_PER_SEC)
    commander.join()
    assert not failed
    assert (bench.rig.timed_done, tcp_idle_s(bench)) == (40, 140)
    bench.cli("clear acl-plugin sessions")
    assert bench.snapshot().sessions.live == 0
    bench.check_invariants()
