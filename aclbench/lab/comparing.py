"""Every combination on the same packets: who would notice, and the figures of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from aclbench.capture.stream import can_be_read_again
from aclbench.errors import AclbenchError
from aclbench.lab.axes import Axis, Combination, combinations
from aclbench.lab.fates import noticing
from aclbench.lab.processes import part_done, progress
from aclbench.lab.running import Job, Ran, running
from aclbench.workbench.budget import Limits
from aclbench.workbench.inquiry.noticing import Notice
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.tasks import Slices

#: Runs benches; what is done is put into the dictionary, by their numbers.
Runner = Callable[[list[Job], dict[int, Ran]], Slices[None]]


class Case(NamedTuple):
    """One bench of a comparison; it is held against case `base` on the same packets."""

    number: int
    base: int
    packets_of: str
    combination: Combination

    @property
    def name(self) -> str:
        """What it is, to a person."""
        return self.combination.name

    def job(self, limits: Limits) -> Job:
        """The bench to run."""
        name = f"{self.packets_of}, {self.name}"
        return Job(self.number, name, self.combination.scenario, limits)


class Compared(NamedTuple):
    """A case that was run. `notice` is None of the first, and where the first was not run."""

    case: Case
    ran: Ran
    notice: Notice | None


def cases_of(scenarios: Sequence[Scenario], axes: Sequence[Axis]) -> list[Case]:
    """Every combination on the packets of each scenario. AclbenchError: a value is none."""
    cases: list[Case] = []
    for scenario in scenarios:
        for path in scenario.captures:
            if not can_be_read_again(path):
                raise AclbenchError(
                    "a pipe can be read only once; save the capture to a file and compare that"
                )
        base = len(cases)
        for combination in combinations(scenario, axes):
            cases.append(Case(len(cases), base, scenario.title, combination))
    return cases


def running_here(folder: Path) -> Runner:
    """Runs one bench after the other, in this process."""

    def run(jobs: list[Job], results: dict[int, Ran]) -> Slices[None]:
        for job in jobs:
            slices = running(job, folder)
            while True:
                try:
                    told = next(slices)
                except StopIteration as end:
                    results[job.number] = end.value
                    break
                yield progress(len(jobs), results, [part_done(told)])

    return run


def compared(cases: Sequence[Case], results: dict[int, Ran], most: int) -> Slices[list[Compared]]:
    """What came of the cases that were run; of who would notice the first `most` connections."""
    found: list[Compared] = []
    for case in cases:
        ran, base = results.get(case.number), results.get(case.base)
        if ran is None:
            continue
        notice = None
        if base is not None and case.number != case.base:
            notice = yield from noticing(base.fates, ran.fates, most)
        found.append(Compared(case, ran, notice))
    return found
