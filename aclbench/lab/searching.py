"""The smallest value of a thing at which nobody loses a session: found by halving."""

from __future__ import annotations

from math import ceil
from typing import Any, Final, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.lab.axes import TIMEOUT, Axis
from aclbench.lab.comparing import Compared, cases_of, compared
from aclbench.lab.jobs import Runner
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
    """Nobody loses a session at `value`; `below` is the run at `lost`, where somebody does.

    The search was brought to its end where these are next to each other. `lost` is 0 and `below`
    None where no smaller value was tried, or is there.
    """

    key: str
    value: int
    lost: int
    below: Compared | None

    @property
    def is_found(self) -> bool:
        """It is the smallest value."""
        return self.value == self.lost + 1

    def to_text(self) -> str:
        """A line, and who would lose at the largest value that is too small."""
        lines = [f"nobody loses a session from {self.key}={self.value} on"]
        if not self.is_found:
            lines[0] += f"; the smallest value is above {self.lost}"
        if self.below is not None and self.below.notice is not None:
            recycled = counted(self.below.ran.figures.recycled, "session")
            lines.append(f"at {self.lost}: {self.below.notice.to_text()}, {recycled} recycled")
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
            "is_smallest": self.is_found,
            "lost_at": self.lost or None,
            "lost": None
            if below is None or notice is None
            else {
                "packets": notice.packets,
                "connections": notice.connections,
                "lost": notice.lost,
                "gained": notice.gained,
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


class Search:
    """Halves the values between 1 and one at which no session meets a limit.

    Who loses has a packet with another fate than there, or a session that was recycled.
    """

    def __init__(self, scenario: Scenario, key: str, limits: Limits, most: int) -> None:
        self._scenario = scenario
        self._key = key
        self._limits = limits
        self._most = most
        self._low = 0
        self._high: int | None = None
        self._below: Compared | None = None

    @property
    def known(self) -> Smallest | None:
        """What is known so far; None: nothing."""
        if self._high is None:
            return None
        return Smallest(self._key, self._high, self._low, self._below)

    def slices(self, run: Runner, here: Runner) -> Slices[None]:
        """Search; `run` runs benches, whose files are where `here` works."""
        unlimited = MAX_ENTRIES if self._key == ENTRIES else MAX_TIMEOUT_S
        results: dict[int, Ran] = {}
        first = cases_of([self._scenario], [Axis(self._key, (str(unlimited),))])[0]
        yield from run([first.job(self._limits)], results)
        figures = results[0].figures
        high = figures.peak if self._key == ENTRIES else ceil(figures.virtual_s) + 1
        self._high = max(high, 1)
        steps, step = self._high.bit_length(), 0
        while self._high - self._low > 1:
            value = (self._low + self._high) // 2
            axis = Axis(self._key, (str(unlimited), str(value)))
            cases = cases_of([self._scenario], [axis])
            yield from run([cases[1].job(self._limits)], results)
            found = (yield from compared(cases, results, self._most, here))[1]
            step += 1
            yield Progress(step, steps, "of the search")
            assert found.notice is not None
            recycled = found.ran.figures.recycled if self._key == ENTRIES else 0
            if found.notice.packets or recycled:
                self._low, self._below = value, found
            else:
                self._high = value
