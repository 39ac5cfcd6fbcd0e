"""The special scenarios of a recorded VPP: aclbench agrees, but for classes that FIDELITY names.

A class is told by what a scenario has. A scenario of a class must differ, first in the way of the
class; one of no class must agree, packet by packet and in the sessions that were added and deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from reference.recorded import Difference, apply, differences, recorded, set_up

from aclbench import Workbench
from aclbench.engine.packet import INFO_IP6, destination, parse_ethernet

ROOT = Path(__file__).parents[3]
SCENARIOS: Final = recorded("vpp-special-sample.jsonl")
#: Within so many seconds a cleaner of VPP's has not come round to what became due just now.
ROUND_S: Final = 0.5


# --- what a scenario has ------------------------------------------------------------------------


def frames(scenario: dict[str, Any]) -> list[tuple[int, dict[str, Any], bytes]]:
    """The packets: step, record, bytes."""
    steps = enumerate(scenario["steps"])
    return [(n, step, bytes.fromhex(step["frame"])) for n, step in steps if "frame" in step]


def is_ip4(frame: bytes) -> bool:
    return frame[12:14] == b"\x08\x00"


def is_at_offset_one(step: dict[str, Any], frame: bytes) -> bool:
    return is_ip4(frame) and int.from_bytes(frame[20:22], "big") & 0x1FFF == 1


def is_answered_by_the_box(step: dict[str, Any], frame: bytes) -> bool:
    """TTL or hop limit at its end, or to a group that VPP is in: it sends an ICMP error."""
    packet = parse_ethernet(frame)
    to_group = bool(packet.info & INFO_IP6) and destination(packet.key) == bytes.fromhex(
        "ff020000000000000000000000000001"
    )
    at_its_end = frame[22 if is_ip4(frame) else 21] <= 1
    return to_group or (at_its_end and frame[12:14] in (b"\x08\x00", b"\x86\xdd"))


def is_tagged(step: dict[str, Any], frame: bytes) -> bool:
    return frame[12:14] in (b"\x81\x00", b"\x88\xa8")


def has_packet(is_one: Callable[[dict[str, Any], bytes], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda scenario: any(is_one(step, frame) for _, step, frame in frames(scenario))


def is_of_packet(
    is_one: Callable[[dict[str, Any], bytes], bool],
) -> Callable[[dict[str, Any], Difference], bool]:
    def found(scenario: dict[str, Any], difference: Difference) -> bool:
        step = scenario["steps"][difference.step]
        return "frame" in step and is_one(step, bytes.fromhex(step["frame"]))

    return found


def list_changes(scenario: dict[str, Any]) -> list[int]:
    """The steps that change an interface's list, after which VPP deletes sessions."""
    deleted, changed, found = 0, None, []
    for n, step in enumerate(scenario["steps"]):
        if step.get("cli", "").startswith("set acl-plugin interface"):
            changed = n
        elif "counts" in step:
            if changed is not None and step["counts"][1] > deleted:
                found.append(changed)
            deleted, changed = step["counts"][1], None
    return found


def max_entries(scenario: dict[str, Any]) -> bool:
    return any("table max-entries" in line for line in scenario["cli"])


def is_denied_by_a_full_table(scenario: dict[str, Any], difference: Difference) -> bool:
    """VPP denies by the very rule that makes sessions, and we admit."""
    step = scenario["steps"][difference.step]
    if difference.what != "tx" or difference.vpp is not None or not step["acl"]:
        return False
    check = step["acl"][-1]
    rules = dict(scenario["acls"])[check["acl"]].split("acl ", 1)[1].split(", ")
    return check["action"] == 0 and rules[check["rule"]].startswith("permit+reflect")


def shortened_and_used(scenario: dict[str, Any]) -> int | None:
    """The step that shortens a timeout as sessions live, with packets of them within a round."""
    timeouts: dict[str, int] = {}
    for n, step in enumerate(scenario["steps"]):
        if step.get("cli", "").startswith("set acl-plugin session timeout"):
            what, _, seconds = step["cli"].rpartition(" ")
            shorter = int(seconds) < timeouts.get(what, 0)
            timeouts[what] = int(seconds)
            soon = [s for _, s, _ in frames(scenario) if 0 < s["at"] - step["at"] < ROUND_S]
            if shorter and any(check["action"] == 3 for s in soon for check in s["acl"]):
                return n
    return None


def of_the_box(scenario: dict[str, Any]) -> int:
    """Sessions that VPP made of packets that it sent of itself: MLD reports as IPv6 comes up."""
    made, most = 0, 0
    for step in scenario["steps"]:
        made += sum(check["action"] == 2 for check in step.get("acl", ()))
        if "counts" in step:
            most = max(most, step["counts"][0] - made)
    return most


class Class(NamedTuple):
    """Scenarios that differ: what they have, how they first differ, and FIDELITY's row."""

    has: Callable[[dict[str, Any]], object]
    differs: Callable[[dict[str, Any], Difference], bool]
    row: str


CLASSES: Final = {
    "list changed": Class(
        list_changes,
        lambda s, d: d.step > list_changes(s)[0] and d.what == "counts" and d.vpp[1] > d.ours[1],
        "an interface's sessions are cleared at any change of its ACL list",
    ),
    "full table": Class(
        max_entries,
        is_denied_by_a_full_table,
        "the packet that finds the table full is denied, and the limit is one for all interfaces",
    ),
    "offset 1": Class(
        has_packet(is_at_offset_one),
        is_of_packet(is_at_offset_one),
        "an IPv4 fragment at offset 1 is dropped ahead of the acl nodes",
    ),
    "tagged": Class(
        has_packet(is_tagged),
        is_of_packet(is_tagged),
        "a tagged frame on an interface without that sub-interface is dropped",
    ),
    "answered": Class(
        has_packet(is_answered_by_the_box),
        is_of_packet(is_answered_by_the_box),
        "the box answers echo requests, sends ICMP errors",
    ),
    "shortened": Class(
        lambda s: shortened_and_used(s) is not None,
        lambda s, d: d.what in ("action", "tx") and d.step > (shortened_and_used(s) or 0),
        "an expired session still answers until the cleaner's next round",
    ),
    "sent by the box": Class(
        of_the_box,
        lambda s, d: d.what == "counts" and 0 < d.vpp[0] - d.ours[0] <= of_the_box(s),
        "neighbour solicitations and MLD reports, which meet output ACLs and make sessions",
    ),
}


# --- the run ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", [pytest.param(n, id=f"{s['kind']}-{s['seed']}") for n, s in enumerate(SCENARIOS)]
)
def test_a_scenario_agrees_or_differs_in_the_way_of_its_class(number: int) -> None:
    scenario = SCENARIOS[number]
    bench = Workbench(workers=scenario["threads"] - 1, history=False)
    indices = set_up(bench, scenario)
    apply(bench, scenario, indices)
    found = differences(scenario, bench, indices, one_by_one=True)
    classes = [name for name, each in CLASSES.items() if each.has(scenario)]
    if not classes:
        assert found == []
        return
    assert found, f"{classes}: no difference is left; take the class, and FIDELITY's row, out"
    assert any(CLASSES[name].differs(scenario, found[0]) for name in classes), (classes, found[0])


@pytest.mark.parametrize("name", CLASSES)
def test_fidelity_names_the_class(name: str) -> None:
    text = " ".join((ROOT / "FIDELITY.md").read_text().split())
    assert CLASSES[name].row in text
    assert any(CLASSES[name].has(scenario) for scenario in SCENARIOS)
