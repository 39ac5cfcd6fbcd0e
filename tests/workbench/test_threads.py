"""A bench on real threads: the same answers as in virtual time, and what it refuses."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from routed import INSIDE_OUT
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from aclbench import AclbenchError, CommandError, RunFileError, Workbench
from aclbench.cli.inputs import BenchOptions, find_scenario
from aclbench.engine.events import PacketVerdict, SessionRequeued, TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.workbench import bench as bench_module
from aclbench.workbench.rig.bundled import bundled_files, find_input
from aclbench.workbench.rig.scenario import Placement, Scenario
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import Task

#: A day of rounds on real threads takes some seconds: part of it is played, on one worker.
CAPTURES = [path for path in bundled_files("pcaps") if path.stem != "long-gaps"]
ALONE = BenchOptions((), (), (), (), (), None, None, None)

SET_UP = (*INSIDE_OUT, "set acl-plugin session timeout tcp transient 2")


@pytest.fixture
def bench() -> Workbench:
    """Two workers on threads; pg0 is inside and opens pinholes, pg1 outside."""
    bench = Workbench(workers=2, driver="threaded")
    for line in SET_UP:
        bench.cli(line)
    return bench


def syn(sport: int = 1000) -> Ether:
    return Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / TCP(sport=sport, dport=80, flags="S")


def capture_scenario(path: Path, workers: int, placement: Placement) -> Scenario:
    return find_scenario([str(path)], ALONE._replace(workers=workers, placement=placement))


def verdicts(bench: Workbench, packets: int | None = None) -> dict[int, tuple[int, int]]:
    """Every packet's tx interface and reason, by its number; of so many packets, or of all."""
    found: dict[int, tuple[int, int]] = {}

    def hear(event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            assert event.number not in found
            found[event.number] = event.tx, event.reason

    bench.listeners.add(hear)
    assert bench.play(packets) is (packets is None)
    bench.check_invariants()
    return found


def assert_same(scenario: Scenario, packets: int | None = None) -> None:
    stepped = Workbench.from_scenario(scenario, history=False)
    threaded = Workbench.from_scenario(scenario, history=False, driver="threaded")
    expected = verdicts(stepped, packets)
    assert verdicts(threaded, packets) == expected
    assert len(expected) > 40
    there, here = stepped.report(), threaded.report()
    assert here.sessions.added == there.sessions.added
    assert here.reasons == there.reasons
    assert here.packets == there.packets


@pytest.mark.parametrize("placement", ["interface", "flow"])
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_every_packet_of_a_capture_has_the_stepped_verdict(
    capture: Path, placement: Placement
) -> None:
    """With flow hash, and across workers in connection order; and as many sessions are made."""
    assert_same(capture_scenario(capture, 3, placement))


def test_a_capture_with_gaps_has_the_stepped_verdicts() -> None:
    """Minutes of idle time are jumped, round by round."""
    [capture] = (path for path in bundled_files("pcaps") if path.stem == "long-gaps")
    assert_same(capture_scenario(capture, 1, "interface"), packets=100)


def test_packets_are_written_in_the_order_of_the_capture(tmp_path: Path) -> None:
    """Whoever handled them first, the files are those of a stepped replay."""
    from aclbench.workbench.inquiry.outputs import SplitCaptures, refuse_outputs

    [capture] = (path for path in bundled_files("pcaps") if path.stem == "port-scan")
    written: dict[str, list[bytes]] = {}
    for driver in ("stepped", "threaded"):
        scenario = capture_scenario(capture, 3, "flow")
        bench = Workbench.from_scenario(scenario, history=False, driver=driver)  # type: ignore[arg-type]
        files = [tmp_path / f"{driver}-{name}.pcap" for name in ("passed", "dropped")]
        split = SplitCaptures(refuse_outputs(bench.rig, files, force=False), *files)
        bench.listeners.add(split.hear)
        bench.play()
        split.close()
        written[driver] = [path.read_bytes() for path in files]
    assert written["threaded"] == written["stepped"]


def test_lines_for_a_time_are_run_on_the_way() -> None:
    """A scenario that clears in the middle: nothing of it is left out, and the clears end."""
    scenario = replace(load_scenario(find_input("clear-by-interface")), workers=3)
    bench = Workbench.from_scenario(scenario, driver="threaded")
    assert bench.play()
    bench.check_invariants()
    snapshot = bench.snapshot()
    assert snapshot.cleaner.clears == snapshot.cleaner.clears_done > 1
    assert all(not worker.clear_in_process for worker in snapshot.workers)
    assert bench.rig.timed_done == len(bench.rig.timed) > 0


def test_send_and_advance_are_as_in_virtual_time(bench: Workbench) -> None:
    """A session is made, checked, and gone once its timeout and the wait are over."""
    [verdict] = bench.send("pg0", syn())
    assert verdict.tx == "pg1"
    assert verdict.checks[0].session == (1, 0)
    bench.advance("1.5")
    assert bench.snapshot().sessions.live == 1
    before = bench.now
    bench.advance("3")
    assert bench.now == before + 3_000_000_000
    assert bench.snapshot().sessions.live == 0


def test_a_clear_ends_by_itself_as_time_goes_on(bench: Workbench) -> None:
    """The command only signals; `advance` lets it finish."""
    bench.send("pg0", [syn(sport) for sport in range(1000, 1300)])
    assert bench.snapshot().sessions.live == 300
    bench.cli("clear acl-plugin sessions")
    assert bench.snapshot().sessions.live > 0
    bench.advance("0.01")
    assert bench.snapshot().sessions.live == 0
    bench.check_invariants()


def test_no_thread_is_left_between_two_calls(bench: Workbench) -> None:
    """So a bench need not be closed."""
    bench.send("pg0", syn())
    bench.advance(10)
    assert threading.enumerate() == [threading.main_thread()]


@pytest.mark.parametrize(
    "act",
    [
        lambda bench: bench.step(),
        lambda bench: bench.step_turn(),
        lambda bench: bench.back(1),
        lambda bench: bench.goto_time(5),
        lambda bench: bench.branch("other"),
        lambda bench: bench.diff("start", "now"),
        lambda bench: bench.writers("cleaner wait_interval"),
        lambda bench: bench.save("x.run"),
        lambda bench: bench.cli("back 3 steps"),
    ],
)
def test_what_needs_a_run_that_can_be_repeated_is_refused(bench: Workbench, act) -> None:  # type: ignore[no-untyped-def]
    """With the reason, and how to have it."""
    before = bench.snapshot()
    with pytest.raises(AclbenchError, match=r"real threads.*without --threads") as refusal:
        act(bench)
    assert 'driver="stepped"' in str(refusal.value)
    assert bench.snapshot() == before


def test_the_last_events_are_kept_and_no_more(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`events` has them; asked for more, it says since when they are there."""
    bench.send("pg0", syn())
    bench.advance(5)
    kinds = [event.kind for event in bench.events()]
    assert kinds.count("session added") == kinds.count("deleted") == 1
    assert "session 0" in bench.cli("events deleted")
    with pytest.raises(CommandError, match=r"a place is start, now or a time, \+SECONDS"):
        bench.events("#3")

    monkeypatch.setattr(bench_module, "EVENTS_KEPT", 100)
    few = Workbench(driver="threaded")
    for line in SET_UP:
        few.cli(line)
    for sport in range(1000, 1030):
        few.send("pg0", syn(sport))
        few.advance("0.5")
    with pytest.raises(CommandError, match=r"the last 100 of .* ask for `events from \+") as why:
        few.events()
    since = str(why.value).rpartition("events from ")[2].partition("`")[0]
    assert 0 < len(few.events(since)) <= 100


def test_who_goes_when_is_said_by_the_right_words() -> None:
    """Each driver has its own orders; a speed is for threads; and there must be a worker."""
    with pytest.raises(AclbenchError, match='"connection" or "none"'):
        Workbench(driver="threaded", order="fair")
    with pytest.raises(AclbenchError, match='"fair" or "random"'):
        Workbench(order="none")
    with pytest.raises(AclbenchError, match="threaded"):
        Workbench(speed=2.0)
    with pytest.raises(AclbenchError, match="a number above 0"):
        Workbench(driver="threaded", speed=0.0)
    with pytest.raises(AclbenchError, match="at least one worker"):
        Workbench(workers=0, driver="threaded")
    with pytest.raises(AclbenchError, match='"stepped" or "threaded"'):
        Workbench(driver="fast")  # type: ignore[arg-type]


def test_load_stays_on_threads(bench: Workbench, tmp_path: Path) -> None:
    """A scenario does; a run, which can be repeated, is for virtual time."""
    bench.cli(f"load {find_input('aging')}")
    assert bench.is_threaded
    assert bench.play(100) is False
    assert bench.snapshot().packets.read == 100
    saved = tmp_path / "a.run"
    Workbench().save(saved)
    with pytest.raises(RunFileError, match="real threads"):
        bench.cli(f"load {saved}")


def test_a_free_run_is_looked_at_while_it_runs() -> None:
    """Snapshots, commands and events of it, from another thread; then it is stopped."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    bench.rig.driver.set_speed(50.0)  # type: ignore[union-attr]
    run = Task(bench.transport.running(NEVER))
    try:
        while not any(isinstance(event, SessionRequeued) for event in heard):
            assert not run.work(0.0)
            bench.listeners.tell()
            snapshot = bench.snapshot()
            lengths = [len(ls.sessions) for worker in snapshot.workers for ls in worker.lists]
            shown = [ls.length for worker in snapshot.workers for ls in worker.lists]
            assert all(len_ == min(length, 32) for len_, length in zip(lengths, shown, strict=True))
        assert "Per-worker data" in bench.cli("show acl-plugin sessions verbose")
        bench.cli("set acl-plugin session timeout udp idle 3")
        with pytest.raises(CommandError, match="bogus"):
            bench.cli("bogus")
        with pytest.raises(AclbenchError, match="running"):
            bench.send("pg0", syn())
    finally:
        run.stop()
    assert run.error is None
    assert threading.enumerate() == [threading.main_thread()]
    assert bench.snapshot().session_timeout[0] == 3_000_000_000
    bench.check_invariants()


def test_a_free_run_ends_when_nothing_is_due() -> None:
    """With the capture leading the clock, that is soon."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    run = Task(bench.transport.running(NEVER))
    assert run.work(20.0)
    assert run.is_done
    snapshot = bench.snapshot()
    assert snapshot.sessions.live == 0
    assert snapshot.next_time is None
    assert bench.rig.driver.next_time() == NEVER
