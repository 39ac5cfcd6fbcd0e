"""All packets that did not pass, by cause: none is left out, and each example is explained."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from workbench.history.test_history import bench_on
from workbench.inquiry.faults import FAULTS, play, world
from workbench.inquiry.test_explain import firewall, recorded

from aclbench import AclbenchError, Workbench
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.reasons import fate_of
from aclbench.workbench.inquiry.diff import state_of
from aclbench.workbench.inquiry.explain import Groups, explain_all, groups_text
from aclbench.workbench.inquiry.explain.sessionstold import SessionsTold
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import Progress, finish

NOT_PASSED = ("denied", "dropped", "malformed")


def grouped(bench: Workbench) -> Groups:
    """The groups of a bench, which stands as it stood."""
    before, place = state_of(bench.rig.stepped), bench.past.cursor
    found = finish(explain_all(bench.past))
    assert (state_of(bench.rig.stepped), bench.past.cursor) == (before, place)
    return found


@pytest.mark.parametrize(
    "capture",
    [path for path in bundled_files("pcaps") if path.stem != "long-gaps"],
    ids=lambda path: path.stem,
)
def test_of_a_bundled_capture_each_packet_is_in_one_group(capture: Path) -> None:
    """And each example says what explain says of it."""
    bench = bench_on(capture)
    bench.play()
    found = grouped(bench)
    fates = [fate_of(event.reason) for event in recorded(bench)]
    assert found.handled == len(fates)
    for fate in NOT_PASSED:
        assert fates.count(fate) == sum(g.packets for g in found.groups if g.fate == fate)
    for group in found.groups:
        assert group.example is not None
        assert group.example == bench.explain(group.example.packet)
        assert group.kind == group.example.causes[0].kind
    assert [g.packets for g in found.groups] == sorted(g.packets for g in found.groups)[::-1]
    assert all(len(line) <= 80 for line in groups_text(found).splitlines())
    json.dumps(found.to_json())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_a_group(fault: object) -> None:
    """Under what explain names first."""
    assert fault in FAULTS
    index = FAULTS.index(fault)  # type: ignore[arg-type]
    bench, _ = play(FAULTS[index].put(world(FAULTS[index].talks[0], is_ip6=False)))
    assert FAULTS[index].kind in [group.kind for group in grouped(bench).groups]


def test_what_has_one_cause_is_one_group() -> None:
    """Whichever end, whichever flags: seven answers to a request under permit, and a scan."""
    made = world("udp", is_ip6=False)
    made = replace(
        made,
        rules=("permit proto 17",),
        happens=tuple(
            line
            for port in range(7)
            for line in (f"pg0 udp {{i}}:4{port} > {{o}}:53", f"pg1 udp {{o}}:53 > {{i}}:4{port}")
        ),
        last="pg1 tcp {o}:6 > {i}:7 S",
    )
    found = grouped(play(made)[0])
    assert [(g.kind, g.packets) for g in found.groups] == [("permit", 7), ("rule", 1)]
    said = groups_text(found)
    assert said.startswith("8 of 15 packets did not pass, for 2 causes\n7 packets denied: the requ")
    assert "such as packet 2: its request (packet 1) passed under `permit`" in " ".join(
        said.split()
    )


@pytest.mark.parametrize(
    "limits", [{"MAX_EXAMPLES": 3}, {"LONG_RUN": 1, "MAX_EXAMPLES_OF_LONG_RUN": 3}]
)
def test_beyond_so_many_kinds_the_others_go_with_one_that_looks_nearly_the_same(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    """Every packet is in a group all the same, under the same causes."""
    bench = bench_on(next(p for p in bundled_files("pcaps") if p.stem == "refused"))
    bench.play()
    whole = grouped(bench)
    for name, limit in limits.items():
        monkeypatch.setattr(f"aclbench.workbench.inquiry.explain.groups.{name}", limit)
    fewer = grouped(bench)
    assert fewer.packets == whole.packets
    assert sum(group.example is not None for group in fewer.groups) <= 3


def test_nothing_is_said_where_all_passed_and_progress_where_it_takes_long() -> None:
    """At the prompt too; without a history there is none."""
    bench = firewall()
    bench.cli("send pg0 udp 10.0.0.2:1 > 192.168.0.2:53")
    assert bench.cli("explain all") == "all of 1 packet passed"
    slices = list(explain_all(bench.past))
    assert Progress(0, 1, "packets looked at") in slices
    with pytest.raises(AclbenchError, match="no history"):
        Workbench(history=False).cli("explain all")


#: Ways to have packets of a capture denied for many reasons.
TROUBLE = {
    "full": ("set acl-plugin session table max-entries 10",),
    "permit": ("set acl-plugin acl index 0 permit proto 17, permit+reflect proto 6 dport 80",),
    "short": (
        "set acl-plugin session timeout udp idle 1",
        "set acl-plugin session timeout tcp transient 1",
        "set acl-plugin session table max-entries 5",
    ),
    "changed": (
        "play 30",
        "set acl-plugin acl index 0 deny src 0.0.0.0/0",
        "play 20",
        "clear acl-plugin sessions",
        "set acl-plugin acl index 0 permit+reflect src 0.0.0.0/0",
    ),
}

QUICKLY_ASKED = {
    ("fragments", "full"),
    ("fragments", "short"),
    ("dns-ping", "permit"),
    ("dns-ping", "changed"),
    ("reset", "short"),
    ("reset", "full"),
}


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        # Among those that are not long is each trouble, and each capture in two of them.
        pytest.param(
            name, trouble, marks=() if (name, trouble) in QUICKLY_ASKED else pytest.mark.long
        )
        for name in ("fragments", "dns-ping", "reset")
        for trouble in TROUBLE
    ],
)
def test_each_packet_is_under_the_cause_that_explain_names_first(name: str, trouble: str) -> None:
    [capture] = (path for path in bundled_files("pcaps") if path.stem == name)
    bench = bench_on(capture)
    for line in TROUBLE[trouble]:
        if line.startswith("play"):
            bench.play(int(line.split()[1]))
        else:
            bench.cli(line)
    bench.play()
    found = grouped(bench)
    kinds: Counter[str] = Counter()
    for group in found.groups:
        kinds[group.kind] += group.packets
        assert group.example is not None
        assert group.example == bench.explain(group.example.packet)
    packets = bench.cli_data("packets (denied or dropped or malformed) last 2000")["packets"]
    assert kinds == Counter(bench.explain(p["name"]).causes[0].kind for p in packets)


def test_packets_are_sorted_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, nothing is told of each: a denied flood is one class."""
    heard: list[TraceEvent] = []
    monkeypatch.setattr(SessionsTold, "hear", lambda self, rig, event, *_: heard.append(event))
    [capture] = (path for path in bundled_files("pcaps") if path.stem == "syn-flood")
    bench = bench_on(capture)
    bench.cli("set acl-plugin acl index 0 permit+reflect proto 17")
    bench.play()
    [group, *_] = grouped(bench).groups
    assert group.packets > 100
    assert not [event for event in heard if isinstance(event, PacketVerdict)]
