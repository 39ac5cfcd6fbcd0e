"""`vpp-26.10` agrees with what a VPP 26.10 did: every recorded scenario, and its faults.

When that VPP's cleaner went round is not on record, nor which lookup contexts others had: a
scenario agrees where it does for some phase of the rounds, and some number of contexts. What is no
matter of aging differs as FIDELITY says, and as it does with the 2017 design.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import pytest
from engine.bench import ACK, SYN, tcp_out, udp_back, udp_out
from reference.recorded import Difference, apply, differences, recorded, session_counts, set_up
from workbench.commands.test_vpp_special import CLASSES

from aclbench import Workbench

SAMPLES: Final = (
    "vpp-aging-sample.jsonl",
    "vpp-verdicts-sample.jsonl",
    "vpp-special-sample.jsonl",
)
#: Seconds that the rounds are on when a scenario begins; the most frequent first.
PHASES: Final = ("0.1", "0", "0.2", "0.3", "0.4", "0.04", "0.25", "0.35", "0.15")
#: Classes of scenarios that differ for other reasons than aging.
NOT_AGING: Final = ("offset 1", "tagged", "answered", "sent by the box")
FAULTS: Final = {
    (fault["name"], fault["workers"]): fault for fault in recorded("vpp-26.10-faults.jsonl")
}


# --- the scenarios -------------------------------------------------------------------------------


def played(scenario: dict[str, Any], phase: str, contexts: int) -> list[Difference]:
    """Where a scenario differs with this phase, and so many contexts of others."""
    workers = scenario.get("threads", 2) - 1
    bench = Workbench(workers=workers, design="vpp-26.10", history=False)
    indices = set_up(bench, scenario)
    if contexts:
        bench.cli("create packet-generator interface pg9")
        bench.cli("set acl-plugin interface pg9 input acl 0")
    apply(bench, scenario, indices)
    bench.advance(Decimal(phase))
    return differences(scenario, bench, indices, one_by_one=False)


@pytest.mark.parametrize(
    "scenario",
    [
        # The machine interpreted is held against one in eight.
        pytest.param(
            one,
            id=f"{one.get('kind', name[4:-13])}-{one['seed']}",
            marks=pytest.mark.compiled_only if place % 8 else (),
        )
        for name in SAMPLES
        for place, one in enumerate(recorded(name))
    ],
)
def test_a_scenario_agrees_for_some_phase(scenario: dict[str, Any]) -> None:
    """Fates, actions, rules, and sessions added and deleted; purgatory is what is between these."""
    tried = [scenario_class for scenario_class in NOT_AGING if _is_of(scenario, scenario_class)]
    found: list[Difference] = []
    for contexts, phase in itertools.product((0, 1), PHASES):
        found = played(scenario, phase, contexts)
        if not found or tried:
            break
    if tried:
        assert found, f"{tried}: no difference is left; take the class out"
        assert any(CLASSES[name].differs(scenario, found[0]) for name in tried), found[0]
    else:
        assert found == []


def _is_of(scenario: dict[str, Any], name: str) -> bool:
    return "kind" in scenario and bool(CLASSES[name].has(scenario))


# --- the faults ----------------------------------------------------------------------------------


def bench_of(workers: int, reflect: str = "0.0.0.0/0") -> Workbench:
    """pg0 reflects what it takes in, and lets nothing out that has no session."""
    bench = Workbench(workers=workers, design="vpp-26.10", history=False)
    set_up(bench, {"acls": []})
    bench.cli(f"set acl-plugin acl permit+reflect src {reflect} dst 0.0.0.0/0")
    bench.cli("set acl-plugin acl deny src 0.0.0.0/0 dst 0.0.0.0/0")
    bench.cli("set acl-plugin interface pg0 input acl 0")
    bench.cli("set acl-plugin interface pg0 output acl 1")
    bench.advance(1)
    return bench


def flood(bench: Workbench, frames: Iterable[bytes]) -> None:
    bench.send("pg0", list(frames))


def totals(bench: Workbench) -> list[list[int]]:
    """The three lines of `show acl-plugin sessions`: total, active, being purged."""
    am = bench.rig.machine.am
    added, deleted = session_counts(am)
    resting = sum(len(am.places[0].slots(worker)) for worker in am.workers)
    off = deleted + resting
    return [[added, deleted, added - deleted], [added, off, added - off], [off, deleted, resting]]


def printed_totals(fault: dict[str, Any]) -> list[list[int]]:
    """The first of these lines, [added, deleted, left], each time that it was printed."""
    found = []
    for command, output in fault["log"]:
        if command == "show acl-plugin sessions (first lines)":
            words = output.splitlines()[0].split()
            found.append([int(words[3]), int(words[6]), int(words[8])])
    return found


@pytest.mark.compiled_only
@pytest.mark.parametrize("workers", [0, 1])
def test_a_clear_takes_one_quantum_and_reports_done(workers: int) -> None:
    wanted = printed_totals(FAULTS["clear", workers])
    bench = bench_of(workers)
    flood(bench, (udp_out(1000 + n) for n in range(20_000)))
    found = [totals(bench)[0]]
    for _ in wanted[1:]:
        bench.cli("clear acl-plugin sessions")
        bench.advance(Decimal("0.1"))
        found.append(totals(bench)[0])
    assert found == wanted
    cleaner = bench.rig.machine.am.cleaner
    assert cleaner.cnt_delete_by_sw_index == cleaner.cnt_delete_by_sw_index_ok == len(wanted) + 1


def test_a_clear_takes_a_quantum_of_each_list() -> None:
    result = FAULTS["clear_both", 1]["result"]
    bench = bench_of(1)
    flood(bench, (udp_out(1000 + n) for n in range(3000)))
    flood(bench, (tcp_out(SYN, 1000 + n) for n in range(3000)))
    assert totals(bench)[0][2] == result["live"]
    bench.cli("clear acl-plugin sessions")
    bench.advance(1)
    assert totals(bench)[0][2] == result["left"]


def test_taking_the_acls_off_leaves_sessions_that_answers_pass_by() -> None:
    fault = FAULTS["unapply", 1]
    bench = bench_of(1)
    flood(bench, (udp_out(1000 + n) for n in range(5000)))
    found = [totals(bench)[0]]
    for lines in (
        ("set acl-plugin interface pg0 input acl 0 del", "... output acl 1 del"),
        ("set acl-plugin interface pg0 output acl 1",),
    ):
        for line in lines:
            bench.cli(line.replace("...", "set acl-plugin interface pg0"))
            bench.advance(1)
        found.append(totals(bench)[0])
    assert found == printed_totals(fault)
    [verdict] = bench.send("pg1", [udp_back(5999)])
    assert verdict.tx == fault["result"]["answer_passes"]


def test_two_packets_of_one_frame_make_two_sessions_if_their_flags_differ() -> None:
    fault = FAULTS["dup", 1]["result"]
    bench = bench_of(1)
    verdicts = bench.send("pg0", [tcp_out(ACK), tcp_out(ACK | 8)])
    assert [v.checks[0].action for v in verdicts] == fault["actions"]
    assert session_counts(bench.rig.machine.am) == [fault["added"], 0]


def test_two_alike_packets_do_where_the_lookup_context_is_not_0() -> None:
    result = FAULTS["dup_lc", 1]["result"]
    bench = Workbench(workers=1, design="vpp-26.10", history=False)
    set_up(bench, {"acls": []})
    bench.cli("set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0")
    for name in ("pg1", "pg0"):  # pg1 has context 0
        bench.cli(f"set acl-plugin interface {name} input acl 0")
    for name, packet in (("pg0", udp_out()), ("pg1", udp_back())):
        before, _ = session_counts(bench.rig.machine.am)
        verdicts = bench.send(name, [packet] * 3)
        actions = [[check.action for check in v.checks] for v in verdicts]
        assert actions == result[name]["actions"]
        assert session_counts(bench.rig.machine.am)[0] - before == result[name]["added"]


def test_a_duplicate_that_ages_takes_the_entry_of_the_live_session() -> None:
    """Of steady traffic a packet makes a session anew, each time that an older one ends."""
    log = FAULTS["dup_age", 1]["log"]
    lines = [(command, output) for command, output in log if command.startswith("# t=")]
    wanted = [(output[0][0]["action"], output[1]) for _, output in lines]
    times = [Decimal(command.removeprefix("# t=").split()[0]) for command, _ in lines]
    found: list[Any] = []
    for phase in PHASES:
        bench = bench_of(1)
        bench.cli("set acl-plugin session timeout tcp transient 2")
        bench.advance(Decimal(phase))
        begin = bench.now
        bench.send("pg0", [tcp_out(ACK), tcp_out(ACK | 8)])
        found = []
        for time in times:
            bench.advance(begin / Decimal(10**9) + time - bench.now / Decimal(10**9))
            [verdict] = bench.send("pg0", [tcp_out(ACK | 8)])
            bench.advance("0.15")  # a little later the counts were read
            found.append((verdict.checks[0].action, session_counts(bench.rig.machine.am)))
        if found == wanted:
            return
    assert found == wanted


@pytest.mark.parametrize("name", ["full_one", "full_udp"])
def test_a_packet_that_finds_the_table_full_is_denied(name: str) -> None:
    """Of TCP every second one then, since the victim's place is free for the next; of UDP each."""
    wanted = FAULTS[name, 1]["result"]["each"]
    bench = bench_of(1)
    bench.cli("set acl-plugin session table max-entries 7")
    added, deleted = wanted[0][1][0] - 1, wanted[0][1][1]
    for number, (tx, counts) in enumerate(wanted):
        frame = tcp_out(SYN, 3000 + number) if name == "full_one" else udp_out(3000 + number)
        [verdict] = bench.send("pg0", [frame])
        bench.advance(1)
        total = totals(bench)[0]
        assert (verdict.tx, total) == (tx, [counts[0] - added, counts[1] - deleted, counts[2]])


def test_a_burst_on_a_full_table_evicts_as_many_and_admits_none() -> None:
    result = FAULTS["full_burst", 1]["result"]
    bench = bench_of(1)
    bench.cli("set acl-plugin session table max-entries 302")
    flood(bench, (tcp_out(SYN, 1000 + n) for n in range(300)))
    found = {"before": totals(bench)}
    flood(bench, (tcp_out(SYN, 5000 + n) for n in range(200)))
    found["behind_burst"] = totals(bench)
    bench.advance(1)
    found["later"] = totals(bench)
    gone = result["before"][0][1]  # deleted in the scenarios before
    for name, (total, active, purged) in result.items():
        wanted = [
            [total[0] - gone, total[1] - gone, total[2]],
            [active[0] - gone, active[1] - gone, active[2]],
            [purged[0] - gone, purged[1] - gone, purged[2]],
        ]
        assert found[name] == wanted, name


def test_what_is_taken_out_of_a_list_leaves_no_gap() -> None:
    """So a packet that was denied passes, though the ACL that was taken off never matched it."""
    result = FAULTS["reorder", 1]["result"]
    bench = Workbench(design="vpp-26.10", history=False)
    set_up(bench, {"acls": []})
    for _ in range(4):
        bench.cli("set acl-plugin acl permit src 10.0.0.0/32 dst 0.0.0.0/0")
    for acl_index in result["applied"]:
        bench.cli(f"set acl-plugin interface pg0 input acl {acl_index}")
    bench.cli("set acl-plugin interface pg0 input acl 1 del")
    shown = bench.cli("show acl-plugin interface sw_if_index 1")
    assert shown.rstrip() == result["after_del_of_first"]
    bench.cli("set acl-plugin interface pg0 input acl 2 del")  # the last one
    assert "3, 0" in bench.cli("show acl-plugin interface sw_if_index 1")


def test_a_cleaner_that_finds_a_head_overdue_hears_nothing() -> None:
    """A timeout was made longer: what was written of the head is in the past, and stays there."""
    rows = FAULTS["cleaner_deaf", 0]["result"]["each_second_after_a_clear"]
    bench = Workbench(workers=0, design="vpp-26.10", history=False)
    set_up(bench, {"acls": []})
    bench.cli("set acl-plugin session timeout udp idle 1")
    bench.cli("set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0")
    bench.cli("set acl-plugin acl deny src 0.0.0.0/0 dst 0.0.0.0/0")
    bench.cli("set acl-plugin interface pg0 input acl 0")
    bench.advance(1)
    bench.cli("set acl-plugin interface pg0 output acl 1")
    bench.advance(1)
    flood(bench, [udp_out()])
    bench.cli("set acl-plugin session timeout udp idle 600")
    bench.advance(Decimal("1.2"))
    cleaner, found, cycles = bench.rig.machine.am.cleaner, [], []
    for row in rows:
        if row is rows[-1]:
            bench.cli("set acl-plugin session timeout udp idle 1")
        else:
            bench.cli("clear acl-plugin sessions")
        bench.advance(Decimal("0.1"))
        counted = [cleaner.cnt_delete_by_sw_index, cleaner.cnt_delete_by_sw_index_ok]
        found.append([counted, session_counts(bench.rig.machine.am)[1]])
        cycles.append(cleaner.cnt_event_cycles)
    assert found == [[counts[:2], deleted] for counts, (_, deleted, _) in rows]
    assert cycles[1] - cycles[0] > 20  # it spins, where two rounds a second were due


def test_the_recorded_numbers_are_those_of_the_file() -> None:
    """The lines that these tests use, and those of the museum, are there."""
    assert json.dumps(sorted({name for name, _ in FAULTS})) == json.dumps(
        sorted(
            (
                *("clear", "clear_both", "clear_tcp", "cleaner_deaf", "dup", "dup_age", "dup_lc"),
                "epoch_low2",
                *("full_burst", "full_one", "full_udp", "reorder", "reorder_fate", "unapply"),
            )
        )
    )
