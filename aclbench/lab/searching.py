"""The smallest value of a thing at which nobody loses a session: found by halving."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any, Final, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.lab.axes import TIMEOUT, Axis
from aclbench.lab.comparing import Compared, cases_of, compared, running_here
from aclbench.lab.running import Ran
from aclbench.lab.table import name_of
from aclbench.words import counted
from aclbench.workbench.budget import Limits
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.tasks import Progress, Slices

#: What can be looked for, and a value at which nobody can lose anything.
ENTRIES: Final = "max-entries"
MAX_ENTRIES: Final = 2**32 - 1
MAX_TIMEOUT_S: Final = 2**31 - 1


class Smallest(NamedTuple):
    """`value` is the smallest at which nobody loses a session; `below` the run at one less.

    `below` is None where the value is 1.
    """

    key: str
    value: int
    below: Compared | None

    def to_text(self) -> str:
        """A line, and who would lose at one less."""
        lines = [f"nobody loses a session from {self.key}={self.value} on"]
        if self.below is not None and self.below.notice is not None:
            recycled = counted(self.below.ran.figures.recycled, "session")
            lines.append(f"at {self.value - 1}: {self.below.notice.to_text()}, {recycled} recycled")
            lines += [
                f"  {noticed.to_text(name_of(self.below, noticed))}"
                for noticed in self.below.notice.first
            ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        below, notice = self.below, self.below.notice if self.below else None
        return {
            "key": self.key,
            "value": self.value,
            "one_less": None
            if below is None or notice is None
            else {
                "packets": notice.packets,
                "connections": notice.connections,
                "recycled": below.ran.figures.recycled,
                "first": [
                    noticed.to_json(name_of(below, noticed), below.ran.started)
                    for noticed in notice.first
                ],
            },
        }


def check_key(key: str) -> None:
    """AclbenchError: that has no smallest value at which nobody loses."""
    if key != ENTRIES and not TIMEOUT.fullmatch(key):
        raise AclbenchError(f"{key[:40]!r}: {ENTRIES} or a timeout, 'timeout udp idle', is right")


def finding_smallest(
    scenario: Scenario, key: str, folder: Path, limits: Limits, most: int
) -> Slices[Smallest]:
    """Halve the values between 1 and one at which no session meets a limit.

    Who loses has a packet with another fate than there, or a session that was recycled.
    """
    unlimited = MAX_ENTRIES if key == ENTRIES else MAX_TIMEOUT_S
    runs, results = running_here(folder), dict[int, Ran]()

    def run_at(value: int) -> Slices[Compared]:
        """The run at a value, held against that without a limit."""
        cases = cases_of([scenario], [Axis(key, (str(unlimited), str(value)))])
        yield from runs([cases[1].job(limits)], results)
        return (yield from compared(cases, results, most))[1]

    first = cases_of([scenario], [Axis(key, (str(unlimited),))])[0]
    yield from runs([first.job(limits)], results)
    figures = results[0].figures
    low, high = 0, max(figures.peak if key == ENTRIES else ceil(figures.virtual_s) + 1, 1)
    below: Compared | None = None
    steps, step = high.bit_length(), 0
    while high - low > 1:
        middle = (low + high) // 2
        found = yield from run_at(middle)
        step += 1
        yield Progress(step, steps, "of the search")
        assert found.notice is not None
        recycled = found.ran.figures.recycled if key == ENTRIES else 0
        if found.notice.packets or recycled:
            low, below = middle, found
        else:
            high = middle
    return Smallest(key, high, below)
