"""Plays what was recorded of a real VPP, and says where a bench differs from it.

The recordings are beside this file, and so is a page on how they are to be read.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from aclbench import Workbench
from aclbench.engine.main import AclMain

INTERFACES = {
    "pg0": ("10.0.0.1/16", "fd00:1::1/64"),
    "pg1": ("192.168.0.1/16", "fd00:2::1/64"),
    "pg2": ("172.16.0.1/16", "fd00:3::1/64"),
    "pg3": ("10.3.0.1/24", "fd00:4::1/64"),
}


class Difference(NamedTuple):
    """A step that went otherwise, what of it, and what VPP and we have."""

    step: int
    what: str
    vpp: Any
    ours: Any


def recorded(name: str) -> list[dict[str, Any]]:
    """The scenarios of a file."""
    text = (Path(__file__).parent / name).read_text()
    return [json.loads(line) for line in text.splitlines()]


def set_up(bench: Workbench, scenario: dict[str, Any]) -> dict[int, int]:
    """Make the bench of a scenario of an empty one; for each of VPP's ACL indices ours."""
    for name, addresses in INTERFACES.items():
        bench.cli(f"create packet-generator interface {name}")
        bench.cli(f"set interface state {name} up")
        for address in addresses:
            bench.cli(f"set interface ip address {name} {address}")
    indices = {-1: -1}
    for vpp_index, line in scenario["acls"]:
        indices[vpp_index] = int(bench.cli(line).splitlines()[0].removeprefix("ACL index:"))
    return indices


def apply(bench: Workbench, scenario: dict[str, Any], indices: dict[int, int]) -> None:
    """Set the timeouts of a scenario, and apply its ACLs."""
    for line in scenario["cli"]:
        bench.cli(translated(line, indices))


def translated(line: str, indices: dict[int, int]) -> str:
    """A line with our indices of its ACLs."""
    words = line.split()
    if line.startswith("set acl-plugin interface"):
        at = words.index("acl") + 1
        words[at] = str(indices[int(words[at])])
    elif line.startswith("set acl-plugin acl index"):
        words[4] = str(indices[int(words[4])])
    return " ".join(words)


def session_counts(am: AclMain) -> list[int]:
    """Sessions added and deleted since the start, as VPP counts them."""
    added = sum(sum(w.session_adds_by_sw_if_index.values()) for w in am.workers)
    deleted = sum(sum(w.session_dels_by_sw_if_index.values()) for w in am.workers)
    return [added, deleted]


def differences(
    scenario: dict[str, Any], bench: Workbench, indices: dict[int, int], one_by_one: bool
) -> list[Difference]:
    """All steps that go otherwise here.

    `one_by_one`: packets of a frame are handled one by one, so that one of a session that another
    packet of the frame made meets it at once; VPP makes a second session under its key.
    """
    found: list[Difference] = []
    clock = Decimal(0)
    frame: tuple[float, str] | None = None
    made: set[tuple[str, Any]] = set()
    for number, step in enumerate(scenario["steps"]):
        if "sleep" in step:
            continue  # it is in the next step's time
        at = Decimal(str(step["at"]))
        bench.advance(at - clock)
        clock = at
        if "cli" in step:
            bench.cli(translated(step["cli"], indices))
        elif "counts" in step:
            counts = session_counts(bench.rig.machine.am)
            if step["counts"] != counts:
                found.append(Difference(number, "counts", step["counts"], counts))
        else:
            if frame != (step["at"], step["rx"]) or not one_by_one:
                frame, made = (step["at"], step["rx"]), set()
            [verdict] = bench.send(step["rx"], bytes.fromhex(step["frame"]))
            found += _packet_difference(number, step, verdict, indices, made)
        bench.check_invariants()
    return found


def _packet_difference(
    number: int, step: dict[str, Any], verdict: Any, indices: dict[int, int], made: set[Any]
) -> list[Difference]:
    if verdict.tx != step["tx"]:
        return [Difference(number, "tx", step["tx"], verdict.tx)]
    nodes = [check.node for check in verdict.checks]
    if nodes != [a["node"] for a in step["acl"]]:
        return [Difference(number, "nodes", [a["node"] for a in step["acl"]], nodes)]
    for check, vpp in zip(verdict.checks, step["acl"], strict=True):
        place = (check.node, check.session)
        if check.action == 3 and vpp["action"] == 2 and place in made:
            continue  # VPP's second session under one key: the counts tell
        if check.action == 2:
            made.add(place)
        rule = check.acl_index, check.rule_index
        same_rule = check.action == 3 or rule == (indices[vpp["acl"]], vpp["rule"])
        if check.action != vpp["action"] or not same_rule:
            return [Difference(number, "action", vpp, (check.action, *rule))]
    return []
