"""More of what a VPP printed: each line agrees, or is of a class that is named here.

A line is of the class "wrong" if VPP takes it without a word, or makes of it what nobody meant, and
aclbench refuses it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from aclbench import CommandError, Workbench

REFERENCE: Final = Path(__file__).parents[2] / "reference"
INTERFACES: Final = {
    "pg0": ("10.0.0.1/16", "fd00:1::1/64"),
    "pg1": ("192.168.0.1/16", "fd00:2::1/64"),
    "pg2": ("172.16.0.1/16", "fd00:3::1/64"),
    "pg3": ("10.3.0.1/24", "fd00:4::1/64"),
}
#: Lines that print otherwise, by how they begin, and why.
CLASSES: Final = {
    r"show version|show acl-plugin sessions|show ip6? fib": "words of our own, or of 2017",
    r"(show|set|delete) acl-plugin macip|show acl-plugin (tables|memory)": "not there",
    r"show interface rx-placement|set interface rx-placement": "VPP's pg has no queues to place",
    r"show acl-plugin acl (index 77|index$|bogus)": "wrong",
    r"show acl-plugin interface (sw_if_index 99|pg0)": "wrong",
    r"show acl-plugin lookup context index 99": "wrong",
    r"delete acl-plugin acl index 3$": "wrong",
    r"create packet-generator interface pg0$": "wrong",
    r"show acl-plugin acl index 3$": "wrong",
    r"show acl-plugin interface$": "del leaves the order as it was",
}


def section(name: str, begin: str, end: str) -> list[tuple[str, str]]:
    """The command lines of a part of a transcript, each with what it printed."""
    lines = (REFERENCE / name).read_text().splitlines()
    found: list[tuple[str, list[str]]] = []
    going_on = False
    for line in lines:
        if line.startswith(end) and going_on:
            break
        going_on = going_on or line.startswith(begin)
        if not going_on or line.startswith(("#", "--- packet", "    tx ", "    pg-input")):
            continue
        if line.startswith("vpp# "):
            command = re.sub(r" +\(before .*", "", line.removeprefix("vpp# "))
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
    assert found
    return [(command, tidy("\n".join(printed))) for command, printed in found]


def tidy(printed: str) -> str:
    """Line ends aside."""
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


def bench() -> Workbench:
    made = Workbench(workers=1)
    for name, addresses in INTERFACES.items():
        made.cli(f"create packet-generator interface {name}")
        made.cli(f"set interface state {name} up")
        for address in addresses:
            made.cli(f"set interface ip address {name} {address}")
    return made


def class_of(command: str) -> str | None:
    return next((why for begin, why in CLASSES.items() if re.match(begin, command)), None)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("vpp-26.10-transcript-2.txt", "vpp# show version", "--- packet into"),
        ("vpp-26.10-transcript-2.txt", "# --- deleting", "never"),
        ("vpp-26.10-transcript-l2.txt", "# --- indexes", "# --- routed"),
    ],
)
def test_lines_print_what_vpp_printed(name: str, begin: str, end: str) -> None:
    here = bench()
    agreed = 0
    for command, printed in section(name, begin, end):
        refused = False
        try:
            ours = tidy(here.cli(command))
        except CommandError as error:
            ours, refused = str(error), True
        here.advance("0.01")  # what was deleted is cleared, and its index is free
        if ours == printed:
            agreed += 1
            continue
        why = class_of(command)
        assert why is not None, (command, printed, ours)
        assert why != "wrong" or refused, (command, ours)
    assert agreed > 15


def test_del_leaves_the_order_of_the_others() -> None:
    """VPP puts the last ACL into the gap: `2, 1`."""
    here = bench()
    for line in (
        *("set acl-plugin acl permit", "set acl-plugin acl permit", "set acl-plugin acl permit"),
        *(f"set acl-plugin interface pg0 input acl {n}" for n in range(3)),
        "set acl-plugin interface pg0 input acl 0 del",
    ):
        here.cli(line)
    assert "input acl(s): 1, 2" in here.cli("show acl-plugin interface")
