"""What is varied: `design=fifo-2017,wheel`, `timeout udp idle=30,120`; and every combination.

Each value makes of a scenario another: fields of it, or lines that are run ahead of its own, and
once more behind them, since its own may set the same. The rules of an ACL are set behind them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from aclbench.designs import DESIGNS, design_named
from aclbench.errors import AclbenchError, did_you_mean
from aclbench.files import at_once, reading, reason
from aclbench.workbench.rig.scenario import (
    MAX_EXEC_BYTES,
    MAX_WORKERS,
    PLACEMENTS,
    Scenario,
    placed,
    scenario_for_exec,
)

#: Combinations at the most; more are a typing mistake.
MAX_COMBINATIONS: Final = 10_000

#: All designs, as a value of `design`.
ALL: Final = "all"

#: Makes another scenario of one, by a value. AclbenchError: there is no such value.
Change = Callable[[Scenario, str], Scenario]


class Axis(NamedTuple):
    """A thing that is varied, and its values as they were typed."""

    key: str
    values: tuple[str, ...]


class Combination(NamedTuple):
    """A value of each axis, and the bench that they make."""

    values: tuple[tuple[str, str], ...]
    scenario: Scenario

    @property
    def name(self) -> str:
        """`design=wheel workers=2`."""
        return " ".join(f"{key}={value}" for key, value in self.values) or "as it is"


def _with_design(scenario: Scenario, value: str) -> Scenario:
    return replace(scenario, design=design_named(value).name)


def _with_workers(scenario: Scenario, value: str) -> Scenario:
    if not (value.isdecimal() and len(value) < 4 and int(value) <= MAX_WORKERS):
        raise AclbenchError(f"a number from 0 to {MAX_WORKERS} is right")
    return replace(scenario, workers=int(value))


def _with_placement(scenario: Scenario, value: str) -> Scenario:
    chosen = next((placement for placement in PLACEMENTS if placement == value), None)
    if chosen is None:
        raise AclbenchError(f"{' or '.join(PLACEMENTS)} is right")
    return placed(scenario, chosen)


def _with_exec(scenario: Scenario, value: str) -> Scenario:
    """The bench that a file of command lines makes; workers and placement stay."""
    if not scenario.captures:
        raise AclbenchError("goes with captures")
    made = scenario_for_exec(scenario.captures, Path(value), scenario.workers, scenario.rx)
    return placed(replace(made, design=scenario.design), scenario.placement)


def _with_line(words: str) -> Change:
    def change(scenario: Scenario, value: str) -> Scenario:
        line = f"{words} {value}"
        return replace(scenario, cli=(line, *scenario.cli, line))

    return change


def _with_acl(index: str) -> Change:
    def change(scenario: Scenario, value: str) -> Scenario:
        line = f"set acl-plugin acl index {index} {_rules_in(Path(value))}"
        return replace(scenario, cli=(*scenario.cli, line))

    return change


def _rules_in(path: Path) -> str:
    """The rules of a file, as they stand behind `set acl-plugin acl index 0`.

    Over as many lines as one likes, with or without a comma at their ends; `#` begins a comment.
    """
    try:
        content = at_once(reading(path, MAX_EXEC_BYTES, pipes=True))
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AclbenchError(f"not text in UTF-8, at byte {error.start}") from None
    except (OSError, ValueError) as error:
        raise AclbenchError(reason(error)) from None
    if len(content) > MAX_EXEC_BYTES:
        raise AclbenchError(f"more than {MAX_EXEC_BYTES >> 20} MB of rules")
    lines = [line.partition("#")[0].strip().rstrip(",").rstrip() for line in text.splitlines()]
    rules = ", ".join(line for line in lines if line)
    if not rules:
        raise AclbenchError("has no rule; write permit src 10.0.0.0/8, deny")
    return re.sub(r"^set acl-plugin acl( index \d+)? ", "", rules)


#: What can be varied, by its key.
CHANGES: Final[dict[str, Change]] = {
    "exec": _with_exec,
    "design": _with_design,
    "workers": _with_workers,
    "placement": _with_placement,
    "max-entries": _with_line("set acl-plugin session table max-entries"),
    "quantum": _with_line("set bench quantum"),
    "wait-min": _with_line("set bench wait-min"),
    "wait-max": _with_line("set bench wait-max"),
}
#: Keys that have something of their own in them: `timeout udp idle`, `acl0`.
TIMEOUT: Final = re.compile(r"timeout (.+)")
ACL: Final = re.compile(r"acl ?(\d{1,9})")
KEYS: Final = (*CHANGES, "timeout udp idle", "timeout tcp idle", "timeout tcp transient", "acl0")


def change_of(key: str) -> Change:
    """What varies a thing. AclbenchError: that cannot be varied."""
    if key in CHANGES:
        return CHANGES[key]
    if timeout := TIMEOUT.fullmatch(key):
        return _with_line(f"set acl-plugin session timeout {timeout[1]}")
    if acl := ACL.fullmatch(key):
        return _with_acl(acl[1])
    raise AclbenchError(f"{key[:40]!r} cannot be varied; {did_you_mean(key, KEYS)}")


def read_axis(text: str) -> Axis:
    """`KEY=A,B`; `design=all` is every design. AclbenchError: it is none, or has a value twice."""
    key, sign, rest = text.partition("=")
    key = " ".join(key.split())
    values = tuple(value.strip() for value in rest.split(","))
    if not sign or not all(values):
        raise AclbenchError("write KEY=A,B: design=fifo-2017,wheel")
    change_of(key)
    if (key, values) == ("design", (ALL,)):
        return Axis(key, tuple(DESIGNS))
    for value, times in Counter(values).items():
        if times > 1:
            raise AclbenchError(f"{value} is there twice")
    return Axis(key, values)


def combinations(scenario: Scenario, axes: Sequence[Axis]) -> list[Combination]:
    """Every combination of values, the last axis fastest. AclbenchError: a value is none."""
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise AclbenchError(f"{key} is varied twice; give all its values at once")
    count = prod(len(axis.values) for axis in axes)
    if count > MAX_COMBINATIONS:
        raise AclbenchError(f"{count:,} combinations; {MAX_COMBINATIONS:,} at the most are right")
    # A file of lines makes the bench that the others change; the rules of an ACL come last.
    order = sorted(range(len(axes)), key=lambda n: _rank(keys[n]))
    found: list[Combination] = []
    for values in product(*(axis.values for axis in axes)):
        made = scenario
        for n in order:
            made = changed(made, keys[n], values[n])
        found.append(Combination(tuple(zip(keys, values, strict=True)), made))
    return found


def _rank(key: str) -> int:
    return 0 if key == "exec" else 2 if ACL.fullmatch(key) else 1


def changed(scenario: Scenario, key: str, value: str) -> Scenario:
    """A scenario with another value of a thing. AclbenchError names both."""
    try:
        return change_of(key)(scenario, value)
    except AclbenchError as error:
        raise AclbenchError(f"{key}={value}: {error}") from None
