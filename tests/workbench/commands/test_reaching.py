"""To packets, times and the end: back, along what was done, and on to what was not played yet."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from aclbench import CommandError, Workbench
from aclbench.capture.batch import GENERATED_NS
from aclbench.capture.fields import PacketFields, make_frame
from aclbench.capture.writer import write_pcap
from aclbench.engine.packet import PROTO_UDP
from aclbench.errors import AclbenchError
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, scenario_for_capture
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import Progress, finish

#: Of the capture of the scenario `aging`.
PACKETS = 2320
SEC = 10**9
#: 2026-11-27 12:00:00 UTC.
NOON = 1_795_780_800 * SEC


def aging() -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input("aging")))


def scenario_of(*captures: Path, rx: tuple[str, ...] = ()) -> Scenario:
    inside = InterfaceSpec("pg0", prefixes=("10.0.0.0/24",))
    return scenario_for_capture(captures, inside, "as asked", 1, "interface", rx)


def capture(path: Path, *times: int) -> Path:
    """One UDP packet from inside at each time, each of a flow of its own."""
    frames = (
        make_frame(PacketFields(PROTO_UDP, "10.0.0.2", "192.0.2.1", 1000 + n, 53))
        for n in range(len(times))
    )
    write_pcap(path, zip(times, frames, strict=True))
    return path


def seconds(bench: Workbench) -> float:
    return (bench.now - bench.started) / SEC


# --- packets ----------------------------------------------------------------------------------


def test_a_packet_that_was_not_played_is_gone_on_to() -> None:
    """From anywhere, by either command, the state is that of a run straight to it."""
    straight = aging()
    straight.play(500)
    for lines in (
        ["goto packet 500"],
        ["run until packet 500"],
        ["run until packet 20", "goto packet 500"],
        ["goto packet 300", "back 10 packets", "goto packet 500"],
        ["goto packet 300", "back 10 packets", "run until packet 500"],
        ["goto packet 900", "goto packet 500"],
    ):
        bench = aging()
        for line in lines:
            said = bench.cli(line)
        assert "behind packet 500" in said
        assert state_of(bench.rig.stepped) == state_of(straight.rig.stepped)
        assert list(bench.past.branches) == ["main"]


@pytest.mark.parametrize("line", ["goto packet 999999", "run until packet 999999"])
@pytest.mark.parametrize("before", [[], ["goto packet 40"], ["goto packet 40", "back 9 packets"]])
def test_beyond_the_last_packet_it_is_said_how_many_there_are(line: str, before: list[str]) -> None:
    bench = aging()
    for each in before:
        bench.cli(each)
    here = bench.now
    with pytest.raises(CommandError, match=r"no packet 999,999: .* this run has 2,320 packets"):
        bench.cli(line)
    assert bench.now == here


def test_packets_that_were_sent_count_with_those_of_the_captures(tmp_path: Path) -> None:
    path = capture(tmp_path / "three.pcap", NOON, NOON + SEC, NOON + 2 * SEC)
    bench = Workbench.from_scenario(scenario_of(path))
    bench.cli("run until packet 1")
    bench.cli("send pg0 udp 10.0.0.2:5 > 192.0.2.1:53")
    assert "behind packet 4" in bench.cli("goto packet 4")
    with pytest.raises(CommandError, match="this run has 4 packets"):
        bench.cli("goto packet 5")


def test_what_lies_behind_is_not_run_to() -> None:
    bench = aging()
    bench.cli("run until packet 5")
    with pytest.raises(CommandError, match="`goto packet 3` goes back"):
        bench.cli("run until packet 3")
    with pytest.raises(CommandError, match=r"`goto \+0 s` goes back"):
        bench.cli("run until +0s")
    assert "behind packet 3" in bench.cli("goto packet 3")


def test_a_number_alone_could_be_either() -> None:
    with pytest.raises(CommandError, match=r"`goto \+500`.*`goto packet 500`"):
        aging().cli("goto 500")


def test_nothing_is_there_without_a_capture() -> None:
    bench = Workbench()
    with pytest.raises(CommandError, match="has had none, and none is to come"):
        bench.cli("goto packet 1")
    with pytest.raises(CommandError, match="no capture to play"):
        bench.cli("run until end")
    bench.cli("run 5s")
    bench.cli("back 1 turn")
    bench.cli("goto end")
    assert seconds(bench) == 5


def test_it_says_how_far_it_is_and_who_stops_it_has_what_was_reached() -> None:
    bench = aging()
    task = bench.begin("goto packet 2000")
    told: list[Progress] = []
    while not task.work(0.0) and (not task.progress or task.progress.done < 64):
        if isinstance(task.progress, Progress):
            told.append(task.progress)
    task.stop()
    handled = bench.rig.driver.packets_handled
    assert 64 <= handled < 2000
    assert task.progress is not None
    assert (task.progress.total, task.progress.unit) == (2000, "packets")
    bench.check_invariants()
    bench.cli("goto packet 2000")
    straight = aging()
    straight.play(2000)
    assert state_of(bench.rig.stepped) == state_of(straight.rig.stepped)


def test_where_nothing_was_played_it_is_said_what_plays_it() -> None:
    """And not that there is nothing of the kind; without captures there is nothing to play."""
    hint = "no packet has come yet; `run until end` plays the captures"
    for line in ("packets", "packets denied", "sessions tcp", "explain all"):
        assert aging().cli(line) == hint
        assert hint not in Workbench().cli(line)
    with pytest.raises(CommandError, match=re.escape(f"no connection 3: {hint}")):
        aging().cli("explain conn 3")
    bench = aging()
    bench.cli("run until packet 5")
    for line in ("packets port 9", "sessions port 9", "explain all"):
        assert hint not in bench.cli(line)


@pytest.mark.parametrize("before", ["goto start", "run until packet 7"])
def test_a_packet_that_no_capture_has_is_told_how_many_there_are(before: str) -> None:
    bench = aging()
    bench.cli(before)
    with pytest.raises(CommandError, match="no packet 99999: the capture has 2,320 packets"):
        bench.cli("explain 99999")
    with pytest.raises(CommandError, match="they are counted from 1"):
        bench.cli("explain 0")


def test_a_number_is_no_place_and_what_it_could_be_is_said() -> None:
    for line in ("events from 5 to 6", "diff 5 7"):
        with pytest.raises(CommandError, match=r"5 could be a time, \+5, or behind a packet, #5"):
            aging().cli(line)


# --- the end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["goto end", "run until end"])
def test_the_end_is_the_last_packet(line: str) -> None:
    straight = aging()
    straight.play()
    for before in ([], ["goto packet 70"], ["goto packet 70", "back 3 packets"]):
        bench = aging()
        for each in before:
            bench.cli(each)
        assert f"behind packet {PACKETS}" in bench.cli(line)
        assert bench.now == straight.now
        assert state_of(bench.rig.stepped) == state_of(straight.rig.stepped)


def test_on_a_branch_the_end_is_that_of_the_branch_and_the_captures() -> None:
    """What was done on a branch stays done; from its end on the captures are played."""
    bench = aging()
    bench.cli("goto packet 100")
    bench.cli("branch other")
    bench.cli("clear acl-plugin sessions")
    bench.cli("run until packet 150")
    bench.cli("goto packet 120")
    assert bench.cli("goto end").startswith(f"other: behind packet {PACKETS}")
    assert "clear started" in bench.cli("events clear-started")
    bench.cli("switch main")
    assert "behind packet 100" in bench.cli("goto packet 100")
    assert bench.cli("goto end").startswith(f"main: behind packet {PACKETS}")
    assert bench.cli("events clear-started") == "no such event"


def test_the_end_is_the_last_packet_also_where_the_run_went_on_in_silence() -> None:
    """Back from the silence, and on from before it."""
    bench = aging()
    bench.cli("run until end")
    end, state = bench.now, state_of(bench.rig.stepped)
    bench.cli("run 200s")
    assert "in the past" in bench.cli("goto end")
    assert (bench.now, state_of(bench.rig.stepped)) == (end, state)
    bench.cli("goto packet 5")
    bench.cli("goto end")
    assert bench.now == end


@pytest.mark.parametrize("known", [False, True])
def test_how_far_it_is_to_the_end_is_told_in_packets(known: bool) -> None:
    bench = aging()
    assert bench.rig.feed is not None
    if known:
        finish(bench.rig.feed.measuring())
    bench.cli("run until packet 20")
    task = bench.begin("run until end")
    told: list[Progress] = []
    while not task.work(0.0):
        if task.progress is not None:
            told.append(task.progress)
    assert told[0].done < told[-1].done <= PACKETS - 20
    if known:
        assert {progress.total for progress in told} == {PACKETS - 20}
        assert told[-1].unit == "packets"
    else:
        assert re.fullmatch(r"packets, \d+ % of what there is", told[0].unit)
        assert str(told[0]).startswith(f"{told[0].done:,} packets, ")


# --- times ------------------------------------------------------------------------------------


def test_that_a_time_is_behind_the_last_packet_is_said_first(tmp_path: Path) -> None:
    """Before the silence is gone through, which may take long; the captures are looked at ahead."""
    path = capture(tmp_path / "noon.pcap", *(NOON + n * SEC for n in range(11)))
    for line in ("run until 12:00:22", "goto 12:00:22", "run until +22s"):
        bench = Workbench.from_scenario(scenario_of(path))
        said: list[str] = []
        bench.printer = lambda text, bench=bench, said=said: said.append(  # type: ignore[misc]
            f"{seconds(bench)} {text}"
        )
        assert bench.cli(line).startswith("main: behind packet 11, +22 s")
        assert said == [
            "0.0 +22 s is 12 s after the last packet, which came at +10 s; until then the machine "
            "goes on in silence"
        ]


def test_a_time_ahead_is_run_to_and_one_behind_the_last_packet_is_said_to_be_so(
    tmp_path: Path,
) -> None:
    path = capture(tmp_path / "noon.pcap", *(NOON + n * SEC for n in range(11)))
    bench = Workbench.from_scenario(scenario_of(path))
    assert bench.cli("goto 12:00:05") == "main: behind packet 6, +5 s, at its end"
    assert bench.cli("goto 2026-11-27 12:00:02.5 UTC").startswith("main: behind packet 3, +2.5 s")
    assert bench.cli("goto time 13:00:03 +01:00").startswith("main: behind packet 4, +3 s")
    assert bench.cli("goto +2.5 s").startswith("main: behind packet 3, +2.5 s")
    assert "after the last" not in bench.cli("goto 12:00:10")
    said = bench.cli("run until 12:00:22").splitlines()
    assert said == [
        "+22 s is 12 s after the last packet, which came at +10 s; until then the machine goes "
        "on in silence",
        "main: behind packet 11, +22 s, at its end",
    ]
    with pytest.raises(CommandError, match="lies 1 s before the start"):
        bench.cli("goto 2026-11-27 11:59:59")


def test_the_sessions_alive_at_a_time_of_day(tmp_path: Path) -> None:
    """In two commands, on a capture that was only just opened."""
    path = capture(tmp_path / "noon.pcap", *(NOON + n * SEC for n in range(11)))
    bench = Workbench.from_scenario(scenario_of(path))
    bench.cli("goto 12:00:05")
    assert len([row for row in bench.cli("sessions").splitlines() if "10.0.0.2" in row]) == 6


def test_one_switch_changes_all_times(tmp_path: Path) -> None:
    path = capture(tmp_path / "noon.pcap", *(NOON + n * SEC for n in range(11)))
    bench = Workbench.from_scenario(scenario_of(path))
    assert bench.cli("time utc").splitlines() == [
        "times are UTC, by the capture's clock",
        "the capture starts at 2026-11-27 12:00:00 UTC",
    ]
    assert bench.cli("goto 12:00:05").startswith("main: behind packet 6, 12:00:05, at its end")
    bench.cli("back 2 packets")
    for line in ("packets", "events", "lists", "sessions", "explain 3", "story session 1/0",
                 "branches", "writers session 1/0 last_active_time"):  # fmt: skip
        said = bench.cli(line)
        assert "12:0" in said, line
        assert "+0 s" not in said, line
        assert "+2 s" not in said, line
    assert "12:00:03" in bench.cli("step 1")
    bench.cli("time relative")
    assert "+2 s" in bench.cli("packets")


def test_show_clock_has_the_time_of_day_and_the_start(tmp_path: Path) -> None:
    path = capture(tmp_path / "noon.pcap", NOON, NOON + 5 * SEC // 2)
    bench = Workbench.from_scenario(scenario_of(path))
    bench.cli("run until end")
    assert bench.cli("show clock").splitlines() == [
        "Time now 3.500000000, Fri, 27 Nov 2026 12:00:02 GMT, +2.5 s from the start",
        "the capture starts at 2026-11-27 12:00:00 UTC",
    ]


@pytest.mark.parametrize(("first", "why"), [(0, "1970"), (GENERATED_NS, "generated")])
def test_where_no_clock_was_set_times_stay_relative(tmp_path: Path, first: int, why: str) -> None:
    path = capture(tmp_path / "none.pcap", first, first + SEC)
    bench = Workbench.from_scenario(scenario_of(path))
    assert why in bench.cli("time utc")
    assert "+1 s" in bench.cli("goto end")
    with pytest.raises(CommandError, match=why):
        bench.cli("goto 12:00:05")


def test_without_a_capture_it_is_said_that_none_tells_the_time_of_day() -> None:
    bench = Workbench()
    assert "no capture tells the time of day" in bench.cli("time utc")
    assert "no capture" not in bench.cli("time relative")


def test_of_merged_captures_the_first_packet_sets_the_clock(tmp_path: Path) -> None:
    late = capture(tmp_path / "late.pcap", NOON + 3 * SEC)
    early = capture(tmp_path / "early.pcap", NOON, NOON + 5 * SEC)
    bench = Workbench.from_scenario(scenario_of(late, early, rx=("pg0", "pg1")))
    bench.cli("time utc")
    assert "behind packet 2, 12:00:04" in bench.cli("goto 12:00:04")
    one_by_one = Workbench.from_scenario(scenario_of(late, early))
    one_by_one.cli("time utc")
    assert "12:00:03" in one_by_one.cli("run until packet 1")
    assert "12:00:03" in one_by_one.cli("run until packet 2")  # it is behind: handed over at once


def test_places_are_times_of_day_too(tmp_path: Path) -> None:
    path = capture(tmp_path / "noon.pcap", *(NOON + n * SEC for n in range(11)))
    bench = Workbench.from_scenario(scenario_of(path))
    bench.cli("goto end")
    by_time = bench.cli("events from 12:00:02 to 12:00:04")
    assert by_time == bench.cli("events from +2 to +4")
    both = [bench.cli(line) for line in ("diff 12:00:02 main@12:00:04", "diff +2 main@+4")]
    assert len({text.partition("\n\n")[2] for text in both}) == 1


def test_on_real_threads_a_packet_is_run_to() -> None:
    bench = Workbench.from_scenario(load_scenario(find_input("aging")), driver="threaded")
    bench.cli("run until packet 500")
    assert bench.rig.driver.packets_handled == 500
    with pytest.raises(CommandError, match="2,320 packets"):
        bench.cli("run until packet 5000")
    with pytest.raises(AclbenchError, match="real threads"):
        bench.cli("goto packet 3")
    assert threading.active_count() >= 1


def test_a_packet_that_was_not_played_is_explained(tmp_path: Path) -> None:
    bench = aging()
    assert bench.cli("explain 500").startswith("packet 500: ")
    assert bench.rig.driver.packets_handled == 500
    with pytest.raises(CommandError, match="no packet 5000"):
        bench.cli("explain 5000")
    assert bench.rig.driver.packets_handled == 500
    early = capture(tmp_path / "early.pcap", NOON)
    late = capture(tmp_path / "late.pcap", NOON + SEC, NOON + 2 * SEC)
    two = Workbench.from_scenario(scenario_of(early, late))
    assert two.cli("explain late.pcap:2").startswith("packet late.pcap:2: ")
