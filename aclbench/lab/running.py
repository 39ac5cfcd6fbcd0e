"""One bench of many, from its scenario to its figures and the files of its packets' fates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

from msgspec.structs import replace

from aclbench.errors import AclbenchError
from aclbench.lab.fates import FateFiles, FateWriter
from aclbench.lab.figures import Figures, figures_of, measure
from aclbench.workbench.budget import Limits, budget_for_captures, playing_within
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.workbench import Workbench, setting_up

#: Packets that are kept before their fates are written.
KEPT: Final = 1 << 15


class BenchJob(NamedTuple):
    """A bench to run; see `jobs.Job`."""

    number: int
    name: str
    scenario: Scenario
    limits: Limits
    #: Captures that are elsewhere here: where, and where they are to a person.
    elsewhere: tuple[tuple[Path, Path], ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Its captures."""
        return self.scenario.captures

    def moved(self, there: Mapping[Path, Path]) -> BenchJob:
        """The same with some of its captures elsewhere."""
        captures = tuple(there.get(path, path) for path in self.files)
        elsewhere = tuple((there[path], path) for path in self.files if path in there)
        return self._replace(
            scenario=replace(self.scenario, captures=captures), elsewhere=elsewhere
        )

    def slices(self, folder: Path) -> Slices[Ran]:
        """Run it; its files go into a folder."""
        try:
            ran = yield from running(self, folder)
        except AclbenchError as error:
            raise type(error)(f"{self.name}: {self._named(str(error))}") from None
        return ran._replace(notes=tuple(map(self._named, ran.notes)), error=self._named(ran.error))

    def _named(self, text: str) -> str:
        """What was said of captures that are elsewhere, as if they were not."""
        for here, path in self.elsewhere:
            text = text.replace(str(here), str(path))
        return text


class Ran(NamedTuple):
    """What a run came to; `started` is when it began (ns). `notes` are about its captures.

    `error` says why it ended early, at a place in a capture where nothing more can be read.
    """

    figures: Figures
    fates: FateFiles
    started: int
    notes: tuple[str, ...]
    error: str


def running(job: BenchJob, folder: Path) -> Slices[Ran]:
    """Run a bench; its files go into a folder. AclbenchError: it cannot be run."""
    began = process_time()
    bench = yield from setting_up(Workbench, job.scenario, Start(), False, job.limits)
    rig = bench.rig
    measures = measure(rig)
    rig.keep_packets()
    fates = FateWriter(folder, str(job.number))
    playing = playing_within(budget_for_captures(job.limits), bench, bench.transport.playing())
    try:
        for _ in playing:
            if rig.packets_kept >= KEPT:
                fates.write(*rig.take_handled())
            yield _progress(bench)
    finally:
        fates.write(*rig.take_handled())
        files = fates.close()
    ended_by = bench.capture_error
    figures = figures_of(bench, measures, process_time() - began)
    notes = bench.report().notes
    started = bench.started
    rig.close()
    return Ran(figures, files, started, notes, "" if ended_by is None else str(ended_by))


def _progress(bench: Workbench) -> Progress | None:
    """How far the captures were read."""
    feed = bench.rig.feed
    return None if feed is None else Progress(*feed.progress, "bytes")
