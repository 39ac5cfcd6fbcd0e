"""The museum: faults of VPP's history, a file each, with an `EXHIBIT` in it.

A new one is a file of this package, and its name in `NAMES`: dashes are underscores in the file's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Final

from aclbench.designs.exhibit import Exhibit
from aclbench.engine.design import Design
from aclbench.errors import AclbenchError, did_you_mean

#: In the order in which they were mended; then those that live on.
NAMES: Final = (
    "busy-head",
    "stale-entry",
    "vlan-offset",
    "doubled-feature",
    "vpp-912a",
    "vpp-912b",
    "vpp-912c",
    "vpp-912d",
    "vpp-932",
    "icmp-reply",
    "tightened-acl",
    "reused-slot",
    "starved-lists",
    "unused-slot",
    "shortest-for-all",
    "fragment-mask",
    "host-bits",
    "prefix-byte",
    "late-tally",
    "recycled-established",
    "one-key",
    "no-barrier",
    "sticky-flags",
    "clear",
    "unapply",
    "dup",
    "dup_lc",
    "dup_age",
    "full_one",
    "full_burst",
    "full_udp",
    "reorder_fate",
    "cleaner_deaf",
    "epoch_low2",
)
#: What the name of a design without the fault ends in, where that is no design of its own.
MENDED: Final = "-mended"


def exhibit_named(name: str) -> Exhibit:
    """The exhibit of that name, underscores or dashes. AclbenchError: there is none."""
    found = next((each for each in NAMES if _file(each) == _file(name)), None)
    if found is None:
        begun = [each for each in NAMES if name and _file(each).startswith(_file(name))]
        hint = f"{', '.join(begun)} begin so" if begun else did_you_mean(name, NAMES)
        raise AclbenchError(f"there is no exhibit {name!r}; {hint}")
    exhibit: Exhibit = import_module(f"{__name__}.{_file(found)}").EXHIBIT
    return exhibit


def exhibits() -> Iterator[Exhibit]:
    """All of them, in order."""
    return map(exhibit_named, NAMES)


def design_of_exhibit(name: str) -> Design | None:
    """A design by its name that an exhibit has, with its fault or without."""
    of_exhibit = name.removesuffix(MENDED)
    if of_exhibit not in NAMES:
        return None
    exhibit = exhibit_named(of_exhibit)
    for design, what in (
        (exhibit.design, "A fault is put back"),
        (exhibit.fixed, "A fault is mended"),
    ):
        if design.name == name:
            return replace(design, about=f"{design.about} {what}: {exhibit.title}.")
    return None


def _file(name: str) -> str:
    return name.lower().replace("-", "_")
