"""Those that live in VPP today give the numbers that a VPP 26.10 gave, counters as differences."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest
from reference.recorded import recorded, session_counts

from aclbench import Workbench
from aclbench.designs.exhibit import Plain
from aclbench.designs.exhibits import exhibit_named, exhibits
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.museum.showing import lines_of, scenario_of
from aclbench.workbench.views.verdict import Verdict, verdict_of

FAULTS: Final = {
    (fault["name"], fault["workers"]): fault for fault in recorded("vpp-26.10-faults.jsonl")
}


class Typed:
    """An exhibit's run, line by line: verdicts, and sessions added, deleted and left."""

    def __init__(self, name: str) -> None:
        exhibit = exhibit_named(name)
        assert isinstance(exhibit.shown_by, Plain)
        self.bench = Workbench.from_scenario(scenario_of(exhibit))
        self.verdicts: list[Verdict] = []
        self.bench.listeners.add(self._hear)
        #: Behind each line.
        self.totals: list[list[int]] = []
        self.lines = lines_of(exhibit.shown_by)
        for line in self.lines:
            self.bench.cli(line)
            self.totals.append(self.total())

    def _hear(self, event: TraceEvent) -> None:
        if isinstance(event, PacketVerdict):
            tx = self.bench.rig.interface_name(event.tx) if event.tx >= 0 else None
            self.verdicts.append(verdict_of(event, tx))

    def total(self) -> list[int]:
        """As VPP's line `Sessions total` has it."""
        added, deleted = session_counts(self.bench.rig.machine.am)
        return [added, deleted, added - deleted]

    def actions(self) -> list[list[int]]:
        """What each acl node did, packet by packet."""
        return [[check.action for check in verdict.checks] for verdict in self.verdicts]

    def behind(self, words: str) -> list[list[int]]:
        """The totals behind the lines that begin so."""
        pairs = zip(self.lines, self.totals, strict=True)
        return [total for line, total in pairs if line.startswith(words)]


def printed(name: str, workers: int = 1) -> list[list[int]]:
    """[added, deleted, left] each time that VPP printed it, from where the scenario began."""
    found = []
    for command, output in FAULTS[name, workers]["log"]:
        if command == "show acl-plugin sessions (first lines)":
            words = output.splitlines()[0].split()
            found.append([int(words[3]), int(words[6]), int(words[8])])
    return found


def test_clear() -> None:
    run = Typed("clear")
    assert [run.totals[0], *run.behind("run")] == printed("clear")


def test_unapply() -> None:
    run = Typed("unapply")
    first, _, second, third = [run.totals[0], *run.behind("run")]
    assert [first, second, third] == printed("unapply")
    assert run.verdicts[-1].tx == FAULTS["unapply", 1]["result"]["answer_passes"]


def test_dup() -> None:
    run, result = Typed("dup"), FAULTS["dup", 1]["result"]
    assert run.actions() == [[action] for action in result["actions"]]
    assert run.total()[0] == result["added"]


def test_dup_lc() -> None:
    run, result = Typed("dup_lc"), FAULTS["dup_lc", 1]["result"]
    assert run.actions() == result["pg0"]["actions"] + result["pg1"]["actions"]
    first, second = run.behind("send")
    assert [first[0], second[0] - first[0]] == [result[pg]["added"] for pg in ("pg0", "pg1")]


def test_dup_age() -> None:
    """A new session at 2.8 s and 4.7 s of steady traffic: each time that an older one ends."""
    log = FAULTS["dup_age", 1]["log"]
    times = [(command, output) for command, output in log if command.startswith("# t=")]
    wanted = [command for command, output in times if output[0][0]["action"] == 2]
    run = Typed("dup_age")
    begin = run.verdicts[0].time_ns
    found = [v.time_ns - begin for v in run.verdicts[2:] if v.checks[0].action == 2]
    assert len(found) == len(wanted) == 2
    for time, command in zip(found, wanted, strict=True):
        seconds = Decimal(command.removeprefix("# t=").split()[0])
        assert abs(Decimal(time) / 10**9 - seconds) < Decimal("0.5")  # one round of the cleaner
    assert run.total()[0] == times[-1][1][1][0]


@pytest.mark.parametrize("name", ["full_one", "full_udp"])
def test_full(name: str) -> None:
    each = FAULTS[name, 1]["result"]["each"]
    run = Typed(name)
    assert [verdict.tx for verdict in run.verdicts] == [tx for tx, _ in each]
    base = [each[0][1][0] - 1, each[0][1][1], 0]
    wanted = [[count - b for count, b in zip(counts, base, strict=True)] for _, counts in each]
    assert run.behind("run") == wanted[4 : 4 + len(run.behind("run"))]


def test_full_burst() -> None:
    result = FAULTS["full_burst", 1]["result"]
    run = Typed("full_burst")
    gone = result["before"][0][1]
    wanted = [result[when][0] for when in ("before", "behind_burst", "later")]
    assert run.totals[1:] == [[a - gone, d - gone, left] for a, d, left in wanted]
    assert run.verdicts[300].tx is None


def test_reorder_fate() -> None:
    run, result = Typed("reorder_fate"), FAULTS["reorder_fate", 1]["result"]
    assert [verdict.tx for verdict in run.verdicts] == list(result.values())


def test_cleaner_deaf() -> None:
    rows = FAULTS["cleaner_deaf", 0]["result"]["each_second_after_a_clear"]
    run = Typed("cleaner_deaf")
    cleaner = run.bench.rig.machine.am.cleaner
    counted = [cleaner.cnt_delete_by_sw_index, cleaner.cnt_delete_by_sw_index_ok]
    for (counts, total), found in zip(rows[:5], run.behind("run")[1:], strict=True):
        assert (counted, found) == (counts[:2], total)
    assert cleaner.cnt_event_cycles > 100  # it spins, where one round was due


def test_epoch_low2() -> None:
    run, result = Typed("epoch_low2"), FAULTS["epoch_low2", 1]["result"]
    wanted = [result[name][0]["action"] for name in ("first", "new_flow", "behind_replace")]
    assert run.actions() == [[action] for action in wanted]
    assert run.verdicts[-1].tx == result["tx"]


def test_all_that_live_on_are_held_to_what_was_recorded() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    for exhibit in exhibits():
        if exhibit.lives_on:
            assert {exhibit.name, exhibit.name.removesuffix("_one").removesuffix("_udp")} & tested
            assert any(name == exhibit.name for name, _ in FAULTS)
