"""packets, lists, placement and set bench: they show what is there, and set what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from aclbench import CommandError, Workbench
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import fate_of
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario


@pytest.fixture
def bench() -> Workbench:
    return Workbench.from_scenario(load_scenario(find_input("aging")))


def test_packets_are_those_of_the_run(bench: Workbench) -> None:
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    bench.play(700)
    here = state_of(bench.rig.stepped)
    told = [e for e in heard if isinstance(e, PacketVerdict)]
    rows = bench.cli("packets last 2000").splitlines()[1:]
    assert [row.split()[0] for row in rows] == [str(e.number) for e in told]
    permitted = bench.cli("packets permitted last 2000").splitlines()[1:]
    assert len(permitted) == sum(fate_of(e.reason) == "permitted" for e in told)
    assert all("10.0.0.3" in row for row in bench.cli("packets host 10.0.0.3").splitlines()[1:-1])
    assert bench.cli("packets reason nonsense").splitlines() == ["no such packet"]
    shown = bench.cli("packets last 3").splitlines()
    assert len(shown) == 5
    assert shown[-1].startswith(f"({len(told) - 3:,} before these are left out")
    assert state_of(bench.rig.stepped) == here
    bench.cli("goto packet 10")
    assert len(bench.cli("packets").splitlines()) == 11


def test_lists_show_the_ends_asked_for(bench: Workbench) -> None:
    bench.play(1500)
    snapshot = bench.snapshot()
    text = bench.cli("lists")
    for worker in snapshot.workers[1:]:
        assert f"{worker.name}: {worker.sessions} session" in text
    longest = max(snapshot.workers[1:], key=lambda w: w.lists[2].length)
    each = longest.lists[2]
    assert each.length > 3
    head = bench.cli(f"lists {longest.name} tcp_transient head 2").splitlines()
    assert head[2].startswith(f"    session {each.head}: ")
    assert head[-1] == f"    ... {each.length - 2} more"
    tail = bench.cli(f"lists {longest.name} tcp_transient tail 2").splitlines()
    assert tail[2] == head[-1]
    assert tail[-1].startswith(f"    session {each.tail}: ")
    with pytest.raises(CommandError, match="vpp_wk_1"):
        bench.cli("lists 7")


def test_settings_are_inputs_of_the_run(bench: Workbench, tmp_path: Path) -> None:
    for line in ("set bench quantum 3", "set bench wait-max 20ms", "placement interface"):
        bench.cli(line)
    bench.cli("run 5s")
    am = bench.rig.machine.am
    assert am.cleaner.wait_interval <= 20_000_000
    assert bench.cli("placement").startswith("interface")
    there = state_of(bench.rig.stepped)
    bench.cli("goto start")
    assert bench.rig.machine.am.max_deleted_sessions_per_interval == 100
    bench.cli("switch main")
    assert state_of(bench.rig.stepped) == there
    bench.cli(f"save {tmp_path}/f.run")
    assert state_of(Workbench.load(tmp_path / "f.run").rig.stepped) == there


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("set bench quantum 0", "from 1 to"),
        ("set bench wait-min 0", "from 1us"),
        ("set bench wait-min 600ms", "more than wait-max"),
        ("set bench wait-max 100us", "less than wait-min"),
        ("set bench wait-max 2h", "to 1h"),
        ("placement random", "interface"),
    ],
)
def test_settings_that_cannot_be_are_refused(bench: Workbench, line: str, says: str) -> None:
    before = state_of(bench.rig.stepped)
    with pytest.raises(CommandError, match=says):
        bench.cli(line)
    assert state_of(bench.rig.stepped) == before


def test_placement_on_threads_is_chosen_before_the_first_packet() -> None:
    scenario = load_scenario(find_input("aging"))
    bench = Workbench.from_scenario(scenario, driver="threaded")
    bench.cli("placement interface")
    assert "session" in bench.cli("run until class-change")
    with pytest.raises(CommandError, match="before the first packet"):
        bench.cli("placement flow")


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("placement", ["interface", "flow"])
def test_packets_of_threads_are_those_of_a_stepped_run_heard_or_not(
    workers: int, placement: str
) -> None:
    """Also at full speed, where no events are made: in the captures' order, connections and all."""
    scenario = replace(load_scenario(find_input("aging")), workers=workers)
    stepped, bench = (
        Workbench.from_scenario(scenario, driver=driver) for driver in ("stepped", "threaded")
    )
    for each in (stepped, bench):
        each.cli(f"placement {placement}")
        each.play(100)
    bench.listeners.mute(True)
    bench.play(200)
    stepped.play(200)
    bench.listeners.mute(False)
    for each in (stepped, bench):
        each.cli("send pg0 udp 10.0.0.9:1 > 192.168.0.2:53")
        each.play(50)
    expected, rows = (each.cli_data("packets last 400") for each in (stepped, bench))
    assert len(rows["packets"]) == bench.snapshot().packets.read > 350
    for row in (*expected["packets"], *rows["packets"]):  # which slots were free is of the threads
        row["session"] = row["session"] and row["session"][0]
        row["reason"] = re.sub(r"session \d+", "session", row["reason"])
    assert rows == expected
    assert bench.cli("packets conn 3 denied") == stepped.cli("packets conn 3 denied")


def test_packets_lists_and_events_are_data_too(bench: Workbench) -> None:
    bench.play(300)
    text = bench.cli("packets tcp last 4").splitlines()
    data = bench.cli_data("packets tcp last 4")
    assert json.loads(json.dumps(data)) == data
    assert [packet["name"] for packet in data["packets"]] == [row.split()[0] for row in text[1:5]]
    assert data["looked_at"] == 300
    assert data["matched"] > 4
    first = data["packets"][0]
    assert f"+{first['time_ns'] / 1e9:.9f}".rstrip("0") in text[1]
    assert str(first["conn"]) in text[1].split()
    lists = bench.cli_data("lists vpp_wk_0 tcp_transient head 2")
    lists = json.loads(json.dumps(lists))
    ((worker,), started) = lists["workers"], lists["started"]
    assert (worker["name"], worker["now"], started) == ("vpp_wk_0", bench.now, bench.started)
    (each,) = worker["lists"]
    assert each["name"] == "tcp_transient"
    assert len(each["sessions"]) == min(each["length"], 2)
    events = bench.cli_data("events session-added")
    assert json.loads(json.dumps(events)) == events
    said = bench.cli("events session-added").splitlines()
    assert len(said) == len(events) > 3
    assert all(event["kind"] == "session added" and event["session"] for event in events)
    assert events[0]["text"] in said[0]


def test_words_of_a_filter_stand_in_any_order(bench: Workbench) -> None:
    bench.play(300)
    assert bench.cli("packets last 3 udp port 53") == bench.cli("packets port 53 last 3 udp")
    assert bench.cli("sessions by idle tcp last 3") == bench.cli("sessions last 3 tcp by idle")
    assert "did you mean idle" in refused(bench, "sessions by idel")
    assert "said of packets" in refused(bench, "sessions denied")
    assert "from 1 to 2,000" in refused(bench, "packets last 0")
    completed = [each.text for each in bench.lines.table.complete("packets tcp and ho", bench)]
    assert completed == ["tcp and host"]
    assert "flags S" in bench.cli("help packets")


def refused(bench: Workbench, line: str) -> str:
    with pytest.raises(CommandError) as caught:
        bench.cli(line)
    return str(caught.value)
