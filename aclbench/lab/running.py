"""One bench of many, from its scenario to its figures and the files of its packets' fates."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

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


class Job(NamedTuple):
    """A bench to run. `number` tells it from the others; its name says what it is, to a person."""

    number: int
    name: str
    scenario: Scenario
    limits: Limits


class Ran(NamedTuple):
    """What a run came to; `started` is when it began (ns). `notes` are about its captures.

    `error` says why it ended early, at a place in a capture where nothing more can be read.
    """

    figures: Figures
    fates: FateFiles
    started: int
    notes: tuple[str, ...]
    error: str


def running(job: Job, folder: Path) -> Slices[Ran]:
    """Run a bench; its files go into a folder. AclbenchError names the job: it cannot be run."""
    began = process_time()
    try:
        bench = yield from setting_up(Workbench, job.scenario, Start(), False, job.limits)
    except AclbenchError as error:
        raise type(error)(f"{job.name}: {error}") from None
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
    except AclbenchError as error:
        raise type(error)(f"{job.name}: {error}") from None
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
