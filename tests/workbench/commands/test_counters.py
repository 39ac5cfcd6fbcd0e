"""Counters of interfaces, nodes and rules: VPP's layout, and right wherever time goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import vpp_transcript
from routed import ROUTED
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from aclbench import CommandError, Workbench
from aclbench.engine.reasons import action_of
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.inputs import Inject
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish


def interface_rows(bench: Workbench) -> dict[str, dict[str, int]]:
    """The counters of each interface, as printed."""
    rows: dict[str, dict[str, int]] = {}
    for line in bench.cli("show interface").splitlines()[1:]:
        name = line[:32].strip()
        if name:
            counters = rows[name] = {}
        if line[68:].strip():
            counters[line[68:84].strip()] = int(line[84:])
    return rows


@pytest.fixture
def bench() -> Workbench:
    """The transcript's bench, its seven packets sent."""
    bench = vpp_transcript.set_up()
    vpp_transcript.play(bench)
    return bench


def test_interfaces_count_packets_bytes_and_drops(bench: Workbench) -> None:
    inside = [frame for name, frame in vpp_transcript.packets().values() if name == "pg0"]
    outside = [frame for name, frame in vpp_transcript.packets().values() if name == "pg1"]
    rx0, rx1 = sum(map(len, inside)), sum(map(len, outside))
    dropped = len(vpp_transcript.packets()["out_stray"][1])
    assert interface_rows(bench) == {
        "local0": {},
        "pg0": {"rx packets": 4, "rx bytes": rx0, "tx packets": 2, "tx bytes": rx1 - dropped,
                "ip4": 4},
        "pg1": {"rx packets": 3, "rx bytes": rx1, "tx packets": 4, "tx bytes": rx0, "drops": 1,
                "ip4": 3},
    }  # fmt: skip
    first, second = bench.cli("show interface pg0").splitlines()[1:3]
    assert first == (
        "pg0                               1      up          9000/0/0/0     "
        "rx packets                     4"
    )
    assert second == " " * 68 + f"rx bytes        {rx0:>16}"


def test_interfaces_stand_in_vpps_order() -> None:
    """By name, but a longer one ahead of what it begins with: as VPP 26.10 sorted them."""
    bench = Workbench()
    for number in (3, 0, 21, 2, 1, 20):
        bench.cli(f"create packet-generator interface pg{number}")
    for name in ("loop0", "BondEthernet0.100", "BondEthernet0"):
        bench.cli(f"set interface state {name} up")
    assert list(interface_rows(bench)) == [
        "BondEthernet0", "BondEthernet0.100", "local0", "loop0",
        "pg0", "pg1", "pg20", "pg21", "pg2", "pg3",
    ]  # fmt: skip


def test_what_is_not_ip_is_punted_and_what_is_for_us_is_not_dropped(bench: Workbench) -> None:
    bench.cli("clear interfaces")
    bench.send("pg0", bytes.fromhex("ffffffffffff0200000000010806") + bytes(28))
    bench.cli("send pg1 icmp 192.168.0.2 > 192.168.0.1")
    bench.cli("send pg1 udp [fd00::2]:1 > [fd00:9::2]:2")
    rows = interface_rows(bench)
    assert rows["pg0"] == {"rx packets": 1, "rx bytes": 42, "punt": 1}
    assert {name: rows["pg1"].get(name) for name in ("rx packets", "drops", "ip4", "ip6")} == {
        "rx packets": 2,
        "drops": 1,
        "ip4": 1,
        "ip6": 1,
    }


def packets_of(bench: Workbench) -> int:
    return sum(sum(w.packet_reasons.values()) for w in bench.rig.machine.am.workers)


def every_counter(bench: Workbench) -> Any:
    return [bench.cli_data(f"show {what}") for what in ("interface", "errors", "runtime")]


def test_clearing_is_an_input_and_counters_go_back_with_time(bench: Workbench) -> None:
    before = bench.cli("show interface"), bench.cli("show errors"), bench.cli("show runtime")
    for what in ("interfaces", "errors", "runtime"):
        bench.cli(f"clear {what}")
    assert [set(counters) for counters in interface_rows(bench).values()] == [set()] * 3
    assert len(bench.cli("show errors").splitlines()) == 1
    assert "ip4-input" not in bench.cli("show runtime")
    packets = bench.report().packets
    bench.send(*vpp_transcript.packets()["in_ping"])
    assert interface_rows(bench)["pg0"]["rx packets"] == 1
    assert "existing session packets" in bench.cli("show errors")
    assert "acl-plugin-in-ip4-fa" in bench.cli("show runtime")
    assert bench.report().packets != packets, "the run's own figures were not cleared"
    bench.cli("goto packet 7")
    after = bench.cli("show interface"), bench.cli("show errors"), bench.cli("show runtime")
    assert after[:2] == before[:2]


def test_a_new_interface_begins_at_nothing(bench: Workbench) -> None:
    bench.cli("clear interfaces")
    bench.cli("clear runtime")
    bench.send(*vpp_transcript.packets()["in_ping"])
    bench.cli("delete packet-generator interface pg0")
    bench.advance("0.1")
    bench.cli("create packet-generator interface pg0")
    assert interface_rows(bench)["pg0"] == {}
    assert "pg0-tx" not in bench.cli("show runtime")


def node_calls(bench: Workbench, thread: int) -> dict[str, int]:
    nodes = bench.cli_data("show runtime")["threads"][thread]["nodes"]
    return {row["node"]: row["calls"] for row in nodes}


def test_runtime_in_vpps_forms(bench: Workbench) -> None:
    """One node, the longest call, all nodes, the rates alone: columns as VPP 26.10 printed them."""
    head = (
        "             Name                 State         Calls          Vectors        Suspends"
        "      Packet-Clocks   Vectors/Call  "
    )
    named = bench.cli("show runtime acl-plugin-in-ip4-fa").splitlines()
    assert named[-2:] == [
        head,
        "acl-plugin-in-ip4-fa             active                  4               4"
        "               0          0.00e0            1.00",
    ]
    assert node_calls(bench, 1)["acl-plugin-in-ip4-fa"] == 4
    longest = bench.cli("show run max").splitlines()
    assert (
        "             Name              Max Node Clocks  Vectors at Max    Max Clocks  "
        "    Avg Clocks   Avg Vectors/Call"
    ) in longest
    assert (
        "acl-plugin-in-ip4-fa                0.00e0             1            0.00e0    "
        "      0.00e0          1.00e0     "
    ) in longest
    assert [line.split()[0] for line in bench.cli("show run summary").splitlines()] == [
        "Thread", "Time", "vector", "---------------", "Thread", "Time", "vector",
    ]  # fmt: skip
    every = bench.cli("show run verbose")
    assert "ip6-lookup" in every
    assert "ip6-lookup" not in bench.cli("show runtime brief")
    assert every.count("acl-plugin-fa-cleaner-process") == 1
    assert bench.cli_data("sh run pg0-tx")["threads"][1]["nodes"] == [
        {"node": "pg0-tx", "calls": 2}
    ]
    with pytest.raises(CommandError, match="did you mean ip4-input"):
        bench.cli("show runtime ip4-inputs")
    assert bench.cli("show node counters") == bench.cli("show errors")


def test_runtime_has_a_call_a_packet(bench: Workbench) -> None:
    calls = node_calls(bench, 1)
    assert {node: calls[node] for node in calls if not node.endswith("process")} == {
        "pg-input": 7,
        "ethernet-input": 7,
        "ip4-input": 7,
        "ip4-lookup": 7,
        "ip4-rewrite": 7,
        "acl-plugin-in-ip4-fa": 4,
        "acl-plugin-out-ip4-fa": 3,
        "error-drop": 1,
        "drop": 1,
        "pg0-output": 2,
        "pg0-tx": 2,
        "pg1-output": 4,
        "pg1-tx": 4,
    }
    lines = bench.cli("show runtime").splitlines()
    at = lines.index("Thread 1 vpp_wk_0")
    assert lines[at + 1].startswith("Time ")
    assert lines[at + 3] == (
        "             Name                 State         Calls          Vectors        Suspends"
        "      Packet-Clocks   Vectors/Call  "
    )
    [row] = [line for line in lines if line.startswith("acl-plugin-in-ip4-fa")]
    assert row == (
        "acl-plugin-in-ip4-fa             active                  4               4"
        "               0          0.00e0            1.00"
    )


def test_runtime_of_packets_that_end_on_the_way() -> None:
    """Each goes as far as it goes in VPP."""
    bench = vpp_transcript.set_up()
    bench.cli("send pg0 udp 10.0.0.2:1 > 224.0.0.5:2")
    assert node_calls(bench, 1)["ip4-input"] == 1
    assert "ip4-lookup" not in node_calls(bench, 1)
    bench.cli("send pg0 udp 10.0.0.2:1 > 192.168.0.2:999")  # denied on input
    assert "ip4-lookup" not in node_calls(bench, 1)
    bench.cli("send pg0 tcp 10.0.0.2:1 > 172.16.0.1:80")  # no route
    calls = node_calls(bench, 1)
    assert (calls["ip4-lookup"], calls.get("ip4-rewrite"), calls["drop"]) == (1, None, 3)
    bench.cli("set interface state pg1 down")
    bench.cli("send pg1 udp 192.168.0.2:1 > 10.0.0.2:2")
    calls = node_calls(bench, 1)
    assert (calls["ethernet-input"], calls["ip4-input"]) == (4, 3)


def test_rules_count_once_that_is_enabled() -> None:
    bench = vpp_transcript.set_up()
    frames = vpp_transcript.packets()
    bench.send(*frames["in_udp"])
    assert "are not counted" in bench.cli("show acl-plugin acl verbose")
    bench.cli("acl_stats_intf_counters_enable")
    plain = bench.cli("show acl-plugin acl")
    vpp_transcript.play(bench)
    assert bench.cli("show acl-plugin acl") == plain, "as VPP prints it"

    def matched(index: int) -> list[tuple[int, int]]:
        [acl] = bench.cli_data(f"show acl-plugin acl index {index} verbose")["acls"]
        return [(rule["packets"], rule["bytes"]) for rule in acl["rules"]]

    size = {name: len(frame) for name, (_, frame) in frames.items()}
    # in_udp has its session since before; the rest of a connection matches no rule.
    assert matched(0) == [(1, size["in_syn"]), (0, 0), (1, size["in_ping"]), (0, 0)]
    assert matched(1) == [(1, size["out_stray"])]
    assert "1 packet, " in bench.cli("show acl-plugin acl index 1 verbose")
    bench.cli("set acl-plugin acl index 1 deny")
    assert matched(1) == [(0, 0)]
    bench.cli("acl_stats_intf_counters_enable disable")
    bench.send(*frames["out_stray"])
    assert matched(1) == [(0, 0)]


NEW = Ether() / IP(src="10.0.0.2", dst="192.168.0.2") / UDP(sport=1000, dport=53)
ANSWER = Ether() / IP(src="192.168.0.2", dst="10.0.0.2") / UDP(sport=53, dport=1000)
RECLASSIFIED: tuple[tuple[Any, ...], ...] = (
    ("pg0", NEW, 2),
    ("pg1", ANSWER, 3),
    ("set acl-plugin acl index 2 permit+reflect src 10.0.0.0/24 dst 0.0.0.0/0 proto 17 tag r",),
    ("pg1", ANSWER, 3),
    ("pg0", NEW, 2),
    ("pg1", ANSWER, 3),
    ("set acl-plugin acl index 3 deny src 0.0.0.0/0 dst 0.0.0.0/0 proto 17 tag o",),
    ("pg1", ANSWER, 3),
    ("pg0", NEW, 3),
    ("set acl-plugin acl index 2 deny src 0.0.0.0/0 dst 0.0.0.0/0 tag r",),
    ("pg1", ANSWER, 3),
    ("pg0", NEW, 0),
    ("pg1", ANSWER, 0),
)


RECLASSIFYING = (
    *ROUTED,
    *("set acl-plugin acl permit tag a", "set acl-plugin acl permit tag b"),
    "set acl-plugin acl permit+reflect src 10.0.0.0/24 dst 0.0.0.0/0 tag r",
    "set acl-plugin acl deny src 0.0.0.0/0 dst 0.0.0.0/0 tag o",
    "set acl-plugin interface pg0 input acl 2",
    "set acl-plugin interface pg0 output acl 3",
    "set acl-plugin reclassify-sessions 1",
)


def reclassifying(workers: int) -> Iterator[tuple[Workbench, int, int]]:
    """The transcript's packets and replaced ACLs; yields what each check did, and should."""
    bench = Workbench(workers=workers)
    for line in RECLASSIFYING:
        bench.cli(line)
    for step in RECLASSIFIED:
        if len(step) == 1:
            bench.cli(step[0])
        else:
            interface, packet, action = step
            [verdict] = bench.send(interface, packet)
            [check] = verdict.checks
            yield bench, check.action, action


def test_sessions_are_reclassified_as_vpp_does() -> None:
    """Packet by packet the recorded actions: new and answer, each ACL replaced in turn."""
    for bench, action, wanted in reclassifying(workers=1):
        assert action == wanted
        bench.check_invariants()
    printed = bench.cli("show acl-plugin sessions").splitlines()
    assert printed[0] == "Sessions total: add 2 - del 2 = 0"
    assert "sw_if_index 1: add 2 - del 2 = 0; epoch chg: 2" in printed
    assert "Reclassify sessions: 1" in printed


def test_step_by_step_it_is_the_same() -> None:
    """And the deletion is a step of its own, which others can come ahead of."""
    straight = [(action, bench) for bench, action, _ in reclassifying(workers=1)]
    stepped = Workbench(workers=1, history=False)
    labels: list[str | None] = []
    actions: list[int] = []

    def hear(event: Any) -> None:
        if event.kind == "packet":
            actions.extend(action_of(check.reason) for check in event.checks)

    for line in RECLASSIFYING:
        stepped.cli(line)
    stepped.rig.hear(hear)
    for step in RECLASSIFIED:
        if len(step) == 1:
            stepped.cli(step[0])
            continue
        finish(stepped.rig.injecting(Inject(step[0], 1, (bytes(step[1]),))))
        while not stepped.rig.stepped.at_rest() or stepped.rig.sent_waiting():
            taken = stepped.rig.stepped.step()
            labels.append(taken.step if taken else None)
    assert actions == [action for action, _ in straight]
    assert labels.count("reclassify") == 2
    counts = "show acl-plugin sessions"
    assert (
        stepped.cli(counts).split("Per-worker")[0]
        == (straight[-1][1].cli(counts).split("Per-worker")[0])
    )
    stepped.check_invariants()


def test_another_worker_judges_anew_and_leaves_the_session() -> None:
    """Only the owner may delete it; under flow placement it is the one that sees the packet."""
    bench = Workbench(workers=2)
    for line in (
        *ROUTED,
        "set acl-plugin acl permit+reflect",
        "set acl-plugin interface pg0 input acl 0",
        "set acl-plugin reclassify-sessions 1",
        "send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53",
        "set interface rx-placement pg0 worker 1",
        "set acl-plugin acl index 0 deny",
    ):
        bench.cli(line)
    assert "deny" in bench.cli("send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53")
    assert bench.snapshot().sessions.live == 1
    bench.check_invariants()
    bench.cli("set interface rx-placement pg0 worker 0")
    bench.cli("send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53")
    assert bench.snapshot().sessions.live == 0


def test_off_a_session_outlives_its_rules() -> None:
    bench = vpp_transcript.set_up()
    bench.send(*vpp_transcript.packets()["in_ping"])
    bench.cli("set acl-plugin acl index 0 deny")
    [verdict] = bench.send(*vpp_transcript.packets()["in_ping"])
    assert verdict.fate == "permitted"
    bench.cli("set acl-plugin reclassify-sessions 1")
    [verdict] = bench.send(*vpp_transcript.packets()["in_ping"])
    assert verdict.fate == "denied", "it kept the epoch of its making all along"


def test_counters_are_those_of_a_run_however_one_comes_there() -> None:
    """Played at once; back and forth through packed states; on a branch."""
    bench = Workbench.from_scenario(load_scenario(find_input("backlog")))
    bench.play(400)
    wanted = every_counter(bench)[:2]
    bench.play(400)
    at_end = every_counter(bench)[:2]
    assert at_end != wanted
    bench.cli("back 400 packets")
    assert every_counter(bench)[:2] == wanted
    bench.cli("set interface state pg1 down")
    bench.play(100)
    assert every_counter(bench)[:2] != at_end
    totals = [row["counters"] for row in every_counter(bench)[0]["interfaces"]]
    assert sum(row["rx packets"] for row in totals) == packets_of(bench)


def test_real_threads_count_the_same() -> None:
    scenario = load_scenario(find_input("backlog"))
    stepped = Workbench.from_scenario(scenario, history=False)
    threaded = Workbench.from_scenario(scenario, driver="threaded", history=False)
    found = []
    for bench in (stepped, threaded):
        bench.play()
        rows = bench.cli_data("show interface")["interfaces"]
        found.append([row["counters"] for row in rows])
    assert found[0] == found[1]


def test_what_clears_is_no_abbreviation_of_another(bench: Workbench) -> None:
    with pytest.raises(CommandError):
        bench.cli("clear bogus")
    assert bench.cli("cle err") == ""
    assert bench.cli("cle int") == ""
    assert bench.cli("cle run") == ""
