"""An exhibit of the museum: a fault of VPP's history, put back into a design.

A fault of the past overrides one part of a design that is right. One that lives in VPP 26.10 is
part of the design `vpp-26.10`: there an override mends it, and it is shown the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aclbench.engine.design import Design

#: What most exhibits stand on: pg0 is inside, and reflects what it takes in; nothing else gets out
#: of it. Two workers, one an interface.
BENCH: Final = """
workers = 2
cli = '''
set acl-plugin acl permit+reflect src 0.0.0.0/0, permit+reflect src ::/0
set acl-plugin acl deny src 0.0.0.0/0, deny src ::/0
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 1
'''
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24", "fd00:1::1/64"]
prefixes = ["10.0.0.0/24", "fd00:1::/64"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24", "fd00:2::1/64"]
"""
ONE_WORKER: Final = BENCH.replace("workers = 2", "workers = 1")
#: How those that live in VPP today are known.
SEEN_ON_26_10: Final = (
    "Seen on a running VPP 26.10-rc0 (upstream commit b575ec2c56d) on 27 November 2026."
)


def bench_of_26_10(workers: int) -> str:
    """The same bench for `vpp-26.10`: what applying the ACLs has it clear is done."""
    return BENCH.replace("workers = 2", f"workers = {workers}").replace(
        "acl 1\n", "acl 1\nrun 1s\n"
    )


@dataclass(frozen=True, slots=True)
class Plain:
    """What shows a fault without any chance in it: lines are typed one after the other."""

    lines: str
    #: What is to be seen at the end, a line each: texts with expressions in braces.
    shows: tuple[str, ...]
    #: An expression that is true at the end without the fault, and false with it.
    holds: str


@dataclass(frozen=True, slots=True)
class Searched:
    """What shows a fault that takes an interleaving: `aclbench explore` finds one."""

    #: The property that it breaks, by name.
    breaks: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A fault: what was believed, what happened, and a bench that shows it."""

    name: str
    #: The fault in a line.
    title: str
    #: What somebody must have thought, and what came of it, in sentences.
    believed: str
    happened: str
    #: Upstream commits, bug numbers, dates: who found it, when, and how it was mended.
    found: str
    #: With the fault, and without it.
    design: Design
    fixed: Design
    #: A scenario, in TOML; of a search, one to explore.
    scenario: str
    shown_by: Plain | Searched
    #: Whether it is in VPP today.
    lives_on: bool = False
