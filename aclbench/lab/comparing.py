"""Every combination on the same packets: who would notice, and the figures of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from aclbench.capture.stream import can_be_read_again
from aclbench.errors import AclbenchError
from aclbench.lab.axes import Axis, Combination, combinations
from aclbench.lab.fates import FateFiles, noticing
from aclbench.lab.jobs import Runner
from aclbench.lab.running import BenchJob, Ran
from aclbench.workbench.budget import Limits
from aclbench.workbench.inquiry.noticing import Notice
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.tasks import Slices


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

    def job(self, limits: Limits) -> BenchJob:
        """The bench to run."""
        name = f"{self.packets_of}, {self.name}"
        return BenchJob(self.number, name, self.combination.scenario, limits)


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


class NoticeJob(NamedTuple):
    """Who would notice a run instead of another; see `jobs.Job`."""

    number: int
    name: str
    base: FateFiles
    other: FateFiles
    most: int

    @property
    def files(self) -> tuple[Path, ...]:
        """None: it is done where those files are that the runs have left."""
        return ()

    def moved(self, there: Mapping[Path, Path]) -> NoticeJob:
        """The same."""
        return self

    def slices(self, folder: Path) -> Slices[Notice]:
        """Compare them, packet by packet."""
        return noticing(folder, self.base, self.other, self.most)


def compared(
    cases: Sequence[Case], results: Mapping[int, Ran], most: int, run: Runner
) -> Slices[list[Compared]]:
    """What came of the cases that were run; of who would notice the first `most` connections."""
    jobs: list[NoticeJob] = []
    for case in cases:
        ran, base = results.get(case.number), results.get(case.base)
        if ran is not None and base is not None and case.number != case.base:
            jobs.append(NoticeJob(case.number, case.name, base.fates, ran.fates, most))
    notices: dict[int, Notice] = {}
    yield from run(jobs, notices)
    return [
        Compared(case, results[case.number], notices.get(case.number))
        for case in cases
        if case.number in results
    ]
